"""Drugs through time: what was ordered, how much, from when until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benhan.node.chart.moments import instant_of
from benhan.node.records.content import is_taken_back

Json = dict[str, Any]

NOW = frozenset({"active", "on-hold", "draft"})
_DAYS = {"d": 1, "day": 1, "ngày": 1, "wk": 7, "mo": 30}


@dataclass(frozen=True, slots=True)
class Drug:
    """An order of a drug: `until` is None where its end is not told."""

    id: str
    name: str
    dose: str
    status: str
    by: str
    at: datetime | None
    until: datetime | None
    encounter: str

    @property
    def is_now(self) -> bool:
        return self.status in NOW


def drugs_of(resources: list[Json]) -> list[Drug]:
    """The drug orders, newest first; what was taken back is none."""
    found = [
        _drug(each) for each in resources if each["resourceType"] == "MedicationRequest" and not is_taken_back(each)
    ]
    return sorted(found, key=lambda each: (each.at.isoformat() if each.at else "", each.id), reverse=True)


def drugs_now(drugs: list[Drug], open_stays: frozenset[str], at: datetime) -> list[Drug]:
    """Those that are taken at an instant, each by its name once: ordered as active and not run out, of an open stay or
    with an end that is to come.
    """
    found: dict[str, Drug] = {}
    for each in drugs:
        is_over = each.until is not None and each.until <= at
        is_running = each.until is not None and each.until > at and each.status not in ("stopped", "cancelled")
        if not is_over and (is_running or (each.is_now and (not each.encounter or each.encounter in open_stays))):
            found.setdefault(each.name, each)
    return list(found.values())


def _drug(request: Json) -> Drug:
    dosage = (request.get("dosageInstruction") or [{}])[0]
    medication = request.get("medicationCodeableConcept", {})
    name = medication.get("text", "") or (medication.get("coding") or [{}])[0].get("display", "")
    at = instant_of(request.get("authoredOn", ""))
    return Drug(
        request["id"],
        name or request.get("medicationReference", {}).get("display", ""),
        dosage.get("text", ""),
        request.get("status", ""),
        request.get("requester", {}).get("display", ""),
        at,
        _until(request, dosage, at),
        request.get("encounter", {}).get("reference", "").rpartition("/")[2],
    )


def _until(request: Json, dosage: Json, at: datetime | None) -> datetime | None:
    """The end as it is told: of the times of the dose, of what was handed out, or by how many days it is for."""
    repeat = dosage.get("timing", {}).get("repeat", {})
    handed = request.get("dispenseRequest", {})
    for period in (repeat.get("boundsPeriod", {}), handed.get("validityPeriod", {})):
        if period.get("end"):
            return instant_of(period["end"])
    lasting = repeat.get("boundsDuration") or handed.get("expectedSupplyDuration") or {}
    days = _DAYS.get(str(lasting.get("code") or lasting.get("unit", "")), 0)
    if at is None or not days or not 0 < float(lasting.get("value", 0)) < 10_000:
        return None
    return at + timedelta(days=days * float(lasting["value"]))
