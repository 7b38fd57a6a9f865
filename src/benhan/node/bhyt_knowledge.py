"""What the node knows for the rules of a claim: the lists that the hospital loaded, read again when one has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from benhan.kernel.clock import VIETNAM, Clock
from benhan.store.catalogues import Catalogues
from benhan.vn.bhyt.facility_knowledge import LISTS, knowledge
from benhan.vn.bhyt.rules.context import Knowledge


class BhytKnowledge:
    """Asks the store for its lists and keeps what it made of them until one is loaded anew."""

    def __init__(self, catalogues: Catalogues, clock: Clock) -> None:
        self._catalogues = catalogues
        self._clock = clock
        self._kept: tuple[dict[str, datetime], Knowledge] | None = None

    async def now(self) -> Knowledge:
        """What is known at this instant."""
        at = self._clock.now()
        changed = {each.head.name: each.changed_at for each in await self._catalogues.loaded()}
        changed = {name: changed[name] for name in LISTS if name in changed}
        if self._kept is None or self._kept[0] != changed:
            lists = [await self._catalogues.catalogue(name) for name in changed]
            self._kept = changed, knowledge(at, lists)
        return replace(self._kept[1], now=f"{at.astimezone(VIETNAM):%Y%m%d%H%M}")
