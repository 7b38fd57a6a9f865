"""The keys in use: the root secret's descendants, and one data key a patient, unwrapped and remembered for a while.

Source: RFC 5869 (HKDF).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benhan.kernel.ids import RandomSource
from benhan.store.database import Connection, Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.key_encryption import KeyEncryption
from benhan.store.key_faults import SHREDDED, WRONG_KEK
from benhan.store.sealing import DataKey

_REMEMBERED = 50_000

_CREATE = """
insert into data_key (bucket, patient, kek_id, wrapped)
select * from unnest($1::smallint[], $2::bigint[], $3::text[], $4::bytea[])
on conflict (bucket, patient) do nothing
"""
_READ = """
select k.patient, k.kek_id, k.wrapped
from unnest($1::smallint[], $2::bigint[]) as wanted (bucket, patient)
join data_key k on k.bucket = wanted.bucket and k.patient = wanted.patient
"""


class Keyring:
    """Gives data keys and derived keys; holds the key-encryption key."""

    def __init__(self, kek: KeyEncryption, root: bytes, source: RandomSource) -> None:
        self.kek = kek
        self._root = root
        self._source = source
        self._known: OrderedDict[int, DataKey] = OrderedDict()
        self.index_key = self.derived("index")
        self.id_key = self.derived("id")

    @classmethod
    async def open(cls, database: Database, kek: KeyEncryption, source: RandomSource) -> Keyring:
        """The keyring of a database; makes its root secret where there is none yet. Raises WRONG_KEK."""
        async with database.transaction() as connection:
            await connection.execute(
                "insert into store_secret (bucket, name, wrapped, kek_id) values (0, 'root', $1, $2)"
                " on conflict (bucket, name) do nothing",
                kek.wrap(source.bytes(32)),
                kek.kek_id,
            )
            row = await connection.fetchrow(
                "select wrapped, kek_id from store_secret where bucket = 0 and name = 'root'"
            )
        assert row is not None
        if row["kek_id"] != kek.kek_id:
            raise WRONG_KEK()
        return cls(kek, kek.unwrap(row["wrapped"]), source)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (`index`, `id`, `page-link`, …), the same for as long as the store lives."""
        return HKDF(SHA256(), 32, None, f"benhan/{purpose}".encode()).derive(self._root)

    def derived_key(self, purpose: str) -> DataKey:
        """A DataKey of `derived(purpose)`."""
        return DataKey(self.derived(purpose), self._source)

    def known(self, patient: int) -> DataKey | None:
        """The key of `patient` where it is remembered."""
        key = self._known.get(patient)
        if key is not None:
            self._known.move_to_end(patient)
        return key

    async def data_keys(
        self, patients: Iterable[int], connection: Connection, *, create: bool = False
    ) -> dict[int, DataKey]:
        """The keys of `patients` by rid (0: the shared one); with `create`, missing ones are made.

        A patient without a key, or whose key was destroyed, is missing from the answer. Keys made here are not
        remembered: call `remember` once the transaction of `connection` is committed.
        """
        wanted = set(patients)
        found = {patient: key for patient in wanted if (key := self.known(patient)) is not None}
        missing = sorted(wanted - found.keys())
        if not missing:
            return found
        buckets = [bucket_of(patient) if patient else SHARED for patient in missing]
        made = await self._create(connection, buckets, missing) if create else {}
        for row in await connection.fetch(_READ, buckets, missing):
            patient, wrapped = row["patient"], row["wrapped"]
            if wrapped is None:
                continue
            fresh = made.get(patient)
            key = fresh[1] if fresh and fresh[0] == wrapped else self._unwrapped(wrapped, row["kek_id"])
            found[patient] = key
            if not create:
                self.remember({patient: key})
        return found

    async def data_key(self, patient: int, connection: Connection, *, create: bool = False) -> DataKey:
        """The key of one patient. Raises NotFound BA-0503 where it was destroyed or never made."""
        key = (await self.data_keys([patient], connection, create=create)).get(patient)
        if key is None:
            raise SHREDDED()
        return key

    def remember(self, keys: dict[int, DataKey]) -> None:
        """Keep `keys` at hand; the least used make room."""
        self._known.update(keys)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, patient: int | None = None) -> None:
        """Drop one remembered key, or all."""
        if patient is None:
            self._known.clear()
        else:
            self._known.pop(patient, None)

    async def _create(
        self, connection: Connection, buckets: list[int], patients: list[int]
    ) -> dict[int, tuple[bytes, DataKey]]:
        keys = [self._source.bytes(32) for _ in patients]
        wrapped = [self.kek.wrap(key) for key in keys]
        await connection.execute(_CREATE, buckets, patients, [self.kek.kek_id] * len(keys), wrapped)
        return {
            patient: (wrap, DataKey(key, self._source))
            for patient, wrap, key in zip(patients, wrapped, keys, strict=True)
        }

    def _unwrapped(self, wrapped: bytes, kek_id: str) -> DataKey:
        if kek_id != self.kek.kek_id:
            raise WRONG_KEK()
        return DataKey(self.kek.unwrap(wrapped), self._source)
