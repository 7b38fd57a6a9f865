"""Reference parameters. Source: FHIR R4 search.html#reference."""

from __future__ import annotations

from benhan.fhir.definitions import resource_types
from benhan.fhir.emitters import patient_named
from benhan.fhir.indexing import values_at, without_version
from benhan.fhir.main_values import deciding_path
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
NOBODY = 0
"""The patient of what is in no patient's compartment."""


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

    Patients that the element points to which decides the compartment are told by the row's own column, so that their
    buckets alone are looked at; other things that this element points to are in the compartment of nobody.
    """
    deciding = deciding_path(type_)
    told = targets if deciding in parameter.paths else ()
    patients = {each: named for each in told if (named := patient_named(each)) is not None}
    rids = {ids.rid_of("Patient", named.removeprefix("Patient/")): None for named in patients.values()}
    pairs = [(path, each) for each in targets for path in parameter.paths if path != deciding or each not in patients]
    terms = AnyTerm(tuple(reference_term(path, each) for path, each in pairs))
    if not rids:
        return terms
    either = any_of([OfPatients(tuple(rids)), terms]) if pairs else OfPatients(tuple(rids))
    is_alone = pairs and decides_compartment(parameter, type_)
    return all_of([OfPatients((*rids, NOBODY)), either]) if is_alone else either


def decides_compartment(parameter: SearchParameter, type_: str) -> bool:
    """Whether the parameter looks at the one reference that says in whose compartment a resource is."""
    return parameter.paths == (deciding_path(type_),)


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
