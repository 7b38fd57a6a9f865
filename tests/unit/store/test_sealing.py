from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Broken
from benhan.kernel.ids import SeededRandom, SystemRandom
from benhan.store.sealing import NONCE_BYTES, OVERHEAD_BYTES, DataKey

KEY = DataKey(bytes(range(32)), SystemRandom())


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_sealed_opens_with_its_key_and_its_place(plain: bytes, aad: bytes) -> None:
    sealed = KEY.seal(plain, aad)
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert KEY.open(sealed, aad) == plain


def test_one_flipped_bit_anywhere_is_noticed() -> None:
    sealed = KEY.seal(b"glucose 5.4 mmol/L", b"Observation/1/1")
    for place in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[place // 8] ^= 1 << place % 8
        with pytest.raises(Broken, match="BA-0501"):
            KEY.open(bytes(altered), b"Observation/1/1")


def test_content_moved_to_another_row_does_not_open() -> None:
    sealed = KEY.seal(b"x", b"Observation/1/1")
    with pytest.raises(Broken):
        KEY.open(sealed, b"Observation/1/2")


@given(st.binary(max_size=60))
def test_any_bytes_give_our_fault(junk: bytes) -> None:
    with pytest.raises(Broken):
        KEY.open(junk, b"")


def test_sealing_twice_never_uses_a_nonce_twice() -> None:
    assert len({KEY.seal(b"same", b"same")[:NONCE_BYTES] for _ in range(1_000)}) == 1_000


def test_the_bytes_are_those_of_aes_256_gcm() -> None:
    # Source: NIST GCM test vectors, Test Case 16 (256-bit key, 96-bit IV, with associated data).
    class Given:
        def bytes(self, size: int) -> bytes:
            return bytes.fromhex("cafebabefacedbaddecaf888")[:size]

    key = DataKey(bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2), Given())
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = key.seal(plain, bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    assert sealed[NONCE_BYTES:].hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


def test_a_key_does_not_print() -> None:
    key = DataKey(b"k" * 32, SeededRandom(1))
    assert "kkk" not in repr(key) + str(key)
