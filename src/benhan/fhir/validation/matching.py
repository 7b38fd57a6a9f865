"""fixed[x] and pattern[x]. Source: FHIR R4 elementdefinition.html (ElementDefinition.fixed[x], pattern[x])."""

from __future__ import annotations

from typing import Any


def is_fixed(value: Any, fixed: Any) -> bool:
    """Whether `value` is exactly `fixed`: the same members, the same order of lists."""
    if isinstance(fixed, bool) or isinstance(value, bool):
        return value is fixed
    if isinstance(fixed, dict) and isinstance(value, dict):
        return fixed.keys() == value.keys() and all(is_fixed(value[name], each) for name, each in fixed.items())
    if isinstance(fixed, list) and isinstance(value, list):
        return len(fixed) == len(value) and all(map(is_fixed, value, fixed))
    return bool(value == fixed)


def has_pattern(value: Any, pattern: Any) -> bool:
    """Whether `value` holds all of `pattern`: each member, each entry of a list somewhere in the list."""
    if isinstance(pattern, bool) or isinstance(value, bool):
        return value is pattern
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and has_pattern(value[name], each) for name, each in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(has_pattern(one, each) for one in value) for each in pattern)
    return bool(value == pattern)
