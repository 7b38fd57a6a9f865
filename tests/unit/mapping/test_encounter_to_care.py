"""Who is related to a patient by an Encounter, from when until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benhan.mapping.encounter_to_care import FOR_EVER, encounter_to_care
from benhan.vn import systems

NOW = datetime(2026, 11, 27, tzinfo=UTC)
GRACE = timedelta(days=30)


def ward(code: str, **period: str) -> dict[str, Any]:
    return {"location": {"identifier": {"system": systems.DEPARTMENT, "value": code}}, "period": period}


def visit(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Encounter", "status": "in-progress", "period": {"start": "2026-11-20T00:00:00Z"}, **more}


def related(encounter: dict[str, Any]) -> dict[str, tuple[datetime, datetime]]:
    return {each.key: (each.from_at, each.until_at) for each in encounter_to_care(encounter, NOW, GRACE)}


def test_the_department_of_the_stay_is_related_while_it_goes_on() -> None:
    assert related(visit(location=[ward("k01")])) == {"department/K01": (datetime(2026, 11, 20, tzinfo=UTC), FOR_EVER)}


def test_after_a_transfer_both_are_and_the_first_for_the_time_of_grace() -> None:
    found = related(
        visit(location=[ward("K01", end="2026-11-22T08:00:00Z"), ward("K02", start="2026-11-22T08:00:00Z")])
    )
    assert found["department/K01"][1] == datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC) + GRACE
    assert found["department/K02"] == (datetime(2026, 11, 22, 8, tzinfo=UTC), FOR_EVER)


def test_people_are_related_by_licence_and_by_reference() -> None:
    licence = {"identifier": {"system": systems.PRACTITIONER_LICENCE, "value": "001 /HNO-CCHN"}}
    found = related(visit(participant=[{"individual": licence}, {"individual": {"reference": "Practitioner/a"}}]))
    assert set(found) == {"person/001/HNO-CCHN", "person/PRACTITIONER/A"}


def test_an_ended_stay_keeps_its_relations_for_the_time_of_grace() -> None:
    period = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-05T10:00:00Z"}
    found = related(visit(status="finished", period=period, location=[ward("K01")]))
    assert found["department/K01"][1] == datetime(2026, 11, 5, 10, 0, 1, tzinfo=UTC) + GRACE
    found = related(visit(status="finished", location=[ward("K01")]))
    assert found["department/K01"][1] == NOW + GRACE


def test_a_place_named_twice_is_one_relation_over_both_times() -> None:
    found = related(visit(location=[ward("K01", end="2026-11-21T00:00:00Z"), ward("K01", start="2026-11-23")]))
    assert found == {"department/K01": (datetime(2026, 11, 20, tzinfo=UTC), FOR_EVER)}


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "planned"])
def test_what_was_not_or_is_not_yet_relates_nobody(status: str) -> None:
    assert related(visit(status=status, location=[ward("K01")])) == {}


def test_a_number_of_another_system_is_no_department() -> None:
    place = {"location": {"identifier": {"system": "urn:else", "value": "K01"}}}
    assert related(visit(location=[place, {"location": {"display": "K01"}}])) == {}
