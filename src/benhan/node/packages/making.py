"""Making a package of a record: every file as it is kept, listed, signed by the organisation. Each is in the ledger.

What is of special secrecy is in none, whoever makes it: who may see it hands it over by itself.
Source: CV 365/TTYQG-GPQLCL III.1.1 d; Luật 64/2006/QH11 Đ30.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from benhan.fhir.resource import instant, to_bytes
from benhan.kernel.actors import Actor, outgoing
from benhan.kernel.care import Use
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.mapping.fhir_to_hoso_benh_an import Record as HosoRecord
from benhan.mapping.fhir_to_hoso_benh_an import fhir_to_hoso_benh_an, name_of
from benhan.node.packages.format import (
    DOCUMENT,
    FORMAT,
    HOSO,
    HOSO_MANIFEST,
    README,
    RECORD,
    RECORD_SUFFIX,
    About,
    File,
    Kind,
    Manifest,
    Named,
    Person,
    Sender,
    manifest_bytes,
)
from benhan.node.packages.writing import package_to_bytes
from benhan.node.records.life import Episode, Opened, Records, require
from benhan.node.records.models import Paper, Record
from benhan.node.records.whole import Told, Volume, papers_told, volume_of, volume_to_pdf
from benhan.signing.cms import detached
from benhan.signing.signers import Signer
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import LedgerQuestion, find_entries
from benhan.store.ledger.ledger_faults import NOT_YET_SIGNED
from benhan.store.ledger.proofs import prove
from benhan.store.ledger.roots import public_key
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.vn.hoso_benh_an.document import hoso_to_xml

Json = dict[str, Any]

PROOFS_MAX = 50
_SIGHT = outgoing("packages")
_WITHHELD = (
    "Dữ liệu bí mật đặc biệt theo luật không bao giờ nằm trong gói. "
    "(What the law keeps as special secrecy is never in a package.)"
)
_ENDINGS = {
    "application/pdf": "pdf",
    "application/dicom": "dcm",
    "application/json": "json",
    "application/xml": "xml",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "text/plain": "txt",
    "text/xml": "xml",
}
_README = """\
GÓI HỒ SƠ BỆNH ÁN ĐIỆN TỬ / ELECTRONIC MEDICAL RECORD PACKAGE

Nơi lập / made by: {facility} ({code})
Lúc / at: {at}
Loại bệnh án / form: {form}

record.pdf            toàn bộ hồ sơ để đọc / the whole record to read
signed/               giấy tờ đã ký, nguyên từng byte / signed papers, byte for byte
files/                ảnh, bản quét, kết quả gốc / images, scans, results as they came
HoSoBenhAn.xml        theo CV 365/TTYQG-GPQLCL
document.fhir.json    tài liệu FHIR R4
manifest.json         bảng kê SHA-256; manifest.json.p7s là chữ ký của nơi lập
proofs/               bằng chứng nhật ký, bằng chứng lưu trữ (.ers) / proofs of the ledger, evidence records

