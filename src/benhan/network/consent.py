"""Consents and refusals as their takers signed them, and the judgement whether an exchange has a basis. Pure.

Hub and holder judge by the same function, each from the artefact itself. What is not permitted is refused; a refusal
goes before a permit, whichever is newer; special secrecy needs a permit that names its kind.
Source: Luật 91/2025/QH15 (consent by purpose, withdrawn at any time); Luật 64/2006/QH11 Đ30; decision 0015.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from benhan.kernel.texts import Text
from benhan.network.bases import CONSENT, legal_bases
from benhan.network.configuration import ALL, Configuration
from benhan.network.faults import BAD_CONSENT, NOT_ATTESTER
from benhan.network.kinds import data_kinds
from benhan.network.messages import Message, Signer, read_message, unverified_message
from benhan.network.subjects import Identifier, read_identifiers, told_identifiers

LIFE_MAX = timedelta(days=5 * 366)
REASONS = {
    "no-basis": Text("không nêu được căn cứ mà luật cho phép", "none that the law allows is named"),
    "not-for-purpose": Text("căn cứ không dùng cho mục đích này", "the basis is not for this purpose"),
    "no-note": Text("thiếu lý do hoặc số văn bản", "the reason, or the document's number, is missing"),
    "no-consent": Text("không có đồng ý của người bệnh còn hiệu lực", "no consent of the person is in force"),
    "not-permitted": Text("người bệnh không đồng ý loại dữ liệu này", "the person did not permit this kind of data"),
    "refused": Text("người bệnh đã từ chối", "the person has refused"),
    "secret": Text("dữ liệu bí mật cần đồng ý riêng", "special secrecy needs a consent of its own"),
    "unknown-kind": Text("không có loại dữ liệu này", "there is no such kind of data"),
}


class Way(Enum):
    """How a consent was given."""

    BOOK = "book"
    OIDC = "oidc"
    OTP = "otp"
    PAPER = "paper"


class Grant(Enum):
    """What a person said."""

    PERMIT = "permit"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Consent:
    """A permit or refusal, verified. Empty `recipients` or `holders` mean any, empty `kinds` all but special secrecy.

    `giver` is `self` or the kind of representative; `evidence` the SHA-256 of what proves it (scan, token).
    """

    number: str
    grant: Grant
    subject: tuple[Identifier, ...]
    purposes: frozenset[str]
    kinds: frozenset[str]
    secrets: frozenset[str]
    recipients: frozenset[str]
    holders: frozenset[str]
    since: datetime
    until: datetime
    way: Way
    giver: str
    evidence: str
    attester: str
    at: datetime
    text: str

    def concerns(self, question: Question, at: datetime) -> bool:
        """Whether it speaks of this exchange at all: person, parties, purpose, time."""
        return (
            not set(self.subject).isdisjoint(question.subject)
            and self.since <= at < self.until
            and (not self.recipients or question.asker in self.recipients)
            and (not self.holders or not question.holder or question.holder in self.holders)
            and (not self.purposes or question.purpose in self.purposes)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged: who asks whom ("" for whoever holds it) of which person, what, for what, on which basis.

    `subject` are all identifiers that are known to be the person's. `note` is the reason or the document's number.
    """

    asker: str
    holder: str
    subject: frozenset[Identifier]
    purpose: str
    kinds: tuple[str, ...]
    basis: str
    secrets: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may go: kinds and secrets; `refused` tells the reason of each that may not; by which consents."""

    basis: str
    kinds: tuple[str, ...]
    secrets: tuple[str, ...]
    refused: dict[str, str]
    consents: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        return bool(self.kinds)

    @property
    def reason(self) -> str:
        """The gravest reason of refusal, a key of REASONS; "" where nothing was refused."""
        return next((each for each in REASONS if each in self.refused.values()), "")


def judge(
    question: Question, consents: Iterable[Consent], at: datetime, revoked: frozenset[str] = frozenset()
) -> Verdict:
    """Whether and what of `question` has a basis at a moment; `revoked` are numbers of consents taken back."""
    basis = legal_bases().get(question.basis)
    ground = ""
    if basis is None or not basis.is_enabled:
        ground = "no-basis"
    elif question.purpose not in basis.purposes:
        ground = "not-for-purpose"
    elif basis.needs_note and not question.note.strip():
        ground = "no-note"
    if ground or basis is None:
        return _nothing(question, ground)
    living = [each for each in consents if each.number not in revoked and each.concerns(question, at)]
    refusals = [each for each in living if each.grant is Grant.REFUSE] if basis.is_refusable else []
    permits = [each for each in living if each.grant is Grant.PERMIT]
    by_consent = question.basis == CONSENT
    if by_consent and not permits:
        return _nothing(question, "refused" if refusals else "no-consent")
    kinds, refused = [], {}
    for kind in dict.fromkeys(question.kinds):
        reason = _reason(kind, refusals, permits if by_consent else None)
        if reason:
            refused[kind] = reason
        else:
            kinds.append(kind)
    secrets = []
    for secret in dict.fromkeys(question.secrets):
        named = any(secret in each.secrets for each in permits) or secret in basis.secrets
        if named and not any(not each.kinds or secret in each.secrets for each in refusals):
            secrets.append(secret)
        else:
            refused[f"secret:{secret}"] = "secret"
    used = tuple(each.number for each in permits) if by_consent or secrets else ()
    return Verdict(question.basis, tuple(kinds), tuple(secrets) if kinds else (), refused, used)


def _reason(kind: str, refusals: Sequence[Consent], permits: Sequence[Consent] | None) -> str:
    """Why a kind of data may not go; "" where it may. `permits` None: no permit is needed."""
    if kind not in data_kinds():
        return "unknown-kind"
    if any(not each.kinds or kind in each.kinds for each in refusals):
        return "refused"
    if permits is not None and not any(not each.kinds or kind in each.kinds for each in permits):
        return "not-permitted"
    return ""


def _nothing(question: Question, reason: str) -> Verdict:
    return Verdict(question.basis, (), (), dict.fromkeys(question.kinds, reason), ())


def sign_consent(
    grant: Grant,
    subject: Sequence[Identifier],
    taker: Signer,
    at: datetime,
    until: datetime,
    *,
    way: Way,
    giver: str = "self",
    evidence: str = "",
    purposes: Sequence[str] = (),
    kinds: Sequence[str] = (),
    secrets: Sequence[str] = (),
    recipients: Sequence[str] = (),
    holders: Sequence[str] = (),
) -> Message:
    """A consent as who takes it signs it; it counts from `at` to before `until`."""
    body: dict[str, Any] = {
        "grant": grant.value, "subject": told_identifiers(subject), "way": way.value, "giver": giver,
        "evidence": evidence, "purposes": list(purposes), "kinds": list(kinds), "secrets": list(secrets),
        "recipients": list(recipients), "holders": list(holders),
        "since": int(at.timestamp()), "until": int(until.timestamp()),
    }  # fmt: skip
    return taker.sign("consent", ALL, body, at, until - at)


def read_consent(text: str, configuration: Configuration) -> Consent:
    """The consent in a JWS, verified: by a member that may take consents that way, with the key it had then.

    Raises Incorrect BA-6000, BA-6012; Forbidden BA-6001, BA-6002, BA-6006, BA-6014.
    """
    message = read_message(text, configuration.key_of)
    consent = _consent(message)
    if consent.way.value not in configuration.member(message.sender).attests:
        raise NOT_ATTESTER(member=message.sender, way=consent.way.value)
    return consent


def known_consent(text: str) -> Consent:
    """A consent that was verified when it was taken, and kept sealed since: to be shown, or to go on refusing by."""
    return _consent(unverified_message(text))


def _consent(message: Message) -> Consent:
    if message.type != "consent":
        raise BAD_CONSENT(what="type")
    body = message.body
    try:
        grant, way = Grant(body.get("grant")), Way(body.get("way"))
    except ValueError as cause:
        raise BAD_CONSENT(what="grant, way") from cause
    since, until = _moment(body, "since"), _moment(body, "until")
    if not message.at <= since < until <= message.at + LIFE_MAX:
        raise BAD_CONSENT(what="since, until")
    several = {
        name: frozenset(_texts(body, name)) for name in ("purposes", "kinds", "secrets", "recipients", "holders")
    }
    if grant is Grant.PERMIT and not (several["purposes"] and several["recipients"]):
        raise BAD_CONSENT(what="purposes, recipients")  # a permit for everything and everybody is none
    giver, evidence = body.get("giver"), body.get("evidence")
    if not isinstance(giver, str) or not isinstance(evidence, str) or len(giver) > 50 or len(evidence) > 64:
        raise BAD_CONSENT(what="giver, evidence")
    if way is Way.PAPER and len(evidence) != 64:
        raise BAD_CONSENT(what="evidence")
    return Consent(
        message.number, grant, read_identifiers(body.get("subject")), since=since, until=until, way=way, giver=giver,
        evidence=evidence, attester=message.sender, at=message.at, text=message.text, **several,
    )  # fmt: skip


def _moment(body: dict[str, Any], name: str) -> datetime:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**33:
        raise BAD_CONSENT(what=name)
    return datetime.fromtimestamp(value, UTC)


def _texts(body: dict[str, Any], name: str) -> list[str]:
    found = body.get(name)
    if not isinstance(found, list) or len(found) > 100 or not all(isinstance(each, str) for each in found):
        raise BAD_CONSENT(what=name)
    return found
