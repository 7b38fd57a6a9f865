"""The report of checked claims as text, JSON and one HTML page that stands alone.

It names claims by MA_LK and places by table, row and column; it holds no name, number or diagnosis of a patient.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from benhan.kernel.texts import Language, Text
from benhan.vn.bhyt.claim_check import HEAD_RULES, Finding, Report, Unchecked
from benhan.vn.bhyt.rules.rule import Level

OF_FILE = "GIAMDINHHS"
"""Findings whose place begins so are the file's: told once, though each of its claims shows them."""
PLACES_SHOWN = 20
"""How many places that say the same, and how many sayings of one rule, the text and the page show; the JSON has all."""

LEVELS = {
    Level.BLOCK: Text("Chặn", "Block"),
    Level.WARN: Text("Cần sửa", "Mend"),
    Level.OBSERVE: Text("Xem lại", "Look at"),
}
VERDICTS = {
    None: Text("Gửi được", "May be sent"),
    Level.OBSERVE: Text("Gửi được", "May be sent"),
    Level.WARN: Text("Gửi được, nhưng nên sửa trước", "May be sent, but mend it first"),
    Level.BLOCK: Text("Chưa gửi được", "May not be sent"),
}
_MARKS = {Level.BLOCK: "✗", Level.WARN: "!", Level.OBSERVE: "·"}


class NotChecked(NamedTuple):
    """A reason, with the rules that were not checked for it (all of a rule, or a part of it)."""

    reason: Text
    rules: tuple[str, ...]


class Alike(NamedTuple):
    """Findings of one rule that say the same: the first of their places, and how many more there are."""

    level: Level
    text: Text
    places: tuple[str, ...]
    more: int


def told_alike(findings: Sequence[Finding]) -> list[Alike]:
    """Findings of one rule by what they say: a table without its columns is one line, not a hundred."""
    places: dict[tuple[Level, Text], list[str]] = {}
    for each in findings:
        places.setdefault((each.level, each.text), []).append(each.place or "–")
    return [
        Alike(level, text, tuple(found[:PLACES_SHOWN]), max(0, len(found) - PLACES_SHOWN))
        for (level, text), found in places.items()
    ]


class Unlisted:
    """Claims that are counted and not listed, since a report of them all would be beyond reading and memory."""

    def __init__(self) -> None:
        self.claims = 0
        self.by_rule: Counter[str] = Counter()
        self.first: dict[str, Finding] = {}
        """One finding of each rule."""
        self.levels: Counter[Level] = Counter()
        self.of_file: dict[Finding, None] = {}
        self.unchecked: dict[tuple[Unchecked, ...], None] = {}

    def add(self, report: Report) -> None:
        """Count what was found in a claim."""
        self.claims += 1
        self.unchecked[report.unchecked] = None
        for finding in report.findings:
            if _is_of_file(finding):
                self.of_file[finding] = None
                continue
            self.first.setdefault(finding.rule, finding)
            self.by_rule[finding.rule] += 1
            self.levels[finding.level] += 1


