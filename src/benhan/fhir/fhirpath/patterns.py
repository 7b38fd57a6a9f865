"""Regular expressions in linear time.

Python's `re` tries one way after another, so that a pattern out of a profile (`(a+)+$`) could hold a server for years.
Here all ways are followed at once (Thompson's construction): every character of the text is looked at once, each time
by at most as many places of the pattern as it has, and the steps of one run are bounded besides. What cannot be done
so is refused: references back, looking ahead and behind, possessive quantifiers, flags inside the pattern.
`is_in` and `is_whole` remember which places follow which (a lazy automaton), so that a text costs little once the
pattern has been used.

Source: FHIRPath 2.0.0, "matches", "replaceMatches" (PCRE, single line mode: `.` takes line ends too). `\\d`, `\\w`,
`\\s` and `\\b` mean ASCII, `\\p{…}` the Unicode category.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from benhan.fhir.fhirpath.faults import BAD_PATTERN
from benhan.fhir.fhirpath.pattern_program import (
    CHARACTER,
    JUMP,
    MATCH,
    SAVE,
    SPLIT,
    WORD,
    Instruction,
    program_of,
)

PLACES_MAX = 3_000_000
"""How many places one run may look at: about a second."""
_REMEMBERED_MAX = 50_000
"""How many places and ways between states one pattern keeps before it begins anew."""
_START, _IN_WORD, _OTHER = 0, 1, 2
_END = ""
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """The pattern, ready to run. Raises Incorrect BA-2014 where it is wrong or cannot be run in linear time."""
    return Pattern(*program_of(text))


class _State:
    """The places that wait for a character, before the one behind it is known; `next` by character."""

    __slots__ = ("before", "next", "places")

    def __init__(self, places: tuple[int, ...], before: int) -> None:
        self.places = places
        self.before = before
        self.next: dict[str, Any] = {}


class Pattern:
    """A compiled pattern."""

    def __init__(self, program: list[Instruction], groups: int) -> None:
        self.program = program
        self.groups = groups
        self._states: dict[tuple[bool, tuple[int, ...], int], _State] = {}
        self._remembered = 0

    def is_in(self, text: str) -> bool:
        """Whether a part of `text` is as the pattern says."""
        return self._run(text, is_search=True)

    def is_whole(self, text: str) -> bool:
        """Whether the whole of `text` is as the pattern says."""
        return self._run(text, is_search=False)

    def _run(self, text: str, *, is_search: bool) -> bool:
        state = self._state((0,), _START, is_search=is_search)
        budget = PLACES_MAX
        for character in (*text, _END):
            following = state.next.get(character)
            if following is None:
                budget -= len(self.program)
                following = state.next[character] = self._follow(state, character, is_search=is_search)
                self._remembered += 1
                if budget < 0:
                    raise BAD_PATTERN(reason=f"it takes more than {PLACES_MAX} steps")
            if type(following) is bool:
                return following
            state = following
        return False

    def _state(self, places: tuple[int, ...], before: int, *, is_search: bool) -> _State:
        its_key = (is_search, places, before)
        found = self._states.get(its_key)
        if found is None:
            self._remembered += len(places)
            if self._remembered > _REMEMBERED_MAX:
                self._states.clear()
                self._remembered = 0
            found = self._states[its_key] = _State(places, before)
        return found

    def _follow(self, state: _State, character: str, *, is_search: bool) -> _State | bool:
        """Where `character` leads: a state, or the answer once it is certain."""
        ready = self._closure(state.places, state.before, character)
        if ready is None and (is_search or character == _END):
            return True
        if character == _END:
            return False
        waiting = ready if ready is not None else self._closure(state.places, state.before, character, matched=False)
        places = [place + 1 for place in waiting or () if self.program[place][1](character)]
        if is_search:
            places.append(0)
        if not places:
            return False
        return self._state(tuple(places), _IN_WORD if character in WORD else _OTHER, is_search=is_search)

    def _closure(
        self, places: tuple[int, ...], before: int, following: str, *, matched: bool = True
    ) -> list[int] | None:
        """The places that take a character, reached without one; None where the pattern is fulfilled (if `matched`)."""
        seen, waiting, ready = set[int](), list(reversed(places)), list[int]()
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            kind, one, other = self.program[place]
            if kind == CHARACTER:
                ready.append(place)
            elif kind == SPLIT:
                waiting += (other, one)
            elif kind == JUMP:
                waiting.append(one)
            elif kind == MATCH:
                if matched:
                    return None
            elif kind == SAVE or _holds(one, before, following):
                waiting.append(place + 1)
        return ready

    def replaced(self, text: str, by: str) -> str:
        """`text` with every part that is as the pattern says replaced; `$1` or `${1}` in `by` is the first group."""
        budget = [PLACES_MAX]
        parts, position = list[str](), 0
        while position <= len(text):
            spans = self._find(text, position, budget)
            if spans is None:
                break
            start, end = spans[0], spans[1]
            parts += (text[position:start], _filled(by, text, spans))
            if end == start:
                parts.append(text[start : start + 1])
                end += 1
            position = end
        parts.append(text[position:])
        return "".join(parts)

    def _find(self, text: str, start: int, budget: list[int]) -> list[int] | None:
        """Where the first match from `start` on and its groups begin and end, as PCRE would choose; None for none."""
        threads, found = list[tuple[int, list[int]]](), None
        for position in range(start, len(text) + 1):
            if found is None:
                threads.append((0, [-1] * (2 * self.groups + 2)))
            before = _START if position == 0 else _IN_WORD if text[position - 1] in WORD else _OTHER
            character = text[position] if position < len(text) else _END
            seen, following = set[int](), list[tuple[int, list[int]]]()
            for place, saved in threads:
                ended = self._advance(place, saved, position, before, character, seen, following)
                if ended is not None:
                    found = ended
                    break
            budget[0] -= len(seen) + 1
            if budget[0] < 0:
                raise BAD_PATTERN(reason=f"it takes more than {PLACES_MAX} steps")
            threads = following
            if not threads and found is not None:
                break
        return found

    def _advance(
        self,
        place: int,
        saved: list[int],
        position: int,
        before: int,
        character: str,
        seen: set[int],
        following: list[tuple[int, list[int]]],
    ) -> list[int] | None:
        """Follow one thread to every place that takes `character`, the preferred first; its spans where it ends."""
        waiting = [(place, saved)]
        while waiting:
            place, saved = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            kind, one, other = self.program[place]
            if kind == CHARACTER:
                if character != _END and one(character):
                    following.append((place + 1, saved))
            elif kind == SPLIT:
                waiting += ((other, saved), (one, saved))
            elif kind == JUMP:
                waiting.append((one, saved))
            elif kind == SAVE:
                waiting.append((place + 1, [*saved[:one], position, *saved[one + 1 :]]))
            elif kind == MATCH:
                return saved
            elif _holds(one, before, character):
                waiting.append((place + 1, saved))
        return None


def _holds(assertion: str, before: int, following: str) -> bool:
    if assertion == "^":
        return before == _START
    if assertion == "$":
        return following == _END
    is_boundary = (before == _IN_WORD) != (following != _END and following in WORD)
    return is_boundary if assertion == "b" else not is_boundary


def _filled(by: str, text: str, spans: list[int]) -> str:
    if "$" not in by and "\\" not in by:
        return by
    made, index = list[str](), 0
    while index < len(by):
        sign = by[index]
        if sign == "\\" and index + 1 < len(by):
            made.append(_ESCAPED.get(by[index + 1], by[index + 1]))
            index += 2
            continue
        number = by[index + 1 :].removeprefix("{")[:1] if sign == "$" else ""
        if number.isascii() and number.isdigit():
            group = int(number)
            if 2 * group + 1 < len(spans) and spans[2 * group] >= 0:
                made.append(text[spans[2 * group] : spans[2 * group + 1]])
            index += 4 if by[index + 1] == "{" else 2
        else:
            made.append(sign)
            index += 1
    return "".join(made)
