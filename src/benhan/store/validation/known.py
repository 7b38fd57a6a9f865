"""What a process remembers of definitions while the epoch stays the same, and what it was asked for in vain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from benhan.fhir.definitions.structures import shipped_structure
from benhan.fhir.validation.value_sets import Codes, shipped_codes

Json = dict[str, Any]

REMEMBERED_MAX = 20_000


class Wanted(NamedTuple):
    """Something to be brought: `kind` is structure, codes, member, questionnaire or reference."""

    kind: str
    key: str
    system: str = ""
    code: str = ""


class KnownDefinitions:
    """Answers from memory; see `benhan.fhir.validation.definitions.Definitions`.

    What is R4's own is at hand; a store may not redefine it.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.wanted: set[Wanted] = set()
        self.structures: dict[str, Json | None] = {}
        self.sets: dict[str, Codes | None] = {}
        self.members: dict[tuple[str, str, str], bool | None] = {}
        self.questionnaires: dict[str, Json | None] = {}
        self.existing: Mapping[str, bool | None] = {}
        """Of the validation that runs now, by reference."""

    def structure(self, url: str) -> Json | None:
        shipped = shipped_structure(url.partition("|")[0])
        if shipped is not None:
            return shipped
        if url not in self.structures:
            self.wanted.add(Wanted("structure", url))
        return self.structures.get(url)

    def codes(self, value_set: str) -> Codes | None:
        if value_set in self.sets:
            return self.sets[value_set]
        shipped = shipped_codes(value_set.partition("|")[0])
        if shipped is not None and not shipped.open_systems:
            self.sets[value_set] = shipped
            return shipped
        self.wanted.add(Wanted("codes", value_set))
        return shipped

    def questionnaire(self, url: str) -> Json | None:
        if url not in self.questionnaires:
            self.wanted.add(Wanted("questionnaire", url))
        return self.questionnaires.get(url)

    def exists(self, reference: str) -> bool | None:
        if reference not in self.existing:
            self.wanted.add(Wanted("reference", reference))
        return self.existing.get(reference)

    def open_set(self, value_set: str) -> Codes:
        """A value set that cannot be listed: each code is asked for."""

        def test(system: str, code: str) -> bool | None:
            key = (value_set, system, code)
            if key not in self.members:
                self.wanted.add(Wanted("member", value_set, system, code))
            return self.members.get(key)

        shipped = shipped_codes(value_set.partition("|")[0])
        if shipped is None:
            return Codes(frozenset(), test=test)
        return Codes(shipped.pairs, shipped.open_systems, test)

    @property
    def is_full(self) -> bool:
        """Whether it holds as much as it may."""
        held = len(self.structures) + len(self.sets) + len(self.members) + len(self.questionnaires)
        return held >= REMEMBERED_MAX
