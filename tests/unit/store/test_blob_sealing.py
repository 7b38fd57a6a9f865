from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Broken
from benhan.store.blob_sealing import CHUNK_BYTES, ChunkCipher, chunk_count, in_chunks, sealed_size

CIPHER = ChunkCipher(bytes(range(32)))


async def given_in(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@given(st.lists(st.binary(max_size=25), max_size=12), st.integers(1, 10))
async def test_chunks_are_full_but_for_the_last(pieces: list[bytes], size: int) -> None:
    chunks = [each async for each in in_chunks(given_in(pieces), size)]
    assert b"".join(chunk for chunk, _ in chunks) == b"".join(pieces)
    assert [last for _, last in chunks] == [False] * (len(chunks) - 1) + [True]
    assert all(len(chunk) == size for chunk, last in chunks if not last)
    assert len(chunks) == max(1, -(-len(b"".join(pieces)) // size))


@pytest.mark.parametrize(
    ("number", "last"), [(0, True), (1, False)], ids=["a chunk that was not the last", "a chunk of another place"]
)
def test_a_chunk_opens_in_its_own_place_only(number: int, *, last: bool) -> None:
    sealed = CIPHER.seal(0, b"x", last=False)
    assert CIPHER.open(0, sealed, last=False) == b"x"
    with pytest.raises(Broken, match="BA-0501"):
        CIPHER.open(number, sealed, last=last)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_sizes_are_those_of_the_chunks(size: int) -> None:
    whole, rest = divmod(size, CHUNK_BYTES)
    assert chunk_count(size) == max(1, whole + bool(rest))
    assert sealed_size(size) == size + 16 * chunk_count(size)
