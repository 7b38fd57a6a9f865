"""Diseases with their pathways, as the files in data/diseases describe them.

What the words of a file mean is told in data/README.md; a word that is not known there is refused, and so is a code of
an analyte, panel, drug or picture that is in no table.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec

from benhan.synth.catalogue import Drug, Imaging, Panel, analytes, drugs, imagings, panels
from benhan.synth.laboratory import Effects

Chances = tuple[tuple[Any, float], ...]
"""Things, each with how likely it is."""


class Act(msgspec.Struct, array_like=True, frozen=True):
    """A procedure or an operation: local code, name, how likely, P or T, class, for an operation what was done."""

    code: str
    name: str
    likely: float
    kind: Literal["P", "T"]
    grade: str
    told: str = ""


class _Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A disease as it is written in its file."""

    key: str
    icd: str
    name: str
    department: str
    ages: dict[str, float]
    level: int
    days: tuple[int, int]
    inpatient: float
    recovery: float
    vitals: dict[str, float]
    effects: dict[str, float]
    reasons: list[str]
    history: list[str]
    exam: list[str]
    better: list[str]
    worse: list[str]
    advice: str
    every_days: int = 0
    sex: str = ""
    women: float = 1.0
    season: list[float] = msgspec.field(default_factory=lambda: [1.0] * 12)
    regions: dict[str, float] = msgspec.field(default_factory=dict)
    ethnic: dict[str, float] = msgspec.field(default_factory=dict)
    needs: str = ""
    newborn: float = 0.0
    gives_birth: bool = False
    emergency: float = 0.1
    rises: float = 0.0
    cause: tuple[str, str] | None = None
    first: str = ""
    daily: str = ""
    every3: str = ""
    visit: str = ""
    findings: dict[str, float] = msgspec.field(default_factory=dict)
    imaging: list[tuple[str, float, str]] = msgspec.field(default_factory=list)
    drugs: str = ""
    home: str = ""
    young: str = ""
    young_home: str = ""
    procedures: list[Act] = msgspec.field(default_factory=list)
    surgery: list[Act] = msgspec.field(default_factory=list)
    death: float = 0.0
    transfer: float = 0.0


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease. `row` is as it is written; the rest is the same made ready."""

    row: _Row
    key: str
    icd: str
    name: str
    effects: Effects
    first: Chances
    daily: Chances
    every3: Chances
    visit: Chances
    findings: Chances
    imaging: tuple[tuple[Imaging, float, str], ...]
    drugs: Chances
    home: Chances
    young: Chances
    young_home: Chances
    exam: tuple[tuple[str, str, str], ...]
    """Organ, what is found of a light case, of a grave one."""
    steps: tuple[tuple[float, float], ...]

    @property
    def is_chronic(self) -> bool:
        return self.row.every_days > 0

    def rate(self, age: float, sex: str, region: str, ethnic_group: str) -> float:
        """The share of such people who fall ill in a year, or (of a chronic one) who have it."""
        row = self.row
        if row.sex and row.sex != sex:
            return 0.0
        per_10_000 = 0.0
        for since, rate in self.steps:
            if age < since:
                break
            per_10_000 = rate
        # half of the people are women: what they have more, men have less
        by_sex = 2 * row.women / (1 + row.women) if sex == "F" else 2 / (1 + row.women)
        by_sex = by_sex if not row.sex else 1.0
        return per_10_000 / 10_000 * by_sex * row.regions.get(region, 1.0) * row.ethnic.get(ethnic_group, 1.0)


@cache
def diseases() -> dict[str, Disease]:
    """All diseases by their keys."""
    folder = resources.files("benhan.synth") / "data" / "diseases"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["disease"]:
            one = _made_ready(msgspec.convert(row, _Row))
            found[one.key] = one
    return found


def _made_ready(row: _Row) -> Disease:
    unknown = set(row.effects) - set(analytes())
    if unknown:
        raise KeyError(f"{row.key}: {unknown}")
    return Disease(
        row=row,
        key=row.key,
        icd=row.icd,
        name=row.name,
        effects={code: math.log(factor) for code, factor in row.effects.items()},
        first=_panels(row.first),
        daily=_panels(row.daily),
        every3=_panels(row.every3),
        visit=_panels(row.visit),
        findings=tuple((panels()[code], likely) for code, likely in row.findings.items()),
        imaging=tuple((imagings()[code], likely, text) for code, likely, text in row.imaging),
        drugs=_drugs(row.drugs),
        home=_drugs(row.home),
        young=_drugs(row.young),
        young_home=_drugs(row.young_home),
        exam=tuple(_examined(text) for text in row.exam),
        steps=tuple((float(since), rate) for since, rate in row.ages.items()),
    )


def _panels(text: str) -> tuple[tuple[Panel, float], ...]:
    return tuple((panels()[code], likely) for code, likely in _chances(text))


def _drugs(text: str) -> tuple[tuple[Drug, float], ...]:
    return tuple((drugs()[code], likely) for code, likely in _chances(text))


def _chances(text: str) -> list[tuple[str, float]]:
    """Codes as `code*likely`, 1 where it is not written."""
    pairs = (each.partition("*") for each in text.split())
    return [(code, float(likely or 1)) for code, _, likely in pairs]


def _examined(text: str) -> tuple[str, str, str]:
    organ, _, found = text.partition(": ")
    light, _, grave = found.partition(" | ")
    return organ, light, grave or light
