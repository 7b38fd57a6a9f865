"""The rules of an actor as conditions on rows: what an app's token does not grant is not there for it, nor is what is
marked as of special secrecy for who has no right to that.

Searches get the conditions into their SQL, so that nothing is counted, included or walked over that may not be seen;
reads by id hold them against the columns of the row before it is opened. Whoever asks for what is hidden gets the same
answer as for what never was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benhan.fhir.indexing import index_resource
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_query import parse_search
from benhan.fhir.search_values import TokenValue
from benhan.kernel.actors import Actor
from benhan.kernel.limits import EVERY_TYPE, Act, Rule
from benhan.store.access_faults import NOT_A_RESTRICTION, NOT_GRANTED
from benhan.store.care import Veil, reach_of
from benhan.store.ids import Ids
from benhan.store.search.expressions import (
    All,
    AnyOf,
    AnyTerm,
    Everything,
    Expression,
    InCare,
    Not,
    Nothing,
    OfPatients,
    ToldTreating,
    Unlabelled,
    all_of,
    any_of,
)
from benhan.store.search.reference import reference
from benhan.store.search.token import is_told_by_its_value, token
from benhan.store.search.uri import uri
from benhan.store.secrecy import MARK, Hides, hidden_from_treating, hidden_terms, hides
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
TermsOf = Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a resource must satisfy under one rule: its patient's rid (None: any), and what its index terms tell."""

    patient: int | None
    narrowed: Expression = Everything()  # noqa: RUF009  # it is frozen and the same for all

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the patient decides."""
        return not isinstance(self.narrowed, Everything)

    @property
    def expression(self) -> Expression:
        """The rule as a condition on rows."""
        return self.narrowed if self.patient is None else all_of([OfPatients((self.patient,)), self.narrowed])

    def admits_patient(self, patient: int) -> bool:
        return self.patient is None or self.patient == patient

    def admits(self, patient: int, terms: Collection[str]) -> bool:
        """Whether a resource of `patient` with these index terms satisfies the rule."""
        return self.admits_patient(patient) and _holds(self.narrowed, patient, terms)


def _holds(expression: Expression, patient: int, terms: Collection[str]) -> bool:
    match expression:
        case All(parts):
            return all(_holds(part, patient, terms) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, patient, terms) for part in parts)
        case Not(part):
            return not _holds(part, patient, terms)
        case AnyTerm(wanted):
            return any(term in terms for term in wanted)
        case OfPatients(rids):
            return patient in rids
        case Everything():
            return True
    return False


class AccessRules:
    """Holds actors' rules against the resources of one store."""

    def __init__(self, ids: Ids, tokens: Tokens) -> None:
        self._ids = ids
        self._tokens = tokens
        self._known: dict[tuple[tuple[Rule, ...], str, Act], Bounds] = {}

    def is_free(self, actor: Actor) -> bool:
        """Whether nothing at all is kept from the actor."""
        return actor.limits is None and hides(actor) is Hides.NOTHING and reach_of(actor) is None

    def hidden(self, actor: Actor) -> list[int] | None:
        """The tokens of rows that are kept from the actor; None for none."""
        return self.hidden_at(hides(actor))

    def hidden_at(self, how: Hides) -> list[int] | None:
        """The same for work that goes on after its request and knows only how much was kept from who asked."""
        return list(self._tokens.of_all(hidden_terms(how))) if how is not Hides.NOTHING else None

    def veil(self, actor: Actor) -> Veil:
        """What is kept from the actor, for a statement of one's own."""
        return Veil(actor, self.hidden(actor), self.hidden_from_treating())

    def hidden_from_treating(self) -> list[int]:
        """The tokens of rows that are kept even from who treats the patient."""
        return list(self._tokens.of_all(hidden_from_treating()))

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

    def allowed(self, actor: Actor, type_: str, act: Act) -> Expression:
        """What of a type ("" for any) the actor may see, as a condition on rows; Nothing where no rule grants it."""
        parts = [self._granted(actor, type_, act)]
        how = hides(actor)
        if how is not Hides.NOTHING:
            parts.append(_unveiled(actor, how))
        reach = reach_of(actor)
        if reach is not None and actor.care is not None:
            parts.append(InCare(reach.treatment, reach.archived, int(reach.use), actor.care.at, is_shared=True))
        return all_of(parts)

    def _granted(self, actor: Actor, type_: str, act: Act) -> Expression:
        if actor.limits is None:
            return Everything()
        if not type_:
            of_all = [
                rule for rule in actor.limits if rule.type == EVERY_TYPE and act in rule.acts and not rule.criteria
            ]
            return any_of([self._bound(rule, type_).expression for rule in of_all])
        if not self.grants(actor, type_, act):
            return Nothing()
        return any_of([bound.expression for bound in self.rules_for(actor, type_, act) or ()])

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

    def admits(self, actor: Actor, act: Act, stored: Stored | None, *, is_treated: bool = False) -> bool:
        """Whether an opened version satisfies a rule; a deletion has no content and satisfies no narrowed one.

        `is_treated` tells that the statement found the actor to treat the patient. Whether the patient is in the
        actor's reach, the statement alone decides.
        """
        if stored is None:
            return True
        if is_hidden(actor, stored, is_treated=is_treated):
            return False
        return actor.limits is None or self.admits_content(
            actor, stored.type, act, stored.patient, lambda: _terms_of(stored)
        )

    def admits_content(self, actor: Actor, type_: str, act: Act, patient: int, terms: TermsOf) -> bool:
        """Whether a resource of `patient` with the index terms that `terms()` gives satisfies a rule."""
        bounds = self.rules_for(actor, type_, act)
        if bounds is None:
            return True
        bounds = tuple(bound for bound in bounds if bound.admits_patient(patient))
        if any(not bound.is_narrowed for bound in bounds):
            return True
        found = frozenset(terms()) if bounds else frozenset()
        return bool(found) and any(bound.admits(patient, found) for bound in bounds)

    def _bound(self, rule: Rule, type_: str) -> Bound:
        patient = None
        if rule.patient and type_ not in SHARED_TYPES:
            patient = self._ids.rid_of("Patient", rule.patient)
        if not rule.criteria:
            return Bound(patient)
        return Bound(patient, all_of([self._narrowed(each, type_) for each in restrictions_of(type_, rule.criteria)]))

    def _narrowed(self, criterion: Criterion, type_: str) -> Expression:
        if criterion.parameter.type == "token":
            return token(criterion, type_)
        if criterion.parameter.type == "reference":
            return reference(criterion, type_, self._ids, "")
        return uri(criterion)


