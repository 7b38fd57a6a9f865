"""A delivery as it is read: see docs/interfaces/repository.md."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cache
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.definitions import type_of
from benhan.fhir.resource import is_id, parse_json
from benhan.repository.faults import BAD_DELIVERY, NO_PATIENT
from benhan.store.resource_types import TYPE_NUMBERS

Json = dict[str, Any]

KINDS = ("resources", "record")
RESOURCES_MAX = 5_000
TEXT_CHARACTERS_MAX = 200
ONE_IDENTIFIER = frozenset({"Composition"})
"""Types with room for one identifier, which at the repository is that of their origin: the paper's own number stays
with its facility."""
_ORDER = {
    type_: place for place, type_ in enumerate(("Patient", "Encounter", "ServiceRequest", "Specimen", "Observation"))
}
"""Types by who refers to whom; every other stands behind them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a facility sends: the resources in an order in which each stands after those it refers to, patient first."""

    sender: str
    key: str
    kind: str
    subject: str
    sent_at: str
    resources: list[Json]
    record: bytes
    manifest: bytes

    @property
    def patient(self) -> Json:
        return self.resources[0]


def parse_delivery(data: bytes) -> Delivery:
    """The delivery in `data`. Raises Incorrect BA-0801, BA-0803, and what reading JSON raises."""
    body, plain = parse_json(data)
    if not isinstance(plain, dict):
        raise BAD_DELIVERY(what="object")
    for name in ("sender", "key", "kind", "subject", "sent_at"):
        if not isinstance(plain.get(name), str) or not 0 < len(plain[name]) <= TEXT_CHARACTERS_MAX:
            raise BAD_DELIVERY(what=name)
    if plain["kind"] not in KINDS:
        raise BAD_DELIVERY(what="kind")
    if range_of(plain["sent_at"]) is None or len(plain["sent_at"]) < len("2026-01-01T00:00:00Z"):
        raise BAD_DELIVERY(what="sent_at")
    resources = body.get("resources")
    if not isinstance(resources, list) or len(resources) > RESOURCES_MAX:
        raise BAD_DELIVERY(what="resources")
    ordered = sorted((_checked(each) for each in resources), key=_rank)
    if [each["resourceType"] for each in ordered].count("Patient") != 1:
        raise NO_PATIENT()
    record = _decoded(plain, "hoso_benh_an")
    if bool(record) != (plain["kind"] == "record"):
        raise BAD_DELIVERY(what="hoso_benh_an")
    return Delivery(
        plain["sender"],
        plain["key"],
        plain["kind"],
        plain["subject"],
        plain["sent_at"],
        ordered,
        record,
        _decoded(plain, "manifest"),
    )


def _checked(content: Any) -> Json:
    """A resource that can be taken in: of a type that carries identifiers, with an id and a version."""
    if not isinstance(content, dict) or content.get("resourceType") not in TYPE_NUMBERS:
        raise BAD_DELIVERY(what="resources.resourceType")
    is_single = content["resourceType"] in ONE_IDENTIFIER
    if not is_single and not has_identifiers(content["resourceType"]):
        raise BAD_DELIVERY(what="resources.identifier")
    meta = content.get("meta")
    if not is_id(content.get("id")) or not isinstance(meta, dict):
        raise BAD_DELIVERY(what="resources.id, resources.meta")
    if not all(isinstance(meta.get(name), str) for name in ("lastUpdated", "versionId")):
        raise BAD_DELIVERY(what="resources.meta.lastUpdated, resources.meta.versionId")
    if not isinstance(content.get("identifier", {} if is_single else []), dict if is_single else list):
        raise BAD_DELIVERY(what="resources.identifier")
    return content


@cache
def has_identifiers(type_: str) -> bool:
    """Whether resources of a type may carry any number of identifiers, by which they are known again."""
    definition = type_of(type_)
    assert definition is not None, type_
    return any(each.name == "identifier" and each.max != 1 for each in definition.elements)


def _rank(content: Json) -> int:
    return _ORDER.get(content["resourceType"], len(_ORDER))


def _decoded(plain: Json, name: str) -> bytes:
    try:
        return base64.b64decode(plain.get(name, ""), validate=True)
    except (binascii.Error, ValueError, TypeError) as cause:
        raise BAD_DELIVERY(what=name) from cause
