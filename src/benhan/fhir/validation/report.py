"""What a validation finds, bounded in number and in work.

Errors are counted apart from the rest, so that no crowd of hints hides one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from benhan.fhir.primitives import shown_name
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text

Path = tuple[Any, ...]
"""Names and indexes from the resource down; written as text only where something is told of the place."""

ISSUES_MAX = 100
STEPS_MAX = 400_000
"""Some seconds of work."""
RULE_STEPS_MAX = 200_000
"""Steps of FHIRPath that one rule may take."""
PATH_STEPS = 20
"""Steps of FHIRPath that count as one of the validation."""
NESTING_MAX = 40

TOO_COSTLY = Text(
    "Kiểm tra dừng giữa chừng: tài nguyên hoặc profile cần hơn {limit} bước.",
    "The validation stopped half way: the resource or its profiles need more than {limit} steps.",
)


class Exhausted(Exception):  # noqa: N818  # no error of anybody: the signal to stop, caught by the validator
    """The work of one validation is used up."""


class Report:
    """The issues of one validation in the order they were found, each once."""

    __slots__ = ("_counts", "_once", "_seen", "issues", "steps")

    def __init__(self, steps_max: int = STEPS_MAX) -> None:
        self.issues: list[Issue] = []
        self.steps = steps_max
        self._counts = {True: 0, False: 0}
        self._once: set[str] = set()
        self._seen: set[tuple[bool, Path, str]] = set()

    def note(self, severity: Severity, kind: str, path: Path, text: Text, clause: str = "", **params: object) -> None:
        """Add an issue; what is beyond ISSUES_MAX, or was said already, is not added."""
        is_error = severity is Severity.ERROR
        if self._counts[is_error] >= ISSUES_MAX:
            return
        filled = text.filled(**params)
        key = (is_error, path, filled.en)
        if key not in self._seen:
            self._seen.add(key)
            self._counts[is_error] += 1
            self.issues.append(Issue(severity, kind, filled, written(path), clause))

    def error(self, kind: str, path: Path, text: Text, clause: str = "", **params: object) -> None:
        self.note(Severity.ERROR, kind, path, text, clause, **params)

    def warn(self, kind: str, path: Path, text: Text, clause: str = "", **params: object) -> None:
        self.note(Severity.WARNING, kind, path, text, clause, **params)

    def inform(self, path: Path, text: Text, clause: str = "", **params: object) -> None:
        self.note(Severity.INFORMATION, "informational", path, text, clause, **params)

    def inform_once(self, key: str, path: Path, text: Text, clause: str = "", **params: object) -> None:
        """Tell something of the whole validation, at the first place only."""
        if key not in self._once:
            self._once.add(key)
            self.inform(path, text, clause, **params)

    @property
    def rule_steps_max(self) -> int:
        """Steps of FHIRPath that a rule may take now."""
        return min(RULE_STEPS_MAX, self.steps * PATH_STEPS)

    def spend(self, steps: int = 1) -> None:
        """Count work done. Raises Exhausted when it is too much."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted


@lru_cache(maxsize=4096)
def written(path: Path) -> str:
    """`Patient.name[0].family`; a name that a sender made up is `?`."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        else:
            words += f".{shown_name(step)}" if words else shown_name(step)
    return words
