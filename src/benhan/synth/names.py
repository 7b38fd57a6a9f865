"""Names of people by sex, year of birth, ethnic group and part of the country."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

from benhan.synth.chance import Weighted, by_rank


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the Vietnamese order; `middle` may be empty or two words."""

    family: str
    middle: str
    given: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.family, self.middle, self.given) if part)


@dataclass(frozen=True, slots=True)
class _Cohort:
    until: int
    middle: dict[str, Weighted[str]]
    given: dict[str, Weighted[str]]


@dataclass(frozen=True, slots=True)
class _Names:
    family: dict[str, Weighted[str]]
    cohorts: tuple[_Cohort, ...]
    groups: dict[str, dict[str, Weighted[str]]]


def family_name(chance: Random, ethnic_group: str, region: str) -> str:
    """A family name of an ethnic group, or of a part of the country where the group has none of its own."""
    group = _names().groups.get(ethnic_group, {})
    return group.get("family", _names().family[region]).pick(chance)


def name_of(chance: Random, family: str, sex: str, year: int, ethnic_group: str) -> Name:
    """A name for somebody of a family, born in a year."""
    names = _names()
    group = names.groups.get(ethnic_group, {})
    cohort = next(each for each in names.cohorts if year < each.until)
    middle = group.get(f"middle_{sex.lower()}", cohort.middle[sex]).pick(chance)
    given = group.get(f"given_{sex.lower()}", cohort.given[sex]).pick(chance)
    if given in middle.split():
        middle = "Thị" if sex == "F" else "Văn"
    return Name(family, middle, given)


@cache
def _names() -> _Names:
    file = resources.files("benhan.synth") / "data" / "names.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return _Names(
        {region: _weighted(names) for region, names in data["family"].items()},
        tuple(_cohort(each) for each in data["cohort"]),
        {
            code: {kind: _weighted(names) if "middle" in kind else by_rank(names) for kind, names in lists.items()}
            for code, lists in data["group"].items()
        },
    )


def _cohort(row: dict[str, Any]) -> _Cohort:
    return _Cohort(
        row["until"],
        {sex: _weighted(row[f"middle_{sex.lower()}"]) for sex in "MF"},
        {sex: by_rank(row[f"given_{sex.lower()}"]) for sex in "MF"},
    )


def _weighted(texts: list[str]) -> Weighted[str]:
    """Names as `name*weight`, the weight 1 where it is not written."""
    pairs = (text.partition("*") for text in texts)
    return Weighted((name, float(weight or 1)) for name, _, weight in pairs)
