"""The verdict on an XML: its own signature, or those of a check-up's file in Base64.

A signature must cover the whole file: one over a part of it is not believed, whatever it says.
Source: ETSI EN 319 102-1, 5.5; W3C XML Signature Best Practices; EN 319 132-1; QĐ 2062/QĐ-BYT 2026.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, crl, ocsp, x509
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from benhan.signing.certificates import facts_of
from benhan.signing.checking import judge_certificate
from benhan.signing.judging import BREAKS, judge_token, nothing_proven, prove
from benhan.signing.status import Status
from benhan.signing.timestamps import read_token
from benhan.signing.trust import SIGNS_DOCUMENTS, Trust, signature_rules
from benhan.signing.verdicts import SignatureVerdict, failed, finding_of
from benhan.signing.verify_evidence import Evidence
from benhan.signing.xades import C14N, DS, ENVELOPED, SIGNED_PROPERTIES, XADES, canonical, parse_xml

SIGNATURES_MAX = 20
DOCTOR_PLACE, FACILITY_PLACE = b"CKS_NGUOI_KET_LUAN", b"CKS_BENH_VIEN"
_CANONICAL = {C14N, "http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/2001/10/xml-exc-c14n#"}
_BREAKS = (SignXMLException, etree.LxmlError, *BREAKS)
"""What a malformed signature makes the libraries throw."""


async def judge_xml(
    file: bytes, trust: Trust, at: datetime, status: Status | None = None, evidence: Evidence | None = None
) -> list[SignatureVerdict]:
    """The verdict on each signature of an XML at `at`; `evidence` is what a record proves of the file.

    Raises Incorrect BA-5006, BA-5020.
    """
    case = _Case(trust, at, status or Status(), evidence)
    root = parse_xml(file)
    judged = []
    for signature in list(root.iter(f"{{{DS}}}Signature"))[:SIGNATURES_MAX]:
        parent = signature.getparent()
        judged.append(await _judged(file, _name(parent) if parent is not None else "", case))
    for place, view in _in_base64(file):
        judged.append(await _judged(view, place, case))
    return judged


def _in_base64(file: bytes) -> Iterator[tuple[str, bytes]]:
    """The file as each signer of a check-up had it, the signature as an element in its place."""
    for place in (DOCTOR_PLACE, FACILITY_PLACE):
        found = re.findall(rb"<%b>([A-Za-z0-9+/=\s]+)</%b>" % (place, place), file)
        if len(found) == 1:
            try:
                signature = b64decode(found[0], validate=False)
            except ValueError:
                signature = found[0]  # it is judged as what it is: no signature
            view = file.replace(found[0], signature, 1)
            if place == DOCTOR_PLACE:
                view = re.sub(
                    rb"<%b>[^<]*</%b>" % (FACILITY_PLACE, FACILITY_PLACE),
                    b"<%b></%b>" % (FACILITY_PLACE, FACILITY_PLACE),
                    view,
                )
            yield place.decode(), view


@dataclass(frozen=True, slots=True)
class _Case:
    """By what a signature is judged."""

    trust: Trust
    at: datetime
    status: Status
    evidence: Evidence | None

    @property
    def proven_at(self) -> datetime | None:
        return self.evidence.proven_at if self.evidence is not None else None


async def _judged(file: bytes, place: str, case: _Case) -> SignatureVerdict:
    try:
        return await _signature(file, place, case)
    except _BREAKS:
        return SignatureVerdict("XAdES", place, failed("FORMAT_FAILURE"))


async def _signature(file: bytes, place: str, case: _Case) -> SignatureVerdict:
    root = parse_xml(file)
    (signature,) = root.iter(f"{{{DS}}}Signature")
    seen = _Seen(signature)
    problem = _broken(file, signature, seen)
    kept = case.status | seen.status
    found, proven_at, stamped_by = await _then(seen, case, kept) if problem is None else (problem, None, "")
    return SignatureVerdict(
        form="XAdES" if seen.is_xades else "XML Signature",
        place=place,
        finding=finding_of(found),
        signer=facts_of(seen.certificate),
        role=seen.text("ClaimedRole"),
        claimed_at=datetime.fromisoformat(seen.text("SigningTime")) if seen.text("SigningTime") else None,
        proven_at=proven_at,
        stamped_by=stamped_by,
        level=("B-LT" if seen.has_status else "B-T") if stamped_by else "B-B" if seen.is_xades else "",
        is_unchanged=problem is None,
        is_whole=problem is None,
    )


class _Verifier(XMLVerifier):
    """signxml's, mending what lxml adds to canonical XML of an element that is not the root."""

    excise_empty_xmlns_declarations = True


