"""Signing as the settings say: trust, services on the network, devices, the organisation's key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings
from benhan.node.evidence.keeping import Evidence
from benhan.node.records.life import Records
from benhan.node.signatures.batches import Batches
from benhan.node.signatures.confirmations import Confirmations
from benhan.node.signatures.delegations import Delegations
from benhan.node.signatures.evidence import Method
from benhan.node.signatures.faults import BAD_SIGNER
from benhan.node.signatures.keeper import Seal, SignatureKeeper
from benhan.node.signatures.keys import Devices, SignerPlace, Signers
from benhan.node.signatures.signing import Signatures
from benhan.node.signatures.tray import Trays
from benhan.signing.attesting import Attester
from benhan.signing.batch import Services
from benhan.signing.faults import TSA_UNREACHED
from benhan.signing.timestamps import Stamp, stamping
from benhan.signing.trust import Trust, parse_trust
from benhan.store.blob_backends import DirectoryBackend
from benhan.store.blobs import Blobs
from benhan.store.store import Store
from benhan.transports.fingerprint_reader import FingerprintReader
from benhan.transports.oidc import OidcAttester, Provider
from benhan.transports.signing_services import SigningServices

POLICIES = ("warn", "enforce")
CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer", ".der")


@dataclass(frozen=True, slots=True)
class SigningParts:
    """What signs in a node."""

    signatures: Signatures
    signers: Signers
    trays: Trays
    batches: Batches
    delegations: Delegations
    confirmations: Confirmations
    keeper: SignatureKeeper
    evidence: Evidence


@asynccontextmanager
async def open_signing(settings: Settings, store: Store, records: Records) -> AsyncIterator[SigningParts]:
    """The parts that sign, closed afterwards. Raises Incorrect BA-5118 for a setting that cannot be."""
    hosts = frozenset(host.strip().lower() for host in settings.signing_hosts.split(",") if host.strip())
    network = SigningServices(hosts)
    try:
        trust = read_trust(settings.signing_trust)
        devices = Devices(
            settings.signing_module or settings.pkcs11_module, network, settings.signing_csc_url,
            settings.signing_csc_token, trust,
        )  # fmt: skip
        services = Services(trust, network.fetch, _stamp(settings, network, store)) if settings.signing_trust else None
        blobs = open_blobs(settings, store)
        signers = Signers(store.database, store.clock, devices)
        signatures = Signatures(records, blobs, signers, services)
        batches = Batches(signatures)
        confirmations = Confirmations(signatures, attesters=_attesters(settings, network))
        evidence = Evidence(store, blobs, services)
        keeper = SignatureKeeper(signatures, batches, confirmations, devices, seal_of(settings), evidence)
        yield SigningParts(
            signatures, signers, Trays(signatures), batches, Delegations(store, signers), confirmations, keeper,
            evidence,
        )  # fmt: skip
    finally:
        await network.close()


def _attesters(settings: Settings, network: SigningServices) -> dict[Method, Attester]:
    """Who says from outside that a person is there, as far as it is set."""
    found: dict[Method, Attester] = {}
    if settings.identity_issuer and settings.identity_client:
        provider = Provider(
            settings.identity_issuer, settings.identity_client, settings.identity_secret, settings.identity_number_claim
        )
        found[Method.IDENTITY] = OidcAttester(network, provider)
    if settings.fingerprint_url:
        found[Method.FINGERPRINT] = FingerprintReader(network, settings.fingerprint_url)
    return found


def open_blobs(settings: Settings, store: Store) -> Blobs:
    """Where signed files and the evidence of confirmations lie."""
    return Blobs(store.database, store.keyring, DirectoryBackend(settings.data / "blobs"), store.clock, store.random)


def read_trust(folder: str) -> Trust:
    """The certificates of a folder; "" is trust in nobody. Raises Incorrect BA-5118."""
    if not folder:
        return Trust()
    try:
        paths = [each for each in sorted(Path(folder).iterdir()) if each.suffix.lower() in CERTIFICATE_SUFFIXES]
        trust = parse_trust(each.read_bytes() for each in paths)
    except OSError as cause:
        raise BAD_SIGNER(name="signing_trust", reason=type(cause).__name__) from cause
    except Fault as fault:
        raise BAD_SIGNER(name="signing_trust", reason=fault.code) from fault
    if not trust.roots:
        raise BAD_SIGNER(name="signing_trust", reason="không có chứng thư gốc (no root)")
    return trust


def must_sign(settings: Settings) -> bool:
    """Whether unsigned papers keep a record from the archive. Raises Incorrect BA-5118."""
    if settings.signing_policy not in POLICIES:
        raise BAD_SIGNER(name="signing_policy", reason=", ".join(POLICIES))
    return settings.signing_policy == "enforce"


def seal_of(settings: Settings) -> Seal | None:
    """The organisation's key; None where none is named. Raises Incorrect BA-5118."""
    if settings.seal_token:
        return Seal(SignerPlace("token", settings.seal_token, settings.seal_key).checked(), settings.seal_pin)
    if settings.seal_file:
        return Seal(SignerPlace("file", settings.seal_file, "").checked(), settings.seal_pin)
    return None


def _stamp(settings: Settings, network: SigningServices, store: Store) -> Stamp:
    if settings.signing_tsa_url:
        return stamping(partial(network.time_stamp, settings.signing_tsa_url), store.random)

    async def none(_digest: bytes) -> bytes:
        raise TSA_UNREACHED()

    return none
