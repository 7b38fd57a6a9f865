"""Keys on a PKCS#11 token (SoftHSM2) sign a whole batch with one PIN."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.clocks import SetClock
from tests.softhsm import PIN, new_token, put_key, softhsm_module

from benhan.kernel.faults import Broken, Forbidden, NotFound, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.signing.batch import Level, Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.signing.verdicts import Indication
from benhan.signing.verify_pdf import judge_pdf
from benhan.testing.pki import TestPki
from benhan.transports.pkcs11_signer import Pkcs11Device, Pkcs11Signer

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki(tmp_path_factory.mktemp("pki"), SetClock(AT))


@pytest.fixture(scope="module")
def token(pki: TestPki) -> str:
    module = softhsm_module()
    label = new_token(module)
    for name in ("doctor", "curve"):
        put_key(module, label, name, pki.key(name), pki.certificate(name))
    return label


@pytest.fixture
def device(token: str) -> Iterator[Pkcs11Device]:
    device = Pkcs11Device(str(softhsm_module()), token, Secret(PIN))
    device.open()
    yield device
    device.close()


@pytest.mark.parametrize("name", ["doctor", "curve"])
async def test_a_batch_is_signed_on_the_token(device: Pkcs11Device, pki: TestPki, name: str) -> None:
    import typst

    pages = [typst.Compiler().compile({"main.typ": f"Tờ {n}".encode()}, pdf_standards=["a-3b"]) for n in range(7)]
    identity = replace(pki.identity(name), certificate=device.certificates()[name])
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    files = [(page, Place("x")) for page in pages if isinstance(page, bytes)]
    signed = [each async for each in sign_pdfs(files, Pkcs11Signer(device, name, identity), services, AT)]
    assert [each.pdf.startswith(page) for each, (page, _) in zip(signed, files, strict=True)] == [True] * 7
    assert {each.level for each in signed} == {Level.LTA}
    (first, _) = await judge_pdf(signed[0].pdf, pki.trust, AT + timedelta(days=100))
    assert first.finding.indication is Indication.PASSED


async def test_signatures_come_back_in_their_order(device: Pkcs11Device, pki: TestPki) -> None:
    signer = Pkcs11Signer(device, "doctor", pki.identity("doctor"))
    contents = [f"{n}".encode() for n in range(25)]
    for content, signature in zip(contents, await signer.sign(contents), strict=True):
        signer.identity.hold_to(signature, content)
    assert await signer.sign([]) == []


async def test_a_key_of_another_certificate_is_found_out(device: Pkcs11Device, pki: TestPki) -> None:
    (signature,) = await Pkcs11Signer(device, "doctor", pki.identity("doctor")).sign([b"x"])
    with pytest.raises(Broken, match="BA-5002"):
        pki.identity("curve").hold_to(signature, b"x")


async def test_a_missing_key_is_told_by_name(device: Pkcs11Device, pki: TestPki) -> None:
    with pytest.raises(NotFound, match=r"BA-5017.*nobody"):
        await Pkcs11Signer(device, "nobody", pki.identity("doctor")).sign([b"x"])


def test_a_wrong_pin_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(Forbidden, match="BA-5016") as told:
        Pkcs11Device(str(softhsm_module()), token, Secret("999999")).open()
    assert "999999" not in str(told.value)


def test_a_token_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match="BA-5015"):
        Pkcs11Device(str(softhsm_module()), "nowhere", Secret(PIN)).open()


def test_a_device_that_was_pulled_out_is_told(token: str, pki: TestPki) -> None:
    device = Pkcs11Device(str(softhsm_module()), token, Secret(PIN))
    device.open()
    device.close()
    with pytest.raises(Unavailable, match="BA-5015"):
        asyncio.run(device.sign("doctor", pki.identity("doctor"), [b"x"]))
