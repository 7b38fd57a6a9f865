"""The demonstration's authorities: a portal, a hub and a CA that are fakes, on this machine; what hospitals send with.

Certificates and keys are made here, once, under the data folder; nobody vouches for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from benhan.demo.accounts import PASSWORD
from benhan.demo.certificates import DemoCertificates
from benhan.kernel.clock import SystemClock
from benhan.kernel.settings import Settings
from benhan.serving.role_server import ASGIApp, http_server
from benhan.synth.facilities import Facility
from benhan.testing.fake_bhxh_gateway import FakeBhxhGateway
from benhan.testing.fake_emrhub import FakeEmrhub

PORTAL_TITLE = "Cổng BHYT giả (trình diễn)"
HUB_TITLE = "Trục dữ liệu Bộ Y tế giả (trình diễn)"
KEY_YEARS = 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a hospital sends with: certificate file, key file, its number and key at the hub."""

    certificate: Path
    key: Path
    gln: str
    private: RSAPrivateKey


def gln_of(facility: Facility) -> str:
    """A GLN of Vietnam for a facility, made up, its check digit right. Source: GS1 General Specifications 7.9."""
    body = f"893{int(facility.code, 36) % 10**9:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def credentials_of(folder: Path, facility: Facility) -> Credentials:
    """The hospital's certificate and key, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / f"{facility.code}.p12", folder / f"{facility.code}.pem"
    if not key.exists() or not certificate.exists():
        made = generate_private_key(public_exponent=65537, key_size=2048)
        _write(certificate, _pkcs12(made, facility.name))
        _write(key, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private = load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, RSAPrivateKey), "we made it"
    return Credentials(certificate, key, gln_of(facility), private)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _pkcs12(key: RSAPrivateKey, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = SystemClock().now() - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=365 * KEY_YEARS))
        .sign(key, SHA256())
    )
    return serialize_key_and_certificates(b"demo", key, certificate, None, BestAvailableEncryption(PASSWORD.encode()))


def environment_of(
    credentials: Credentials, facility: Facility, portal: str, hub: str, since: datetime
) -> dict[str, str]:
    """The settings by which a hospital of the demonstration sends."""
    return {
        "BENHAN_FACILITY_CERTIFICATE": str(credentials.certificate),
        "BENHAN_FACILITY_CERTIFICATE_PASSWORD": PASSWORD,
        "BENHAN_BHXH_SEND": "auto",
        "BENHAN_BHXH_URL": portal,
        "BENHAN_BHXH_LOGIN": facility.code,
        "BENHAN_BHXH_PASSWORD": PASSWORD,
        "BENHAN_BHXH_CHECKIN": "true",
        "BENHAN_BHXH_SINCE": f"{since:%Y-%m-%d}",
        "BENHAN_BHXH_DELAY_S": "5",
        "BENHAN_EMRHUB_SEND": "auto",
        "BENHAN_EMRHUB_URL": hub,
        "BENHAN_EMRHUB_HOSTS": "127.0.0.1",
        "BENHAN_EMRHUB_GLN": credentials.gln,
        "BENHAN_EMRHUB_LOGIN": facility.code,
        "BENHAN_EMRHUB_PASSWORD": PASSWORD,
        "BENHAN_EMRHUB_KEY": str(credentials.key),
    }


class Receivers:
    """The fakes and the CA, served by this process."""

    def __init__(self, settings: Settings, port: int, hospitals: Sequence[tuple[Facility, Credentials]]) -> None:
        self.portal = FakeBhxhGateway({each.code: (each.code, PASSWORD) for each, _ in hospitals})
        keys = {credentials.gln: credentials.private.public_key() for _, credentials in hospitals}
        self.hub = FakeEmrhub({each.code: PASSWORD for each, _ in hospitals}, keys)
        self._settings = settings
        self._port = port
        self.certificates = DemoCertificates(settings.data / "demo" / "ca", self.ca_url)
        self._running: list[tuple[Any, asyncio.Task[None]]] = []

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self._port + 1}"

    @property
    def ca_url(self) -> str:
        return f"http://127.0.0.1:{self._port + 2}"

    def start(self) -> None:
        apps: tuple[ASGIApp, ...] = (self.portal, self.hub, self.certificates)
        for place, app in enumerate(apps):
            server = http_server(app, replace(self._settings, http_port=self._port + place))
            self._running.append((server, asyncio.create_task(server.serve())))

    async def stop(self) -> None:
        for server, _ in self._running:
            server.stop()
        await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
