"""Data keys: made once, found by every process, never kept from a transaction that was undone, gone when destroyed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benhan.kernel.faults import Fault, NotFound, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database
from benhan.store.key_encryption import FileKek, make_kek_file
from benhan.store.keyring import Keyring

LAN, MINH = (7 << 51) | 11, (9 << 51) | 12


async def made(database: Database, keyring: Keyring, *patients: int) -> None:
    async with database.transaction() as connection:
        keys = await keyring.data_keys(patients, connection, create=True)
    keyring.remember(keys)


async def test_the_derived_keys_differ_by_purpose_and_stay(database: Database, keyring: Keyring, kek: FileKek) -> None:
    again = await Keyring.open(database, kek, SystemRandom())
    assert again.index_key == keyring.index_key != keyring.id_key
    assert again.derived("page-link") == keyring.derived("page-link") not in (keyring.index_key, keyring.id_key)


async def test_keyrings_opened_at_once_share_one_root(database: Database, kek: FileKek) -> None:
    opened = await asyncio.gather(*(Keyring.open(database, kek, SystemRandom()) for _ in range(5)))
    assert len({each.index_key for each in opened}) == 1


async def test_another_kek_is_refused(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    other = make_kek_file(tmp_path / "other.json", SystemRandom())
    with pytest.raises(Unavailable, match="BA-0502"):
        await Keyring.open(database, other, SystemRandom())


async def test_two_processes_find_the_same_key(database: Database, keyring: Keyring, kek: FileKek) -> None:
    other = await Keyring.open(database, kek, SystemRandom())
    await made(database, keyring, LAN)
    async with database.connection() as connection:
        sealed = (await keyring.data_key(LAN, connection)).seal(b"Hb 132 g/L", b"aad")
        assert (await other.data_key(LAN, connection)).open(sealed, b"aad") == b"Hb 132 g/L"


async def test_each_patient_has_a_key_of_their_own(database: Database, keyring: Keyring) -> None:
    await made(database, keyring, LAN, MINH)
    async with database.connection() as connection:
        keys = await keyring.data_keys([LAN, MINH], connection)
    with pytest.raises(Fault, match="BA-0501"):
        keys[MINH].open(keys[LAN].seal(b"x", b""), b"")


async def test_processes_that_make_a_key_at_once_agree(database: Database, kek: FileKek) -> None:
    rings = [await Keyring.open(database, kek, SystemRandom()) for _ in range(5)]
    patients = [*range(1 << 51, (1 << 51) + 40)]

    async def make(ring: Keyring, order: list[int]) -> bytes:
        for start in range(0, len(order), 7):
            await made(database, ring, *order[start : start + 7])
        async with database.connection() as connection:
            keys = await ring.data_keys(patients, connection)
        return b"".join(keys[patient].reveal() for patient in patients)

    told = await asyncio.gather(*(make(ring, patients[n:] + patients[:n]) for n, ring in enumerate(rings)))
    assert len(set(told)) == 1


async def test_a_key_of_an_undone_transaction_is_not_remembered(database: Database, keyring: Keyring) -> None:
    async def act() -> None:
        async with database.transaction() as connection:
            assert LAN in await keyring.data_keys([LAN], connection, create=True)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act()
    assert keyring.known(LAN) is None
    async with database.connection() as connection:
        assert await keyring.data_keys([LAN], connection) == {}
        with pytest.raises(NotFound, match="BA-0503"):
            await keyring.data_key(LAN, connection)


async def test_the_database_holds_no_key_in_the_clear(database: Database, keyring: Keyring) -> None:
    await made(database, keyring, LAN)
    key = keyring.known(LAN)
    assert key is not None
    row = await database.fetchrow("select wrapped from data_key where patient = $1", LAN)
    assert row is not None
    assert key.reveal() not in row["wrapped"]
    assert len(row["wrapped"]) == 40


async def test_a_forgotten_key_does_not_come_back_with_a_late_commit(database: Database, keyring: Keyring) -> None:
    async with database.transaction() as connection:
        keys = await keyring.data_keys([LAN, MINH], connection, create=True)
    keyring.forget([LAN])
    keyring.remember(keys)
    assert keyring.known(LAN) is None
    assert keyring.known(MINH) is not None


async def test_the_shared_compartment_has_a_key_in_bucket_0(database: Database, keyring: Keyring) -> None:
    await made(database, keyring, 0)
    assert await database.fetchval("select bucket from data_key where patient = 0") == 0


async def test_dropping_a_key_is_told_to_whoever_keeps_what_it_opened(database: Database, keyring: Keyring) -> None:
    told: list[bool] = []
    keyring.when_forgotten.append(lambda: told.append(keyring.is_remembered(LAN)))
    await made(database, keyring, LAN)
    assert keyring.known(LAN) is keyring.known(LAN)
    keyring.forget([LAN])
    assert told == [False]
    keyring.forget_all()
    assert told == [False, False]
