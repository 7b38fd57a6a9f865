"""Taking deliveries in: once each, into the record of the one citizen they are about.

Every resource keeps where it came from and of when (`meta.source`), and an identifier made of sender and id by which a
later delivery updates it; what is older than what is there changes nothing, so that deliveries may come in any order.
A citizen whose number (số định danh cá nhân) or card is known from another facility is the same citizen. One process
takes deliveries in: it keeps those about one citizen apart, so that a new citizen becomes one Patient.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.fhir.faults import INVALID
from benhan.fhir.references import references_in, rewrite_references
from benhan.fhir.resource import ParsedResource, parse_json, parse_resource, to_bytes
from benhan.fhir.validation import check_structure
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.mapping.mapped import IdentifierKey, identifier, source_key
from benhan.mapping.merge import merge
from benhan.repository.delivery import ONE_IDENTIFIER, Delivery, parse_delivery
from benhan.repository.faults import WRONG_SENDER
from benhan.store.database import Connection
from benhan.store.faults import STALE_VERSION
from benhan.store.gatherer import Gatherer
from benhan.store.identities import Identities, IdentityKey
from benhan.store.key_locks import KeyLocks
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.vn import systems

Json = dict[str, Any]
STRONG = (systems.CCCD, systems.BHYT_CARD)
TRIES = 3
"""How often a delivery is laid over what is there, where somebody else changes that at the same time."""

_KNOWN = query(
    "delivery_known",
    """
    select d.sender, d.delivery_key, d.receipt from unnest($1::text[], $2::text[]) as w (sender, delivery_key)
    join delivery d on d.bucket = 0 and d.sender = w.sender and d.delivery_key = w.delivery_key
    """,
)
_KEEP = query(
    "delivery_keep",
    """
    insert into delivery (bucket, sender, delivery_key, receipt, received_at, content_hash, trace)
    select 0, d.* from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bytea[]) as d
    """,
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What must be known before a delivery is taken in: whether it is known, and what of it is here."""

    delivery: Delivery
    references: frozenset[str]

    @property
    def key(self) -> tuple[str, str]:
        return self.delivery.sender, self.delivery.key


@dataclass(frozen=True, slots=True)
class Here:
    """What is here: the receipt of the same delivery ("" where it is new), resources by identity."""

    receipt: str
    found: dict[IdentityKey, Stored]


class Ingest:
    """Takes deliveries into one store; `start` and `stop` frame its life."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)
        self._locks = KeyLocks()
        self._lookups: Gatherer[Sought, Here] = Gatherer(self._look_up)

    def start(self) -> None:
        self._lookups.start()

    async def stop(self) -> None:
        await self._lookups.stop()

    async def take(self, data: bytes, actor: Actor) -> tuple[str, bool]:
        """The receipt of a delivery, and whether it is new; committed before it returns.

        The same key of the same sender gets the same receipt, and nothing is written again. Raises Incorrect BA-0801,
        BA-0803, BA-0210; Forbidden BA-0802.
        """
        delivery = parse_delivery(data)
        if actor.facility != delivery.sender:
            raise WRONG_SENDER()
        sought = Sought(delivery, _references(delivery))
        content = self._store.workshop.tokens.of_bytes(data)
        async with self._locks.holding(_citizen_keys(delivery)):
            for _ in range(TRIES - 1):
                try:
                    return await self._take(sought, content, actor)
                except Fault as fault:
                    if fault.code != STALE_VERSION.code:
                        raise
            return await self._take(sought, content, actor)

    async def _take(self, sought: Sought, content: int, actor: Actor) -> tuple[str, bool]:
        here = await self._lookups.ask(sought)
        if here.receipt:
            return here.receipt, False
        delivery, receipt = sought.delivery, f"R-{self._store.random.bytes(10).hex()}"
        unit = self._store.begin(actor)
        patient = self._store.workshop.ids.rid_of("Patient", _write(unit, sought, here.found))
        unit.record(Event.DELIVERY_INGEST, patient=patient, receipt=receipt, facility=delivery.sender)
        trace = bytes.fromhex(unit.trace)
        unit.also_together(_keep, (delivery.sender, delivery.key, receipt, unit.at, content, trace))
        await self._store.commit(unit)
        return receipt, True

    async def _look_up(self, batch: Sequence[Sought]) -> list[Here]:
        senders, keys = zip(*(each.key for each in batch), strict=True)
        rows = await self._store.database.fetch(_KNOWN, senders, keys)
        receipts = {(row["sender"], row["delivery_key"]): row["receipt"] for row in rows}
        found = await self._identities.find(key for each in batch for key in _wanted(each))
        return [Here(receipts.get(each.key, ""), found) for each in batch]


async def _keep(connection: Connection, kept: Sequence[tuple[object, ...]]) -> None:
    """Keep receipts, in the transaction of what they are for."""
    await connection.execute(_KEEP, *zip(*kept, strict=True))


def origin_key(sender: str, reference: str) -> IdentifierKey:
    """The identity of a thing by its sender and what it is called there (`Observation/…`)."""
    return source_key("origin", sender, reference)


def source(sender: str, content: Json) -> str:
    """`meta.source`: the facility, and the time and number of the version there, which tell the later of two."""
    meta = content["meta"]
    return f"urn:benhan:facility:{sender}#{meta['lastUpdated']}_{meta['versionId']}"


def _references(delivery: Delivery) -> frozenset[str]:
    """What the resources of a delivery refer to."""
    every = (each for content in delivery.resources for each in references_in(content))
    return frozenset(each for each in every if _type_of(each) in TYPE_NUMBERS)


def _write(unit: UnitOfWork, sought: Sought, found: dict[IdentityKey, Stored]) -> str:
    """Write what is newer than what is there; gives the id of the citizen's Patient."""
    delivery = sought.delivery
    sender = delivery.sender
    real = {
        each: f"{stored.type}/{stored.id}"
        for each in sought.references
        if (stored := found.get((_type_of(each), *origin_key(sender, each)))) is not None
    }
    for content in delivery.resources:
        reference = _reference(content)
        origin = origin_key(sender, reference)
        known = _match(content, origin, found)
        id_ = _put(unit, content, origin, known, real, source(sender, content))
        real[reference] = f"{content['resourceType']}/{id_}"
    patient = real[_reference(delivery.patient)]
    if delivery.record:
        _put_record(unit, delivery, patient, found)
    return patient.removeprefix("Patient/")


