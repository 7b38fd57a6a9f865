"""Lives: the same for the same seed, each thing after what it follows from, nothing after death or the end."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from benhan.fhir.folding import fold
from benhan.kernel.clock import VIETNAM
from benhan.synth.country import Country, country_of, country_with
from benhan.synth.facilities import CENTRAL, COMMUNE, facilities_of
from benhan.synth.life import Life, lives_of
from benhan.synth.truth import truth_of
from benhan.synth.visit import INPATIENT
from benhan.synth.writing import as_typed

FIRST, LAST = date(2025, 7, 1), date(2026, 6, 30)


def test_a_life_is_the_same_whatever_the_number_of_others(country: Country, lives: list[Life]) -> None:
    alone = country_of(country.seed, 10, 1, FIRST, LAST)
    again = lives_of(alone.world, 123)[0]
    first = next(life for life in lives if life.person.key == "123")
    assert truth_of(again, alone.names) == truth_of(first, country.names)


def test_a_person_is_the_same_in_a_country_of_other_facilities_and_days(lives: list[Life]) -> None:
    other = country_of(7, 3, 1, date(2026, 1, 1), date(2026, 1, 31))
    assert lives_of(other.world, 5)[0].person == next(life for life in lives if life.person.key == "5").person


def test_facilities_are_the_same_whatever_their_number() -> None:
    assert [each.name for each in facilities_of(7, 40)[:5]] == [each.name for each in facilities_of(7, 5)]
    codes = [each.code for each in facilities_of(7, 120)]
    assert len(set(codes)) == 120
    assert all(len(code) == 5 for code in codes)
    licences = [
        staff.licence for each in facilities_of(7, 40) for ward in each.departments.values() for staff in ward.staff
    ]
    assert len(set(licences)) == len(licences)


def test_everybody_who_is_born_comes_at_least_once(lives: list[Life]) -> None:
    assert all(life.visits for life in lives if life.person.born < LAST - timedelta(days=2))


def test_visits_follow_each_other_after_birth_and_end_with_death(country: Country, lives: list[Life]) -> None:
    for life in lives:
        for visit in life.visits:
            assert visit.start.date() >= max(life.person.born, FIRST)
            assert visit.start < visit.end
            assert visit.start <= country.world.ends_at
        for one, following in zip(life.visits, life.visits[1:], strict=False):
            assert one.end < following.start
            assert not one.died
        if life.died_at:
            assert life.visits[-1].end == life.died_at


def test_what_happens_in_a_visit_happens_within_it(lives: list[Life]) -> None:
    for life in lives:
        for visit in life.visits:
            for order in visit.laboratory:
                assert visit.start <= order.ordered_at < order.sampled_at < order.issued_at
                assert order.corrected_at is None or order.corrected_at > order.issued_at
            for note in visit.notes:
                assert visit.start <= note.at <= visit.end
            for operation in visit.operations:
                assert visit.start < operation.at < operation.until
            assert visit.diagnoses[0].icd == visit.disease.icd
            assert visit.vitals
            assert visit.doctor in visit.department.staff


def test_numbers_of_visits_and_patients_are_once_in_a_facility(lives: list[Life]) -> None:
    visits = Counter((visit.facility.code, visit.number) for life in lives for visit in life.visits)
    patients = Counter((each.facility.code, each.number) for life in lives for each in life.registrations)
    assert max(visits.values()) == 1
    assert max(patients.values()) == 1


def test_a_transfer_goes_up_and_is_received_there() -> None:
    country = country_of(3, 20, 1200, FIRST, LAST)
    sent = 0
    for life in country.lives():
        for place, visit in enumerate(life.visits):
            if visit.sent_to is not None:
                received = life.visits[place + 1]
                assert visit.sent_to.level > visit.facility.level
                assert received.facility is visit.sent_to
                assert received.sent_from is visit.facility
                assert timedelta(0) < received.start - visit.end < timedelta(hours=7)
                sent += 1
    assert sent > 5


def test_a_newborn_is_beside_its_mother(lives: list[Life]) -> None:
    newborns = [life for life in lives if life.person.is_newborn]
    assert newborns
    by_index = {life.person.key: life for life in lives}
    for child in newborns:
        mother = by_index[str(child.person.mother)]
        birth = next(visit for visit in mother.visits if visit.disease.row.gives_birth)
        assert child.visits[0].facility is birth.facility
        assert birth.start < child.visits[0].start
        assert child.visits[0].start.date() == child.person.born
        assert child.registrations[0].citizen_number == ""
        assert mother.person.name.given in child.registrations[0].name.text
        one, five, grams = child.visits[0].born[0]
        assert one <= five <= 10
        assert 900 <= grams < 5000


def test_seasons_show() -> None:
    country = country_of(1, 5, 1800, FIRST, LAST)
    months: Counter[int] = Counter()
    diseases: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for life in country.lives():
        for visit in life.visits:
            diseases[visit.disease.key] += 1
            classes[visit.kind] += 1
            if visit.disease.key == "dengue":
                months[visit.start.month] += 1
    wet = sum(months[month] for month in (7, 8, 9, 10))
    dry = sum(months[month] for month in (1, 2, 3, 4))
    assert wet > 2.5 * dry
    assert len(diseases) > 50
    assert 0.05 < classes[INPATIENT] / sum(classes.values()) < 0.25
    assert diseases["hypertension"] > diseases["infarction"]


def test_stations_keep_nobody_and_do_not_operate(lives: list[Life]) -> None:
    at_stations = [visit for life in lives for visit in life.visits if visit.facility.level == COMMUNE]
    assert at_stations
    assert all(visit.kind != INPATIENT for visit in at_stations)
    assert all(order.panel.level == COMMUNE for visit in at_stations for order in visit.laboratory)
    grades = {op.act.grade for life in lives for v in life.visits if v.facility.level < CENTRAL for op in v.operations}
    assert "D" not in grades


def test_mistakes_are_as_common_as_in_life(lives: list[Life]) -> None:
    registrations = [each for life in lives for each in life.registrations if not each.person.is_newborn]
    made = Counter(mistake for each in registrations for mistake in each.mistakes)
    for kind in ("citizen-number-missing", "name-misspelt", "birth-year-wrong", "phone-of-kin"):
        assert made[kind] > 0, kind
    assert 0.02 < made["citizen-number-missing"] / len(registrations) < 0.3
    assert sum(bool(each.mistakes) for each in registrations) / len(registrations) < 0.6
    for each in registrations:
        if "name-misspelt" in each.mistakes:
            assert each.name != each.person.name
        if not any(mistake.startswith("name") for mistake in each.mistakes):
            assert each.name == each.person.name
        if not any(mistake.startswith("birth") for mistake in each.mistakes):
            assert each.birth == each.person.born.isoformat()


def test_who_is_still_in_hospital_at_the_end_has_no_departure() -> None:
    ends_at = datetime(2025, 10, 15, 9, 0, tzinfo=VIETNAM)
    country = country_with(7, facilities_of(7, 10), 1500, date(2025, 9, 1), ends_at)
    opened = [visit for life in country.lives() for visit in life.visits if visit.is_open]
    assert opened
    for visit in opened:
        assert visit.end > ends_at
        assert all(order.issued_at <= ends_at for order in visit.laboratory if order.results)
        assert all(note.at <= ends_at for note in visit.notes)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_country_of_few_facilities_treats_everybody(count: int) -> None:
    country = country_of(2, count, 60, FIRST, LAST)
    assert sum(len(life.visits) for life in country.lives()) >= 55


def test_a_note_names_only_results_that_were_there(lives: list[Life]) -> None:
    named = 0
    for life in lives:
        for visit in life.visits:
            for note in visit.notes:
                told = re.search(r"XN: ([^.]*(?:\.\d[^.]*)*)\.", note.text)
                for pair in told[1].split("; ") if told else ():
                    code, _, value = pair.partition(" ")
                    known = [
                        result
                        for order in visit.laboratory
                        if order.issued_at < note.at
                        for result in order.results
                        if result.of.code == code
                    ]
                    assert value in {as_typed(result.text, note.by) for result in known}, pair
                    named += 1
    assert named > 100


def test_notes_of_a_stay_are_one_a_day_and_tell_what_somebody_has(lives: list[Life]) -> None:
    stays = [(life, visit) for life in lives for visit in life.visits if visit.kind == INPATIENT and not visit.is_open]
    for life, visit in stays:
        assert len(visit.notes) >= (visit.end.date() - visit.start.date()).days
        assert [note.at for note in visit.notes] == sorted(note.at for note in visit.notes)
        others = [each.disease.name for each in life.being.chronic if each.disease is not visit.disease]
        first = fold(visit.notes[0].text)
        if visit.notes[0].by.writing != "short":
            assert all(fold(name) in first for name in others)
