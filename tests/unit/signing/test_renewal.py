"""Evidence kept for decades: trees below trees, a digest that ages, documents digested anew. Source: RFC 4998, 5.2."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.tries import tries

from benhan.kernel.faults import Incorrect
from benhan.signing.ageing import Weakness, ageing_of, first
from benhan.signing.algorithms import parse_policy
from benhan.signing.batch import Level
from benhan.signing.evidence import evidence_record, joined, rehashed, renewed, to_rehash, to_renew, tree_of
from benhan.signing.evidence_format import parse_record
from benhan.signing.trust import Trust
from benhan.signing.verdicts import Indication
from benhan.signing.verify_evidence import climbed, judge_evidence
from benhan.signing.verify_file import judge_file
from benhan.testing.pki import TestPki

from .conftest import AT, FHIR, Desk
from .test_cms import signed
from .test_evidence import records, stamped

DOCUMENTS = [f"Tờ {n}".encode() for n in range(9)]
AGED = datetime(2030, 1, 1, tzinfo=UTC)
LATER = datetime(2031, 1, 1, tzinfo=UTC)
_TABLE = "kind,name,min_bits,refused_from,source\ndigest,sha256,,,x\ndigest,sha384,,{},x\ndigest,sha512,,,x\n"
_KEYS = "key,ec,256,,x\nkey,rsa,2048,,x\nkey,rsa,1024,{},x\n"


def aged(desk: Desk) -> Trust:
    """What people believe who no longer believe SHA-384 and short keys from 2030 on."""
    return replace(desk.pki.trust, algorithms=parse_policy((_TABLE + _KEYS).format("2030-01-01", "2030-01-01")))


async def records_of_384(desk: Desk) -> list[bytes]:
    tree = tree_of([hashlib.sha384(each).digest() for each in DOCUMENTS], "sha384")
    token = await stamped(desk, tree.root)
    return [evidence_record(tree.way(number), token) for number in range(len(DOCUMENTS))]


async def digested_anew(desk: Desk, made: list[bytes]) -> list[bytes]:
    """The records of all documents with a chain under SHA-512, by one time-stamp."""
    leaves = [
        to_rehash(parse_record(record), hashlib.sha512(document).digest(), "sha512")
        for record, document in zip(made, DOCUMENTS, strict=True)
    ]
    tree = tree_of(leaves, "sha512")
    token = await stamped(desk, tree.root)
    return [rehashed(record, token, tree.way(number)) for number, record in enumerate(made)]


async def test_documents_digested_anew_in_time_outlive_the_digest(desk: Desk) -> None:
    made = await records_of_384(desk)
    desk.clock.at = AGED - timedelta(days=200)
    again = await digested_anew(desk, made)
    alone = await judge_evidence(made[4], DOCUMENTS[4], aged(desk), LATER)
    assert alone.finding.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    found = await judge_evidence(again[4], DOCUMENTS[4], aged(desk), LATER)
    assert (found.finding.indication, found.proven_at, found.stamps) == (Indication.PASSED, AT, 2)
    other = await judge_evidence(again[4], DOCUMENTS[6], aged(desk), LATER)
    assert other.finding.sub_indication == "HASH_FAILURE"


async def test_documents_digested_anew_too_late_are_not_proven(desk: Desk) -> None:
    made = await records_of_384(desk)
    desk.clock.at = AGED + timedelta(days=1)
    again = await digested_anew(desk, made)
    found = await judge_evidence(again[4], DOCUMENTS[4], aged(desk), LATER)
    assert found.finding.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"


async def test_a_new_chain_holds_to_the_chain_before(desk: Desk) -> None:
    """The record of one document does not carry the older proof of another."""
    made = await records_of_384(desk)
    again = await digested_anew(desk, made)
    (new,) = parse_record(again[4])[1]
    mixed = rehashed(made[6], new.token, new.way)
    assert (await judge_evidence(mixed, DOCUMENTS[4], aged(desk), AT)).finding.indication is Indication.FAILED
    assert (await judge_evidence(mixed, DOCUMENTS[6], aged(desk), AT)).finding.indication is Indication.FAILED


async def test_trees_of_many_days_hang_below_one_time_stamp_and_are_renewed_by_one(desk: Desk) -> None:
    days = [tree_of([hashlib.sha256(b"%d %d" % (day, n)).digest() for n in range(day + 1)]) for day in range(3)]
    above = tree_of([each.root for each in days])
    token = await stamped(desk, above.root)
    desk.clock.at = datetime(2032, 6, 1, tzinfo=UTC)
    others = tree_of([bytes(32), to_renew(evidence_record((), token)), bytes([1]) * 32])
    newer = await stamped(desk, others.root)
    for day, tree in enumerate(days):
        for number in range(day + 1):
            record = evidence_record(joined(tree.way(number), above.way(day)), token)
            record = renewed(record, newer, others.way(1))
            found = await judge_evidence(
                record, b"%d %d" % (day, number), desk.pki.trust, datetime(2032, 12, 1, tzinfo=UTC)
            )
            assert (found.finding.indication, found.proven_at) == (Indication.PASSED, AT)


@given(st.lists(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=6), min_size=1, max_size=9))
def test_a_way_through_two_trees_leads_to_the_upper_root(groups: list[list[bytes]]) -> None:
    trees = [tree_of(each) for each in groups]
    above = tree_of([each.root for each in trees])
    for place, (tree, group) in enumerate(zip(trees, groups, strict=True)):
        for number, digest in enumerate(group):
            assert climbed(joined(tree.way(number), above.way(place)), digest, "sha256") == above.root


@pytest.mark.parametrize("level", [Level.B, Level.LT])
async def test_a_pdf_outlives_its_certificate_by_a_record_beside_it(
    desk: Desk, small_paper: bytes, level: Level
) -> None:
    """The doctor's certificate ends with 2028."""
    pdf = await desk.sign(small_paper, "doctor", Level.LT if level is Level.LT else Level.T)
    (record,) = await records(desk, [pdf])
    later = datetime(2029, 6, 1, tzinfo=UTC)
    alone = await judge_file(pdf, desk.pki.trust, later)
    assert alone.indication is Indication.INDETERMINATE
    proven = await judge_file(pdf, desk.pki.trust, later, records=[record])
    # without the status of then in the file, that it was there then tells nothing of the certificate
    assert proven.indication is (Indication.PASSED if level is Level.LT else Indication.INDETERMINATE)
    assert [(each.of, each.proven_at) for each in proven.evidence] == [("file", AT)]


