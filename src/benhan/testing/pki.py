"""A PKI to test against: root, CA, people of every kind of certificate, OCSP, CRL, a time-stamp server.

`ask` and `post` answer as the CA's services do on the network, at the time of the clock; `down` names what is away.
Needs certomancer, which comes with the development packages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from asn1crypto import ocsp, tsp, x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from benhan.kernel.clock import Clock
from benhan.signing.certificates import Identity
from benhan.signing.faults import TSA_UNREACHED
from benhan.signing.signers import MemorySigner
from benhan.signing.status import Ask
from benhan.signing.trust import Trust

ISSUED = "2024-01-01T00:00:00+0000"
ENDS = "2029-01-01T00:00:00+0000"
PREFIX = "http://pki.test"
PEOPLE: dict[str, dict[str, Any]] = {
    "doctor": {},
    "nurse": {},
    "head": {},
    "hospital": {},
    "expired": {"validity": {"valid-from": ISSUED, "valid-to": "2026-01-01T00:00:00+0000"}},
    "early": {"validity": {"valid-from": "2028-01-01T00:00:00+0000", "valid-to": ENDS}},
    "revoked": {"revocation": {"revoked-since": "2026-06-01T00:00:00+0000", "reason": "key_compromise"}},
    "revoked_later": {"revocation": {"revoked-since": "2027-06-01T00:00:00+0000", "reason": "cessation_of_operation"}},
    "encrypts": {"use": ["key_encipherment"]},
    "stranger": {"issuer": "strangers"},
    "short": {"key": "short"},
}
"""Whose certificates there are, by name, and what is the matter with them."""
NAMES = {
    "doctor": ("Nguyễn Thị Bác Sĩ", "Bác sĩ"),
    "nurse": ("Trần Văn Điều Dưỡng", "Điều dưỡng"),
    "head": ("Lê Thị Trưởng Khoa", "Trưởng khoa"),
    "hospital": ("Bệnh viện Thử nghiệm", ""),
}


@dataclass
class TestPki:
    """The PKI with its keys in `folder`. One a test session: making RSA keys takes time."""

    __test__ = False
    folder: Path
    clock: Clock
    down: set[str] = field(default_factory=set)
    """Which services do not answer: `ocsp`, `crl`, `tsa`."""
    asked: list[str] = field(default_factory=list)
    """The services that were asked, in order."""

    @cached_property
    def _keys(self) -> dict[str, Any]:
        curve = ec.SECP256R1()
        keys: dict[str, Any] = {name: ec.generate_private_key(curve) for name in ("root", "strangers", "services")}
        for name in ("ca", "person"):
            keys[name] = rsa.generate_private_key(65537, 2048)
        short = rsa.generate_private_key(65537, 1024)  # noqa: S505  # for tests of keys that are no longer believed
        return keys | {"curve": ec.generate_private_key(curve), "short": short}

    @cached_property
    def _authority(self) -> Any:
        import certomancer.default_plugins  # noqa: F401  # registers the extensions by its import
        from certomancer.config_utils import SearchDir
        from certomancer.registry import ArchLabel, CertLabel
        from certomancer.registry.keys import KeySets
        from certomancer.registry.pki_arch import PKIArchitecture

        for name, key in self._keys.items():
            encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
            pem = key.private_bytes(encoding, form, serialization.NoEncryption())
            (self.folder / f"{name}.pem").write_bytes(pem)
        keys = KeySets(
            {"test": {"keys": {name: {"path": f"{name}.pem"} for name in self._keys}}}, SearchDir(str(self.folder))
        )
        made: dict[Any, Any] = {}
        authority = PKIArchitecture.build_architecture(
            ArchLabel("test"), _architecture(), keys, PREFIX, cert_cache=made
        )
        for name in ("root", "root-ocsp", "ca", "ocsp", "tsa", "strangers", "curve", *PEOPLE):
            authority.get_cert(CertLabel(name))
        # as read, not as built: asn1crypto writes what it built anew each time that it is asked for its bytes
        made.update({label: x509.Certificate.load(each.dump()) for label, each in made.items()})
        return authority

    def certificate(self, name: str) -> x509.Certificate:
        """A certificate by its name: of PEOPLE, `root`, `ca`, `strangers`, `tsa`, `curve` (a doctor's on a curve)."""
        from certomancer.registry import CertLabel

        return self._authority.get_cert(CertLabel(name))

    def identity(self, name: str) -> Identity:
        """Whose certificate it is, with the CA's."""
        issuers = ("strangers",) if name == "stranger" else ("ca", "root")
        return Identity(self.certificate(name), tuple(self.certificate(each) for each in issuers))

    def key(self, name: str) -> Any:
        """The private key of one of PEOPLE, or of `curve`."""
        return self._keys[name if name in ("curve", "short") else "person"]

    def signer(self, name: str) -> MemorySigner:
        return MemorySigner(self.identity(name), self.key(name))

    @cached_property
    def trust(self) -> Trust:
        return Trust((self.certificate("root"),))

    async def ask(self, ask: Ask) -> bytes:
        """The answer of an OCSP service or of a list of revoked certificates."""
        _, _, kind, label = ask.url.removeprefix(PREFIX).split("/")[:4]
        kind = "crl" if kind == "crls" else kind
        self.asked.append(kind)
        if kind in self.down:
            raise TSA_UNREACHED()
        from certomancer.registry import ServiceLabel

        services, asked = self._authority.service_registry, ServiceLabel(label)
        if kind == "ocsp":
            question = ocsp.OCSPRequest.load(ask.body)
            return bytes(services.summon_responder(asked, self._now()).build_ocsp_response(question).dump())
        return bytes(services.get_crl(asked, self._now()).dump())

    async def post(self, request: bytes) -> bytes:
        """The answer of the time-stamp server."""
        self.asked.append("tsa")
        if "tsa" in self.down:
            raise TSA_UNREACHED()
        from certomancer.registry import ServiceLabel

        server = self._authority.service_registry.summon_timestamper(ServiceLabel("tsa"), self._now())
        return bytes(server.request_tsa_response(tsp.TimeStampReq.load(request)).dump())

    def _now(self) -> datetime:
        return self.clock.now().astimezone(UTC).replace(microsecond=0)


def _architecture() -> dict[str, Any]:
    entities: dict[str, Any] = {
        "root": {"common-name": "Root CA (thử nghiệm)"},
        "strangers": {"common-name": "Other Root"},
    }
    entities |= {
        "ca": {"common-name": "CA thử nghiệm"},
        "tsa": {"common-name": "TSA thử nghiệm"},
        "ocsp": {"common-name": "OCSP"},
    }
    certificates: dict[str, Any] = {
        "root": _authority_cert("root", "root", ENDS.replace("2029", "2049")),
        "strangers": _authority_cert("strangers", "strangers", ENDS.replace("2029", "2049")),
        "ca": _authority_cert("ca", "root", ENDS.replace("2029", "2034")),
        "ocsp": _certificate(
            "ocsp", "ca", "services", [("extended_key_usage", ["ocsp_signing"]), ("ocsp_no_check", None)]
        ),
        "root-ocsp": _certificate(
            "ocsp", "root", "services", [("extended_key_usage", ["ocsp_signing"]), ("ocsp_no_check", None)]
        ),
        "tsa": _certificate(
            "tsa", "ca", "services", [("extended_key_usage", ["time_stamping"])], ENDS.replace("2029", "2033")
        ),
    }
    certificates["tsa"]["extensions"] += _status("ca")
    certificates["ca"]["extensions"] += _status("root")
    for name, more in (*PEOPLE.items(), ("curve", {})):
        person, title = NAMES.get(name, (name, ""))
        entities[name] = {"common-name": person, "organization-name": "Bệnh viện Thử nghiệm"} | (
            {"title": title} if title else {}
        )
        issuer = more.get("issuer", "ca")
        key = "curve" if name == "curve" else more.get("key", "person")
        made = _certificate(name, issuer, key, [], use=more.get("use"))
        if issuer == "ca":
            made["extensions"] += _status("ca")
        certificates[name] = made | {key: value for key, value in more.items() if key in ("validity", "revocation")}
    services = {
        "ocsp": {
            "ca": {"for-issuer": "ca", "responder-cert": "ocsp", "signing-key": "services"},
            "root": {"for-issuer": "root", "responder-cert": "root-ocsp", "signing-key": "services"},
        },
        "crl-repo": {each: {"for-issuer": each, "simulated-update-schedule": "P7D"} for each in ("ca", "root")},
        "time-stamping": {"tsa": {"signing-cert": "tsa", "signing-key": "services", "certs-to-embed": ["ca"]}},
    }
    defaults = {"country-name": "VN"}
    return {
        "keyset": "test",
        "entity-defaults": defaults,
        "entities": entities,
        "certs": certificates,
        "services": services,
    }


def _certificate(
    subject: str,
    issuer: str,
    key: str,
    extensions: list[tuple[str, Any]],
    ends: str = ENDS,
    use: list[str] | None = None,
) -> dict[str, Any]:
    uses = use or ["digital_signature", "non_repudiation"]
    more = [{"id": name, "critical": name == "extended_key_usage", "value": value} for name, value in extensions]
    return {
        "subject": subject,
        "issuer": issuer,
        "subject-key": key,
        "authority-key": issuer,
        "validity": {"valid-from": ISSUED, "valid-to": ends},
        "extensions": [{"id": "key_usage", "critical": True, "value": set(uses)}, *more],
    }


def _authority_cert(name: str, issuer: str, ends: str) -> dict[str, Any]:
    made = _certificate(name, issuer, name, [], ends, ["key_cert_sign", "crl_sign", "digital_signature"])
    made["extensions"].append({"id": "basic_constraints", "critical": True, "value": {"ca": True}})
    return made


def _status(issuer: str) -> list[dict[str, Any]]:
    """Where the status of an issuer's certificates is told."""
    points = {"schema": "crl-dist-url", "params": {"crl-repo-names": [issuer]}}
    access = {"schema": "aia-urls", "params": {"ocsp-responder-names": [issuer]}}
    return [
        {"id": "crl_distribution_points", "smart-value": points},
        {"id": "authority_information_access", "smart-value": access},
    ]
