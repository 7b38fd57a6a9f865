"""A unit of work: what shall be written together, or not at all. Data only; the committer does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal

from benhan.fhir.indexing import Indexed, index_resource, patient_of
from benhan.fhir.resource import DEPTH_MAX, ParsedResource, check_levels, head_bytes, read_own, resource_of
from benhan.fhir.search_parameters import R4, SearchRegistry
from benhan.kernel.actors import Actor, Role
from benhan.kernel.issues import Issue
from benhan.kernel.limits import Act
from benhan.kernel.trace import current_trace
from benhan.mapping.encounter_to_care import encounter_to_care
from benhan.store.access_faults import NOT_GRANTED
from benhan.store.access_rules import AccessRules
from benhan.store.care import settle
from benhan.store.content import ContentCodec
from benhan.store.database import Connection
from benhan.store.faults import TWICE_IN_ONE
from benhan.store.ids import SHARED, Ids, bucket_of, encode_rid
from benhan.store.ledger.append import Entry
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.secrecy import Hides, hides, kind_told_by
from benhan.store.tokens import Tokens
from benhan.vn.secrecy.kinds import has_label, labelled

Hook = Callable[[Connection], Awaitable[None]]
Check = Callable[[], Awaitable[None]]
SharedHook = Callable[[Connection, Sequence[Any]], Awaitable[None]]
"""Does at once what many units of work of a commit ask of it."""
Key = tuple[int, int]
"""Type number and rid: what one writer at a time may change; -1 and a claim."""
IfAbsent = Literal["create", "fail", "only"]
"""What an update does where there is nothing: make it, fail, or go on *only* then."""
CLAIM = -1
"""Stands in a Key where others have their type number."""


class Verb(Enum):
    """What is done to a resource."""

    CREATE = Event.RESOURCE_CREATE
    UPDATE = Event.RESOURCE_UPDATE
    DELETE = Event.RESOURCE_DELETE


@dataclass(slots=True)
class Write:
    """One resource to be written: `tail` is its JSON after the head, `packed` the same compressed."""

    verb: Verb
    type: str
    id: str
    rid: int
    type_number: int
    if_match: int | None = None
    if_absent: IfAbsent = "create"
    patient: int = 0
    tail: bytes = b""
    packed: bytes = b""
    tokens: list[int] = field(default_factory=list)
    indexed: Indexed | None = None
    assigned: bool = False
    """Whether its rid is fresh, so that nothing can be there yet."""
    reach: frozenset[int] | None = None
    """The only patients whose present version it may touch; another's is not there for it. None: any."""
    sees_secrets: bool = True
    """Whether a present version of special secrecy is there for it."""
    plain: dict[str, Any] | None = None
    """The resource as read, for the gate that holds it against profiles; None for a deletion."""

    @property
    def key(self) -> Key:
        return self.type_number, self.rid

    @property
    def bucket(self) -> int:
        """The compartment it belongs to."""
        return bucket_of(self.patient) if self.patient else SHARED


