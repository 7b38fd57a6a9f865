"""Which units the end of an address names: every reading that fits, the best first.

An address is read from its end: province, district, commune. A name stands where its part begins ("…, Ba Đình, …"),
after the word that announces it ("xã Ea Tu"), or, of a province and in an address without any comma, anywhere. What a
street, a number or another unit announces is no name of a unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from benhan.vn.places.gazetteer import districts_named, former_wards_named, provinces_named, wards_named
from benhan.vn.places.keys import place_key
from benhan.vn.places.units import CUT_OVER, Place, province_of
from benhan.vn.places.words import (
    BUILDING_WORDS,
    DISTRICT_PREFIXES,
    HAMLET_WORDS,
    LANE_WORDS,
    NUMBER_WORDS,
    PROVINCE_PREFIXES,
    STREET_WORDS,
    WARD_PREFIXES,
    Word,
    joined,
    spelling,
)

NAME_WORDS_MAX = 6
MARGIN = 0.5
"""A reading this much better than another needs no doubt."""
PROVINCE_LEAD = 0.6
"""A province before a city of the same name: "Quảng Ngãi" at the end is the province, "TP Quảng Ngãi" the city."""
_UNITS = WARD_PREFIXES.keys() | DISTRICT_PREFIXES.keys() | PROVINCE_PREFIXES.keys()
_OTHERS = STREET_WORDS | LANE_WORDS | NUMBER_WORDS | HAMLET_WORDS | BUILDING_WORDS


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found at the words `start` to the end asked for; `start` includes the word that announces it."""

    places: tuple[Place, ...]
    name: str
    start: int
    score: float
    is_announced: bool
    is_doubtful: bool
    """Another kind is announced, or its accents are other than written."""

    @property
    def place(self) -> Place:
        return self.places[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the units of an address; words before `start` are left."""

    province: Hit | None
    district: Hit | None
    ward: Hit | None
    start: int
    score: float
    is_mixed: bool = False
    """Units of before and after 01/07/2025 stand in one address, or a unit lies elsewhere than told."""


def readings(words: Sequence[Word], end: int, on: date | None) -> list[Reading]:
    """Every reading of the words up to `end`, the best first; one that finds nothing is the last."""
    found = list(_readings(words, end, on))
    return sorted(found, key=lambda each: -each.score)


def _readings(words: Sequence[Word], end: int, on: date | None) -> Iterator[Reading]:
    loose = not any(word.begins for word in words[1:end])
    provinces = _hits(words, end, PROVINCE_PREFIXES, provinces_named, together=True, loose=True)
    is_told = any(not each.is_doubtful for each in provinces)
    for province in provinces if is_told else (None, *provinces):
        below = province.start if province is not None else end
        of = province.places if province is not None else None
        in_province = partial(districts_named, of=of)
        for district in (None, *_hits(words, below, DISTRICT_PREFIXES, in_province, loose=loose)):
            lowest = district.start if district is not None else below
            yield _reading(province, district, None, lowest, on)
            within = partial(_wards_named, of=of, district=district)
            for ward in _hits(words, lowest, WARD_PREFIXES, within, loose=loose):
                if of is not None or district is not None or ward.is_announced:
                    yield _reading(province, district, ward, ward.start, on)


def _wards_named(key: str, of: tuple[Place, ...] | None, district: Hit | None) -> list[Place]:
    if district is None:
        found = [*wards_named(key, of), *former_wards_named(key, of)]
        return found if of is not None or len(found) == 1 else []  # without a province only what is there once
    return [*former_wards_named(key, [district.place]), *wards_named(key, [province_of(district.place)])]


def _hits(
    words: Sequence[Word],
    end: int,
    prefixes: Mapping[str, str],
    named: Callable[[str], Iterable[Place]],
    *,
    together: bool = False,
    loose: bool,
) -> list[Hit]:
    """What ends at `end`, for each length of name; `together`: all units of a name as one."""
    found: list[Hit] = []
    accented = any(not word.text.isascii() for word in words)
    for start in range(end - 1, max(-1, end - 1 - NAME_WORDS_MAX), -1):
        places = tuple(named(" ".join(word.key for word in words[start:end])))
        if places:
            announced, at = _announced(words, start, prefixes)
            if announced == "Thị trấn":  # there is none today
                places = tuple(each for each in places if each.is_former)
            if places and _may_stand(words, start, announced, loose=loose):
                name = joined(list(words[start:end]))
                for group in (places,) if together else ((each,) for each in places):
                    hit = _hit(group, name, at, announced, end - start, accented=accented)
                    found.append(hit)
        if words[start].begins and not words[start].after_dash:
            break
    return found


def _announced(words: Sequence[Word], start: int, prefixes: Mapping[str, str]) -> tuple[str, int]:
    """The kind that the words before `start` announce ("" for none), and where they begin."""
    for length in (2, 1):
        at = start - length
        if at >= 0 and not any(word.begins for word in words[at + 1 : start + 1]):
            key = " ".join(word.key for word in words[at:start])
            if key in prefixes:
                return prefixes[key], at
    return "", start


def _may_stand(words: Sequence[Word], start: int, announced: str, *, loose: bool) -> bool:
    if announced:
        return True
    if words[start].is_number:
        return False
    if words[start].begins:
        return True
    if not loose:
        return False
    before = [words[start - 1].key, " ".join(word.key for word in words[max(0, start - 2) : start])]
    if words[start - 1].is_number:  # "P5 Gò Vấp" goes on, "12 Trúc Bạch" is a house in a street
        return start > 1 and words[start - 2].key in _UNITS
    return not any(each in _OTHERS or each in _UNITS for each in before)


def _hit(places: tuple[Place, ...], name: str, start: int, announced: str, length: int, *, accented: bool) -> Hit:
    """The hit with its score: what is announced and written as the unit's own name counts more."""
    kinds = {each.kind for each in places}
    if announced:
        places = tuple(each for each in places if each.kind == announced) or places
    score, doubtful = 3.0 + 0.05 * length, False
    if announced in kinds:
        score += 1.0
    elif announced:
        score, doubtful = score - 1.0, True
    exact = tuple(each for each in places if spelling(each.name) == spelling(name))
    if exact:
        score, places = score + (MARGIN if accented else 0.0), exact
    elif not name.isascii() and place_key(name) in {place_key(each.name) for each in places}:
        score, doubtful = score - 1.5, True
    return Hit(places, name, start, score, bool(announced), doubtful)


def _reading(province: Hit | None, district: Hit | None, ward: Hit | None, start: int, on: date | None) -> Reading:
    hits = [each for each in (province, district, ward) if each is not None]
    score, mixed = sum(each.score for each in hits) + (PROVINCE_LEAD if province is not None else 0.0), False
    smallest = ward or district
    if province is not None and smallest is not None:
        home = province_of(smallest.place)
        if all(each.code != home.code or each.is_former != home.is_former for each in province.places):
            score, mixed = score - 1.0, True
    if ward is not None:
        former = ward.place.is_former
        if district is not None and not former:
            score, mixed = score - 1.5, True
        if district is None and former:
            score -= 1.0
        if on is not None and former != (on < CUT_OVER):
            score -= 0.5
    return Reading(province, district, ward, start, score, mixed)
