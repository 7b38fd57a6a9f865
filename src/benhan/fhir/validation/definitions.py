"""What validation asks of the world, all of it answered from memory: definitions, value sets, questionnaires.

A validation is pure. Whoever holds definitions elsewhere (the store) remembers what was asked in vain, brings it, and
validates again.
"""

from __future__ import annotations

from typing import Any, Protocol

from benhan.fhir.definitions.structures import shipped_structure
from benhan.fhir.validation.value_sets import Codes, shipped_codes

Json = dict[str, Any]


class Definitions(Protocol):
    """Where definitions come from. Urls come with or without `|version`."""

    def structure(self, url: str) -> Json | None:
        """The StructureDefinition of a url, or None."""
        ...

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a ValueSet, or None where it is not known."""
        ...

    def questionnaire(self, url: str) -> Json | None:
        """The Questionnaire of a url, or None."""
        ...

    def exists(self, reference: str) -> bool | None:
        """Whether the resource of a literal reference (`Patient/1`) is there; None where nobody can tell."""
        ...


class ShippedDefinitions:
    """R4's own definitions alone."""

    def structure(self, url: str) -> Json | None:
        return shipped_structure(url.partition("|")[0])

    def codes(self, value_set: str) -> Codes | None:
        return shipped_codes(value_set.partition("|")[0])

    def questionnaire(self, _url: str) -> Json | None:
        return None

    def exists(self, _reference: str) -> bool | None:
        return None
