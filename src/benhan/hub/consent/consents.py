"""Consents as their takers signed them, sealed; found by the person, taken back at once.

The hub keeps them and looks which speak of an exchange; what they say is judged by `network/consent.py`, here and again
at the holder.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.hub.faults import NO_SUCH_CONSENT, NOT_THE_TAKER
from benhan.hub.persons import bucket_of_key, person_key
from benhan.kernel.faults import Fault
from benhan.network.configuration import Configuration, Kind, Member
from benhan.network.consent import Consent, Grant, known_consent, read_consent
from benhan.network.messages import Message, digest_of
from benhan.store.database import Connection, Database
from benhan.store.sql_texts import query
from benhan.store.store import Store

REMEMBERED = 20_000
LISTED_MAX = 500
_AAD = b"hub-consent"

_PUT = query(
    "hub_consent_put",
    """
    insert into hub_consent (bucket, person, number, at, since, until, said, attester, body)
    select * from unnest($1::smallint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                         $6::timestamptz[], $7::text[], $8::text[], $9::bytea[])
    on conflict do nothing
    """,
)
_FIND = query(
    "hub_consents_find",
    """
    select c.person, c.said, c.body from unnest($1::smallint[], $2::bigint[]) as w (bucket, person)
    join hub_consent c on c.bucket = w.bucket and c.person = w.person
    where c.revoked_at is null and c.since <= $3 and c.until > $3
    """,
)
_OF_PERSON = query(
    "hub_consents_of_person",
    """
    select distinct on (c.number) c.number, c.said, c.body, c.attester, c.revoked_at
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, person)
    join hub_consent c on c.bucket = w.bucket and c.person = w.person
    order by c.number limit $3
    """,
)
_OF_NUMBER = query(
    "hub_consent_of_number",
    "select attester, revoked_at from hub_consent where number = $1 limit 1",
    fan_out="a revocation names the consent by its number alone",
)
_REVOKE = query(
    "hub_consent_revoke",
    "update hub_consent set revoked_at = $2, revocation = $3 where number = $1 and revoked_at is null",
    fan_out="one row for each identifier of the person, each in its bucket",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A consent that counts now."""

    person: int
    said: Grant
    text: str


class Consents:
    """The consents of one hub."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tokens = store.workshop.tokens
        self._key = store.keyring.derived_key("hub-consents")
        self._verified: OrderedDict[str, Consent] = OrderedDict()
        self._verified_by: Configuration | None = None

    async def put(self, connection: Connection, consents: Sequence[Consent]) -> None:
        """Keep consents, in the transaction of the message that brought each."""
        rows = []
        for each in consents:
            body = self._key.seal(each.text.encode(), _AAD)
            for identifier in each.subject:
                key = person_key(self._tokens, identifier)
                rows.append(
                    (bucket_of_key(key), key, each.number, each.at, each.since, each.until, each.grant.value,
                     each.attester, body)
                )  # fmt: skip
        await connection.execute(_PUT, *zip(*rows, strict=True))

    async def find(self, database: Database, keys: Sequence[int]) -> dict[int, list[Kept]]:
        """The consents and refusals that count now, by the keys of persons."""
        distinct = sorted(set(keys))
        found: dict[int, list[Kept]] = {}
        rows = await database.fetch(
            _FIND, [bucket_of_key(each) for each in distinct], distinct, self._store.clock.now()
        )
        for row in rows:
            kept = Kept(row["person"], Grant(row["said"]), self._key.open(row["body"], _AAD).decode())
            found.setdefault(row["person"], []).append(kept)
        return found

    def verified(self, kept: Sequence[Kept], configuration: Configuration) -> list[Consent]:
        """Those of `kept` whose signature still counts, each once; remembered for as long as the configuration is."""
        if self._verified_by is not configuration:
            self._verified.clear()
            self._verified_by = configuration
        found: dict[str, Consent] = {}
        for each in kept:
            digest = digest_of(each.text)
            consent = self._verified.get(digest)
            if consent is None:
                try:
                    consent = read_consent(each.text, configuration)
                except Fault:  # its taker was revoked since: a permit counts no more, a refusal does
                    if each.said is Grant.PERMIT:
                        continue
                    consent = known_consent(each.text)
                self._verified[digest] = consent
                if len(self._verified) > REMEMBERED:
                    self._verified.popitem(last=False)
            found[consent.number] = consent
        return list(found.values())

    async def of_person(self, keys: Sequence[int], attester: str) -> list[tuple[Consent, datetime | None]]:
        """All consents of a person with the moment each was taken back; of `attester` alone, "" for all."""
        distinct = sorted(set(keys))
        rows = await self._store.database.fetch(
            _OF_PERSON, [bucket_of_key(each) for each in distinct], distinct, LISTED_MAX
        )
        return [
            (known_consent(self._key.open(row["body"], _AAD).decode()), row["revoked_at"])
            for row in rows
            if attester in ("", row["attester"])
        ]

    async def hold_to_revoke(self, number: str, member: Member) -> None:
        """Raises NotFound BA-6040, Forbidden BA-6041 where a member may not take a consent back."""
        row = await self._store.database.fetchrow(_OF_NUMBER, number)
        if row is None:
            raise NO_SUCH_CONSENT()
        if row["attester"] != member.code and member.kind is not Kind.BOOK:
            raise NOT_THE_TAKER()

    async def revoke(self, connection: Connection, number: str, message: Message) -> None:
        """Take a consent back, in the transaction of the message that says so."""
        revocation = self._key.seal(message.text.encode(), _AAD)
        await connection.execute(_REVOKE, number, self._store.clock.now(), revocation)
