"""A signed message: what kind it is, from whom to whom, when, until when, its number, its body. One JWS.

Whoever keeps the text can show it to anybody who knows the sender's key: asks, answers, receipts and consents are
evidence as they were signed. Source: RFC 7515 (compact form), RFC 7519 4.1 (names of the claims).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from benhan.kernel.ids import RandomSource
from benhan.network.faults import (
    BAD_MESSAGE,
    BAD_SIGNATURE,
    CLOCK_WRONG,
    NOT_FOR_US,
    TOO_LATE,
    UNKNOWN_KEY,
)
from benhan.network.keys import PrivateKey, PublicKey

CHARACTERS_MAX = 256 * 1024
LIFE = timedelta(minutes=5)
"""How long what is to be done at once may be on its way."""
SKEW = timedelta(seconds=60)
CONFIGURATION_CHARACTERS_MAX = 32 * 1024 * 1024
"""The same for the one message that names every member of the network."""
ALGORITHMS = ["Ed25519", "ES256"]


class _Registry(jws.JWSRegistry):
    """The library would take 128 kB and no more; how long a text may be is asked before it."""

    max_payload_length = CONFIGURATION_CHARACTERS_MAX


_REGISTRY = _Registry(algorithms=ALGORITHMS)

KeyOf = Callable[[str, datetime], tuple[str, PublicKey] | None]
"""The member and key of a thumbprint, as of a moment; None where it has none then."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is verified, or is to be signed. `text` is the JWS, "" before."""

    type: str
    sender: str
    recipient: str
    number: str
    at: datetime
    until: datetime
    body: dict[str, Any]
    text: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the JWS, in hexadecimal digits."""
        return digest_of(self.text)


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a member with its key; `random` gives each message its number."""

    member: str
    key: PrivateKey
    random: RandomSource

    def sign(
        self, type_: str, recipient: str, body: Mapping[str, Any], at: datetime, life: timedelta = LIFE
    ) -> Message:
        """A message of this member's, signed."""
        number = self.random.bytes(16).hex()
        until = at + life
        claims = {
            "type": type_, "iss": self.member, "aud": recipient, "jti": number,
            "iat": int(at.timestamp()), "exp": int(until.timestamp()), "body": body,
        }  # fmt: skip
        public = self.key.public
        header = {"alg": public.algorithm, "kid": public.kid}
        text = jws.serialize_compact(header, orjson.dumps(claims), self.key.key, registry=_REGISTRY)
        return Message(type_, self.member, recipient, number, at, until, dict(body), text)


def read_message(text: str, key_of: KeyOf, characters_max: int = CHARACTERS_MAX) -> Message:
    """The message of a JWS, its signature verified with the key its sender had when it was signed.

    Time and recipient are not looked at: `hold_to_now` does. Raises Incorrect BA-6000; Forbidden BA-6001, BA-6002.
    """
    told, message = _taken_apart(text, characters_max)
    head = told.headers()
    kid, algorithm = head.get("kid"), head.get("alg")
    known = key_of(kid, message.at) if isinstance(kid, str) else None
    if known is None or known[1].curve not in ("Ed25519", "P-256"):
        raise UNKNOWN_KEY()
    member, key = known
    if algorithm != key.algorithm or member != message.sender:
        raise BAD_SIGNATURE()
    try:
        is_good = jws.validate_compact(told, key.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as cause:
        raise BAD_SIGNATURE() from cause
    if not is_good:
        raise BAD_SIGNATURE()
    return message


def unverified_message(text: str) -> Message:
    """The message of a JWS whose signature was verified before. Raises Incorrect BA-6000."""
    return _taken_apart(text, CHARACTERS_MAX)[1]


def _taken_apart(text: str, characters_max: int) -> tuple[jws.CompactSignature, Message]:
    """A JWS, and its message, unverified."""
    if len(text) > characters_max:
        raise BAD_MESSAGE(what="size")
    try:
        told = jws.extract_compact(text.encode("ascii"), registry=_REGISTRY)
        claims = orjson.loads(told.payload)
    except (JoseError, ValueError, TypeError) as cause:
        raise BAD_MESSAGE(what="JWS") from cause
    return told, _message(claims, text)


def hold_to_now(message: Message, recipient: str, now: datetime) -> None:
    """Raises Incorrect BA-6003 for a clock that is off, BA-6004 for what has expired, BA-6005 for another's message."""
    off = message.at - now
    if off > SKEW:
        raise CLOCK_WRONG(direction="sớm hơn (fast)", seconds=round(off.total_seconds()))
    if now >= message.until + SKEW:
        if message.until - message.at <= LIFE and now - message.at < timedelta(days=1):
            raise CLOCK_WRONG(direction="chậm hơn (slow)", seconds=round(-off.total_seconds()))
        raise TOO_LATE()
    if message.recipient != recipient:
        raise NOT_FOR_US(audience=message.recipient[:20])


def _message(claims: Any, text: str) -> Message:
    if not isinstance(claims, dict):
        raise BAD_MESSAGE(what="claims")
    for name in ("type", "iss", "aud", "jti"):
        if not isinstance(claims.get(name), str) or not 0 < len(claims[name]) <= 100:
            raise BAD_MESSAGE(what=name)
    if not isinstance(claims.get("body"), dict):
        raise BAD_MESSAGE(what="body")
    at, until = _instant(claims, "iat"), _instant(claims, "exp")
    if until <= at:
        raise BAD_MESSAGE(what="exp")
    return Message(claims["type"], claims["iss"], claims["aud"], claims["jti"], at, until, claims["body"], text)


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**33:
        raise BAD_MESSAGE(what=name)
    return datetime.fromtimestamp(value, UTC)
