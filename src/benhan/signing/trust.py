"""Whom we believe: the roots that somebody chose, and the rules that certificates are held to.

No root is shipped: which ones a hospital trusts (the national root, those of its providers) is its own decision and
data. Source: NĐ 23/2025/NĐ-CP Đ17 (software manages the list of trusted CAs).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from asn1crypto import x509
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy, FreshnessReqType
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import process_legacy_crl_input, process_legacy_ocsp_input

from benhan.signing.algorithms import AlgorithmPolicy, shipped_policy
from benhan.signing.certificates import parse_certificates
from benhan.signing.status import Status

SIGNS_DOCUMENTS = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"})
"""A certificate for documents has one of these, if it names its uses. Source: RFC 5280, 4.2.1.3."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Roots, certificates that help to build paths to them, and until when algorithms are believed."""

    roots: tuple[x509.Certificate, ...] = ()
    others: tuple[x509.Certificate, ...] = ()
    algorithms: AlgorithmPolicy = field(default_factory=shipped_policy)


def parse_trust(files: Iterable[bytes]) -> Trust:
    """Trust in the self-signed certificates of some files; the others help to build paths. Raises Incorrect BA-5000."""
    found = [each for file in files for each in parse_certificates(file)]
    return Trust(
        tuple(each for each in found if each.self_signed != "no"),
        tuple(each for each in found if each.self_signed == "no"),
    )


KEPT_STATUS_LIFE = timedelta(days=365 * 50)
"""How old the status of a time-stamp server's certificates may be: what was kept when it stamped is enough.

The status of a signer's is only believed until the CA's next word, unless a time-stamp proves that it was there before.
For the last time-stamp of a file nothing offline can prove that; whoever must know whether its server's key was
compromised since brings what the CA says today.
"""


def certificate_rules(trust: Trust, *, of_time_stamps: bool = False) -> CertValidationPolicySpec:
    """How a path is held to the trust: status of every certificate needed, out of what is at hand."""
    needed = CertRevTrustPolicy(REQUIRE_REVINFO)
    kept = CertRevTrustPolicy(
        REQUIRE_REVINFO,
        freshness=KEPT_STATUS_LIFE,
        freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION,
    )
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=list(trust.roots)),
        revinfo_policy=kept if of_time_stamps else needed,
        algorithm_usage_policy=trust.algorithms,
    )


def signature_rules(trust: Trust, status: Status | None = None) -> SignatureValidationSpec:
    """How a signature is held to the trust, offline, with `status` besides what stands in its file."""
    known = status or Status()
    return SignatureValidationSpec(
        cert_validation_policy=certificate_rules(trust),
        ts_cert_validation_policy=certificate_rules(trust, of_time_stamps=True),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        local_knowledge=LocalKnowledge(
            known_ocsps=process_legacy_ocsp_input(list(known.ocsps)),
            known_crls=process_legacy_crl_input(list(known.crls)),
            known_certs=[*trust.others, *known.certificates],
        ),
        key_usage_settings=SIGNS_DOCUMENTS,
        signature_algorithm_policy=trust.algorithms,
    )
