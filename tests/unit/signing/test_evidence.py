"""Evidence records: one time-stamp for many documents, renewed by one. Source: RFC 4998."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.signing.cms import SignedCms
from benhan.signing.evidence import evidence_record, renewed, to_renew, tree_of
from benhan.signing.verdicts import Indication
from benhan.signing.verify_cms import judge_cms
from benhan.signing.verify_evidence import climbed, judge_evidence

from .conftest import AT, FHIR, Desk
from .test_cms import signed

DOCUMENTS = [f"Tài liệu {n}".encode() for n in range(1000)]


async def stamped(desk: Desk, digest: bytes) -> bytes:
    """A token with the status of its server's certificates inside."""
    token = await desk.services.stamp(digest)
    status = await desk.services.server_status(token, desk.clock.now())
    return SignedCms(token, b"").with_status(status).der


async def records(desk: Desk, documents: list[bytes]) -> list[bytes]:
    tree = tree_of([hashlib.sha256(each).digest() for each in documents])
    token = await stamped(desk, tree.root)
    return [evidence_record(tree.way(number), token) for number in range(len(documents))]


async def test_one_time_stamp_proves_a_thousand_documents(desk: Desk) -> None:
    made = await records(desk, DOCUMENTS)
    assert desk.pki.asked.count("tsa") == 1
    for number in (0, 1, 511, 998, 999):
        found = await judge_evidence(made[number], DOCUMENTS[number], desk.pki.trust, AT + timedelta(days=900))
        assert (found.finding.indication, found.proven_at) == (Indication.PASSED, AT)
    other = await judge_evidence(made[5], DOCUMENTS[6], desk.pki.trust, AT)
    assert (other.finding.indication.value, other.finding.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


async def test_one_more_proves_them_all_again_before_it_ages(desk: Desk) -> None:
    """The server's certificate ends in 2033; in 2032 one digest is stamped for all."""
    made = await records(desk, DOCUMENTS[:50])
    desk.clock.at = datetime(2032, 6, 1, tzinfo=UTC)
    (digest,) = {to_renew(each) for each in made}
    token = await stamped(desk, digest)
    again = [renewed(each, token) for each in made]
    found = await judge_evidence(again[7], DOCUMENTS[7], desk.pki.trust, datetime(2032, 12, 1, tzinfo=UTC))
    assert (found.finding.indication, found.proven_at) == (Indication.PASSED, AT)
    wrong = renewed(made[7], await stamped(desk, bytes(32)))
    failed = await judge_evidence(wrong, DOCUMENTS[7], desk.pki.trust, desk.clock.now())
    assert failed.finding.sub_indication == "HASH_FAILURE"


async def test_a_signature_outlives_its_certificate_by_its_record(desk: Desk) -> None:
    """The doctor's certificate ends with 2028; the record over the signature proves that it was there before."""
    der = (await signed(desk, FHIR)).der
    (record,) = await records(desk, [der])
    later = datetime(2029, 6, 1, tzinfo=UTC)
    assert (await judge_cms(der, FHIR, desk.pki.trust, later)).finding.indication is Indication.INDETERMINATE
    evidence = await judge_evidence(record, der, desk.pki.trust, later)
    assert evidence.proven_at is not None
    found = await judge_cms(der, FHIR, desk.pki.trust, later, evidence=evidence)
    assert found.finding.indication is Indication.PASSED


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True))
def test_every_way_leads_to_the_root(digests: list[bytes]) -> None:
    tree = tree_of(digests)
    for number, digest in enumerate(digests):
        assert climbed(tree.way(number), digest, "sha256") == tree.root
        assert climbed(tree.way(number), b"another digest of thirty-two byte", "sha256") is None


@given(st.binary(max_size=300))
def test_garbage_is_no_record(garbage: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5024"):
        to_renew(garbage)
