"""Codes to pick from: by code, by words without accents, from the lists that the hospital has (shipped or loaded)."""

from __future__ import annotations

from typing import NamedTuple

from benhan.fhir.folding import words
from benhan.kernel.faults import NotFound
from benhan.mapping.form_to_questionnaire import list_system
from benhan.store.terminology.terminology import Terminology

SHOWN = 12
WORDS_MAX = 8
TEXT_MAX = 100


class Choice(NamedTuple):
    """A code and what it is called."""

    code: str
    display: str


class CodePicker:
    """Finds codes of the lists that fields of forms name."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology

    async def find(self, name: str, text: str, count: int = SHOWN) -> list[Choice] | None:
        """The codes of a list whose code or words begin with the words of `text`; None where the list is not there."""
        asked = words(text[:TEXT_MAX])[:WORDS_MAX]
        if not asked:
            return []
        every = {"resourceType": "ValueSet", "compose": {"include": [{"system": list_system(name)}]}}
        try:
            found = await self._terminology.expand(every, words=asked, count=count, active_only=True)
        except NotFound:
            return None
        return [Choice(each.concept.code, each.concept.display) for each in found.members]
