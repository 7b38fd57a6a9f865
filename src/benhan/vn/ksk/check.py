"""What is wrong with a health check-up, each with its place (`XML1.HO_TEN`) and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text
from benhan.vn.catalogues import shipped
from benhan.vn.catalogues.catalogue import Catalogue
from benhan.vn.catalogues.check import check_code
from benhan.vn.identifiers import citizen_number, gln
from benhan.vn.identifiers.kind import is_stored_form
from benhan.vn.ksk import faults
from benhan.vn.ksk.document import CheckUp
from benhan.vn.ksk.faults import CLAUSE
from benhan.vn.ksk.fields import REQUIRED_PARTS, RESULTS_PART, AgeGroup, Field, Part, codes, parts

LISTS: Mapping[str, str] = MappingProxyType({"MA_DICH_VU": "DICH_VU", "MAXA_CU_TRU": "XA"})
"""Fields whose kind names no list, and the catalogue their codes are of."""
CATALOGUES = frozenset({"ICD10", "TINH", "GIOI_TINH", "DANTOC", "KSK.DOI_TUONG", "KSK.NGUON_CHI_TRA", *LISTS.values()})
"""Every catalogue that a check-up may be held against."""
NO_LISTS: Mapping[str, Catalogue] = MappingProxyType({})
_ICD = re.compile(r"[A-Z]\d\d(?:\.[0-9A-Z]{1,4})?[*†+]?", re.ASCII)
_BIRTH = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(\d{4})?", re.ASCII)


class Listed:
    """The catalogues that the codes of one check-up are held against, on its day."""

    def __init__(self, lists: Mapping[str, Catalogue], examined: str) -> None:
        self._lists = lists
        day = examined[:8]
        self._on = datetime.strptime(day, "%Y%m%d").date() if _is_time(day, "%Y%m%d", 8) else None  # noqa: DTZ007

    def catalogue_of(self, field: Field) -> Catalogue | None:
        """The loaded list of a field's codes, None for none or where the day is not known."""
        kind, _, argument = field.kind.partition(":")
        name = argument if kind in ("code", "codes") else "ICD10" if kind == "icds" else LISTS.get(field.name, "")
        return self._lists.get(name) if self._on is not None else None

    def check(self, catalogue: Catalogue, value: str, place: str) -> Iterator[Issue]:
        """What is wrong with a code, or with each of several."""
        assert self._on is not None
        for code in (each.strip().rstrip("*†+") for each in value.split(";")):
            issue = check_code(catalogue, code, self._on, place)
            if issue is not None:
                yield issue


def check_ksk(check: CheckUp, lists: Mapping[str, Catalogue] = NO_LISTS) -> list[Issue]:
    """The issues of a check-up; [] where all is well.

    `lists` are those of `LISTS` and of the code fields that the hospital loaded, by name: a code is held against them
    as they are on the day of the examination; without them against what is shipped.
    """
    listed = Listed(lists, check.value("XML2", "NGAY_VAO"))
    issues = [error("required", name, faults.NO_PART, CLAUSE) for name in REQUIRED_PARTS if name not in check.parts]
    issues += [error("duplicate", name, faults.DOUBLED_PART, CLAUSE) for name in check.doubled]
    for name, values in check.parts.items():
        part = parts().get(name)
        if part is None:
            issues.append(warning("structure", name, faults.UNKNOWN_PART, CLAUSE))
        elif name != RESULTS_PART:
            issues += _check_part(part, values, name, listed)
    for index, result in enumerate(check.results):
        issues += _check_part(parts()[RESULTS_PART], result, f"{RESULTS_PART}[{index}]", listed)
    issues += _by_age(check)
    return issues + list(_between(check))


def age_group(birth: str, visit: str) -> AgeGroup | None:
    """The group of who was born then and examined that day (yyyymmdd…), None where a day is not told."""
    born, seen = _birth_day(birth), _BIRTH.fullmatch(visit[:8])
    if born is None or seen is None:
        return None
    year, month, day = (int(each) for each in seen.groups()[:3])
    years = year - born[0] - ((month, day) < born[1:])
    if years < 6:
        return AgeGroup.CHILD
    return AgeGroup.MINOR if years < 18 else AgeGroup.ADULT


def _birth_day(text: str) -> tuple[int, int, int] | None:
    """Year, month, day; a month or day that is not known (00) counts as the first."""
    match = _BIRTH.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]) or 1, int(match[3]) or 1
    try:
        date(year, month, day)
    except ValueError:
        return None
    return year, month, day


