"""How members name a person to each other: by identifiers, never by a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from benhan.network.faults import BAD_MESSAGE

IDENTIFIERS_MAX = 16
CHARACTERS_MAX = 100


class Identifier(NamedTuple):
    """An identifier of a person: its system (`benhan.vn.systems`) and value."""

    system: str
    value: str


def read_identifiers(told: Any) -> tuple[Identifier, ...]:
    """The identifiers of a message, in its order. Raises Incorrect BA-6000."""
    if not isinstance(told, list) or not 0 < len(told) <= IDENTIFIERS_MAX:
        raise BAD_MESSAGE(what="subject")
    found = []
    for each in told:
        pair = (each.get("system"), each.get("value")) if isinstance(each, dict) else (None, None)
        if not all(isinstance(one, str) and 0 < len(one) <= CHARACTERS_MAX for one in pair):
            raise BAD_MESSAGE(what="subject")
        found.append(Identifier(str(pair[0]), str(pair[1])))
    return tuple(dict.fromkeys(found))


def told_identifiers(identifiers: Sequence[Identifier]) -> list[dict[str, str]]:
    """Identifiers as a message tells them."""
    return [{"system": each.system, "value": each.value} for each in identifiers]
