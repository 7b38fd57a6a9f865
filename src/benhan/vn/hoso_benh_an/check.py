"""What is wrong with a `HoSoBenhAn`: all of it, each with its place and how to mend it.

Each field is looked at once, by a table compiled from the field table; then the rules between fields and groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

from benhan.kernel.issues import Issue, Severity, error, warning
from benhan.vn.hoso_benh_an import faults
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.faults import CLAUSE
from benhan.vn.hoso_benh_an.fields import GROUPS, REQUIRED, Field, group_fields
from benhan.vn.hoso_benh_an.kinds import KINDS, Kind, moment

NO_DISTRICTS_SINCE = "2025-07-01"
"""Districts ended that day. Source: Luật 72/2025/QH15."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field's value is held to; `inner` where it has parts."""

    size: int
    kind: Kind | None
    inner: dict[str, Rule | None] | None
    """The rules of its parts; None for a part that may be any text."""


_UNKNOWN = Rule(0, None, None)
"""What stands for a name that the table does not have."""


def check_hoso_benh_an(document: HoSoBenhAn) -> list[Issue]:
    """The issues of a document, field by field, then those between fields; [] where all is well."""
    issues: list[Issue] = []
    rules = _rules()
    for name in GROUPS:
        group = document.get(name)
        if name not in document:
            issues.append(error("required", name, faults.NO_GROUP, CLAUSE))
        elif isinstance(group, dict):
            _check_parts(group, rules[name], name, issues)
        elif group:
            issues.append(error("structure", name, faults.NOT_PARTS, CLAUSE))
    groups = {name: group for name in GROUPS if isinstance(group := document.get(name, {}), dict)}
    for rule in (_required, _same_visit, _order_of_dates, _within_stay, _days, _districts, _results_follow_orders,
                 _sheet_numbers):  # fmt: skip
        issues += rule(groups)
    return issues


@cache
def _rules() -> dict[str, dict[str, Rule | None]]:
    return {name: _parts(field) for name, field in group_fields().items()}


def _parts(field: Field) -> dict[str, Rule | None]:
    return {name: _rule(each) for name, each in field.inner.items()}


def _rule(field: Field) -> Rule | None:
    if field.inner:
        return Rule(0, None, _parts(field))
    kind = KINDS.get(field.name)
    return Rule(field.size, kind, None) if field.size or kind is not None else None


def _check_parts(parts: dict[str, Any], rules: dict[str, Rule | None], place: str, issues: list[Issue]) -> None:
    for name, value in parts.items():
        if not value:
            continue
        rule = rules.get(name, _UNKNOWN)
        if rule is None:
            continue
        if rule is _UNKNOWN:
            issues.append(warning("structure", f"{place}.{name}", faults.UNKNOWN, CLAUSE))
        elif rule.inner is not None or value.__class__ is list:
            _check_inner(value, rule, f"{place}.{name}", issues)
        else:
            text = value if value.__class__ is str else str(value)
            if (rule.size and len(text) > rule.size) or (rule.kind is not None and rule.kind(text) is not None):
                _check_text(text, rule, f"{place}.{name}", issues)


