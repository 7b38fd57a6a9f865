"""The numbers that one person has held: none is ever lost, and each says when it held and why it ended.

A history is a tuple of entries, oldest knowledge first; every change gives a new one. Replaced and cancelled numbers
were right in their time; a corrected one never was the person's, at no instant, and is kept so that what was filed
under it is still found. Source: Luật Căn cước 26/2023/QH15 (numbers are cancelled and issued anew); TT 13/2025/TT-BYT
Đ1 k3 (temporary identities are superseded).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from enum import Enum

from benhan.vn.identifiers.faults import ENDS_BEFORE_IT_BEGINS, NOT_CORRECTED, NOT_IN_HISTORY


class State(Enum):
    """What became of a number."""

    ACTIVE = "active"
    REPLACED = "replaced"
    """Another number holds in its place: a card issued anew, a temporary identity that ended."""
    CANCELLED = "cancelled"
    """The authority took it back and gave no other."""
    CORRECTED = "corrected"
    """It was written by mistake and never was the person's."""


@dataclass(frozen=True, slots=True)
class Held:
    """A number with the period in which it holds (from, inclusive; until, exclusive; None: open), and who told it.

    `source` names a system or desk, never a person. `successor` is the system and value of what holds in its place.
    """

    system: str
    value: str
    source: str
    from_at: datetime | None = None
    until_at: datetime | None = None
    state: State = State.ACTIVE
    successor: tuple[str, str] | None = None
    before_correction: State | None = None
    """The state that a correction ended, so that it can be taken back."""
    corrects: tuple[str, str] | None = None
    """The number in whose place a correction put this one."""

    @property
    def key(self) -> tuple[str, str]:
        return self.system, self.value

    def holds_at(self, instant: datetime) -> bool:
        """Whether the number was the person's at an instant."""
        return (
            self.state is not State.CORRECTED
            and (self.from_at is None or self.from_at <= instant)
            and (self.until_at is None or instant < self.until_at)
        )


History = tuple[Held, ...]


def current(history: History, system: str, instant: datetime) -> Held | None:
    """The number of a system that held at an instant, the one told last where several did; None where none did."""
    return next((each for each in reversed(history) if each.system == system and each.holds_at(instant)), None)


def known(history: History) -> frozenset[tuple[str, str]]:
    """Every number that ever stood in the history, corrected ones too: what the person may be filed under."""
    return frozenset(each.key for each in history)


def add(history: History, held: Held) -> History:
    """The history with one more number, or as it was where that number is already active."""
    return history if _active(history, held.key) is not None else (*history, held)


def replace(history: History, old: tuple[str, str], new: Held, at: datetime) -> History:
    """The history in which `new` holds from `at` on in the place of `old`, which may be of another system.

    Raises Incorrect BA-3272 where `old` is not active, BA-3274 where `at` lies before its beginning.
    """
    ended = _ended(history, old, at, State.REPLACED, new.key)
    return add(ended, changed(new, from_at=at, state=State.ACTIVE))


def cancel(history: History, key: tuple[str, str], at: datetime) -> History:
    """The history in which a number ends at `at`. Raises Incorrect BA-3272, BA-3274."""
    return _ended(history, key, at, State.CANCELLED, None)


def correct(history: History, wrong: tuple[str, str], right: Held) -> History:
    """The history in which `wrong` never was the person's and `right` was in its period, whatever period it names.

    Raises Incorrect BA-3272 where `wrong` is not there or already corrected.
    """
    place = _place(history, wrong, State.CORRECTED, is_in_state=False)
    if place is None:
        raise NOT_IN_HISTORY()
    mistaken = history[place]
    marked = changed(mistaken, state=State.CORRECTED, successor=right.key, before_correction=mistaken.state)
    heir = changed(
        right,
        from_at=mistaken.from_at,
        until_at=mistaken.until_at,
        state=mistaken.state,
        successor=mistaken.successor,
        corrects=mistaken.key,
    )
    with_mark = (*history[:place], marked, *history[place + 1 :])
    return add(with_mark, heir) if heir.state is State.ACTIVE else (*with_mark, heir)


def uncorrect(history: History, wrong: tuple[str, str]) -> History:
    """The history in which a correction was itself the mistake: `wrong` holds again as before it.

    What the correction put in its place is marked as corrected and stays, unless the person held it anyway.
    Raises Incorrect BA-3273 where `wrong` was not corrected.
    """
    place = _place(history, wrong, State.CORRECTED, is_in_state=True)
    if place is None:
        raise NOT_CORRECTED()
    mistaken = history[place]
    assert mistaken.before_correction is not None  # a corrected number knows what it was
    heir = next((each for each in history[place:] if _took_the_place(each, mistaken)), None)
    restored = changed(
        mistaken,
        state=mistaken.before_correction,
        successor=heir.successor if heir else None,
        before_correction=None,
    )
    put_aside = heir and changed(heir, state=State.CORRECTED, successor=wrong, before_correction=heir.state)
    swapped = {id(mistaken): restored, id(heir): put_aside}
    return tuple(swapped.get(id(each)) or each for each in history)


def _took_the_place(each: Held, mistaken: Held) -> bool:
    return each.corrects == mistaken.key and each.key == mistaken.successor and each.state is not State.CORRECTED


def _ended(
    history: History, key: tuple[str, str], at: datetime, state: State, successor: tuple[str, str] | None
) -> History:
    place = _active(history, key)
    if place is None:
        raise NOT_IN_HISTORY()
    old = history[place]
    if old.from_at is not None and at < old.from_at:
        raise ENDS_BEFORE_IT_BEGINS()
    return (*history[:place], changed(old, until_at=at, state=state, successor=successor), *history[place + 1 :])


def _active(history: History, key: tuple[str, str]) -> int | None:
    return _place(history, key, State.ACTIVE, is_in_state=True)


def _place(history: History, key: tuple[str, str], state: State, *, is_in_state: bool) -> int | None:
    """Where the number stands last in (or not in) a state."""
    for place in range(len(history) - 1, -1, -1):
        each = history[place]
        if each.key == key and (each.state is state) is is_in_state:
            return place
    return None
