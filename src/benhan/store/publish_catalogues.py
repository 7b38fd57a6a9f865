"""What holds today of each loaded list as a CodeSystem of the store (and a ConceptMap of a mapped one).

So `$expand`, `$lookup`, `$validate-code`, `$translate` and every picker know it. A list whose rows begin or end by
themselves is published again on the day. Source: FHIR R4 terminology-service.html.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from typing import Any

import orjson

from benhan.fhir.resource import resource_of
from benhan.fhir.terminology.concepts import Concept
from benhan.kernel.actors import system
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.store.catalogues import Catalogues, Loaded
from benhan.store.database import Connection
from benhan.store.store import Store
from benhan.store.terminology.lists import load_list
from benhan.vn.catalogues.as_fhir import concept_map, concepts, map_url, system_head
from benhan.vn.catalogues.catalogue import Catalogue
from benhan.vn.catalogues.maps import local_map

Json = dict[str, Any]
log = Log("catalogues")

PAUSE_S = 600.0
"""How often it is looked whether a day has come on which a list changes."""
VERSION = "loaded"
"""The version of the code systems: one, whose content follows the days."""


async def publish(store: Store, day: date | None = None) -> list[str]:
    """Publish what holds on `day` (None: today in Vietnam) of each loaded list that changed since; gives names."""
    catalogues = Catalogues(store.database, store.clock)
    day = day or day_in_vietnam(store.clock.now())
    done = []
    for loaded in await catalogues.loaded():
        edition = await catalogues.edition(loaded, day)
        if edition == loaded.published:
            continue
        found = await catalogues.catalogue(loaded.head.name)
        listed = concepts(found, day)
        if listed:
            await _publish(store, catalogues, loaded, found, listed, edition, day)
            done.append(loaded.head.name)
    return done


async def _publish(
    store: Store,
    catalogues: Catalogues,
    loaded: Loaded,
    found: Catalogue,
    listed: list[Concept],
    edition: str,
    day: date,
) -> None:
    actor = system("terminology")
    await load_list(store, actor, system_head(found, VERSION), _digest(found, listed), listed, lambda _done: None)
    unit = store.begin(actor)
    if loaded.head.maps_to:
        resource = concept_map(local_map(found, day))
        url = map_url(loaded.head.name, loaded.head.maps_to)
        former = await store.terminology.definitions.find("ConceptMap", url)
        if former is None or not former.source.startswith("CodeSystem "):
            unit.create(resource_of(resource))
        else:
            kept = {"id": former.resource["id"]}
            unit.update(resource_of({**resource, **kept}), if_match=int(former.resource["meta"]["versionId"]))

    async def note(connection: Connection) -> None:
        await catalogues.note_published(connection, loaded.head.name, edition)

    unit.also(note)
    await store.commit(unit)


def _digest(found: Catalogue, listed: list[Concept]) -> str:
    rows = [
        [each.code, each.display, each.is_inactive, each.parents, [list(one) for one in each.properties]]
        for each in listed
    ]
    told = [found.head.title.vi, found.head.content.value, found.head.maps_to, rows]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


class CataloguePublisher:
    """The task; any number of processes may run it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, stop: asyncio.Event) -> None:
        """Publish what is due, and look again until `stop`."""
        while not stop.is_set():
            try:
                for name in await publish(self._store):
                    log.info("catalogue.published", name=name)
            except Fault as fault:
                log.warning("catalogue.not_published", fault=fault.code)
            await stopped_within(stop, PAUSE_S)
