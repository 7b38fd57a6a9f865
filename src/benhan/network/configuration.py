"""The configuration of the network: members, their keys and rights; and the status, what was revoked since.

The configuration is signed by the registry key, which is not on the hub; a node verifies it by that one anchor, keeps
it and uses it to its end, also while the centre is down. The status is signed by the hub's key, which the configuration
names: it only takes away. Source: X-Road's global configuration (the idea), decision 0015.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from benhan.kernel.faults import Fault
from benhan.network.faults import BAD_CONFIGURATION, BAD_MESSAGE, NO_SEALING_KEY, NOT_A_MEMBER, OTHER_ENVIRONMENT
from benhan.network.keys import SEALING, PublicKey, read_public_key
from benhan.network.messages import CONFIGURATION_CHARACTERS_MAX, Message, Signer, hold_to_now, read_message

Json = dict[str, Any]

REGISTRY = "registry"
"""Who signs the configuration."""
ALL = "*"
"""The recipient of what is meant for every member."""
LIFE = timedelta(days=30)
STATUS_LIFE = timedelta(seconds=60)
MEMBERS_MAX = 20_000


class Kind(Enum):
    """What a member is."""

    HUB = "hub"
    FACILITY = "facility"
    BOOK = "book"
    REPOSITORY = "repository"
    AUTHORITY = "authority"


class Environment(Enum):
    """Whether a member is on trial or live; the two never meet."""

    SANDBOX = "sandbox"
    LIVE = "live"


class Use(Enum):
    """What a key is for."""

    SIGN = "sign"
    SEAL = "seal"


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A key of a member and when it counts: from the first moment to before the second."""

    public: PublicKey
    use: Use
    since: datetime
    until: datetime

    def is_good(self, at: datetime) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Member:
    """A member as all others know it. `code` is MA_CSKCB for a facility; `gln` "" where it has none.

    `attests`: by which ways it may take consents (`book`, `oidc`, `otp`, `paper`). `capabilities`: what it can do
    (`ask`, `hold`, `push`). `certificates`: SHA-256 of its TLS certificates. `address` "" where it only collects.
    """

    code: str
    name: str
    kind: Kind
    environment: Environment
    gln: str = ""
    province: str = ""
    level: str = ""
    address: str = ""
    capabilities: tuple[str, ...] = ()
    attests: tuple[str, ...] = ()
    keys: tuple[MemberKey, ...] = ()
    certificates: tuple[str, ...] = ()

    def key(self, use: Use, at: datetime) -> PublicKey | None:
        """The newest key for a use that counts at a moment."""
        good = [each for each in self.keys if each.use is use and each.is_good(at)]
        return max(good, key=lambda each: each.since).public if good else None


