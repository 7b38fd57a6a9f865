"""A hospital's store with one patient in a ward, and the people who work on the record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.clocks import SetClock

from benhan.access.roles import PERMISSIONS
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.ids import SystemRandom
from benhan.node.records.life import Facility, Records
from benhan.node.records.order import usual_order
from benhan.node.records.papers import Papers
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.forms.catalogue import Catalogue

if TYPE_CHECKING:
    from tests.node.signing import House

FORMS = Catalogue()
GRACE = timedelta(days=30)


@pytest.fixture(scope="session")
async def signing_house(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One hospital for all tests of signatures: a database, a PKI and its keys take time to make."""
    from tests.node.signing import open_house

    async with open_house(embedded_url, tmp_path_factory.mktemp("signing")) as found:
        yield found


@pytest.fixture
async def hospital(signing_house: House) -> House:
    """That hospital in the morning: certificates are good, everything answers, nothing waits."""
    await signing_house.begin_anew()
    return signing_house


@pytest.fixture
def clock() -> SetClock:
    """The hospital's clock."""
    return SetClock()


@pytest.fixture
async def store(fresh_url: str, tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    """The store of a hospital."""
    kek = make_kek_file(tmp_path / "kek.json", SystemRandom())
    store = await Store.open(await Database.connect(fresh_url, pool_size=6), kek, clock=clock, care_grace=GRACE)
    yield store
    await store.close()


@pytest.fixture
def records(store: Store) -> Records:
    return Records(store, Facility("01001", "Bệnh viện Thử"), FORMS, usual_order())


@pytest.fixture
def papers(records: Records) -> Papers:
    return Papers(records)


def person(number: int, role: Role) -> Actor:
    """Somebody who works here."""
    return Actor(f"account:{number}", role, PERMISSIONS[role])


DOCTOR = person(1, Role.DOCTOR)
OTHER_DOCTOR = person(2, Role.DOCTOR)
NURSE = person(3, Role.NURSE)
ARCHIVIST = person(4, Role.RECORDS)


@dataclass(frozen=True)
class Stay:
    """A patient in a ward: logical ids."""

    patient: str
    encounter: str


@pytest.fixture
async def stay(store: Store) -> Stay:
    """An inpatient of internal medicine."""
    return await admit(store)


async def admit(store: Store, name: str = "Trần Thị Mận", **encounter: object) -> Stay:
    """A new patient and her stay."""
    unit = store.begin(system("test"))
    family, *rest = name.split()
    patient = unit.create(
        resource_of(
            {
                "resourceType": "Patient",
                "identifier": [{"system": systems.CCCD, "value": "001184012345"}],
                "name": [{"text": name, "family": family, "given": rest}],
                "gender": "female",
                "birthDate": "1984-03-02",
            }
        )
    )
    stay = unit.create(
        resource_of(
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
                "subject": {"reference": f"Patient/{patient}"},
                "period": {"start": "2026-11-20T08:00:00+07:00"},
                **encounter,
            }
        )
    )
    await store.commit(unit)
    return Stay(patient, stay)
