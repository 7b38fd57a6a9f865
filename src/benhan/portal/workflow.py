"""The way to publication as data: who does what at which step, what must be filled in, where it leads.

No state recognition exists since TT 13/2025/TT-BYT Điều 4 k3: the hospital's council assesses, its director decides,
the hospital publishes. What the portal adds is that what is published can be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

import msgspec

from benhan.kernel.texts import Text
from benhan.portal.faults import NOT_FILLED, NOT_THIS_STEP
from benhan.vn.deployment.judging import Judged

CHARACTERS_MAX = 500
MEMBERS_MIN = 3
MEMBERS_MAX = 40


class State(Enum):
    """Where a hospital stands."""

    PREPARING = "preparing"
    ASSESSING = "assessing"
    ASSESSED = "assessed"
    DECIDED = "decided"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Act(Enum):
    """What is done."""

    SET_UP = "set_up"
    ASSESS = "assess"
    DECIDE = "decide"
    PUBLISH = "publish"
    GO_BACK = "go_back"
    WITHDRAW = "withdraw"


STATE_WORDS = {
    State.PREPARING: Text("chuẩn bị", "preparing"),
    State.ASSESSING: Text("Hội đồng đang đánh giá", "the council assesses"),
    State.ASSESSED: Text("Hội đồng đã đánh giá", "the council has assessed"),
    State.DECIDED: Text("Giám đốc đã quyết định", "the director has decided"),
    State.PUBLISHED: Text("đã công bố", "published"),
    State.WITHDRAWN: Text("đã rút công bố", "withdrawn"),
}
_BEFORE_PUBLICATION = (State.ASSESSING, State.ASSESSED, State.DECIDED)
WAYS: dict[Act, tuple[tuple[State, ...], State]] = {
    Act.SET_UP: ((State.PREPARING, State.WITHDRAWN), State.ASSESSING),
    Act.ASSESS: ((State.ASSESSING,), State.ASSESSED),
    Act.DECIDE: ((State.ASSESSED,), State.DECIDED),
    Act.PUBLISH: ((State.DECIDED,), State.PUBLISHED),
    Act.GO_BACK: (_BEFORE_PUBLICATION, State.PREPARING),
    Act.WITHDRAW: ((State.PUBLISHED,), State.WITHDRAWN),
}
"""From where an act may be done, and where it leads."""


class Document(msgspec.Struct, frozen=True):
    """A written decision or letter: its number and its day."""

    number: str
    on: date


class Point(msgspec.Struct, frozen=True):
    """A criterion as it was judged when the council met."""

    id: str
    standing: str
    reasons: list[str]


class Told(msgspec.Struct, frozen=True):
    """What was filled in on the way."""

    council: Document | None = None
    members: list[str] = []
    held_on: date | None = None
    conclusion: str = ""
    points: list[Point] = []
    report_number: int = 0
    """Of the node's report that the points were judged by; 0: there was none."""
    decision: Document | None = None
    director: str = ""
    effective_on: date | None = None
    letter: Document | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a hospital stands on its way."""

    facility: str
    version: int
    state: State
    changed_at: datetime | None
    published_at: datetime | None
    told: Told

    def allowed(self) -> tuple[Act, ...]:
        """What may be done now, in the order of the way."""
        return tuple(act for act, (before, _) in WAYS.items() if self.state in before)


def step(state: State, act: Act) -> State:
    """Where `act` leads from `state`. Raises Conflict BA-6217."""
    before, after = WAYS[act]
    if state not in before:
        raise NOT_THIS_STEP(state=STATE_WORDS[state].vi)
    return after


def filled(told: Told, act: Act, form: dict[str, str], today: date) -> Told:
    """What is known after an act with what its form says. Raises Incorrect BA-6219."""
    match act:
        case Act.SET_UP:
            members = [line.strip() for line in form.get("members", "").splitlines() if line.strip()]
            if not MEMBERS_MIN <= len(members) <= MEMBERS_MAX or any(len(each) > CHARACTERS_MAX for each in members):
                raise NOT_FILLED(what=f"thành viên Hội đồng, mỗi dòng một người, ít nhất {MEMBERS_MIN}")
            return Told(council=_document(form, today), members=members)
        case Act.ASSESS:
            held_on, conclusion = _day(form, "held_on", today), _text(form, "conclusion")
            return msgspec.structs.replace(told, held_on=held_on, conclusion=conclusion)
        case Act.DECIDE:
            effective = _day(form, "effective_on", None)
            return msgspec.structs.replace(
                told, decision=_document(form, today), director=_text(form, "director"), effective_on=effective
            )
        case Act.PUBLISH:
            return msgspec.structs.replace(told, letter=_document(form, today))
        case Act.GO_BACK | Act.WITHDRAW:
            _text(form, "reason")
            return told


def frozen(judged: list[Judged]) -> list[Point]:
    """Criteria as they stand now, to be kept."""
    return [Point(each.criterion.id, each.standing.value, [words.vi for words in each.reasons]) for each in judged]


def _document(form: dict[str, str], today: date) -> Document:
    return Document(_text(form, "number"), _day(form, "on", today))


def _text(form: dict[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not 0 < len(value) <= CHARACTERS_MAX:
        raise NOT_FILLED(what=FIELDS[name])
    return value


def _day(form: dict[str, str], name: str, latest: date | None) -> date:
    try:
        found = date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise NOT_FILLED(what=FIELDS[name]) from None
    if latest is not None and found > latest:
        raise NOT_FILLED(what=f"{FIELDS[name]} (sau hôm nay)")
    return found


FIELDS = {
    "number": "số văn bản",
    "on": "ngày văn bản",
    "held_on": "ngày họp",
    "conclusion": "kết luận",
    "director": "họ tên Giám đốc",
    "effective_on": "ngày có hiệu lực",
    "reason": "lý do",
}
