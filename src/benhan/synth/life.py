"""What happens to a person within the country's time: what they have, when they fall ill, where they go, how it ends.

Everything is drawn from the person's own sources of chance, so that a life is the same whatever the number of people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from benhan.kernel.clock import VIETNAM
from benhan.synth.being import Being, Chronic
from benhan.synth.chance import Weighted, chance_of
from benhan.synth.diseases import Disease, diseases
from benhan.synth.facilities import CENTRAL, DISTRICT, Facility, Network
from benhan.synth.laboratory import body_of
from benhan.synth.people import newborn_of, person_of
from benhan.synth.person import Person
from benhan.synth.registration import DUPLICATE, Registration, register, rightly
from benhan.synth.signs import frame_of
from benhan.synth.visit import Delivery, Visit
from benhan.synth.visiting import Occasion, visit_of

VISITS_MAX = 900
"""Of one person: visit numbers have room for 1,024."""
REGISTRATIONS_MAX = 4
STAYS_FROM = 0.4
"""How ill one is at least who stays."""
DIES_FROM = 0.9
UP_A_LEVEL = 0.12
"""How likely somebody goes to a bigger facility than need be."""
_ALLERGENS = ("Amoxicilin", "Ceftriaxon", "Cefotaxim", "Ibuprofen", "Ciprofloxacin")


@dataclass(frozen=True, slots=True)
class World:
    """What lives have in common: the seed, the facilities, the first day, and the instant at which all ends."""

    seed: int
    network: Network
    start: date
    ends_at: datetime

    @property
    def until(self) -> date:
        return self.ends_at.astimezone(VIETNAM).date()


@dataclass(slots=True)
class Life:
    """A person's being, where they are registered, and their visits in the order of time."""

    being: Being
    registrations: list[Registration] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    died_at: datetime | None = None

    @property
    def person(self) -> Person:
        return self.being.person


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    disease: Disease
    chronic: Chronic | None = None


def lives_of(world: World, index: int) -> list[Life]:
    """The life of the person of an index, and after it that of a child they bore."""
    person = person_of(world.seed, index)
    chance = chance_of(world.seed, "life", index)
    life = Life(being_of(world, person, chance))
    children: list[Life] = []
    free_at = datetime.combine(max(world.start, person.born), time(0), VIETNAM)
    has_borne = False
    for event in _events(world, life.being, chance):
        if life.died_at or event.at < free_at or len(life.visits) >= VISITS_MAX:
            continue
        if event.disease.row.gives_birth and has_borne:
            continue
        _happen(world, life, event, chance)
        last = life.visits[-1]
        free_at = last.end + timedelta(hours=14)
        if event.disease.row.gives_birth:
            has_borne = True
            children.append(_born(world, life, last))
    for each in (life, *children):
        _cut(each, world.ends_at)
    return [life, *(child for child in children if child.visits)]


def stay_of(world: World, person: Person, facility: Facility, occasion: Occasion) -> Visit:
    """One stay of a person in a facility that writes them down without mistakes; cut at the end of the world's time."""
    chance = chance_of(world.seed, "stay", person.key, facility.code)
    life = Life(being_of(world, person, chance), [rightly(person, facility)])
    life.visits.append(visit_of(life.being, life.registrations[0], occasion, chance))
    _cut(life, world.ends_at)
    return life.visits[0]


def being_of(world: World, person: Person, chance: Random) -> Being:
    """A person with their body and what they have for good."""
    being = Being(
        world.seed, person, body_of(world.seed, person.key, person.sex), frame_of(world.seed, person.key, person.sex)
    )
    if person.is_newborn:
        return being
    age = max(0.0, person.age(world.start + (world.until - world.start) / 2))
    for disease in diseases().values():
        if not disease.is_chronic:
            continue
        rate = disease.rate(age, person.sex, person.home.province.region, person.ethnic_group)
        if chance.random() < rate:
            ago = min(chance.expovariate(1 / 4.0), age * 0.7)
            since = max(person.born, world.start - timedelta(days=int(ago * 365)))
            being.chronic.append(Chronic(disease, 0.35 + 0.5 * chance.random(), since))
    if chance.random() < 0.04:
        being.allergy = chance.choice(_ALLERGENS)
    return being


