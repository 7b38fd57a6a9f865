"""Validation with what the store, its packages and R4 define.

The validator is pure and asks its memory only; what it asked for in vain is brought, and it runs again. So the first
resource of a profile costs some rounds, every other one none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import Validator
from benhan.fhir.validation.value_sets import Codes
from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue
from benhan.store.database import Database
from benhan.store.resources import Resources
from benhan.store.terminology.epoch import read_epoch
from benhan.store.terminology.terminology import Terminology
from benhan.store.validation.known import KnownDefinitions, Wanted

Json = dict[str, Any]

ROUNDS_MAX = 25
"""How often a validation may run to have what it asks for: definitions lead to definitions."""
EPOCH_LIFE_S = 1.0
"""How long a process goes on without looking whether definitions have changed."""
CODES_MAX = 20_000
"""A value set with more codes is asked code by code."""


class Validation:
    """Validates resources on one store."""

    def __init__(self, database: Database, clock: Clock, terminology: Terminology, resources: Resources) -> None:
        self._database = database
        self._clock = clock
        self._terminology = terminology
        self._resources = resources
        self._known = KnownDefinitions(-1)
        self._validators: dict[Options, Validator] = {}
        self._looked_at_s = float("-inf")

    async def validate(
        self,
        plain: Json,
        profiles: Iterable[str] = (),
        *,
        options: Options | None = None,
        claimed: bool = True,
        actor: Actor | None = None,
        beside: Iterable[str] = (),
    ) -> list[Issue]:
        """Everything found of a resource as read. `beside` are references that will be there with it.

        Arguments as `Validator.validate`; whether references exist is asked as `actor`.
        """
        await self._refresh()
        wanted_profiles, options = [*profiles], options or Options()
        existing: dict[str, bool | None] = dict.fromkeys(beside, True)
        issues: list[Issue] = []
        for _ in range(ROUNDS_MAX):
            known = self._known
            known.wanted, known.existing = set(), existing
            issues = self._validator(options).validate(plain, wanted_profiles, claimed=claimed)
            wanted = known.wanted
            if not wanted:
                break
            for each in wanted:
                await self._bring(known, each, existing, actor)
        return issues

    async def structure(self, url: str) -> Json | None:
        """The StructureDefinition of a url, or None."""
        await self._refresh()
        found = self._known.structure(url)
        if found is None and Wanted("structure", url) in self._known.wanted:
            await self._bring(self._known, Wanted("structure", url), {}, None)
            found = self._known.structure(url)
        return found

    def _validator(self, options: Options) -> Validator:
        made = self._validators.get(options)
        if made is None:
            made = self._validators[options] = Validator(self._known, options)
        return made

    async def _refresh(self) -> None:
        """Forget what another process may have changed."""
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_at_s <= EPOCH_LIFE_S and not self._known.is_full:
            return
        epoch = await read_epoch(self._database)
        if epoch != self._known.epoch or self._known.is_full:
            self._known = KnownDefinitions(epoch)
            self._validators = {}
        self._looked_at_s = now_s

    async def _bring(
        self, known: KnownDefinitions, wanted: Wanted, existing: dict[str, bool | None], actor: Actor | None
    ) -> None:
        match wanted.kind:
            case "structure":
                known.structures[wanted.key] = await self._definition("StructureDefinition", wanted.key)
                self._validators = {}  # compiled profiles may have gone without it
            case "questionnaire":
                known.questionnaires[wanted.key] = await self._definition("Questionnaire", wanted.key)
            case "codes":
                known.sets[wanted.key] = await self._codes(known, wanted.key)
            case "member":
                key = (wanted.key, wanted.system, wanted.code)
                known.members[key] = await self._is_member(*key)
            case _:
                existing[wanted.key] = await self._exists(wanted.key, actor)

    async def _definition(self, type_: str, canonical: str) -> Json | None:
        if len(canonical) > 1_000:
            return None
        found = await self._terminology.definitions.find(type_, canonical)
        return found.resource if found is not None else None

    async def _codes(self, known: KnownDefinitions, value_set: str) -> Codes | None:
        try:
            listed = await self._terminology.codes_of(value_set)
        except Fault:  # too many, or a value set that cannot be composed: each code is asked for
            listed = None
        if listed is not None and len(listed) <= CODES_MAX:
            return Codes(frozenset(listed))
        return known.open_set(value_set)

    async def _is_member(self, value_set: str, system: str, code: str) -> bool | None:
        try:
            return await self._terminology.is_member(value_set, system, code)
        except Fault:  # nobody can tell
            return None

    async def _exists(self, reference: str, actor: Actor | None) -> bool | None:
        """Whether a literal, relative reference leads to a resource that `actor` may see; None for others."""
        type_, _, rest = reference.partition("/")
        id_ = rest.partition("/")[0]
        if actor is None or not type_.isalpha() or not id_ or "://" in reference:
            return None
        try:
            found = await self._resources.read(type_, id_, actor)
        except Fault as fault:
            if fault.category in ("not_found", "gone"):
                return False
            raise
        return not found.deleted
