"""Values that behave: formulas hold, healthy people lie in the range, illness moves what it should and no further."""

from __future__ import annotations

import math
from statistics import correlation, mean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benhan.synth.catalogue import analytes, panels
from benhan.synth.chance import chance_of
from benhan.synth.diseases import Disease, diseases
from benhan.synth.laboratory import Values, body_of, flag_of, measure, reference_range

DRAWN = tuple(code for panel in panels().values() for code in panel.analytes)
COUNT = 600
ON_A_BUSY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def values_of(key: int, codes: tuple[str, ...], disease: Disease | None = None, severity: float = 0.0) -> Values:
    sex = "F" if key % 2 else "M"
    illness = [(disease.effects, severity)] if disease else []
    return measure(body_of(1, str(key), sex), 40.0, codes, illness, chance_of(1, "sample", key))


@ON_A_BUSY_MACHINE
@given(st.sampled_from(sorted(diseases())), st.floats(0, 1.45), st.integers(0, 10_000), st.floats(0, 100))
def test_every_value_is_one_of_somebody_alive(key: str, severity: float, number: int, age: float) -> None:
    disease = diseases()[key]
    body = body_of(3, str(number), "F" if number % 2 else "M")
    values = measure(body, age, DRAWN, [(disease.effects, severity)], chance_of(3, number))
    for code, value in values.items():
        analyte = analytes()[code]
        assert analyte.least <= value <= analyte.most, code
        assert value == round(value, analyte.decimals)
    assert 6.6 < values["PH"] < 7.9


@ON_A_BUSY_MACHINE
@given(st.sampled_from(sorted(diseases())), st.floats(0, 1.2), st.integers(0, 10_000))
def test_what_belongs_together_agrees(key: str, severity: float, number: int) -> None:
    values = values_of(number, DRAWN, diseases()[key], severity)
    assert values["HCT"] == pytest.approx(values["RBC"] * values["MCV"] / 10, abs=0.25)
    assert values["MCH"] == pytest.approx(values["HGB"] / values["RBC"], rel=0.02)
    assert values["MCHC"] == pytest.approx(values["HGB"] / values["HCT"] * 100, rel=0.02)
    differential = sum(values[code] for code in ("NEU", "LYM", "MONO", "EOS", "BASO"))
    assert differential == pytest.approx(100, abs=0.01)
    assert all(values[code] > 0 for code in ("NEU", "LYM"))
    fat = min(values["TG"], 4.5) / 2.2
    assert values["CHOL"] == pytest.approx(values["LDL"] + values["HDL"] + fat, abs=0.02)
    assert values["DBIL"] < values["TBIL"]
    assert values["PRO"] > values["ALB"]
    assert values["PH"] == pytest.approx(6.1 + math.log10(values["HCO3"] / (0.0307 * values["PCO2"])), abs=0.01)


def test_of_the_healthy_nineteen_in_twenty_lie_in_the_range() -> None:
    inside: dict[str, int] = dict.fromkeys(DRAWN, 0)
    for key in range(COUNT):
        for code, value in values_of(key, DRAWN).items():
            low, high = reference_range(analytes()[code], "F" if key % 2 else "M", 40.0)
            inside[code] += flag_of(analytes()[code], value, low, high) == "N"
    shares = {code: count / COUNT for code, count in inside.items()}
    assert min(shares.values()) > 0.8, min(shares, key=shares.__getitem__)
    assert mean(shares.values()) > 0.92


def test_levels_of_people_go_together() -> None:
    found = [values_of(key, DRAWN) for key in range(COUNT)]

    def together(one: str, other: str) -> float:
        return correlation([math.log(each[one]) for each in found], [math.log(each[other]) for each in found])

    assert together("AST", "ALT") > 0.4
    assert together("UREA", "CREA") > 0.15
    assert together("NA", "CL") > 0.2
    assert together("HGB", "HCT") > 0.9
    assert together("TG", "HDL") < -0.1
    assert together("GLU", "A1C") > 0.3
    assert together("CREA", "EGFR") < -0.6
    assert abs(together("PLT", "TSH")) < 0.15


def test_a_person_keeps_their_own_level() -> None:
    body = body_of(1, "12", "F")
    chance = chance_of("twice")
    samples = [measure(body, 40.0, ("CREA", "HGB"), [], chance) for _ in range(40)]
    spread = max(each["CREA"] for each in samples) / min(each["CREA"] for each in samples)
    between = [values_of(key, ("CREA",))["CREA"] for key in range(1, 80, 2)]
    assert spread < max(between) / min(between)


@pytest.mark.parametrize(
    ("key", "code", "rises"),
    [
        ("dengue", "PLT", False),
        ("dengue", "WBC", False),
        ("dengue", "HCT", True),
        ("pneumonia", "CRP", True),
        ("infarction", "TNT", True),
        ("kidney_disease", "CREA", True),
        ("kidney_disease", "EGFR", False),
        ("iron_deficiency", "MCV", False),
        ("cirrhosis", "ALB", False),
        ("cirrhosis", "TBIL", True),
        ("ketoacidosis", "PH", False),
        ("ketoacidosis", "GLU", True),
        ("snake_bite", "INR", True),
        ("liver_cancer", "AFP", True),
        ("thyrotoxicosis", "TSH", False),
        ("gout", "URIC", True),
    ],
)
def test_illness_moves_a_value_the_more_the_worse_it_is(key: str, code: str, rises: bool) -> None:  # noqa: FBT001  # a parameter of the table
    levels = [
        mean(math.log(values_of(number, DRAWN, diseases()[key], severity)[code]) for number in range(60))
        for severity in (0.0, 0.5, 1.0)
    ]
    assert levels == sorted(levels, reverse=not rises)
    assert levels[0] != pytest.approx(levels[2], rel=1e-3)


def test_children_have_the_values_and_ranges_of_children() -> None:
    body = body_of(1, "5", "M")
    newborn = measure(body, 0.01, DRAWN, [], chance_of("newborn"))
    child = measure(body, 4.0, DRAWN, [], chance_of("child"))
    man = measure(body, 40.0, DRAWN, [], chance_of("man"))
    assert newborn["HGB"] > man["HGB"] > child["HGB"]
    assert newborn["WBC"] > child["WBC"] * 0.9
    assert child["CREA"] < man["CREA"] * 0.75
    low, high = reference_range(analytes()["CREA"], "M", 4.0)
    assert low < child["CREA"] < high


@pytest.mark.parametrize(
    ("value", "flag"), [(4.0, "N"), (3.3, "L"), (2.7, "LL"), (5.4, "H"), (6.5, "HH"), (5.0, "N"), (3.5, "N")]
)
def test_a_flag_tells_beyond_which_end_and_whether_somebody_must_be_called(value: float, flag: str) -> None:
    assert flag_of(analytes()["K"], value, 3.5, 5.0) == flag
