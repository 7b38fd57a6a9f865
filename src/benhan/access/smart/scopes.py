"""Scopes: what an app asks for and is granted, in both spellings of SMART.

Source: SMART App Launch 2.2, scopes-and-launch-context.html; 1.0 (`patient/*.read`) is understood as 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import parse_qsl, urlencode

from benhan.fhir.definitions import resource_types
from benhan.kernel.faults import Fault
from benhan.kernel.limits import EVERY_TYPE, Act, Rule
from benhan.store.access_rules import READING, restrictions_of

SCOPE_CHARACTERS_MAX = 4_000
SCOPES_MAX = 100

OPENID, FHIR_USER, PROFILE = "openid", "fhirUser", "profile"
LAUNCH, LAUNCH_PATIENT, LAUNCH_ENCOUNTER = "launch", "launch/patient", "launch/encounter"
ONLINE, OFFLINE = "online_access", "offline_access"
WORDS = (OPENID, FHIR_USER, PROFILE, LAUNCH, LAUNCH_PATIENT, LAUNCH_ENCOUNTER, ONLINE, OFFLINE)
"""Scopes that are no leave to read or write."""

_RESOURCE = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<acts>read|write|\*|(?=[cruds])c?r?u?d?s?)"
    r"(?:\?(?P<query>[^\s\"\\]+))?"
)
_OLD_ACTS = {"read": "rs", "write": "cud", EVERY_TYPE: "cruds"}


class Level(Enum):
    """On whose behalf: one patient's, a person's, a machine's own."""

    PATIENT = "patient"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """`patient/Observation.rs?category=laboratory`."""

    level: Level
    type: str
    acts: frozenset[Act]
    criteria: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        letters = "".join(act.value for act in Act if act in self.acts)
        query = f"?{urlencode(self.criteria, safe='|:,/')}" if self.criteria else ""
        return f"{self.level.value}/{self.type}.{letters}{query}"

    def rule(self, patient: str, own: str = "") -> Rule | None:
        """The scope as a rule; None for one of the patient's level where no patient is in context.

        `patient` is in context; `own` is whose compartment the person's other leaves are held to, "" for none.
        """
        if self.level is Level.PATIENT and not patient:
            return None
        held = patient if self.level is Level.PATIENT else own
        return Rule(self.type, self.acts, held, self.criteria)


@dataclass(frozen=True, slots=True)
class Scopes:
    """A set of scopes: words, and leaves to do something with resources."""

    words: tuple[str, ...] = ()
    resources: tuple[ResourceScope, ...] = ()

    def __str__(self) -> str:
        return " ".join([*self.words, *map(str, self.resources)])

    def __bool__(self) -> bool:
        return bool(self.words or self.resources)

    def has(self, *words: str) -> bool:
        return any(word in self.words for word in words)

    @property
    def needs_patient(self) -> bool:
        """Whether it is of use only with a patient in context."""
        return LAUNCH_PATIENT in self.words or any(each.level is Level.PATIENT for each in self.resources)

    def rules(self, patient: str, own: str = "") -> tuple[Rule, ...]:
        """What a token of these scopes may do; see `ResourceScope.rule`."""
        found = (each.rule(patient, own) for each in self.resources)
        return tuple(each for each in found if each is not None)

    def without(self, *words: str) -> Scopes:
        return replace(self, words=tuple(word for word in self.words if word not in words))


def parse_scopes(text: str) -> Scopes:
    """The scopes of `text` that are understood; the others are left out, as RFC 6749 3.3 lets a server do.

    A narrowed scope is for reading: what else it asks for is left out of it.
    """
    words: dict[str, None] = {}
    resources: dict[ResourceScope, None] = {}
    for part in text[:SCOPE_CHARACTERS_MAX].split()[:SCOPES_MAX]:
        if part in WORDS:
            words[part] = None
        elif (scope := _resource_scope(part)) is not None:
            resources[scope] = None
    return Scopes(tuple(words), tuple(resources))


def _resource_scope(text: str) -> ResourceScope | None:
    match = _RESOURCE.fullmatch(text)
    if match is None or match["type"] not in (EVERY_TYPE, *resource_types()):
        return None
    acts = frozenset(Act(letter) for letter in _OLD_ACTS.get(match["acts"], match["acts"]))
    if not match["query"]:
        return ResourceScope(Level(match["level"]), match["type"], acts)
    criteria = tuple(parse_qsl(match["query"], keep_blank_values=True))
    if not criteria or not acts & READING or not _is_restriction(match["type"], criteria):
        return None
    return ResourceScope(Level(match["level"]), match["type"], acts & READING, criteria)


def _is_restriction(type_: str, criteria: tuple[tuple[str, str], ...]) -> bool:
    try:
        return type_ != EVERY_TYPE and bool(restrictions_of(type_, criteria))
    except Fault:  # what it says is for who writes the scope; a server leaves such a scope out
        return False


def granted(asked: Scopes, *ceilings: Iterable[ResourceScope]) -> tuple[ResourceScope, ...]:
    """What of `asked` stands under every one of `ceilings`: what one of them lacks is left out."""
    found = asked.resources
    for ceiling in ceilings:
        allowed = tuple(ceiling)
        met = (_common(each, one) for each in found for one in allowed)
        found = tuple(dict.fromkeys(each for each in met if each is not None))
    return found


def _common(first: ResourceScope, second: ResourceScope) -> ResourceScope | None:
    """What both grant, or None."""
    types = {first.type, second.type} - {EVERY_TYPE}
    if first.level is not second.level or len(types) > 1:
        return None
    criteria = (*first.criteria, *(each for each in second.criteria if each not in first.criteria))
    acts = first.acts & second.acts & (READING if criteria else frozenset(Act))
    return ResourceScope(first.level, types.pop() if types else EVERY_TYPE, acts, criteria) if acts else None
