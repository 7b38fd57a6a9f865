"""Exports of an encounter: the Ministry's `HoSoBenhAn` as XML or JSON, the FHIR document. Each is in the ledger.

Source: CV 365/TTYQG-GPQLCL III.1.1 d.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import orjson

from benhan.fhir.resource import instant, is_id, to_bytes
from benhan.kernel.actors import Actor
from benhan.kernel.care import Use
from benhan.mapping.fhir_document import composition, document
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.node.access.faults import NO_RIGHT
from benhan.node.records.content import read_record
from benhan.store.care import may_use
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.vn.hoso_benh_an.document import hoso_to_json


class Format(Enum):
    """What an encounter can be exported as."""

    HOSO_XML = "hoso-xml"
    HOSO_JSON = "hoso-json"
    HOSO_MANIFEST = "hoso-manifest"
    """The manifest alone, for who gets one file at a time."""
    FHIR = "fhir"


@dataclass(frozen=True, slots=True)
class Export:
    """A file, and beside a `HoSoBenhAn` the manifest of what it cannot carry."""

    name: str
    media_type: str
    content: bytes
    manifest: bytes = b""


class Exports:
    """Writes exports of one store."""

    def __init__(self, store: Store, facility: str, facility_name: str, base_url: str) -> None:
        self._store = store
        self._facility = facility
        self._facility_name = facility_name
        self._base_url = base_url

    async def export(self, encounter_id: str, format_: Format, actor: Actor) -> Export:
        """The export of an encounter. What is of special secrecy is in it for who has that right, not for who treats.

        Raises NotFound BA-0401, BA-0402, BA-0503; Forbidden BA-5310.
        """
        if actor.care is not None:
            actor = replace(actor, care=replace(actor.care, treats=()))
        record = await read_record(self._store, self._facility, encounter_id, actor)
        unit = self._store.begin(actor)
        event = Event.DOCUMENT_EXPORT if format_ is Format.FHIR else Event.RECORD_EXPORT
        patient = self._store.workshop.ids.rid_of("Patient", record.patient["id"])
        rid = self._store.workshop.ids.rid_of("Encounter", encounter_id)
        async with self._store.database.connection() as connection:
            by = await may_use(connection, actor, patient, Use.EXPORT)
        if by is None:
            raise NO_RIGHT()
        unit.record(event, patient=patient, type_="Encounter", rid=rid, format=format_.value, by=by)
        await self._store.commit(unit)
        return await asyncio.to_thread(self.written, record, format_)

    def path_in(self, folder: Path, encounter_id: str, format_: Format) -> Path:
        """Where in `folder` an export of an encounter stands; ids are letters, digits, `-` and `.`."""
        if not is_id(encounter_id):
            raise NO_SUCH_RESOURCE(type="Encounter", id="?")
        return folder / _file_name(encounter_id, format_)

    def written(self, record: Record, format_: Format) -> Export:
        """A record in a format."""
        name = _file_name(record.encounter["id"], format_)
        if format_ is Format.FHIR:
            return Export(name, "application/fhir+json", to_bytes(self.fhir_document(record)))
        exported = fhir_to_hoso_benh_an(record)
        manifest = orjson.dumps(exported.manifest, option=orjson.OPT_INDENT_2)
        if format_ is Format.HOSO_MANIFEST:
            return Export(name, "application/json", manifest)
        if format_ is Format.HOSO_XML:
            return Export(name, "application/xml", exported.checked.xml, manifest)
        return Export(name, "application/json", hoso_to_json(exported.document), manifest)

    def fhir_document(self, record: Record) -> dict[str, object]:
        """The FHIR document of a record."""
        at = instant(self._store.clock.now())
        head = composition(self._facility, self._facility_name, record.patient, record.encounter, record.resources, at)
        resources = [record.patient, record.encounter, *record.resources]
        return document(record.encounter["id"], at, self._base_url, head, resources)


_SUFFIXES = {
    Format.HOSO_XML: "xml",
    Format.HOSO_JSON: "json",
    Format.HOSO_MANIFEST: "manifest.json",
    Format.FHIR: "fhir.json",
}


def _file_name(encounter_id: str, format_: Format) -> str:
    return f"HoSoBenhAn-{encounter_id}.{_SUFFIXES[format_]}"
