"""The synthetic country's stays as `HoSoBenhAn`, by the mapping of the house. Source: CV 365/TTYQG-GPQLCL, annex."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from benhan.fhir.resource import read_own
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.synth.as_fhir import Json, Names, all_of_visit
from benhan.synth.as_fhir.patient import person_resources
from benhan.synth.life import Life
from benhan.synth.visit import INPATIENT, Visit


@dataclass(frozen=True, slots=True)
class Exported:
    """The file of a stay: facility, number of the visit, XML, and the manifest of what it cannot carry."""

    facility: str
    number: str
    xml: bytes
    manifest: bytes


def life_exports(life: Life, names: Names) -> Iterator[Exported]:
    """The ended stays of a person."""
    for visit in life.visits:
        if visit.kind == INPATIENT and not visit.is_open:
            exported = fhir_to_hoso_benh_an(record_of(life, visit, names))
            manifest = orjson.dumps(exported.manifest)
            yield Exported(visit.facility.code, visit.number, exported.checked.xml, manifest)


def record_of(life: Life, visit: Visit, names: Names) -> Record:
    """The record of a visit as the mapping reads it: decimals keep their digits."""
    own = names.patient_id(visit.registration)
    of_person = [
        each
        for each in person_resources(life, names)
        if each["id"] == own or each["id"].startswith(f"{own}-")  # of this registration only
    ]
    of_visit = list(all_of_visit(visit, names))
    patient, *others = _exact(of_person)
    encounter, *rest = _exact(of_visit)
    return Record(visit.facility.code, patient, encounter, others + rest)


def _exact(resources: list[Json]) -> list[Json]:
    return [read_own(orjson.dumps(each)) for each in resources]