def _events(world: World, being: Being, chance: Random) -> list[_Event]:
    """When the person falls ill or comes for what they have, in the order of time; at least once if they are born."""
    person = being.person
    begin = max(world.start, person.born)
    days = (world.until - begin).days + 1
    if days <= 0:
        return []
    acute = _acute(being, begin + timedelta(days=days // 2))
    found = [
        _Event(_moment(begin, days, disease, chance), disease)
        for disease in (acute.pick(chance) for _ in range(_poisson(acute.total * days / 365.25, chance)))
    ]
    if being.chronic:
        found += _follow_ups(being, begin, days, chance)
    if not found and acute:
        disease = acute.pick(chance)
        found.append(_Event(_moment(begin, days, disease, chance), disease))
    return sorted(found, key=lambda each: each.at)


def _acute(being: Being, on: date) -> Weighted[Disease]:
    person = being.person
    age = max(0.0, person.age(on))
    has = {each.disease.key for each in being.chronic}
    region, group = person.home.province.region, person.ethnic_group
    return Weighted(
        (disease, disease.rate(age, person.sex, region, group))
        for disease in diseases().values()
        if not disease.is_chronic and (not disease.row.needs or disease.row.needs in has)
    )


def _follow_ups(being: Being, begin: date, days: int, chance: Random) -> list[_Event]:
    """The round of who has something for good; some do not come each time."""
    every = min(each.disease.row.every_days for each in being.chronic)
    keeps = 0.4 + 0.6 * chance.random()
    by_need = Weighted((each, 1 / each.disease.row.every_days) for each in being.chronic)
    found = []
    day = chance.random() * every
    while day < days:
        if chance.random() < keeps:
            each = by_need.pick(chance)
            at = _open_hours(begin + timedelta(days=int(day)), chance)
            found.append(_Event(at, each.disease, each))
        day += every * (0.9 + 0.3 * chance.random())
    return found


def _moment(begin: date, days: int, disease: Disease, chance: Random) -> datetime:
    """When an illness brings somebody: in its season, the urgent at any hour."""
    most = max(disease.row.season)
    for _ in range(8):
        day = begin + timedelta(days=chance.randrange(days))
        if chance.random() * most < disease.row.season[day.month - 1]:
            break
    if chance.random() < disease.row.emergency:
        return datetime.combine(day, time(chance.randrange(24), chance.randrange(60)), VIETNAM)
    return _open_hours(day, chance)


def _open_hours(day: date, chance: Random) -> datetime:
    """An hour at which rooms are open, few at the end of the week."""
    if day.weekday() >= 5 and chance.random() < 0.8:
        day -= timedelta(days=day.weekday() - 4)
    hour = chance.choice((7, 7, 7, 8, 8, 8, 9, 9, 10, 10, 13, 13, 14, 15))
    return datetime.combine(day, time(hour, chance.randrange(60)), VIETNAM)


def _happen(world: World, life: Life, event: _Event, chance: Random) -> None:
    """Add the visit of an event, and where it ends in a transfer the one that follows."""
    disease = event.disease
    age = life.being.age(event.at)
    severity = min(1.0, chance.triangular(0.15, 1.0, 0.45) + (0.08 if age > 70 else 0.0))
    stays = chance.random() < disease.row.inpatient * (1.0 if disease.row.inpatient >= 1 else 0.5 + severity)
    if stays:
        severity = STAYS_FROM + (1 - STAYS_FROM) * severity
    elif event.chronic is not None:
        severity = event.chronic.level * (0.85 + 0.3 * chance.random())
    facility = _facility(world, life.person, disease, chance, stays=stays)
    higher = _higher(world, life.person, facility)
    dies = stays and chance.random() < disease.row.death * (0.3 + 1.4 * severity) * _frailty(age)
    is_sent = stays and not dies and higher is not None and chance.random() < disease.row.transfer * (0.4 + severity)
    number = len(life.visits)
    severity = max(severity, DIES_FROM) if dies else severity
    occasion = Occasion(disease, event.at, number, stays, severity, dies=dies, sent_to=higher if is_sent else None)
    visit = _visit(world, life, facility, occasion)
    if is_sent and higher is not None:
        severity = min(1.0, severity + 0.1)
        dies = chance.random() < disease.row.death * (0.3 + 1.4 * severity) * _frailty(age)
        severity = max(severity, DIES_FROM) if dies else severity
        at = visit.end + timedelta(minutes=chance.randrange(70, 330))
        occasion = Occasion(disease, at, number + 1, True, severity, dies=dies, sent_from=facility)
        visit = _visit(world, life, higher, occasion)
    if dies:
        life.died_at = visit.end


def _frailty(age: float) -> float:
    return 0.55 if age < 50 else 1.0 if age < 75 else 1.7


def _facility(world: World, person: Person, disease: Disease, chance: Random, *, stays: bool) -> Facility:
    level = max(disease.row.level, DISTRICT) if stays else disease.row.level
    if chance.random() < UP_A_LEVEL:
        level = min(level + 1, CENTRAL)
    return world.network.usual(person.home.province, level, person.household // 12 * 31 + level)


def _higher(world: World, person: Person, than: Facility) -> Facility | None:
    if than.level >= CENTRAL:
        return None
    found = world.network.usual(person.home.province, than.level + 1, person.household // 12)
    return found if found.level > than.level else None


def _visit(world: World, life: Life, facility: Facility, occasion: Occasion) -> Visit:
    chance = chance_of(world.seed, "visit", life.person.key, occasion.number)
    registration = _registration(life, facility, occasion.start.date(), chance)
    visit = visit_of(life.being, registration, occasion, chance)
    life.visits.append(visit)
    return visit


def _registration(life: Life, facility: Facility, on: date, chance: Random) -> Registration:
    here = [each for each in life.registrations if each.facility is facility]
    if here and (chance.random() >= DUPLICATE or len(here) == REGISTRATIONS_MAX or life.person.is_newborn):
        return chance.choice(here)
    found = register(life.person, facility, len(here), on, chance)
    life.registrations.append(found)
    return found


def _born(world: World, mother: Life, visit: Visit) -> Life:
    """The life of a child born in a visit: its own stay beside its mother's."""
    chance = chance_of(world.seed, "birth", mother.person.index)
    at = visit.start + timedelta(minutes=chance.randrange(100, 540))
    sex = "M" if chance.random() < 0.526 else "F"
    child = newborn_of(world.seed, mother.person, at.date(), sex)
    life = Life(being_of(world, child, chance))
    disease = Weighted((each, each.row.newborn) for each in diseases().values()).pick(chance)
    severity = chance.triangular(0.5, 1.0, 0.75)
    is_small = disease.key == "prematurity"
    grams = round(chance.gauss(2150, 220) if is_small else chance.gauss(3150, 360))
    apgar = (6, 8) if is_small else (chance.choice((8, 8, 9)), chance.choice((9, 9, 10)))
    dies = chance.random() < disease.row.death
    occasion = Occasion(disease, at, 0, True, severity, dies=dies, born=(*apgar, max(grams, 900)))
    own = _visit(world, life, visit.facility, occasion)
    visit.delivered.append(Delivery(at, child, max(grams, 900)))
    if dies:
        life.died_at = own.end
    return life


def _cut(life: Life, ends_at: datetime) -> None:
    """Take away what comes after the country's time."""
    life.visits = [each for each in life.visits if each.start <= ends_at]
    for visit in life.visits:
        if visit.end <= ends_at:
            continue
        visit.is_open = True
        visit.died = False
        visit.sent_to = None
        visit.vitals = [each for each in visit.vitals if each.at <= ends_at]
        visit.laboratory = [each for each in visit.laboratory if each.ordered_at <= ends_at]
        for order in visit.laboratory:
            if order.issued_at > ends_at:
                order.results = []
            if order.corrected_at and order.corrected_at > ends_at:
                order.corrected_at = None
        visit.studies = [each for each in visit.studies if each.issued_at <= ends_at]
        visit.operations = [each for each in visit.operations if each.until <= ends_at]
        visit.drug_orders = [each for each in visit.drug_orders if each.at <= ends_at]
        visit.notes = [each for each in visit.notes if each.at <= ends_at]
    if life.died_at and life.died_at > ends_at:
        life.died_at = None
    used = {id(each.registration) for each in life.visits}
    life.registrations = [each for each in life.registrations if id(each) in used]


def _poisson(mean: float, chance: Random) -> int:
    """How often something happens whose mean is `mean`."""
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
