"""What came from another hospital, made readable: the parts of its document in the order of kinds, and its signer.

The document is shown as it came; nothing of it is joined into the chart of this hospital.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from benhan.kernel.actors import Actor
from benhan.network.kinds import data_kinds, kind_of
from benhan.node.exchange.faults import NOTHING_KEPT
from benhan.store.identities import Identities
from benhan.store.store import Store
from benhan.vn import systems

Json = dict[str, Any]
_DATES = (
    *("effectiveDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "recordedDate"),
    *("issued", "date"),
)
_NAMES = ("code", "medicationCodeableConcept", "vaccineCode", "type")
_UNTOLD = frozenset({"Patient", "Composition", "Specimen", "ServiceRequest"})
"""What tells nothing by itself: who and where it is from stands above, what was asked for stands in its result."""


@dataclass(frozen=True, slots=True)
class Line:
    """A resource as a line: its type, what it is called, its value, the day it is of ("" for none)."""

    type: str
    name: str
    value: str
    on: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A document from another hospital: who signed it, when it came, its lines by kind of data."""

    holder: str
    name: str
    at: str
    kinds: Mapping[str, list[Line]]


class OutsideDocuments:
    """The documents from other hospitals that one hospital keeps."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    async def read(self, patient_id: str, holder: str, exchange: str, actor: Actor) -> Outside:
        """The document that a holder gave in an exchange. Raises NotFound BA-6067, and as reading it does."""
        key = ("DocumentReference", systems.EXTERNAL, f"{holder}/{exchange}")
        found = (await self._identities.find([key])).get(key)
        if found is None:
            raise NOTHING_KEPT()
        stored = await self._store.resources.read("DocumentReference", found.id, actor)
        reference = stored.read()
        if reference.get("subject", {}).get("reference") != f"Patient/{patient_id}":
            raise NOTHING_KEPT()
        author = reference.get("author", [{}])[0]
        return Outside(holder, author.get("display", ""), reference.get("date", ""), lines_of(_bundle(reference)))


def lines_of(bundle: Json) -> dict[str, list[Line]]:
    """The resources of a document as lines by kind, newest first; kinds in the order of the list of kinds."""
    found: dict[str, list[Line]] = {kind: [] for kind in data_kinds()}
    for each in _resources(bundle):
        line = line_of(each)
        is_empty_report = line.type == "DiagnosticReport" and not line.value  # its results stand as lines
        if line.type not in _UNTOLD and not is_empty_report:
            found.setdefault(kind_of(each), []).append(line)
    return {kind: sorted(lines, key=lambda one: one.on, reverse=True) for kind, lines in found.items() if lines}


def line_of(resource: Json) -> Line:
    """A resource as one line."""
    name = next((text for member in _NAMES if (text := _text(resource.get(member)))), "")
    on = next((str(resource[member])[:10] for member in _DATES if resource.get(member)), "")
    on = on or str(_mapping(resource.get("period")).get("start", ""))[:10]
    return Line(str(resource.get("resourceType", "")), name, _value(resource), on)


def _value(resource: Json) -> str:
    quantity = _mapping(resource.get("valueQuantity"))
    if "value" in quantity:
        unit = str(quantity.get("unit") or quantity.get("code") or "")
        return f"{quantity['value']} {unit}".strip().replace(".", ",", 1)
    dosage = resource.get("dosageInstruction")
    if isinstance(dosage, list) and dosage:
        return str(_mapping(dosage[0]).get("text", ""))
    return str(resource.get("valueString") or resource.get("conclusion") or _text(resource.get("valueCodeableConcept")))


def _text(concept: Any) -> str:
    """The words of a CodeableConcept or a Coding, its code where it has none."""
    told = _mapping(concept[0] if isinstance(concept, list) and concept else concept)
    codings = told.get("coding")
    every = [told, *map(_mapping, codings if isinstance(codings, list) else ())]
    words = [told.get("text"), *(each.get("display") for each in every), *(each.get("code") for each in every)]
    return next((each for each in words if isinstance(each, str) and each), "")


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _resources(bundle: Json) -> Iterable[Json]:
    entries = bundle.get("entry")
    found = (_mapping(_mapping(each).get("resource")) for each in (entries if isinstance(entries, list) else ()))
    return (each for each in found if isinstance(each.get("resourceType"), str))


def _bundle(reference: Json) -> Json:
    try:
        data = base64.b64decode(reference["content"][0]["attachment"]["data"])
        return _mapping(orjson.loads(data))
    except (KeyError, IndexError, TypeError, binascii.Error, orjson.JSONDecodeError) as cause:
        raise NOTHING_KEPT() from cause
