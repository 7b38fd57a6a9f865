"""Reference parameters. Source: FHIR R4 search.html#reference."""

from __future__ import annotations

from benhan.fhir.definitions import resource_types, type_of
from benhan.fhir.indexing import values_at, without_version
from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import SearchParameter
from benhan.fhir.search_values import TokenValue
from benhan.fhir.terms import code_term, reference_term, system_code_term
from benhan.store.ids import Ids
from benhan.store.search.expressions import (
    AnyTerm,
    Candidate,
    Checked,
    Expression,
    Linked,
    Nothing,
    OfPatients,
    Present,
    all_of,
    any_of,
)

_USUAL_TARGETS = frozenset({"Device", "Encounter", "Group", "Location", "Organization", "Patient", "Practitioner"})
"""What an id alone may mean where the parameter points to anything."""


def reference(criterion: Criterion, type_: str, ids: Ids, base_url: str) -> Expression:
    """`Type/id`, an id alone, an absolute address, a canonical; an identifier with `:identifier`."""
    if criterion.modifier == "identifier":
        return _by_identifier(criterion)
    if criterion.modifier in ("above", "below"):
        return Linked(criterion, Present(criterion.parameter.bit))
    return any_of([_of_value(str(value), criterion, type_, ids, base_url) for value in criterion.values])


def _by_identifier(criterion: Criterion) -> Expression:
    values = [value for value in criterion.values if isinstance(value, TokenValue) and value.code is not None]
    paths = [f"{path}.identifier" for path in criterion.parameter.paths]
    terms = [
        system_code_term(path, value.system, value.code or "")
        if value.system is not None
        else code_term(path, value.code or "")
        for value in values
        for path in paths
    ]
    return AnyTerm(tuple(terms)) if terms else Nothing()


def _of_value(text: str, criterion: Criterion, type_: str, ids: Ids, base_url: str) -> Expression:
    parameter = criterion.parameter
    plain, _, version = text.partition("|")
    targets = targets_of(plain, criterion.modifier, parameter, base_url)
    if not targets:
        return Nothing()
    found = pointing_to(targets, parameter, type_, ids)
    if not version:
        return found

    def check(candidate: Candidate) -> bool:
        return text in [each for each in values_at(candidate.plain, parameter.leaves) if isinstance(each, str)]

    return Checked(found, check)


def pointing_to(targets: list[str], parameter: SearchParameter, type_: str, ids: Ids) -> Expression:
    """Pointing to one of these references.

    Patients asked for by the element that decides the compartment give the compartment, so that their buckets alone are
    looked at.
    """
    terms = AnyTerm(tuple(reference_term(path, target) for target in targets for path in parameter.paths))
    if decides_compartment(parameter, type_) and all(target.startswith("Patient/") for target in targets):
        rids = tuple(ids.rid_of("Patient", target.removeprefix("Patient/")) for target in targets)
        return all_of([OfPatients(rids), terms])
    return terms


def decides_compartment(parameter: SearchParameter, type_: str) -> bool:
    """Whether the parameter looks at the one reference that says in whose compartment a resource is."""
    element = PATIENT_ELEMENTS.get(type_)
    if element is None or parameter.paths != (f"{type_}.{element}",):
        return False
    definition = type_of(type_)
    assert definition is not None
    return any(each.name == element and each.max == 1 for each in definition.elements)


def targets_of(text: str, modifier: str, parameter: SearchParameter, base_url: str) -> list[str]:
    """The references a value may mean: an id alone means every type the parameter may point to."""
    text = without_version(text.removeprefix(f"{base_url}/") if base_url else text)
    wanted = {modifier} if modifier in resource_types() else set(parameter.targets)
    if "/" in text or ":" in text:
        named = text.split("/")[-2] if "/" in text else ""
        is_other = wanted and named in resource_types() and named not in wanted
        return [] if is_other else [text]
    return [
        f"{type_}/{text}"
        for type_ in sorted(wanted or set(parameter.target_types) & resource_types() or _USUAL_TARGETS)
    ]
