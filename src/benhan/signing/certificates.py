"""Certificates: read, named, and held to their key. Source: RFC 5280; NĐ 23/2025/NĐ-CP (what a certificate says)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, pem, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from benhan.signing.faults import KEY_UNSUPPORTED, NOT_A_CERTIFICATE, NOT_THE_KEY

DIGEST = "sha256"
"""The digest that everything of ours is signed with. Source: CV 1245/BHXH-CNTT; QĐ 1551/QĐ-BYT PL02."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose signature it will be: the certificate of the key, and those of its issuers, nearest first."""

    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def mechanism(self) -> algos.SignedDigestAlgorithm:
        """How the key signs. Raises Unsupported BA-5001."""
        kind = self.certificate.public_key.algorithm
        if kind == "rsa":
            return algos.SignedDigestAlgorithm({"algorithm": f"{DIGEST}_rsa"})
        if kind == "ec":
            return algos.SignedDigestAlgorithm({"algorithm": f"{DIGEST}_ecdsa"})
        raise KEY_UNSUPPORTED(algorithm=kind)

    def hold_to(self, signature: bytes, signed: bytes) -> None:
        """Raises Broken BA-5002 where `signature` over `signed` was not made by the certificate's key."""
        key = serialization.load_der_public_key(self.certificate.public_key.dump())
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
            else:
                raise KEY_UNSUPPORTED(algorithm=self.certificate.public_key.algorithm)
        except InvalidSignature as cause:
            raise NOT_THE_KEY() from cause


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate names. `number` is what the subject's UID says: `CCCD:…`, `MST:…`."""

    name: str
    organisation: str = ""
    title: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a verdict tells of a certificate."""

    holder: Holder
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime


def parse_certificates(content: bytes) -> list[x509.Certificate]:
    """The certificates of a file: any number as PEM, or one as DER. Raises Incorrect BA-5000."""
    try:
        if pem.detect(content):
            ders = [der for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"]
        else:
            ders = [content]
        found = [x509.Certificate.load(der, strict=True) for der in ders]
        for each in found:
            _ = each.native  # the whole of it is read, not only its outermost tag
    except (ValueError, TypeError) as cause:
        raise NOT_A_CERTIFICATE() from cause
    if not found:
        raise NOT_A_CERTIFICATE()
    return found


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """What a certificate says of its holder, issuer and life."""
    return CertificateFacts(
        holder_of(certificate),
        _common_name(certificate.issuer),
        format(certificate.serial_number, "x"),
        certificate.not_valid_before,
        certificate.not_valid_after,
    )


def holder_of(certificate: x509.Certificate) -> Holder:
    """Whom a certificate names."""
    said = certificate.subject.native
    return Holder(
        _common_name(certificate.subject),
        _text(said.get("organization_name")),
        _text(said.get("title")),
        _text(said.get("user_id") or said.get("serial_number")),
    )


def _common_name(name: x509.Name) -> str:
    return _text(name.native.get("common_name")) or str(name.human_friendly)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
