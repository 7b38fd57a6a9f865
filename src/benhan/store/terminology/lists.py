"""A list of codes from a file as a code system of the store: its CodeSystem and its concepts change in one commit.

The CodeSystem says `content: not-present`: its concepts are in the tables, not in it. Source: FHIR R4
codesystem.html#content.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benhan.fhir.resource import resource_of
from benhan.fhir.terminology.concepts import Concept
from benhan.fhir.terminology.listed import SystemHead
from benhan.fhir.validation import check_structure
from benhan.kernel.actors import Actor
from benhan.store.database import Connection
from benhan.store.store import Store
from benhan.store.terminology.loading import activate, clear_away, take_in

Json = dict[str, Any]


async def load_list(
    store: Store,
    actor: Actor,
    head: SystemHead,
    digest: str,
    concepts: Sequence[Concept],
    advance: Callable[[int], None],
) -> None:
    """Let `concepts` (of the file with `digest`) be the code system `head`, in place of what it was.

    Stopped at any time it leaves the former list in use; run again it goes on. Raises what `take_in` raises.
    """
    await clear_away(store.database, store.clock.now())
    number = await take_in(store.database, store.clock, head, f"file {digest}", concepts, advance)

    async def exchange(connection: Connection) -> None:
        await activate(connection, number, store.clock.now())

    unit = store.begin(actor)
    former = await _former(store, head)
    resource = resource_of(_code_system(head, len(concepts), former))
    assert not check_structure(resource.plain)
    if former is None:
        unit.create(resource)
    else:
        unit.update(resource, if_match=int(former["meta"]["versionId"]))
    unit.also(exchange)
    await store.commit(unit)


async def _former(store: Store, head: SystemHead) -> Json | None:
    """The CodeSystem that told of this url and version so far."""
    canonical = f"{head.url}|{head.version}" if head.version else head.url
    found = await store.terminology.definitions.find("CodeSystem", canonical)
    if found is None or not found.source.startswith("CodeSystem "):
        return None
    return found.resource if found.resource.get("version", "") == head.version else None


def _code_system(head: SystemHead, count: int, former: Json | None) -> Json:
    """The CodeSystem of a list; what a former one said besides is kept."""
    kept = {name: value for name, value in (former or {}).items() if name not in ("concept", "meta")}
    return {
        **kept,
        "resourceType": "CodeSystem",
        "url": head.url,
        **({"version": head.version} if head.version else {}),
        **({"title": head.title} if head.title else {}),
        **({"language": head.language} if head.language else {}),
        "status": "active",
        "caseSensitive": head.is_case_sensitive,
        "content": "not-present",
        "count": count,
    }
