"""What became of a unit on 01/07/2025, and what a unit was made of: both ways, with how sure.

Communes were merged whole, divided among several, or kept. What is told comes out of the words of the Standing
Committee's resolutions on each of the 34 provinces; communes that had ended between June 2024 and that day are not
named there.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import NamedTuple

from benhan.vn.places.units import CUT_OVER, Level, Place, province, province_of, provinces_ever, rows, ward


class How(Enum):
    """How a former unit went into one of today, the surest first."""

    SAME = "same"
    """The unit is the same on both days."""
    WHOLE = "whole"
    """All of it, and the resolution says so."""
    PART = "part"
    """A part of it: where an address lies only its street can tell."""
    BY_CODE = "by-code"
    """No resolution names it; the unit of today carries its code, as a rule that of one it was made of."""
    IN_DISTRICT = "in-district"
    """No resolution names it: one of the units that its district's other communes went into."""


class Change(NamedTuple):
    """One unit of the other day, and how sure."""

    place: Place
    how: How


_MARKS = {"": How.WHOLE, "~": How.PART, "=": How.BY_CODE}
_FIRST, _LAST = date(2024, 6, 1), date(9999, 1, 1)


def at(place: Place, on: date) -> list[Change]:
    """What `place` is on a day: itself, another name of its own, or what it went into or came from, the surest first.

    One change that is SAME or WHOLE is the answer; of several none can be picked without the street. A district after
    its end is the communes its own went into. Empty where nothing is known.
    """
    if place.is_on(on):
        return [Change(place, How.SAME)]
    if place.level is Level.PROVINCE:
        return _province_at(place, on)
    if on < CUT_OVER:
        return predecessors(place)
    return successors(place)


def successors(place: Place) -> list[Change]:
    """The communes of today that a former commune or district went into, the surest first; [] for one of today."""
    if place.until is None:
        return []
    if place.level is Level.DISTRICT:
        return [Change(each, How.PART) for each in _of_district(place.code)]
    told = [_change(mark) for mark in _into().get(place.code, ())]
    if len(told) > 1:  # all of it in one, and parts in others: the resolutions do not agree
        told = [Change(each.place, How.PART) for each in told]
    if not told:
        told = [Change(each, How.IN_DISTRICT) for each in _of_district(place.parent)]
    return told


def predecessors(place: Place) -> list[Change]:
    """The former communes that a commune of today was made of; [] for a former one."""
    if place.level is not Level.WARD or place.until is not None:
        return []
    found = [_former(code) for code in _made_of().get(place.code, ())]
    return [Change(each, _how(each, place)) for each in found]


def unlisted_predecessors(place: Place) -> list[str]:
    """Names of predecessors that the list of June 2024 lacks: made and ended between then and 01/07/2025."""
    return [
        f"{kind} {name}".strip() for kind, name, code, _mark in _interim() if place.until is None and code == place.code
    ]


@cache
def interim_wards() -> dict[tuple[str, str], tuple[Change, ...]]:
    """Communes made and ended between June 2024 and 01/07/2025, by (province of today, name): what they went into."""
    found: dict[tuple[str, str], tuple[Change, ...]] = {}
    for _kind, name, code, mark in _interim():
        change = _change(mark + code)
        key = (change.place.parent, name)
        found[key] = (*found.get(key, ()), change)
    return found


def _how(former: Place, place: Place) -> How:
    return next(each.how for each in successors(former) if each.place == place)


def _province_at(place: Place, on: date) -> list[Change]:
    into = _province_lines()
    code = into[place.code] if place.is_former else place.code
    made_of = [each for each, now in into.items() if now == code]
    former = [place.code] if place.is_former else made_of
    wanted = [code] if on >= CUT_OVER else former
    how = How.SAME if len(made_of) == 1 or place.is_former == (on < CUT_OVER) else How.WHOLE
    return [Change(found, how) for each in wanted if (found := province(each, on)) is not None]


@cache
def _province_lines() -> dict[str, str]:
    """The province of today of each of the 63."""
    return {code: into for code, _kind, _name, _since, _until, into in rows("provinces") if into}


@cache
def _into() -> dict[str, tuple[str, ...]]:
    return {code: tuple(into.split()) for code, _district, _kind, _name, into in rows("former_wards")}


@cache
def _made_of() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for former, marks in _into().items():
        for mark in marks:
            code = mark.lstrip("~=")
            found[code] = (*found.get(code, ()), former)
    return found


@cache
def _interim() -> tuple[tuple[str, str, str, str], ...]:
    return tuple((kind, name, code, mark) for kind, name, code, mark in rows("interim_wards"))


@cache
def _by_district() -> dict[str, set[str]]:
    """The codes of the communes of today that take in one of each former district."""
    found: dict[str, set[str]] = {}
    for _code, district, _kind, _name, into in rows("former_wards"):
        found.setdefault(district, set()).update(mark.lstrip("~=") for mark in into.split())
    return found


def _of_district(code: str) -> list[Place]:
    return [_now(each) for each in sorted(_by_district().get(code, ()))]


def _change(mark: str) -> Change:
    code = mark.lstrip("~=")
    return Change(_now(code), _MARKS[mark[: len(mark) - len(code)]])


def _now(code: str) -> Place:
    found = ward(code, _LAST)
    assert found is not None, "the table names communes of today"
    return found


def _former(code: str) -> Place:
    found = ward(code, _FIRST)
    assert found is not None, "the table names communes of June 2024"
    return found


@lru_cache(maxsize=1_000)
def former_provinces(place: Place) -> tuple[Place, ...]:
    """The provinces of the 63 that a place of today lies on."""
    code = province_of(place).code
    return tuple(provinces_ever()[former][0] for former, into in _province_lines().items() if into == code)
