"""The verdict on a detached signature over stored bytes. Source: ETSI EN 319 102-1, 5.5; EN 319 122-1 (CAdES)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from asn1crypto import cms, core
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts
from pyhanko_certvalidator.ltv.poe import POEManager

from benhan.kernel.faults import Fault
from benhan.signing.certificates import facts_of
from benhan.signing.cms import status_in
from benhan.signing.judging import claimed_role, judge_signature, nothing_proven
from benhan.signing.status import Status
from benhan.signing.trust import Trust, signature_rules
from benhan.signing.verdicts import SignatureVerdict, failed, finding_of

FORM = "CAdES"
_BREAKS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    CMSExtractionError,
    CMSStructuralError,
    SignatureValidationError,
    Fault,
)
"""What a malformed signature makes the libraries throw."""


async def judge_cms(
    signature: bytes,
    content: bytes,
    trust: Trust,
    at: datetime,
    status: Status | None = None,
    proofs: POEManager | None = None,
) -> SignatureVerdict:
    """The verdict on a detached signature over `content` at `at`; `proofs` are what an evidence record proves."""
    try:
        container = cms.ContentInfo.load(signature, strict=True)
        signed = container["content"]
        info = signed["signer_infos"][0]
        if len(signed["signer_infos"]) != 1 or not isinstance(signed["encap_content_info"]["content"], core.Void):
            return SignatureVerdict(FORM, "CMS", failed("FORMAT_FAILURE"))
        kept = status_in(signed)
        rules = signature_rules(trust, (status or Status()) | kept)
        digest = hashlib.new(info["digest_algorithm"]["algorithm"].native, content).digest()
        judged = await judge_signature(signed, digest, rules, at, proofs or nothing_proven(at))
        return SignatureVerdict(
            form=FORM,
            place="CMS",
            finding=finding_of(judged.found),
            signer=facts_of(judged.signer),
            role=claimed_role(info),
            claimed_at=extract_self_reported_ts(info),
            proven_at=judged.proven_at,
            stamped_by=judged.stamped_by,
            level="B-LT" if judged.stamped_by and (kept.ocsps or kept.crls) else "B-T" if judged.stamped_by else "B-B",
            is_unchanged=judged.is_unchanged,
            is_whole=True,
        )
    except _BREAKS:
        return SignatureVerdict(FORM, "CMS", failed("FORMAT_FAILURE"))
