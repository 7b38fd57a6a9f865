"""Signatures inside a PDF, as stages: what comes back from one is what the next needs.

prepared, signed (B-B), time-stamped (B-T), with the status of its certificates (B-LT), sealed by a time-stamp of the
whole document (B-LTA). Each writes an incremental update: bytes that were signed before are not touched, so that
nurse, doctor, head and organisation sign one after the other. Pure: keys and time-stamp servers are whoever calls.
Source: ISO 32000-1, 12.8; ETSI EN 319 142-1, 5 and 6; ISO 19005-3 (what is signed as PDF/A stays PDF/A).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import content, generic, layout
from pyhanko.pdf_utils.decode_limits import DecodeLimits
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigAppearanceSetup, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import (
    DocumentTimestamp,
    PdfSignedData,
    PreparedByteRangeDigest,
    SignatureObject,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import ValidationInfoReadingError
from pyhanko.stamp.static import StaticStampStyle

from benhan.signing.certificates import DIGEST, Identity
from benhan.signing.cms import SignedCms, ToSign, to_sign
from benhan.signing.faults import NOT_SIGNED, PDF_LOCKED, PDF_UNREADABLE, PLACE_TAKEN, SIGNATURE_TOO_LONG, TOO_LARGE
from benhan.signing.status import Status

PDF_BYTES_MAX = 256 * 1024 * 1024
TOKEN_BYTES = 8 * 1024
"""Room that is kept for a time-stamp, and for a signature besides its certificates and its time-stamp's."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What is seen of a signature: `picture` is a PDF whose first page is shown in `box` (points, from the page's
    lower left corner: left, bottom, right, top) on `page`, counted from 0."""

    page: int
    box: tuple[int, int, int, int]
    picture: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where and as what somebody signs: `field` is the PDF's name of it, never used twice in one document."""

    field: str
    role: str = ""
    reason: str = ""
    location: str = ""
    appearance: Appearance | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A PDF with a hole where a signature or token will stand."""

    file: bytes
    hole: PreparedByteRangeDigest

    def filled(self, der: bytes) -> bytes:
        """The PDF with `der` in the hole. Raises Unsupported BA-5007 where it is too long."""
        output = BytesIO(self.file)
        try:
            self.hole.fill_with_cms(output, der)
        except SigningError as cause:
            raise SIGNATURE_TOO_LONG() from cause
        return output.getvalue()


@dataclass(frozen=True, slots=True)
class PreparedPdf:
    """A PDF that waits for the key: it signs `to_sign`."""

    gap: Gap
    cms: ToSign

    @property
    def to_sign(self) -> bytes:
        return self.cms.attributes

    def with_signature(self, signature: bytes) -> SignedPdf:
        """The signed PDF. Raises Broken BA-5002 where the certificate's key did not sign."""
        return SignedPdf(self.gap, self.cms.with_signature(signature))


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """A signed PDF: `to_stamp` is the digest that a time-stamp is asked for."""

    gap: Gap
    cms: SignedCms

    @property
    def to_stamp(self) -> bytes:
        return self.cms.to_stamp

    def with_timestamp(self, token: bytes) -> SignedPdf:
        """The same with a time-stamp of the signature."""
        return replace(self, cms=self.cms.with_timestamp(token))

    @property
    def pdf(self) -> bytes:
        """The file. Raises Unsupported BA-5007."""
        return self.gap.filled(self.cms.der)


@dataclass(frozen=True, slots=True)
class ToArchive:
    """A PDF that waits for the time-stamp of the whole of it: `to_stamp` is the digest it is asked for."""

    gap: Gap

    @property
    def to_stamp(self) -> bytes:
        return self.gap.hole.document_digest

    def with_timestamp(self, token: bytes) -> bytes:
        """The sealed PDF. Raises Unsupported BA-5007."""
        return self.gap.filled(token)


def prepare(pdf: bytes, place: Place, identity: Identity, claimed_at: datetime) -> PreparedPdf:
    """The PDF made ready for a signature; `claimed_at` is the time as the signer says it.

    Raises Incorrect BA-5003, BA-5006, Unsupported BA-5001, BA-5004, Conflict BA-5005.
    """
    _ = identity.mechanism  # refused before the file is touched
    with _writing(pdf) as writer:
        _hold_free(writer, place.field)
        gap_bytes = TOKEN_BYTES + sum(len(each.dump()) for each in (identity.certificate, *identity.issuers))
        signature = SignatureObject(
            timestamp=claimed_at,
            subfilter=SigSeedSubFilter.PADES,
            reason=place.reason or None,
            location=place.location or None,
            bytes_reserved=2 * gap_bytes,
        )
        shown = place.appearance
        spec = SigFieldSpec(place.field, on_page=shown.page, box=shown.box) if shown else SigFieldSpec(place.field)
        gap = _gap(writer, signature, spec, SigAppearanceSetup(_style(shown), claimed_at, None) if shown else None)
    return PreparedPdf(gap, to_sign(gap.hole.document_digest, identity, place.role))


