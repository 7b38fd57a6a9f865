"""The verdict on a detached signature over stored bytes. Source: ETSI EN 319 102-1, 5.5; EN 319 122-1 (CAdES)."""

from __future__ import annotations

import hashlib
from copy import copy
from datetime import datetime

from asn1crypto import cms, core
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts

from benhan.signing.certificates import facts_of
from benhan.signing.cms import status_in
from benhan.signing.judging import BREAKS, claimed_role, judge_signature, nothing_proven, prove
from benhan.signing.status import Status
from benhan.signing.trust import Trust, signature_rules
from benhan.signing.verdicts import SignatureVerdict, failed, finding_of
from benhan.signing.verify_evidence import Evidence

FORM = "CAdES"


async def judge_cms(
    signature: bytes,
    content: bytes,
    trust: Trust,
    at: datetime,
    status: Status | None = None,
    evidence: Evidence | None = None,
    content_at: datetime | None = None,
) -> SignatureVerdict:
    """The verdict on a detached signature over `content` at `at`.

    `evidence` is what a record proves of the signature, `content_at` since when another proves the content.
    """
    try:
        container = cms.ContentInfo.load(signature, strict=True)
        signed = container["content"]
        info = signed["signer_infos"][0]
        if len(signed["signer_infos"]) != 1 or not isinstance(signed["encap_content_info"]["content"], core.Void):
            return SignatureVerdict(FORM, "CMS", failed("FORMAT_FAILURE"))
        kept = status_in(signed)
        rules = signature_rules(trust, (status or Status()) | kept)
        digest = hashlib.new(info["digest_algorithm"]["algorithm"].native, content).digest()
        proofs, whole_at = nothing_proven(at), None
        if evidence is not None and evidence.proven_at is not None:
            proofs = copy(evidence.proofs)
            prove(proofs, evidence.proven_at, kept, [signed])
            whole_at = max(evidence.proven_at, content_at) if content_at is not None else None
        judged = await judge_signature(signed, digest, rules, at, proofs, whole_at)
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
    except BREAKS:
        return SignatureVerdict(FORM, "CMS", failed("FORMAT_FAILURE"))
