"""`_contained`: resources that stand inside others. Source: FHIR R4 search.html#contained.

A term of the index tells which types a resource contains; what is inside is held against the criteria one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from benhan.fhir.indexing import patient_of
from benhan.fhir.resource import exact_json
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.terms import contained_term
from benhan.store.ids import Ids
from benhan.store.search.expressions import AnyTerm, Candidate, Checked, Expression, holds
from benhan.store.unit_of_work import Stored


@dataclass(slots=True)
class Inside(Stored):
    """A contained resource as a match: `id` names its container and itself."""

    inner: bytes = b""

    @property
    def content(self) -> bytes:
        return self.inner


class _Contained(Candidate):
    """A contained resource held against criteria; what the row tells is its container's, but for the patient."""

    def __init__(self, container: Candidate, plain: dict[str, object], registry: SearchRegistry, ids: Ids) -> None:
        super().__init__(container.stored, registry)
        self.plain = plain
        self._ids = ids

    @property
    def patient(self) -> int:
        """The patient that it names itself, wherever its container belongs."""
        named = patient_of(self.plain)
        return self._ids.rid_of("Patient", named.removeprefix("Patient/")) if named is not None else 0


def containing(type_: str, expression: Expression, registry: SearchRegistry, ids: Ids) -> Expression:
    """The resources that contain one of `type_` that satisfies `expression`."""

    def check(candidate: Candidate) -> bool:
        return any(True for _ in matching(candidate, type_, expression, registry, ids))

    return Checked(AnyTerm((contained_term(type_),)), check)


def matching(
    candidate: Candidate, type_: str, expression: Expression, registry: SearchRegistry, ids: Ids
) -> Iterator[tuple[int, dict[str, object]]]:
    """The resources inside that satisfy `expression`, each with its place."""
    for place, plain in enumerate(candidate.plain.get("contained", ())):
        if plain["resourceType"] == type_ and holds(expression, _Contained(candidate, plain, registry, ids), {}):
            yield place, plain


def insides(
    candidate: Candidate, type_: str, expression: Expression, registry: SearchRegistry, ids: Ids
) -> list[Stored]:
    """The contained resources that match, each as a match of its own."""
    stored = candidate.stored
    return [
        Inside(
            stored.type,
            f"{stored.id}#{plain.get('id', '')}",
            stored.rid,
            stored.version,
            stored.updated_at,
            deleted=False,
            created=False,
            patient=stored.patient,
            tail=b"",
            inner=_exact(stored, place),
        )
        for place, plain in matching(candidate, type_, expression, registry, ids)
    ]


def _exact(stored: Stored, place: int) -> bytes:
    """A contained resource with its numbers as they were written, which reading for criteria does not keep."""
    return orjson.dumps(exact_json(stored.content)["contained"][place])
