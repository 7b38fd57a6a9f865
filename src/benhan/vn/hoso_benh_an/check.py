"""What is wrong with a `HoSoBenhAn`: all of it, each with its place and how to mend it.

Each field is looked at once, by a table compiled from the field table; then the rules between fields and groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

from benhan.kernel.issues import Issue, Severity, error, warning
from benhan.kernel.texts import Text
from benhan.vn.hoso_benh_an import faults
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.faults import CLAUSE
from benhan.vn.hoso_benh_an.fields import GROUPS, REQUIRED, Field, group_fields
from benhan.vn.hoso_benh_an.kinds import KINDS, Kind, moment
from benhan.vn.hoso_benh_an.shapes import written

NO_DISTRICTS_SINCE = "2025-07-01"
"""Districts ended that day. Source: Luật 72/2025/QH15."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field's value is held to; `parts` where it has some."""

    size: int
    kind: Kind | None
    parts: Parts | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The names that an object may have, and the rules of those that are held to any."""

    names: frozenset[str]
    rules: tuple[tuple[str, Rule], ...]


@dataclass(frozen=True, slots=True)
class CheckedXml:
    """The XML of a document, and the issues that `check_hoso_benh_an` finds in it."""

    xml: bytes
    issues: list[Issue]


def checked_xml(document: HoSoBenhAn) -> CheckedXml:
    """A document checked and written in one pass; it is looked at field by field only where that pass has doubts."""
    xml, doubts = written(document)
    if doubts or not document.keys() >= _rules().keys():
        return CheckedXml(xml, check_hoso_benh_an(document))
    return CheckedXml(xml, _issues_between(document))


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
    return issues + _issues_between(document)


def _issues_between(document: HoSoBenhAn) -> list[Issue]:
    """The issues of the rules between fields and groups."""
    groups = {name: group for name in GROUPS if isinstance(group := document.get(name, {}), dict)}
    return [issue for rule in _RULES_BETWEEN for issue in rule(groups)]


@cache
def _rules() -> dict[str, Parts]:
    return {name: _parts(field) for name, field in group_fields().items()}


def _parts(field: Field) -> Parts:
    ruled = ((name, _rule(each)) for name, each in field.inner.items())
    return Parts(frozenset(field.inner), tuple((name, rule) for name, rule in ruled if rule is not None))


def _rule(field: Field) -> Rule | None:
    if field.inner:
        return Rule(0, None, _parts(field))
    kind = KINDS.get(field.name)
    return Rule(field.size, kind) if field.size or kind is not None else None


def _check_parts(told: dict[str, Any], parts: Parts, place: str, issues: list[Issue]) -> None:
    if not told.keys() <= parts.names:
        issues += [
            warning("structure", f"{place}.{name}", faults.UNKNOWN, CLAUSE)
            for name, value in told.items()
            if value and name not in parts.names
        ]
    for name, rule in parts.rules:
        value = told.get(name)
        if not value:
            continue
        if rule.parts is not None or value.__class__ is list:
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
    elif rule.parts is None:
        _check_text(str(value), rule, place, issues)
    elif isinstance(value, dict):
        _check_parts(value, rule.parts, place, issues)
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
    for name, group in groups.items():
        own = group.get("sovaovien")
        if own == visit and visit:
            continue
        if "sovaovien" not in group_fields()[name].inner or name == "ThongTinBenhNhan":
            continue
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


def _listed(groups: Groups, group: str, name: str = "danhsach") -> list[dict[str, Any]]:
    """The entries of a list of a group."""
    return _entries(groups.get(group, {}).get(name))


def _entries(value: Any) -> list[dict[str, Any]]:
    """The entries of a list; one that has no parts counts as empty."""
    if value.__class__ is not list:
        return []
    for each in value:
        if each.__class__ is not dict:
            return [each if each.__class__ is dict else {} for each in value]
    entries: list[dict[str, Any]] = value
    return entries


def _told(entry: dict[str, Any], name: str) -> str:
    """A text of an entry, "" where there is none."""
    value = entry.get(name)
    return value if value.__class__ is str else ""


_SUCCESSIONS = (
    (("ThongTinBenhNhan", "ngaysinh"), ("ThongTinBenhNhan", "thoigianvaovien")),
    (("ThongTinBenhNhan", "tungaybhyt"), ("ThongTinBenhNhan", "denngaybhyt")),
    (("ThongTinBenhNhan", "thoigianvaovien"), ("ThongTinDieuTri", "ngaynhapkhoa")),
    (("ThongTinBenhNhan", "thoigianvaovien"), ("ThongTinDieuTri", "ngayravien")),
    (("ThongTinDieuTri", "ngaynhapkhoa"), ("ThongTinDieuTri", "ngayravien")),
)
_SUCCESSIONS_OF_ENTRIES = (
    ("ThongTinDieuTri", "danhsachchuyenkhoa", ("tungay", "denngay")),
    ("KetQuaChanDoanHinhAnh", "danhsach", ("ngaychidinh", "ngaythuchien", "ngayketqua")),
    ("PhieuChiDinh", "danhsach", ("giolaymau", "giogiaomau")),
)


def _order_of_dates(groups: Groups) -> Iterator[Issue]:
    """Birth, admission, ward, discharge; order, act, result: none before the one it follows."""
    for (group, name), (other_group, other) in _SUCCESSIONS:
        earlier, later = _at(groups.get(group, {}).get(name)), _at(groups.get(other_group, {}).get(other))
        if _is_before(later, earlier):
            text = faults.OUT_OF_ORDER.filled(earlier=name)
            yield error("business-rule", f"{other_group}.{other}", text, CLAUSE)
    for group, list_, names in _SUCCESSIONS_OF_ENTRIES:
        for index, entry in enumerate(_listed(groups, group, list_)):
            told = [(name, at) for name in names if (value := entry.get(name)) and (at := _at(value))]
            for (name, earlier), (other, later) in pairwise(told):
                if _is_before(later, earlier):
                    text = faults.OUT_OF_ORDER.filled(earlier=name)
                    yield warning("business-rule", f"{group}.{list_}[{index}].{other}", text, CLAUSE)


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
    since = _at(groups.get("ThongTinBenhNhan", {}).get("thoigianvaovien"))[:10] or "0"
    until = _at(groups.get("ThongTinDieuTri", {}).get("ngayravien"))[:10] or "9"
    if since == "0" and until == "9":
        return
    outside: dict[str, Text] = {}
    for value in _texts_in_stay(groups):
        day = (moment(value) or "")[:10]
        if day and not since <= day <= until:
            outside[value] = faults.BEFORE_STAY if day < since else faults.AFTER_STAY
    if not outside:
        return
    for group, list_, names in _IN_STAY:
        for index, entry in enumerate(_listed(groups, group, list_)):
            for name in names:
                if (value := _told(entry, name)) in outside:
                    yield warning("business-rule", f"{group}.{list_}[{index}].{name}", outside[value], CLAUSE)
    for group, name in _LINES_IN_STAY:
        for index, entry in enumerate(_listed(groups, group)):
            for line, told in enumerate(_entries(entry.get("danhsach"))):
                if (value := _told(told, name)) in outside:
                    place = f"{group}.danhsach[{index}].danhsach[{line}].{name}"
                    yield warning("business-rule", place, outside[value], CLAUSE)


def _texts_in_stay(groups: Groups) -> set[str]:
    """The times that `_within_stay` holds to the stay: the same few in most lines."""
    found: set[str] = set()
    for group, list_, names in _IN_STAY:
        entries = _listed(groups, group, list_)
        for name in names:
            found.update([value for entry in entries if (value := entry.get(name)).__class__ is str])
    for group, name in _LINES_IN_STAY:
        for entry in _listed(groups, group):
            lines = _entries(entry.get("danhsach"))
            found.update([value for line in lines if (value := line.get(name)).__class__ is str])
    return found


def _days(groups: Groups) -> Iterator[Issue]:
    """Days of treatment: the day out less the day in, and one by some rules, or not by others."""
    stay = groups.get("ThongTinDieuTri", {})
    told, start = stay.get("tongsongaydieutri"), _at(groups.get("ThongTinBenhNhan", {}).get("thoigianvaovien"))
    end = _at(stay.get("ngayravien"))
    if told.__class__ is not str or not told.isdecimal() or not start or not end:
        return
    count = (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
    if count >= 0 and int(told[:9]) not in (count, count + 1):
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
    answered = _listed(groups, "KetQuaChanDoanHinhAnh")
    ordered = {
        _told(line, "machidinh")
        for entry in (_listed(groups, "PhieuChiDinh") if answered else ())
        for line in _entries(entry.get("danhsach"))
    }
    for index, entry in enumerate(answered):
        code = _told(entry, "machidinh")
        if ordered and code and code not in ordered:
            place = f"KetQuaChanDoanHinhAnh.danhsach[{index}].machidinh"
            yield warning("business-rule", place, faults.NOT_ORDERED, CLAUSE)


def _sheet_numbers(groups: Groups) -> Iterator[Issue]:
    """A sheet's number is there once in its group."""
    for group in ("YLenhThuocVatTu", "PhieuChiDinh", "KetQuaXetNghiem", "PhieuThuThuat", "PhieuPhauThuat"):
        numbers = [number for entry in _listed(groups, group) if (number := _told(entry, "sophieu"))]
        if len(set(numbers)) == len(numbers):
            continue
        seen: set[str] = set()
        for index, entry in enumerate(_listed(groups, group)):
            number = _told(entry, "sophieu")
            if number and number in seen:
                place = f"{group}.danhsach[{index}].sophieu"
                yield Issue(Severity.WARNING, "duplicate", faults.DOUBLED_NUMBER, place, CLAUSE)
            seen.add(number)


_RULES_BETWEEN: tuple[Callable[[Groups], Iterator[Issue]], ...] = (
    _required,
    _same_visit,
    _order_of_dates,
    _within_stay,
    _days,
    _districts,
    _results_follow_orders,
    _sheet_numbers,
)
