"""The gate of writes: what the policy asks of resources is asked before anything is committed."""

from __future__ import annotations

from collections.abc import Iterable

from benhan.fhir.validation.faults import NOT_OF_PROFILE
from benhan.fhir.validation.policy import EXTENSIONS, R4, REFERENCES, Mode, Policy
from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import claimed_profiles
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue
from benhan.kernel.logs import Log
from benhan.store.unit_of_work import Stored, UnitOfWork, Write
from benhan.store.validation.validation import Validation

log = Log("validation")

_RULES = {
    R4: Options(best_practice=False),
    REFERENCES: Options(references=True, best_practice=False),
    EXTENSIONS: Options(unknown_extensions="refuse", best_practice=False),
}
_KINDS = {REFERENCES: "not-found", EXTENSIONS: "extension"}
"""Of what a run finds, what that rule is about."""


class Gate:
    """Holds units of work against a policy."""

    def __init__(self, validation: Validation, policy: Policy) -> None:
        self._validation = validation
        self._policy = policy
        self.is_open = policy.is_off

    async def check(self, unit: UnitOfWork) -> dict[int, list[Issue]]:
        """What the senders shall be told, by the number of the write.

        Raises Incorrect BA-2200 for the first write that breaks what is enforced; nothing is written then.
        """
        verdicts: dict[int, list[Issue]] = {}
        if not self.is_open:
            beside = _beside(unit)
            for number, write in enumerate(unit.writes):
                told, refused = await self._check(write, unit, beside)
                if refused:
                    raise _fault(write, told, refused)
                if told:
                    verdicts[number] = told
        return verdicts

    async def check_each(self, unit: UnitOfWork) -> tuple[dict[int, list[Issue]], dict[int, Fault]]:
        """As `check`, for what is taken in piece by piece: what is told, and BA-2200 for each write that is refused."""
        verdicts: dict[int, list[Issue]] = {}
        faults: dict[int, Fault] = {}
        if not self.is_open:
            beside = _beside(unit)
            for number, write in enumerate(unit.writes):
                told, refused = await self._check(write, unit, beside)
                if refused:
                    faults[number] = _fault(write, told, refused)
                elif told:
                    verdicts[number] = told
        return verdicts, faults

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
                plain, profiles, options=options, claimed=False, actor=unit.actor, beside=beside
            )
            if what in _KINDS:
                issues = [each for each in issues if each.kind == _KINDS[what]]
            _note(mode, write, issues, told, refused)
        return told, refused


def _beside(unit: UnitOfWork) -> list[str]:
    """The references that lead to what is written with them."""
    return [f"{write.type}/{write.id}" for write in unit.writes]


def _fault(write: Write, told: list[Issue], refused: list[Issue]) -> Fault:
    return NOT_OF_PROFILE(*refused, *told, type=write.type, count=len(refused))


def _note(mode: Mode, write: Write, issues: Iterable[Issue], told: list[Issue], refused: list[Issue]) -> None:
    """Sort what was found by what the mode does with it. The log names no profile: its url came with the resource."""
    found = [*issues]
    errors = [each for each in found if each.is_error]
    if errors:
        log.info("validation.failed", kind=write.type, state=mode.value, count=len(errors))
    if mode is Mode.ENFORCE:
        refused += errors
        told += [each for each in found if not each.is_error]
    elif mode is Mode.WARN:
        told += found


def tell(stored: list[Stored | None], told: dict[int, list[Issue]]) -> None:
    """Let each stored version carry what its sender shall be told."""
    for number, issues in told.items():
        version = stored[number]
        if version is not None:
            version.notes = tuple(issues)
