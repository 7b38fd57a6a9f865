"""One stay, as the pages of daily work show it above what is done there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.node.orders.lines import words_of
from benhan.node.patients import PatientLine, line_of
from benhan.node.records.content import is_taken_back
from benhan.node.records.models import Record
from benhan.node.records.rows import RecordRows
from benhan.node.ward.board import treats
from benhan.node.ward.places import Place, place_of
from benhan.store.compartment import read_compartment
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.ids import bucket_of
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay: who, where, treated by whom, with which record; `resources` are the patient's that were asked for."""

    encounter: Stored
    patient: PatientLine
    patient_rid: int
    place: Place
    treats: str
    is_open: bool
    allergies: tuple[str, ...]
    record: Record | None
    resources: tuple[Stored, ...]

    @property
    def id(self) -> str:
        """The logical id of the encounter."""
        return self.encounter.id

    @property
    def reference(self) -> str:
        return f"Encounter/{self.encounter.id}"

    @property
    def has_births(self) -> bool:
        """Whether children may be told of here: it is a woman's stay, or that of a child within its mother's."""
        return self.patient.gender == "female" or self.is_of_child

    @property
    def is_of_child(self) -> bool:
        """Whether it is a part of another stay: a newborn's of the mother's."""
        return "partOf" in self.encounter.read()

    @property
    def is_written(self) -> bool:
        """Whether there is a record that takes papers now."""
        return self.record is not None and self.record.state.is_written


async def open_stay(store: Store, encounter_id: str, actor: Actor, page: str, types: tuple[str, ...] = ()) -> Stay:
    """A stay with the patient's resources of `types`, but for what is kept from `actor`; the view is in the ledger.

    Raises NotFound BA-0401, BA-0402, BA-0503.
    """
    encounter = await store.resources.read("Encounter", encounter_id, actor)
    if not encounter.patient:
        raise NO_SUCH_RESOURCE(type="Patient", id="?")
    found = await read_compartment(store, actor, encounter.patient, ("Patient", "AllergyIntolerance", *types))
    patient = next((each for each in found if each.type == "Patient"), None)
    if patient is None:
        raise NO_SUCH_RESOURCE(type="Patient", id="?")
    unit = store.begin(actor)
    unit.record(Event.PATIENT_VIEW, patient=encounter.patient, type_="Patient", rid=encounter.patient, page=page)
    await store.commit(unit)
    content = encounter.read()
    allergies = [each.read() for each in found if each.type == "AllergyIntolerance"]
    return Stay(
        encounter,
        line_of(patient.read(), day_in_vietnam(store.clock.now()).isoformat()),
        encounter.patient,
        place_of(content),
        treats(content),
        content.get("status") not in ("finished", "cancelled", "entered-in-error"),
        tuple(dict.fromkeys(words_of(each) for each in allergies if not is_taken_back(each))),
        await RecordRows(store.database).of_encounter(bucket_of(encounter.patient), encounter.rid),
        tuple(each for each in found if each.type != "Patient"),
    )
