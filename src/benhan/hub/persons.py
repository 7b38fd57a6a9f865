"""How the hub knows a person: by the keyed hash of one identifier at a time; who is one person, the index tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from benhan.network.subjects import Identifier
from benhan.store.ids import BUCKETS
from benhan.store.tokens import Tokens


class Persons(Protocol):
    """The master patient index."""

    async def identifiers_of(self, told: Sequence[Identifier]) -> Sequence[tuple[str, str]]:
        """System and value of all identifiers, present and former, of the one person that `told` name.

        `told` where nobody is known. Raises a Fault where they name several persons.
        """
        ...


class AsTold:
    """Where there is no index: a person is what they were called."""

    async def identifiers_of(self, told: Sequence[Identifier]) -> Sequence[tuple[str, str]]:
        return told


async def all_identifiers(persons: Persons, told: Sequence[Identifier]) -> list[Identifier]:
    """What a person was told by, and all else they are known by, each once."""
    known = [Identifier(*each) for each in await persons.identifiers_of(told)]
    return list(dict.fromkeys((*told, *known)))


def person_key(tokens: Tokens, identifier: Identifier) -> int:
    """The key under which what is known of an identifier's person is kept."""
    return tokens.of(f"person|{identifier.system}|{identifier.value}")


def bucket_of_key(key: int) -> int:
    """The bucket of a keyed hash."""
    return key % BUCKETS
