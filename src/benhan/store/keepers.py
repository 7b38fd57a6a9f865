"""The background work that every process with a store runs, whatever its role."""

from __future__ import annotations

import asyncio
from typing import Protocol

from benhan.store.ledger.chain import ChainWriter
from benhan.store.ledger.roots import RootSigner
from benhan.store.publish_catalogues import CataloguePublisher
from benhan.store.shredding import ShreddingWatch
from benhan.store.store import Store
from benhan.store.sweeper import Sweeper
from benhan.store.terminology.keeper import TerminologyKeeper


class Keeper(Protocol):
    """Work that goes on until told to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


def keepers(store: Store) -> dict[str, Keeper]:
    """By name: what chains the ledger, signs its days, forgets keys destroyed elsewhere, sweeps, loads code systems,
    publishes catalogues."""
    database, keyring, clock = store.database, store.keyring, store.clock
    return {
        "ledger": ChainWriter(database, clock),
        "roots": RootSigner(database, keyring, clock),
        "shredding": ShreddingWatch(database, keyring),
        "sweeper": Sweeper(database, clock, store.page_life_s),
        "catalogues": CataloguePublisher(store),
        "terminology": TerminologyKeeper(database, clock, store.opener, store.terminology),
    }