class _Seen:
    """What a signature holds."""

    def __init__(self, signature: etree._Element) -> None:
        self._signature = signature
        certificates = tuple(
            x509.Certificate.load(b64decode(each.text or ""), strict=True)
            for each in signature.iter(f"{{{DS}}}X509Certificate")
        )
        self.certificate = certificates[0]
        self.is_xades = next(signature.iter(f"{{{XADES}}}SignedProperties"), None) is not None
        self.status = Status(
            certificates + tuple(x509.Certificate.load(each) for each in self._ders("X509Certificate")),
            tuple(ocsp.OCSPResponse.load(each) for each in self._ders("OCSPValue")),
            tuple(crl.CertificateList.load(each) for each in self._ders("CRLValue")),
        )
        self.has_status = bool(self.status.ocsps or self.status.crls)

    def text(self, name: str) -> str:
        found = next(self._signature.iter(f"{{{XADES}}}{name}"), None)
        return (found.text or "").strip() if found is not None else ""

    @property
    def tokens(self) -> list[bytes]:
        return self._ders("TimeStamp")

    @property
    def stamped(self) -> bytes:
        (value,) = self._signature.iterchildren(f"{{{DS}}}SignatureValue")
        return canonical(value)

    def _ders(self, name: str) -> list[bytes]:
        return [b64decode(each.text or "") for each in self._signature.iter(f"{{{XADES}}}Encapsulated{name}")]


def _broken(file: bytes, signature: etree._Element, seen: _Seen) -> AdESSubIndic | None:
    """What is wrong with the signature itself; None where it is whole and covers the whole file."""
    references = list(signature.iterfind(f"{{{DS}}}SignedInfo/{{{DS}}}Reference"))
    if not _covers_file(references) or (seen.is_xades and not _names_certificate(signature, seen.certificate)):
        return AdESFailure.FORMAT_FAILURE
    # whether the certificate was valid then is judged apart, by all that is proven
    valid_at = seen.certificate.not_valid_before
    config = SignatureConfiguration(location=".//", expect_references=len(references), verification_time=valid_at)
    try:
        _Verifier().verify(
            file,
            x509_cert=load_der_x509_certificate(seen.certificate.dump()),
            expect_config=config,
            parser=etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False),
            validate_schema=False,
            id_attribute="Id",
        )
    except InvalidDigest:
        return AdESFailure.HASH_FAILURE
    except InvalidInput:
        return AdESFailure.FORMAT_FAILURE
    except InvalidSignature:
        return AdESFailure.SIG_CRYPTO_FAILURE
    return None


def _covers_file(references: list[etree._Element]) -> bool:
    """Whether there is one reference to the whole file, and besides at most one to the signed properties."""
    whole = [each for each in references if each.get("URI") == ""]
    others = [each for each in references if each.get("URI") != ""]
    steps = [each.get("Algorithm") for each in whole[0].iter(f"{{{DS}}}Transform")] if whole else []
    is_plain = len(whole) == 1 and steps[:1] == [ENVELOPED] and set(steps[1:]) <= _CANONICAL
    return is_plain and len(others) <= 1 and all(each.get("Type") == SIGNED_PROPERTIES for each in others)


def _names_certificate(signature: etree._Element, certificate: x509.Certificate) -> bool:
    """Whether the signed properties name the certificate that comes with the signature. Source: EN 319 132-1, 5.2.2."""
    named = next(signature.iter(f"{{{XADES}}}CertDigest"), None)
    if named is None:
        return False
    value = named.findtext(f"{{{DS}}}DigestValue") or ""
    method = named.find(f"{{{DS}}}DigestMethod")
    digests = {"http://www.w3.org/2001/04/xmlenc#sha256": certificate.sha256}
    return method is not None and b64decode(value) == digests.get(method.get("Algorithm", ""))


async def _then(seen: _Seen, case: _Case, status: Status) -> tuple[AdESSubIndic, datetime | None, str]:
    """What the certificate says of a whole signature: now, or when it is proven that it was there.

    A record proves the file with the status in it, which is judged as of then; a time-stamp the signature alone.
    """
    proven_at, stamped_by = await _proven(seen, case, status)
    at = case.proven_at or case.at
    now = await judge_certificate(seen.certificate, case.trust, status, at, SIGNS_DOCUMENTS)
    found: AdESSubIndic = now.problem or AdESPassed.OK
    if now.revoked_at is not None and proven_at is not None and proven_at < now.revoked_at:
        found = AdESPassed.OK
    early = seen.certificate.not_valid_before
    if (proven_at or at) < early and found in (
        AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
        AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    ):
        found = AdESFailure.NOT_YET_VALID
    return found, proven_at, stamped_by


async def _proven(seen: _Seen, case: _Case, status: Status) -> tuple[datetime | None, str]:
    """Since when a time-stamp or a record proves the signature to have been there, and who made the time-stamp."""
    rules, proofs = signature_rules(case.trust, status), nothing_proven(case.at)
    for token in seen.tokens[:1]:
        read = read_token(token)

        def imprint(name: str) -> bytes:
            import hashlib

            return hashlib.new(name, seen.stamped).digest()

        signed = cms.ContentInfo.load(token)["content"]
        if case.evidence is not None and case.proven_at is not None:
            proofs = copy(case.evidence.proofs)
            prove(proofs, case.proven_at, status, [signed])
        found, _ = await judge_token(signed, imprint, rules, case.at, copy(proofs))
        proven_at = read.at if found is AdESPassed.OK else case.proven_at
        return proven_at, facts_of(read.server.certificate).holder.name
    return case.proven_at, ""


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)
