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

from benhan.vn.identifiers.faults import CORRECTED_SINCE, ENDS_BEFORE_IT_BEGINS, NOT_CORRECTED, NOT_IN_HISTORY


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
    marked_by: int = 0
    """The number, in this history, of the correction that found it wrong; 0: none."""
    made_by: int = 0
    """The number of the correction that put it here; 0: none."""

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
    """The history in which `wrong` never was the person's, and `right` was in each of its periods.

    The period that `right` names itself does not count; a number is no correction of itself.
    Raises Incorrect BA-3272 where `wrong` is not there or is corrected already.
    """
    if right.key == wrong:
        return history
    number = 1 + max((max(each.marked_by, each.made_by) for each in history), default=0)
    found: list[Held] = []
    heirs: list[Held] = []
    for each in history:
        if each.key != wrong or each.state is State.CORRECTED:
            found.append(each)
            continue
        found.append(
            changed(each, state=State.CORRECTED, successor=right.key, before_correction=each.state, marked_by=number)
        )
        if each.state is not State.ACTIVE or _active(history, right.key) is None:
            heirs.append(changed(each, value=right.value, system=right.system, source=right.source, made_by=number))
    if not any(each.marked_by == number for each in found):
        raise NOT_IN_HISTORY()
    return (*found, *heirs)


def uncorrect(history: History, wrong: tuple[str, str]) -> History:
    """The history in which the last correction of `wrong` was itself the mistake: it holds again in its heirs' place.

    It takes over what has become of them since. They are marked as corrected and stay. Raises Incorrect BA-3273 where
    `wrong` was not corrected, BA-3275 where what took its place has been corrected since.
    """
    number = max((each.marked_by for each in history if each.key == wrong and each.before_correction), default=0)
    if number == 0:
        raise NOT_CORRECTED()
    heirs = [each for each in history if each.made_by == number]
    if any(heir.before_correction for heir in heirs):
        raise CORRECTED_SINCE()
    found = []
    for each in history:
        if each.marked_by == number and each.before_correction:
            found.append(_restored(each, heirs))
        elif each.made_by == number:
            found.append(changed(each, state=State.CORRECTED, successor=wrong))
        else:
            found.append(each)
    return tuple(found)


def _restored(mistaken: Held, heirs: list[Held]) -> Held:
    """A number as it was before its correction, ended as its heir of the same beginning has been."""
    assert mistaken.before_correction is not None  # a number that a correction marked knows what it was
    was = changed(mistaken, state=mistaken.before_correction, successor=None, before_correction=None, marked_by=0)
    for heir in heirs:
        if heir.from_at == mistaken.from_at:
            heirs.remove(heir)
            return changed(was, state=heir.state, until_at=heir.until_at, successor=heir.successor)
    return was


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
    """Where the number stands as active."""
    return next((place for place, each in enumerate(history) if each.key == key and each.state is State.ACTIVE), None)
