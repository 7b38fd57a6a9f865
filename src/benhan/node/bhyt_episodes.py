"""What the node's own record tells the rules of a claim: the check-in of the episode, the claims taken before, and who
else lay in its beds.

Asked for a few claims at a time, by their MA_LK and MA_BN: two statements, one for each patient that is known and one
for each claim with beds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from benhan.kernel.actors import system
from benhan.kernel.clock import VIETNAM
from benhan.mapping.bhyt.rows_from_fhir import code_of, minute
from benhan.mapping.fhir_to_bhyt import fhir_to_checkin
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.mapping.mapped import Json
from benhan.node.ward.bed_uses import Bed, BedUses
from benhan.store.compartment import read_compartment
from benhan.store.identities import Identities
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.dates import is_minute
from benhan.vn.bhyt.rules.context import BedUse, Knowledge, SentClaims
from benhan.vn.bhyt.rules.lines import BEDS

ACTOR = system("bhyt-rules")
IN_WARD = ("03", "04")
"""Kinds of care that check in twice: the record keeps the first check-in alone, which tells nothing of the second."""
_TYPES = ("Patient", "Encounter", "Coverage")


@dataclass(frozen=True, slots=True)
class _Known:
    """A patient of the record, and their encounters by number."""

    patient: Json
    encounters: dict[str, Json]
    coverages: list[Json]

    def number(self, facility: str) -> str:
        """MA_BN at a facility, "" for none."""
        system_ = systems.patient_number(facility)
        return next((str(each["value"]) for each in self.patient["identifier"] if each.get("system") == system_), "")


class KnownEpisodes:
    """Asks one store."""

    def __init__(self, store: Store, facility: str) -> None:
        self._store = store
        self._facility = facility
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)
        self._beds = BedUses(store)

    async def added(self, known: Knowledge, claims: Sequence[Claim]) -> list[Knowledge]:
        """What is known for each of the claims: `known`, and what the record has of them.

        A claim under the same MA_LK of the same patient replaces the one before, whatever else it changes: it is not
        told as another episode.
        """
        keys = {id(claim): self._keys(claim) for claim in claims}
        found = await self._identities.find([key for each in keys.values() for key in each])
        rids = {stored.patient or stored.rid for stored in found.values()}
        patients = dict(zip(rids, await asyncio.gather(*map(self._patient, rids)), strict=True))
        those = [{found[key].patient or found[key].rid for key in keys[id(claim)] if key in found} for claim in claims]
        beds = await asyncio.gather(*map(self._other_uses, claims, those))
        return [
            replace(self._told(known, claim, [patients[rid] for rid in own]), beds=uses)
            for claim, own, uses in zip(claims, those, beds, strict=True)
        ]

    async def _other_uses(self, claim: Claim, patients: set[int]) -> dict[tuple[str, str], list[BedUse]] | None:
        """Who but the claim's own patient lay in its beds by the places of the wards, None where that tells nobody."""
        rows = [row for row in claim.rows("XML3") if row.get("MA_NHOM", "").strip() in BEDS]
        beds = {Bed(row.get("MA_KHOA", "").strip(), row.get("MA_GIUONG", "").strip()) for row in rows}
        came, left = (claim.summary.get(name, "").strip() for name in ("NGAY_VAO", "NGAY_RA"))
        if not beds or not is_minute(came) or not is_minute(left):
            return None
        lain = await self._beds.between(beds, _instant(came), _instant(left), ACTOR)
        return {
            bed: [BedUse(each.visit, _minute(each.begin), _minute(each.end)) for each in others]
            for bed, stays in lain.items()
            if (others := [each for each in stays if each.patient not in patients])
        } or None

    def _keys(self, claim: Claim) -> list[tuple[str, str, str]]:
        facility, number = self._facility_of(claim), claim.summary.get("MA_BN", "").strip()
        keys = [("Encounter", systems.encounter_number(facility), claim.ma_lk)] if claim.ma_lk else []
        return [*keys, ("Patient", systems.patient_number(facility), number)] if number else keys

    def _facility_of(self, claim: Claim) -> str:
        return claim.summary.get("MA_CSKCB", "").strip() or self._facility

    async def _patient(self, rid: int) -> _Known | None:
        resources = [each.read() for each in await read_compartment(self._store, ACTOR, rid, _TYPES)]
        patient = next((each for each in resources if each["resourceType"] == "Patient"), None)
        if patient is None:
            return None
        encounters = {
            str(each["value"]): one
            for one in resources
            if one["resourceType"] == "Encounter"
            for each in one.get("identifier", [])
            if each.get("system", "").startswith(systems.encounter_number("")) and "value" in each
        }
        return _Known(patient, encounters, [each for each in resources if each["resourceType"] == "Coverage"])

    def _told(self, known: Knowledge, claim: Claim, patients: list[_Known | None]) -> Knowledge:
        facility, one = self._facility_of(claim), claim.summary
        own = one.get("MA_BN", "").strip(), one.get("NGAY_VAO", "").strip()
        visit_of: dict[str, tuple[str, str]] = {}
        ma_lk_of: dict[tuple[str, str], str] = {}
        check_ins = {}
        for each in patients:
            if each is None:
                continue
            number = each.number(facility)
            for ma_lk, encounter in each.encounters.items():
                if not code_of((encounter.get("type") or [{}])[0], systems.bhyt_code("MA_LOAI_KCB")):
                    continue  # no episode of the insurance
                if encounter.get("status") != "finished":
                    if ma_lk == claim.ma_lk and one.get("MA_LOAI_KCB", "").strip() not in IN_WARD:
                        check_ins = {
                            ma_lk: [fhir_to_checkin(Record(facility, each.patient, encounter, each.coverages))]
                        }
                    continue
                visit = number, minute(encounter.get("period", {}).get("start", ""))
                visit_of[ma_lk] = own if ma_lk == claim.ma_lk and number == own[0] else visit
                if ma_lk != claim.ma_lk:
                    ma_lk_of[visit] = ma_lk
        return replace(known, sent=SentClaims(visit_of, ma_lk_of), check_ins=check_ins or None)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=VIETNAM)


def _minute(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M}" if at is not None else ""
