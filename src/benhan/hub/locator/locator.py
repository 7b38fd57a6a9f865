"""The locator: which member holds what kind of data of whom, from when to when. Never the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from benhan.hub.persons import bucket_of_key, person_key
from benhan.network.faults import BAD_MESSAGE
from benhan.network.kinds import data_kinds
from benhan.network.messages import Message
from benhan.network.subjects import Identifier, read_identifiers
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.store.store import Store

ENTRIES_MAX = 500

_PUT = query(
    "hub_locations_put",
    """
    insert into hub_location (bucket, person, holder, kind, since, until, changed_at)
    select bucket, person, holder, kind, min(since), max(until), $7
    from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::date[], $6::date[])
         as l (bucket, person, holder, kind, since, until)
    group by bucket, person, holder, kind
    on conflict (bucket, person, holder, kind) do update
        set since = least(hub_location.since, excluded.since), until = greatest(hub_location.until, excluded.until),
            changed_at = excluded.changed_at
    """,
)
_WITHDRAW = query(
    "hub_locations_withdraw",
    """
    delete from hub_location l using unnest($1::smallint[], $2::bigint[]) as w (bucket, person)
    where l.bucket = w.bucket and l.person = w.person and l.holder = $3
    """,
)
_FIND = query(
    "hub_locations_find",
    """
    select l.person, l.holder, l.kind, l.since, l.until
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, person)
    join hub_location l on l.bucket = w.bucket and l.person = w.person
    """,
)


@dataclass(frozen=True, slots=True)
class Location:
    """A member holds a kind of data of a person, dated from one day to another."""

    holder: str
    kind: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Registered:
    """What a member registers of one person; no kinds: it holds nothing of theirs any more."""

    subject: tuple[Identifier, ...]
    kinds: tuple[str, ...]
    since: date
    until: date


def read_register(message: Message) -> list[Registered]:
    """What a member registers. Raises Incorrect BA-6000."""
    entries = message.body.get("entries")
    if not isinstance(entries, list) or not 0 < len(entries) <= ENTRIES_MAX:
        raise BAD_MESSAGE(what="entries")
    return [_registered(each) for each in entries]


def _registered(told: Any) -> Registered:
    if not isinstance(told, dict) or not isinstance(told.get("kinds"), list):
        raise BAD_MESSAGE(what="entries.kinds")
    kinds = tuple(told["kinds"])
    if not set(kinds) <= set(data_kinds()):
        raise BAD_MESSAGE(what="entries.kinds")
    try:
        since, until = (date.fromisoformat(told[name]) for name in ("since", "until"))
    except (KeyError, TypeError, ValueError) as cause:
        raise BAD_MESSAGE(what="entries.since, entries.until") from cause
    return Registered(read_identifiers(told.get("subject")), kinds, since, until)


class Locator:
    """The locator of one hub."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tokens = store.workshop.tokens

    def keys(self, identifiers: Sequence[Identifier]) -> list[int]:
        """The keys of a person by all their identifiers."""
        return [person_key(self._tokens, each) for each in identifiers]

    async def register(self, connection: Connection, holder: str, entries: Sequence[Registered]) -> None:
        """Keep what a member holds, in the transaction of its message."""
        rows, gone = [], []
        for each in entries:
            for key in self.keys(each.subject):
                bucket = bucket_of_key(key)
                rows += [(bucket, key, holder, kind, each.since, each.until) for kind in each.kinds]
                if not each.kinds:
                    gone.append((bucket, key))
        if gone:
            buckets, keys = zip(*gone, strict=True)
            await connection.execute(_WITHDRAW, buckets, keys, holder)
        if rows:
            await connection.execute(_PUT, *zip(*rows, strict=True), self._store.clock.now())

    async def find(self, database: Database, keys: Sequence[int]) -> dict[int, list[Location]]:
        """Who holds what, by the keys of persons."""
        found: dict[int, list[Location]] = {}
        distinct = sorted(set(keys))
        for row in await database.fetch(_FIND, [bucket_of_key(each) for each in distinct], distinct):
            location = Location(row["holder"], row["kind"], row["since"], row["until"])
            found.setdefault(row["person"], []).append(location)
        return found
