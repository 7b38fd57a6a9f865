"""Rotation: everything opens before, during and after; the old key opens nothing; an interruption is taken up again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benhan.kernel.actors import system
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Conflict, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.store import key_rotation
from benhan.store.database import Database
from benhan.store.key_encryption import FileKek, FileKeks
from benhan.store.key_rotation import Rotated, rotate_kek
from benhan.store.keyring import Keyring
from benhan.store.ledger.read import recent_entries

PATIENTS = [*range(3 << 51, (3 << 51) + 250)]


@pytest.fixture
async def sealed(database: Database, keyring: Keyring) -> dict[int, bytes]:
    async with database.transaction() as connection:
        keys = await keyring.data_keys(PATIENTS, connection, create=True)
    return {patient: key.seal(str(patient).encode(), b"") for patient, key in keys.items()}


async def rotate(database: Database, keyring: Keyring, told: list[tuple[int, int]] | None = None) -> Rotated:
    progress = (lambda done, total: told.append((done, total))) if told is not None else (lambda _done, _total: None)
    return await rotate_kek(database, keyring, SystemRandom(), SystemClock(), system("test"), progress)


async def check_opens(database: Database, keyring: Keyring, sealed: dict[int, bytes]) -> None:
    keyring.forget_all()
    async with database.connection() as connection:
        keys = await keyring.data_keys(sealed, connection)
    assert all(keys[patient].open(each, b"") == str(patient).encode() for patient, each in sealed.items())


async def test_everything_opens_after_and_nothing_by_the_old_key(
    database: Database, keyring: Keyring, kek: FileKek, sealed: dict[int, bytes]
) -> None:
    before = keyring.index_key
    rows = await database.fetch("select wrapped from data_key")
    rotated = await rotate(database, keyring)
    assert (rotated.old, rotated.count) == ((kek.kek_id,), 250)
    await check_opens(database, keyring, sealed)
    fresh = await Keyring.open(database, kek, SystemRandom())
    assert fresh.index_key == before
    assert fresh.kek.kek_id == rotated.new
    await check_opens(database, fresh, sealed)
    assert kek.home.find(kek.kek_id) is None
    for row in rows:
        with pytest.raises(Unavailable, match="BA-0502"):
            fresh.kek.unwrap(row["wrapped"])


async def test_rotation_is_in_the_ledger(database: Database, keyring: Keyring, kek: FileKek) -> None:
    rotated = await rotate(database, keyring)
    [entry] = (await recent_entries(database)).entries
    assert entry.label == "keys:kek:rotate"
    assert entry.detail == f'{{"count":0,"from":"{kek.kek_id}","to":"{rotated.new}"}}'


async def test_progress_is_told_to_the_end(
    database: Database, keyring: Keyring, sealed: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "KEYS_MAX", 100)
    told: list[tuple[int, int]] = []
    await rotate(database, keyring, told)
    assert told == [(100, 250), (200, 250), (250, 250)]


async def test_an_interrupted_rotation_is_taken_up_again(
    database: Database, keyring: Keyring, kek: FileKek, sealed: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "KEYS_MAX", 100)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotate_kek(database, keyring, SystemRandom(), SystemClock(), system("test"), stop)
    await check_opens(database, keyring, sealed)
    again = await Keyring.open(database, kek, SystemRandom())
    await check_opens(database, again, sealed)
    rotated = await rotate(database, again)
    assert rotated.count == 150
    assert await database.fetchval("select count(distinct kek_id) from data_key") == 1
    await check_opens(database, again, sealed)
    assert kek.home.of_store(again.store_id) == [rotated.new]


async def test_a_key_made_by_a_rotation_that_died_at_once_is_used(
    database: Database, keyring: Keyring, kek: FileKek
) -> None:
    left_over = kek.home.make(keyring.store_id, SystemRandom())
    assert (await rotate(database, keyring)).new == left_over.kek_id


async def test_other_processes_go_on_reading_and_writing_while_keys_rotate(
    database: Database, keyring: Keyring, kek: FileKek, sealed: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "KEYS_MAX", 20)
    others = [await Keyring.open(database, kek, SystemRandom()) for _ in range(3)]
    ended = asyncio.Event()

    async def work(ring: Keyring, start: int) -> int:
        number = start << 51
        while not ended.is_set():
            number += 1
            async with database.transaction() as connection:
                keys = await ring.data_keys([number, PATIENTS[number % 250]], connection, create=True)
            sealed[number] = keys[number].seal(str(number).encode(), b"")
            ring.forget_all()
        return number - (start << 51)

    working = [asyncio.create_task(work(ring, 20 + place)) for place, ring in enumerate(others)]
    for _ in range(3):
        await rotate(database, keyring)
    ended.set()
    assert min(await asyncio.gather(*working)) > 3
    assert await database.fetchval("select count(distinct kek_id) from data_key") == 1
    await check_opens(database, await Keyring.open(database, kek, SystemRandom()), sealed)


async def test_two_rotations_do_not_run_at_once(database: Database, keyring: Keyring) -> None:
    async with database.connection() as connection:
        await connection.execute("select pg_advisory_lock($1)", key_rotation.LOCK)
        with pytest.raises(Conflict, match="BA-0515"):
            await rotate(database, keyring)
        await connection.execute("select pg_advisory_unlock($1)", key_rotation.LOCK)
    await rotate(database, keyring)


async def test_the_key_of_another_store_in_the_same_file_is_left_alone(
    database: Database, keyring: Keyring, kek: FileKek, tmp_path: Path
) -> None:
    other = FileKeks(tmp_path / "kek.json").claim("another store", SystemRandom())
    await rotate(database, keyring)
    await rotate(database, keyring)
    assert kek.home.find(other.kek_id) is not None
