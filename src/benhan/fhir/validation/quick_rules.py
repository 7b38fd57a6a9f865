"""The most frequent invariants of R4 as plain Python: each says True only where FHIRPath would not say false.

Where it is not sure it says False, and FHIRPath decides. A test holds each against its expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benhan.fhir.validation.scope import Scope

Known = Callable[[Any, Scope], bool]


def _no_inner_contained(value: Any, _: Scope) -> bool:
    return "contained" not in value or not any(
        type(each) is dict and "contained" in each for each in value["contained"]
    )


def _no_contained(value: Any, _: Scope) -> bool:
    return "contained" not in value or not any(type(each) is dict and "meta" in each for each in value["contained"])


def _has_narrative(value: Any, _: Scope) -> bool:
    text = value.get("text")
    return type(text) is dict and "div" in text


def _reference_is_outside(value: Any, scope: Scope) -> bool:
    literal = value.get("reference")
    return type(literal) is not str or not literal.startswith("#") or literal[1:] in scope.contained_ids


def _is_coded_with_system(value: Any, _: Scope) -> bool:
    return "system" in value or ("code" not in value and "_code" not in value)


def _is_contact_with_system(value: Any, _: Scope) -> bool:
    return "system" in value or ("value" not in value and "_value" not in value)


def _is_ordered_period(value: Any, _: Scope) -> bool:
    start, end = value.get("start"), value.get("end")
    if type(start) is not str or type(end) is not str:
        return True
    return len(start) == len(end) and start <= end and start[19:] == end[19:]


def _has_no_component(value: Any, _: Scope) -> bool:
    return "component" not in value


def _has_value_xor_reason(value: Any, _: Scope) -> bool:
    return "dataAbsentReason" not in value


def _is_to_the_day(value: Any, _: Scope) -> bool:
    return type(value) is str and len(value) >= 10


REF_1 = (
    "reference.startsWith('#').not() or "
    "(reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"
)
VS_1 = "($this as dateTime).toString().length() >= 8"
QUICK: dict[str, Known] = {
    "contained.contained.empty()": _no_inner_contained,
    "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": _no_contained,
    "contained.meta.security.empty()": _no_contained,
    "text.`div`.exists()": _has_narrative,
    REF_1: _reference_is_outside,
    "code.empty() or system.exists()": _is_coded_with_system,
    "value.empty() or system.exists()": _is_contact_with_system,
    "start.hasValue().not() or end.hasValue().not() or (start <= end)":
        _is_ordered_period,
    "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()":
        _has_no_component,
    "dataAbsentReason.empty() or value.empty()": _has_value_xor_reason,
    VS_1: _is_to_the_day,
}  # fmt: skip
"""By the expression of the rule."""
