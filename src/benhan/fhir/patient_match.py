"""How sure it is that two Patients are one person, told as FHIR tells it: a grade and a score from 0 to 1.

An identifier that both carry decides; name, birth date and gender may then only speak against it. Without one, two that
agree in whole name and birth date are probable, never certain: in one district many people share both.
Source: FHIR R4 patient-operation-match.html; http://terminology.hl7.org/CodeSystem/match-grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from benhan.fhir.folding import words

Json = dict[str, Any]


class Grade(Enum):
    """The code system match-grade."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CERTAINLY_NOT = "certainly-not"


WEIGHTS = {"identifier": 0.6, "name": 0.2, "birthDate": 0.15, "gender": 0.05}
UNKNOWN = 0.5
"""How much what only one of them tells counts."""


@dataclass(frozen=True, slots=True)
class Match:
    """A verdict."""

    grade: Grade
    score: float


def match(asked: Json, found: Json) -> Match:
    """How `found` matches what `asked` tells of a person; only what `asked` tells is weighed."""
    agreement = {
        "identifier": _identifiers(asked, found),
        "name": _names(asked, found),
        "birthDate": _birth_dates(asked, found),
        "gender": _equal(asked.get("gender"), found.get("gender")),
    }
    told = {name: value for name, value in agreement.items() if _is_told(asked, name)}
    weight = sum(WEIGHTS[name] for name in told)
    if not weight:
        return Match(Grade.CERTAINLY_NOT, 0.0)
    score = sum(WEIGHTS[name] * (UNKNOWN if value is None else value) for name, value in told.items()) / weight
    return Match(_grade(agreement), round(score, 3))


def identifiers_of(patient: Json) -> list[tuple[str, str]]:
    """System and value of each identifier that has both."""
    return [
        (each["system"], each["value"])
        for each in patient.get("identifier", [])
        if each.get("system") and each.get("value")
    ]


def name_words(patient: Json) -> set[str]:
    """The folded words of the names."""
    texts = []
    for name in patient.get("name", []):
        parts = [name.get("family", ""), *name.get("given", [])]
        texts.append(" ".join(part for part in parts if part) or name.get("text", ""))
    return {word for text in texts for word in words(text)}


def _grade(agreement: dict[str, float | None]) -> Grade:
    identifier, name, birth, gender = (agreement[each] for each in WEIGHTS)
    against = [value for value in (name, birth, gender) if value is not None and value < UNKNOWN]
    if identifier == 1.0:
        return (Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE)[min(len(against), 2)]
    if name is None or name < UNKNOWN or not birth:
        return Grade.CERTAINLY_NOT
    if name == birth == 1.0 and identifier is None and not against:
        return Grade.PROBABLE
    return Grade.POSSIBLE


def _is_told(asked: Json, name: str) -> bool:
    if name == "identifier":
        return bool(identifiers_of(asked))
    if name == "name":
        return bool(name_words(asked))
    return name in asked


def _identifiers(asked: Json, found: Json) -> float | None:
    """1 where they share one, 0 where a system that both have gives other values, None where it cannot be told."""
    mine, theirs = set(identifiers_of(asked)), set(identifiers_of(found))
    if mine & theirs:
        return 1.0
    return 0.0 if {system for system, _ in mine} & {system for system, _ in theirs} else None


def _names(asked: Json, found: Json) -> float | None:
    mine, theirs = name_words(asked), name_words(found)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else None


def _birth_dates(asked: Json, found: Json) -> float | None:
    """1 where they are equal as far as both are told, 0.5 where the year alone is, 0 else."""
    mine, theirs = asked.get("birthDate"), found.get("birthDate")
    if not mine or not theirs:
        return None
    shorter = min(len(mine), len(theirs))
    if mine[:shorter] == theirs[:shorter]:
        return 1.0 if shorter == len(mine) else 0.75
    return 0.5 if mine[:4] == theirs[:4] else 0.0


def _equal(mine: Any, theirs: Any) -> float | None:
    if mine is None or theirs is None or "unknown" in (mine, theirs):
        return None
    return 1.0 if mine == theirs else 0.0
