"""A time-stamp that does not answer the question is not used. Source: RFC 3161, 2.2 and 2.4.2."""

from __future__ import annotations

import pytest

from benhan.kernel.faults import Broken, Unavailable
from benhan.signing.timestamps import read_token, timestamp_request, token_of

from .conftest import AT, Desk

DIGEST, NONCE = bytes(range(32)), 2**63 + 5


async def test_a_token_says_what_when_and_by_whom(desk: Desk) -> None:
    token = read_token(token_of(await desk.pki.post(timestamp_request(DIGEST, NONCE)), DIGEST, NONCE))
    assert (token.digest, token.at) == (DIGEST, AT)
    assert token.server.certificate.subject.native["common_name"] == "TSA thử nghiệm"


async def test_an_answer_to_another_question_is_not_used(desk: Desk) -> None:
    answer = await desk.pki.post(timestamp_request(DIGEST, NONCE))
    with pytest.raises(Broken, match=r"BA-5012.*nonce"):
        token_of(answer, DIGEST, NONCE + 1)
    with pytest.raises(Broken, match=r"BA-5012.*digest"):
        token_of(answer, bytes(32), NONCE)


def test_a_refusal_is_told() -> None:
    refused = bytes.fromhex("30053003020102")  # a status alone
    with pytest.raises(Unavailable, match=r"BA-5011.*rejection"):
        token_of(refused, DIGEST, NONCE)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"0\x03\x02\x01\x00", b"\x30\x80"])
def test_garbage_is_no_token(answer: bytes) -> None:
    with pytest.raises((Broken, Unavailable)):
        token_of(answer, DIGEST, NONCE)
    with pytest.raises(Broken, match="BA-5012"):
        read_token(answer)
