"""A hospital where papers are signed: a PKI, keys in files with PINs, a record with papers that are done."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from starlette.types import ASGIApp
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, FORMS, NURSE, OTHER_DOCTOR, Stay, admit
from tests.postgres import copy_of_template

from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.node.evidence.keeping import Evidence
from benhan.node.records.life import Facility, Records
from benhan.node.records.models import Paper, Record
from benhan.node.records.order import usual_order
from benhan.node.records.papers import Papers
from benhan.node.signatures.batches import Batch, Batches
from benhan.node.signatures.confirmations import Confirmations
from benhan.node.signatures.evidence import Method
from benhan.node.signatures.keeper import Seal, SignatureKeeper
from benhan.node.signatures.keys import Devices, SignerPlace, Signers, account_of
from benhan.node.signatures.models import Chosen
from benhan.node.signatures.signing import Signatures
from benhan.signing.batch import Services
from benhan.signing.remote import Approval
from benhan.signing.timestamps import stamping
from benhan.store.blob_backends import DirectoryBackend
from benhan.store.blobs import Blobs
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.testing.fake_identities import CLIENT, SECRET, FakeIdentities, FakeReader
from benhan.testing.pki import TestPki
from benhan.transports.fingerprint_reader import FingerprintReader
from benhan.transports.oidc import OidcAttester, Provider
from benhan.transports.signing_services import SigningServices

_numbers = itertools.count(1)
AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
PIN = "246810"
ISSUER = "https://id.test"
INTERNAL, COURSE, CARE = "01/BV-01", "36/BV-02", "06/BV-02"


@dataclass
class KeptCodes:
    """Phones that a test reads: the last code by number."""

    sent: dict[str, str] = field(default_factory=dict)

    async def send(self, phone: str, code: str) -> None:
        self.sent[phone] = code


@dataclass
class House:
    """The hospital's parts that sign."""

    store: Store
    clock: SetClock
    pki: TestPki
    records: Records
    papers: Papers
    signers: Signers
    signatures: Signatures
    batches: Batches
    keeper: SignatureKeeper
    folder: Path
    stay: Stay
    confirmations: Confirmations
    codes: KeptCodes
    evidence: Evidence
    identities: FakeIdentities
    reader: FakeReader

    async def begin_anew(self) -> None:
        """The next morning: a new patient, good certificates, everything answers."""
        self.pki.down.clear()
        self.identities.claims.clear()
        self.identities.is_down = False
        self.reader.answer.clear()
        self.clock.at = AT
        self.stay = await admit(self.store)
        for table in ("signing_batch", "signing_step", "signing_delegation", "paper_confirmation"):
            await self.store.database.execute(f"delete from {table}")
        await self.register(DOCTOR, "doctor")
        await self.register(NURSE, "nurse")
        await self.register(OTHER_DOCTOR, "head", duties=frozenset({"head"}), title="Trưởng khoa Nội")

    async def register(self, actor: Actor, who: str, **more: Any) -> None:
        """Let an account sign with the certificate of one of the PKI's people."""
        path = key_file(self.folder, self.pki, who)
        await self.signers.set(account_of(actor.id), SignerPlace("file", str(path), ""), **more)

    async def record_with(self, *forms: str, author: Actor) -> tuple[Record, list[Paper]]:
        """A record whose papers on these forms are done."""
        record = await self.records.open(self.stay.encounter, INTERNAL, "K01", author)
        return record, [await self.done(record, number, author) for number in forms]

    async def done(self, record: Record, number: str, author: Actor) -> Paper:
        """A paper that is done."""
        paper = await self.papers.add(record.id, number, author)
        return await self.papers.save(record.id, paper.number, {}, 1, author, is_done=True)

    async def sign(self, record: Record, papers: Sequence[Paper], actor: Actor, pin: str = PIN) -> Batch:
        """A batch to its end."""
        chosen = [Chosen(record.id, each.number, each.version) for each in papers]
        id_ = await self.batches.start(chosen, actor, Approval(Secret(pin)))
        await self.batches.finished()
        return await self.batches.read(id_, actor)

    async def refused(self, record: Record, papers: Sequence[Paper], actor: Actor, pin: str = PIN) -> str:
        """The code of the fault that keeps a batch from beginning or ending; "" where it is signed."""
        try:
            batch = await self.sign(record, papers, actor, pin)
        except Fault as fault:
            return fault.code
        codes = [each.fault[0] for each in batch.papers if each.fault]
        return batch.fault[0] if batch.fault else codes[0] if codes else ""


def key_file(folder: Path, pki: TestPki, who: str) -> Path:
    """A PKCS#12 with the key of one of the PKI's people; its password is PIN."""
    path = folder / f"{who}.p12"
    if not path.exists():
        identity = pki.identity(who)
        own, *issuers = [
            x509.load_der_x509_certificate(each.dump()) for each in (identity.certificate, *identity.issuers)
        ]
        content = serialize_key_and_certificates(
            b"key", pki.key(who), own, issuers, BestAvailableEncryption(PIN.encode())
        )
        path.write_bytes(content)
    return path


def network_of(host: str, app: ASGIApp) -> SigningServices:
    """A network on which one host answers."""
    return SigningServices(frozenset({host}), transport=httpx.ASGITransport(app))


ACCOUNTS = (("bs1", "doctor"), ("bs2", "doctor"), ("dd", "nurse"), ("kh", "records"))


@asynccontextmanager
async def open_house(embedded_url: str, folder: Path, devices: Devices | None = None) -> AsyncIterator[House]:
    """A hospital that signs with keys of a PKI, on a database of its own."""
    url = await copy_of_template(embedded_url, f"signing_{next(_numbers)}")
    clock = SetClock(AT)
    kek = make_kek_file(folder / "kek.json", SystemRandom())
    store = await Store.open(await Database.connect(url, pool_size=6), kek, clock=clock)
    (folder / "pki").mkdir()
    pki = TestPki(folder / "pki", clock)
    for login, role in ACCOUNTS:
        await store.database.execute(
            "insert into account (login, name, role, password_hash, created_at) values ($1, $1, $2, '', $3)",
            login, role, AT,
        )  # fmt: skip
    devices = devices or Devices(trust=pki.trust)
    records = Records(store, Facility("01001", "Bệnh viện Thử"), FORMS, usual_order())
    blobs = Blobs(store.database, store.keyring, DirectoryBackend(folder / "blobs"), clock, SystemRandom())
    signers = Signers(store.database, clock, devices)
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    signatures = Signatures(records, blobs, signers, services)
    batches = Batches(signatures)
    seal = Seal(SignerPlace("file", str(key_file(folder, pki, "hospital")), ""), Secret(PIN))
    sender = KeptCodes()
    provider, reader = FakeIdentities(ISSUER, clock), FakeReader(clock)
    attesters = {
        Method.IDENTITY: OidcAttester(
            network_of("id.test", provider), Provider(ISSUER, CLIENT, Secret(SECRET), "national_id")
        ),
        Method.FINGERPRINT: FingerprintReader(network_of("reader.test", reader), "http://reader.test/match"),
    }
    confirmations = Confirmations(signatures, sender, attesters)
    evidence = Evidence(store, blobs, services)
    keeper = SignatureKeeper(signatures, batches, confirmations, devices, seal, evidence)
    stay = await admit(store)
    yield House(
        store,
        clock,
        pki,
        records,
        Papers(records),
        signers,
        signatures,
        batches,
        keeper,
        folder,
        stay,
        confirmations,
        sender,
        evidence,
        provider,
        reader,
    )
    await store.close()
