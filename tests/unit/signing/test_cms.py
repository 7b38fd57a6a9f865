"""Detached signatures over stored bytes, such as a FHIR document. Source: ETSI EN 319 122-1."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tries import tries

from benhan.kernel.faults import NotFound, Unsupported
from benhan.signing.checking import ask_status
from benhan.signing.cms import SignedCms, detached
from benhan.signing.verdicts import Indication
from benhan.signing.verify_cms import judge_cms
from benhan.signing.verify_file import judge_file, kind_of
from benhan.testing.pki import TestPki

from .conftest import AT, FHIR, Desk

SOON = AT + timedelta(minutes=2)


async def signed(desk: Desk, content: bytes, who: str = "doctor") -> SignedCms:
    signer = desk.pki.signer(who)
    waiting = detached(content, signer.identity, "Bác sĩ", AT)
    (signature,) = await signer.sign([waiting.attributes])
    cms = waiting.with_signature(signature)
    token = await desk.services.stamp(cms.to_stamp)
    status, _ = await ask_status(signer.identity, desk.pki.trust, desk.pki.ask)
    return cms.with_timestamp(token).with_status(status | await desk.services.server_status(token, AT))


@pytest.mark.parametrize("who", ["doctor", "curve"])
async def test_a_document_is_signed_beside_itself(desk: Desk, who: str) -> None:
    found = await judge_cms((await signed(desk, FHIR, who)).der, FHIR, desk.pki.trust, SOON)
    assert (found.finding.indication, found.level) == (Indication.PASSED, "B-LT")
    assert (found.role, found.claimed_at, found.proven_at) == ("Bác sĩ", AT, AT)
    assert found.is_unchanged


async def test_other_content_fails(desk: Desk) -> None:
    found = await judge_cms((await signed(desk, FHIR)).der, FHIR + b" ", desk.pki.trust, SOON)
    assert (found.finding.indication.value, found.finding.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert not found.is_unchanged


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("expired", ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")),
        ("revoked", ("INDETERMINATE", "REVOKED_NO_POE")),
        ("stranger", ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")),
    ],
)
async def test_what_a_bad_certificate_signed_is_not_believed(desk: Desk, who: str, expected: tuple[str, str]) -> None:
    found = await judge_cms((await signed(desk, FHIR, who)).der, FHIR, desk.pki.trust, SOON)
    assert (found.finding.indication.value, found.finding.sub_indication) == expected


@pytest.fixture(scope="module")
def made(whole_pki: TestPki) -> bytes:
    return asyncio.run(signed(Desk(whole_pki, whole_pki.clock), FHIR)).der  # type: ignore[arg-type]


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_bit_of_the_content_nor_of_the_signature_can_be_altered(
    share: float, bit: int, desk: Desk, made: bytes
) -> None:
    """What stands beside the signature (certificates, status, time-stamps) may be, where the verdict stays the same."""
    place = int(share * len(FHIR))
    content = FHIR[:place] + bytes([FHIR[place] ^ 1 << bit]) + FHIR[place + 1 :]
    found = await judge_cms(made, content, desk.pki.trust, SOON)
    assert found.finding.sub_indication == "HASH_FAILURE"
    place = int(share * len(made))
    altered = made[:place] + bytes([made[place] ^ 1 << bit]) + made[place + 1 :]
    found = await judge_cms(altered, FHIR, desk.pki.trust, SOON)
    if found.finding.indication is Indication.PASSED:
        assert found.signer == (await judge_cms(made, FHIR, desk.pki.trust, SOON)).signer
        assert (found.claimed_at, found.role) == (AT, "Bác sĩ")


@given(garbage=st.binary(max_size=200), share=st.floats(0, 1))
@settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_garbage_is_a_malformed_signature(garbage: bytes, share: float, desk: Desk) -> None:
    whole = (await signed(desk, FHIR)).der
    for der in (garbage, whole[: int(len(whole) * share)]):
        found = await judge_cms(der, FHIR, desk.pki.trust, SOON)
        assert der == whole or found.finding.indication is Indication.FAILED


async def test_files_are_told_apart_by_what_they_begin_with(desk: Desk, small_paper: bytes) -> None:
    signature = (await signed(desk, FHIR)).der
    assert [kind_of(each) for each in (small_paper, b"\xef\xbb\xbf<A/>", signature, b"x", b"")] == [
        "PDF",
        "XML",
        "CMS",
        "",
        "",
    ]
    assert (await judge_file(signature, desk.pki.trust, SOON, FHIR)).indication is Indication.PASSED
    with pytest.raises(NotFound, match="BA-5023"):
        await judge_file(signature, desk.pki.trust, SOON)
    with pytest.raises(Unsupported, match="BA-5022"):
        await judge_file(b"x", desk.pki.trust, SOON)
    assert (await judge_file(small_paper, desk.pki.trust, SOON)).indication is None
