"""CMS signatures: what the key signs, and the container around it. For PDF and detached over stored bytes.

Source: RFC 5652; ETSI EN 319 122-1 (CAdES), 5 and 6.3; EN 319 142-1 (PAdES), 6.3.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from asn1crypto import algos, cms, core, parser
from pyhanko.sign.ades.cades_asn1 import SignerAttributesV2
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute

from benhan.signing.certificates import DIGEST, Identity
from benhan.signing.status import Status


@dataclass(frozen=True, slots=True)
class ToSign:
    """A signature before the key has signed: `attributes` are the bytes that the key signs."""

    attributes: bytes
    identity: Identity

    def with_signature(self, signature: bytes) -> SignedCms:
        """The container with the signature. Raises Broken BA-5002 where the certificate's key did not make it."""
        self.identity.hold_to(signature, self.attributes)
        return SignedCms(_container(self.attributes, signature, self.identity), signature)


@dataclass(frozen=True, slots=True)
class SignedCms:
    """A signature: `der` is its container, `to_stamp` the digest that a time-stamp is asked for."""

    der: bytes
    signature: bytes

    @property
    def to_stamp(self) -> bytes:
        return hashlib.sha256(self.signature).digest()

    def with_timestamp(self, token: bytes) -> SignedCms:
        """The signature with a time-stamp beside those it has: level T. Source: EN 319 122-1, 5.3."""
        return replace(self, der=with_unsigned(self.der, "signature_time_stamp_token", cms.ContentInfo.load(token)))

    def with_status(self, status: Status) -> SignedCms:
        """The signature with certificates and their status for later judges: level LT. Source: EN 319 122-1, 5.4."""
        container = cms.ContentInfo.load(self.der)
        signed = container["content"]
        held = {each.chosen.dump() for each in signed["certificates"]}
        more = [cms.CertificateChoices("certificate", each) for each in status.certificates if each.dump() not in held]
        signed["certificates"] = cms.CertificateSet([*signed["certificates"], *more])
        told = [cms.RevocationInfoChoice("crl", each) for each in status.crls]
        for each in status.ocsps:
            other = {"other_rev_info_format": "ocsp_response", "other_rev_info": each}
            told.append(cms.RevocationInfoChoice("other", cms.OtherRevocationInfoFormat(other)))
        signed["crls"] = cms.RevocationInfoChoices(told)
        return replace(self, der=bytes(container.dump()))


def status_in(signed: cms.SignedData) -> Status:
    """The certificates and their status that a signature keeps for its judges."""
    certificates = tuple(each.chosen for each in signed["certificates"] if each.name == "certificate")
    kept = [] if isinstance(signed["crls"], core.Void) else list(signed["crls"])
    others = [each.chosen for each in kept if each.name == "other"]
    return Status(
        certificates,
        tuple(each["other_rev_info"] for each in others if each["other_rev_info_format"].native == "ocsp_response"),
        tuple(each.chosen for each in kept if each.name == "crl"),
    )


def to_sign(content_digest: bytes, identity: Identity, role: str = "", claimed_at: datetime | None = None) -> ToSign:
    """A signature over content with this SHA-256 digest.

    `role` is what the signer signs as, in their own words; `claimed_at` the time as they say it (CAdES has it here,
    PAdES in the PDF, where it must not be here).
    """
    attributes = [
        _attribute("content_type", "data"),
        _attribute("message_digest", content_digest),
        _signing_certificate(identity),
    ]
    if claimed_at is not None:
        attributes.append(_attribute("signing_time", cms.Time({"utc_time": claimed_at})))
    if role:
        attributes.append(_claimed_role(role))
    attributes.sort()  # DER: the elements of a set are in the order of their bytes
    return ToSign(parser.emit(0, 1, 17, b"".join(attributes)), identity)


def detached(content: bytes, identity: Identity, role: str = "", claimed_at: datetime | None = None) -> ToSign:
    """A signature in a file of its own over stored bytes, for example of a FHIR document."""
    return to_sign(hashlib.sha256(content).digest(), identity, role, claimed_at)


def with_unsigned(der: bytes, name: str, value: object) -> bytes:
    """The container with one more unsigned attribute; what was signed stays byte for byte."""
    container = cms.ContentInfo.load(der)
    signer = container["content"]["signer_infos"][0]
    attributes = [] if isinstance(signer["unsigned_attrs"], core.Void) else list(signer["unsigned_attrs"])
    signer["unsigned_attrs"] = cms.CMSAttributes([*attributes, simple_cms_attribute(name, value)])
    return bytes(container.dump())


def _attribute(name: str, value: object) -> bytes:
    return bytes(simple_cms_attribute(name, value).dump())


@lru_cache(maxsize=1024)
def _signing_certificate(identity: Identity) -> bytes:
    """The attribute that binds a signature to its certificate: the same for all that an identity signs."""
    return _attribute("signing_certificate_v2", as_signing_certificate_v2(identity.certificate))


@lru_cache(maxsize=1024)
def _claimed_role(role: str) -> bytes:
    title = {"type": "2.5.4.12", "values": [core.UTF8String(role)]}  # id-at-title
    return _attribute("signer_attributes_v2", SignerAttributesV2({"claimed_attributes": [title]}))


def _container(attributes: bytes, signature: bytes, identity: Identity) -> bytes:
    digest = algos.DigestAlgorithm({"algorithm": DIGEST})
    certificate = identity.certificate
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}},
        "digest_algorithm": digest,
        "signed_attrs": cms.CMSAttributes.load(attributes),
        "signature_algorithm": identity.mechanism,
        "signature": signature,
    }
    issuers = [each for each in identity.issuers if each.self_signed == "no"]
    signed = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": [cms.CertificateChoices("certificate", each) for each in (certificate, *issuers)],
        "signer_infos": [signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())