@dataclass(frozen=True)
class FileReport:
    """The reports of the claims of a file in its order, that of its head where it was checked apart, and what is only
    counted of a file that breaks very many rules."""

    name: str
    reports: Sequence[Report]
    head: Report | None = None
    unlisted: Unlisted = field(default_factory=Unlisted)

    @property
    def claims(self) -> int:
        """How many claims were checked."""
        return len(self.reports) + self.unlisted.claims

    @cached_property
    def of_file(self) -> tuple[Finding, ...]:
        """What is wrong with the file itself, each once."""
        heads = self.head.findings if self.head else ()
        of_claims = (each for report in self.reports for each in report.findings if _is_of_file(each))
        return tuple(dict.fromkeys([*heads, *of_claims, *self.unlisted.of_file]))

    @cached_property
    def of_claims(self) -> tuple[tuple[str, dict[str, list[Finding]]], ...]:
        """The claims in which something was found: MA_LK, findings by rule."""
        found = []
        for report in self.reports:
            by_rule = {
                rule: kept
                for rule, each in report.by_rule.items()
                if (kept := [finding for finding in each if not _is_of_file(finding)])
            }
            if by_rule:
                found.append((report.ma_lk, by_rule))
        return tuple(found)

    @property
    def findings(self) -> Iterator[Finding]:
        """Those that are listed."""
        yield from self.of_file
        for _, by_rule in self.of_claims:
            for each in by_rule.values():
                yield from each

    @cached_property
    def counts(self) -> dict[Level, int]:
        """Findings of each level, the gravest first."""
        found = Counter(finding.level for finding in self.findings) + self.unlisted.levels
        return {level: found[level] for level in LEVELS}

    @cached_property
    def verdict(self) -> Level | None:
        """The gravest level found in the file."""
        return next((level for level, count in self.counts.items() if count), None)

    @cached_property
    def by_rule(self) -> list[tuple[Finding, int]]:
        """One finding of each rule with how many there are, the most frequent first."""
        first: dict[str, Finding] = {}
        counts = Counter(first.setdefault(finding.rule, finding).rule for finding in self.findings)
        counts += self.unlisted.by_rule
        first = self.unlisted.first | first
        return [(first[rule], count) for rule, count in counts.most_common()]

    @cached_property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What could not be checked in some claim, by reason."""
        rules: dict[Text, dict[str, None]] = {}
        heads = self.head.unchecked if self.head else ()
        for unchecked in dict.fromkeys(
            [heads, *(report.unchecked for report in self.reports), *self.unlisted.unchecked]
        ):
            for each in unchecked:
                if self.head and each.rule in HEAD_RULES and each not in heads:
                    continue  # a claim alone cannot tell of its file; the head did
                rules.setdefault(each.reason, {})[each.rule] = None
        return tuple(NotChecked(reason, tuple(codes)) for reason, codes in rules.items())


def _is_of_file(finding: Finding) -> bool:
    return finding.place.startswith(OF_FILE)


def report_text(report: FileReport, language: Language = "vi") -> str:
    """The report in lines for a terminal or a file; ends with a line end."""
    return "\n".join(_lines(report, language)) + "\n"


def _lines(report: FileReport, language: Language) -> Iterator[str]:
    def say(text: Text) -> str:
        return text.in_language(language)

    counts = " · ".join(f"{count} {say(LEVELS[level]).lower()}" for level, count in report.counts.items())
    claims = say(Text("hồ sơ", "claims"))
    yield f"{report.name}: {report.claims} {claims} · {counts} → {say(VERDICTS[report.verdict])}"
    for finding in report.of_file:
        yield f"  {_MARKS[finding.level]} {finding.rule} {finding.place}: {say(finding.text)} → {say(finding.hint)}"
    for ma_lk, by_rule in report.of_claims:
        yield f"  {ma_lk}"
        for rule, findings in by_rule.items():
            alike = told_alike(findings)
            for each in alike[:PLACES_SHOWN]:
                more = f" … +{each.more}" if each.more else ""
                yield f"    {_MARKS[each.level]} {rule} {', '.join(each.places)}{more}: {say(each.text)}"
            if len(alike) > PLACES_SHOWN:
                yield f"      … +{len(alike) - PLACES_SHOWN}"
            yield f"      → {say(findings[0].hint)}"
    if report.unlisted.claims:
        yield f"  {say(unlisted_text(report))}"
    for reason, rules in report.not_checked:
        yield f"  {', '.join(rules)}: {say(reason)}"


def unlisted_text(report: FileReport) -> Text:
    """What is said where the report does not list all claims."""
    return Text(
        "Còn {claims} hồ sơ ({findings} lỗi) chỉ được đếm, không liệt kê; sửa các lỗi đã liệt kê rồi kiểm tra lại.",
        "{claims} more claims ({findings} findings) are counted, not listed; mend those listed, then check again.",
    ).filled(claims=report.unlisted.claims, findings=sum(report.unlisted.by_rule.values()))


def report_json(report: FileReport) -> str:
    """The report as one JSON object: verdict, counts, findings with both languages, what was not checked."""
    told: dict[str, Any] = {
        "file": report.name,
        "claims": report.claims,
        "claims_not_listed": report.unlisted.claims,
        "verdict": report.verdict.value if report.verdict else "pass",
        "counts": {level.value: count for level, count in report.counts.items()},
        "rules": {finding.rule: count for finding, count in report.by_rule},
        "findings": [_finding_json("", finding) for finding in report.of_file]
        + [
            _finding_json(ma_lk, finding)
            for ma_lk, by_rule in report.of_claims
            for findings in by_rule.values()
            for finding in findings
        ],
        "not_checked": [{"reason": reason._asdict(), "rules": rules} for reason, rules in report.not_checked],
    }
    return json.dumps(told, ensure_ascii=False)


def _finding_json(ma_lk: str, finding: Finding) -> dict[str, Any]:
    return {
        "ma_lk": ma_lk,
        "rule": finding.rule,
        "level": finding.level.value,
        "place": finding.place,
        "text": finding.text._asdict(),
        "hint": finding.hint._asdict(),
        "clause": finding.clause,
    }


def report_html(report: FileReport, language: Language = "vi", made_at: str = "") -> str:
    """The report as one page without scripts, pictures or addresses of others; `made_at` is shown as it is given."""
    return _template().render(
        report=report,
        language=language,
        made_at=made_at,
        levels=LEVELS,
        verdicts=VERDICTS,
        shown=PLACES_SHOWN,
        alike=told_alike,
        unlisted=unlisted_text(report),
        say=lambda text: text.in_language(language),
        both=lambda vi, en: en if language == "en" else vi,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "data"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