def with_status(pdf: bytes, status: Status) -> bytes:
    """A signed PDF with certificates and their status for later judges: level LT. Raises as `prepare`."""
    with _writing(pdf) as writer:
        _put_status(writer, status)
        output = BytesIO()
        writer.write(output)
    return output.getvalue()


def to_archive(pdf: bytes, status: Status | None = None) -> ToArchive:
    """A signed PDF made ready for a time-stamp of the whole document, with `status` beside it: level LTA.

    Done again before algorithm or certificate of the last one ages, with the status of that one's certificates.
    Raises as `prepare`, and Incorrect BA-5008 where nobody signed.
    """
    with _writing(pdf) as writer:
        number = sum(1 for _ in enumerate_sig_fields(writer, filled_status=True))
        if number == 0:
            raise NOT_SIGNED()
        if status is not None:
            _put_status(writer, status)
        token = DocumentTimestamp(bytes_reserved=2 * TOKEN_BYTES)
        return ToArchive(_gap(writer, token, SigFieldSpec(f"DauThoiGian{number}"), None))


def read_pdf(pdf: bytes) -> PdfFileReader:
    """A PDF of a stranger, opened within bounds. Raises Incorrect BA-5003, BA-5006, Unsupported BA-5004."""
    with _reading(pdf):
        reader = PdfFileReader(BytesIO(pdf), strict=True, decode_limits=DecodeLimits.for_untrusted_input())
        if reader.encrypted:
            raise PDF_LOCKED()
        return reader


class _Update(IncrementalPdfFileWriter):
    """A writer that leaves the metadata as they are: a signature changes nothing of the document, and has no clock."""

    def _update_meta(self) -> None:
        return


@contextmanager
def _writing(pdf: bytes) -> Iterator[IncrementalPdfFileWriter]:
    with _reading(pdf):
        writer = _Update(BytesIO(pdf), strict=True, decode_limits=DecodeLimits.for_untrusted_input())
        if writer.prev.encrypted:
            raise PDF_LOCKED()
        yield writer


@contextmanager
def _reading(pdf: bytes) -> Iterator[None]:
    """What a hostile PDF makes the library throw, as one Fault."""
    if len(pdf) > PDF_BYTES_MAX:
        raise TOO_LARGE(limit_mb=PDF_BYTES_MAX // 2**20)
    try:
        yield
    except READING_FAILS as cause:
        raise PDF_UNREADABLE() from cause


READING_FAILS = (PdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, AssertionError)
"""What reading a damaged PDF throws: the library does not hold itself to its own exceptions."""


def _hold_free(writer: IncrementalPdfFileWriter, field: str) -> None:
    if any(name == field for name, _, _ in enumerate_sig_fields(writer, filled_status=True)):
        raise PLACE_TAKEN(place=field)


def _gap(
    writer: IncrementalPdfFileWriter, value: PdfSignedData, spec: SigFieldSpec, appearance: SigAppearanceSetup | None
) -> Gap:
    steps: Any = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=spec.sig_field_name, writer=writer)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=value, appearance_setup=appearance))
    hole, output = steps.send(SigIOSetup(md_algorithm=DIGEST))
    return Gap(output.getvalue(), hole)


def _put_status(writer: IncrementalPdfFileWriter, status: Status) -> None:
    try:
        DocumentSecurityStore.supply_dss_in_writer(
            writer, None, certs=status.certificates, ocsps=status.ocsps, crls=status.crls
        )
    except ValidationInfoReadingError as cause:
        raise PDF_UNREADABLE() from cause


class _Picture(content.PdfContent):
    """The first page of a PDF as what a signature shows."""

    def __init__(self, picture: bytes) -> None:
        super().__init__()
        self._picture = picture

    def render(self) -> bytes:
        shown = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._picture)))
        self.resources.xobject["/Picture"] = shown
        left, bottom, right, top = shown.get_object()["/BBox"]
        self.box = layout.BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return b"/Picture Do"


def _style(shown: Appearance) -> StaticStampStyle:
    fitting = layout.SimpleBoxLayoutRule(x_align=layout.AxisAlignment.ALIGN_MID, y_align=layout.AxisAlignment.ALIGN_MID)
    return StaticStampStyle(background=_Picture(shown.picture), background_layout=fitting, border_width=0)


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has. Raises as `read_pdf`."""
    reader = read_pdf(pdf)
    with _reading(pdf):
        return int(reader.root["/Pages"]["/Count"])


def attachments(pdf: bytes) -> dict[str, bytes]:
    """The files inside a PDF by their names. Raises as `read_pdf`; bounded by the reader's limits."""
    reader = read_pdf(pdf)
    with _reading(pdf):
        names = reader.root["/Names"]["/EmbeddedFiles"] if "/EmbeddedFiles" in reader.root.get("/Names", {}) else None
        return dict(_files(names, 0)) if names is not None else {}


def _files(node: generic.DictionaryObject, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth > 20:
        raise ValueError("a name tree this deep")
    items = [each.get_object() for each in node.get("/Names", ())]
    for name, spec in zip(items[::2], items[1::2], strict=True):
        yield str(name), spec["/EF"]["/F"].data
    for kid in node.get("/Kids", ()):
        yield from _files(kid.get_object(), depth + 1)
