"""The client of the repository: every answer there is becomes a receipt or a declared Fault."""

from __future__ import annotations

import httpx
import orjson
import pytest

from benhan.kernel.faults import Fault
from benhan.kernel.secrets import Secret
from benhan.transports.repository_client import ANSWER_BYTES_MAX, AWAY, RepositoryClient


def client(answer: httpx.Response | Exception, heard: list[httpx.Request] | None = None) -> RepositoryClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if heard is not None:
            heard.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return RepositoryClient("http://kho/", Secret("s3cret"), transport=httpx.MockTransport(handle))


async def code_of(answer: httpx.Response | Exception) -> str:
    one = client(answer)
    with pytest.raises(Fault) as caught:
        await one.deliver(b"{}")
    await one.close()
    assert "s3cret" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("status", [200, 201])
async def test_a_delivery_gives_its_receipt_and_carries_the_token(status: int) -> None:
    heard: list[httpx.Request] = []
    one = client(httpx.Response(status, json={"receipt": "r-1"}), heard)
    assert await one.deliver(b'{"a":1}') == "r-1"
    await one.close()
    (request,) = heard
    assert (str(request.url), request.content) == ("http://kho/deliveries", b'{"a":1}')
    assert request.headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "BA-0631"), (429, "BA-0631"), (502, "BA-0631"), (500, "BA-0634"), (408, "BA-0634"), (401, "BA-0635"),
     (403, "BA-0635"), (400, "BA-0632"), (404, "BA-0632"), (409, "BA-0632"), (302, "BA-0632"), (204, "BA-0632")],
)  # fmt: skip
async def test_each_status_is_a_fault_that_says_whether_to_try_again(status: int, code: str) -> None:
    assert await code_of(httpx.Response(status)) == code


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), OSError("x")]
)
async def test_a_line_that_breaks_is_the_repository_not_reached(error: Exception) -> None:
    assert await code_of(error) == "BA-0630"
    assert "BA-0630" in AWAY


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"receipt":7}', b'{"receipt":""}', b"<html>", b"null", b"\xff"])
async def test_an_answer_without_a_receipt_is_none(body: bytes) -> None:
    assert await code_of(httpx.Response(200, content=body)) == "BA-0633"


async def test_an_answer_without_end_is_read_to_its_limit_only() -> None:
    given = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            while True:
                given.append(1)
                yield b"x" * 1024

    assert await code_of(httpx.Response(200, stream=Endless())) == "BA-0633"
    assert len(given) <= ANSWER_BYTES_MAX // 1024 + 1


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        ({"issue": [{"details": {"coding": [{"code": "BA-0210"}]}}]}, "BA-0210"),
        ({"issue": []}, "?"),
        ({"issue": [{"details": {"coding": [{"code": "x" * 99}]}}]}, "?"),
        ({"issue": [{"details": {"coding": [{"code": 7}]}}]}, "?"),
        ([], "?"),
    ],
)
async def test_a_refusal_names_the_code_of_the_repository_and_nothing_else_of_its_answer(
    outcome: object, named: str
) -> None:
    one = client(httpx.Response(422, content=orjson.dumps(outcome)))
    with pytest.raises(Fault, match="BA-0632") as caught:
        await one.deliver(b"{}")
    await one.close()
    assert f"(HTTP 422, {named})" in caught.value.text.vi