async def test_a_short_key_is_believed_where_a_record_is_older_than_its_end(desk: Desk, small_paper: bytes) -> None:
    pdf = await desk.sign(small_paper, "short", Level.LT)
    (record,) = await records(desk, [pdf])
    alone = await judge_file(pdf, aged(desk), LATER - timedelta(days=364))
    assert alone.indication is Indication.INDETERMINATE
    assert (await judge_file(pdf, aged(desk), LATER, records=[record])).indication is Indication.PASSED


async def test_a_detached_signature_needs_its_content_proven_too_once_the_digest_aged(desk: Desk) -> None:
    der = (await signed(desk, FHIR, "curve")).der
    of_signature, _, of_content = await records(desk, [der, b"another", FHIR])
    later = datetime(2029, 6, 1, tzinfo=UTC)
    found = await judge_file(der, desk.pki.trust, later, FHIR, records=[of_signature, of_content])
    assert found.indication is Indication.PASSED
    assert [each.of for each in found.evidence] == ["file", "content"]


async def test_a_record_of_another_file_fails_and_says_so(desk: Desk, small_paper: bytes) -> None:
    pdf = await desk.sign(small_paper, "doctor", Level.LT)
    *_, other = await records(desk, [pdf, b"beside", b"another"])
    found = await judge_file(pdf, desk.pki.trust, AT, records=[other])
    assert found.indication is Indication.FAILED
    assert found.evidence[0].finding.sub_indication == "HASH_FAILURE"


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_a_way_leads_to_the_root_once_altered(share: float, bit: int) -> None:
    tree = tree_of([hashlib.sha256(each).digest() for each in DOCUMENTS])
    flat = b"".join(digest for group in tree.way(4) for digest in group)
    altered = bytearray(flat)
    altered[int(share * len(flat))] ^= 1 << bit
    pieces = iter([bytes(altered[start : start + 32]) for start in range(0, len(flat), 32)])
    way = tuple(tuple(next(pieces) for _ in group) for group in tree.way(4))
    assert climbed(way, hashlib.sha256(DOCUMENTS[4]).digest(), "sha256") != tree.root


@pytest.fixture(scope="module")
def made(whole_pki: TestPki) -> list[bytes]:
    return asyncio.run(records(Desk(whole_pki, whole_pki.clock), DOCUMENTS))  # type: ignore[arg-type]


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=tries(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_an_altered_record_proves_nothing_else_than_it_did(
    share: float, bit: int, desk: Desk, made: list[bytes]
) -> None:
    place = int(share * len(made[4]))
    altered = made[4][:place] + bytes([made[4][place] ^ 1 << bit]) + made[4][place + 1 :]
    try:
        found = await judge_evidence(altered, DOCUMENTS[4], desk.pki.trust, AT)
        other = await judge_evidence(altered, b"another", desk.pki.trust, AT)
    except Incorrect as fault:
        event(fault.code)
        return
    assert found.proven_at in (AT, None)
    assert other.proven_at is None


async def test_what_ages_first_is_told_with_its_day(desk: Desk) -> None:
    token = await stamped(desk, bytes(32))
    by_server = ageing_of(token, desk.pki.trust.algorithms)
    assert (by_server.at.date().isoformat(), by_server.by) == ("2033-01-01", Weakness.CERTIFICATE)
    assert not by_server.is_due(datetime(2031, 6, 1, tzinfo=UTC))
    assert by_server.is_due(datetime(2032, 6, 1, tzinfo=UTC))
    by_digest = ageing_of(await stamped(desk, bytes(48)), aged(desk).algorithms)
    assert (by_digest.at, by_digest.by) == (AGED, Weakness.DIGEST)
    assert first([by_server, by_digest]) is by_digest
    unknown = parse_policy("kind,name,min_bits,refused_from,source\nkey,ec,256,,x\n")
    assert ageing_of(token, unknown).is_due(datetime(2001, 1, 1, tzinfo=UTC))
