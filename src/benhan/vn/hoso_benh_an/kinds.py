"""What a value of each field must look like. Source: CV 365/TTYQG-GPQLCL, annex; lists as `data/README.md` tells.

A kind is a function of a non-empty text: the Issue's severity and words where the text is not of the kind, else None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from benhan.kernel.issues import Severity
from benhan.kernel.texts import Text
from benhan.vn.catalogues.shipped import catalogue
from benhan.vn.hoso_benh_an import faults

Verdict = tuple[Severity, Text] | None
Kind = Callable[[str], Verdict]

_MOMENT = re.compile(r"(\d\d)/(\d\d)/(\d{4})(?: (\d\d):(\d\d):(\d\d)\.(\d{3}))?", re.ASCII)
_ICD = re.compile(r"[A-Z]\d\d(?:\.[0-9A-Z]{1,4})?[*†+]?", re.ASCII)
_SCTID = re.compile(r"[1-9]\d{5,17}", re.ASCII)
_VERHOEFF_D = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_VERHOEFF_P = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


@lru_cache(maxsize=8_192)
def moment(text: str) -> str | None:
    """A date or date and time of the annex as text that sorts (`2026-01-05`, `2026-01-05 08:00:00.000`), else None."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, thousandth = match.groups()
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return None
    if hour is None:
        return f"{year}-{month}-{day}"
    if hour > "23" or minute > "59" or second > "59":
        return None
    return f"{year}-{month}-{day} {hour}:{minute}:{second}.{thousandth}"


def _date(text: str) -> Verdict:
    if moment(text) is not None:
        return None
    return Severity.ERROR, faults.NO_SUCH_DAY if _MOMENT.fullmatch(text) else faults.BAD_DATE


def _whole(text: str) -> Verdict:
    return None if text.isascii() and text.isdigit() else (Severity.WARNING, faults.NOT_WHOLE)


def number(text: str) -> Decimal | None:
    """The number that a text is, with a point for its decimals."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _number(text: str) -> Verdict:
    return None if number(text) is not None else (Severity.WARNING, faults.NOT_A_NUMBER)


def _between(low: str, high: str, unit: str) -> Kind:
    """A number within what a living person can have."""
    least, most, text = Decimal(low), Decimal(high), faults.UNLIKELY.filled(low=low, high=high, unit=unit)

    @lru_cache(maxsize=1_024)
    def kind(written: str) -> Verdict:
        found = number(written)
        if found is None:
            return Severity.WARNING, faults.NOT_A_NUMBER
        return None if least <= found <= most else (Severity.WARNING, text)

    return kind


def _in_list(name: str, *, by_display: bool = False, extra: frozenset[str] = frozenset()) -> Kind:
    """A code of a list; or its display in the list's words, in any case."""
    text = faults.NOT_IN_LIST.filled(list=name)

    def kind(written: str) -> Verdict:
        codes, displays = _list(name)
        known = written in codes or written in extra or (by_display and written.casefold() in displays)
        return None if known else (Severity.WARNING, text)

    return kind


@cache
def _list(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The codes that a catalogue ever had, and its names in small letters: the day of a value is not known here."""
    rows = catalogue(name).entries
    return frozenset(row.code for row in rows), frozenset(row.display.casefold() for row in rows)


def _flag(text: str) -> Verdict:
    return None if text in ("0", "1") else (Severity.ERROR, faults.NOT_A_FLAG)


def _citizen_number(text: str) -> Verdict:
    if not (text.isascii() and text.isdigit()):
        return Severity.ERROR, faults.NOT_DIGITS
    return None if len(text) in (9, 12) else (Severity.WARNING, faults.NOT_A_CITIZEN_NUMBER)


def _icd(text: str) -> Verdict:
    return None if _ICD.fullmatch(text) else (Severity.WARNING, faults.NOT_ICD)


def _icds(text: str) -> Verdict:
    """Codes with `;` between them."""
    return next((verdict for each in text.split(";") if each.strip() and (verdict := _icd(each.strip()))), None)


def _snomed(text: str) -> Verdict:
    """An SCTID with its Verhoeff check digit. Source: SNOMED CT Release File Specification 6.2, 6.4."""
    check = 0
    if _SCTID.fullmatch(text):
        for place, digit in enumerate(reversed(text)):
            check = _VERHOEFF_D[check][_VERHOEFF_P[place % 8][int(digit)]]
        if check == 0:
            return None
    return Severity.WARNING, faults.NOT_SNOMED


_DATES = (
    "thoigianvaovien", "ngaysinh", "tungaybhyt", "denngaybhyt", "denkhambenhluc", "ngaynhapkhoa", "ngayravien",
    "tungay", "denngay", "thoidiem", "ngaykedonthuoc", "ngaychidinh", "giogiaomau", "giolaymau", "ngayketqua",
    "ngaythuchien", "ngaygiovaovien", "ngaygiophauthuat", "ngayrutchi", "ngaycatchi",
)  # fmt: skip
_PRESSURE = _between("20", "300", "mmHg")
_HEIGHT = _between("20", "260", "cm")
_WEIGHT = _between("0.3", "400", "kg")
_PULSE = _between("0", "350", "lần/phút")
_TEMPERATURE = _between("20", "45", "°C")
_BREATHS = _between("0", "150", "lần/phút")

KINDS: dict[str, Kind] = {
    **dict.fromkeys(_DATES, _date),
    "tuoi": _whole,
    "songaydieutri": _whole,
    "tongsongaydieutri": _whole,
    "mach": _PULSE,
    "nhietdo": _TEMPERATURE,
    "nhiptho": _BREATHS,
    "huyetap_tamthu": _PRESSURE,
    "huyetap_tamtruong": _PRESSURE,
    "huyetap_cao": _PRESSURE,
    "huyetap_thap": _PRESSURE,
    "chieucao": _HEIGHT,
    "cannang": _WEIGHT,
    **dict.fromkeys(("soluongthuocvattu", "soluong", "dongia", "thanhtien", "benhnhanphaitra", "tongcong"), _number),
    "thongtin_giatri": _flag,
    "cccd_so": _citizen_number,
    "gioitinh": _in_list("GIOI_TINH", by_display=True, extra=frozenset({"Khác"})),
    "dantoc_ma": _in_list("DANTOC"),
    "nghenghiep_ma": _in_list("NGHENGHIEP"),
    "tinhthanh_ma": _in_list("TINH"),
    "ketquadieutri": _in_list("KET_QUA_DTRI", by_display=True),
    "SNOMED": _snomed,
    **dict.fromkeys(
        ("maicd", "chandoan_ma", "chandoanvaovien_ma", "chandoantuyenduoi_ma", "khambenh_chandoanvaovienmaicd"), _icd
    ),
    "maicd_khac": _icds,
}
"""The kind of each field that has one, by its name."""
