"""A free-text address taken apart as far as it goes. Nothing is invented: what fits twice is left open, and said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from benhan.vn.places.address import NOT_NAMED, Address, Confidence, Named
from benhan.vn.places.changes import at, interim_wards
from benhan.vn.places.keys import place_key
from benhan.vn.places.lines_in_text import Lines, announces_unit, read_lines
from benhan.vn.places.units import CUT_OVER, Place, above, province_of
from benhan.vn.places.units_in_text import MARGIN, Hit, Reading, readings
from benhan.vn.places.words import Word, joined, words_of

TEXT_CHARACTERS_MAX = 1_000

PARTS_PASSED_OVER_MAX = 2
_COUNTRY = frozenset({"viet nam", "vietnam", "vn", "vnm"})
_NOTES = frozenset({"cu", "moi"})
""" "(cũ)", "(mới)" after a name."""
_POSTAL_CODE = re.compile(r"[0-9]{5,6}")


def parse_address(text: str, on: date | None = None) -> Address:
    """The parts of an address, with the codes of its units where only one fits.

    `on` is the day the address was written down, where that is known; without it a name that is both old and new is
    read as today's. Text beyond TEXT_CHARACTERS_MAX is left over.
    """
    words, passed_over = _without_notes(words_of(text[:TEXT_CHARACTERS_MAX]))
    end, best, rivals = _read(words, _end(words), on)
    passed_over += [joined(words[end:])] if end < _end(words) else []
    hits = {"ward": best.ward, "district": best.district, "province": best.province}
    lines = read_lines(words[: best.start], [level for level, hit in hits.items() if hit is not None])
    lines.leftovers += [*passed_over, *([text[TEXT_CHARACTERS_MAX:]] if len(text) > TEXT_CHARACTERS_MAX else [])]
    return _address(text, best, rivals, lines, on, is_to_the_end=end == _end(words))


def _without_notes(words: list[Word]) -> tuple[list[Word], list[str]]:
    """The words without notes in brackets and a postal code at the end, and these."""
    ends = [*(word.begins for word in words[1:]), True]
    kept: list[Word] = []
    notes: list[str] = []
    for place, word in enumerate(words):
        is_note = word.begins and ends[place] and word.key in _NOTES
        if is_note or (place + 1 == len(words) and _POSTAL_CODE.fullmatch(word.text)):
            notes.append(word.text)
        else:
            kept.append(word)
    return kept, notes


def _end(words: Sequence[Word]) -> int:
    """Where the units end: before the country."""
    end = len(words)
    if end > 1 and f"{words[end - 2].key} {words[end - 1].key}" in _COUNTRY:
        return end - 2
    return end - 1 if end and words[end - 1].key in _COUNTRY else end


def _read(words: Sequence[Word], end: int, on: date | None) -> tuple[int, Reading, list[Reading]]:
    """The best reading, its rivals, and where it ends: before last parts that say nothing of units (a telephone)."""
    first = best, rivals = _best(readings(words, end, on))
    at = end
    for _ in range(PARTS_PASSED_OVER_MAX):
        if best.score:
            return at, best, rivals
        at = max((place for place in range(at) if words[place].begins), default=0)
        if not at or announces_unit(words, at):
            break
        best, rivals = _best(readings(words[:at], at, on))
    return (at, best, rivals) if at and best.score else (end, *first)


def _best(found: list[Reading]) -> tuple[Reading, list[Reading]]:
    """The best reading, and those nearly as good that name another unit."""
    best = found[0]
    near = [each for each in found[1:] if best.score - each.score < MARGIN and each.start == best.start]
    return best, [each for each in near if _units(each) != _units(best)]


def _units(reading: Reading) -> tuple[Place | None, Place | None]:
    return tuple(hit.place if hit is not None else None for hit in (reading.ward, reading.district))  # type: ignore[return-value]


def _address(
    text: str, best: Reading, rivals: list[Reading], lines: Lines, on: date | None, *, is_to_the_end: bool
) -> Address:
    ward = _named(best.ward, [each.ward for each in rivals], lines.ward)
    district = _named(best.district, [each.district for each in rivals], lines.district)
    province = _province(best, rivals, lines.province, on)
    if district == NOT_NAMED and ward.place is not None and ward.place.is_former:
        upper = above(ward.place)
        district = Named(upper.full_name, upper) if upper is not None else NOT_NAMED
    wards = [hit.place for each in (best, *rivals) if (hit := each.ward) is not None]
    candidates = tuple(dict.fromkeys(wards)) if best.ward is not None and ward.place is None else ()
    unknown = ward if ward.name else district
    if not candidates and unknown.name and unknown.place is None and province.place is not None:
        candidates = _made_and_ended(unknown.name, province.place)
    return Address(
        text,
        ", ".join(lines.house),
        ", ".join(lines.street),
        ", ".join(lines.hamlet),
        ward,
        district,
        province,
        tuple(lines.leftovers),
        _confidence(best, ward, district, province, is_to_the_end=is_to_the_end),
        candidates,
    )


def _named(hit: Hit | None, others: list[Hit | None], unknown: str) -> Named:
    if hit is None:
        return Named(unknown) if unknown else NOT_NAMED
    is_open = any(other is None or other.place != hit.place for other in others)
    return Named(hit.place.full_name if not is_open else hit.name, None if is_open else hit.place)


def _province(best: Reading, rivals: list[Reading], unknown: str, on: date | None) -> Named:
    """Of the commune or district where one is certain, else as named: of the day, or today's."""
    homes = {province_of(hit.place) for each in (best, *rivals) if (hit := each.ward or each.district) is not None}
    if len(homes) == 1:
        home = homes.pop()
        told = best.province.places if best.province is not None else ()
        home = next((each for each in told if each.code == home.code and each.is_former == home.is_former), home)
        return Named(home.full_name, home)
    if best.province is None:
        return Named(unknown) if unknown else NOT_NAMED
    day = on if on is not None else CUT_OVER
    places = best.province.places
    of_day = [each for each in places if (each.is_former) == (day < CUT_OVER)] or list(places)
    codes = {each.code for each in of_day}
    if len(codes) > 1:
        return Named(best.province.name)
    return Named(of_day[-1].full_name, of_day[-1])


def _made_and_ended(name: str, province: Place) -> tuple[Place, ...]:
    """What a unit that was made and ended between June 2024 and 01/07/2025 went into, or an island's district."""
    now = {each.place.code for each in at(province, CUT_OVER)}
    return tuple(
        change.place
        for (code, interim), changes in interim_wards().items()
        if code in now and place_key(interim) == place_key(name)
        for change in changes
    )


def _confidence(best: Reading, ward: Named, district: Named, province: Named, *, is_to_the_end: bool) -> Confidence:
    if ward.place is None:
        return Confidence.PARTLY if district.place or province.place else Confidence.NOT_UNDERSTOOD
    hits = [each for each in (best.province, best.district, best.ward) if each is not None]
    is_whole = best.province is not None and (best.district is not None or not ward.place.is_former)
    is_plain = is_to_the_end and not best.is_mixed and not any(each.is_doubtful for each in hits)
    return Confidence.SURE if is_whole and is_plain else Confidence.LIKELY
