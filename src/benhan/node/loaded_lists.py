"""The catalogues that the hospital loaded, kept in memory until one is loaded anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from benhan.store.catalogues import Catalogues
from benhan.vn.catalogues.catalogue import Catalogue


class LoadedLists:
    """Those of `names` that were loaded, by name."""

    def __init__(self, catalogues: Catalogues, names: Iterable[str]) -> None:
        self._catalogues = catalogues
        self._names = frozenset(names)
        self._kept: tuple[dict[str, datetime], dict[str, Catalogue]] = ({}, {})

    async def now(self) -> Mapping[str, Catalogue]:
        """The lists as they are at this instant."""
        changed = {each.head.name: each.changed_at for each in await self._catalogues.loaded()}
        changed = {name: at for name, at in changed.items() if name in self._names}
        if self._kept[0] != changed:
            self._kept = changed, {name: await self._catalogues.catalogue(name) for name in changed}
        return self._kept[1]
