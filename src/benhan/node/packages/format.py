"""What a package is: a ZIP with a manifest that lists every other file by SHA-256, and a signature over the manifest.

Nothing in it is made anew on its way: each file is the bytes that were kept, so each signature in it holds.

    manifest.json          who, whose, when; every file with kind, type, size, SHA-256
    manifest.json.p7s      the organisation's detached signature (CAdES) over manifest.json
    document.fhir.json     the record as a FHIR document
    HoSoBenhAn.xml         the record in the Ministry's format, HoSoBenhAn.manifest.json beside it
    record.pdf             the whole record to read
    signed/…               signed papers, as they were signed
    files/…                scans, images, reports as they came
    proofs/…               proofs that acts on the record stand in the ledger; evidence records (.ers) of signed papers
    README.txt             what it is and how to check it, for a person

Source: FHIR R4 documents.html; CV 365/TTYQG-GPQLCL III.1.1 d; Luật Giao dịch điện tử 20/2023/QH15 Đ13 (the original
form or an exact rendering, with its origin).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

import msgspec

FORMAT = "benhan record package 1"
RECORD_SUFFIX = ".ers"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.p7s"
DOCUMENT = "document.fhir.json"
HOSO = "HoSoBenhAn.xml"
HOSO_MANIFEST = "HoSoBenhAn.manifest.json"
RECORD = "record.pdf"
README = "README.txt"
FOLDERS = ("signed", "files", "proofs")

FILES_MAX = 5_000
BYTES_MAX = 1024 * 1024 * 1024
"""All files together, unpacked."""
RATIO_MAX = 200
"""A file that unpacks to more than so many times its size is a bomb; text of ours reaches some thirty."""
SMALL_BYTES = 1024 * 1024
"""Below it any ratio is harmless."""
MANIFEST_BYTES_MAX = 8 * 1024 * 1024


class Kind(Enum):
    """What a file of a package is."""

    DOCUMENT = "document"
    HOSO = "hoso"
    HOSO_MANIFEST = "hoso-manifest"
    RECORD = "record"
    SIGNED = "signed"
    FILE = "file"
    PROOF = "proof"
    EVIDENCE = "evidence"
    """The evidence record (RFC 4998) of a signed paper: `proofs/NAME.ers` of `signed/NAME`."""
    README = "readme"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as the manifest lists it; `of` is the resource it belongs to, "" for the record as a whole."""

    path: str
    kind: Kind
    media_type: str
    size: int
    sha256: str
    title: str = ""
    of: str = ""


class Sender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facility that made the package: MA_CSKCB and name."""

    code: str
    name: str


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identifier of the person."""

    system: str
    value: str


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose record it is, as the sender knows the person."""

    name: str
    birth_date: str
    gender: str
    identifiers: tuple[Named, ...] = ()


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record: id of its Composition there, form, storage number, where it stood; instants of FHIR."""

    id: str
    form: str
    form_name: str
    storage_number: str
    state: str
    opened_at: str
    closed_at: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest. `ledger_key` verifies the proofs (hex); `unproven` counts acts whose day is not signed yet."""

    format: str
    made_at: str
    sender: Sender
    patient: Person
    record: About
    parts: tuple[Part, ...]
    ledger_key: str = ""
    unproven: int = 0
    withheld: str = ""
    """What is never in a package, in words that are the same for every record."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes into a package."""

    path: str
    kind: Kind
    media_type: str
    content: bytes
    title: str = ""
    of: str = ""

    @property
    def part(self) -> Part:
        digest = hashlib.sha256(self.content).hexdigest()
        return Part(self.path, self.kind, self.media_type, len(self.content), digest, self.title, self.of)


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest as it is written and signed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)
