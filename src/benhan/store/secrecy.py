"""What of special secrecy an actor does not see, as index terms: rows that have one are not in any answer to them.

Every statement that reads resources for somebody takes the tokens of these terms; see `AccessRules` for searches.
Source: the clauses in `vn/secrecy/data/kinds.toml`; Luật 71/2020/QH14 Điều 30 (who may be told of HIV).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache

from benhan.fhir.indexing import index_resource
from benhan.fhir.resource import ParsedResource, resource_of
from benhan.fhir.terms import LABELS, system_code_term
from benhan.kernel.actors import Actor, Role
from benhan.kernel.permissions import Permission
from benhan.vn.secrecy.kinds import SecrecyKind, has_label, labelled, secrecy_kinds, telling_codes

LABELLED = 1 << 3
"""The bit of `_security` in the column `present`, the same in every type: a row without it bears no label at all."""
MARK = b'"security"'
"""Content without these bytes has no security label."""


class Hides(IntEnum):
    """How much of special secrecy is kept from an actor."""

    NOTHING = 0
    WITHHELD = 1
    """What even the person it is about does not read by themselves."""
    SECRETS = 2
    """All of it."""


def hides(actor: Actor) -> Hides:
    """What is kept from `actor`: nothing from who has the right, little from the person it is about."""
    if actor.may(Permission.SECRECY_VIEW):
        return Hides.NOTHING
    return Hides.WITHHELD if actor.role is Role.CITIZEN and actor.patient else Hides.SECRETS


def bears(row: str, tokens: str) -> str:
    """The condition in SQL that `row` bears a label of `tokens` (a parameter, bigint[]); a bit tells it of most rows.

    Labels are compared all the same, so that another list of them needs no other bits.
    """
    return f"({row}.present & {LABELLED} <> 0 and {row}.tokens && {tokens})"


def bears_none(row: str, tokens: str) -> str:
    """The condition that it bears none of them, written so that PostgreSQL takes nearly every row to satisfy it."""
    return f"({row}.present & {LABELLED} = 0 or not {row}.tokens && {tokens})"


@cache
def hidden_terms(how: Hides) -> tuple[str, ...]:
    """The index terms of labels that are kept from an actor, of resources of any type."""
    kinds = secrecy_kinds().values()
    hidden = [kind for kind in kinds if how is Hides.SECRETS or (how is Hides.WITHHELD and not kind.told_to_patient)]
    return tuple(system_code_term(LABELS, system, code) for kind in hidden for system, code in kind.labels)


@cache
def hidden_from_treating() -> tuple[str, ...]:
    """The index terms of labels that are kept even from who treats the patient."""
    kinds = [kind for kind in secrecy_kinds().values() if not kind.told_to_treating]
    return tuple(system_code_term(LABELS, system, code) for kind in kinds for system, code in kind.labels)


_TOLD_AT = (
    "AllergyIntolerance.reaction.substance", "Condition.code", "DiagnosticReport.conclusionCode",
    "Encounter.reasonCode",
    "MedicationAdministration.medication", "MedicationDispense.medication", "MedicationRequest.medication",
    "MedicationStatement.medication", "Observation.value", "ServiceRequest.reasonCode",
)  # fmt: skip
"""Where a code tells what somebody has or takes, by the paths of index terms."""


@cache
def _telling() -> dict[str, str]:
    """The kinds that index terms tell."""
    return {
        system_code_term(path, each.system, code): each.kind
        for each in telling_codes()
        for written in each.codes
        for code in (written, *(f"{written}{dot}{digit}" for dot in (".", "") for digit in range(10)))
        for path in _TOLD_AT
    }


@cache
def _systems() -> tuple[bytes, ...]:
    return tuple({each.system.encode() for each in telling_codes()})


def as_labelled(resource: ParsedResource) -> ParsedResource:
    """The resource with the labels that its codes tell, as the store will write it: for who compares before writing."""
    if not any(system in resource.tail for system in _systems()):
        return resource
    kind = kind_told_by(index_resource(resource.plain).terms)
    return resource if kind is None or has_label(resource.plain, kind) else resource_of(labelled(resource.plain, kind))


def kind_told_by(terms: Sequence[str]) -> SecrecyKind | None:
    """The kind of special secrecy that one of the index terms of a resource tells; None for nearly all."""
    telling = _telling()
    if telling.keys().isdisjoint(terms):
        return None
    for term in terms:
        if term in telling:
            return secrecy_kinds()[telling[term]]
    return None
