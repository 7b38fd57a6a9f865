"""Units found by how their names are written: by key, inside the unit above where that is known."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from benhan.vn.places.changes import former_provinces
from benhan.vn.places.keys import place_key, place_keys
from benhan.vn.places.units import (
    Level,
    Place,
    above,
    districts_ever,
    former_wards,
    provinces_ever,
    rows,
    wards_now,
)

Index = dict[tuple[str, str], tuple[Place, ...]]
"""Units by (code of a unit above, key of the name); "" for all of the country."""


def provinces_named(key: str) -> tuple[Place, ...]:
    """Every province that ever had the name, one for each code and side of 01/07/2025."""
    return _provinces().get(("", key), ())


def districts_named(key: str, of: Iterable[Place] | None) -> list[Place]:
    """Every district with the name in one of the provinces `of`; None: in the country.

    A province of today has the districts that its land had.
    """
    if of is None:
        return list(_districts().get(("", key), ()))
    return [each for code in _former_codes(of) for each in _districts().get((code, key), ())]


def former_wards_named(key: str, within: Iterable[Place] | None) -> list[Place]:
    """Every former commune with the name in one of `within` (districts or provinces); None: in the country."""
    if within is None:
        return list(_former_wards().get(("", key), ()))
    codes = [each.code for each in within if each.level is Level.DISTRICT]
    codes += _former_codes(each for each in within if each.level is Level.PROVINCE)
    return list(dict.fromkeys(each for code in codes for each in _former_wards().get((code, key), ())))


def wards_named(key: str, of: Iterable[Place] | None) -> list[Place]:
    """Every commune of today with the name in one of the provinces `of`, a former one meaning the land of today's."""
    if of is None:
        return list(_wards().get(("", key), ()))
    codes = dict.fromkeys(_code_now(each) for each in of)
    return [each for code in codes for each in _wards().get((code, key), ())]


def _former_codes(provinces: Iterable[Place]) -> list[str]:
    codes: list[str] = []
    for each in provinces:
        codes += [each.code] if each.is_former else [former.code for former in former_provinces(each)]
    return list(dict.fromkeys(codes))


def _code_now(place: Place) -> str:
    return _now_codes().get(place.code, place.code) if place.is_former else place.code


@cache
def _now_codes() -> dict[str, str]:
    return {code: into for code, *_rest, into in rows("provinces") if into}


@cache
def _provinces() -> Index:
    found = _index((("", each.name), each) for names in provinces_ever().values() for each in names)
    return _with_aliases(found, "province", provinces_ever())


@cache
def _districts() -> Index:
    every = [each for names in districts_ever().values() for each in names]
    found = _index(((code, each.name), each) for each in every for code in ("", each.parent))
    return _with_aliases(found, "district", districts_ever())


@cache
def _former_wards() -> Index:
    return _index(
        ((code, each.name), each)
        for each in former_wards()
        for code in ("", each.parent, districts_ever()[each.parent][0].parent)
    )


@cache
def _wards() -> Index:
    return _index(((code, each.name), each) for each in wards_now() for code in ("", each.parent))


def _index(places: Iterable[tuple[tuple[str, str], Place]]) -> Index:
    found: dict[tuple[str, str], list[Place]] = {}
    for (code, name), place in places:
        for key in place_keys(name):
            found.setdefault((code, key), []).append(place)
    return {key: tuple(each) for key, each in found.items()}


def _with_aliases(index: Index, level: str, ever: dict[str, tuple[Place, ...]]) -> Index:
    for alias, of_level, code in rows("aliases"):
        if of_level == level:
            for place in ever[code]:
                upper = above(place)
                for parent in ("", *([upper.code] if upper is not None else [])):
                    key = parent, place_key(alias)
                    index[key] = (*index.get(key, ()), place)
    return index
