"""What stands before the units in an address: number and lanes, street, hamlet, and units that no list knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from benhan.vn.places.words import (
    ACCENTED,
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
)


@dataclass(slots=True)
class Lines:
    """The parts found; `ward`, `district` and `province` are names that are announced as such."""

    house: list[str] = field(default_factory=list)
    street: list[str] = field(default_factory=list)
    hamlet: list[str] = field(default_factory=list)
    ward: str = ""
    district: str = ""
    province: str = ""
    leftovers: list[str] = field(default_factory=list)


_UNITS = (("ward", WARD_PREFIXES), ("district", DISTRICT_PREFIXES), ("province", PROVINCE_PREFIXES))


def read_lines(words: Sequence[Word], known: Collection[str]) -> Lines:
    """The parts of `words`, each word in one of them; units of `known` levels ("ward" …) are left over."""
    lines = Lines()
    for part in _parts(words):
        kind, length = _kind(part, 0)
        if kind in ("ward", "district", "province") and kind not in known and not getattr(lines, kind):
            setattr(lines, kind, joined(part[length:]) or joined(part))
        elif kind == "hamlet":
            lines.hamlet.append(joined(part))
        elif kind == "building":
            lines.house.append(joined(part))
        elif kind in ("house", "street"):
            _read_street(part, lines)
        else:
            lines.leftovers.append(joined(part))
    return lines


def announces_unit(words: Sequence[Word], at: int) -> bool:
    """Whether the word at `at` says that a commune, district or province follows."""
    return _kind(words, at)[0] in ("ward", "district", "province")


def _parts(words: Sequence[Word]) -> list[list[Word]]:
    """Parts begin at commas and at words that announce a hamlet or a unit."""
    found: list[list[Word]] = []
    skip = 0
    for place, word in enumerate(words):
        kind, length = _kind(words, place)
        starts = word.begins or (skip == 0 and kind in ("hamlet", "ward", "district", "province", "building"))
        if starts or not found:
            found.append([])
        skip = length if starts and length else max(0, skip - 1)  # the word after "làng" is its name: "làng Plei Weh"
        found[-1].append(word)
    return found


def _kind(words: Sequence[Word], at: int) -> tuple[str, int]:
    """What the words at `at` announce, and with how many words."""
    for length in (3, 2, 1):
        some = words[at : at + length]
        if len(some) < length or any(word.begins for word in some[1:]):
            continue
        key = " ".join(word.key for word in some)
        following = words[at + length] if at + length < len(words) else None
        kind = _kind_of(key)
        if kind and _is_meant(key, some, following):
            return kind, length
    return ("house", 0) if words[at].is_number else ("", 0)


def _kind_of(key: str) -> str:
    if key in HAMLET_WORDS:
        return "hamlet"
    if key in BUILDING_WORDS:
        return "building"
    if key in STREET_WORDS:
        return "street"
    if key in LANE_WORDS or key in NUMBER_WORDS:
        return "house"
    return next((name for name, prefixes in _UNITS if key in prefixes), "")


def _is_meant(key: str, words: Sequence[Word], following: Word | None) -> bool:
    """Whether the word announces and is not a name that looks like it: "Tô" is not "tổ", "Ban" not "bản"."""
    if following is None or following.begins:
        return False
    written = joined(list(words)).casefold().rstrip(".")
    if len(key) == 1 and key != "d":
        return following.is_number or following.text[:1].isupper()
    if key in ACCENTED:
        return following.is_number or written in (ACCENTED[key], key)
    return True


def _read_street(part: list[Word], lines: Lines) -> None:
    """ "số 12 ngõ 5 đường Lê Lợi": the house with its lanes, then the street."""
    at = 0
    while at < len(part):
        kind, length = _kind(part, at)
        if kind != "house":
            break
        at += length + 1 if length else 1
        at = min(at, len(part))
    if at:
        lines.house.append(joined(part[:at]))
    if at < len(part):
        lines.street.append(joined(part[at:]))
