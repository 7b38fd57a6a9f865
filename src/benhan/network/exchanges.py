"""What asks, fetches, answers, receipts and pushes say; read strictly, by hub and members alike. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from benhan.network.consent import Question
from benhan.network.faults import BAD_MESSAGE
from benhan.network.messages import Message
from benhan.network.subjects import Identifier, read_identifiers, told_identifiers

Json = dict[str, Any]

ASK_LIFE = timedelta(days=1)
ASK_LIFE_MAX = timedelta(days=3)
NOTE_CHARACTERS_MAX = 500


class State(Enum):
    """What a holder says of its part."""

    GIVEN = "given"
    NOTHING = "nothing"
    REFUSED = "refused"


class Outcome(Enum):
    """What an asker says of an answer."""

    KEPT = "kept"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Person:
    """The person in whose name a member asks, as the member asserts: account, role, licence (GPHN), "" for none."""

    id: str
    role: str
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: of whom, what, for what, on which basis, in whose name; of these holders, or of all (empty)."""

    subject: tuple[Identifier, ...]
    kinds: tuple[str, ...]
    purpose: str
    basis: str
    person: Person
    note: str = ""
    secrets: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()

    @property
    def body(self) -> Json:
        """It as a message says it."""
        return {
            "subject": told_identifiers(self.subject), "kinds": list(self.kinds), "purpose": self.purpose,
            "basis": self.basis, "note": self.note, "secrets": list(self.secrets), "holders": list(self.holders),
            "person": {"id": self.person.id, "role": self.person.role, "licence": self.person.licence},
        }  # fmt: skip

    def question(self, asker: str, holder: str, known: Sequence[Identifier] = ()) -> Question:
        """What is to be judged of it; `known` are further identifiers of the same person."""
        subject = frozenset((*self.subject, *known))
        return Question(asker, holder, subject, self.purpose, self.kinds, self.basis, self.secrets, self.note)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What the hub hands to a holder: the exchange, the ask as its sender signed it, the consents it rests on."""

    exchange: str
    ask: str
    consents: tuple[str, ...]

    @property
    def body(self) -> Json:
        return {"exchange": self.exchange, "ask": self.ask, "consents": list(self.consents)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a holder says: of which exchange and ask (its digest), what it gives, the digest of the sealed content."""

    exchange: str
    ask: str
    state: State
    kinds: tuple[str, ...] = ()
    count: int = 0
    reason: str = ""
    content: str = ""

    @property
    def body(self) -> Json:
        return {
            "exchange": self.exchange, "ask": self.ask, "state": self.state.value, "kinds": list(self.kinds),
            "count": self.count, "reason": self.reason, "content": self.content,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an asker says of an answer (its digest): kept, or why not."""

    exchange: str
    answer: str
    outcome: Outcome
    reason: str = ""

    @property
    def body(self) -> Json:
        return {
            "exchange": self.exchange, "answer": self.answer, "outcome": self.outcome.value, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Push:
    """What a holder sends unasked, as with a transfer: of whom, why, what, the digest of the sealed content."""

    subject: tuple[Identifier, ...]
    kinds: tuple[str, ...]
    purpose: str
    basis: str
    note: str
    count: int
    content: str

    @property
    def body(self) -> Json:
        return {
            "subject": told_identifiers(self.subject), "kinds": list(self.kinds), "purpose": self.purpose,
            "basis": self.basis, "note": self.note, "count": self.count, "content": self.content,
        }  # fmt: skip

    def question(self, recipient: str, holder: str, known: Sequence[Identifier] = ()) -> Question:
        """What is to be judged of it."""
        subject = frozenset((*self.subject, *known))
        return Question(recipient, holder, subject, self.purpose, self.kinds, self.basis, (), self.note)


def read_ask(message: Message) -> Ask:
    """The ask of a message. Raises Incorrect BA-6000."""
    body = message.body
    person = body.get("person")
    if message.type != "ask" or not isinstance(person, dict) or message.until - message.at > ASK_LIFE_MAX:
        raise BAD_MESSAGE(what="type, person, exp")
    kinds = _texts(body, "kinds")
    if not kinds:
        raise BAD_MESSAGE(what="kinds")
    who = Person(_text(person, "id"), _text(person, "role"), _text(person, "licence", least=0))
    return Ask(
        read_identifiers(body.get("subject")), kinds, _text(body, "purpose"), _text(body, "basis"), who,
        _text(body, "note", least=0, most=NOTE_CHARACTERS_MAX), _texts(body, "secrets"), _texts(body, "holders"),
    )  # fmt: skip


def read_fetch(message: Message) -> Fetch:
    """The fetch of a message. Raises Incorrect BA-6000."""
    if message.type != "fetch":
        raise BAD_MESSAGE(what="type")
    body = message.body
    consents = _texts(body, "consents", most=20_000)
    return Fetch(_text(body, "exchange"), _text(body, "ask", most=100_000), consents)


def read_answer(message: Message) -> Answer:
    """The answer of a message. Raises Incorrect BA-6000."""
    body = message.body
    try:
        state = State(body.get("state"))
    except ValueError as cause:
        raise BAD_MESSAGE(what="state") from cause
    if message.type != "answer":
        raise BAD_MESSAGE(what="type")
    content = _text(body, "content", least=0)
    if (len(content) == 64) != (state is State.GIVEN):
        raise BAD_MESSAGE(what="content")
    return Answer(
        _text(body, "exchange"), _text(body, "ask"), state, _texts(body, "kinds"), _count(body),
        _text(body, "reason", least=0), content,
    )  # fmt: skip


def read_receipt(message: Message) -> Receipt:
    """The receipt of a message. Raises Incorrect BA-6000."""
    body = message.body
    try:
        outcome = Outcome(body.get("outcome"))
    except ValueError as cause:
        raise BAD_MESSAGE(what="outcome") from cause
    if message.type != "receipt":
        raise BAD_MESSAGE(what="type")
    return Receipt(_text(body, "exchange"), _text(body, "answer"), outcome, _text(body, "reason", least=0))


def read_push(message: Message) -> Push:
    """The push of a message. Raises Incorrect BA-6000."""
    if message.type != "push":
        raise BAD_MESSAGE(what="type")
    body = message.body
    content = _text(body, "content")
    if len(content) != 64:
        raise BAD_MESSAGE(what="content")
    return Push(
        read_identifiers(body.get("subject")), _texts(body, "kinds"), _text(body, "purpose"), _text(body, "basis"),
        _text(body, "note", least=0, most=NOTE_CHARACTERS_MAX), _count(body), content,
    )  # fmt: skip


def _text(body: Json, name: str, *, least: int = 1, most: int = 100) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise BAD_MESSAGE(what=name)
    return value


def _texts(body: Json, name: str, *, most: int = 100) -> tuple[str, ...]:
    found = body.get(name)
    if not isinstance(found, list) or len(found) > 50:
        raise BAD_MESSAGE(what=name)
    if not all(isinstance(each, str) and 0 < len(each) <= most for each in found):
        raise BAD_MESSAGE(what=name)
    return tuple(found)


def _count(body: Json) -> int:
    value = body.get("count")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise BAD_MESSAGE(what="count")
    return value