def _unveiled(actor: Actor, how: Hides) -> Expression:
    """What bears no label that is kept from the actor; who treats is kept from less."""
    if how is not Hides.SECRETS or actor.care is None or not actor.care.treats:
        return Unlabelled(hidden_terms(how))
    return ToldTreating(hidden_terms(how), hidden_from_treating(), actor.care.treats, actor.care.at)


def is_hidden(actor: Actor, stored: Stored, *, is_treated: bool = False) -> bool:
    """Whether an opened version bears a label that is kept from the actor: what histories hold has no index."""
    return MARK in stored.tail and bears_hidden(hides(actor), stored.read(), is_treated=is_treated)


def bears_hidden(how: Hides, plain: dict[str, Any], *, is_treated: bool = False) -> bool:
    """Whether a resource bears a label that is hidden at `how`, or even from who treats."""
    terms = hidden_terms(how)
    if is_treated and how is Hides.SECRETS:
        terms = hidden_from_treating()
    return not frozenset(terms).isdisjoint(index_resource(plain).terms)


def _terms_of(stored: Stored) -> Iterable[str]:
    return index_resource(stored.read()).terms if not stored.deleted else ()


def restrictions_of(type_: str, criteria: Iterable[tuple[str, str]]) -> list[Criterion]:
    """The criteria of a rule, parsed. Raises Incorrect BA-0220, and BA-2301 for what tokens cannot decide alone."""
    query = parse_search(type_, criteria)
    decided = [each for each in query.criteria if isinstance(each, Criterion) and _is_decided_by_terms(each)]
    names = {each.code for each in decided}
    undecided = [name for name, _ in query.applied if name.partition(":")[0] not in names]
    if undecided or len(decided) < len(query.criteria):
        raise NOT_A_RESTRICTION(type=type_, name=undecided[0] if undecided else criteria_name(query.applied))
    return decided


def criteria_name(pairs: Iterable[tuple[str, str]]) -> str:
    """The first name of a rule's criteria."""
    return next((name for name, _ in pairs), "?")


def _is_decided_by_terms(criterion: Criterion) -> bool:
    if criterion.code.startswith("_") and criterion.code not in ("_tag", "_security", "_profile"):
        return False
    if any("|" in value for value in criterion.values if isinstance(value, str)):  # a version is no index term
        return False
    if any(isinstance(value, TokenValue) and value.code is None for value in criterion.values):  # nor is a system
        return False
    if any(  # nor the system of an identifier
        isinstance(value, TokenValue) and is_told_by_its_value(leaf, value)
        for value in criterion.values
        for leaf in criterion.parameter.leaves
    ):
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
