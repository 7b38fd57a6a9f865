"""The keys in use: the root secret's descendants, and one data key a patient, unwrapped and remembered for a while.

Source: RFC 5869 (HKDF).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benhan.kernel.ids import RandomSource
from benhan.store.database import Connection, Database
from benhan.store.ids import SHARED, bucket_of
from benhan.store.key_encryption import KeyEncryption
from benhan.store.key_faults import SHREDDED, WRONG_KEK
from benhan.store.sealing import DataKey
from benhan.store.sql_texts import query

_REMEMBERED = 65_536
"""About 200 bytes each."""
_AT_HAND = 2_048
"""So many of them with their cipher prepared, 2.5 kB each: the patients that are on the wards and in the lists now."""

_CREATE = query(
    "create_data_keys",
    """
    with in_force as (select kek_id from store_secret where bucket = 0 and name = 'root' for share)
    insert into data_key (bucket, patient, kek_id, wrapped)
    select w.bucket, w.patient, in_force.kek_id, w.wrapped
    from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as w (bucket, patient, wrapped), in_force
    where in_force.kek_id = $4
    on conflict (bucket, patient) do nothing
    """,
)
"""Rotation changes the key in force under a lock that waits for ours, so no key is wrapped by the old one after it."""

_READ = query(
    "read_data_keys",
    """
    select k.patient, k.kek_id, k.wrapped, k.wrapped_before
    from unnest($1::smallint[], $2::bigint[]) as wanted (bucket, patient)
    join data_key k on k.bucket = wanted.bucket and k.patient = wanted.patient
    """,
)
_LOCK = 0x62656E68_726F7473  # "benh" "rots"
_PUT_ROOT = "insert into store_secret (bucket, name, wrapped, kek_id) values (0, 'root', $1, $2)"
_ROOT = "select wrapped, kek_id from store_secret where bucket = 0 and name = 'root'"


class Keyring:
    """Gives data keys and derived keys; holds the key-encryption keys."""

    def __init__(self, kek: KeyEncryption, root: bytes, source: RandomSource) -> None:
        self.kek = kek
        self._keks = {kek.kek_id: kek}
        self._root = root
        self._source = source
        self._known: OrderedDict[int, bytes] = OrderedDict()
        self._at_hand: dict[int, DataKey] = {}
        self._destroyed: set[int] = set()
        self.when_forgotten: list[Callable[[], None]] = []
        """Called when keys are dropped: what they had opened must not outlive them."""
        self.index_key = self.derived("index")
        self.id_key = self.derived("id")
        self.store_id = _store_id(root)

    @classmethod
    async def open(cls, database: Database, kek: KeyEncryption, source: RandomSource) -> Keyring:
        """The keyring of a database; makes its root secret where there is none yet.

        `kek` may be any key of the home: a new store takes one of its own there, an old one finds the key that is in
        force. Raises Unavailable BA-0502 where that is not there.
        """
        async with database.transaction() as connection:
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            row = await connection.fetchrow(_ROOT)
            if row is None:
                root = source.bytes(32)
                kek = await asyncio.to_thread(kek.home.claim, _store_id(root), source)
                await connection.execute(_PUT_ROOT, kek.wrap(root), kek.kek_id)
                return cls(kek, root, source)
        kek = await asyncio.to_thread(_found, kek, row["kek_id"])
        return cls(kek, kek.unwrap(row["wrapped"]), source)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (`index`, `id`, `page-link`, …), the same for as long as the store lives."""
        return _derived(self._root, purpose)

    def derived_key(self, purpose: str) -> DataKey:
        """A DataKey of `derived(purpose)`."""
        return DataKey(self.derived(purpose), self._source)

    def known(self, patient: int) -> DataKey | None:
        """The key of `patient` where it is remembered."""
        at_hand = self._at_hand.get(patient)
        if at_hand is not None:
            return at_hand
        key = self._known.get(patient)
        if key is None:
            return None
        self._known.move_to_end(patient)
        if len(self._at_hand) >= _AT_HAND:
            self._at_hand.clear()
        found = self._at_hand[patient] = DataKey(key, self._source)
        return found

    def is_remembered(self, patient: int) -> bool:
        """Whether the key of `patient` is at hand, and so not destroyed as far as is known here."""
        return patient in self._at_hand or patient in self._known

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
        if create:
            found |= await self._create(connection, buckets, missing)
        if len(found) < len(wanted):
            read = await self._read(connection, buckets, missing)
            found = read | found
            if not create:
                self.remember({patient: key for patient, key in read.items() if not key.is_replacing})
        return found

    async def data_key(self, patient: int, connection: Connection, *, create: bool = False) -> DataKey:
        """The key of one patient. Raises NotFound BA-0503 where it was destroyed or never made."""
        key = (await self.data_keys([patient], connection, create=create)).get(patient)
        if key is None:
            raise SHREDDED()
        return key

    def remember(self, keys: dict[int, DataKey]) -> None:
        """Keep `keys` at hand; the least used make room, and a destroyed one stays forgotten."""
        self._known.update((patient, key.reveal()) for patient, key in keys.items())
        for patient in self._destroyed & keys.keys():
            self._known.pop(patient, None)
            self._at_hand.pop(patient, None)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, patients: Iterable[int]) -> None:
        """Drop the keys of `patients`, which were destroyed; what is just being written cannot bring them back."""
        for patient in patients:
            self._destroyed.add(patient)
            self._known.pop(patient, None)
            self._at_hand.pop(patient, None)
        self._tell_forgotten()

    def drop(self, patients: Iterable[int]) -> None:
        """Drop the keys of `patients`, which were replaced; they are read again when they are wanted."""
        for patient in patients:
            self._known.pop(patient, None)
            self._at_hand.pop(patient, None)
        self._tell_forgotten()

    def forget_all(self) -> None:
        """Drop every remembered key; they are read again when they are wanted."""
        self._known.clear()
        self._at_hand.clear()
        self._tell_forgotten()

    def _tell_forgotten(self) -> None:
        for act in self.when_forgotten:
            act()

    def use(self, kek: KeyEncryption) -> None:
        """Wrap new keys by `kek` from now on, and hold no other."""
        self.kek = kek
        self._keks = {kek.kek_id: kek}

    async def wrapped(self, keys: Sequence[bytes], kek: KeyEncryption | None = None) -> list[bytes]:
        """`keys` wrapped by `kek` (the one in force); a device is not waited for in the event loop."""
        kek = kek or self.kek
        if kek.is_remote:
            return await asyncio.to_thread(lambda: [kek.wrap(key) for key in keys])
        return [kek.wrap(key) for key in keys]

    async def unwrapped(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The keys of (kek_id, wrapped) pairs. Raises Unavailable BA-0502 where one's wrapping key is not there."""
        pairs = [(self._keks.get(kek_id) or await self._find(kek_id), each) for kek_id, each in wrapped]
        if any(kek.is_remote for kek, _ in pairs):
            return await asyncio.to_thread(lambda: [kek.unwrap(each) for kek, each in pairs])
        return [kek.unwrap(each) for kek, each in pairs]

    async def _create(self, connection: Connection, buckets: list[int], patients: list[int]) -> dict[int, DataKey]:
        """The keys that are made; none of them where one of them was there before."""
        keys = [self._source.bytes(32) for _ in patients]
        done = await connection.execute(_CREATE, buckets, patients, await self.wrapped(keys), self.kek.kek_id)
        if done == f"INSERT 0 {len(keys)}":
            return {patient: DataKey(key, self._source) for patient, key in zip(patients, keys, strict=True)}
        kek_id = await connection.fetchval("select kek_id from store_secret where bucket = 0 and name = 'root'")
        if kek_id == self.kek.kek_id:
            return {}
        self.use(await self._find(kek_id))
        return await self._create(connection, buckets, patients)

    async def _read(self, connection: Connection, buckets: list[int], patients: list[int]) -> dict[int, DataKey]:
        rows = [row for row in await connection.fetch(_READ, buckets, patients) if row["wrapped"] is not None]
        keys = await self.unwrapped([(row["kek_id"], row["wrapped"]) for row in rows])
        found = {row["patient"]: DataKey(key, self._source) for row, key in zip(rows, keys, strict=True)}
        for row in rows:
            if row["wrapped_before"] is not None:
                [before] = await self.unwrapped([(row["kek_id"], row["wrapped_before"])])
                key = found[row["patient"]].reveal()
                found[row["patient"]] = DataKey(key, self._source, DataKey(before, self._source))
        return found

    async def _find(self, kek_id: str) -> KeyEncryption:
        """A key that rotation has made while we run."""
        found = await asyncio.to_thread(_found, self.kek, kek_id)
        return self._keks.setdefault(kek_id, found)


def _found(kek: KeyEncryption, kek_id: str) -> KeyEncryption:
    found = kek.home.find(kek_id)
    if found is None:
        raise WRONG_KEK()
    return found


def _derived(root: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, f"benhan/{purpose}".encode()).derive(root)


def _store_id(root: bytes) -> str:
    """What tells the keys of this store from others in the same home; says nothing of the secret."""
    return _derived(root, "store")[:8].hex()