def _check_part(part: Part, values: dict[str, str], place: str, listed: Listed) -> Iterator[Issue]:
    for field in part.fields.values():
        if field.need == "1" and not values.get(field.name, "").strip():
            yield error("required", f"{place}.{field.name}", faults.MISSING, CLAUSE)
    for name, value in values.items():
        field_ = part.find(name)
        if field_ is None:
            yield warning("structure", f"{place}.{name}", faults.UNKNOWN, CLAUSE)
        elif value:
            yield from _check_value(field_, value, f"{place}.{name}", listed)


def _check_value(field: Field, value: str, place: str, listed: Listed) -> Iterator[Issue]:
    if field.size and len(value) > field.size:
        yield error("too-long", place, faults.TOO_LONG.filled(length=len(value), size=field.size), CLAUSE)
    kind, _, argument = field.kind.partition(":")
    catalogue = listed.catalogue_of(field)
    is_list = catalogue is not None and kind in ("code", "codes")
    text = _KINDS[kind](value, argument) if not is_list else None
    if text is not None:
        yield error("value", place, text, CLAUSE)
    elif catalogue is not None:
        yield from listed.check(catalogue, value, place)
    if field.name == "HO_TEN" and value != value.upper():
        yield error("value", place, faults.NOT_UPPER, CLAUSE)


def _is_time(value: str, form: str, length: int) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007  # the standard writes no zone
    except ValueError:
        return False
    return len(value) == length


def _number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _in_list(value: str, name: str) -> bool:
    return value in (codes(name) or shipped.catalogue(name).by_code)


Kind = Callable[[str, str], Text | None]
_KINDS: dict[str, Kind] = {
    "text": lambda _value, _: None,
    "minute": lambda value, _: None if _is_time(value, "%Y%m%d%H%M", 12) else faults.BAD_MINUTE,
    "day": lambda value, _: None if _is_time(value, "%Y%m%d", 8) else faults.BAD_DAY,
    "birth": lambda value, _: None if _birth_day(value) is not None else faults.BAD_BIRTH,
    "citizen": lambda value, _: None if is_stored_form(citizen_number, value) else faults.BAD_CITIZEN,
    "gln": lambda value, _: None if is_stored_form(gln, value) else faults.BAD_GLN,
    "number": lambda value, _: None if _number(value) else faults.NOT_A_NUMBER,
    "digits": lambda value, count: (
        None if re.fullmatch(rf"[0-9]{{{count}}}", value) else faults.NOT_DIGITS.filled(count=count)
    ),
    "code": lambda value, name: None if _in_list(value, name) else faults.NOT_IN_LIST.filled(list=name),
    "codes": lambda value, name: (
        None if all(_in_list(each.strip(), name) for each in value.split(";")) else faults.NOT_IN_LIST.filled(list=name)
    ),
    "occupation": lambda value, _: (
        None
        if value == "99" or value in shipped.catalogue("NGHENGHIEP").by_code
        else faults.NOT_IN_LIST.filled(list="QĐ 34/2020")
    ),
    "icds": lambda value, _: None if all(_ICD.fullmatch(each.strip()) for each in value.split(";")) else faults.NOT_ICD,
    "group": lambda value, _: (
        None if value in {each.value for each in AgeGroup} else faults.NOT_IN_LIST.filled(list="TYPE")
    ),
}
"""Each kind of the field table: what is wrong with a value, None where nothing is."""


def _by_age(check: CheckUp) -> Iterator[Issue]:
    """Who must have a number of their own, a guardian, and which group the file says."""
    group = age_group(check.value("XML1", "NGAY_SINH"), check.value("XML2", "NGAY_VAO"))
    if "XML1" in check.parts:
        has_number = check.value("XML1", "SO_CCCD")
        if not has_number and not (group is AgeGroup.CHILD and check.value("XML1", "SO_CCCD_NGH")):
            yield error("required", "XML1.SO_CCCD", faults.NO_CITIZEN, CLAUSE)
        if group in (AgeGroup.CHILD, AgeGroup.MINOR) and not check.value("XML1", "NGUOI_GIAM_HO"):
            yield error("required", "XML1.NGUOI_GIAM_HO", faults.NO_GUARDIAN, CLAUSE)
    told = check.value("XML2", "TYPE")
    if told and group is not None and told != group.value:
        yield warning("business-rule", "XML2.TYPE", faults.OTHER_GROUP.filled(group=group.value), CLAUSE)


def _between(check: CheckUp) -> Iterator[Issue]:
    start, end = check.value("XML2", "NGAY_VAO"), check.value("XML2", "NGAY_RA")
    if start and end and end < start:
        yield error("business-rule", "XML2.NGAY_RA", faults.OUT_OF_ORDER.filled(earlier="NGAY_VAO"), CLAUSE)
    own = {check.value("XML2", "MA_CSKCB"), check.value("XML2", "MA_GTIN_CSKCB")} - {""}
    if own and check.facility not in own:
        yield error("business-rule", "XML2.MA_CSKCB", faults.OTHER_FACILITY, CLAUSE)
