"""What happens in the demonstration's two hospitals: stays of people of the synthetic country, as HL7 v2 messages."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from benhan.fhir.folding import fold
from benhan.kernel.clock import VIETNAM
from benhan.synth.as_bhyt import claim_of
from benhan.synth.as_hl7v2 import Message, visit_messages
from benhan.synth.chance import Weighted, chance_of
from benhan.synth.diseases import Disease, diseases
from benhan.synth.facilities import PROVINCIAL, Facility, Network, make_facility
from benhan.synth.life import World, stay_of
from benhan.synth.people import person_of
from benhan.synth.person import Person
from benhan.synth.places import provinces
from benhan.synth.visit import Visit
from benhan.synth.visiting import Occasion
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.tables import tables_on
from benhan.vn.bhyt.write import claims_to_bytes

SEED = 20260105
SHARED_PEOPLE = 3
"""How many people were in both hospitals: grown up, each with a number, so that their records meet."""
BACK_DAYS = 60
WARD, WARD_DAYS = "K03", 6
"""The department whose ward is full, and how long its people stay at the most, so that they are there today."""


def _hospital(number: int, province: str, name: str) -> Facility:
    place = next(each for each in provinces() if each.code == province)
    chance = chance_of(SEED, "hospital", number)
    return make_facility(SEED, number, PROVINCIAL, place, number + 1, chance, f"{name} (trình diễn)")


HOSPITALS = (
    _hospital(0, "01", "Bệnh viện Đa khoa Sông Hồng"),
    _hospital(1, "79", "Bệnh viện Đa khoa Cửu Long"),
)


def make_people(count: int, now: datetime) -> list[Person]:
    """People of the country: those of both hospitals first. Each name has accents, for the pages to show the search."""
    shared: list[Person] = []
    others: list[Person] = []
    index = 0
    while len(shared) < SHARED_PEOPLE or len(others) < count:
        person = person_of(SEED, index)
        index += 1
        if person.born > now.date() or fold(person.name.text) == person.name.text.lower():
            continue
        is_grown_up = 35 < person.age(now.date()) < 75 and person.card
        (shared if is_grown_up and len(shared) < SHARED_PEOPLE else others).append(person)
    return shared + others[:count]


def stays(hospital: Facility, people: list[Person], now: datetime) -> list[list[Message]]:
    """The messages of each person's stay in a hospital, up to now."""
    at = now.astimezone(VIETNAM)
    return [[each for each in visit_messages(visit) if each.at <= at] for visit in _visits(hospital, people, at)]


def ward_stays(hospital: Facility, people: list[Person], now: datetime) -> list[list[Message]]:
    """The messages of people who all lie in one ward of a hospital now, admitted in the last days."""
    at = now.astimezone(VIETNAM)
    return [[each for each in visit_messages(visit) if each.at <= at] for visit in _ward_visits(hospital, people, at)]


def claims(hospital: Facility, people: list[Person], now: datetime) -> list[Claim]:
    """The claims of the stays that have ended, of the insured, as the hospital's own system writes them."""
    visits = _visits(hospital, people, now.astimezone(VIETNAM))
    ended = [each for each in visits if not each.is_open and each.registration.card and each.registration.address]
    return [claim_of(each) for each in ended]


def claims_file(hospital: Facility, made: list[Claim], now: datetime) -> bytes:
    """One file of claims, by the decision in force today."""
    day = now.astimezone(VIETNAM).date()
    return claims_to_bytes(hospital.code, day, made, tables_on(day))


def _visits(hospital: Facility, people: list[Person], now: datetime) -> list[Visit]:
    world = World(SEED, Network(HOSPITALS), (now - timedelta(days=BACK_DAYS)).date(), now)
    return [_visit(world, hospital, person, is_shared=place < SHARED_PEOPLE) for place, person in enumerate(people)]


def _visit(world: World, hospital: Facility, person: Person, *, is_shared: bool) -> Visit:
    chance = chance_of(SEED, "demo", hospital.code, person.key)
    is_over = hospital is HOSPITALS[0] if is_shared else chance.random() < 0.45
    back = chance.randrange(24, 50) if is_over else chance.randrange(4, 8)
    begins_at = (world.ends_at - timedelta(days=back)).replace(
        hour=7, minute=chance.randrange(60), second=0, microsecond=0
    )
    disease = _likely(person, begins_at).pick(chance)
    severity = 0.7 + 0.3 * chance.random()
    occasion = Occasion(disease, begins_at, HOSPITALS.index(hospital), stays=True, severity=severity)
    return stay_of(world, person, hospital, occasion)


def _ward_visits(hospital: Facility, people: list[Person], now: datetime) -> list[Visit]:
    world = World(SEED, Network(HOSPITALS), (now - timedelta(days=BACK_DAYS)).date(), now)
    long = [each for each in diseases().values() if each.row.department == WARD and each.row.days[1] >= WARD_DAYS]
    kinds = [each for each in long if not each.row.needs and not each.row.gives_birth]
    found = []
    for place, person in enumerate(people):
        begins_at = (now - timedelta(days=1 + place % 3)).replace(
            hour=8, minute=7 * place % 60, second=0, microsecond=0
        )
        disease = kinds[place % len(kinds)]
        occasion = Occasion(disease, begins_at, HOSPITALS.index(hospital), stays=True, severity=1.0)
        found.append(stay_of(world, person, hospital, occasion))
    return found


def _likely(person: Person, at: datetime) -> Weighted[Disease]:
    """What such a person lies in hospital for, of what is followed day by day; the common less often than it is."""
    age = person.age(at.date())
    region, group = person.home.province.region, person.ethnic_group
    return Weighted(
        (each, math.sqrt(each.row.inpatient * each.rate(age, person.sex, region, group)))
        for each in diseases().values()
        if (each.daily or each.every3) and not each.row.needs and not each.row.gives_birth
    )


def in_order(messages: list[list[Message]]) -> list[Message]:
    """All messages of a hospital as time brought them."""
    return sorted((each for stay in messages for each in stay), key=lambda each: each.at)