@dataclass(frozen=True, slots=True)
class Status:
    """What was revoked since the configuration, and as of when that is known."""

    at: datetime
    members: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Configuration:
    """All members at a version, less what the status has taken away."""

    version: int
    issued_at: datetime
    until: datetime
    hub: str
    members: Mapping[str, Member]
    status: Status | None = None
    _keys: dict[str, tuple[str, MemberKey]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for member in self.members.values():
            for each in member.keys:
                self._keys[each.public.kid] = (member.code, each)

    def with_status(self, status: Status) -> Configuration:
        """The same with a newer status; an older one changes nothing."""
        if self.status is not None and status.at < self.status.at:
            return self
        return replace(self, status=status, _keys={})

    def key_of(self, kid: str, at: datetime) -> tuple[str, PublicKey] | None:
        """The member and signing key of a thumbprint, where it counted at a moment and is not revoked."""
        found = self._keys.get(kid)
        if found is None or found[1].use is not Use.SIGN or not found[1].is_good(at):
            return None
        if self.status is not None and (kid in self.status.keys or found[0] in self.status.members):
            return None
        return found[0], found[1].public

    def member(self, code: str) -> Member:
        """A member that is not revoked. Raises Forbidden BA-6006."""
        found = self.members.get(code)
        if found is None or (self.status is not None and code in self.status.members):
            raise NOT_A_MEMBER(member=code[:20])
        return found

    def peers(self, one: str, other: str) -> tuple[Member, Member]:
        """Two members that may exchange. Raises Forbidden BA-6006, BA-6007."""
        pair = self.member(one), self.member(other)
        if pair[0].environment is not pair[1].environment:
            raise OTHER_ENVIRONMENT()
        return pair

    def sealing_key(self, code: str, at: datetime) -> PublicKey:
        """What content for a member is sealed to. Raises Forbidden BA-6006, Conflict BA-6015."""
        key = self.member(code).key(Use.SEAL, at)
        if key is None or (self.status is not None and key.kid in self.status.keys):
            raise NO_SEALING_KEY(member=code)
        return key


def sign_configuration(
    version: int, hub: str, members: list[Member], registry: Signer, at: datetime, life: timedelta = LIFE
) -> Message:
    """The configuration of a version, signed by the registry key."""
    body = {"version": version, "hub": hub, "members": [_told(each) for each in members]}
    return registry.sign("configuration", ALL, body, at, life)


def read_configuration(
    text: str, anchor: PublicKey, now: datetime, known: Configuration | None = None
) -> Configuration:
    """The configuration in a JWS. `known` is the one in use: an older version is not taken.

    Raises Forbidden BA-6008 for what is not signed by the anchor, has expired, is older, or contradicts itself.
    """
    try:
        message = read_message(
            text, lambda kid, _at: (REGISTRY, anchor) if kid == anchor.kid else None, CONFIGURATION_CHARACTERS_MAX
        )
        hold_to_now(message, ALL, now)
        if message.type != "configuration":
            raise BAD_MESSAGE(what="type")
        found = _configuration(message)
    except Fault as fault:
        raise BAD_CONFIGURATION(what=f"{fault.code} {fault.text.vi}") from fault
    if known is not None and found.version < known.version:
        raise BAD_CONFIGURATION(what=f"{found.version} < {known.version}")
    if known is not None and known.status is not None:
        return found.with_status(known.status)
    return found


def sign_status(status: Status, hub: Signer) -> Message:
    """What was revoked, signed by the hub's key."""
    body = {"members": sorted(status.members), "keys": sorted(status.keys)}
    return hub.sign("status", ALL, body, status.at, STATUS_LIFE)


def read_status(text: str, configuration: Configuration, now: datetime) -> Status:
    """The status in a JWS. Raises Forbidden BA-6008 where the configuration's hub has not signed it, or it is old."""
    try:
        message = read_message(text, configuration.key_of)
        hold_to_now(message, ALL, now)
        if message.type != "status" or message.sender != configuration.hub:
            raise BAD_MESSAGE(what="type, iss")
        members, keys = _texts(message.body, "members"), _texts(message.body, "keys")
    except Fault as fault:
        raise BAD_CONFIGURATION(what=f"{fault.code} {fault.text.vi}") from fault
    return Status(message.at, frozenset(members), frozenset(keys))


def _told(member: Member) -> Json:
    return {
        "code": member.code, "name": member.name, "kind": member.kind.value,
        "environment": member.environment.value, "gln": member.gln, "province": member.province,
        "level": member.level, "address": member.address, "capabilities": list(member.capabilities),
        "attests": list(member.attests), "certificates": list(member.certificates),
        "keys": [
            {"jwk": each.public.jwk, "use": each.use.value, "since": int(each.since.timestamp()),
             "until": int(each.until.timestamp())}
            for each in member.keys
        ],
    }  # fmt: skip


def _configuration(message: Message) -> Configuration:
    body = message.body
    version, hub, told = body.get("version"), body.get("hub"), body.get("members")
    if isinstance(version, bool) or not isinstance(version, int) or not isinstance(hub, str):
        raise BAD_MESSAGE(what="version, hub")
    if not isinstance(told, list) or len(told) > MEMBERS_MAX:
        raise BAD_MESSAGE(what="members")
    members = [_member(each) for each in told]
    by_code = {each.code: each for each in members}
    kids = [key.public.kid for each in members for key in each.keys]
    if len(by_code) != len(members) or len(set(kids)) != len(kids):
        raise BAD_MESSAGE(what="members: twice")
    if hub not in by_code or by_code[hub].kind is not Kind.HUB:
        raise BAD_MESSAGE(what="hub")
    return Configuration(version, message.at, message.until, hub, by_code)


def _member(told: Any) -> Member:
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise BAD_MESSAGE(what="members")
    texts = {}
    for name in ("code", "name", "gln", "province", "level", "address"):
        if not isinstance(told.get(name), str) or len(told[name]) > 500:
            raise BAD_MESSAGE(what=f"members.{name}")
        texts[name] = told[name]
    try:
        kind, environment = Kind(told.get("kind")), Environment(told.get("environment"))
    except ValueError as cause:
        raise BAD_MESSAGE(what="members.kind, members.environment") from cause
    capabilities, attests, certificates = (
        tuple(_texts(told, name)) for name in ("capabilities", "attests", "certificates")
    )
    keys = tuple(_key(each) for each in told["keys"])
    return Member(
        kind=kind, environment=environment, keys=keys, capabilities=capabilities, attests=attests,
        certificates=certificates, **texts,
    )  # fmt: skip


def _key(told: Any) -> MemberKey:
    if not isinstance(told, dict):
        raise BAD_MESSAGE(what="members.keys")
    public = read_public_key(told.get("jwk"))
    try:
        use = Use(told.get("use"))
        since, until = (datetime.fromtimestamp(int(told[name]), UTC) for name in ("since", "until"))
    except (ValueError, KeyError, TypeError, OverflowError, OSError) as cause:
        raise BAD_MESSAGE(what="members.keys") from cause
    if (public.curve == SEALING) != (use is Use.SEAL):
        raise BAD_MESSAGE(what="members.keys.use")
    return MemberKey(public, use, since, until)


def _texts(told: Json, name: str) -> list[str]:
    found = told.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) and len(each) <= 200 for each in found):
        raise BAD_MESSAGE(what=name)
    return list(found)
