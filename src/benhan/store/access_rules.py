"""The rules of an actor as conditions on rows: what an app's token does not grant is not there for it.

Searches get the conditions into their SQL, so that nothing is counted, included or walked over that may not be seen;
reads by id hold them against the columns of the row before it is opened. Whoever asks for what is hidden gets the same
answer as for what never was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benhan.fhir.indexing import index_resource
from benhan.fhir.search_query import Criterion, parse_search
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act, Rule
from benhan.store.access_faults import NOT_A_RESTRICTION, NOT_GRANTED
from benhan.store.ids import Ids, bucket_of
from benhan.store.search.conditions import Conditions
from benhan.store.search.reference import reference
from benhan.store.search.token import token
from benhan.store.search.uri import uri
from benhan.store.tokens import Tokens

if TYPE_CHECKING:
    from benhan.store.unit_of_work import Stored

SHARED_TYPES = frozenset(
    {
        "ActivityDefinition", "CapabilityStatement", "CodeSystem", "ConceptMap", "Endpoint", "HealthcareService",
        "ImplementationGuide", "Library", "Location", "Measure", "Medication", "MedicationKnowledge", "NamingSystem",
        "OperationDefinition", "Organization", "OrganizationAffiliation", "PlanDefinition", "Practitioner",
        "PractitionerRole", "Questionnaire", "SearchParameter", "StructureDefinition", "StructureMap", "Substance",
        "ValueSet",
    }
)  # fmt: skip
"""Types that tell of no patient: who may see a patient's data may read what they refer to."""
READING = frozenset({Act.READ, Act.SEARCH})
_REMEMBERED = 2_000

