"""Whom and which algorithms are believed, as data. Source: NĐ 23/2025/NĐ-CP Đ17; ETSI TS 119 312."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import algos, pem

from benhan.kernel.faults import Incorrect
from benhan.signing.algorithms import parse_policy, shipped_policy
from benhan.signing.certificates import facts_of, parse_certificates
from benhan.signing.trust import parse_trust

from .conftest import Desk

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("sha256", NOW, True),
        ("sha1", NOW, False),
        ("sha1", datetime(2016, 1, 1, tzinfo=UTC), True),
        ("md5", NOW, False),
        ("shake128", NOW, False),
    ],
)
def test_a_digest_is_believed_until_its_day(name: str, at: datetime, expected: object) -> None:
    algorithm = algos.DigestAlgorithm({"algorithm": name})
    assert shipped_policy().digest_algorithm_allowed(algorithm, at).allowed is expected


def test_a_stricter_table_refuses_keys_by_their_size(desk: Desk) -> None:
    strict = parse_policy("kind,name,min_bits,refused_from\ndigest,sha256,,\nkey,rsa,3072,\nkey,rsa,2048,2026-01-01\n")
    key = desk.pki.certificate("doctor").public_key
    signature = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
    assert not strict.signature_algorithm_allowed(signature, NOW, key).allowed
    assert strict.signature_algorithm_allowed(signature, datetime(2025, 1, 1, tzinfo=UTC), key).allowed
    assert shipped_policy().signature_algorithm_allowed(signature, NOW, key).allowed


@pytest.mark.parametrize("line", ["digest,sha256,x,", "hash,sha256,,", "key,rsa,2048,soon", "digest"])
def test_a_bad_line_of_a_table_is_told_by_number(line: str) -> None:
    with pytest.raises(Incorrect, match=r"BA-5025.*2"):
        parse_policy(f"kind,name,min_bits,refused_from\n{line}\n")


def test_roots_are_told_from_those_that_only_help(desk: Desk) -> None:
    chain = b"".join(pem.armor("CERTIFICATE", desk.pki.certificate(name).dump()) for name in ("ca", "root"))
    trust = parse_trust([chain, desk.pki.certificate("strangers").dump()])
    assert [facts_of(each).holder.name for each in trust.roots] == ["Root CA (thử nghiệm)", "Other Root"]
    assert [facts_of(each).holder.name for each in trust.others] == ["CA thử nghiệm"]


@pytest.mark.parametrize(
    "content", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"0\x00"]
)
def test_what_is_no_certificate_is_refused(content: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5000"):
        parse_certificates(content)
