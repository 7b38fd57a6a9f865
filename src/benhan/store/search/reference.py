"""Reference parameters. Source: FHIR R4 search.html#reference."""

from __future__ import annotations

from benhan.fhir.definitions import resource_types
from benhan.fhir.indexing import without_version
from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.search_query import Criterion, TokenValue
from benhan.fhir.terms import reference_term, system_code_term
from benhan.store.ids import Ids
from benhan.store.search.conditions import Conditions
from benhan.store.tokens import Tokens

_USUAL_TARGETS = frozenset({"Device", "Encounter", "Group", "Location", "Organization", "Patient", "Practitioner"})
"""What an id alone may mean where the parameter points to anything."""


def reference(
    criterion: Criterion, type_: str, tokens: Tokens, ids: Ids, base_url: str, conditions: Conditions
) -> None:
    """`Type/id`, an id alone, an absolute address, or an identifier with `:identifier`.

    One patient asked for by the element that decides the compartment gives the compartment, so that one bucket is
    looked at.
    """
    found: list[int] = []
    targets: set[str] = set()
    for value in criterion.values:
        for path in criterion.parameter.paths:
            if isinstance(value, TokenValue):
                found.append(tokens.of(system_code_term(f"{path}.identifier", value.system or "", value.code or "")))
                continue
            for target in _targets(str(value), criterion, base_url):
                targets.add(target)
                found.append(tokens.of(reference_term(path, target)))
    conditions.tokens.append(found)
    if len(criterion.values) == 1 and criterion.parameter.paths == (f"{type_}.{PATIENT_ELEMENTS.get(type_)}",):
        patients = [target for target in targets if target.startswith("Patient/")]
        if len(patients) == 1 and len(targets) == 1:
            conditions.patient = ids.rid_of("Patient", patients[0].removeprefix("Patient/"))


def _targets(text: str, criterion: Criterion, base_url: str) -> list[str]:
    """The references a value may mean: an id alone means every type the parameter may point to."""
    text = without_version(text.removeprefix(f"{base_url}/") if base_url else text)
    if "/" in text or ":" in text:
        return [text]
    if criterion.modifier in resource_types():
        return [f"{criterion.modifier}/{text}"]
    return [f"{type_}/{text}" for type_ in sorted(criterion.parameter.targets or _USUAL_TARGETS)]
