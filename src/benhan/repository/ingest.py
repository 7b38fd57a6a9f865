"""Taking deliveries in: once each, into the record of the one citizen they are about.

Every resource keeps where it came from (`meta.source`) and an identifier made of sender and id, by which a later
delivery updates it. A citizen whose number (số định danh cá nhân) is known from another facility is the same citizen.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.fhir.faults import INVALID
from benhan.fhir.references import rewrite_references
from benhan.fhir.resource import ParsedResource, parse_json, parse_resource, tail_bytes, to_bytes
from benhan.fhir.validation import check_structure
from benhan.kernel.actors import Actor
from benhan.kernel.trace import current_trace
from benhan.mapping.mapped import IdentifierKey, identifier, source_key
from benhan.mapping.merge import merge
from benhan.repository.faults import BAD_DELIVERY, NO_PATIENT, WRONG_SENDER
from benhan.store.database import Connection
from benhan.store.identities import Identities, IdentityKey
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.vn import systems

Json = dict[str, Any]
STRONG = (systems.CCCD, systems.BHYT_CARD)
RESOURCES_MAX = 5_000

_KNOWN = query("delivery_known", "select receipt from delivery where bucket = 0 and sender = $1 and delivery_key = $2")
_KEEP = query(
    "delivery_keep",
    """
    insert into delivery (bucket, sender, delivery_key, receipt, received_at, content_hash, trace)
    values (0, $1, $2, $3, $4, $5, $6)
    """,
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery as it was read."""

    sender: str
    key: str
    kind: str
    subject: str
    patient: str
    resources: list[Json]
    record: bytes
    manifest: bytes


def parse_delivery(data: bytes) -> Delivered:
    """The delivery in `data`. Raises Incorrect BA-0801, and what reading JSON raises."""
    body, plain = parse_json(data)
    if not isinstance(plain, dict):
        raise BAD_DELIVERY(what="object")
    for name in ("sender", "key", "kind", "subject"):
        if not isinstance(plain.get(name), str) or not 0 < len(plain[name]) <= 200:
            raise BAD_DELIVERY(what=name)
    resources = body.get("resources", [])
    if (
        plain["kind"] not in ("resources", "record")
        or not isinstance(resources, list)
        or len(resources) > RESOURCES_MAX
    ):
        raise BAD_DELIVERY(what="kind, resources")
    return Delivered(
        plain["sender"],
        plain["key"],
        plain["kind"],
        plain["subject"],
        str(plain.get("patient", "")),
        resources,
        _decoded(plain, "hoso_benh_an"),
        _decoded(plain, "manifest"),
    )


def _decoded(plain: Json, name: str) -> bytes:
    try:
        return base64.b64decode(plain.get(name, ""), validate=True)
    except (binascii.Error, ValueError, TypeError) as cause:
        raise BAD_DELIVERY(what=name) from cause


class Ingest:
    """Takes deliveries into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)
        self._turn = asyncio.Lock()
        """One at a time: two facilities that bring the same new citizen must find one Patient."""

    async def take(self, data: bytes, actor: Actor) -> tuple[str, bool]:
        """The receipt of a delivery, and whether it is new; committed before it returns.

        The same key of the same sender gets the same receipt, and nothing is written again. Raises Incorrect BA-0801,
        BA-0803, BA-0210; Forbidden BA-0802.
        """
        delivery = parse_delivery(data)
        if actor.facility and actor.facility != delivery.sender:
            raise WRONG_SENDER()
        known = await self._store.database.fetchval(_KNOWN, delivery.sender, delivery.key)
        if known is not None:
            return str(known), False
        async with self._turn:
            known = await self._store.database.fetchval(_KNOWN, delivery.sender, delivery.key)
            if known is not None:
                return str(known), False
            return await self._take(delivery, actor), True

    async def _take(self, delivery: Delivered, actor: Actor) -> str:
        unit = self._store.begin(actor)
        receipt = f"R-{self._store.random.bytes(10).hex()}"
        if delivery.kind == "resources":
            patient = await self._write_resources(unit, delivery)
        else:
            patient = await self._write_record(unit, delivery)
        unit.record(Event.DELIVERY_INGEST, patient=patient, receipt=receipt, facility=delivery.sender)
        at, trace = unit.at, bytes.fromhex(current_trace.get())
        content = self._store.workshop.tokens.of_bytes(delivery.record)

        async def keep(connection: Connection) -> None:
            await connection.execute(_KEEP, delivery.sender, delivery.key, receipt, at, content, trace)

        unit.also(keep)
        await self._store.commit(unit)
        return receipt

    async def _write_resources(self, unit: UnitOfWork, delivery: Delivered) -> int:
        ordered = sorted(delivery.resources, key=_rank)
        if not ordered or ordered[0].get("resourceType") != "Patient":
            raise NO_PATIENT()
        origins = {_origin(each, delivery.sender): each for each in ordered}
        references = _references(ordered)
        wanted = [*_keys(ordered, delivery.sender), *_referred(references, delivery.sender)]
        found = await self._identities.find(wanted)
        real = _known_references(references, delivery.sender, found)
        patient = 0
        for origin, content in origins.items():
            stored = _match(content, origin, found)
            id_ = _write(unit, content, origin, stored, real, delivery.sender)
            real[f"{content['resourceType']}/{content['id']}"] = f"{content['resourceType']}/{id_}"
            if content["resourceType"] == "Patient":
                patient = self._store.workshop.ids.rid_of("Patient", id_)
        return patient

    async def _write_record(self, unit: UnitOfWork, delivery: Delivered) -> int:
        """Keep the Ministry's document of an encounter as a DocumentReference with its content."""
        patient_key = ("Patient", *_key(delivery.sender, delivery.patient))
        origin = _key(delivery.sender, f"HoSoBenhAn/{delivery.subject}")
        found = await self._identities.find([patient_key, ("DocumentReference", *origin)])
        patient = found.get(patient_key)
        content: Json = {
            "resourceType": "DocumentReference",
            "identifier": [identifier(origin)],
            "status": "current",
            "type": {"text": "HoSoBenhAn (CV 365/TTYQG-GPQLCL)"},
            "content": [
                {"attachment": {"contentType": "application/xml", "data": base64.b64encode(delivery.record).decode()}},
                {
                    "attachment": {
                        "contentType": "application/json",
                        "data": base64.b64encode(delivery.manifest).decode(),
                    }
                },
            ],
        }
        if patient is not None:
            content["subject"] = {"reference": f"Patient/{patient.id}"}
        _write(unit, content, origin, found.get(("DocumentReference", *origin)), {}, delivery.sender)
        return patient.rid if patient is not None else 0


