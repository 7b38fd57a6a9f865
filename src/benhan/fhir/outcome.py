"""Faults and issues as OperationOutcome. Source: FHIR R4 operationoutcome.html."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue
from benhan.kernel.texts import Language

Json = dict[str, Any]

KINDS = {
    "incorrect": "invalid",
    "unauthenticated": "login",
    "forbidden": "forbidden",
    "unsupported": "not-supported",
    "not_found": "not-found",
    "gone": "deleted",
    "conflict": "conflict",
    "busy": "throttled",
    "unavailable": "transient",
    "interrupted": "incomplete",
    "broken": "exception",
}
"""Category of Fault to http://hl7.org/fhir/issue-type."""

CODES = "urn:benhan:code:loi"
"""The system of our error codes."""


def outcome_of(fault: Fault, language: Language = "vi", trace: str = "") -> Json:
    """The OperationOutcome of a fault: itself with its code, then each of its issues."""
    first = {
        "severity": "error",
        "code": KINDS[fault.category],
        "details": {"coding": [{"system": CODES, "code": fault.code}], "text": fault.text.in_language(language)},
    }
    if trace:
        first["diagnostics"] = f"trace {trace}"
    return {"resourceType": "OperationOutcome", "issue": [first, *(_issue(each, language) for each in fault.issues)]}


def outcome_of_issues(issues: Iterable[Issue], language: Language = "vi", severity: str = "") -> Json:
    """An OperationOutcome of issues alone, all of `severity` where one is given."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(each, language, severity) for each in issues]}


def _issue(issue: Issue, language: Language, severity: str = "") -> Json:
    told: Json = {
        "severity": severity or issue.severity.value,
        "code": issue.kind,
        "details": {"text": issue.text.in_language(language)},
    }
    if issue.clause:
        told["diagnostics"] = issue.clause
    if issue.place:
        told["expression"] = [issue.place]
    return told
