"""Signatures in a PDF: several one after the other, with all that is needed to believe them in thirty years.

Source: ETSI EN 319 142-1, EN 319 102-1; NĐ 23/2025/NĐ-CP Đ15–17.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.tries import tries

from benhan.kernel.faults import Broken, Conflict, Fault, Forbidden, Incorrect, Unavailable
from benhan.signing.additions import adds_only_signatures
from benhan.signing.batch import Level, stamp_later
from benhan.signing.checking import ask_status
from benhan.signing.pades import Appearance, Place, attachments, page_count, prepare, read_pdf, to_archive
from benhan.signing.status import Status
from benhan.signing.verdicts import Indication, SignatureVerdict
from benhan.signing.verify_pdf import judge_pdf
from benhan.testing.pki import TestPki

from .conftest import AT, FHIR, Desk

SOON = AT + timedelta(minutes=2)


async def verdicts(desk: Desk, pdf: bytes, at: datetime = SOON) -> list[SignatureVerdict]:
    return await judge_pdf(pdf, desk.pki.trust, at)


def told(verdict: SignatureVerdict) -> tuple[str, str]:
    return verdict.finding.indication.value, verdict.finding.sub_indication


async def test_nurse_doctor_head_and_hospital_sign_one_after_the_other(desk: Desk, paper: bytes) -> None:
    pdf = paper
    roles = {"nurse": "Điều dưỡng", "doctor": "Bác sĩ điều trị", "head": "Trưởng khoa", "hospital": ""}
    for who, role in roles.items():
        signed = await desk.sign(pdf, who, place=Place(who, role, reason="Ký xác nhận"))
        assert signed.startswith(pdf), "what was signed before is not touched"
        pdf = signed
        desk.clock.advance(minutes=1)
    found = [each for each in await verdicts(desk, pdf, AT + timedelta(days=400)) if not each.is_timestamp]
    assert [(each.place, each.role) for each in found] == list(roles.items())
    assert {told(each) for each in found} == {("TOTAL-PASSED", "")}
    assert {each.level for each in found} == {"B-LTA"}
    assert all(each.is_unchanged and each.is_whole and each.is_valid_then for each in found)
    assert [each.proven_at for each in found] == [AT + timedelta(minutes=n) for n in range(4)]
    assert found[1].signer is not None
    assert found[1].signer.holder.name == "Nguyễn Thị Bác Sĩ"
    assert found[1].signer.holder.title == "Bác sĩ"
    assert found[1].stamped_by == "TSA thử nghiệm"
    assert found[1].reason == "Ký xác nhận"


async def test_data_inside_are_signed_with_the_page(desk: Desk, paper: bytes) -> None:
    signed = await desk.sign(paper, "doctor")
    assert attachments(signed) == {"ho-so.fhir.json": FHIR}
    assert page_count(signed) == page_count(paper)
    assert b"<pdfaid:part>3</pdfaid:part>" in signed


@pytest.mark.parametrize("who", ["doctor", "revoked_later"])
@pytest.mark.parametrize(
    ("level", "now", "in_three_years"),
    [
        (Level.B, "INDETERMINATE", "INDETERMINATE"),
        (Level.T, "INDETERMINATE", "INDETERMINATE"),
        (Level.LT, "TOTAL-PASSED", "INDETERMINATE"),
        (Level.LTA, "TOTAL-PASSED", "TOTAL-PASSED"),
    ],
)
async def test_only_the_highest_level_outlives_the_certificate_and_its_revocation(
    desk: Desk, small_paper: bytes, who: str, level: Level, now: str, in_three_years: str
) -> None:
    signed = await desk.sign(small_paper, who, level)
    for at, expected in ((SOON, now), (datetime(2029, 11, 1, tzinfo=UTC), in_three_years)):
        found = (await verdicts(desk, signed, at))[0]
        assert (found.finding.indication.value, found.level) == (expected, level.value)


async def test_a_time_stamp_given_in_time_carries_the_proof_past_the_stamp_server(
    desk: Desk, small_paper: bytes
) -> None:
    """The time-stamp server's certificate ends in 2033; before that the file is stamped again."""
    once = await desk.sign(small_paper, "doctor")
    desk.clock.at = datetime(2032, 6, 1, tzinfo=UTC)
    twice = (await stamp_later(once, desk.services, desk.clock.now())).pdf
    assert twice.startswith(once)
    found = await verdicts(desk, twice, datetime(2032, 12, 1, tzinfo=UTC))
    assert [told(each) for each in found if not each.is_timestamp] == [("TOTAL-PASSED", "")]
    late = await verdicts(desk, once, datetime(2033, 6, 1, tzinfo=UTC))
    assert late[0].finding.indication is Indication.INDETERMINATE


