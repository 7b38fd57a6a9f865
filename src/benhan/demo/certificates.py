"""The demonstration's CA: people's certificates in files, a list of revoked ones, a time-stamp server. No legal value.

Made once under the data folder; everything is named DEMO. The CA answers on this machine as a real one does on the
network: so a hospital of the demonstration signs by its settings alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benhan.kernel.clock import Clock, SystemClock

PIN = "123456"
NO_VALUE = "DEMO, không có giá trị pháp lý"
YEARS = 5
Key = EllipticCurvePrivateKey | RSAPrivateKey
CA_TITLE = "CA và máy chủ dấu thời gian giả (trình diễn)"


@dataclass(frozen=True, slots=True)
class Made:
    """A key with its certificate."""

    key: Key
    certificate: x509.Certificate


class DemoCertificates:
    """The CA of the demonstration, in a folder; `url` is where it answers."""

    def __init__(self, folder: Path, url: str, clock: Clock | None = None) -> None:
        self._folder = folder
        self._url = url
        self._clock = clock or SystemClock()
        folder.mkdir(parents=True, exist_ok=True)
        self._root = self._kept("root") or self._made("root", f"CA gốc · {NO_VALUE}", None, is_ca=True)
        self._stamps = self._kept("tsa") or self._made("tsa", f"Dấu thời gian · {NO_VALUE}", "tsa")
        self.trust.mkdir(exist_ok=True)
        (self.trust / "root.pem").write_bytes(self._root.certificate.public_bytes(Encoding.PEM))

    @property
    def trust(self) -> Path:
        """The folder of the one root."""
        return self._folder / "trust"

    def file_of(self, name: str, person: str, title: str = "") -> Path:
        """The PKCS#12 of somebody, its password PIN; made where it is not there yet."""
        path = self._folder / f"{name}.p12"
        if not path.exists():
            made = self._made(name, person, "person", title=title)
            content = serialize_key_and_certificates(
                name.encode(),
                made.key,
                made.certificate,
                [self._root.certificate],
                BestAvailableEncryption(PIN.encode()),
            )
            _write(path, content)
        return path

    def environment(self, seal: Path) -> Mapping[str, str]:
        """The settings by which a hospital signs with this CA."""
        return {
            "BENHAN_SIGNING_TRUST": str(self.trust),
            "BENHAN_SIGNING_HOSTS": "127.0.0.1",
            "BENHAN_SIGNING_TSA_URL": f"{self._url}/tsa",
            "BENHAN_SEAL_FILE": str(seal),
            "BENHAN_SEAL_PIN": PIN,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        routes = [Route("/crl", self._list), Route("/tsa", self._stamp, methods=["POST"])]
        await Starlette(routes=routes)(scope, receive, send)

    async def _list(self, _request: Request) -> Response:
        """The list of revoked certificates: nobody's."""
        now = self._clock.now()
        built = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.certificate.subject)
            .last_update(now - timedelta(minutes=5))
            .next_update(now + timedelta(days=7))
            .sign(self._root.key, SHA256())
        )
        return Response(built.public_bytes(Encoding.DER), media_type="application/pkix-crl")

    async def _stamp(self, request: Request) -> Response:
        """A time-stamp by this machine's clock."""
        from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

        der = self._stamps.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        server = DummyTimeStamper(
            tsa_cert=_asn1(self._stamps.certificate),
            tsa_key=keys.PrivateKeyInfo.load(der),
            certs_to_embed=None,
            fixed_dt=self._clock.now().replace(microsecond=0),
        )
        answer = server.request_tsa_response(tsp.TimeStampReq.load(await request.body()))
        return Response(bytes(answer.dump()), media_type="application/timestamp-reply")

    def _kept(self, name: str) -> Made | None:
        key, certificate = self._folder / f"{name}.key.pem", self._folder / f"{name}.pem"
        if not (key.exists() and certificate.exists()):
            return None
        private = load_pem_private_key(key.read_bytes(), None)
        assert isinstance(private, EllipticCurvePrivateKey | RSAPrivateKey), "we made it"
        return Made(private, x509.load_pem_x509_certificate(certificate.read_bytes()))

    def _made(self, name: str, common_name: str, use: str | None, *, is_ca: bool = False, title: str = "") -> Made:
        # curves are made in no time, so that `make run` starts soon; the library's server stamps with RSA alone
        key: Key = generate_rsa_key(65537, 2048) if use == "tsa" else generate_private_key(SECP256R1())
        certificate = self._certificate(key, common_name, use, is_ca=is_ca, title=title)
        if use != "person":
            _write(
                self._folder / f"{name}.key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            (self._folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        return Made(key, certificate)

    def _certificate(self, key: Key, common_name: str, use: str | None, *, is_ca: bool, title: str) -> x509.Certificate:
        subject = _name(common_name, title)
        since = self._clock.now() - timedelta(days=1)
        issuer, signing = (subject, key) if is_ca else (self._root.certificate.subject, self._root.key)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(_ends(since, is_ca=is_ca))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(_usage(is_ca=is_ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if not is_ca:
            place = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{self._url}/crl")], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
        if use == "tsa":
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(signing, SHA256())


def _name(common_name: str, title: str) -> x509.Name:
    told = [
        (NameOID.COUNTRY_NAME, "VN"),
        (NameOID.ORGANIZATION_NAME, NO_VALUE),
        (NameOID.COMMON_NAME, common_name[:64]),
    ]
    told += [(NameOID.TITLE, title)] if title else []
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in told])


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=not is_ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_ca, crl_sign=is_ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _ends(since: datetime, *, is_ca: bool) -> datetime:
    return since + timedelta(days=365 * YEARS * (4 if is_ca else 1))


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
