"""An Issue in the reports of a file: a line for people, an object for machines."""

from __future__ import annotations

from benhan.kernel.issues import Issue


def issue_line(head: str, issue: Issue) -> str:
    """`✗ head place: text`, `!` for what is no error; Vietnamese."""
    where = " ".join(part for part in (head, issue.place) if part)
    return f"{'✗' if issue.is_error else '!'} {where}: {issue.text.vi}" if where else f"! {issue.text.vi}"


def issue_told(issue: Issue) -> dict[str, str]:
    """The issue as members of JSON, in both languages."""
    return {
        "severity": issue.severity.value,
        "place": issue.place,
        "vi": issue.text.vi,
        "en": issue.text.en,
        "clause": issue.clause,
    }
