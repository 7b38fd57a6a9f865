"""Fault: why an act was not done, as an exception with a stable code.

Each package declares its codes in its own `faults.py`:

    STALE_VERSION = FaultCode("BA-0412", Conflict, Text("…", "…"))
    raise STALE_VERSION(expected=3, found=4)

`docs/errors.md` lists them all; a test holds them unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text


class Whose(Enum):
    """Who can mend it: we, or the peer who asked."""

    OURS = "ours"
    PEER = "peer"


class Fault(Exception):  # noqa: N818  # the house's word; its subclasses are the categories
    """Base of the nine categories. `text` may be shown to a person; it holds no personal data."""

    category: ClassVar[str] = "broken"
    whose: ClassVar[Whose] = Whose.OURS
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, text: Text, issues: tuple[Issue, ...] = ()) -> None:
        super().__init__(f"{code}: {text.en}")
        self.code = code
        self.text = text
        self.issues = issues


class Incorrect(Fault):
    """What was sent breaks a rule."""

    category = "incorrect"
    whose = Whose.PEER


class Forbidden(Fault):
    """The asker may not do this."""

    category = "forbidden"
    whose = Whose.PEER


class Unsupported(Fault):
    """Asked rightly, but not something this system does."""

    category = "unsupported"
    whose = Whose.PEER


class NotFound(Fault):
    """There is no such thing (or no longer)."""

    category = "not_found"
    whose = Whose.PEER


class Conflict(Fault):
    """The present state does not allow it."""

    category = "conflict"
    whose = Whose.PEER


class Busy(Fault):
    """Too much at once; ask again later."""

    category = "busy"
    retryable = True


class Unavailable(Fault):
    """Something this act needs cannot be reached now."""

    category = "unavailable"
    retryable = True


class Interrupted(Fault):
    """Stopped before its end; nothing is half done."""

    category = "interrupted"
    retryable = True


class Broken(Fault):
    """A promise of ours does not hold: damage, or a mistake in this program."""

    category = "broken"


@dataclass(frozen=True, slots=True)
class FaultCode:
    """A declared reason: `code` is `BA-` and four digits, never reused for another reason."""

    code: str
    fault: type[Fault]
    text: Text

    def __call__(self, *issues: Issue, **params: object) -> Fault:
        """The Fault to raise, its text filled with `params` (which must not be personal data)."""
        return self.fault(self.code, self.text.filled(**params), issues)
