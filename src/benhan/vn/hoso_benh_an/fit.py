"""Values that a field has no room for: text is cut, a code is left out whole; what did not fit is told.

Source: the sizes of CV 365/TTYQG-GPQLCL, annex.
"""

from __future__ import annotations

from typing import Any

from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fields import Field, group_fields

TEXT_SIZE_MIN = 50
"""A field of at least this size is text, which stays readable when it is cut; a shorter one is a code or a number."""
CUT = "…"


def fitted(document: HoSoBenhAn) -> tuple[HoSoBenhAn, list[dict[str, Any]]]:
    """The document with every value fitting its field, and the values that did not: place, size, value."""
    left_out: list[dict[str, Any]] = []
    fields = group_fields()
    return {name: _fit(value, fields[name], name, left_out) for name, value in document.items()}, left_out


def _fit(value: Any, field: Field, place: str, left_out: list[dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_fit(each, field, f"{place}[{index}]", left_out) for index, each in enumerate(value)]
    if isinstance(value, dict):
        known = field.inner
        return {
            name: _fit(inner, known[name], f"{place}.{name}", left_out) if name in known else inner
            for name, inner in value.items()
        }
    if not value or not field.size or len(str(value)) <= field.size:
        return value
    left_out.append({"place": place, "size": field.size, "value": str(value)})
    return str(value)[: field.size - len(CUT)] + CUT if field.size >= TEXT_SIZE_MIN else ""