def _reference(content: Json) -> str:
    return f"{content['resourceType']}/{content['id']}"


def _type_of(reference: str) -> str:
    return reference.partition("/")[0]


def _strong(patient: Json) -> list[IdentifierKey]:
    return [
        (each["system"], each["value"])
        for each in patient.get("identifier", [])
        if isinstance(each, dict) and each.get("system") in STRONG and isinstance(each.get("value"), str)
    ]


def _citizen_keys(delivery: Delivery) -> list[IdentifierKey]:
    """All that the citizen of a delivery is known by."""
    return [origin_key(delivery.sender, _reference(delivery.patient)), *_strong(delivery.patient)]


def _record_reference(delivery: Delivery) -> str:
    return f"DocumentReference/HoSoBenhAn/{delivery.subject}"


def _wanted(sought: Sought) -> list[IdentityKey]:
    """Every identity by which something of a delivery may be here already."""
    delivery = sought.delivery
    named = sought.references | {_reference(each) for each in delivery.resources}
    keys = [(_type_of(each), *origin_key(delivery.sender, each)) for each in sorted(named)]
    keys += [("Patient", *key) for key in _strong(delivery.patient)]
    if delivery.record:
        keys.append(("DocumentReference", *origin_key(delivery.sender, _record_reference(delivery))))
    return keys


def _match(content: Json, origin: IdentifierKey, found: dict[IdentityKey, Stored]) -> Stored | None:
    type_ = content["resourceType"]
    known = found.get((type_, *origin))
    if known is None and type_ == "Patient":
        known = next((found[("Patient", *key)] for key in _strong(content) if ("Patient", *key) in found), None)
    return known


def _put(
    unit: UnitOfWork, content: Json, origin: IdentifierKey, known: Stored | None, real: dict[str, str], source_: str
) -> str:
    """Create or update one resource under its origin, unless what is there is as new; gives its id here."""
    before = parse_json(known.content)[0] if known is not None else {}
    if _is_as_new(before, source_):
        assert known is not None
        return known.id
    said = rewrite_references({name: value for name, value in content.items() if name not in ("id", "meta")}, real)
    is_single = said["resourceType"] in ONE_IDENTIFIER
    said["identifier"] = identifier(origin) if is_single else [*said.get("identifier", []), identifier(origin)]
    said["meta"] = {**_kept_meta(content), "source": source_}
    if known is None:
        return unit.create(_valid(said))
    resource = _valid({**said, "id": known.id})
    if resource.type == "Patient":
        resource = _valid({**merge(before, resource.body), "meta": said["meta"]})
    unit.update(resource, if_match=known.version)
    return known.id


def _is_as_new(before: Json, source_: str) -> bool:
    """Whether what is there came from the same facility, and is as new as what comes now."""
    facility, _, version = source_.partition("#")
    known_facility, _, known_version = str(before.get("meta", {}).get("source", "")).partition("#")
    return facility == known_facility and _moment(known_version) >= _moment(version)


def _moment(version: str) -> tuple[str, int]:
    at, _, number = version.partition("_")
    return at, int(number) if number.isdecimal() and len(number) < 19 else 0


def _kept_meta(content: Json) -> Json:
    """Profiles, tags and security labels stay; version and time are of this store."""
    return {name: value for name, value in content["meta"].items() if name in ("profile", "security", "tag")}


def _put_record(unit: UnitOfWork, delivery: Delivery, patient: str, found: dict[IdentityKey, Stored]) -> None:
    """Keep the Ministry's document of an encounter as a DocumentReference with its content."""
    origin = origin_key(delivery.sender, _record_reference(delivery))
    files = (("application/xml", delivery.record), ("application/json", delivery.manifest))
    content: Json = {
        "resourceType": "DocumentReference",
        "meta": {"lastUpdated": delivery.sent_at, "versionId": "0"},
        "status": "current",
        "type": {"text": "HoSoBenhAn (CV 365/TTYQG-GPQLCL)"},
        "subject": {"reference": patient},
        "date": delivery.sent_at,
        "content": [
            {"attachment": {"contentType": kind, "data": base64.b64encode(data).decode()}}
            for kind, data in files
            if data
        ],
    }
    known = found.get(("DocumentReference", *origin))
    _put(unit, content, origin, known, {}, source(delivery.sender, content))


def _valid(content: Json) -> ParsedResource:
    resource = parse_resource(to_bytes(content))
    issues = check_structure(resource.plain)
    if issues:
        raise INVALID(*issues, type=resource.type, count=len(issues))
    return resource


def receipt_bytes(receipt: str) -> bytes:
    """The body of the answer."""
    return orjson.dumps({"receipt": receipt})
