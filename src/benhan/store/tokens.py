"""Index terms as keyed hashes: what the database is searched by without being readable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class Tokens:
    """Hashes terms to signed 64-bit numbers under the store's index key; remembers the frequent ones."""

    def __init__(self, index_key: bytes, remembered: int = 50_000) -> None:
        self._base = hashlib.blake2b(digest_size=8, key=index_key)
        self._known: dict[str, int] = {}
        self._remembered = remembered

    def apart(self) -> Tokens:
        """Others under the same key, with a memory of their own, for another thread."""
        found = Tokens(b"", self._remembered)
        found._base = self._base.copy()
        return found

    def of(self, term: str) -> int:
        """The token of one term."""
        token = self._known.get(term)
        if token is None:
            hashing = self._base.copy()
            hashing.update(term.encode("utf-8", "surrogatepass"))
            token = int.from_bytes(hashing.digest(), "big", signed=True)
            if len(self._known) >= self._remembered:
                self._known.clear()
            self._known[term] = token
        return token

    def of_bytes(self, content: bytes) -> int:
        """The token of a content; not remembered."""
        hashing = self._base.copy()
        hashing.update(content)
        return int.from_bytes(hashing.digest(), "big", signed=True)

    def of_all(self, terms: Iterable[str]) -> list[int]:
        """The distinct tokens of `terms`, sorted (as PostgreSQL would keep them in the index)."""
        known, of = self._known.get, self.of
        return sorted({known(term) or of(term) for term in terms})
