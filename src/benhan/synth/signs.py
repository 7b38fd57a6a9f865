"""Vital signs and the size of a body, by age, and as an illness moves them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from random import Random

from benhan.synth.chance import chance_of
from benhan.synth.facilities import Staff
from benhan.synth.visit import Vitals

_HEIGHTS = (
    (0.0, 50.0),
    (0.5, 66.0),
    (1.0, 75.0),
    (2.0, 86.0),
    (5.0, 108.0),
    (10.0, 136.0),
    (13.0, 153.0),
    (18.0, 165.0),
)
"""Years and centimetres of boys; girls end at 155."""
_PULSE = ((0.1, 140), (1, 130), (3, 115), (6, 100), (12, 88), (200, 76))
_BREATHS = ((0.1, 44), (1, 34), (3, 27), (6, 23), (12, 20), (200, 17))


@dataclass(frozen=True, slots=True)
class Frame:
    """What of a body stays: how tall against the others (a factor), BMI when grown up, pressure above the usual."""

    sex: str
    stature: float
    mass: float
    pressure: float


def frame_of(seed: int, key: str, sex: str) -> Frame:
    """The frame of a person, always the same."""
    chance = chance_of(seed, "frame", key)
    return Frame(sex, chance.gauss(1, 0.034), min(34.0, max(16.5, chance.gauss(22.4, 3.0))), chance.gauss(0, 8))


def size_of(frame: Frame, age: float) -> tuple[int, float]:
    """Height in cm and weight in kg."""
    height = _between(_HEIGHTS, age) * frame.stature
    if frame.sex == "F" and age > 10:
        height *= 1 - 0.06 * min(1.0, (age - 10) / 8)
    if age < 2:
        weight = (height / 100) ** 2 * (13.2 + 3.6 * min(1.0, age / 0.5))
    else:
        mass = frame.mass if age >= 18 else 15.2 + (frame.mass - 15.2) * max(0.0, (age - 5) / 13) ** 1.5
        weight = (height / 100) ** 2 * mass
    return round(height), round(weight, 1)


def vitals_of(
    frame: Frame, age: float, at: datetime, by: Staff, moves: dict[str, float], severity: float, chance: Random
) -> Vitals:
    """Vital signs of a person who is so ill. `moves`: degrees, points of oxygen, factors of the others, at the full."""
    height, weight = size_of(frame, age)
    gauss = chance.gauss

    def moved(name: str, value: float) -> int:
        return round(value * math.exp(math.log(moves.get(name, 1.0)) * severity) * (1 + gauss(0, 0.035)))

    if age < 14:
        systolic, diastolic = 75 + 3 * age, 45 + 2 * age
    else:
        systolic, diastolic = (
            111 + 0.28 * max(0.0, age - 20) + frame.pressure,
            71 + 0.1 * (age - 20) + frame.pressure / 2,
        )
    pressure = max(60, moved("systolic", systolic))
    return Vitals(
        at=at,
        by=by,
        temperature=round(min(41.2, 36.7 + moves.get("temperature", 0.0) * severity + gauss(0, 0.18)), 1),
        pulse=max(40, moved("pulse", _step(_PULSE, age))),
        systolic=pressure,
        diastolic=min(max(35, moved("diastolic", diastolic)), pressure - 15),
        breaths=max(10, moved("breaths", _step(_BREATHS, age))),
        oxygen=max(68, min(100, round(97.8 + moves.get("oxygen", 0.0) * severity + gauss(0, 0.7)))),
        weight=weight,
        height=height,
    )


def _between(points: tuple[tuple[float, float], ...], at: float) -> float:
    """The value at a place between two of the points."""
    for (left, low), (right, high) in pairwise(points):
        if at < right:
            return low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


def _step(steps: tuple[tuple[float, int], ...], at: float) -> int:
    return next(value for until, value in steps if at < until)
