"""Values that a field has no room for: text is cut, a code is left out whole; what did not fit is told.

Source: the sizes of CV 365/TTYQG-GPQLCL, annex.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fields import Field, group_fields

TEXT_SIZE_MIN = 50
"""A field of at least this size is text, which stays readable when it is cut; a shorter one is a code or a number."""
CUT = "…"


def fitted(document: HoSoBenhAn) -> tuple[HoSoBenhAn, list[dict[str, Any]]]:
    """The document with every value fitting its field, and the values that did not: place, size, value.

    Parts in which everything fits are those of `document` itself.
    """
    left_out: list[dict[str, Any]] = []
    sized = _sized_groups()
    if all(_fits(document.get(name), parts) for name, parts in _sized_parts()):
        return document, left_out
    return {
        name: _fit(value, sized[name], name, left_out) if name in sized else value for name, value in document.items()
    }, left_out


@cache
def _sized_groups() -> dict[str, Field]:
    """The field table without what has no size."""
    return {name: sized for name, field in group_fields().items() if (sized := _sized(field)) is not None}


def _sized(field: Field) -> Field | None:
    inner = {name: sized for name, each in field.inner.items() if (sized := _sized(each)) is not None}
    return Field(field.name, field.repeats, field.size, inner) if inner or field.size else None


Sizes = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, Any], ...]]
"""The sizes of an object's texts, and the same of its lists and objects, by name."""


@cache
def _sized_parts() -> tuple[tuple[str, Sizes], ...]:
    return tuple((name, _sizes(field)) for name, field in _sized_groups().items())


def _sizes(field: Field) -> Sizes:
    inner = field.inner.items()
    return (
        tuple((name, each.size) for name, each in inner if each.size),
        tuple((name, _sizes(each)) for name, each in inner if not each.size),
    )


def _fits(value: Any, sizes: Sizes) -> bool:
    """Whether every value below fits: nearly every document does, and is then left as it is."""
    texts, parts = sizes
    for each in value if value.__class__ is list else (value,):
        if each.__class__ is not dict:
            continue
        get = each.get
        for name, size in texts:
            told = get(name)
            if told and len(told if told.__class__ is str else str(told)) > size:
                return False
        for name, inner in parts:
            told = get(name)
            if told and not _fits(told, inner):
                return False
    return True


def _fit(value: Any, field: Field, place: str, left_out: list[dict[str, Any]]) -> Any:
    if not value:
        return value
    if isinstance(value, list):
        return [_fit(each, field, f"{place}[{index}]", left_out) for index, each in enumerate(value)]
    if isinstance(value, dict):
        changed = {}
        for name, inner in field.inner.items():
            old = value.get(name)
            if old and (not inner.size or len(str(old)) > inner.size):
                changed[name] = _fit(old, inner, f"{place}.{name}", left_out)
        return {**value, **changed} if changed else value
    if not field.size or len(str(value)) <= field.size:
        return value
    left_out.append({"place": place, "size": field.size, "value": str(value)})
    return str(value)[: field.size - len(CUT)] + CUT if field.size >= TEXT_SIZE_MIN else ""
