"""Text a person reads, in both languages of the house."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["vi", "en"]


class Text(NamedTuple):
    """One sentence in Vietnamese and in English, with `{name}` places for its parameters."""

    vi: str
    en: str

    def filled(self, **params: object) -> Text:
        """The same sentence with its places filled; a place without a parameter stays as written."""
        if not params:
            return self
        safe = _Keep(params)
        return Text(self.vi.format_map(safe), self.en.format_map(safe))

    def in_language(self, language: Language) -> str:
        return self.en if language == "en" else self.vi


class _Keep(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
