"""A CMS signature or time-stamp held to the trust: by what is known now, else by what is proven of then.

Source: ETSI EN 319 102-1, 5.3 (basic signatures), 5.4 (time-stamps), 5.5 (signatures with time), 5.6 (past validation).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError, extract_certificate_info
from pyhanko.sign.validation.ades import (
    ades_basic_validation,
    ades_past_signature_validation,
    ades_timestamp_validation,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec, bootstrap_validation_data_handlers
from pyhanko_certvalidator.ltv.poe import POEManager, POEType
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from benhan.kernel.faults import Fault
from benhan.signing.certificates import facts_of
from benhan.signing.status import Status
from benhan.signing.timestamps import read_token

BREAKS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    CMSExtractionError,
    CMSStructuralError,
    SignatureValidationError,
    UnsupportedAlgorithm,
    Fault,
)
"""What a malformed signature makes the libraries throw."""
TOKENS_MAX = 8
"""More time-stamps on one signature are not looked at."""


_OUT_OF_BOUNDS = (AdESIndeterminate.OUT_OF_BOUNDS_NO_POE, AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE)
"""What the library says of a certificate that is not valid yet."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of a signature."""

    found: AdESSubIndic
    is_unchanged: bool
    proven_at: datetime | None
    stamped_by: str
    signer: x509.Certificate


def nothing_proven(at: datetime) -> POEManager:
    """What is proven before any time-stamp is looked at: that all there is is there at `at`."""
    return POEManager(current_dt_override=at)


def prove(proofs: POEManager, at: datetime, status: Status, signed: list[cms.SignedData]) -> None:
    """Write down that a status and signatures, with the certificates in them, were there at `at`."""
    for each in (*status.certificates, *status.ocsps, *status.crls):
        proofs.register(each, POEType.VALIDATION, at)
    for data in signed:
        proofs.register(_value(data), POEType.VALIDATION, at)
        for choice in data["certificates"]:
            proofs.register(choice.chosen, POEType.VALIDATION, at)


async def judge_signature(
    signed: cms.SignedData,
    digest: bytes,
    rules: SignatureValidationSpec,
    at: datetime,
    proofs: POEManager,
    whole_at: datetime | None = None,
) -> Judgement:
    """What a signature over content with this digest is at `at`; `proofs` say what was there when.

    `whole_at` is since when the content itself is proven, not by its digest alone: that digest must have been believed
    then; without it, it must be believed at `at`, since other content could be made to fit.
    """
    proofs = copy(proofs)
    stamped_by = await _stamped(signed, rules, at, proofs)
    proven_at = proofs[_value(signed)]
    timing = ValidationTimingInfo(at, at, point_in_time_validation=False)
    handlers = bootstrap_validation_data_handlers(rules, timing, poe_manager_override=copy(proofs))
    basic: Any = await ades_basic_validation(
        signed, rules, raw_digest=digest, timing_info=timing, validation_data_handlers=handlers
    )
    found = basic.ades_subindic
    signer = extract_certificate_info(signed).signer_cert
    if isinstance(found, AdESIndeterminate):
        found = await _then(signed, rules, at, proofs, basic, signer, whole_at or at)
    seen = basic.api_status
    return Judgement(
        found=found,
        is_unchanged=bool(seen and seen.intact and seen.valid),
        proven_at=proven_at if proven_at < at else None,
        stamped_by=stamped_by,
        signer=signer,
    )


async def judge_token(
    token: cms.SignedData, imprint: Any, rules: SignatureValidationSpec, at: datetime, proofs: POEManager
) -> tuple[AdESSubIndic, bool]:
    """What a time-stamp over `imprint` (of the name of a digest) is at `at`, and whether it is whole."""
    timing = ValidationTimingInfo(at, at, point_in_time_validation=False)
    handlers = bootstrap_validation_data_handlers(rules, timing, poe_manager_override=copy(proofs))
    result: Any = await ades_timestamp_validation(
        token, rules, imprint, timing_info=timing, validation_data_handlers=handlers
    )
    found, seen = result.ades_subindic, result.api_status
    if isinstance(found, AdESIndeterminate):
        past = await ades_past_signature_validation(token, rules, copy(proofs), found, at)
        found = past if past is AdESPassed.OK else found
    return found, bool(seen and seen.intact and seen.valid)


async def _stamped(signed: cms.SignedData, rules: SignatureValidationSpec, at: datetime, proofs: POEManager) -> str:
    """Write down what the signature's own time-stamps prove; gives who made the first of them."""
    signer = signed["signer_infos"][0]
    made_by = ""
    for number, token in enumerate(extract_tst_data_iter(signer, signed=False)):
        if number == TOKENS_MAX:
            break
        made_by = made_by or facts_of(extract_certificate_info(token).signer_cert).holder.name
        found, _ = await judge_token(token, message_imprint_checker(signer), rules, at, proofs)
        if found is AdESPassed.OK:
            container = cms.ContentInfo({"content_type": "signed_data", "content": token})
            proofs.register(_value(signed), POEType.VALIDATION, read_token(container.dump()).at)
    return made_by


async def _then(
    signed: cms.SignedData,
    rules: SignatureValidationSpec,
    at: datetime,
    proofs: POEManager,
    basic: Any,
    signer: x509.Certificate,
    whole_at: datetime,
) -> AdESSubIndic:
    """What a signature was when it is proven to have been there. Source: EN 319 102-1, 5.5.4 and 5.6.2.4."""
    found: AdESSubIndic = basic.ades_subindic
    proven_at = proofs[_value(signed)]
    revoked = basic.api_status.revocation_details if basic.api_status else None
    if revoked is not None and proven_at < revoked.revocation_date:
        return AdESPassed.OK
    if proven_at < signer.not_valid_before and found in _OUT_OF_BOUNDS:
        return AdESFailure.NOT_YET_VALID
    past = await ades_past_signature_validation(signed, rules, copy(proofs), found, at)  # type: ignore[arg-type]
    if past is not AdESPassed.OK:
        return found
    return _algorithms_then(signed, rules, proven_at, whole_at, signer)


def _algorithms_then(
    signed: cms.SignedData,
    rules: SignatureValidationSpec,
    proven_at: datetime,
    whole_at: datetime,
    signer: x509.Certificate,
) -> AdESSubIndic:
    """Whether the algorithms of a signature were believed when it, and what it is over, is proven to have been."""
    policy = rules.signature_algorithm_policy
    info = signed["signer_infos"][0]
    if policy is None or (
        policy.digest_algorithm_allowed(info["digest_algorithm"], whole_at).allowed
        and policy.signature_algorithm_allowed(info["signature_algorithm"], proven_at, signer.public_key).allowed
    ):
        return AdESPassed.OK
    return AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE


def _value(signed: cms.SignedData) -> bytes:
    return bytes(signed["signer_infos"][0]["signature"].native)


def claimed_role(signer: cms.SignerInfo) -> str:
    """As what the signer says they signed; "" where they do not say. Source: EN 319 122-1, 5.2.6."""
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "signer_attributes_v2":
            claimed = attribute["values"][0]["claimed_attributes"]
            if isinstance(claimed, core.Void):
                return ""
            values = [value for each in claimed for value in each["values"]]
            return ", ".join(str(each.parse().native if isinstance(each, core.Any) else each.native) for each in values)
    return ""
