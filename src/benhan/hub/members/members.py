"""The registry of members: changed by an operator, published under the registry key, revoked at once.

A change counts for others when it is published; a suspension, a revocation counts at once: the hub lets nothing pass
from its next look, and the status tells all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from benhan.fhir.resource import resource_of
from benhan.hub.faults import MEMBER_EXISTS, NO_SUCH_MEMBER
from benhan.hub.members.authority import Issued
from benhan.hub.members.rows import Known, MemberRows, State
from benhan.kernel.actors import Actor
from benhan.network.configuration import (
    ALL,
    LIFE,
    REGISTRY,
    Configuration,
    Member,
    MemberKey,
    Status,
    Use,
    read_configuration,
    sign_configuration,
    sign_status,
)
from benhan.network.faults import BAD_MESSAGE, NO_CONFIGURATION
from benhan.network.keys import PublicKey, read_public_key, signing_key
from benhan.network.messages import Signer
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.vn import systems

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
REFRESH = timedelta(seconds=5)
"""How old the hub's own view of members may be; the status it hands out is younger than a minute at its reader's."""
KEY_LIFE = timedelta(days=365)
OVERLAP = timedelta(days=30)
"""How long a key counts beside the one that replaces it."""


class Members:
    """The members of one hub, whose own code is `code`; `anchor` is the registry's public key."""

    def __init__(self, store: Store, code: str, anchor: PublicKey | None) -> None:
        self.code = code
        self.rows = MemberRows(store.database)
        self._store = store
        self._anchor = anchor
        self._configuration: Configuration | None = None
        self._read_at: datetime | None = None
        self.signer = Signer(code, signing_key(store.keyring.derived("hub-sign-1")), store.random)
        """Signs in the hub's name."""

    async def configuration(self) -> Configuration:
        """The published configuration with today's revocations, REFRESH old at most. Raises Unavailable BA-6009."""
        now = self._store.clock.now()
        fresh = self._read_at is not None and now - self._read_at < REFRESH
        if not fresh or self._configuration is None:
            await self.look_again()
        found = self._configuration
        if found is None or now >= found.until:
            raise NO_CONFIGURATION()
        return found

    async def look_again(self) -> None:
        """Read configuration and revocations anew."""
        now = self._store.clock.now()
        version, signed = await self.rows.newest()
        known = self._configuration
        if signed and self._anchor is not None and (known is None or known.version != version):
            known = read_configuration(signed, self._anchor, now)
        if known is not None:
            members, keys = await self.rows.revoked()
            if known.status is None or (known.status.members, known.status.keys) != (members, keys):
                known = known.with_status(Status(now, members, keys))
        self._configuration, self._read_at = known, now

    async def published(self) -> str:
        """The newest configuration as the registry signed it. Raises Unavailable BA-6009."""
        _, signed = await self.rows.newest()
        if not signed:
            raise NO_CONFIGURATION()
        return signed

    async def status(self) -> str:
        """What is revoked now, signed by the hub."""
        members, keys = await self.rows.revoked()
        return sign_status(Status(self._store.clock.now(), members, keys), self.signer).text

    async def known(self, code: str) -> Known:
        """A member as the registry knows it. Raises NotFound BA-6038."""
        found = next((each for each in await self.rows.every() if each.member.code == code), None)
        if found is None:
            raise NO_SUCH_MEMBER(member=code)
        return found

    async def add(self, member: Member, contacts: dict[str, str], actor: Actor) -> None:
        """Take in a member, with its keys. Raises Conflict BA-6037, Incorrect BA-6000."""
        if not CODE.fullmatch(member.code) or member.code in (REGISTRY, ALL):
            raise BAD_MESSAGE(what="code")
        every = await self.rows.every()
        if any(each.member.code == member.code for each in every):
            raise MEMBER_EXISTS(member=member.code)
        self._hold_new([each.public.kid for each in member.keys], every)
        await self._change(Known(member, State.ACTIVE, contacts), "add", actor, keys=member.keys)

    async def change(self, member: Member, actor: Actor) -> None:
        """Change what is known of a member, not its keys. Raises NotFound BA-6038."""
        known = await self.known(member.code)
        await self._change(replace(known, member=member), "change", actor)

    async def set_state(self, code: str, state: State, actor: Actor) -> None:
        """Suspend, revoke, let in again; it counts at once. Raises NotFound BA-6038."""
        known = await self.known(code)
        await self._change(replace(known, state=state), state.value, actor)
        await self.look_again()

    async def add_key(
        self, code: str, jwk: dict[str, Any], actor: Actor, *, since: datetime | None = None, life: timedelta = KEY_LIFE
    ) -> MemberKey:
        """Register a public key of a member, beside those that are there.

        Raises NotFound BA-6038, Incorrect BA-6000, Conflict BA-6037 where somebody has it already.
        """
        known = await self.known(code)
        public = read_public_key(jwk)
        self._hold_new([public.kid], await self.rows.every())
        begins = since or self._store.clock.now()
        use = Use.SEAL if public.curve == "X25519" else Use.SIGN
        key = MemberKey(public, use, begins, begins + life)
        await self._change(known, "key", actor, keys=[key], kid=public.kid)
        return key

    async def revoke_key(self, code: str, kid: str, actor: Actor) -> None:
        """Revoke a key of a member; it counts at once. Raises NotFound BA-6038."""
        known = await self.known(code)
        if all(each.public.kid != kid for each in known.member.keys):
            raise NO_SUCH_MEMBER(member=f"{code} / {kid[:12]}")
        unit = self._store.begin(actor)
        unit.also(self.rows.end_key(kid, unit.at))
        unit.record(Event.HUB_MEMBER, member=code, act="revoke-key", key=kid)
        await self._store.commit(unit)
        await self.look_again()

    async def keep_certificate(self, code: str, issued: Issued, actor: Actor) -> None:
        """Keep a certificate that was issued to a member; it is told with the next configuration.

        Raises NotFound BA-6038.
        """
        await self.known(code)
        unit = self._store.begin(actor)
        unit.also(
            self.rows.put_certificate(code, issued.serial, issued.fingerprint, issued.pem, issued.since, issued.until)
        )
        unit.record(Event.HUB_MEMBER, member=code, act="certificate", key=issued.serial)
        await self._store.commit(unit)

    async def publish(self, registry: Signer, actor: Actor, life: timedelta = LIFE) -> int:
        """Sign the configuration of all active members with the registry key and make it the newest; its version."""
        assert registry.member == REGISTRY, registry.member
        now = self._store.clock.now()
        version, _ = await self.rows.newest()
        members = [each.member for each in await self.rows.every() if each.state is State.ACTIVE]
        signed = sign_configuration(version + 1, self.code, members, registry, now, life)
        read_configuration(signed.text, registry.key.public, now)  # what nobody could read is not published
        unit = self._store.begin(actor)
        unit.also(self.rows.put_configuration(version + 1, signed.text, now, signed.until))
        unit.record(Event.HUB_CONFIGURATION, version=version + 1)
        await self._store.commit(unit)
        self._anchor = self._anchor or registry.key.public
        self._configuration = None
        await self.look_again()
        return version + 1

    async def _change(
        self, known: Known, act: str, actor: Actor, keys: Sequence[MemberKey] = (), kid: str = ""
    ) -> None:
        unit = self._store.begin(actor)
        unit.update(resource_of(organization_of(known)))
        unit.also(self.rows.put(known, unit.at))
        for key in keys:
            unit.also(self.rows.put_key(known.member.code, key))
        unit.record(Event.HUB_MEMBER, member=known.member.code, act=act, key=kid)
        await self._store.commit(unit)

    @staticmethod
    def _hold_new(kids: Sequence[str], every: Sequence[Known]) -> None:
        """Raises Conflict BA-6037 where a key is somebody's already."""
        for known in every:
            if any(each.public.kid in kids for each in known.member.keys):
                raise MEMBER_EXISTS(member=f"{known.member.code} / JWK")


def organization_of(known: Known) -> dict[str, Any]:
    """The Organization of a member, as the hub's FHIR API shows it. Source: FHIR R4 organization.html; IHE mCSD."""
    member = known.member
    identifiers = [{"system": systems.FACILITY_CODE, "value": member.code}]
    if member.gln:
        identifiers.append({"system": systems.GLN, "value": member.gln})
    return {
        "resourceType": "Organization",
        "id": f"member-{member.code}",
        "identifier": identifiers,
        "active": known.state is State.ACTIVE,
        "name": member.name,
        **({"address": [{"state": member.province}]} if member.province else {}),
    }