def _rank(content: Any) -> int:
    if (
        not isinstance(content, dict)
        or content.get("resourceType") not in TYPE_NUMBERS
        or not isinstance(content.get("id"), str)
    ):
        raise BAD_DELIVERY(what="resources")
    order = ("Patient", "Encounter", "ServiceRequest", "Specimen", "Observation")
    return order.index(content["resourceType"]) if content["resourceType"] in order else len(order)


def _key(sender: str, reference: str) -> IdentifierKey:
    return source_key("origin", sender, reference)


def _origin(content: Json, sender: str) -> IdentifierKey:
    return _key(sender, f"{content['resourceType']}/{content['id']}")


def _keys(resources: list[Json], sender: str) -> list[IdentityKey]:
    keys: list[IdentityKey] = [(each["resourceType"], *_origin(each, sender)) for each in resources]
    return keys + [
        ("Patient", *key) for each in resources if each["resourceType"] == "Patient" for key in _strong(each)
    ]


def _strong(patient: Json) -> list[IdentifierKey]:
    return [
        (each["system"], each["value"])
        for each in patient.get("identifier", [])
        if each.get("system") in STRONG and each.get("value")
    ]


def _references(resources: list[Json]) -> set[str]:
    from benhan.fhir.references import references_in

    return {each for content in resources for each in references_in(content) if each.split("/")[0] in TYPE_NUMBERS}


def _referred(references: set[str], sender: str) -> list[IdentityKey]:
    return [(each.split("/")[0], *_key(sender, each)) for each in sorted(references)]


def _known_references(references: set[str], sender: str, found: dict[IdentityKey, Stored]) -> dict[str, str]:
    real = {}
    for reference in references:
        stored = found.get((reference.split("/")[0], *_key(sender, reference)))
        if stored is not None:
            real[reference] = f"{stored.type}/{stored.id}"
    return real


def _match(content: Json, origin: IdentifierKey, found: dict[IdentityKey, Stored]) -> Stored | None:
    type_ = content["resourceType"]
    known = found.get((type_, *origin))
    if known is None and type_ == "Patient":
        known = next((found[("Patient", *key)] for key in _strong(content) if ("Patient", *key) in found), None)
    return known


def _write(
    unit: UnitOfWork, content: Json, origin: IdentifierKey, known: Stored | None, real: dict[str, str], sender: str
) -> str:
    """Create or update one resource under its origin; gives its id here."""
    said = {name: value for name, value in content.items() if name not in ("id", "meta")}
    said = rewrite_references(said, real)
    said["identifier"] = [*(each for each in said.get("identifier", [])), identifier(origin)]
    said["meta"] = {"source": f"urn:benhan:facility:{sender}"}
    if known is None:
        return unit.create(_valid(said))
    before, _ = parse_json(known.content)
    merged = {**(merge(before, said) if said["resourceType"] == "Patient" else said), "id": known.id}
    resource = _valid(merged)
    if tail_bytes(resource.body) != known.tail:
        unit.update(resource)
    return known.id


def _valid(content: Json) -> ParsedResource:
    resource = parse_resource(to_bytes(content))
    issues = check_structure(resource.plain)
    if issues:
        raise INVALID(*issues, type=resource.type, count=len(issues))
    return resource


def receipt_bytes(receipt: str) -> bytes:
    """The body of the answer."""
    return orjson.dumps({"receipt": receipt})