def _check_inner(value: Any, rule: Rule, place: str, issues: list[Issue]) -> None:
    """A value that is a list or should have parts."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            if each:
                _check_inner(each, rule, f"{place}[{index}]", issues)
    elif rule.inner is None:
        _check_text(str(value), rule, place, issues)
    elif isinstance(value, dict):
        _check_parts(value, rule.inner, place, issues)
    else:
        issues.append(error("structure", place, faults.NOT_PARTS, CLAUSE))


def _check_text(text: str, rule: Rule, place: str, issues: list[Issue]) -> None:
    if rule.size and len(text) > rule.size:
        too_long = faults.TOO_LONG.filled(size=rule.size, length=len(text))
        issues.append(error("too-long", place, too_long, CLAUSE))
    verdict = rule.kind(text) if rule.kind is not None else None
    if verdict is not None:
        issues.append(Issue(verdict[0], "value", verdict[1], place, CLAUSE))


Groups = dict[str, dict[str, Any]]


def _required(groups: Groups) -> Iterator[Issue]:
    """The five values of group I that no record can be without."""
    first = groups.get("ThongTinBenhNhan", {})
    for name in REQUIRED:
        if not first.get(name):
            yield error("required", f"ThongTinBenhNhan.{name}", faults.MISSING, CLAUSE)


def _same_visit(groups: Groups) -> Iterator[Issue]:
    """`sovaovien` joins the groups: the same in each that holds something (III has none in the annex)."""
    visit = groups.get("ThongTinBenhNhan", {}).get("sovaovien")
    fields = group_fields()
    for name, group in groups.items():
        if "sovaovien" not in fields[name].inner or name == "ThongTinBenhNhan":
            continue
        own = group.get("sovaovien")
        if own and own != visit:
            yield error("business-rule", f"{name}.sovaovien", faults.OTHER_VISIT, CLAUSE)
        elif not own and _holds_something(group):
            yield error("required", f"{name}.sovaovien", faults.NO_VISIT, CLAUSE)


def _holds_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_something(each) for each in value.values())
    if isinstance(value, list):
        return any(_holds_something(each) for each in value)
    return bool(value)


def _at(value: Any) -> str:
    """A date of the annex as text that sorts, "" where there is none to compare."""
    return moment(value) or "" if value.__class__ is str else ""


def _is_before(one: str, other: str) -> bool:
    """Whether `one` is before `other`, as far as both are told: a day alone is compared by days."""
    if not one or not other:
        return False
    common = min(len(one), len(other))
    return one[:common] < other[:common]


def _entries(groups: Groups, group: str, name: str = "danhsach") -> list[tuple[str, dict[str, Any]]]:
    """The entries of a list with their places."""
    entries = groups.get(group, {}).get(name)
    if not isinstance(entries, list):
        return []
    return [(f"{group}.{name}[{index}]", each) for index, each in enumerate(entries) if isinstance(each, dict)]


_SUCCESSIONS = (
    ("ThongTinBenhNhan.ngaysinh", "ThongTinBenhNhan.thoigianvaovien"),
    ("ThongTinBenhNhan.tungaybhyt", "ThongTinBenhNhan.denngaybhyt"),
    ("ThongTinBenhNhan.thoigianvaovien", "ThongTinDieuTri.ngaynhapkhoa"),
    ("ThongTinBenhNhan.thoigianvaovien", "ThongTinDieuTri.ngayravien"),
    ("ThongTinDieuTri.ngaynhapkhoa", "ThongTinDieuTri.ngayravien"),
)
_SUCCESSIONS_OF_ENTRIES = (
    ("ThongTinDieuTri", "danhsachchuyenkhoa", ("tungay", "denngay")),
    ("KetQuaChanDoanHinhAnh", "danhsach", ("ngaychidinh", "ngaythuchien", "ngayketqua")),
    ("PhieuChiDinh", "danhsach", ("giolaymau", "giogiaomau")),
)


def _order_of_dates(groups: Groups) -> Iterator[Issue]:
    """Birth, admission, ward, discharge; order, act, result: none before the one it follows."""
    for first, second in _SUCCESSIONS:
        group, _, name = first.partition(".")
        other_group, _, other = second.partition(".")
        earlier, later = _at(groups.get(group, {}).get(name)), _at(groups.get(other_group, {}).get(other))
        if _is_before(later, earlier):
            yield error("business-rule", second, faults.OUT_OF_ORDER.filled(earlier=name), CLAUSE)
    for group, list_, names in _SUCCESSIONS_OF_ENTRIES:
        for place, entry in _entries(groups, group, list_):
            told = [(name, at) for name in names if (at := _at(entry.get(name)))]
            for (name, earlier), (other, later) in pairwise(told):
                if _is_before(later, earlier):
                    text = faults.OUT_OF_ORDER.filled(earlier=name)
                    yield warning("business-rule", f"{place}.{other}", text, CLAUSE)


_IN_STAY = (
    ("ThongTinDieuTri", "danhsachchuyenkhoa", ("tungay", "denngay")),
    ("ThongTinDieuTri", "danhsachsinhhieu", ("thoidiem",)),
    ("KetQuaChanDoanHinhAnh", "danhsach", ("ngaychidinh", "ngaythuchien")),
    ("KetQuaXetNghiem", "danhsach", ("giolaymau",)),
    ("PhieuThuThuat", "danhsach", ("ngaygiophauthuat",)),
    ("PhieuPhauThuat", "danhsach", ("ngaygiophauthuat",)),
)
"""What is done while the patient is there. A result may come later; so it is not held to this."""
_LINES_IN_STAY = (("YLenhThuocVatTu", "ngaykedonthuoc"), ("PhieuChiDinh", "ngaychidinh"))


def _within_stay(groups: Groups) -> Iterator[Issue]:
    """Nothing is ordered or done before the day of admission or after that of discharge."""
    since = _at(groups.get("ThongTinBenhNhan", {}).get("thoigianvaovien"))[:10]
    until = _at(groups.get("ThongTinDieuTri", {}).get("ngayravien"))[:10]
    if not since and not until:
        return
    for place, at in _acts(groups):
        if _is_before(at[:10], since):
            yield warning("business-rule", place, faults.BEFORE_STAY, CLAUSE)
        elif _is_before(until, at[:10]):
            yield warning("business-rule", place, faults.AFTER_STAY, CLAUSE)


def _acts(groups: Groups) -> Iterator[tuple[str, str]]:
    for group, list_, names in _IN_STAY:
        for place, entry in _entries(groups, group, list_):
            yield from ((f"{place}.{name}", _at(entry.get(name))) for name in names)
    for group, name in _LINES_IN_STAY:
        for place, entry in _entries(groups, group):
            for index, line in enumerate(entry.get("danhsach") or []):
                if isinstance(line, dict):
                    yield f"{place}.danhsach[{index}].{name}", _at(line.get(name))


def _days(groups: Groups) -> Iterator[Issue]:
    """Days of treatment: the day out less the day in, and one by some rules, or not by others."""
    stay = groups.get("ThongTinDieuTri", {})
    told, start = stay.get("tongsongaydieutri"), _at(groups.get("ThongTinBenhNhan", {}).get("thoigianvaovien"))
    end = _at(stay.get("ngayravien"))
    if told.__class__ is not str or not told.isdecimal() or not start or not end:
        return
    count = (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
    if count >= 0 and int(told) not in (count, count + 1):
        text = faults.WRONG_COUNT.filled(count=count + 1)
        yield warning("business-rule", "ThongTinDieuTri.tongsongaydieutri", text, CLAUSE)


def _districts(groups: Groups) -> Iterator[Issue]:
    first = groups.get("ThongTinBenhNhan", {})
    if _at(first.get("thoigianvaovien")) >= NO_DISTRICTS_SINCE:
        for name in ("quanhuyen", "quanhuyen_ma"):
            if first.get(name):
                yield warning("business-rule", f"ThongTinBenhNhan.{name}", faults.DISTRICT, CLAUSE)


def _results_follow_orders(groups: Groups) -> Iterator[Issue]:
    """`machidinh` joins results to the order they answer, where the document has orders at all."""
    ordered = {
        line.get("machidinh")
        for _, entry in _entries(groups, "PhieuChiDinh")
        for line in entry.get("danhsach") or []
        if isinstance(line, dict)
    }
    for place, entry in _entries(groups, "KetQuaChanDoanHinhAnh"):
        if ordered and entry.get("machidinh") and entry["machidinh"] not in ordered:
            yield warning("business-rule", f"{place}.machidinh", faults.NOT_ORDERED, CLAUSE)


def _sheet_numbers(groups: Groups) -> Iterator[Issue]:
    """A sheet's number is there once in its group."""
    for group in ("YLenhThuocVatTu", "PhieuChiDinh", "KetQuaXetNghiem", "PhieuThuThuat", "PhieuPhauThuat"):
        seen: set[str] = set()
        for place, entry in _entries(groups, group):
            number = entry.get("sophieu")
            if number and number in seen:
                yield Issue(Severity.WARNING, "duplicate", faults.DOUBLED_NUMBER, f"{place}.sophieu", CLAUSE)
            seen.add(number or "")
