"""Issue: one finding about one place, as data. Checks collect them all.

Source: FHIR R4 OperationOutcome.issue (severity, issue-type code system).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from benhan.kernel.texts import Text


class Severity(Enum):
    """http://hl7.org/fhir/issue-severity"""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Issue(NamedTuple):
    """A finding: how grave, of which kind, where, in words, and by which rule.

    `kind` is a code of http://hl7.org/fhir/issue-type (`required`, `value`, `structure`, …).
    `place` locates it in the words of its standard: `Patient.birthDate`, `PID-7`, `XML1.SO_CCCD`;
    "" where it concerns the whole. `clause` cites the rule. Holds no personal data.
    """

    severity: Severity
    kind: str
    text: Text
    place: str = ""
    clause: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity in (Severity.ERROR, Severity.FATAL)


def error(kind: str, place: str, text: Text, clause: str = "") -> Issue:
    """An Issue of severity error."""
    return Issue(Severity.ERROR, kind, text, place, clause)


def warning(kind: str, place: str, text: Text, clause: str = "") -> Issue:
    """An Issue of severity warning."""
    return Issue(Severity.WARNING, kind, text, place, clause)