@dataclass(slots=True)
class Stored:
    """A version as it is in the store; `tail` is empty where it is a deletion."""

    type: str
    id: str
    rid: int
    version: int
    updated_at: datetime
    deleted: bool
    created: bool
    patient: int
    tail: bytes
    notes: tuple[Issue, ...] = ()
    """What its sender shall be told of it, where it was just written."""

    @property
    def content(self) -> bytes:
        """The JSON of the resource, byte for byte as every reader gets it; empty for a deletion."""
        if self.deleted:
            return b""
        return head_bytes(self.type, self.id, self.version, self.updated_at) + self.tail

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    def read(self) -> dict[str, Any]:
        """The resource as a dictionary, its decimals exact (`Decimal`)."""
        return read_own(self.content)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What preparing a write needs: ids, tokens, compression, the rules of actors, the search parameters."""

    ids: Ids
    tokens: Tokens
    codec: ContentCodec
    rules: AccessRules
    registry: Callable[[], SearchRegistry] = lambda: R4
    depth_max: int = DEPTH_MAX
    """Levels of a resource that may be written: DEPTH_MAX, or less where the house says so."""
    care_grace: timedelta | None = None
    """How long a relation of care outlasts what made it; None where this store keeps no relations."""

    def apart(self) -> Workshop:
        """Another of the same keys, for another thread."""
        return Workshop(
            self.ids,
            self.tokens.apart(),
            self.codec.apart(),
            self.rules,
            self.registry,
            self.depth_max,
            self.care_grace,
        )


class UnitOfWork:
    """Collects writes, ledger entries and hooks of one act by one actor."""

    def __init__(self, workshop: Workshop, actor: Actor, at: datetime) -> None:
        self._workshop = workshop
        self.actor = actor
        self._sees_secrets = hides(actor) is Hides.NOTHING
        self.at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self.trace = current_trace.get()
        self.writes: list[Write] = []
        self._keys: set[Key] = set()
        self.entries: list[Entry] = []
        self.hooks: list[Hook] = []
        self.shared_hooks: list[tuple[SharedHook, Any]] = []
        self.claims: set[int] = set()
        self.checks: list[Check] = []

    def create(self, resource: ParsedResource, *, id_: str | None = None) -> str:
        """Write a new resource; gives the logical id it will have (`id_` where `assign_id` gave it before).

        Raises Forbidden BA-2300 where the limits of the actor do not grant it.
        """
        id_ = id_ or self.assign_id(resource.type, patient_of(resource.plain))
        write = self._prepared(Verb.CREATE, resource, id_)
        write.assigned = True
        self._hold_to_limits(write, Act.CREATE)
        self._add(write)
        return id_

    def assign_id(self, type_: str, patient: str | None) -> str:
        """A fresh logical id for a resource of `type_` in the compartment of `patient` (`Patient/…`, or None)."""
        ids = self._workshop.ids
        if type_ == "Patient":
            return encode_rid(ids.new_patient())
        rid = self._patient_rid(patient)
        return encode_rid(ids.new(bucket_of(rid) if rid else SHARED))

    def update(
        self,
        resource: ParsedResource,
        *,
        if_match: int | None = None,
        if_absent: IfAbsent = "create",
    ) -> None:
        """Write the next version of the resource that `resource.id` names.

        An actor with limits makes no new one where it could learn by that that another patient's is there. Raises
        Forbidden BA-2300 where its limits do not grant it.
        """
        assert resource.id is not None
        write = self._prepared(Verb.UPDATE, resource, resource.id)
        write.if_match, write.if_absent = if_match, if_absent
        self._hold_to_limits(write, Act.UPDATE)
        if self.actor.limits is not None and not self._may_upsert(write):
            write.if_absent = "fail"
        self._add(write)

    def take(self, write: Write) -> None:
        """Write what was prepared in another process, for an actor without limits.

        It may have no tail; the Stored of it has no content then.
        """
        assert self.actor.limits is None
        self._add(write)

    def delete(self, type_: str, id_: str, *, if_match: int | None = None) -> None:
        """Mark a resource deleted; its history stays. Nothing happens where there is none that the actor reaches."""
        rid = self._workshop.ids.rid_of(type_, id_)
        reach = self._workshop.rules.patients_of(self.actor, type_, Act.DELETE)
        self._add(Write(Verb.DELETE, type_, id_, rid, TYPE_NUMBERS[type_], if_match, reach=reach))
        self._forget_definition(type_, id_, rid)

    def record(
        self,
        event: Event,
        *,
        patient: int = 0,
        type_: str = "",
        rid: int = 0,
        version: int = 0,
        by: str = "",
        **detail: str | int,
    ) -> None:
        """Add a ledger entry of this act; `by` is the relation by which it may be done, "" where none is needed."""
        if by:
            detail["by"] = by
        number = TYPE_NUMBERS[type_] if type_ else 0
        self.entries.append(self._entry(event, patient, number, rid, version, detail))

    def also(self, hook: Hook) -> None:
        """Do `hook` in the same transaction; a Fault it raises undoes this unit of work and no other."""
        self.hooks.append(hook)

    def also_together(self, hook: SharedHook, asked: object) -> None:
        """Let `hook` do `asked` in the same transaction, in one go with what the units of the same commit ask of it.

        A Fault it raises undoes them all; each is then tried alone, so that only the one at fault is undone.
        """
        self.shared_hooks.append((hook, asked))

    def only_if(self, claims: Iterable[int], check: Check) -> None:
        """Write only where `check` raises no Fault, and let nobody who makes one of the same `claims` write meanwhile.

        `check` runs in the transaction of the commit, after the claims are held (by every process) and before anything
        is locked or written, so that what it finds is still so when this unit is written.
        """
        self.claims.update(claims)
        self.checks.append(check)

    @property
    def secrets(self) -> tuple[list[int], list[int]]:
        """The tokens of what is of special secrecy, and of what of it is kept even from who treats."""
        rules = self._workshop.rules
        return rules.hidden_at(Hides.SECRETS) or [], rules.hidden_from_treating()

    def token(self, term: str) -> int:
        """The keyed hash of an index term."""
        return self._workshop.tokens.of(term)

    def entry_of(self, write: Write, version: int) -> Entry:
        """The ledger entry of a write."""
        return self._entry(write.verb.value, write.patient, write.type_number, write.rid, version, {})

    def _entry(
        self, event: Event, patient: int, type_number: int, rid: int, version: int, detail: dict[str, str | int]
    ) -> Entry:
        actor = self.actor
        if "client" in event.fields:
            detail = {**detail, **actor.through}
        return Entry(event, self.at, actor.id, actor.role.value, self.trace, patient, type_number, rid, version, detail)

    def _hold_to_limits(self, write: Write, act: Act) -> None:
        """Raises Forbidden BA-2300 where the limits of the actor do not grant what shall be there afterwards."""
        if self.actor.limits is None:
            return
        rules = self._workshop.rules
        if not rules.admits_content(
            self.actor, write.type, act, write.patient, lambda: write.indexed.terms if write.indexed is not None else ()
        ):
            raise NOT_GRANTED(type=write.type, act=act.value)
        write.reach = rules.patients_of(self.actor, write.type, act)

    def _may_upsert(self, write: Write) -> bool:
        """Whether the actor's limits grant making a resource where there is none, and hide none of its type."""
        limits = self.actor.limits or ()
        grants_all = [rule for rule in limits if not rule.patient and not rule.criteria]
        return all(any(rule.grants(write.type, act) for rule in grants_all) for act in (Act.CREATE, Act.UPDATE))

    def _prepared(self, verb: Verb, resource: ParsedResource, id_: str) -> Write:
        workshop, type_ = self._workshop, resource.type
        if workshop.depth_max < DEPTH_MAX:
            check_levels(resource.plain, workshop.depth_max)
        indexed = index_resource(resource.plain, workshop.registry())
        if (kind := kind_told_by(indexed.terms)) is not None and not has_label(resource.plain, kind):
            resource = resource_of(labelled(resource.plain, kind))
            indexed = index_resource(resource.plain, workshop.registry())
        rid = workshop.ids.rid_of(type_, id_)
        patient = rid if type_ == "Patient" else self._patient_rid(indexed.patient)
        tail = resource.tail
        self._register_definition(type_, id_, rid, resource.plain)
        if type_ == "Encounter" and patient and workshop.care_grace is not None:
            relations = encounter_to_care(resource.plain, self.at, workshop.care_grace)
            self.also_together(settle, (patient, rid, relations, self.at))
        return Write(
            verb,
            type_,
            id_,
            rid,
            TYPE_NUMBERS[type_],
            patient=patient,
            tail=tail,
            packed=workshop.codec.pack(type_, tail, patient, "" if encode_rid(rid) == id_ else id_),
            tokens=workshop.tokens.of_all(indexed.terms),
            indexed=indexed,
            plain=resource.plain,
        )

    def _register_definition(self, type_: str, id_: str, rid: int, plain: dict[str, Any]) -> None:
        """What a resource defines for the whole store takes effect with the commit, or is refused by name."""
        workshop = self._workshop
        match type_:
            case "SearchParameter":
                from benhan.store.search.custom import registration

                self.also(registration(rid, plain, self.at))
            case "Basic":
                from benhan.store.subscription_topics import basic_written

                self.also(basic_written(rid, id_, plain, workshop.registry(), workshop.ids, self.actor, self.at))
            case "Subscription" if self.actor.role is not Role.SYSTEM:  # our own writes only tell how one stands
                from benhan.store.subscription_topics import subscription_written

                self.also(subscription_written(id_, plain, workshop.registry()))

    def _forget_definition(self, type_: str, id_: str, rid: int) -> None:
        match type_:
            case "SearchParameter":
                from benhan.store.search.custom import removal

                self.also(removal(rid))
            case "Basic":
                from benhan.store.subscription_topics import basic_deleted

                self.also(basic_deleted(rid, id_, self.actor))

    def _patient_rid(self, patient: str | None) -> int:
        if patient is None or not patient.startswith("Patient/"):
            return 0
        return self._workshop.ids.rid_of("Patient", patient[8:])

    def _add(self, write: Write) -> None:
        if write.key in self._keys:
            raise TWICE_IN_ONE(type=write.type, id=write.id)
        self._keys.add(write.key)
        write.sees_secrets = self._sees_secrets
        self.writes.append(write)
