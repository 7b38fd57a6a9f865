"""Ages are told by the day in Vietnam, which begins at 17:00 of the day before in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.clocks import SetClock

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.ids import SystemRandom
from benhan.node.patients import Patients
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store


@pytest.mark.parametrize(("hour", "day"), [(0, date(2026, 11, 26)), (16, date(2026, 11, 26)), (17, date(2026, 11, 27))])
def test_the_day_turns_at_midnight_in_vietnam(hour: int, day: date) -> None:
    assert day_in_vietnam(datetime(2026, 11, 26, hour, 30, tzinfo=UTC)) == day


async def test_a_patient_is_a_year_older_from_midnight_in_vietnam(fresh_database: Database, tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 11, 26, 16, 59, tzinfo=UTC))
    store = await Store.open(fresh_database, make_kek_file(tmp_path / "kek.json", SystemRandom()), clock=clock)
    unit = store.begin(system("test"))
    unit.create(resource_of({"resourceType": "Patient", "name": [{"text": "Trần Văn An"}], "birthDate": "1980-11-27"}))
    await store.commit(unit)
    patients = Patients(store)
    assert [each.age for each in (await patients.listed("", system("test"))).patients] == ["45"]
    clock.advance(minutes=1)
    assert [each.age for each in (await patients.listed("", system("test"))).patients] == ["46"]