async def test_a_visible_signature_shows_its_picture(desk: Desk, paper: bytes, small_paper: bytes) -> None:
    place = Place("BacSi", appearance=Appearance(0, (300, 100, 500, 160), small_paper))
    signed = await desk.sign(paper, "doctor", Level.B, place)

    def seen(pdf: bytes) -> bytes:
        with pypdfium2.PdfDocument(pdf) as document:
            document.init_forms()
            return document[0].render(scale=0.5, may_draw_forms=True).to_pil().tobytes()

    assert seen(signed) != seen(paper)
    assert (await verdicts(desk, signed))[0].is_unchanged


async def test_a_place_is_signed_once(desk: Desk, small_paper: bytes) -> None:
    signed = await desk.sign(small_paper, "doctor", Level.B)
    with pytest.raises(Conflict, match="BA-5005"):
        await desk.sign(signed, "doctor", Level.B)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("expired", "OUT_OF_BOUNDS_NO_POE"),
        ("early", "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
        ("revoked", "REVOKED_NO_POE"),
        ("encrypts", "CHAIN_CONSTRAINTS_FAILURE"),
        ("stranger", "NO_CERTIFICATE_CHAIN_FOUND"),
    ],
)
async def test_nobody_signs_with_a_bad_certificate(desk: Desk, small_paper: bytes, who: str, reason: str) -> None:
    with pytest.raises(Forbidden, match=f"BA-5014.*{reason}"):
        await desk.sign(small_paper, who)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("expired", ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")),
        ("early", ("TOTAL-FAILED", "NOT_YET_VALID")),
        ("encrypts", ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")),
        ("stranger", ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")),
    ],
)
async def test_what_a_bad_certificate_signed_elsewhere_is_not_believed(
    desk: Desk, small_paper: bytes, who: str, expected: tuple[str, str]
) -> None:
    pdf, status = await signed_elsewhere(desk, small_paper, who)
    (found,) = await judge_pdf(pdf, desk.pki.trust, SOON, status)
    assert told(found) == expected
    assert found.finding.text.vi


async def signed_elsewhere(desk: Desk, pdf: bytes, who: str) -> tuple[bytes, Status]:
    """A PDF time-stamped, by somebody whom we would not have let sign, and what the CA says of them today."""
    signer = desk.pki.signer(who)
    prepared = prepare(pdf, Place(who), signer.identity, AT)
    (signature,) = await signer.sign([prepared.to_sign])
    signed = prepared.with_signature(signature)
    token = await desk.services.stamp(signed.to_stamp)
    status, _ = await ask_status(signer.identity, desk.pki.trust, desk.pki.ask)
    return signed.with_timestamp(token).pdf, status | await desk.services.server_status(token, desk.clock.now())


@pytest.mark.parametrize(
    ("signed_at", "expected"),
    [
        (datetime(2026, 5, 1, tzinfo=UTC), ("TOTAL-PASSED", "")),
        (datetime(2026, 7, 1, tzinfo=UTC), ("INDETERMINATE", "REVOKED_NO_POE")),
    ],
)
async def test_what_was_stamped_before_the_revocation_holds_what_came_after_does_not(
    desk: Desk, small_paper: bytes, signed_at: datetime, expected: tuple[str, str]
) -> None:
    """The certificate was revoked on 01/06/2026; it is judged in November, by what the CA says then."""
    desk.clock.at = signed_at
    pdf, _ = await signed_elsewhere(desk, small_paper, "revoked")
    desk.clock.at = AT
    status, _ = await ask_status(desk.pki.identity("revoked"), desk.pki.trust, desk.pki.ask)
    server = await desk.services.server_status(await desk.services.stamp(bytes(32)), AT)
    (found,) = await judge_pdf(pdf, desk.pki.trust, SOON, status | server)
    assert told(found) == expected


async def test_an_algorithm_that_aged_is_refused_unless_a_time_stamp_is_older(desk: Desk, small_paper: bytes) -> None:
    from dataclasses import replace

    from benhan.signing.algorithms import parse_policy

    table = "kind,name,min_bits,refused_from,source\ndigest,sha256,,,x\nkey,ec,256,,x\nkey,rsa,2048,2027-01-01,x\n"
    trust = replace(desk.pki.trust, algorithms=parse_policy(table))
    bare = await desk.sign(small_paper, "doctor", Level.LT)
    sealed = await desk.sign(small_paper, "doctor", Level.LTA)
    later = datetime(2027, 2, 1, tzinfo=UTC)
    assert (await judge_pdf(sealed, trust, AT + timedelta(minutes=5)))[0].finding.indication is Indication.PASSED
    assert (await judge_pdf(bare, trust, later))[0].finding.indication is Indication.INDETERMINATE


async def test_with_the_time_stamp_server_away_people_sign_and_the_stamp_comes_later(
    desk: Desk, small_paper: bytes
) -> None:
    desk.pki.down.add("tsa")
    (file,) = [each async for each in desk.signed([small_paper], "doctor")]
    assert file.level is Level.B
    assert isinstance(file.missing, Unavailable)
    assert file.missing.code == "BA-5010"
    assert (await verdicts(desk, file.pdf))[0].level == "B-B"
    with pytest.raises(Unavailable, match="BA-5010"):
        await stamp_later(file.pdf, desk.services, desk.clock.now())
    desk.pki.down.clear()
    desk.clock.advance(minutes=3)
    later = await stamp_later(file.pdf, desk.services, desk.clock.now())
    found = (await verdicts(desk, later.pdf, AT + timedelta(days=100)))[0]
    assert (told(found), found.level, found.proven_at) == (("TOTAL-PASSED", ""), "B-LTA", AT + timedelta(minutes=3))


async def test_where_nobody_tells_the_status_nothing_is_signed(desk: Desk, small_paper: bytes) -> None:
    desk.pki.down |= {"ocsp", "crl"}
    with pytest.raises(Unavailable, match="BA-5013"):
        await desk.sign(small_paper, "doctor")
    desk.pki.down = {"ocsp"}
    assert (await verdicts(desk, await desk.sign(small_paper, "doctor")))[0].finding.indication is Indication.PASSED


async def test_a_batch_asks_for_the_status_once(desk: Desk, small_paper: bytes) -> None:
    files = [each async for each in desk.signed([small_paper] * 20, "doctor")]
    assert {each.level for each in files} == {Level.LTA}
    assert desk.pki.asked.count("ocsp") == 2, "the doctor's and the CA's"
    assert desk.pki.asked.count("tsa") == 40


async def test_a_signature_of_another_key_is_refused_at_once(desk: Desk, small_paper: bytes) -> None:
    prepared = prepare(small_paper, Place("x"), desk.pki.identity("curve"), AT)
    (signature,) = await desk.pki.signer("doctor").sign([prepared.to_sign])
    with pytest.raises(Broken, match="BA-5002"):
        prepared.with_signature(signature)


async def test_keys_on_a_curve_sign_too(desk: Desk, small_paper: bytes) -> None:
    assert told((await verdicts(desk, await desk.sign(small_paper, "curve")))[0]) == ("TOTAL-PASSED", "")


def test_what_nobody_signed_is_not_sealed(small_paper: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5008"):
        to_archive(small_paper)


async def test_a_signature_of_another_document_fails(desk: Desk, small_paper: bytes, paper: bytes) -> None:
    signer = desk.pki.signer("doctor")
    one, other = (prepare(each, Place("x"), signer.identity, AT) for each in (small_paper, paper))
    (signature,) = await signer.sign([one.to_sign])
    swapped = other.gap.filled(one.with_signature(signature).cms.der)
    (found,) = await verdicts(desk, swapped)
    assert told(found) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert not found.is_unchanged


async def test_a_page_changed_by_an_update_behind_the_signature_fails(desk: Desk, small_paper: bytes) -> None:
    """The signed bytes are whole; what is shown is another text."""
    from io import BytesIO

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    signed = await desk.sign(small_paper, "doctor")
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    shown = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = shown
    writer.update_container(page)
    output = BytesIO()
    writer.write(output)
    found = (await verdicts(desk, output.getvalue()))[0]
    assert told(found) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert "sửa sau khi ký" in found.finding.text.vi


async def test_what_is_plainly_signatures_is_seen_as_the_thorough_comparison_sees_it(
    desk: Desk, paper: bytes, small_paper: bytes
) -> None:
    plain = await desk.sign(await desk.sign(paper, "nurse"), "doctor")
    reader = read_pdf(plain)
    assert [adds_only_signatures(reader, each) for each in range(5)] == [False, True, True, True, True]
    place = Place("BacSi", appearance=Appearance(0, (300, 100, 500, 160), small_paper))
    pictured = await desk.sign(await desk.sign(paper, "nurse"), "doctor", Level.B, place)
    assert [adds_only_signatures(read_pdf(pictured), each) for each in range(4)] == [False, True, True, False]
    (first, *_) = await verdicts(desk, pictured)
    assert told(first) == ("TOTAL-PASSED", "")


class Sealed:
    """A file, of which a failing test does not print every byte."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf


@pytest.fixture(scope="session")
def sealed(whole_pki: TestPki, small_paper: bytes) -> Sealed:
    import asyncio

    return Sealed(asyncio.run(Desk(whole_pki, whole_pki.clock).sign(small_paper, "doctor")))  # type: ignore[arg-type]


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_byte_can_be_altered(share: float, bit: int, desk: Desk, sealed: Sealed) -> None:
    """But in the last time-stamp itself: no later one covers the certificates that come with it, in either case of its
    hexadecimal digits. What it says of the file is the same then."""
    pdf = sealed.pdf
    place = int(share * len(pdf))
    altered = pdf[:place] + bytes([pdf[place] ^ 1 << bit]) + pdf[place + 1 :]
    try:
        found = await verdicts(desk, altered)
    except Fault as fault:
        event(fault.code)
        return
    passed = [each.finding.indication for each in found] == [Indication.PASSED] * 2
    assert not passed or sealed.pdf.rindex(b"/Contents <") < place < sealed.pdf.rindex(b">\n/ByteRange")


@given(garbage=st.binary(max_size=300), cut=st.floats(0, 1))
@settings(max_examples=tries(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_damaged_files_are_refused_or_judged_but_never_break_us(
    garbage: bytes, cut: float, desk: Desk, sealed: Sealed
) -> None:
    pdf = sealed.pdf
    for file in (garbage, b"%PDF-1.7\n" + garbage, pdf[: int(len(pdf) * cut)] + garbage):
        try:
            found = await verdicts(desk, file)
        except Fault as fault:
            event(fault.code)
        else:
            event(f"{len(found)} verdicts")
            passed = [each for each in found if each.finding.indication is Indication.PASSED and not each.is_timestamp]
            assert not passed or pdf.startswith(file.rstrip()) or file.startswith(pdf)


async def test_a_bomb_is_not_unpacked(desk: Desk, small_paper: bytes) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(small_paper))
    bomb = generic.StreamObject(encoded_data=zlib.compress(bytes(300 * 2**20)))
    bomb["/Filter"] = generic.pdf_name("/FlateDecode")
    spec = generic.DictionaryObject(
        {generic.pdf_name("/EF"): generic.DictionaryObject({generic.pdf_name("/F"): writer.add_object(bomb)})}
    )
    names = generic.ArrayObject([generic.pdf_string("b"), spec])
    writer.root["/Names"] = generic.DictionaryObject(
        {generic.pdf_name("/EmbeddedFiles"): generic.DictionaryObject({generic.pdf_name("/Names"): names})}
    )
    writer.update_root()
    output = BytesIO()
    writer.write(output)
    with pytest.raises(Incorrect, match="BA-5003"):
        attachments(output.getvalue())


async def test_a_locked_pdf_is_told_apart(desk: Desk, small_paper: bytes) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(BytesIO(small_paper)))
    writer.encrypt("mật khẩu")
    output = BytesIO()
    writer.write(output)
    with pytest.raises(Fault, match="BA-5004"):
        await desk.sign(output.getvalue(), "doctor")
