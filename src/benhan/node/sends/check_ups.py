"""Check-ups that the record holds as FHIR: which have ended, and their files, which the doctor has still to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from benhan.fhir.dates import range_of
from benhan.kernel.actors import system
from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.fhir_to_ksk import fhir_to_ksk, is_check_up
from benhan.node.records.content import read_record
from benhan.store.compartment import read_compartment
from benhan.store.store import Store
from benhan.vn.ksk.document import CheckUp

ACTOR = system("sends")


@dataclass(frozen=True, slots=True)
class CheckUps:
    """The check-ups of one store; `gln` names the facility to the hub."""

    store: Store
    facility: str
    gln: str

    async def ended(self, patient: int, since: date) -> Sequence[tuple[str, datetime]]:
        """The check-ups of a patient (a rid) that ended from a day on: reference and end."""
        found = []
        for stored in await read_compartment(self.store, ACTOR, patient, ("Encounter",)):
            encounter = stored.read()
            ended = range_of(encounter.get("period", {}).get("end", ""))
            is_over = encounter.get("status") == "finished" and ended is not None and is_check_up(encounter)
            if is_over and ended is not None and day_in_vietnam(ended[0]) >= since:
                found.append((f"Encounter/{stored.id}", ended[0]))
        return found

    async def read(self, subject: str) -> CheckUp | None:
        """The file of a check-up, None where the encounter is none any more, or another hospital's. Raises NotFound."""
        record = await read_record(self.store, self.facility, subject.removeprefix("Encounter/"), ACTOR)
        if record.encounter.get("status") != "finished" or not is_check_up(record.encounter):
            return None
        made = fhir_to_ksk(record, self.gln, day_in_vietnam(self.store.clock.now()))
        return made if made.facility == self.facility else None
