"""The gate of writes: what the policy asks of resources is asked before anything is committed."""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.fhir.validation.faults import NOT_OF_PROFILE
from benhan.fhir.validation.policy import EXTENSIONS, R4, REFERENCES, Mode, Policy
from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import claimed_profiles
from benhan.kernel.clock import Clock
from benhan.kernel.issues import Issue
from benhan.kernel.logs import Log
from benhan.store.unit_of_work import Stored, UnitOfWork, Write
from benhan.store.validation.findings import UNKNOWN, Findings, Kind
from benhan.store.validation.validation import Validation

Json = dict[str, Any]
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
        if self.is_open:
            return {}
        told: dict[int, list[Issue]] = {}
        beside = [f"{write.type}/{write.id}" for write in unit.writes]
        began_s = self._clock.monotonic_s()
        for number, write in enumerate(unit.writes):
            if write.plain is not None:
                issues = await self._check(write, write.plain, unit, beside)
                if issues:
                    told[number] = issues
            if self._clock.monotonic_s() - began_s > AT_ONCE_S:
                await asyncio.sleep(0)
                began_s = self._clock.monotonic_s()
        return told

    async def _check(self, write: Write, plain: Json, unit: UnitOfWork, beside: list[str]) -> list[Issue]:
        sender = unit.actor.id
        told: list[Issue] = []
        refused: list[Issue] = []
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
        if refused:
            raise NOT_OF_PROFILE(*refused, *told, type=write.type, count=len(refused))
        return told

    async def _count(self, kind: Kind, issues: list[Issue]) -> None:
        """Count errors. Neither the log nor the count names a profile nobody knows: its url came with the resource."""
        errors = sum(each.is_error for each in issues)
        if not errors:
            return
        log.info("validation.failed", kind=kind.type, state=kind.mode, count=errors)
        if kind.what not in _RULES and await self._validation.structure(kind.what) is None:
            kind = kind._replace(what=UNKNOWN)
        self._findings.count(kind, errors)


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
