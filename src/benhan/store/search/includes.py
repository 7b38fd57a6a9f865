"""What comes along with a page: what its matches point to, what points to them, and on from there.

Source: FHIR R4 search.html#include, #revinclude.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from benhan.fhir.search_criteria import Include
from benhan.fhir.search_parameters import SearchParameter
from benhan.kernel.issues import Issue, warning
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.search.expressions import Candidate, any_of
from benhan.store.search.limits import CUT, ROUNDS_CUT
from benhan.store.search.links import Links
from benhan.store.search.reference import pointing_to
from benhan.store.search.session import Session, native_order


class Included:
    """Gathers what comes along, each resource once, up to the limit; `cut` and `is_deeper` tell that there was more."""

    def __init__(self, session: Session, links: Links, matches: Sequence[Candidate]) -> None:
        self._session = session
        self._links = links
        self._known = {each.key for each in matches}
        self.found: list[Candidate] = []
        self.cut = False
        self.is_deeper = False

    async def gather(self, includes: Sequence[Include], matches: Sequence[Candidate]) -> None:
        """Follow `includes` from the matches, and those that iterate from what came along."""
        fresh = await self._round(includes, matches)
        again = [include for include in includes if include.again]
        for _ in range(self._session.limits.include_rounds_max):
            if not again or not fresh or self.cut:
                return
            fresh = await self._round(again, fresh)
        kept = len(self.found)
        if again and fresh and not self.cut and (await self._round(again, fresh) or self.cut):
            del self.found[kept:]  # one round more was to see whether there is more
            self.is_deeper, self.cut = True, False

    def notes(self) -> list[Issue]:
        """What whoever asked must be told: that there is more."""
        limits = self._session.limits
        if self.cut:
            return [warning("too-costly", "_include", CUT.filled(limit=limits.included_max))]
        if self.is_deeper:
            return [warning("too-costly", "_include", ROUNDS_CUT.filled(limit=limits.include_rounds_max))]
        return []

    async def _round(self, includes: Sequence[Include], of: Sequence[Candidate]) -> list[Candidate]:
        start = len(self.found)
        await self._forward([include for include in includes if not include.reverse], of)
        for include in includes:
            if include.reverse and not self.cut:
                await self._backward(include, of)
        return self.found[start:]

    async def _forward(self, includes: Sequence[Include], of: Sequence[Candidate]) -> None:
        wanted: dict[str, dict[str, None]] = defaultdict(dict)
        for candidate in of:
            for include in includes:
                for parameter in self._parameters(include, candidate.stored.type):
                    for kind, id_ in self._links.references(candidate, parameter):
                        if not include.target or include.target == kind:
                            wanted[kind][id_] = None
        for kind, ids in wanted.items():
            rid_of = self._session.compiler.ids.rid_of
            unknown = [id_ for id_ in ids if (kind, rid_of(kind, id_)) not in self._known]
            loaded = {each.stored.id: each for each in await self._session.load(kind, unknown)}
            self._add(loaded[id_] for id_ in unknown if id_ in loaded)

    def _parameters(self, include: Include, type_: str) -> list[SearchParameter]:
        if include.type not in ("", type_):
            return []
        if include.parameter is not None:
            return [include.parameter]
        registry = self._session.compiler.registry
        return [each for each in registry.parameters_of(type_).values() if each.type == "reference"]

    async def _backward(self, include: Include, of: Sequence[Candidate]) -> None:
        pointed = [each for each in of if include.target in ("", each.stored.type)]
        for source in [include.type] if include.type else self._types_there():
            expressions = []
            for parameter in self._parameters(include, source):
                targets = [
                    f"{each.stored.type}/{each.stored.id}"
                    for each in pointed
                    if not parameter.targets or each.stored.type in parameter.targets
                ]
                if targets:
                    expressions.append(pointing_to(targets, parameter, source, self._session.compiler.ids))
            if not expressions:
                continue
            left = self._session.limits.included_max - len(self.found) + len(self._known) + 1
            async for each in self._session.rows(
                source, any_of(expressions), native_order(source), limit=min(left, 1_000), meets=self._links
            ):
                self._add([each.candidate])
                if self.cut:
                    return

    def _types_there(self) -> list[str]:
        """The types that have rows at all, as far as it is known."""
        counted = self._session.counted
        return [TYPE_NAMES[number] for number in sorted(counted.types)] if counted.known else list(TYPE_NUMBERS)

    def _add(self, candidates: Iterable[Candidate]) -> None:
        for each in candidates:
            if each.key in self._known:
                continue
            if len(self.found) >= self._session.limits.included_max:
                self.cut = True
                return
            self._known.add(each.key)
            self.found.append(each)
