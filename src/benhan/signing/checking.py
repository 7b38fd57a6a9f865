"""A certificate held to the trust: its path, its use, its status and its issuers'.

Source: NĐ 23/2025/NĐ-CP Đ15 (before signing, the status of the subscriber's certificate and of the CA's is checked);
RFC 5280, 6; RFC 6960.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, crl, ocsp, x509
from pyhanko.sign.ades.report import AdESIndeterminate, AdESSubIndic
from pyhanko.sign.validation.generic_cms import validate_cert_usage
from pyhanko.sign.validation.policy_decl import bootstrap_validation_data_handlers
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from benhan.kernel.faults import Unavailable
from benhan.signing.certificates import Identity
from benhan.signing.faults import CERTIFICATE_REFUSED, STATUS_UNKNOWN
from benhan.signing.status import Ask, Fetch, Status
from benhan.signing.trust import SIGNS_DOCUMENTS, Trust, signature_rules

STAMPS_TIME = KeyUsageConstraints(extd_key_usage={"time_stamping"}, explicit_extd_key_usage_required=True)
LIST_BYTES_KEPT = 64 * 1024
"""A larger list of revoked certificates is not kept in a document where there is another answer."""
_NOT_TOLD = frozenset({AdESIndeterminate.TRY_LATER, AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE})


@dataclass(frozen=True, slots=True)
class Judged:
    """What a certificate is at a moment: `problem` is None where it may be believed.

    `revoked_at` is when it, or an issuer's, was revoked, as far as that is the problem.
    """

    problem: AdESSubIndic | None
    revoked_at: datetime | None = None


async def judge_certificate(
    certificate: x509.Certificate, trust: Trust, status: Status, at: datetime, use: KeyUsageConstraints
) -> Judged:
    """What a certificate is at `at` by the trust and the status at hand."""
    rules = signature_rules(trust, status)
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True)
    handlers = bootstrap_validation_data_handlers(rules, timing)
    context = rules.cert_validation_policy.build_validation_context(timing, handlers)
    context.certificate_registry.register(certificate)
    paths = context.path_builder.async_build_paths_lazy(certificate)
    found = await validate_cert_usage(certificate, context, use, paths)
    revoked = found.revo_details.revocation_date if found.revo_details else None
    return Judged(found.error_subindic, revoked)


async def checked_status(
    identity: Identity, trust: Trust, fetch: Fetch, at: datetime, use: KeyUsageConstraints = SIGNS_DOCUMENTS
) -> Status:
    """The status of an identity's certificate and its issuers', asked for now and found good at `at`.

    Raises Unavailable BA-5013 where a service does not answer, Forbidden BA-5014 where the certificate, or one above
    it, is expired, revoked, not yet valid, meant for something else or of a CA that nobody trusts.
    """
    status, silent = await ask_status(identity, trust, fetch, prefers_list=use is STAMPS_TIME)
    judged = await judge_certificate(identity.certificate, trust, status, at, use)
    if judged.problem is None:
        return status
    if silent and judged.problem in _NOT_TOLD:
        raise STATUS_UNKNOWN(reason=silent)
    raise CERTIFICATE_REFUSED(reason=judged.problem.standard_name)


async def ask_status(
    identity: Identity, trust: Trust, fetch: Fetch, *, prefers_list: bool = False
) -> tuple[Status, str]:
    """What CAs say of the path's certificates but the root's, good or bad, and the first service that was silent."""
    known = {each.subject.hashable: each for each in (*trust.roots, *trust.others, *identity.issuers)}
    certificates = [identity.certificate, *(each for each in identity.issuers if each.self_signed == "no")]
    ocsps: list[ocsp.OCSPResponse] = []
    crls: list[crl.CertificateList] = []
    silent = ""
    for each in certificates:
        issuer = known.get(each.issuer.hashable)
        if issuer is None:
            continue  # no path either; the judgement says so
        told = await _status_of(each, issuer, fetch, prefers_list=prefers_list)
        if isinstance(told, ocsp.OCSPResponse):
            ocsps.append(told)
        elif isinstance(told, crl.CertificateList):
            crls.append(told)
        else:
            silent = silent or told
    return Status(tuple(certificates), tuple(ocsps), tuple(crls)), silent


async def _status_of(
    certificate: x509.Certificate, issuer: x509.Certificate, fetch: Fetch, *, prefers_list: bool
) -> ocsp.OCSPResponse | crl.CertificateList | str:
    """What the issuer says, from the first service that answers; else the last that did not.

    OCSP is the fresher and smaller, but signed by a certificate of days or months. Where it shall be believed for years
    without a later time-stamp (a time-stamp server's own), a list that is not large is better: the CA signs it itself.
    """
    listed = await _list_of(certificate, fetch) if prefers_list else ""
    if isinstance(listed, crl.CertificateList) and len(listed.dump()) <= LIST_BYTES_KEPT:
        return listed
    told = await _response_of(certificate, issuer, fetch)
    if isinstance(told, ocsp.OCSPResponse):
        return told
    found = listed or await _list_of(certificate, fetch)
    return found or told


async def _response_of(
    certificate: x509.Certificate, issuer: x509.Certificate, fetch: Fetch
) -> ocsp.OCSPResponse | str:
    silent = ""
    for url in certificate.ocsp_urls:
        ask = Ask(url, ocsp_request(certificate, issuer), "application/ocsp-request", "application/ocsp-response")
        try:
            response = ocsp.OCSPResponse.load(await fetch(ask), strict=True)
            if response["response_status"].native == "successful":
                return response
        except (Unavailable, ValueError):
            pass  # the next service may answer
        silent = url
    return silent


async def _list_of(certificate: x509.Certificate, fetch: Fetch) -> crl.CertificateList | str:
    silent = ""
    for point in certificate.crl_distribution_points:
        url = point.url or ""
        if url.startswith(("http://", "https://")):
            silent = url
            try:
                found = crl.CertificateList.load(await fetch(Ask(url, accept="application/pkix-crl")), strict=True)
                _ = found["tbs_cert_list"]["this_update"].native
            except (Unavailable, ValueError):
                continue  # the next place may have it
            return found
    return silent


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The question to an OCSP service about one certificate; SHA-1 only finds the issuer. Source: RFC 6960, 4.1."""
    asked = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha1"}),
        "issuer_name_hash": certificate.issuer.sha1,
        "issuer_key_hash": issuer.public_key.sha1,
        "serial_number": certificate.serial_number,
    }
    return bytes(ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": asked}]}}).dump())
