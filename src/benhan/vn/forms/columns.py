"""Which names of other standards there are, so that a form cannot feed a column that does not exist."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benhan.fhir.definitions import type_of
from benhan.vn.hoso_benh_an.fields import Field, group_fields

_BHYT = Path(__file__).parent / "data" / "bhyt_columns.txt"


@cache
def bhyt_columns() -> frozenset[str]:
    """Table and column of the BHYT XML, as `XML1.HO_TEN`. Source: QĐ 3176/QĐ-BYT."""
    return frozenset(_BHYT.read_text(encoding="utf-8").split())


_SPEAKING = ("dauchung", "thongtin_noidung")
"""Inner fields that hold the words of what is around them: a finding, a line of a history."""


def is_cv365(path: str) -> bool:
    """Whether HoSoBenhAn has this path and it can hold an answer, as `ThongTinBenhNhan.hoten`.

    Source: CV 365/TTYQG-GPQLCL, annex.
    """
    group, *names = path.split(".")
    field: Field | None = group_fields().get(group)
    for name in names:
        field = field.inner.get(name) if field else None
    if field is None or not names:
        return False
    return not field.inner or field.repeats or any(name in field.inner for name in _SPEAKING)


def is_fhir(path: str) -> bool:
    """Whether R4 has this element, as `Patient.contact.name`; the name of a type alone also holds."""
    head, *names = path.split(".")
    held = type_of(head)
    for index, name in enumerate(names):
        if held is None:
            return False
        element = next((each for each in held.elements if each.name.removesuffix("[x]") == name), None)
        if element is None:
            return False
        backbone = f"{held.name}.{element.name}"
        held = type_of(backbone) or (type_of(element.types[0]) if element.types else None)
        if index + 1 < len(names) and held is None:
            return False
    return type_of(head) is not None
