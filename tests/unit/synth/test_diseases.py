"""Diseases as data: enough of them, whole, and where they belong."""

from __future__ import annotations

import re

import pytest

from benhan.synth.catalogue import drugs, imagings, panels
from benhan.synth.diseases import Chances, Disease, diseases
from benhan.synth.facilities import DEPARTMENTS
from benhan.synth.people import EPOCH
from benhan.synth.places import provinces
from benhan.vn.catalogues.shipped import catalogue

ALL = list(diseases().values())
WANTED = (
    "I10", "E11.9", "I63.9", "A97.1", "J44.1", "J18.9", "A15.0", "B18.1", "K74.6", "B08.4", "K35.8", "K80.0", "S82.2",
    "S06.0", "O80.0", "O82.0", "O14.1", "P59.9", "A09.9", "J45.9", "K29.7", "N18.4", "C34.1", "C22.0", "C50.4", "C16.3",
    "I21.9", "I50.0", "I48.9", "M10.9", "N39.0", "H25.1", "F32.1", "F20.0", "G40.3", "D50.9", "D56.1", "T30.2", "T63.0",
)  # fmt: skip


def test_the_common_diseases_of_the_country_are_there() -> None:
    assert len(ALL) >= 40
    assert set(WANTED) <= {each.icd for each in ALL}


@pytest.mark.parametrize("disease", ALL, ids=lambda each: each.key)
def test_a_disease_is_whole(disease: Disease) -> None:
    row = disease.row
    assert re.fullmatch(r"[A-Z]\d\d\.\d|[A-Z]\d\d", disease.icd)
    assert row.department in DEPARTMENTS
    assert len(row.season) == 12
    assert row.level in (1, 2, 3, 4)
    assert row.days[0] <= row.days[1]
    assert row.reasons
    assert row.history
    assert row.better
    assert row.worse
    assert disease.exam
    assert all(organ and light for organ, light, _ in disease.exam)
    assert set(row.vitals) <= {"temperature", "oxygen", "pulse", "systolic", "diastolic", "breaths"}
    assert set(row.regions) <= {province.region for province in provinces()}
    for likely in (row.inpatient, row.emergency, row.death, row.transfer, row.newborn):
        assert 0 <= likely <= 1
    for text in (*row.reasons, *row.history, *row.exam, *row.better, *row.worse):
        assert set(re.findall(r"\{(\w+)\}", text)) <= {"n", "side"}
    assert row.newborn > 0 or disease.steps[-1][1] >= 0
    codes = [disease.icd, row.cause[0]] if row.cause else [disease.icd]
    assert all(catalogue("ICD10").find(code, EPOCH) or catalogue("ICD10").find(code[:3], EPOCH) for code in codes)
    assert not row.needs or row.needs in diseases()
    if row.inpatient == 1:
        assert row.drugs or row.young


def test_rates_follow_age_sex_region_and_group() -> None:
    known = diseases()
    assert known["hypertension"].rate(70, "M", "north", "01") > known["hypertension"].rate(35, "M", "north", "01") > 0
    assert known["hypertension"].rate(10, "M", "north", "01") == 0
    assert known["delivery"].rate(27, "M", "north", "01") == 0
    assert known["dengue"].rate(20, "F", "south", "01") > 2 * known["dengue"].rate(20, "F", "north", "01")
    assert known["copd"].rate(70, "M", "north", "01") > 3 * known["copd"].rate(70, "F", "north", "01")
    assert known["thalassaemia"].rate(8, "F", "north", "06") > 4 * known["thalassaemia"].rate(8, "F", "north", "01")


def test_newborns_are_healthy_or_have_what_newborns_have() -> None:
    assert sum(each.row.newborn for each in ALL) == pytest.approx(1)


def test_everything_in_the_catalogue_is_used_somewhere() -> None:
    ordered = {
        panel.code
        for each in ALL
        for chances in (each.first, each.daily, each.every3, each.visit)
        for panel, _ in chances
    }
    ordered |= {panel.code for each in ALL for panel, _ in each.findings}
    assert ordered | {"NHOMMAU"} == set(panels())
    assert {kind.code for each in ALL for kind, _, _ in each.imaging} == set(imagings())
    given = {code for each in ALL for code in codes(each.drugs, each.home, each.young, each.young_home)}
    assert given == set(drugs())


def codes(*lists: Chances) -> set[str]:
    return {thing.code for chances in lists for thing, _ in chances}
