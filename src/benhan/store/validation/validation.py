"""Validation with what the store, its packages and R4 define.

The validator is pure and asks its memory only; what it asked for in vain is brought, and it runs again. So the first
resource of a profile costs some rounds, every other one none.

What takes long (many steps, or many bytes) is done in a thread, which has a memory of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benhan.fhir.validation.report import STEPS_MAX
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
from benhan.store.validation.aside import Aside
from benhan.store.validation.known import KnownDefinitions, Wanted

Json = dict[str, Any]

ROUNDS_MAX = 25
"""How often a validation may run to have what it asks for: definitions lead to definitions."""
EPOCH_LIFE_S = 1.0
"""How long a process goes on without looking whether definitions have changed."""
STEPS_AT_ONCE = 4_000
"""Some milliseconds of work: a validation that needs more steps is done in the thread."""
BYTES_AT_ONCE = 128 * 1024
"""A larger resource is validated in the thread from the beginning."""
CODES_MAX = 20_000
"""A value set with more codes is asked code by code."""


class Memory:
    """What one thread knows, and the validators made of it. Filled by the event loop only."""

    def __init__(self, epoch: int, *, is_aside: bool) -> None:
        self.is_aside = is_aside
        self.known = KnownDefinitions(epoch)
        self.validators: dict[Options, Validator] = {}

    def run(self, asked: Asked, existing: dict[str, bool | None], steps_max: int) -> tuple[list[Issue], set[Wanted]]:
        """What is found of a resource, and what was asked for in vain."""
        known = self.known
        known.wanted, known.existing = set(), existing
        validator = self.validators.get(asked.options)
        if validator is None:
            validator = self.validators[asked.options] = Validator(known, asked.options)
        issues = validator.validate(asked.plain, asked.profiles, claimed=asked.claimed, steps_max=steps_max)
        return issues, known.wanted


@dataclass(frozen=True, slots=True)
class Asked:
    """One resource to be validated; arguments of `Validator.validate`."""

    plain: Json
    profiles: list[str]
    options: Options
    claimed: bool


class Validation:
    """Validates resources on one store."""

    def __init__(self, database: Database, clock: Clock, terminology: Terminology, resources: Resources) -> None:
        self._database = database
        self._clock = clock
        self._terminology = terminology
        self._resources = resources
        self._here = Memory(-1, is_aside=False)
        self._there = Memory(-1, is_aside=True)
        self._aside = Aside()
        self._looked_at_s = float("-inf")

    def stop(self) -> None:
        """Validate nothing more aside."""
        self._aside.stop()

    async def validate(
        self,
        plain: Json,
        profiles: Iterable[str] = (),
        *,
        options: Options | None = None,
        claimed: bool = True,
        actor: Actor | None = None,
        beside: Iterable[str] = (),
        size_bytes: int = 0,
    ) -> list[Issue]:
        """Everything found of a resource as read. `beside` are references that will be there with it.

        Arguments as `Validator.validate`; whether references exist is asked as `actor`; `size_bytes` is the size of the
        resource where it is known. Raises Busy BA-3090 where too many large ones wait already.
        """
        await self._refresh()
        asked = Asked(plain, [*profiles], options or Options(), claimed)
        existing: dict[str, bool | None] = dict.fromkeys(beside, True)
        if size_bytes <= BYTES_AT_ONCE:
            issues = await self._rounds(self._here, asked, existing, actor)
            if not _is_cut_short(issues):
                return issues
        return await self._rounds(self._there, asked, existing, actor)

    async def _rounds(
        self, memory: Memory, asked: Asked, existing: dict[str, bool | None], actor: Actor | None
    ) -> list[Issue]:
        """Run until all that is asked for is there."""
        issues: list[Issue] = []
        for _ in range(ROUNDS_MAX):
            if memory.is_aside:
                issues, wanted = await self._aside.run(partial(memory.run, asked, existing, STEPS_MAX))
            else:
                issues, wanted = memory.run(asked, existing, STEPS_AT_ONCE)
            if not wanted or _is_cut_short(issues):
                break
            for each in wanted:
                await self._bring(memory, each, existing, actor)
        return issues

    async def structure(self, url: str) -> Json | None:
        """The StructureDefinition of a url, or None."""
        await self._refresh()
        memory = self._here
        found = memory.known.structure(url)
        if found is None and Wanted("structure", url) in memory.known.wanted:
            await self._bring(memory, Wanted("structure", url), {}, None)
            found = memory.known.structure(url)
        return found

    async def _refresh(self) -> None:
        """Forget what another process may have changed."""
        now_s = self._clock.monotonic_s()
        is_full = self._here.known.is_full or self._there.known.is_full
        if now_s - self._looked_at_s <= EPOCH_LIFE_S and not is_full:
            return
        epoch = await read_epoch(self._database)
        if epoch != self._here.known.epoch or is_full:
            self._here, self._there = Memory(epoch, is_aside=False), Memory(epoch, is_aside=True)
        self._looked_at_s = now_s

    async def _bring(
        self, memory: Memory, wanted: Wanted, existing: dict[str, bool | None], actor: Actor | None
    ) -> None:
        known = memory.known
        match wanted.kind:
            case "structure":
                known.structures[wanted.key] = await self._definition("StructureDefinition", wanted.key)
                memory.validators = {}  # compiled profiles may have gone without it
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


def _is_cut_short(issues: list[Issue]) -> bool:
    return any(each.kind == "too-costly" for each in issues)
