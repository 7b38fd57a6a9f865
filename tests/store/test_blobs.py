"""Blobs on a directory and on an S3 of our own: whole or refused, in constant memory, gone with the patient's key."""

from __future__ import annotations

import hashlib
import os
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benhan.kernel.actors import system
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Broken, Incorrect, NotFound, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.store.blob_backends import BlobBackend, DirectoryBackend
from benhan.store.blob_sealing import CHUNK_BYTES, SEALED_CHUNK_BYTES
from benhan.store.blobs import Blobs, pieces_of
from benhan.store.database import Database
from benhan.store.key_rotation import rotate_kek
from benhan.store.keyring import Keyring
from benhan.store.s3_backend import S3Backend, sign
from benhan.store.shredding import shred_patient

LAN, MINH = (7 << 51) | 11, (9 << 51) | 12
SECRET = Secret("the secret of the test")


class Files(Protocol):
    """The sealed files as whoever holds the disk sees them."""

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes: ...
    def write(self, name: str, content: bytes) -> None: ...
    def age(self, name: str, days: float) -> None: ...


class FolderFiles:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("???/*"))

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def age(self, name: str, days: float) -> None:
        at = datetime.now(UTC).timestamp() - days * 86400
        os.utime(self.folder / name, (at, at))


class FakeS3:
    """The four operations we use, with their signatures checked; lists two keys a page."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "PUT", "HEAD", "DELETE"])])
        self.failing = False

    async def answer(self, request: Request) -> Response:
        if self.failing:
            return Response(status_code=503)
        body = await request.body()
        if hashlib.sha256(body).hexdigest() != request.headers["x-amz-content-sha256"] or not self.is_signed(request):
            return Response(status_code=403)
        name = request.path_params["path"].removeprefix("blobs/")
        if request.method == "PUT":
            self.objects[name] = (body, datetime.now(UTC))
            return Response(status_code=200)
        if request.method == "DELETE":
            self.objects.pop(name, None)
            return Response(status_code=204)
        if not name:
            return self.listed(request.query_params.get("continuation-token", ""))
        if name not in self.objects:
            return Response(status_code=404)
        content, _ = self.objects[name]
        if request.method == "HEAD":
            return Response(headers={"content-length": str(len(content))})
        start = int(request.headers["range"].removeprefix("bytes=").rstrip("-"))
        return Response(content[start:], 206) if start < len(content) else Response(status_code=416)

    @staticmethod
    def is_signed(request: Request) -> bool:
        told = request.headers["authorization"]
        names = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: request.headers[name] for name in names if name not in ("host", "x-amz-date")}
        at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expected = sign(request.method, str(request.url), headers, "the key", SECRET, "hanoi", at)
        return told == expected["authorization"]

    def listed(self, after: str) -> Response:
        names = [name for name in sorted(self.objects) if name > after]
        each = "<Contents><Key>{}</Key><LastModified>{}</LastModified></Contents>"
        told = "".join(each.format(name, self.objects[name][1].isoformat()) for name in names[:2])
        more = f"<NextContinuationToken>{names[1]}</NextContinuationToken>" if len(names) > 2 else ""
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return Response(f'<ListBucketResult xmlns="{space}">{told}{more}</ListBucketResult>')

    def names(self) -> list[str]:
        return sorted(self.objects)

    def read(self, name: str) -> bytes:
        return self.objects[name][0]

    def write(self, name: str, content: bytes) -> None:
        self.objects[name] = (content, self.objects.get(name, (b"", datetime.now(UTC)))[1])

    def age(self, name: str, days: float) -> None:
        self.objects[name] = (self.objects[name][0], datetime.now(UTC) - timedelta(days=days))


@pytest.fixture(params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[BlobBackend, Files]:
    if request.param == "directory":
        return DirectoryBackend(tmp_path / "blobs"), FolderFiles(tmp_path / "blobs")
    fake = FakeS3()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(fake.app))
    backend = S3Backend(
        client,
        "http://s3.example",
        "blobs",
        access_key="the key",
        secret_key=SECRET,
        region="hanoi",
        spool=tmp_path / "spool",
        clock=SystemClock(),
    )
    return backend, fake


@pytest.fixture
def files(place: tuple[BlobBackend, Files]) -> Files:
    return place[1]


@pytest.fixture
def blobs(database: Database, keyring: Keyring, place: tuple[BlobBackend, Files]) -> Blobs:
    return Blobs(database, keyring, place[0], SystemClock(), SystemRandom())


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(blobs: Blobs, address: str, patient: int = LAN, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.read(address, patient, start=start, end=end)])


def some(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3_500_000])
async def test_what_was_put_is_read_byte_for_byte(blobs: Blobs, files: Files, size: int) -> None:
    content = some(size)
    blob = await blobs.put(pieces(content), LAN)
    assert blob.size == size
    assert await read(blobs, blob.address) == content
    [name] = files.names()
    assert len(files.read(name)) == blob.sealed_size
    assert await blobs.find(blob.address, LAN) == blob


async def test_any_part_can_be_read(blobs: Blobs) -> None:
    content = some(2 * CHUNK_BYTES + 777)
    address = (await blobs.put(pieces(content), LAN)).address
    marks = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, len(content) - 1, len(content)]
    for start in marks:
        for end in [*marks, len(content) + 5]:
            assert await read(blobs, address, start=start, end=end) == content[start:end]


async def test_the_same_content_of_a_patient_is_kept_once_and_of_two_twice(blobs: Blobs, files: Files) -> None:
    content = some(2_000_000)
    first, again = await blobs.put(pieces(content), LAN), await blobs.put(pieces(content, 7_000), LAN)
    assert again == first
    assert len(files.names()) == 1
    other = await blobs.put(pieces(content), MINH)
    assert other.address != first.address
    assert len(files.names()) == 2


async def test_neither_address_nor_file_shows_the_content(blobs: Blobs, files: Files) -> None:
    content = "Trần Thị Lan, Hb 132 g/L. ".encode() * 1_000
    blob = await blobs.put(pieces(content), LAN)
    assert hashlib.sha256(content).hexdigest() != blob.address
    assert b"132 g/L" not in files.read(files.names()[0])


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "a bit flipped in the first chunk": lambda sealed: sealed[:9] + bytes([sealed[9] ^ 4]) + sealed[10:],
    "a bit flipped in the last tag": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "cut in the middle of a chunk": lambda sealed: sealed[: SEALED_CHUNK_BYTES + 500],
    "cut between chunks": lambda sealed: sealed[: 2 * SEALED_CHUNK_BYTES],
    "cut to nothing": lambda _sealed: b"",
    "chunks exchanged": lambda sealed: (
        sealed[SEALED_CHUNK_BYTES : 2 * SEALED_CHUNK_BYTES]
        + sealed[:SEALED_CHUNK_BYTES]
        + sealed[2 * SEALED_CHUNK_BYTES :]
    ),
    "a chunk doubled": lambda sealed: sealed[:SEALED_CHUNK_BYTES] + sealed,
    "a chunk left out": lambda sealed: sealed[SEALED_CHUNK_BYTES:],
    "something appended": lambda sealed: sealed + b"\x00" * 50,
    "a whole chunk appended": lambda sealed: sealed + sealed[:SEALED_CHUNK_BYTES],
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
async def test_damage_is_noticed(blobs: Blobs, files: Files, spoil: Callable[[bytes], bytes]) -> None:
    content = some(2 * CHUNK_BYTES + 1_000)
    address = (await blobs.put(pieces(content), LAN)).address
    [name] = files.names()
    files.write(name, spoil(files.read(name)))
    given: list[bytes] = []

    async def collect() -> None:
        async for piece in blobs.read(address, LAN):
            given.append(piece)

    with pytest.raises(Broken, match="BA-0501"):
        await collect()
    assert content.startswith(b"".join(given))


async def test_the_file_of_another_blob_does_not_open(blobs: Blobs, files: Files) -> None:
    first = await blobs.put(pieces(some(1_000, 1)), LAN)
    [name] = files.names()
    await blobs.put(pieces(some(1_000, 2)), LAN)
    [other] = set(files.names()) - {name}
    files.write(name, files.read(other))
    with pytest.raises(Broken, match="BA-0501"):
        await read(blobs, first.address)


async def test_a_lost_file_is_told_and_mended_by_putting_it_again(
    blobs: Blobs, files: Files, place: tuple[BlobBackend, Files]
) -> None:
    content = some(5_000)
    address = (await blobs.put(pieces(content), LAN)).address
    await place[0].delete(files.names()[0])
    with pytest.raises(Broken, match="BA-0521"):
        await read(blobs, address)
    assert (await blobs.put(pieces(content), LAN)).address == address
    assert await read(blobs, address) == content


async def test_a_blob_is_its_patients_alone(blobs: Blobs) -> None:
    address = (await blobs.put(pieces(b"x"), LAN)).address
    for patient, asked in ((MINH, address), (0, address), (LAN, "00" * 32), (LAN, "no address")):
        with pytest.raises(NotFound, match="BA-0520"):
            await read(blobs, asked, patient)


async def test_shredding_the_patient_closes_their_blobs_and_no_others(
    blobs: Blobs, database: Database, keyring: Keyring
) -> None:
    hers, his = await blobs.put(pieces(b"hers"), LAN), await blobs.put(pieces(b"his"), MINH)
    await shred_patient(database, keyring, SystemClock(), system("test"), LAN)
    with pytest.raises(NotFound, match="BA-0503"):
        await read(blobs, hers.address)
    with pytest.raises(NotFound, match="BA-0503"):
        await blobs.put(pieces(b"more"), LAN)
    assert await read(blobs, his.address, MINH) == b"his"
    assert await database.fetchval("select count(*) from blob") == 2


async def test_blobs_open_after_the_keys_were_rotated(blobs: Blobs, database: Database, keyring: Keyring) -> None:
    address = (await blobs.put(pieces(b"x" * 100), 0)).address
    await rotate_kek(database, keyring, SystemRandom(), SystemClock(), system("test"))
    keyring.forget_all()
    assert await read(blobs, address, 0) == b"x" * 100


async def test_too_large_is_refused_and_leaves_nothing(blobs: Blobs, files: Files) -> None:
    with pytest.raises(Incorrect, match="BA-0522"):
        await blobs.put(pieces(some(3_000_000)), LAN, size_max=2_999_999)
    assert files.names() == []
    assert list(blobs._backend.spool.iterdir()) == []
    assert (await blobs.put(pieces(some(3_000_000)), LAN, size_max=3_000_000)).size == 3_000_000


async def test_a_source_that_breaks_off_leaves_nothing(blobs: Blobs, files: Files) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 2_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(broken(), LAN)
    assert files.names() == []
    assert list(blobs._backend.spool.iterdir()) == []


async def test_the_sweep_removes_old_orphans_and_nothing_else(blobs: Blobs, files: Files) -> None:
    kept = [await blobs.put(pieces(some(10, seed)), LAN) for seed in range(3)]
    for name in files.names():
        files.age(name, days=3)
    old, young = [await blobs.stage(pieces(some(10, seed)), LAN) for seed in (8, 9)]
    files.age(old.name, days=3)
    assert await blobs.sweep() == 1
    assert young.name in files.names()
    assert old.name not in files.names()
    for seed, blob in enumerate(kept):
        assert await read(blobs, blob.address) == some(10, seed)


async def test_a_deleted_blob_is_gone(blobs: Blobs, files: Files) -> None:
    address = (await blobs.put(pieces(b"x"), LAN)).address
    await blobs.delete(address, LAN)
    assert files.names() == []
    for act in (blobs.delete, blobs.find):
        with pytest.raises(NotFound, match="BA-0520"):
            await act(address, LAN)


async def test_a_blob_is_kept_with_the_transaction_that_refers_to_it(blobs: Blobs, database: Database) -> None:
    staged = await blobs.stage(pieces(b"x"), LAN)

    async def act() -> None:
        async with database.transaction() as connection:
            await blobs.keep(staged, connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act()
    with pytest.raises(NotFound, match="BA-0520"):
        await blobs.find(staged.address.hex(), LAN)


async def test_a_local_file_is_put_by_its_path(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(some(1_500_000))
    address = (await blobs.put(pieces_of(path), LAN)).address
    assert await read(blobs, address) == some(1_500_000)


@pytest.mark.parametrize("place", ["s3"], indirect=True)
async def test_a_service_that_is_down_is_told_as_such(blobs: Blobs, files: Files) -> None:
    assert isinstance(files, FakeS3)
    files.failing = True
    with pytest.raises(Unavailable, match="BA-0523"):
        await blobs.put(pieces(b"x"), LAN)
    assert list(blobs._backend.spool.iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_told_as_such(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    (tmp_path / "blobs").write_bytes(b"a file where the folder should be")
    backend = DirectoryBackend(tmp_path / "blobs")
    blobs = Blobs(database, keyring, backend, SystemClock(), SystemRandom())
    with pytest.raises(Unavailable, match="BA-0523"):
        await blobs.put(pieces(b"x"), LAN)


@pytest.mark.parametrize("megabytes", [64, pytest.param(1024, marks=pytest.mark.slow)])
async def test_a_large_file_streams_in_constant_memory(
    database: Database, keyring: Keyring, tmp_path: Path, megabytes: int
) -> None:
    blobs = Blobs(database, keyring, DirectoryBackend(tmp_path), SystemClock(), SystemRandom())
    block = some(1 << 20)

    async def large() -> AsyncIterator[bytes]:
        for number in range(megabytes):
            yield number.to_bytes(8, "big") + block[8:]

    tracemalloc.start()
    blob = await blobs.put(large(), LAN)
    given, number = 0, 0
    async for piece in blobs.read(blob.address, LAN):
        given += len(piece)
        assert piece[:8] == number.to_bytes(8, "big")
        number += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert given == blob.size == megabytes << 20
    assert peak < 16 << 20