Bounds = tuple["Bound", ...]
TokensOf = Callable[[], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a resource must satisfy under one rule: its patient's rid (None: any), tokens it has and has not."""

    patient: int | None
    tokens: tuple[tuple[int, ...], ...] = ()
    without: tuple[tuple[int, ...], ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the patient decides."""
        return bool(self.tokens or self.without)

    def admits_patient(self, patient: int) -> bool:
        return self.patient is None or self.patient == patient

    def admits(self, patient: int, found: Collection[int]) -> bool:
        """Whether a resource of `patient` with these tokens satisfies the rule."""
        return (
            self.admits_patient(patient)
            and all(any(each in found for each in wanted) for wanted in self.tokens)
            and not any(each in found for unwanted in self.without for each in unwanted)
        )

    def sql(self, conditions: Conditions) -> str:
        """The rule as a condition on the row `r`."""
        add = conditions.parameters.add
        texts = []
        if self.patient is not None:
            texts.append(f"r.bucket = {add(bucket_of(self.patient))} and r.patient = {add(self.patient)}")
        texts += [f"r.tokens && {add(list(wanted))}::bigint[]" for wanted in self.tokens]
        texts += [f"not r.tokens && {add(list(unwanted))}::bigint[]" for unwanted in self.without]
        return "(" + " and ".join(texts or ["true"]) + ")"


class AccessRules:
    """Holds actors' rules against the resources of one store."""

    def __init__(self, ids: Ids, tokens: Tokens) -> None:
        self._ids = ids
        self._tokens = tokens
        self._known: dict[tuple[tuple[Rule, ...], str, Act], Bounds] = {}

    def rules_for(self, actor: Actor, type_: str, act: Act) -> Bounds | None:
        """Alternatives of which a resource must satisfy one; None where the actor has no limits.

        Raises Forbidden BA-2300 where no rule grants the act on any resource of the type.
        """
        if actor.limits is None:
            return None
        key = (actor.limits, type_, act)
        found = self._known.get(key)
        if found is None:
            found = tuple(self._bound(rule, type_) for rule in actor.limits if _grants(rule, type_, act))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = found
        if not found:
            raise NOT_GRANTED(type=type_, act=act.value)
        return found

    def grants(self, actor: Actor, type_: str, act: Act) -> bool:
        """Whether the act is granted on some resources of the type."""
        return actor.limits is None or any(_grants(rule, type_, act) for rule in actor.limits)

    def narrow(self, conditions: Conditions, actor: Actor, type_: str, act: Act = Act.SEARCH) -> None:
        """Add to the conditions of a search of `type_` what `actor` may see. Raises Forbidden BA-2300."""
        bounds = self.rules_for(actor, type_, act)
        if bounds is None or any(bound == Bound(None) for bound in bounds):
            return
        conditions.texts.append("(" + " or ".join(bound.sql(conditions) for bound in bounds) + ")")
        patients = {bound.patient for bound in bounds}
        if conditions.patient is None and len(patients) == 1:
            conditions.patient = patients.pop()

    def patients_of(self, actor: Actor, type_: str, act: Act) -> frozenset[int] | None:
        """The only patients (rids) whose resources of `type_` the actor reaches; None for any."""
        bounds = self.rules_for(actor, type_, act)
        if bounds is None or any(bound.patient is None for bound in bounds):
            return None
        return frozenset(bound.patient for bound in bounds if bound.patient is not None)

    def admits_patient(self, actor: Actor, type_: str, act: Act, patient: int) -> bool:
        """Whether a row of `patient` may be looked at, by its columns alone."""
        patients = self.patients_of(actor, type_, act)
        return patients is None or patient in patients

    def admits(self, actor: Actor, act: Act, stored: Stored | None) -> bool:
        """Whether an opened version satisfies a rule; a deletion has no content and satisfies no narrowed one."""
        if actor.limits is None or stored is None:
            return True
        return self.admits_content(actor, stored.type, act, stored.patient, lambda: self._tokens_of(stored))

    def admits_content(self, actor: Actor, type_: str, act: Act, patient: int, tokens: TokensOf) -> bool:
        """Whether a resource of `patient` with the tokens that `tokens()` gives satisfies a rule."""
        bounds = self.rules_for(actor, type_, act)
        if bounds is None:
            return True
        bounds = tuple(bound for bound in bounds if bound.admits_patient(patient))
        if any(not bound.is_narrowed for bound in bounds):
            return True
        found = frozenset(tokens()) if bounds else frozenset()
        return bool(found) and any(bound.admits(patient, found) for bound in bounds)

    def _tokens_of(self, stored: Stored) -> list[int]:
        return self._tokens.of_all(index_resource(stored.read()).terms) if not stored.deleted else []

    def _bound(self, rule: Rule, type_: str) -> Bound:
        patient = None
        if rule.patient and type_ not in SHARED_TYPES:
            patient = self._ids.rid_of("Patient", rule.patient)
        conditions = Conditions()
        for criterion in restrictions_of(type_, rule.criteria):
            self._add(criterion, type_, conditions)
        return Bound(patient, _frozen(conditions.tokens), _frozen(conditions.without))

    def _add(self, criterion: Criterion, type_: str, conditions: Conditions) -> None:
        if criterion.parameter.type == "token":
            token(criterion, self._tokens, conditions)
        elif criterion.parameter.type == "reference":
            reference(criterion, type_, self._tokens, self._ids, "", conditions)
        else:
            uri(criterion, self._tokens, conditions)


def restrictions_of(type_: str, criteria: Iterable[tuple[str, str]]) -> list[Criterion]:
    """The criteria of a rule, parsed. Raises Incorrect BA-0220, and BA-2301 for what tokens cannot decide alone."""
    query = parse_search(type_, criteria)
    decided = {criterion.code for criterion in query.criteria if _is_decided_by_tokens(criterion)}
    undecided = [name for name, _ in query.applied if name.partition(":")[0] not in decided]
    if undecided:
        raise NOT_A_RESTRICTION(type=type_, name=undecided[0])
    return query.criteria


def _is_decided_by_tokens(criterion: Criterion) -> bool:
    if criterion.code.startswith("_") and criterion.code not in ("_tag", "_security", "_profile"):
        return False
    return criterion.parameter.type in ("token", "reference", "uri") and criterion.modifier in ("", "not")


def _grants(rule: Rule, type_: str, act: Act) -> bool:
    """Whether a rule grants an act on some resources of a type.

    A patient's rule reaches the shared types for reading only. A narrowed rule changes nothing that is there: whether
    the present version satisfies it is not known where it is replaced.
    """
    if not rule.grants(type_, act) or (rule.criteria and act in (Act.UPDATE, Act.DELETE)):
        return False
    if rule.patient and type_ in SHARED_TYPES:
        return act in READING
    return True


def _frozen(alternatives: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(each) for each in alternatives)
