"""Check a claim before it is sent: which rules it breaks, what could not be checked and why, whether it may go.

report = check_claim(claim, Knowledge(now="202611261700", drugs=approved), policy)
report.verdict      # Level.BLOCK
report.findings     # each with rule, level, place, text, hint, clause
report.unchecked    # "not checked, because the approved drugs are not known here"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text
from benhan.vn.bhyt.claim import Claim, ClaimFile
from benhan.vn.bhyt.rules.column_faults import ColumnFault
from benhan.vn.bhyt.rules.columns import COLUMN_RULES
from benhan.vn.bhyt.rules.context import NAMES, NO_FILE, NOTHING_KNOWN, Context, InFile, Signature
from benhan.vn.bhyt.rules.policy import DEFAULT_POLICY, Policy
from benhan.vn.bhyt.rules.registry import RULES
from benhan.vn.bhyt.rules.rule import Found, Level, Rule
from benhan.vn.bhyt.rules.view import View

_SEVERITIES = {Level.OBSERVE: Severity.INFORMATION, Level.WARN: Severity.WARNING, Level.BLOCK: Severity.ERROR}
NOT_KNOWN = Text("Không kiểm tra, vì chưa có {what}.", "Not checked, because this is not known here: {what}.")
PARTLY = Text("Chỉ kiểm tra một phần, vì chưa có {what}.", "Checked in part, because this is not known here: {what}.")
SWITCHED_OFF = Text("Không kiểm tra, vì cơ sở đã tắt quy tắc này.", "Not checked: the facility switched the rule off.")


HEAD_RULES = ("F01", "F05", "F06")
"""Rules that need the whole file, whose signature stands at its end."""


class Finding(NamedTuple):
    """A rule that a claim breaks, at a place."""

    rule: str
    level: Level
    place: str
    text: Text
    hint: Text
    clause: str

    def to_issue(self) -> Issue:
        """The same as an Issue: block is an error, warn a warning, observe information."""
        told = Text(f"{self.rule}: {self.text.vi} {self.hint.vi}", f"{self.rule}: {self.text.en} {self.hint.en}")
        return Issue(_SEVERITIES[self.level], "business-rule", told, self.place, self.clause)


class Unchecked(NamedTuple):
    """A rule that was not checked, or only in part, and why."""

    rule: str
    partly: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class Report:
    """What the rules say of one claim."""

    ma_lk: str
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    checked: int
    """How many rules were checked, at least in part."""

    @property
    def verdict(self) -> Level | None:
        """The highest level found; None where nothing was. A claim may be sent unless it is BLOCK."""
        return max((finding.level for finding in self.findings), key=lambda level: level.rank, default=None)

    @property
    def counts(self) -> dict[Level, int]:
        """How many findings of each level, the highest first."""
        found = Counter(finding.level for finding in self.findings)
        return {level: found[level] for level in (Level.BLOCK, Level.WARN, Level.OBSERVE)}

    @property
    def by_rule(self) -> dict[str, list[Finding]]:
        """Findings by rule, the gravest rules first, then in the order of the table."""
        grouped: dict[str, list[Finding]] = {}
        for finding in sorted(self.findings, key=lambda each: -each.level.rank):
            grouped.setdefault(finding.rule, []).append(finding)
        return grouped


def check_claim(
    claim: Claim, context: Context = NOTHING_KNOWN, policy: Policy = DEFAULT_POLICY, file: InFile = NO_FILE
) -> Report:
    """The report of a claim. Pure: what it needs to know comes with `context` and `file`; it reads no clock."""
    view = View(claim, context, policy, file)
    plan, unchecked = _plan(policy, view.ended_on, view.known)
    findings = [_finding(rule, level, found) for rule, level in plan for found in rule.check(view)]
    lacking = {issue.place for issue in view.column_issues.get(ColumnFault.LAYOUT, ())}
    if lacking:  # a column that is not there is told by F04 alone, not by the rules that want its value
        findings = [each for each in findings if each.place not in lacking or each.rule == ColumnFault.LAYOUT.value]
    told = {finding.place for finding in findings}
    for rule in COLUMN_RULES:
        level = policy.level(rule, view.ended_on)
        if level is not Level.OFF:
            findings += [_finding(rule, level, found) for found in rule.check(view) if found.place not in told]
    return Report(claim.ma_lk, tuple(findings), unchecked, len(plan))


def check_head(head: ClaimFile, signature: Signature | None = None, policy: Policy = DEFAULT_POLICY) -> Report:
    """The report of a whole head: the rules that speak of the file and not of a claim in it."""
    view = View(Claim(""), NOTHING_KNOWN, policy, InFile(head, signature))
    plan, unchecked = _plan(policy, None, view.known)
    of_head = [(rule, level) for rule, level in plan if rule.code in HEAD_RULES]
    findings = [_finding(rule, level, found) for rule, level in of_head for found in rule.check(view)]
    return Report("", tuple(findings), tuple(each for each in unchecked if each.rule in HEAD_RULES), len(of_head))


def _finding(rule: Rule, level: Level, found: Found) -> Finding:
    text = found.text if found.text is not None else rule.text
    return Finding(
        rule.code,
        Level.OBSERVE if found.soft else level,
        found.place,
        text.filled(**found.params),
        rule.hint,
        rule.clause,
    )


@lru_cache(maxsize=256)
def _plan(
    policy: Policy, on: date | None, known: frozenset[str]
) -> tuple[tuple[tuple[Rule, Level], ...], tuple[Unchecked, ...]]:
    """The rules to run with their levels, and what is not checked, for a policy, a day and the knowledge there is."""
    plan: list[tuple[Rule, Level]] = []
    unchecked: list[Unchecked] = []
    for rule in RULES:
        level = policy.level(rule, on)
        missing = [name for name in rule.needs if not known.intersection(name.split("|"))]
        parts = [name for name in rule.uses if name not in known]
        if level is Level.OFF:
            unchecked.append(Unchecked(rule.code, False, SWITCHED_OFF))
            continue
        if missing:
            unchecked.append(Unchecked(rule.code, False, _reason(NOT_KNOWN, "|".join(missing).split("|"))))
            continue
        plan.append((rule, level))
        if parts:
            unchecked.append(Unchecked(rule.code, True, _reason(PARTLY, parts)))
    return tuple(plan), tuple(unchecked)


def _reason(text: Text, names: Iterable[str]) -> Text:
    told = [NAMES[name] for name in names]
    return Text(
        text.vi.format(what=", ".join(each.vi for each in told)),
        text.en.format(what=", ".join(each.en for each in told)),
    )
