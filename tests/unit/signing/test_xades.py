"""Signatures in an XML, in the place its format keeps for them. Source: CV 1245/BHXH-CNTT; EN 319 132-1; QĐ 2062."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.tries import tries

from benhan.kernel.faults import Fault, Incorrect
from benhan.signing.checking import ask_status
from benhan.signing.verdicts import Indication, SignatureVerdict
from benhan.signing.verify_xml import judge_xml
from benhan.signing.xades import PORTAL_PLACE, SignedXml, prepare_xml
from benhan.vn.ksk.signing_places import Unsigned

from .conftest import AT, Desk

SAMPLE = (Path(__file__).parents[2] / "bhyt_samples" / "A_outpatient.GIAMDINHHS.xml").read_bytes()
SMALL = b"<GIAMDINHHS><A>\xc6\xa0 &amp; \xc3\x81</A><CHUKYDONVI></CHUKYDONVI></GIAMDINHHS>"
CHECK_UP = (
    b"<KSK><HO_TEN>Nguy\xe1\xbb\x85n V\xc4\x83n Th\xe1\xbb\xad</HO_TEN><CHUKYDONVI>"
    b"<CKS_NGUOI_KET_LUAN></CKS_NGUOI_KET_LUAN><CKS_BENH_VIEN></CKS_BENH_VIEN></CHUKYDONVI></KSK>"
)
SOON = AT + timedelta(minutes=2)


async def signed(
    desk: Desk, file: bytes, who: str, place: str = PORTAL_PLACE, at: datetime | None = None, role: str = ""
) -> SignedXml:
    signer = desk.pki.signer(who)
    prepared = prepare_xml(file, place, signer.identity, at, role)
    (signature,) = await signer.sign([prepared.to_sign])
    return prepared.with_signature(signature)


async def kept(desk: Desk, xml: SignedXml, who: str) -> SignedXml:
    """The signature with its time-stamp and the status of all certificates."""
    token = await desk.services.stamp(xml.to_stamp)
    status, _ = await ask_status(desk.pki.identity(who), desk.pki.trust, desk.pki.ask)
    server = await desk.services.server_status(token, desk.clock.now())
    return xml.with_timestamp(token).with_status(status | server)


def told(verdict: SignatureVerdict) -> tuple[str, str]:
    return verdict.finding.indication.value, verdict.finding.sub_indication


async def test_the_insurances_file_is_signed_in_its_place_and_nothing_else_changes(desk: Desk) -> None:
    xml = await signed(desk, SAMPLE, "hospital")
    before, after = (
        (SAMPLE.split(b"<CHUKYDONVI/>") + SAMPLE.split(b"<CHUKYDONVI></CHUKYDONVI>"))[:2]
        if (b"<CHUKYDONVI/>" in SAMPLE)
        else SAMPLE.split(b"<CHUKYDONVI></CHUKYDONVI>")
    )
    assert xml.file == before + b"<CHUKYDONVI>" + xml.element + b"</CHUKYDONVI>" + after
    assert b" Id=" not in xml.element
    status, _ = await ask_status(desk.pki.identity("hospital"), desk.pki.trust, desk.pki.ask)
    (found,) = await judge_xml(xml.file, desk.pki.trust, SOON, status)
    assert (told(found), found.place, found.form) == (("TOTAL-PASSED", ""), "CHUKYDONVI", "XML Signature")
    assert found.signer is not None
    assert found.signer.holder.name == "Bệnh viện Thử nghiệm"


@pytest.mark.parametrize("who", ["doctor", "curve"])
async def test_xades_says_who_as_what_and_when(desk: Desk, who: str) -> None:
    xml = await kept(desk, await signed(desk, SMALL, who, at=AT, role="Bác sĩ <điều trị>"), who)
    (found,) = await judge_xml(xml.file, desk.pki.trust, SOON)
    assert told(found) == ("TOTAL-PASSED", "")
    assert (found.role, found.claimed_at, found.proven_at) == ("Bác sĩ <điều trị>", AT, AT)
    assert (found.level, found.form, found.stamped_by) == ("B-LT", "XAdES", "TSA thử nghiệm")


async def test_a_check_up_is_signed_by_the_doctor_then_by_the_facility(desk: Desk) -> None:
    """Each signs the file that they saw; the element goes into its place as Base64."""
    doctors = Unsigned(CHECK_UP).with_doctor(
        (await kept(desk, await signed(desk, CHECK_UP, "doctor", "CKS_NGUOI_KET_LUAN", AT), "doctor")).element
    )
    facilitys = await kept(desk, await signed(desk, doctors.to_sign, "hospital", "CKS_BENH_VIEN", AT), "hospital")
    both = doctors.with_facility(facilitys.element).content
    found = await judge_xml(both, desk.pki.trust, SOON)
    assert [(each.place, told(each)) for each in found] == [
        ("CKS_NGUOI_KET_LUAN", ("TOTAL-PASSED", "")),
        ("CKS_BENH_VIEN", ("TOTAL-PASSED", "")),
    ]
    changed = both.replace(b"V\xc4\x83n", b"V\xc4\x83m")
    assert [told(each) for each in await judge_xml(changed, desk.pki.trust, SOON)] == [
        ("TOTAL-FAILED", "HASH_FAILURE")
    ] * 2


async def test_a_signature_of_another_file_fails(desk: Desk) -> None:
    xml = await signed(desk, SMALL, "doctor", at=AT)
    other = SMALL.replace(b"&amp;", b"+").replace(b"<CHUKYDONVI>", b"<CHUKYDONVI>" + xml.element)
    (found,) = await judge_xml(other, desk.pki.trust, SOON)
    assert told(found) == ("TOTAL-FAILED", "HASH_FAILURE")


async def test_a_signature_over_a_part_is_not_one_over_the_file(desk: Desk) -> None:
    xml = await signed(desk, SMALL, "doctor", at=AT)
    (found,) = await judge_xml(xml.file.replace(b'URI=""', b'URI="#x"'), desk.pki.trust, SOON)
    assert told(found) == ("TOTAL-FAILED", "FORMAT_FAILURE")


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("expired", ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")),
        ("early", ("TOTAL-FAILED", "NOT_YET_VALID")),
        ("revoked", ("INDETERMINATE", "REVOKED_NO_POE")),
        ("encrypts", ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")),
        ("stranger", ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")),
    ],
)
async def test_what_a_bad_certificate_signed_is_not_believed(desk: Desk, who: str, expected: tuple[str, str]) -> None:
    xml = await kept(desk, await signed(desk, SMALL, who, at=AT), who)
    (found,) = await judge_xml(xml.file, desk.pki.trust, SOON)
    assert told(found) == expected


async def test_a_revocation_after_the_time_stamp_does_not_undo_the_signature(desk: Desk) -> None:
    xml = await kept(desk, await signed(desk, SMALL, "revoked_later", at=AT), "revoked_later")
    desk.clock.at = AT.replace(year=2027)
    status, _ = await ask_status(desk.pki.identity("revoked_later"), desk.pki.trust, desk.pki.ask)
    (found,) = await judge_xml(xml.file, desk.pki.trust, desk.clock.now(), status)
    assert told(found) == ("TOTAL-PASSED", "")


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_byte_of_the_signed_can_be_altered(share: float, bit: int, desk: Desk) -> None:
    xml = (await signed(desk, SMALL, "doctor", at=AT, role="Bác sĩ")).file
    end = xml.index(b"<KeyInfo>")
    place = int(share * end)
    altered = xml[:place] + bytes([xml[place] ^ 1 << bit]) + xml[place + 1 :]
    try:
        found = await judge_xml(altered, desk.pki.trust, SOON)
    except Fault as fault:
        event(fault.code)
    else:
        assert all(each.finding.indication is Indication.FAILED for each in found)


@pytest.mark.parametrize("file", [b"<A/>", b"<A><CHUKYDONVI>x</CHUKYDONVI></A>", b"<A><CHUKYDONVI/><CHUKYDONVI/></A>"])
def test_a_file_without_one_empty_place_is_refused(desk: Desk, file: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5021"):
        prepare_xml(file, PORTAL_PLACE, desk.pki.identity("doctor"))


@pytest.mark.parametrize(
    "file",
    [
        b"<A",
        b'<!DOCTYPE A [<!ENTITY x "y">]><A><CHUKYDONVI/>&x;</A>',
        b'<!DOCTYPE A SYSTEM "file:///etc/passwd"><A><CHUKYDONVI/></A>',
    ],
)
async def test_hostile_xml_is_refused(desk: Desk, file: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5020"):
        prepare_xml(file, PORTAL_PLACE, desk.pki.identity("doctor"))
    with pytest.raises(Incorrect, match="BA-5020"):
        await judge_xml(file, desk.pki.trust, SOON)
