"""Laboratory values that behave: each person has their own level, illness moves it, and what belongs together agrees.

A drawn value is log-normal about the person's own centre; illness multiplies it, the more the worse it is. Haematocrit,
red cells, cholesterol, eGFR, pH and the like are computed from the printed values of what they follow from, so that who
checks them by the formula finds them right. Levels of people go together through common factors (iron, kidney, liver…).
Source of eGFR: CKD-EPI 2021; of cholesterol: Friedewald; of pH: Henderson–Hasselbalch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from benhan.synth.catalogue import Analyte, analytes
from benhan.synth.chance import chance_of

Effects = dict[str, float]
"""Analyte → logarithm of what an illness at its full multiplies it with."""
Values = dict[str, float]

CHILD_UNTIL = 12
"""Years below which women's ranges hold for all, with the factors of age."""
_DIFFERENTIAL = ("NEU", "LYM", "MONO", "EOS", "BASO")
_BY_AGE: dict[str, tuple[tuple[float, float], ...]] = {
    "HGB": ((0.08, 1.3), (0.5, 0.93), (6, 0.92), (12, 0.97)),
    "MCV": ((0.08, 1.17), (0.5, 1.0), (6, 0.91), (12, 0.95)),
    "WBC": ((0.08, 1.9), (2, 1.5), (6, 1.3), (12, 1.1)),
    "NEU": ((0.08, 1.0), (2, 0.58), (6, 0.8)),
    "LYM": ((0.08, 0.95), (2, 1.9), (6, 1.45)),
    "CREA": ((0.08, 0.85), (2, 0.42), (6, 0.55), (12, 0.75)),
    "UREA": ((6, 0.8),),
    "URIC": ((12, 0.75),),
    "ALP": ((16, 2.6),),
    "LDL": ((18, 0.85),),
}
"""Factors of the centre and the range until an age in years; rounded from what paediatric tables print."""
_OF_OLD = {"BNP": (65, 2.6), "DDIM": (60, 1.5), "PO2": (65, 0.9), "CREA": (70, 1.08)}
"""Factors of the centre alone from an age on."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is a person's own in the laboratory: sex, and how far each analyte lies from the centre, in spreads."""

    sex: str
    own: dict[str, float]


def body_of(seed: int, key: str, sex: str) -> Body:
    """The body of a person, always the same."""
    chance = chance_of(seed, "body", key)
    common: dict[str, float] = {}
    own = {}
    for analyte in _drawn():
        if analyte.factor and analyte.factor not in common:
            common[analyte.factor] = chance.gauss(0, 1)
        shared = analyte.loading * common.get(analyte.factor, 0.0)
        far = shared + math.sqrt(1 - analyte.loading**2) * chance.gauss(0, 1)
        own[analyte.code] = max(-2.2, min(2.2, far))
    return Body(sex, own)


def measure(
    body: Body, age: float, codes: Sequence[str], illness: Sequence[tuple[Effects, float]], chance: Random
) -> Values:
    """The values of analytes in one sample, rounded as printed. `illness`: effects, each with how ill (about 0–1)."""
    gauss = chance.gauss
    needed = _needed(tuple(codes))
    known = analytes()
    values: Values = {}
    for code in needed:
        analyte = known[code]
        if analyte.sources:
            values[code] = round(_COMPUTED[code](values, age, body.sex), analyte.decimals)
            continue
        assert analyte.centre is not None
        sex = body.sex if age >= CHILD_UNTIL else "F"
        level = analyte.centre[sex] + analyte.spread * body.own[code] + analyte.within * gauss(0, 1)
        for effects, severity in illness:
            effect = effects.get(code)
            if effect is not None:
                level += effect * severity
        if age < 18:
            level += math.log(age_factor(code, age))
        elif code in _OF_OLD and age >= _OF_OLD[code][0]:
            level += math.log(_OF_OLD[code][1])
        value = math.exp(level)
        values[code] = round(min(max(value, analyte.least), analyte.most), analyte.decimals)
    if "NEU" in values:
        _to_hundred(values)
    return {code: values[code] for code in codes}


def reference_range(analyte: Analyte, sex: str, age: float) -> tuple[float, float]:
    """The range that is printed beside a value of somebody."""
    if age >= 18:
        return analyte.low[sex], analyte.high[sex]
    of = "F" if age < CHILD_UNTIL else sex
    factor = age_factor(analyte.code, age)
    if analyte.code in ("HCT", "RBC", "MCH"):
        factor = age_factor("MCV" if analyte.code == "MCH" else "HGB", age)
    return (
        round(analyte.low[of] * factor, analyte.decimals),
        round(analyte.high[of] * factor, analyte.decimals),
    )


def flag_of(analyte: Analyte, value: float, low: float, high: float) -> str:
    """N, L, H, and LL or HH where somebody must be called."""
    if value < low:
        return "LL" if value <= analyte.critical_low else "L"
    if value > high:
        return "HH" if value >= analyte.critical_high else "H"
    return "N"


def written(analyte: Analyte, value: float) -> str:
    """A value as it is printed."""
    return f"{value:.{analyte.decimals}f}"


def age_factor(code: str, age: float) -> float:
    """What the centre and the range of an analyte are multiplied with at a child's age."""
    for until, factor in _BY_AGE.get(code, ()):
        if age < until:
            return factor
    return 1.0


@cache
def _drawn() -> tuple[Analyte, ...]:
    return tuple(each for each in analytes().values() if not each.sources)


@cache
def _needed(codes: tuple[str, ...]) -> tuple[str, ...]:
    """`codes` and what they are computed from, sources first."""
    known = analytes()
    found: dict[str, None] = {}
    for code in codes:
        for source in known[code].sources:
            found[source] = None
    for code in codes:
        if not known[code].sources:
            found[code] = None
    if "NEU" in found:
        found |= dict.fromkeys(_DIFFERENTIAL)
    return (*found, *(code for code in codes if known[code].sources))


def _to_hundred(values: Values) -> None:
    """Make the differential count sum to 100 %: the neutrophils take what the others leave."""
    total = sum(values[code] for code in _DIFFERENTIAL)
    rest = 0.0
    for code in _DIFFERENTIAL[1:]:
        values[code] = round(values[code] * 100 / total, 1)
        rest += values[code]
    values["NEU"] = round(100 - rest, 1)


def _egfr(values: Values, age: float, sex: str) -> float:
    """CKD-EPI 2021 from creatinine in µmol/L; of children Schwartz's with a middle height."""
    creatinine = values["CREA"] / 88.42
    if age < 18:
        return min(0.413 * (75 + 6.3 * age) / creatinine, 180.0)
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "F" else (0.9, -0.302, 1.0)
    ratio = creatinine / kappa
    return float(142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * factor)


_COMPUTED: dict[str, Callable[[Values, float, str], float]] = {
    "HCT": lambda values, _age, _sex: values["HGB"] / values["MCHC"] * 100,
    "RBC": lambda values, _age, _sex: values["HGB"] / values["MCHC"] * 1000 / values["MCV"],
    "MCH": lambda values, _age, _sex: values["MCHC"] * values["MCV"] / 1000,
    "DBIL": lambda values, _age, _sex: values["TBIL"] * min(values["DBILP"], 0.85),
    "CHOL": lambda values, _age, _sex: values["LDL"] + values["HDL"] + min(values["TG"], 4.5) / 2.2,
    "PRO": lambda values, _age, _sex: values["ALB"] + values["GLOB"],
    "EGFR": _egfr,
    "PH": lambda values, _age, _sex: 6.1 + math.log10(values["HCO3"] / (0.0307 * values["PCO2"])),
}
