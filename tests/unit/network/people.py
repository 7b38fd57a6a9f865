"""A small network: a hub, hospitals and a book, with their keys, and the configuration that names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benhan.kernel.ids import SeededRandom
from benhan.network.configuration import (
    REGISTRY,
    Configuration,
    Environment,
    Kind,
    Member,
    MemberKey,
    Use,
    read_configuration,
    sign_configuration,
)
from benhan.network.keys import PrivateKey, sealing_key, signing_key
from benhan.network.messages import Signer
from benhan.network.subjects import Identifier
from benhan.vn import systems

AT = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HUB = "hub"
ASKER, HOLDER, BOOK = "01001", "79001", "so-skdt"
PERSON = Identifier(systems.CCCD, "001184012345")
OTHER_PERSON = Identifier(systems.CCCD, "001190054321")


def seed(name: str) -> bytes:
    """32 bytes of a name, so that the same member has the same key in every test."""
    return SeededRandom(sum(name.encode()) * 1009 + len(name)).bytes(32)


def signer(code: str, generation: int = 1) -> Signer:
    """Who signs for a member."""
    return Signer(code, signing_key(seed(f"{code}-sign-{generation}")), SeededRandom(generation))


def seal(code: str) -> PrivateKey:
    """The key that a member is sealed to."""
    return sealing_key(seed(f"{code}-seal"))


ANCHOR = signer(REGISTRY)


def member(
    code: str,
    kind: Kind = Kind.FACILITY,
    *,
    attests: tuple[str, ...] = ("paper", "otp"),
    environment: Environment = Environment.LIVE,
    generations: tuple[int, ...] = (1,),
    capabilities: tuple[str, ...] = ("ask", "hold"),
) -> Member:
    """A member with its keys, which count for a year around the tests."""
    since, until = AT - timedelta(days=180), AT + timedelta(days=180)
    keys = [
        MemberKey(signer(code, each).key.public, Use.SIGN, since + timedelta(days=each), until) for each in generations
    ]
    keys.append(MemberKey(seal(code).public, Use.SEAL, since, until))
    return Member(code, f"Thành viên {code}", kind, environment, capabilities=capabilities, attests=attests,
                  keys=tuple(keys))  # fmt: skip


@dataclass
class Network:
    """The members of a network."""

    members: list[Member] = field(
        default_factory=lambda: [
            member(HUB, Kind.HUB, attests=()),
            member(ASKER),
            member(HOLDER),
            member(BOOK, Kind.BOOK, attests=("book", "oidc")),
        ]
    )

    def signed(self, version: int = 1, at: datetime = AT) -> str:
        """The configuration as the registry signs it."""
        return sign_configuration(version, HUB, self.members, ANCHOR, at).text

    def configuration(self, version: int = 1) -> Configuration:
        """The configuration as a node has it."""
        return read_configuration(self.signed(version), ANCHOR.key.public, AT)
