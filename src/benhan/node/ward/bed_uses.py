"""Who lay in a bed and when, as the Encounters tell it: what the insurance asks of a bed that two claims name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from benhan.fhir.dates import range_of
from benhan.fhir.terms import system_code_term
from benhan.kernel.actors import Actor
from benhan.mapping.fhir_to_hoso_benh_an.record import visit_number
from benhan.node.ward.places import place_of
from benhan.store.care import reached, unveiled
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

LONGEST = timedelta(days=90)
"""Who came longer before the time that is asked for is not looked for."""
STAYS_MAX = 2_000

_LAIN = query(
    "bed_uses",
    f"""
    select type, rid, version, patient, updated_at, content from resource r
    where type = $1 and tokens && $2::bigint[] and until is null and content is not null
          and at_from > $3 and at_from < $4 and {unveiled("r", 6)} and {reached("r", 6)} order by at_from desc limit $5
    """,  # noqa: S608  # constants
    fan_out="who lay in a bed may be in any compartment",
)


class Bed(NamedTuple):
    """The code of a department and that of a bed in it."""

    department: str
    bed: str


class Lain(NamedTuple):
    """A stay in a bed: the patient's rid, the number of the visit, from when and until when (None: still there)."""

    patient: int
    visit: str
    begin: datetime
    end: datetime | None


class BedUses:
    """The beds of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def between(
        self, beds: Collection[Bed], begin: datetime, end: datetime, actor: Actor
    ) -> dict[Bed, list[Lain]]:
        """Who lay in each of `beds` between two instants, as far as the wards' places tell; beds of nobody are not in
        it. Who is kept from `actor` is not told."""
        departments = {each.department for each in beds}
        path = "Encounter.location.location.identifier"
        of = self._store.workshop.tokens.of
        tokens = [of(system_code_term(path, systems.DEPARTMENT, each)) for each in sorted(departments)]
        veil = self._store.workshop.rules.veil(actor).values
        async with self._store.database.connection() as connection:
            rows = await connection.fetch(
                _LAIN, TYPE_NUMBERS["Encounter"], tokens, begin - LONGEST, end, STAYS_MAX, *veil
            )
            opened = await self._store.opener.open_all(rows, connection)
        found: defaultdict[Bed, list[Lain]] = defaultdict(list)
        for stored in opened:
            for bed, lain in _lain(stored) if stored is not None else ():
                if bed in beds and lain.begin < end and (lain.end is None or lain.end > begin):
                    found[bed].append(lain)
        return dict(found)


def _lain(stored: Stored) -> list[tuple[Bed, Lain]]:
    """The beds of an encounter; a place without a time of its own is taken for the whole stay."""
    encounter = stored.read()
    stay = encounter.get("period", {})
    visit = visit_number(encounter)
    found = []
    for entry in encounter.get("location", []):
        place = place_of({"location": [entry]})
        period = entry.get("period", {})
        begins = range_of(period.get("start") or stay.get("start", ""))
        ends = range_of(period.get("end") or stay.get("end", ""))
        if place.bed and begins is not None:
            lain = Lain(stored.patient or stored.rid, visit, begins[0], ends[1] if ends is not None else None)
            found.append((Bed(place.department, place.bed), lain))
    return found
