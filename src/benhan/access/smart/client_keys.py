"""The public keys that a client signs with: as registered, or from its `jwks_uri`, kept for a while.

A key that its owner takes out of the set signs nothing any more when the set is fetched again: when it is over, or at
once where an assertion names a key that is not in it. That happens at most once in AGAIN_S for each client, so that
nobody can make us ask without end. A set that is over and cannot be fetched lets nobody in.
Source: SMART App Launch 2.2, client-confidential-asymmetric.html#signature-verification.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from benhan.access.smart.clients import Client, is_own_key, is_public_key
from benhan.access.smart.faults import WRONG_ASSERTION
from benhan.kernel.clock import Clock
from benhan.transports.key_fetch import KeyFetch

KEPT_S, KEPT_S_MOST, AGAIN_S = 300, 3_600, 60
KEYS_MAX = 100
Json = dict[str, Any]


@dataclass(slots=True)
class _Kept:
    keys: list[Json] = field(default_factory=list)
    fetched_s: float = float("-inf")
    until_s: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ClientKeys:
    """Finds the keys of clients."""

    def __init__(self, fetcher: KeyFetch, clock: Clock) -> None:
        self.fetcher = fetcher
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def of(self, client: Client, kid: str) -> Json:
        """The set of keys in which the key `kid` should be. Raises Unavailable BA-3120, BA-2319 for no set."""
        if not client.jwks_uri:
            found: Json = json.loads(client.jwks)
            return found
        kept = self._kept.setdefault((client.id, client.jwks_uri), _Kept())
        async with kept.lock:
            now = self._clock.monotonic_s()
            is_missing = all(each.get("kid") != kid for each in kept.keys)
            if now >= kept.until_s or (is_missing and now >= kept.fetched_s + AGAIN_S):
                text, age_s = await self.fetcher.brought(client.jwks_uri)
                kept.keys, kept.fetched_s = usable_keys(text), now
                kept.until_s = now + min(max(KEPT_S if age_s is None else age_s, AGAIN_S), KEPT_S_MOST)
            return {"keys": kept.keys}


def usable_keys(text: str) -> list[Json]:
    """The keys of a set that may sign for a client; others are passed over. Raises BA-2319 where there is no set."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise WRONG_ASSERTION(reason="jwks_uri") from cause
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list):
        raise WRONG_ASSERTION(reason="jwks_uri")
    return [each for each in keys[:KEYS_MAX] if is_own_key(each) and is_public_key(each)]
