"""What a hospital decides about the rules: the level of each, from when, and the values on which sources disagree.

A policy file is TOML:

    [levels]
    T06 = "warn"
    M05 = [{ level = "observe", from = 2026-01-01, owner = "Phòng KHTH" }, { level = "block", from = 2026-07-01 }]

    [values]
    tolerance_dong = "1"
    strict_times = true
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.faults import BAD_POLICY_VALUE, POLICY_UNREADABLE, UNKNOWN_LEVEL, UNKNOWN_RULE
from benhan.vn.bhyt.rules.rule import COLUMN_CODES, Level, Rule, rule_rows
from benhan.vn.bhyt.rules.values import milli


class Since(NamedTuple):
    """A level from a day of discharge on; `owner` is who decided it."""

    level: Level
    since: date = date.min
    owner: str = ""


@dataclass(frozen=True, eq=False)
class Policy:
    """Levels by rule code (the last `since` not after the day of discharge holds), and values.

    Amounts are in thousandths of a đồng.
    """

    levels: Mapping[str, tuple[Since, ...]] = field(default_factory=dict)
    tolerance: int = 10
    """How far an amount may be from its formula: 0.01 đồng lets both ways of rounding a half pass."""
    strict_times: bool = False
    """NGAY_TH_YL must be later than NGAY_YL, NGAY_KQ later than NGAY_TH_YL (some insurers)."""
    shortest_test_minutes: int = 3
    longest_result_days: int = 7
    check_in_minutes: int = 60
    """How long after the first cost a check-in may come."""
    zero_days_of_exam: bool = True
    """SO_NGAY_DTRI of an examination (01) may also be 0, as the sheet for 4750 had it."""
    supply_days: int = 30
    long_supply_days: int = 90
    discharge_paper_kinds: tuple[str, ...] = ("03",)
    summary_kinds: tuple[str, ...] = ("03", "04", "06")
    base_salary_dong: int = 2_340_000
    """Below 15 % of it a visit is paid in full."""
    citizen_id_needed: bool = False
    """An empty SO_CCCD counts as the rule's level, not only as something to observe."""

    def level(self, rule: Rule, on: date | None) -> Level:
        """The level of a rule for an episode that ended on a day (None: not known, the newest)."""
        day = on or date.max
        held = [each for each in self.levels.get(rule.code, ()) if each.since <= day]
        return max(held, key=lambda each: each.since).level if held else rule.level


DEFAULT_POLICY = Policy()

VALUES: Mapping[str, Text] = {
    "tolerance_dong": Text(
        "Sai số cho phép của một số tiền, đồng", "How far an amount may be from its formula, in đồng"
    ),
    "strict_times": Text("Thực hiện phải sau y lệnh, kết quả sau thực hiện", "Execution and result must each be later"),
    "shortest_test_minutes": Text("Phút tối thiểu từ thực hiện đến kết quả", "Least minutes from execution to result"),
    "longest_result_days": Text("Ngày tối đa từ y lệnh đến kết quả", "Most days from order to result"),
    "check_in_minutes": Text(
        "Phút tối đa từ chi phí đầu đến check-in", "Most minutes from the first cost to the check-in"
    ),
    "zero_days_of_exam": Text("SO_NGAY_DTRI của khám (01) được là 0", "SO_NGAY_DTRI of an examination may be 0"),
    "supply_days": Text("Số ngày thuốc ngoại trú", "Days of drugs for outpatients"),
    "long_supply_days": Text("Số ngày thuốc của bệnh dài ngày", "Days of drugs for long diseases"),
    "discharge_paper_kinds": Text("Loại KCB cần giấy ra viện (XML7)", "Kinds of care that need XML7"),
    "summary_kinds": Text("Loại KCB cần tóm tắt (XML8)", "Kinds of care that need XML8"),
    "base_salary_dong": Text("Lương cơ sở, đồng", "The base salary, in đồng"),
    "citizen_id_needed": Text("SO_CCCD trống cũng chặn", "An empty SO_CCCD blocks too"),
}
"""The values of a policy file in words."""


def parse_policy(text: str) -> Policy:
    """The policy of a file. Raises Incorrect BA-3650 to BA-3653 on what it cannot mean."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise POLICY_UNREADABLE() from broken
    for name in told:
        if name not in ("levels", "values"):
            raise BAD_POLICY_VALUE(name=name)
    levels = told.get("levels", {})
    if not isinstance(levels, dict):
        raise BAD_POLICY_VALUE(name="levels")
    return Policy(
        levels={code: tuple(_levels_of(code, value)) for code, value in levels.items()},
        **_values(told.get("values", {})),
    )


def _levels_of(code: str, value: Any) -> Iterable[Since]:
    if code not in rule_rows() and code not in COLUMN_CODES:
        raise UNKNOWN_RULE(rule=code)
    for each in value if isinstance(value, list) else [value]:
        told = {"level": each} if isinstance(each, str) else each
        if not isinstance(told, dict) or not told.keys() <= {"level", "from", "owner"}:
            raise UNKNOWN_LEVEL(rule=code)
        since = told.get("from", date.min)
        try:
            level = Level(told.get("level"))
        except ValueError as unknown:
            raise UNKNOWN_LEVEL(rule=code) from unknown
        if type(since) is not date:
            raise UNKNOWN_LEVEL(rule=code)
        yield Since(level, since, str(told.get("owner", "")))


def _values(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise BAD_POLICY_VALUE(name="values")
    defaults = {each.name: getattr(DEFAULT_POLICY, each.name) for each in fields(Policy)}
    found: dict[str, Any] = {}
    for name, value in told.items():
        if name == "tolerance_dong":
            amount = milli(str(value))
            if amount is None:
                raise BAD_POLICY_VALUE(name=name)
            found["tolerance"] = amount
            continue
        usual = defaults.get(name)
        given = tuple(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else value
        if name in ("levels", "tolerance") or type(given) is not type(usual):
            raise BAD_POLICY_VALUE(name=name)
        found[name] = given
    return found
