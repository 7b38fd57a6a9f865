"""This hospital in the network: its keys, derived from the store's root secret, and the configuration it trusts.

A generation of keys is a number (`hub_key_generation`); a new one is registered at the hub while the former still
counts. What was sealed to any of them opens. The configuration is fetched, verified by the anchor, kept
in a file, and used to its end when the hub is away.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.network.configuration import Configuration, read_configuration, read_status
from benhan.network.faults import NO_CONFIGURATION
from benhan.network.keys import Jwk, PrivateKey, PublicKey, sealing_key, signing_key
from benhan.network.messages import Signer
from benhan.store.store import Store
from benhan.transports.hub_client import HubClient

log = Log("exchange")

REFRESH = timedelta(seconds=30)
"""How old what is known of revocations may be while the hub answers."""


def _pair(store: Store, generation: int) -> tuple[PrivateKey, PrivateKey]:
    """The keys of a generation: to sign with, to be sealed to."""
    derived = store.keyring.derived
    return signing_key(derived(f"exchange-sign-{generation}")), sealing_key(derived(f"exchange-seal-{generation}"))


def public_keys(store: Store, generation: int) -> list[Jwk]:
    """The public keys of a generation, to be registered at the hub."""
    return [each.public.jwk for each in _pair(store, generation)]


class Party:
    """A member, seen from inside: `code` is its facility code."""

    def __init__(
        self, store: Store, client: HubClient, anchor: PublicKey, code: str, generation: int, file: Path
    ) -> None:
        self.code = code
        self.client = client
        self._store = store
        self._anchor = anchor
        self._file = file
        pairs = [_pair(store, each) for each in range(1, generation + 1)]
        self._signing = [each[0] for each in pairs]
        sealing = [each[1] for each in pairs]
        self.sealing = {each.public.kid: each for each in sealing}
        """What opens content for us, by thumbprint."""
        self._configuration: Configuration | None = None
        self._looked_at: datetime | None = None

    async def configuration(self) -> Configuration:
        """The configuration with the newest status there is. Raises Unavailable BA-6009."""
        now = self._store.clock.now()
        if self._configuration is None:
            self._configuration = await asyncio.to_thread(self._kept, now)
        if self._looked_at is None or now - self._looked_at >= REFRESH:
            await self._look_again(now)
        found = self._configuration
        if found is None or now >= found.until:
            raise NO_CONFIGURATION()
        return found

    async def renewed(self) -> Configuration:
        """The configuration as it is now, asked for again: somebody may have joined, or taken a new key."""
        self._looked_at = None
        return await self.configuration()

    async def signer(self) -> Signer:
        """Who signs for us: the newest of our keys that the others know by now. Raises Unavailable BA-6009."""
        configuration, now = await self.configuration(), self._store.clock.now()
        return Signer(self.code, self._registered(configuration, now), self._store.random)

    def _registered(self, configuration: Configuration, now: datetime) -> PrivateKey:
        for each in reversed(self._signing):
            if configuration.key_of(each.public.kid, now) is not None:
                return each
        return self._signing[-1]  # the hub will say that it does not know it

    async def _look_again(self, now: datetime) -> None:
        """Fetch configuration and status; what cannot be had or is not good leaves what is known as it is."""
        try:
            text = await self.client.configuration()
            found = read_configuration(text, self._anchor, now, self._configuration)
            if self._configuration is None or found.version != self._configuration.version:
                await asyncio.to_thread(self._keep, text)
            self._configuration = found
            self._configuration = found.with_status(read_status(await self.client.status(), found, now))
            self._looked_at = now
        except Fault as fault:
            log.warning("configuration.not_renewed", fault=fault.code)
            if self._configuration is not None:
                self._looked_at = now  # the hub is away: what is known counts on, and is not asked for at each act

    def _kept(self, now: datetime) -> Configuration | None:
        if not self._file.is_file():
            return None
        try:
            return read_configuration(self._file.read_text("ascii"), self._anchor, now)
        except (Fault, ValueError):
            return None

    def _keep(self, text: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text, "ascii")
        fresh.replace(self._file)
