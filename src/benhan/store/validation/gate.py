"""The gate of writes: what the policy asks of resources is asked before anything is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from benhan.fhir.validation.faults import NOT_OF_PROFILE
from benhan.fhir.validation.policy import EXTENSIONS, R4, REFERENCES, Mode, Policy
from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import claimed_profiles
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue
from benhan.kernel.logs import Log
from benhan.store.unit_of_work import Stored, UnitOfWork, Write
from benhan.store.validation.findings import UNKNOWN, Findings, Kind
from benhan.store.validation.validation import Validation

log = Log("validation")

_RULES = {
    R4: Options(best_practice=False),
    REFERENCES: Options(references=True, best_practice=False),
    EXTENSIONS: Options(unknown_extensions="refuse", best_practice=False),
}
_KINDS = {REFERENCES: "not-found", EXTENSIONS: "extension"}
"""Of what a run finds, what that rule is about."""


AT_ONCE_S = 0.01
"""How long the gate works without letting the event loop do something else."""


class Gate:
    """Holds units of work against a policy, and counts what it finds."""

    def __init__(self, validation: Validation, policy: Policy, findings: Findings, clock: Clock) -> None:
        self._validation = validation
        self._policy = policy
        self._findings = findings
        self._clock = clock
        self.is_open = policy.is_off

    async def check(self, unit: UnitOfWork) -> dict[int, list[Issue]]:
        """What the senders shall be told, by the number of the write.

        Raises Incorrect BA-2200 for the first write that breaks what is enforced; nothing is written then.
        """
        verdicts: dict[int, list[Issue]] = {}
        async for number, told, refused in self._each(unit):
            if refused:
                raise _fault(unit.writes[number], told, refused)
            if told:
                verdicts[number] = told
        return verdicts

    async def check_each(self, unit: UnitOfWork) -> tuple[dict[int, list[Issue]], dict[int, Fault]]:
        """As `check`, for what is taken in piece by piece: what is told, and BA-2200 for each write that is refused."""
        verdicts: dict[int, list[Issue]] = {}
        faults: dict[int, Fault] = {}
        async for number, told, refused in self._each(unit):
            if refused:
                faults[number] = _fault(unit.writes[number], told, refused)
            elif told:
                verdicts[number] = told
        return verdicts, faults

    async def _each(self, unit: UnitOfWork) -> AsyncIterator[tuple[int, list[Issue], list[Issue]]]:
        """By the number of each write, what of it is told and what it is refused for."""
        if self.is_open:
            return
        beside = [f"{write.type}/{write.id}" for write in unit.writes]
        began_s = self._clock.monotonic_s()
        for number, write in enumerate(unit.writes):
            yield number, *await self._check(write, unit, beside)
            if self._clock.monotonic_s() - began_s > AT_ONCE_S:
                await asyncio.sleep(0)
                began_s = self._clock.monotonic_s()

    async def _check(self, write: Write, unit: UnitOfWork, beside: list[str]) -> tuple[list[Issue], list[Issue]]:
        """What of a write is told, and what it is refused for."""
        sender, plain = unit.actor.id, write.plain
        told: list[Issue] = []
        refused: list[Issue] = []
        if plain is None:
            return told, refused
        by_mode: dict[Mode, list[str]] = {}
        for profile in claimed_profiles(plain):
            by_mode.setdefault(self._policy.of_profile(sender, profile), []).append(profile)
        asked: list[tuple[Mode, list[str], Options, str]] = [
            (self._policy.of_rule(sender, what), [], options, what) for what, options in _RULES.items()
        ]
        asked += [
            (mode, [each], Options(invariants=False), each) for mode, listed in by_mode.items() for each in listed
        ]
        for mode, profiles, options, what in asked:
            if mode is Mode.OFF:
                continue
            issues = await self._validation.validate(
                plain, profiles, options=options, claimed=False, actor=unit.actor, beside=beside,
                size_bytes=len(write.tail),
            )  # fmt: skip
            if what in _KINDS:
                issues = [each for each in issues if each.kind == _KINDS[what]]
            _sort(mode, issues, told, refused)
            await self._count(Kind(sender, what, write.type, mode.value), issues)
        return told, refused

    async def _count(self, kind: Kind, issues: list[Issue]) -> None:
        """Count errors. Neither the log nor the count names a profile nobody knows: its url came with the resource."""
        errors = sum(each.is_error for each in issues)
        if not errors:
            return
        log.info("validation.failed", kind=kind.type, state=kind.mode, count=errors)
        if kind.what not in _RULES and await self._validation.structure(kind.what) is None:
            kind = kind._replace(what=UNKNOWN)
        self._findings.count(kind, errors)


def _fault(write: Write, told: list[Issue], refused: list[Issue]) -> Fault:
    return NOT_OF_PROFILE(*refused, *told, type=write.type, count=len(refused))


def _sort(mode: Mode, issues: list[Issue], told: list[Issue], refused: list[Issue]) -> None:
    """Sort what was found by what the mode does with it."""
    if mode is Mode.ENFORCE:
        refused += [each for each in issues if each.is_error]
        told += [each for each in issues if not each.is_error]
    elif mode is Mode.WARN:
        told += issues


def tell(stored: list[Stored | None], told: dict[int, list[Issue]]) -> None:
    """Let each stored version carry what its sender shall be told."""
    for number, issues in told.items():
        version = stored[number]
        if version is not None:
            version.notes = tuple(issues)
