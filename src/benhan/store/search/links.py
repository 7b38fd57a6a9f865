"""Chains, `_has`, `_list`, hierarchies of references: what only other resources can tell.

No statement joins compartments. Where few resources are concerned they are found first, and the rows are then asked for
by them (inside out); where they are many, the rows are walked in their order and what they point to, or what points to
them, is looked up a batch at a time, until the page is full (outside in).
Source: FHIR R4 search.html#chaining, #has, #list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from benhan.fhir.indexing import values_at, without_version
from benhan.fhir.search_criteria import Chain, Criterion, Has, InList
from benhan.fhir.search_parameters import SearchParameter
from benhan.fhir.terms import reference_term
from benhan.kernel.limits import Act
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expanding import ValueSetExpander, expanded
from benhan.store.search.expressions import (
    All,
    AnyTerm,
    Beside,
    Candidate,
    Everything,
    Expression,
    Linked,
    Nothing,
    OfIds,
    OfPatients,
    Present,
    all_of,
    any_of,
    is_exact,
    linked_in,
    replaced,
)
from benhan.store.search.limits import HIERARCHY_TOO_LARGE, LIST_TOO_LONG
from benhan.store.search.plan import LOOK_COST, choose
from benhan.store.search.reference import decides_compartment, pointing_to, targets_of
from benhan.store.search.session import MeetsLinked, Session, native_order
from benhan.store.search.statement import Column, Order, Path, conjuncts

Keys = set[tuple[str, int]]
_WALK_COST, _ROW_COST = 60.0, 3.0
"""What a row looked up outside in costs, and one reached inside out."""


class Links(MeetsLinked):
    """Resolves what is linked, within one session."""

    def __init__(self, session: Session, expander: ValueSetExpander | None) -> None:
        self._session = session
        self._expander = expander

    async def resolved(self, expression: Expression, type_: str, limit: int = 20) -> Expression:
        """The expression with what concerns few resources replaced by them."""
        by: dict[int, Expression] = {}
        for linked in linked_in(expression):
            found = await self._beside(linked, expression, type_, limit)
            if found is None:
                found = await self._inside_out(linked, type_, limit)
            if found is not None:
                by[id(linked)] = found
        return replaced(expression, by) if by else expression

    async def _beside(self, linked: Linked, expression: Expression, type_: str, limit: int) -> Expression | None:
        """What is linked within the compartment, to be looked up row by row; None where it can or should not be.

        So it is where many resources are concerned: the statement ends when the page is full.
        """
        session, wanted = self._session, linked.wanted
        stands_alone = linked is expression or (isinstance(expression, All) and linked in expression.parts)
        if not session.counted.known or not stands_alone:
            return None
        by: Column
        match wanted:
            case Chain(parameter, ((("Patient", inner)),)) if decides_compartment(parameter, type_):
                other, by, meant = "Patient", "rid", session.compiler.expression(inner, "Patient")
            case Has() if type_ == "Patient" and decides_compartment(wanted.parameter, wanted.type):
                other, by = wanted.type, "patient"
                meant = all_of([session.compiler.expression(wanted.inner, other), self._present(wanted.parameter)])
            case _:
                return None
        meant = all_of(
            [await self.resolved(meant, other, session.limits.linked_max), session.sight.of(other, Act.SEARCH)]
        )
        if isinstance(meant, Nothing) or not is_exact(meant):
            return None
        beside = Beside(other, by, meant)
        with_it = replaced(expression, {id(linked): beside})
        return beside if self._is_sooner_beside(beside, with_it, type_, limit) else None

    def _is_sooner_beside(self, beside: Beside, expression: Expression, type_: str, limit: int) -> bool:
        """Whether a page is full sooner by looking up for each row than by finding all that is looked up first."""
        session, counted = self._session, self._session.counted
        first = choose(beside.inner, beside.type, Order("", descending=False), 1_000_000, counted, session.tokens)
        if first.path in (Path.IDS, Path.PATIENT):
            return False
        patients = max(counted.of_type("Patient"), 1.0)
        found = min(max(first.expected_rows, 1.0), patients)
        inside_out = first.cost + found * (LOOK_COST + counted.of_type(type_) / patients)
        walk = choose(expression, type_, native_order(type_), limit, counted, session.tokens)
        if walk.path in (Path.IDS, Path.PATIENT):
            return True
        return walk.cost < inside_out

    async def _inside_out(self, linked: Linked, type_: str, limit: int) -> Expression | None:
        match linked.wanted:
            case Criterion() as criterion if criterion.parameter.type == "token":
                return await expanded(criterion, self._expander, self._session.limits.codes_max)
            case Criterion() as criterion:
                return await self._hierarchy(criterion, type_)
            case InList(ids):
                return await self._in_list(ids, type_)
            case Chain() as chain:
                return await self._chain(chain, type_, limit)
            case Has() as has:
                return await self._has(has, type_)
        raise AssertionError(linked)

    # ── inside out ──

    async def _chain(self, chain: Chain, type_: str, limit: int) -> Expression | None:
        found: list[Expression] = []
        for target, inner in chain.inner:
            expression = self._session.compiler.expression(inner, target)
            by_patient = target == "Patient" and decides_compartment(chain.parameter, type_)
            known = await self._few_keys(target, expression, "rid") if by_patient else None
            if known is not None:
                if len(known) > self._session.limits.linked_max or self._is_wide(len(known), type_, target, limit):
                    return None
                found.append(OfPatients(tuple(known)) if known else Nothing())
                continue
            candidates = await self._few(target, expression)
            if candidates is None or self._is_wide(len(candidates), type_, target, limit):
                return None
            found.append(self._pointing(candidates, target, chain.parameter, type_))
        return any_of(found)

    def _pointing(self, candidates: list[Candidate], target: str, parameter: SearchParameter, type_: str) -> Expression:
        if not candidates:
            return Nothing()
        if target == "Patient" and decides_compartment(parameter, type_):
            return OfPatients(tuple(each.stored.rid for each in candidates))
        references = [reference for each in candidates for reference in self._names(each)]
        return pointing_to(references, parameter, type_, self._session.compiler.ids)

    def _names(self, candidate: Candidate) -> list[str]:
        """What a reference to a resource may say: type and id, or its canonical url."""
        stored = candidate.stored
        names = [f"{stored.type}/{stored.id}"]
        if b'"url":' in stored.tail and isinstance(candidate.plain.get("url"), str):
            names.append(candidate.plain["url"])
        return names

    async def _few_keys(self, type_: str, expression: Expression, column: Column) -> list[int] | None:
        """The rids or patients of what satisfies an expression that SQL tells alone; None where it does not.

        One more than the limit where there are too many.
        """
        session, most = self._session, self._session.limits.linked_max
        expression = await self.resolved(expression, type_, most)
        if not is_exact(expression):
            return None
        if isinstance(expression, Nothing):
            return []
        if session.counted.known and self._is_frequent(type_, expression, most):
            return [0] * (most + 1)
        return await session.keys(type_, expression, column, limit=most + 1)

    def _is_wide(self, found: int, type_: str, target: str, limit: int) -> bool:
        """Whether so many resources are found that walking the rows reaches a full page sooner."""
        counted = self._session.counted
        if not counted.known or not found:
            return False
        there = max(counted.of_type(target), float(found))
        each = counted.of_type(type_) / there
        return found * each * _ROW_COST > limit * there / found * _WALK_COST

    async def _has(self, has: Has, type_: str) -> Expression | None:
        session = self._session
        pointing = self._present(has.parameter)
        inner = all_of([session.compiler.expression(has.inner, has.type), pointing])
        by_patient = type_ == "Patient" and decides_compartment(has.parameter, has.type)
        known = await self._few_keys(has.type, inner, "patient") if by_patient else None
        if known is not None:
            return OfIds(tuple(sorted({*known} - {0}))) if len(known) <= session.limits.linked_max else None
        candidates = await self._few(has.type, inner)
        if candidates is None:
            return None
        if by_patient:
            return OfIds(tuple(sorted({each.stored.patient for each in candidates if each.stored.patient})))
        ids = {id_ for each in candidates for kind, id_ in self.references(each, has.parameter) if kind == type_}
        return OfIds(tuple(session.compiler.ids.rid_of(type_, id_) for id_ in sorted(ids)))

    @staticmethod
    def _present(parameter: SearchParameter) -> Expression:
        return Present(parameter.bit) if parameter.bit >= 0 else Everything()

    async def _few(self, type_: str, expression: Expression) -> list[Candidate] | None:
        """All resources of a type that satisfy an expression; None where there are too many to tell by."""
        session = self._session
        most = session.limits.linked_max
        expression = await self.resolved(expression, type_, most)
        if linked_in(expression) or (session.counted.known and self._is_frequent(type_, expression, most)):
            return None
        found: list[Candidate] = []
        before = session.scanned
        async for each in session.rows(type_, expression, native_order(type_), limit=most + 1, meets=self):
            found.append(each.candidate)
            if len(found) > most or session.scanned - before > 5 * most:
                return None
        return found if is_exact(expression) or session.scanned - before <= 5 * most else None

    def _is_frequent(self, type_: str, expression: Expression, most: int) -> bool:
        """Whether the statistics tell already that too many satisfy it."""
        session = self._session
        if any(isinstance(part, OfIds | OfPatients) for part in conjuncts(expression)):
            return False
        only_terms = all(isinstance(part, AnyTerm | Present) for part in conjuncts(expression))
        plan = choose(expression, type_, native_order(type_), most, session.counted, session.tokens)
        return only_terms and plan.expected_rows > 3 * most

    async def _in_list(self, ids: Sequence[str], type_: str) -> Expression:
        session = self._session
        entries: list[str] = []
        for list_ in await session.load("List", ids):
            for entry in list_.plain.get("entry", ()):
                reference = entry.get("item", {}).get("reference", "")
                parts = self._split(reference)
                if parts is not None and parts[0] == type_ and not entry.get("deleted"):
                    entries.append(parts[1])
        if len(entries) > session.limits.list_max:
            raise LIST_TOO_LONG(limit=session.limits.list_max)
        return OfIds(tuple(dict.fromkeys(session.compiler.ids.rid_of(type_, id_) for id_ in entries)))

    async def _hierarchy(self, criterion: Criterion, type_: str) -> Expression:
        """`:above` and `:below` of a reference: through `partOf` of what it points to, as far as it goes.

        Raises Incorrect BA-3130 where there are more than `linked_max`: an answer in part would look like a whole one.
        """
        session, base_url = self._session, self._session.compiler.asking.base_url
        known = {
            target for value in criterion.values for target in targets_of(str(value), "", criterion.parameter, base_url)
        }
        fresh, most = set(known), session.limits.linked_max
        while fresh:
            fresh = await (self._parts_of(fresh) if criterion.modifier == "below" else self._wholes_of(fresh)) - known
            known |= fresh
            if len(known) > most:
                raise HIERARCHY_TOO_LARGE(name=f"{criterion.code}:{criterion.modifier}", limit=most)
        return pointing_to(sorted(known), criterion.parameter, type_, session.compiler.ids)

    async def _parts_of(self, references: set[str]) -> set[str]:
        found: set[str] = set()
        for type_, parameter in self._part_parameters(references):
            terms = AnyTerm(
                tuple(reference_term(path, each) for path in parameter.paths for each in sorted(references))
            )
            async for each in self._session.rows(
                type_, terms, native_order(type_), limit=self._session.limits.linked_max, meets=self
            ):
                found.add(f"{type_}/{each.candidate.stored.id}")
                if len(found) > self._session.limits.linked_max:
                    return found
        return found

    async def _wholes_of(self, references: set[str]) -> set[str]:
        found: set[str] = set()
        for type_, parameter in self._part_parameters(references):
            ids = [each.split("/")[1] for each in references if each.startswith(f"{type_}/")]
            for candidate in await self._session.load(type_, ids):
                found |= {f"{kind}/{id_}" for kind, id_ in self.references(candidate, parameter)}
        return found

    def _part_parameters(self, references: set[str]) -> list[tuple[str, SearchParameter]]:
        found = []
        for type_ in sorted({each.split("/")[0] for each in references} & TYPE_NUMBERS.keys()):
            parameters = self._session.compiler.registry.parameters_of(type_)
            found += [(type_, each) for each in parameters.values() if each.paths == (f"{type_}.partOf",)][:1]
        return found

    # ── outside in ──

    async def __call__(self, linked: Linked, candidates: Sequence[Candidate], type_: str) -> Keys:
        """The keys of the candidates that meet what is linked."""
        match linked.wanted:
            case Chain() as chain:
                return await self._meet_chain(chain, candidates)
            case Has() as has:
                return await self._meet_has(has, candidates, type_)
        found = await self._inside_out(linked, type_, len(candidates))
        assert found is not None
        return await self._session.filtered(candidates, found, type_, self)

    async def _meet_chain(self, chain: Chain, candidates: Sequence[Candidate]) -> Keys:
        wanted = dict(chain.inner)
        pointing: dict[tuple[str, str], Keys] = defaultdict(set)
        for candidate in candidates:
            for kind, id_ in self.references(candidate, chain.parameter):
                if kind in wanted:
                    pointing[kind, id_].add(candidate.key)
        meeting: Keys = set()
        for target, inner in wanted.items():
            ids = [id_ for kind, id_ in pointing if kind == target]
            if not ids:
                continue
            rids = tuple(self._session.compiler.ids.rid_of(target, id_) for id_ in ids)
            wanted_there = all_of([OfIds(rids), self._session.compiler.expression(inner, target)])
            async for each in self._session.rows(
                target, wanted_there, native_order(target), limit=len(rids) + 1, meets=self
            ):
                meeting |= pointing.get((target, each.candidate.stored.id), set())
        return meeting

    async def _meet_has(self, has: Has, candidates: Sequence[Candidate], type_: str) -> Keys:
        """Which candidates something points to that meets the inner criterion; halved where too much points to them."""
        if not candidates:
            return set()
        session = self._session
        by_id = {(each.stored.type, each.stored.id): each.key for each in candidates}
        references = [f"{kind}/{id_}" for kind, id_ in by_id]
        pointing = pointing_to(references, has.parameter, has.type, session.compiler.ids)
        inner = all_of([session.compiler.expression(has.inner, has.type), pointing])
        if type_ == "Patient" and decides_compartment(has.parameter, has.type) and is_exact(inner):
            known = set(await session.keys(has.type, inner, "patient", limit=len(candidates)))
            return {each.key for each in candidates if each.stored.rid in known}
        meeting: Keys = set()
        most, seen = session.limits.linked_max, 0
        async for each in session.rows(has.type, inner, native_order(has.type), limit=most, meets=self):
            meeting |= {by_id[each_] for each_ in self.references(each.candidate, has.parameter) if each_ in by_id}
            seen += 1
            if len(meeting) == len(candidates):
                return meeting
            if seen >= most and len(candidates) > 1:
                half = [one for one in candidates if one.key not in meeting]
                middle = (len(half) + 1) // 2
                for part in (half[:middle], half[middle:]):
                    meeting |= await self._meet_has(has, part, type_)
                return meeting
        return meeting

    def references(self, candidate: Candidate, parameter: SearchParameter) -> list[tuple[str, str]]:
        """Type and id of what a resource points to by a parameter."""
        found = []
        for value in values_at(candidate.plain, parameter.leaves):
            reference = value.get("reference") if isinstance(value, dict) else None
            parts = self._split(reference) if isinstance(reference, str) else None
            if parts is not None and (not parameter.targets or parts[0] in parameter.targets):
                found.append(parts)
        return found

    def _split(self, reference: str) -> tuple[str, str] | None:
        base_url = self._session.compiler.asking.base_url
        text = without_version(reference.removeprefix(f"{base_url}/") if base_url else reference)
        kind, _, id_ = text.partition("/")
        return (kind, id_) if kind in TYPE_NUMBERS and id_ and "/" not in id_ else None
