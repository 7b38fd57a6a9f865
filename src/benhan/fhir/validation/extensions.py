"""Extensions against their definitions: where they may stand, what they hold.

Source: FHIR R4 defining-extensions.html, extensibility.html.
"""

from __future__ import annotations

from typing import Any

from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.scope import Scope
from benhan.kernel.issues import Severity

Json = dict[str, Any]

_UNKNOWN = {"inform": Severity.INFORMATION, "warn": Severity.WARNING, "refuse": Severity.ERROR}


def check_extension(item: Item, scope: Scope, holder: str, where: str, *, is_modifier: bool) -> None:
    """Hold an extension against its definition. `holder` is the type of the element it extends, `where` that
    element's path in its definition (`Patient.name`)."""
    url = item.value.get("url") if type(item.value) is dict else None
    if not isinstance(url, str) or ":" not in url:  # a part of a complex extension: its own definition tells
        return
    definition = scope.judge.definitions.structure(url)
    if definition is None or definition.get("type") != "Extension":
        _note_unknown(item, scope, is_modifier=is_modifier)
        return
    if _is_modifier(definition) != is_modifier:
        scope.report.error(
            "extension", item.path, texts.MODIFIER_MISPLACED, texts.EXTENSIONS_CLAUSE,
            wanted="phải là (is)" if not is_modifier else "không phải (is not)",
        )  # fmt: skip
    valid = _contexts(definition)
    if valid and not _fits(valid, holder, where):
        scope.report.error(
            "extension", item.path, texts.WRONG_CONTEXT, texts.EXTENSIONS_CLAUSE, valid=", ".join(sorted(valid))
        )
    scope.judge.check_profile(item, url, scope)


def _note_unknown(item: Item, scope: Scope, *, is_modifier: bool) -> None:
    severity = _UNKNOWN.get(scope.judge.options.unknown_extensions)
    if is_modifier:
        severity = Severity.ERROR if severity is Severity.ERROR else Severity.WARNING
    if severity is not None:
        text = texts.UNKNOWN_MODIFIER if is_modifier else texts.UNKNOWN_EXTENSION
        scope.report.note(severity, "extension", item.path, text, texts.EXTENSIONS_CLAUSE)


def _is_modifier(definition: Json) -> bool:
    elements = (definition.get("snapshot") or definition.get("differential") or {}).get("element") or [{}]
    return elements[0].get("isModifier") is True


def _contexts(definition: Json) -> set[str]:
    """The elements it is for; empty where that is told in another way (FHIRPath, within another extension)."""
    told = definition.get("context") or []
    if any(each.get("type") != "element" for each in told):
        return set()
    return {str(each.get("expression", "")) for each in told}


def _fits(valid: set[str], holder: str, where: str) -> bool:
    known = known_type(holder)
    names = {holder, where, where.removesuffix("[x]"), *known.names}
    if "*" in valid or "Element" in valid or not valid.isdisjoint(names):
        return True
    return known.is_resource and "Resource" in valid
