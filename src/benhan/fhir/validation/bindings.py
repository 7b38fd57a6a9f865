"""Codes against value sets, by the strength of the binding. Source: FHIR R4 terminologies.html#strength."""

from __future__ import annotations

from typing import Any

from benhan.fhir.validation import texts
from benhan.fhir.validation.checks import Check
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.scope import Scope
from benhan.fhir.validation.value_sets import Codes
from benhan.kernel.issues import Severity
from benhan.kernel.texts import Text

_OUTSIDE: dict[str, tuple[Severity, str, Text]] = {
    "required": (Severity.ERROR, "code-invalid", texts.OUTSIDE_REQUIRED),
    "extensible": (Severity.WARNING, "code-invalid", texts.OUTSIDE_EXTENSIBLE),
    "preferred": (Severity.INFORMATION, "informational", texts.OUTSIDE_PREFERRED),
}
"""What a code outside of the value set means; an example binding means nothing."""


def binding_check(strength: str, value_set: str) -> Check | None:
    """The check of a binding, or None where its strength asks for nothing."""
    if strength not in _OUTSIDE:
        return None
    severity, kind, text = _OUTSIDE[strength]
    url = value_set.partition("|")[0]
    outside, no_code = text.filled(set=url), texts.NO_CODE.filled(set=url)

    def tell(item: Item, scope: Scope) -> None:
        value = item.value
        if value is None:
            return
        codes = scope.judge.definitions.codes(value_set)
        verdict = None if codes is None else is_in(value, codes)
        if verdict is None and strength != "preferred":
            if strength == "required" and codings_of(value) == []:
                scope.report.error("code-invalid", item.path, no_code, texts.STRENGTH_CLAUSE)
            else:
                scope.report.inform_once(url, item.path, texts.SET_UNKNOWN, texts.STRENGTH_CLAUSE, set=url)
        elif verdict is False:
            if codings_of(value):
                scope.report.note(severity, kind, item.path, outside, texts.STRENGTH_CLAUSE)
            elif strength == "required":
                scope.report.error("code-invalid", item.path, no_code, texts.STRENGTH_CLAUSE)

    def quick(value: Any, scope: Scope) -> bool:
        codes = scope.judge.definitions.codes(value_set)
        verdict = None if codes is None else is_in(value, codes)
        if verdict is None:
            return strength == "preferred"
        return verdict or (strength != "required" and not codings_of(value))

    return Check(tell, lambda _type: quick)


def is_in(value: Any, codes: Codes) -> bool | None:
    """Whether a code, Coding, Quantity or CodeableConcept (any of its codings) is in; None where it cannot be told."""
    codings = codings_of(value)
    if not codes.pairs.isdisjoint(codings):
        return True
    verdict: bool | None = False
    for system, code in codings:
        told = codes.contains(system, code)
        if told:
            return True
        if told is None:
            verdict = None
    return verdict


def codings_of(value: Any) -> list[tuple[str | None, str]]:
    """(system, code) of what a value holds; system None for a bare code, which is of any."""
    if type(value) is str:
        return [(None, value)]
    if type(value) is not dict:
        return []
    listed = value.get("coding")
    found: list[tuple[str | None, str]] = []
    for each in listed if type(listed) is list else (value,):
        code = each.get("code") if type(each) is dict else None
        if type(code) is str:
            system = each.get("system")
            found.append((system if type(system) is str else "", code))
    return found
