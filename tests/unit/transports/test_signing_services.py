"""Remote keys through the CSC API, CAs and time-stamp servers over HTTP. Source: CSC API v2; RFC 6960; RFC 3161."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from tests.clocks import SetClock

from benhan.kernel.faults import Forbidden, NotFound, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.signing.batch import Level, Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.remote import Approval, CscService, RemoteSigner
from benhan.signing.status import Ask
from benhan.signing.timestamps import stamping
from benhan.testing.fake_csc import PIN, TOKEN, FakeCsc
from benhan.testing.pki import TestPki
from benhan.transports.signing_services import ANSWER_BYTES_MAX, SigningServices

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
BASE = "https://csc.test"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki(tmp_path_factory.mktemp("pki"), SetClock(AT))


@pytest.fixture
def provider(pki: TestPki) -> FakeCsc:
    return FakeCsc({name: (pki.identity(name), pki.key(name)) for name in ("doctor", "curve")}, at_once=4)


def service(provider: FakeCsc, token: str = TOKEN) -> CscService:
    network = SigningServices(frozenset({"csc.test"}), transport=httpx.ASGITransport(provider))
    return CscService(partial(network.csc, BASE, Secret(token)))


async def signer(provider: FakeCsc, name: str, pin: str = PIN) -> RemoteSigner:
    remote = service(provider)
    return RemoteSigner(remote, await remote.credential(name), Approval(pin=Secret(pin)))


@pytest.mark.parametrize("name", ["doctor", "curve"])
async def test_a_batch_is_signed_from_afar_by_as_few_approvals_as_may_be(
    provider: FakeCsc, pki: TestPki, name: str
) -> None:
    import typst

    page = typst.Compiler().compile({"main.typ": "Tờ".encode()}, pdf_standards=["a-3b"])
    assert isinstance(page, bytes)
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    files = [(page, Place("x"))] * 10
    signed = [each async for each in sign_pdfs(files, await signer(provider, name), services, AT)]
    assert {each.level for each in signed} == {Level.LTA}
    assert provider.asked.count("credentials/authorize") == 3, "ten signatures, four at once"


async def test_keys_are_listed_and_a_missing_one_is_told(provider: FakeCsc) -> None:
    assert await service(provider).names() == ["doctor", "curve"]
    with pytest.raises((NotFound, Forbidden)):
        await service(provider).credential("nobody")


async def test_a_wrong_pin_an_ended_token_a_refusal_are_told_without_secrets(provider: FakeCsc) -> None:
    with pytest.raises(Forbidden, match=r"BA-5016.*invalid_pin") as told:
        await (await signer(provider, "doctor", "999999")).sign([b"x"])
    assert "999999" not in str(told.value)
    with pytest.raises(Forbidden, match=r"BA-5016.*invalid_token"):
        await service(provider, "old").names()
    provider.refuses = "access_denied"
    with pytest.raises(Forbidden, match=r"BA-5016.*access_denied"):
        await service(provider).names()


async def test_other_hashes_than_approved_are_not_signed(provider: FakeCsc) -> None:
    remote = service(provider)
    credential = await remote.credential("doctor")
    leave = await remote.approve(credential, [b"a" * 32], Approval(pin=Secret(PIN)))
    with pytest.raises(Forbidden, match="invalid_sad"):
        await remote.sign(credential, [b"b" * 32], leave)


def answering(*answers: httpx.Response | Exception) -> SigningServices:
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        told = left.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    return SigningServices(frozenset({"ca.test"}), transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://elsewhere.test"}),
        httpx.ConnectError("away"),
        httpx.Response(200, content=bytes(ANSWER_BYTES_MAX + 1)),
    ],
    ids=["error", "redirect", "away", "huge"],
)
async def test_a_service_that_gives_no_good_answer_is_away(answer: httpx.Response | Exception) -> None:
    with pytest.raises(Unavailable, match="BA-5013"):
        await answering(answer).fetch(Ask("http://ca.test/ocsp", b"x"))
    with pytest.raises(Unavailable, match="BA-5010"):
        await answering(answer).time_stamp("http://ca.test/tsa", b"x")


@pytest.mark.parametrize(
    "url", ["http://inside.test/", "file:///etc/passwd", "http://x@ca.test/", "http://169.254.1.1/"]
)
async def test_only_named_hosts_are_asked(url: str) -> None:
    with pytest.raises(Unavailable, match="BA-5013"):
        await answering(httpx.Response(200, content=b"secret")).fetch(Ask(url))


async def test_answers_come_back_as_they_are() -> None:
    assert await answering(httpx.Response(200, content=b"crl")).fetch(Ask("http://ca.test/a.crl")) == b"crl"
    assert await answering(httpx.Response(200, content=b"tsr")).time_stamp("http://ca.test/tsa", b"q") == b"tsr"
