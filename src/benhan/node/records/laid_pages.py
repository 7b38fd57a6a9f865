"""Pages of other PDFs laid onto places that a print left for them: what was scanned stands where it belongs.

A place is a link whose address is its name; it is replaced by the page, which keeps its proportions. What is laid is a
picture of the page: signatures of the file it came from hold for that file alone. Source: ISO 32000-1, 8.10, 12.5.6.5.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter

PAGES_MAX = 500
_BREAKS = (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError)
"""What a malformed PDF makes the library throw."""
_TURNS = {0: "1 0 0 1", 90: "0 -1 1 0", 180: "-1 0 0 -1", 270: "0 1 -1 0"}


class PageOf(NamedTuple):
    """A page of a PDF, counted from 0."""

    pdf: bytes
    number: int


def pages_of(pdf: bytes) -> list[PageOf]:
    """The pages of a PDF that can be laid; none where it cannot be read, is locked, or has more than PAGES_MAX."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        count = int(reader.root["/Pages"]["/Count"])
        if not 0 < count <= PAGES_MAX:
            return []
        scratch = PdfFileWriter()
        for number in range(count):
            _turn(reader, number)
            scratch.import_page_as_xobject(reader, number)
    except _BREAKS:
        return []
    return [PageOf(pdf, number) for number in range(count)]


def lay(pdf: bytes, places: Mapping[str, PageOf]) -> bytes:
    """`pdf` with a page on each of its `places`, by name."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    readers: dict[bytes, PdfFileReader] = {}
    for number in range(int(writer.root["/Pages"]["/Count"])):
        page_ref, _ = writer.find_page_for_modification(number)
        page = page_ref.get_object()
        kept = generic.ArrayObject()
        for annotation in page.get("/Annots", ()):
            told = annotation.get_object()
            wanted = places.get(str(told.get("/A", {}).get("/URI", "")))
            if wanted is None:
                kept.append(annotation)
                continue
            reader = readers.setdefault(wanted.pdf, PdfFileReader(io.BytesIO(wanted.pdf), strict=False))
            _put(writer, number, reader, wanted.number, [float(each) for each in told["/Rect"]])
        if len(kept) != len(page.get("/Annots", ())):
            page[pdf_name("/Annots")] = kept
            writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _put(writer: IncrementalPdfFileWriter, page: int, reader: PdfFileReader, number: int, place: list[float]) -> None:
    picture = writer.import_page_as_xobject(reader, number)
    left, low, right, high = sorted_box([float(each) for each in picture.get_object()["/BBox"]])
    wide, tall = right - left, high - low
    turn = _turn(reader, number)
    if turn in (90, 270):
        wide, tall = tall, wide
    x, y, to_x, to_y = sorted_box(place)
    scale = min((to_x - x) / wide, (to_y - y) / tall)
    # turned about its corner, a page lies beside its place: it is moved back by its own width and height
    back = {0: (0.0, 0.0), 90: (0.0, tall), 180: (wide, tall), 270: (wide, 0.0)}[turn]
    at_x, at_y = x + (to_x - x - wide * scale) / 2, y + (to_y - y - tall * scale) / 2
    name = f"/Laid{number}"
    drawn = (
        f"q {scale:.5f} 0 0 {scale:.5f} {at_x:.3f} {at_y:.3f} cm {_TURNS[turn]} {back[0]:.3f} {back[1]:.3f} cm "
        f"1 0 0 1 {-left:.3f} {-low:.3f} cm {name} Do Q\n"
    )
    resources = generic.DictionaryObject({pdf_name("/XObject"): generic.DictionaryObject({pdf_name(name): picture})})
    stream = writer.add_object(generic.StreamObject(stream_data=drawn.encode()))
    writer.add_stream_to_page(page, stream, resources=resources, prepend=True)


def _turn(reader: PdfFileReader, number: int) -> int:
    """By how many degrees a page is turned when it is shown."""
    node: Any = reader.find_page_for_modification(number)[0].get_object()
    for _ in range(64):
        if "/Rotate" in node:
            return int(node["/Rotate"]) // 90 * 90 % 360
        if "/Parent" not in node:
            return 0
        node = node["/Parent"]
    raise ValueError("a tree of pages that has no top")


def sorted_box(box: list[float]) -> tuple[float, float, float, float]:
    """Left, low, right, high of a rectangle that may begin at any corner."""
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])
