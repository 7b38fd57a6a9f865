"""Which resource carries an identifier: the match of match-or-create."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from benhan.fhir.identifier_terms import asked_term, has_identifier, is_told_by_value
from benhan.store.database import Database
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.resources import Opener
from benhan.store.sql_texts import query
from benhan.store.tokens import Tokens
from benhan.store.unit_of_work import Stored

IdentityKey = tuple[str, str, str]
"""Resource type, system, value."""

_FIND = query(
    "find_identities",
    """
    select type, rid, version, patient, updated_at, content, tokens from resource
    where tokens && $1::bigint[] and until is null and content is not null
    """,
    fan_out="an identifier names a resource whose compartment is not known before it is found",
)


class Identities:
    """Looks up resources by identifier."""

    def __init__(self, database: Database, tokens: Tokens, opener: Opener) -> None:
        self._database = database
        self._tokens = tokens
        self._opener = opener

    async def find(self, wanted: Iterable[IdentityKey]) -> dict[IdentityKey, Stored]:
        """The current resource of each key that has one; the oldest where several carry the same identifier."""
        by_token: dict[int, list[IdentityKey]] = {}
        for type_, system, value in wanted:
            token = self._tokens.of(asked_term(f"{type_}.identifier", system, value))
            by_token.setdefault(token, []).append((type_, system, value))
        if not by_token:
            return {}
        async with self._database.transaction() as connection:
            # a thousand identities at once look to the planner as if they were half of a young table
            await connection.execute("set local enable_seqscan = off")
            rows = await connection.fetch(_FIND, list(by_token))
            opened = await self._opener.open_all(rows, connection)
        found: dict[IdentityKey, Stored] = {}
        for row, stored in sorted(zip(rows, opened, strict=True), key=lambda pair: pair[0]["rid"]):
            if stored is None:
                continue
            asked = [key for token in row["tokens"] for key in by_token.get(token, ())]
            for key in asked:
                if key not in found and TYPE_NUMBERS[key[0]] == row["type"] and _has(stored, key):
                    found[key] = stored
        return found


def _has(stored: Stored, key: IdentityKey) -> bool:
    """Whether a resource that the index gave for `key` has that identifier."""
    type_, system, value = key
    if not is_told_by_value(f"{type_}.identifier", system):
        return True
    found = orjson.loads(stored.content).get("identifier", [])
    return has_identifier(found if isinstance(found, list) else [found], system, value)
