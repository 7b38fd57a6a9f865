"""What every kind of identifier can do, and the reading that they share."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, Protocol

from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

_SEPARATORS = re.compile(r"[\s.\-‐-―]+")


class Part(NamedTuple):
    """One part of a value: what it is, how it is written, what it says."""

    name: Text
    value: str
    meaning: Text


class IdentifierKind(Protocol):
    """A module of this package."""

    @property
    def LABEL(self) -> Text:  # noqa: N802  # a constant of a module
        """What the kind is called."""
        ...

    @property
    def SYSTEM(self) -> str:  # noqa: N802
        """The system of FHIR identifiers of this kind."""
        ...

    def check(self, text: str, place: str = "") -> list[Issue]:
        """What is wrong with `text`, an error where it cannot be of this kind, a warning where it is doubtful."""
        ...

    def parse(self, text: str) -> object:
        """The value, its `str` the form to store. Raises Incorrect with what is wrong."""
        ...

    def explain(self, text: str) -> list[Part]:
        """The parts of a value. Raises as `parse` does."""
        ...


def compact(text: str) -> str:
    """`text` without the spaces, dots and dashes that people write into numbers, in capitals."""
    if text.isascii() and text.isalnum():  # as most are
        return text.upper()
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def is_stored_form(kind: IdentifierKind, text: str) -> bool:
    """Whether `text` is a value of the kind just as it is stored: nothing to take out of it, nothing to mend."""
    return compact(text) == text and not any(issue.is_error for issue in kind.check(text))


def misread(place: str, text: Text, clause: str) -> list[Issue]:
    """The one error of a text that is not of the kind."""
    return [error("value", place, text, clause)]


def same(text: str) -> Text:
    """A name that is written alike in both languages."""
    return Text(text, text)