Kiểm tra ngoại tuyến / check offline: benhan verify signed/*.pdf manifest.json.p7s proofs/*.json
{withheld}
"""


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed paper: its number in the record, its version, its bytes, its evidence record (b"": none yet)."""

    number: int
    version: int
    content: bytes
    evidence: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.number:03d}-v{self.version}.pdf"


SignedFiles = Callable[[Record], Awaitable[Sequence[SignedFile]]]
"""The signed papers of a record that are no secret."""


async def no_signed_files(_record: Record) -> Sequence[SignedFile]:
    """Where nothing signs."""
    return ()


@dataclass(frozen=True, slots=True)
class Made:
    """A package that was made: its name, its bytes, how many files are in it."""

    name: str
    content: bytes
    files: int


class Packages:
    """Makes packages of one store's records; `signer` is the organisation's, None where there is none."""

    def __init__(
        self,
        records: Records,
        base_url: str,
        signer: Signer | None = None,
        signed_files: SignedFiles = no_signed_files,
    ) -> None:
        self._records = records
        self._store = records.store
        self._base_url = base_url
        self._signer = signer
        self._signed_files = signed_files

    async def make(self, record_id: str, actor: Actor) -> Made:
        """The package of a record. Raises NotFound BA-5205, BA-0503; Forbidden BA-5213; what the signer raises."""
        require(actor, Permission.RECORD_EXPORT)
        record = (await self._records.admitted(record_id, actor, Use.EXPORT)).record
        opened = await self._records.opened(record, _SIGHT)
        now = self._store.clock.now()
        papers = await papers_told(self._records, opened, _SIGHT)
        volume = await volume_of(self._records, opened, _SIGHT)
        episode = await self._records.episode(opened, _SIGHT)
        files = await asyncio.to_thread(self._written, opened, papers, episode, volume, now)
        there = {each.number for each in papers}
        signed = [each for each in await self._signed_files(record) if each.number in there]
        files += [
            File(f"signed/{each.name}", Kind.SIGNED, "application/pdf", each.content,
                 next(one.name for one in papers if one.number == each.number),
                 next(one.reference for one in opened.papers if one.number == each.number))
            for each in signed
        ]  # fmt: skip
        files += [
            File(f"proofs/{each.name}{RECORD_SUFFIX}", Kind.EVIDENCE, "application/octet-stream", each.evidence)
            for each in signed
            if each.evidence
        ]
        numbers = {each.number for each in signed}
        proofs, unproven = await self._proofs(record, [each for each in opened.papers if each.number in numbers])
        files += proofs
        manifest = manifest_bytes(self._manifest(opened, files, now, unproven))
        signature = await self._signature(manifest, now)
        content = await asyncio.to_thread(package_to_bytes, files, manifest, signature)
        unit = self._store.begin(actor)
        unit.record(Event.PACKAGE_EXPORT, patient=record.patient, type_="Composition", rid=record.rid, files=len(files))
        await self._store.commit(unit)
        return Made(f"ho-so-{record.storage_number or record.id}.zip", content, len(files))

    def _written(
        self, opened: Opened, papers: Sequence[Told], episode: Episode, volume: Volume, at: datetime
    ) -> list[File]:
        """The files that are made of the record, and those that its papers carry."""
        form = self._records.forms.by_key(opened.record.form)
        facility = self._records.facility
        readme = _README.format(
            facility=facility.name, code=facility.code, at=instant(at), form=form.name, withheld=_WITHHELD
        )
        document = self._document(opened, papers, episode, at)
        hoso = fhir_to_hoso_benh_an(
            HosoRecord(facility.code, opened.patient.read(), opened.encounter.read(), episode.resources,
                       {**episode.contents, **_own(opened)})
        )  # fmt: skip
        found = [
            File(README, Kind.README, "text/plain", readme.encode()),
            File(DOCUMENT, Kind.DOCUMENT, "application/fhir+json", document),
            File(HOSO, Kind.HOSO, "application/xml", hoso_to_xml(hoso.document)),
            File(HOSO_MANIFEST, Kind.HOSO_MANIFEST, "application/json", orjson.dumps(hoso.manifest)),
        ]
        if volume.leaves:
            found.append(File(RECORD, Kind.RECORD, "application/pdf", volume_to_pdf(volume, at), form.name))
        number = 0
        for paper in papers:
            for each in paper.files:
                number += 1
                path = f"files/{number:03d}.{_ENDINGS.get(each.media_type, 'bin')}"
                found.append(
                    File(path, Kind.FILE, each.media_type, each.content, each.title or paper.name, each.reference)
                )
        return found

    def _document(self, opened: Opened, papers: Sequence[Told], episode: Episode, at: datetime) -> bytes:
        """The FHIR document: the stored bytes of each resource; the Composition names only what is in it."""
        contents = _own(opened)
        for paper in papers:
            reference = f"{paper.resource['resourceType']}/{paper.resource['id']}"
            stored = opened.stored.get(reference)
            contents[reference] = stored.content if stored is not None else episode.contents[reference]
        contents.update(episode.contents)
        kept = set(contents)
        head = self._head(opened, kept)
        entries = [_entry(self._base_url, f"Composition/{head['id']}", to_bytes(head))]
        entries += [_entry(self._base_url, reference, content) for reference, content in contents.items()]
        start = to_bytes(
            {
                "resourceType": "Bundle",
                "identifier": {"system": "urn:ietf:rfc:3986", "value": f"{self._base_url}/Composition/{head['id']}"},
                "type": "document",
                "timestamp": instant(at),
            }
        )
        return start[:-1] + b',"entry":[' + b",".join(entries) + b"]}"

    def _head(self, opened: Opened, kept: set[str]) -> Json:
        from benhan.node.records.composed import composition_of

        shown = [each for each in opened.papers if each.reference in kept]
        form = self._records.forms.by_key(opened.record.form)
        facility = self._records.facility
        at = opened.record.closed_at or opened.record.opened_at
        return composition_of(
            opened.record, form, shown, self._records.order, (facility.code, facility.name),
            f"Patient/{opened.patient.id}", f"Encounter/{opened.encounter.id}", at,
        )  # fmt: skip

    def _manifest(self, opened: Opened, files: Iterable[File], at: datetime, unproven: int) -> Manifest:
        record, patient, facility = opened.record, opened.patient.read(), self._records.facility
        identifiers = tuple(
            Named(str(each["system"]), str(each["value"]))
            for each in patient.get("identifier", [])
            if each.get("system") and each.get("value")
        )
        form = self._records.forms.by_key(record.form)
        return Manifest(
            FORMAT,
            instant(at),
            Sender(facility.code, facility.name),
            Person(name_of(patient), patient.get("birthDate", ""), patient.get("gender", ""), identifiers),
            About(
                record.id,
                form.number,
                form.name,
                record.storage_number,
                record.state.value,
                instant(record.opened_at),
                instant(record.closed_at) if record.closed_at is not None else "",
            ),
            tuple(each.part for each in files),
            public_key(self._store.keyring).hex(),
            unproven,
            _WITHHELD,
        )

    async def _proofs(self, record: Record, signed: Sequence[Paper]) -> tuple[list[File], int]:
        """Proofs of the newest acts on the record and of the signatures, and how many wait for their day's root."""
        question = LedgerQuestion(patients=(record.patient,), resource=(TYPE_NUMBERS["Composition"], record.rid))
        entries = await find_entries(self._store.database, question, before=2**62, count=PROOFS_MAX)
        for paper in signed[:PROOFS_MAX]:
            of_paper = LedgerQuestion(
                patients=(record.patient,), resource=(TYPE_NUMBERS[paper.type], paper.rid),
                events=(Event.PAPER_SIGN.number,),
            )  # fmt: skip
            entries += await find_entries(self._store.database, of_paper, before=2**62, count=PROOFS_MAX)
        found: list[File] = []
        unproven = 0
        for each in sorted(entries, key=lambda entry: entry.seq):
            try:
                proof = await prove(self._store.database, self._store.keyring, each.seq)
            except Fault as fault:
                if fault.code != NOT_YET_SIGNED.code:
                    raise
                unproven += 1
                continue
            content = proof.to_json().encode()
            found.append(File(f"proofs/{each.seq}.json", Kind.PROOF, "application/json", content, each.label))
        return found, unproven

    async def _signature(self, manifest: bytes, at: datetime) -> bytes:
        """The organisation's signature over the manifest, b"" where there is no signer."""
        if self._signer is None:
            return b""
        wanted = detached(manifest, self._signer.identity, claimed_at=at)
        (made,) = await self._signer.sign([wanted.attributes])
        return wanted.with_signature(made).der


def _own(opened: Opened) -> dict[str, bytes]:
    return {f"{type_}/{each.id}": each.content for type_, each in
            (("Patient", opened.patient), ("Encounter", opened.encounter))}  # fmt: skip


def _entry(base_url: str, reference: str, content: bytes) -> bytes:
    return b'{"fullUrl":' + orjson.dumps(f"{base_url}/{reference}") + b',"resource":' + content + b"}"
