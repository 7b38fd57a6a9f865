"""The hub's own certificate authority for TLS between members and hub: a request in, a certificate out.

Its key is the registry's matter, as that of the configuration: it is in a file apart from the hub. What is revoked is
not in the next configuration; until then the status names the member. Source: RFC 5280; RFC 2986 (requests).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from benhan.hub.faults import BAD_REQUEST_FILE
from benhan.kernel.ids import RandomSource

CA_LIFE = timedelta(days=10 * 365)
LIFE = timedelta(days=365)
RSA_BITS_MIN = 2048
_BEFORE = timedelta(minutes=5)
"""How far back a certificate begins, for clocks that are a little behind."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was made: PEM, serial in hexadecimal digits, SHA-256 of its DER, its time."""

    pem: str
    serial: str
    fingerprint: str
    since: datetime
    until: datetime


class Authority:
    """Issues certificates under one key."""

    def __init__(self, certificate: x509.Certificate, key: EllipticCurvePrivateKey, random: RandomSource) -> None:
        self.certificate = certificate
        self._key = key
        self._random = random

    @classmethod
    def make(cls, name: str, at: datetime, random: RandomSource) -> Authority:
        """A new authority with a key of its own."""
        key = generate_ec(SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _begun(subject, subject, key.public_key(), at, CA_LIFE, random)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        return cls(builder.sign(key, SHA256()), key, random)

    @classmethod
    def load(cls, pem: bytes, password: bytes, random: RandomSource) -> Authority:
        """The authority of a file: certificate and private key in PEM. Raises Incorrect BA-6039."""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(pem, password or None)
        except (ValueError, TypeError) as cause:
            raise BAD_REQUEST_FILE() from cause
        if not isinstance(key, EllipticCurvePrivateKey):
            raise BAD_REQUEST_FILE()
        return cls(certificate, key, random)

    def to_pem(self, password: bytes) -> bytes:
        """Certificate and private key, for a file that only its owner reads."""
        protection = BestAvailableEncryption(password) if password else NoEncryption()
        private = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        return self.certificate.public_bytes(Encoding.PEM) + private

    def issue(self, request_pem: bytes, member: str, hosts: tuple[str, ...], at: datetime) -> Issued:
        """A certificate for the key of a request, in the name of a member; what else the request says is left out.

        Raises Incorrect BA-6039.
        """
        try:
            request = x509.load_pem_x509_csr(request_pem)
            key = request.public_key()
            is_own = request.is_signature_valid
        except (ValueError, TypeError, InvalidSignature) as cause:
            raise BAD_REQUEST_FILE() from cause
        if not is_own or not _is_strong(key):
            raise BAD_REQUEST_FILE()
        assert isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, member)])
        builder = _begun(self.certificate.subject, subject, key, at, LIFE, self._random)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(each) for each in hosts])
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(self._key, SHA256())
        return Issued(
            made.public_bytes(Encoding.PEM).decode(),
            f"{made.serial_number:x}",
            made.fingerprint(SHA256()).hex(),
            made.not_valid_before_utc,
            made.not_valid_after_utc,
        )


def _is_strong(key: object) -> bool:
    if isinstance(key, RSAPublicKey):
        return key.key_size >= RSA_BITS_MIN
    if isinstance(key, EllipticCurvePublicKey):
        return key.key_size >= 256
    return isinstance(key, Ed25519PublicKey)


def _begun(
    issuer: x509.Name,
    subject: x509.Name,
    key: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey,
    at: datetime,
    life: timedelta,
    random: RandomSource,
) -> x509.CertificateBuilder:
    serial = int.from_bytes(random.bytes(16), "big") >> 1 | 1
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(at - _BEFORE)
        .not_valid_after(at + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
