"""The verdict on a PDF: every signature and time-stamp in it, offline, by what stands in the file and the trust given.

Source: ETSI EN 319 102-1, 5.6 (signatures with material for the long term); ISO 32000-1, 12.8.2 (what may be added
behind a signature); EN 319 142-1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any

from asn1crypto import cms, crl, ocsp
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError, ValidationInfoReadingError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.ltv.poe import POEManager

from benhan.signing.additions import adds_only_signatures
from benhan.signing.certificates import facts_of
from benhan.signing.judging import BREAKS, claimed_role, judge_signature, judge_token, nothing_proven, prove
from benhan.signing.pades import READING_FAILS, read_pdf
from benhan.signing.status import Status
from benhan.signing.timestamps import read_token
from benhan.signing.trust import Trust, signature_rules
from benhan.signing.verdicts import CHANGED, Finding, Indication, SignatureVerdict, failed, finding_of
from benhan.signing.verify_evidence import Evidence

SIGNATURES_MAX = 200
"""More signatures in one file are not judged: a hostile file could ask for hours."""
_HOLE = re.compile(rb"<[0-9A-Fa-f]*>")
_BREAKS = (
    *READING_FAILS,
    PdfError,
    ValidationInfoReadingError,
    *BREAKS,
)
"""What a malformed signature makes the library, or our own reading of tokens, throw."""


async def judge_pdf(
    pdf: bytes, trust: Trust, at: datetime, status: Status | None = None, evidence: Evidence | None = None
) -> list[SignatureVerdict]:
    """The verdict on each signature and time-stamp of a PDF at `at`, in the order they were made.

    `status` is what CAs said besides what the file holds, `evidence` what a record proves of the file.
    Raises Incorrect BA-5003, BA-5006, Unsupported BA-5004.
    """
    reader = read_pdf(pdf)
    try:
        found = list(reader.embedded_signatures)[:SIGNATURES_MAX]
        _examine(reader, found)
        rules = signature_rules(trust, (status or Status()) | _kept(reader))
        proofs = _proven(reader, found, at, evidence)
        stamps = await _stamps(found, rules, at, proofs)
    except _BREAKS:
        return [SignatureVerdict("PAdES", "PDF", failed("FORMAT_FAILURE"))]
    judged = []
    for number, each in enumerate(found):
        if number in stamps:
            judged.append(stamps[number])
            continue
        is_sealed = any(stamp > number for stamp in stamps)
        seals = [one.proven_at for place, one in stamps.items() if place > number and one.proven_at is not None]
        if evidence is not None and evidence.proven_at is not None:
            seals.append(evidence.proven_at)
        try:
            judged.append(await _signature(each, rules, at, proofs, min(seals, default=None), is_sealed=is_sealed))
        except _BREAKS:
            judged.append(_malformed(each))
    return judged


def _examine(reader: PdfFileReader, found: Sequence[EmbeddedPdfSignature]) -> None:
    """See what each signature covers, and whether what came later is only signatures: plainly, else thoroughly."""
    plain_from = reader.xrefs.total_revisions
    while plain_from > 0 and adds_only_signatures(reader, plain_from - 1):
        plain_from -= 1
    for each in found:
        is_plain = each.signed_revision + 1 >= plain_from
        each.compute_integrity_info(skip_diff=is_plain)
        if is_plain:
            plain: Any = each  # the library's type says that nothing is known yet
            plain.diff_result = DiffResult(ModificationLevel.LTA_UPDATES, set())


async def _signature(
    signature: EmbeddedPdfSignature,
    rules: SignatureValidationSpec,
    at: datetime,
    proofs: POEManager,
    whole_at: datetime | None,
    *,
    is_sealed: bool,
) -> SignatureVerdict:
    judged = await judge_signature(signature.signed_data, signature.compute_digest(), rules, at, proofs, whole_at)
    finding = _whole(signature, finding_of(judged.found))
    return SignatureVerdict(
        form="PAdES",
        place=str(signature.field_name),
        finding=finding,
        signer=facts_of(judged.signer),
        role=claimed_role(signature.signer_info),
        reason=str(signature.sig_object.get("/Reason", "")),
        claimed_at=signature.self_reported_timestamp,
        proven_at=judged.proven_at,
        stamped_by=judged.stamped_by,
        level=_level(signature.reader, is_stamped=bool(judged.stamped_by), is_sealed=is_sealed),
        is_unchanged=judged.is_unchanged and finding is not CHANGED,
        is_whole=_covers_all(signature),
    )


def _proven(
    reader: PdfFileReader, found: Sequence[EmbeddedPdfSignature], at: datetime, evidence: Evidence | None
) -> POEManager:
    """What an evidence record proves: that all that stands in the file was there."""
    if evidence is None or evidence.proven_at is None:
        return nothing_proven(at)
    proofs = copy(evidence.proofs)
    prove(proofs, evidence.proven_at, _kept(reader), [each.signed_data for each in found])
    return proofs


async def _stamps(
    found: Sequence[EmbeddedPdfSignature], rules: SignatureValidationSpec, at: datetime, proofs: POEManager
) -> dict[int, SignatureVerdict]:
    """The verdicts on a document's time-stamps, by their place; `proofs` grow by what they prove: newest first, since
    each proves that the material of those before it was there in time. Source: EN 319 102-1, 5.6.2.3."""
    verdicts: dict[int, SignatureVerdict] = {}
    for number in reversed(range(len(found))):
        each = found[number]
        if each.sig_object_type != "/DocTimeStamp":
            continue
        try:
            verdicts[number] = await _stamp(each, rules, at, proofs)
            if verdicts[number].proven_at is not None:
                kept = _kept(HistoricalResolver(each.reader, each.signed_revision))
                prove(proofs, read_token(each.pkcs7_content).at, kept, [older.signed_data for older in found[:number]])
        except _BREAKS:
            verdicts[number] = _malformed(each)
    return verdicts


async def _stamp(
    stamp: EmbeddedPdfSignature, rules: SignatureValidationSpec, at: datetime, proofs: POEManager
) -> SignatureVerdict:
    token = read_token(stamp.pkcs7_content)
    found, is_whole = await judge_token(stamp.signed_data, stamp.compute_digest, rules, at, copy(proofs))
    finding = _whole(stamp, finding_of(found))
    return SignatureVerdict(
        form="RFC 3161",
        place=str(stamp.field_name),
        finding=finding,
        signer=facts_of(token.server.certificate),
        claimed_at=token.at,
        proven_at=token.at if finding.indication is Indication.PASSED else None,
        is_unchanged=is_whole and finding is not CHANGED,
        is_whole=_covers_all(stamp),
        is_timestamp=True,
    )


def _malformed(signature: EmbeddedPdfSignature) -> SignatureVerdict:
    return SignatureVerdict("PAdES", str(signature.field_name), failed("FORMAT_FAILURE"))


def _whole(signature: EmbeddedPdfSignature, finding: Finding) -> Finding:
    """The finding, but for a file that was changed around what is signed."""
    if not _hole_is_clean(signature):
        return failed("FORMAT_FAILURE")
    if finding.indication is not Indication.FAILED and not _is_as_signed(signature):
        return CHANGED
    return finding


def _coverage(signature: EmbeddedPdfSignature) -> SignatureCoverageLevel:
    examined: Any = signature  # the library's type says that nothing is known yet
    return SignatureCoverageLevel(examined.coverage)


def _covers_all(signature: EmbeddedPdfSignature) -> bool:
    return _coverage(signature) in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)


def _is_as_signed(signature: EmbeddedPdfSignature) -> bool:
    """Whether what was added behind the signature is what may be: other signatures, time-stamps, status."""
    if _coverage(signature) is SignatureCoverageLevel.ENTIRE_FILE:
        return True
    changes = signature.diff_result
    level = changes.modification_level if isinstance(changes, DiffResult) else ModificationLevel.OTHER
    return _covers_all(signature) and level in (
        ModificationLevel.NONE,
        ModificationLevel.LTA_UPDATES,
        ModificationLevel.FORM_FILLING,
    )


def _hole_is_clean(signature: EmbeddedPdfSignature) -> bool:
    """Whether the hole, which the signature does not cover, holds nothing but the signature and zeros behind it."""
    held = signature.pkcs7_content
    _, start, end, _ = (int(each) for each in signature.byte_range)
    stream = signature.reader.stream
    stream.seek(start)
    written = stream.read(end - start)
    is_hexadecimal = _HOLE.fullmatch(written) is not None and len(written) == 2 * len(held) + 2
    return is_hexadecimal and not any(held[len(cms.ContentInfo.load(held).dump()) :])


def _level(reader: PdfFileReader, *, is_stamped: bool, is_sealed: bool) -> str:
    has_status = "/DSS" in reader.root
    if is_sealed:
        return "B-LTA" if has_status else "B-T"
    return ("B-LT" if has_status else "B-T") if is_stamped else "B-B"


def _kept(handler: PdfHandler) -> Status:
    """The certificates and their status that a PDF, or one of its revisions, keeps for its judges."""
    try:
        store = DocumentSecurityStore.read_dss(handler)
    except NoDSSFoundError:
        return Status()
    return Status(
        tuple(store.load_certs()),
        tuple(ocsp.OCSPResponse.load(each.get_object().read_data(DecodePurpose.OCSP_RESPONSE)) for each in store.ocsps),
        tuple(crl.CertificateList.load(each.get_object().read_data(DecodePurpose.CRL)) for each in store.crls),
    )
