"""A BHYT file in pieces: its wrapper, and one slice of bytes for each HOSO, so that memory is that of one record.

The wrapper without its records is read as XML of its own. A slice is cut by its tags alone: what stands between two of
them must be white space, so that no record hides in a comment; a slice that never ends is told and passed over, and the
next record is read all the same.
Source: CV 1245/BHXH-CNTT (03/05/2024); what is tolerated beyond it, docs/interfaces/bhyt.md.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from benhan.kernel.issues import Issue, error, warning
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import ClaimFile
from benhan.vn.bhyt.dates import is_day
from benhan.vn.bhyt.tables import Table, latest

MB = 1024 * 1024
HOSO_MAX = 64 * MB
"""A record beyond this is passed over."""
WHOLE_MAX = 64 * MB
"""A file that is not cut into HOSO (a bare table, a check-in) is read at once, up to this."""
HEAD_MAX = MB
START = 512
"""What is looked at of a file to know its encoding."""
ENDS_MAX = 4 * MB
"""The end of the wrapper: CHUKYDONVI with its certificates."""

ROW_OF_XML12 = "GIAM_DINH_Y_KHOA"
"""The row element of one vendor (docs/known-issues.md)."""
FLAT_ROOT = "HS"
"""The root of training tools, which wraps nothing."""
WRAPPERS = ("GIAMDINHHS", FLAT_ROOT)
FHIR_NAMESPACE = b"http://hl7.org/fhir"
_NAME = re.compile(rb"(?:[\w.-]+:)?([\w.-]+)")
_HOSO = re.compile(rb"<HOSO(?=[\s/>])")
_HOSO_TAG = re.compile(rb"<HOSO(?:\s[^<>]*)?(/?)>")
_END = b"</HOSO>"
_NEXT = re.compile(rb"</HOSO>|<HOSO(?=[\s>])")
_ROOT = re.compile(
    rb"(?:\s++|<\?(?:(?!\?>).)*+\?>|<!--(?:(?!-->).)*+-->|<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\]\s*)?>)*+<([\w.-]+)", re.DOTALL
)
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(slots=True)
class Slice:
    """The bytes of one HOSO (or of a whole file without them), its number from 1, what is wrong with its cutting."""

    content: bytes
    number: int = 1
    faults: list[Issue] = field(default_factory=list)


class Splitter:
    """Cuts a file; `head` is filled while it is iterated, and whole at the end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = _in_utf8(pieces, self)
        self._buffer = bytearray()
        self._is_over = False
        self._wrapper = etree.XMLPullParser(
            ("end",),
            tag=("MACSKCB", "NGAYLAP", "SOLUONGHOSO", "SignatureValue", "{*}SignatureValue"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
        )
        self._wrapper_ok = True
        self._root = ""
        self.head = ClaimFile()
        self.is_wrapped = False
        """Whether the file is a GIAMDINHHS."""
        self.is_whole = False
        """Whether the file is one slice, for want of HOSO."""

    def __iter__(self) -> Iterator[Slice]:
        """Every slice in order. Faults of the file as a whole go to `head.faults`; nothing is raised."""
        if not self._begin():
            return
        if self.is_wrapped and self._until_first():
            yield from self._slices()
        else:
            yield from self._whole()
        self._end()

    def _begin(self) -> bool:
        """Look at the beginning; whether it can be a BHYT file at all."""
        self._more(4096)
        start = bytes(self._buffer)
        root = _ROOT.match(start)
        if root is None:
            self._refuse(error("structure", "", texts.NOT_BHYT.text, texts.WRAPPER))
            return False
        if declared := _DECLARED.match(start):
            encoding = declared[1].decode().lower()
            if encoding not in ("utf-8", "utf8", "us-ascii"):
                self._refuse(warning("invalid", "", texts.OTHER_ENCODING.filled(encoding=encoding), texts.WRAPPER))
        if b"<!DOCTYPE" in start:
            self._refuse(error("security", "", texts.HAS_DTD, texts.WRAPPER))
            return False
        self._root = _local_name(start, root)
        other = texts.FHIR if FHIR_NAMESPACE in start else texts.OTHER_KINDS.get(self._root)
        if other is not None:
            self._refuse(error("not-supported", "", other, texts.WRAPPER))
            return False
        self.is_wrapped = root[1] == b"GIAMDINHHS"
        return True

    def _until_first(self) -> bool:
        """Read up to the first HOSO and give what is before it to the wrapper; False where there is none near."""
        while True:
            found = _HOSO.search(self._buffer)
            if found is not None:
                self._feed(self._take(found.start()))
                return True
            if self._is_over or len(self._buffer) > HEAD_MAX:
                return False
            self._more(len(self._buffer) + MB)

    def _slices(self) -> Iterator[Slice]:
        number = 0
        faults: list[Issue] = []
        while True:
            number += 1
            place = f"HOSO[{number}]"
            content, wrong = self._one(place)
            yield Slice(content, number, [*faults, *wrong])
            self.head.claims_seen = number
            found, gap = self._gap()
            faults = []
            if not found:
                self._feed(gap)
                return
            if gap.strip():
                faults = [error("structure", f"HOSO[{number + 1}]", texts.BETWEEN, texts.WRAPPER)]

    def _one(self, place: str) -> tuple[bytes, list[Issue]]:
        """The HOSO at the start of the buffer, and what is wrong with it; without content where it is too large."""
        self._more(4096)
        tag = _HOSO_TAG.match(self._buffer)
        if tag is not None and tag[1]:
            return self._take(tag.end()), []
        at = 5
        while True:
            found = _NEXT.search(self._buffer, at)
            if found is not None and found.end() > HOSO_MAX:
                self._take(found.end() if found[0] == _END else found.start())
                return b"", [_too_large(place)]
            if found is not None and found[0] == _END:
                return self._take(found.end()), []
            if found is not None:
                return self._take(found.start()), [error("structure", place, texts.CUT_OFF, texts.WRAPPER)]
            if self._is_over:
                return self._take(len(self._buffer)), [error("structure", place, texts.CUT_OFF, texts.WRAPPER)]
            if len(self._buffer) > HOSO_MAX:
                self._skip()
                return b"", [_too_large(place)]
            at = max(5, len(self._buffer) - len(_END))
            self._more(len(self._buffer) + MB)

    def _skip(self) -> None:
        """Pass over the rest of a HOSO that is too large."""
        at = 5
        while True:
            found = _NEXT.search(self._buffer, at)
            if found is not None:
                self._take(found.end() if found[0] == _END else found.start())
                return
            if self._is_over:
                self._buffer.clear()
                return
            del self._buffer[: -len(_END)]
            at = 0
            self._more(MB)

    def _gap(self) -> tuple[bool, bytes]:
        """What stands before the next HOSO, and whether there is one."""
        while True:
            found = _HOSO.search(self._buffer)
            if found is not None:
                return True, self._take(found.start())
            if self._is_over:
                return False, self._take(len(self._buffer))
            if len(self._buffer) > ENDS_MAX:
                self._refuse(
                    error("too-long", "CHUKYDONVI", texts.TOO_LARGE.filled(size=ENDS_MAX // MB), texts.WRAPPER)
                )
                self._wrapper_ok = False
                del self._buffer[: -len(_END)]
            self._more(len(self._buffer) + MB)

    def _whole(self) -> Iterator[Slice]:
        """A file without HOSO, at once."""
        while not self._is_over and len(self._buffer) <= WHOLE_MAX:
            self._more(len(self._buffer) + MB)
        if not self._is_over:
            self._refuse(error("too-long", "", texts.TOO_LARGE.filled(size=WHOLE_MAX // MB), texts.WRAPPER))
            self._wrapper_ok = False
            return
        content = self._take(len(self._buffer))
        if self._root not in table_by_tag() and self._root not in WRAPPERS and b"<FILEHOSO" not in content:
            self._refuse(error("structure", "", texts.NOT_BHYT.text, texts.WRAPPER))
            self._wrapper_ok = False
            return
        self.is_whole = True
        self._feed(content)
        self.head.claims_seen = 1
        yield Slice(content)

    def _end(self) -> None:
        """Close the wrapper and hold what it says against what was seen."""
        if not self._wrapper_ok:
            return
        self._feed(b"", is_last=True)
        if not self.is_wrapped:
            return
        head = self.head
        if not head.facility:
            self._refuse(error("required", "MACSKCB", texts.NO_FACILITY, texts.WRAPPER))
        if not is_day(head.made_on):
            self._refuse(error("value", "NGAYLAP", texts.BAD_MADE_ON, texts.WRAPPER))
        if not (head.count.isascii() and head.count.isdigit()):
            self._refuse(error("value", "SOLUONGHOSO", texts.BAD_COUNT, texts.WRAPPER))
        elif (said := int(head.count[:18])) != head.claims_seen:
            told = texts.OTHER_COUNT.filled(said=said, seen=head.claims_seen)
            weigh = error if said > head.claims_seen else warning
            self._refuse(weigh("business-rule", "SOLUONGHOSO", told, texts.WRAPPER))
        if not head.claims_seen:
            self._refuse(error("required", "HOSO", texts.NO_HOSO, texts.WRAPPER))

    def _feed(self, data: bytes, *, is_last: bool = False) -> None:
        if not self._wrapper_ok:
            return
        try:
            if data:
                self._wrapper.feed(data)
            if is_last:
                self._wrapper.close()
        except etree.XMLSyntaxError as cause:
            self._wrapper_ok = False
            if not self.is_whole:  # whoever reads the one slice tells it
                self._refuse(not_xml(cause, "GIAMDINHHS"))
        for _, element in self._wrapper.read_events():
            if isinstance(element, etree._Element):
                self._learn(element)

    def _learn(self, element: etree._Element) -> None:
        text = (element.text or "").strip()[:100]
        head = self.head
        if element.tag == "MACSKCB":
            head.facility = head.facility or text
        elif element.tag == "NGAYLAP":
            head.made_on = head.made_on or text
        elif element.tag == "SOLUONGHOSO":
            head.count = head.count or text
        else:
            head.signed = head.signed or bool(text)

    def _refuse(self, issue: Issue) -> None:
        self.head.faults.append(issue)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _more(self, size: int) -> None:
        """Fill the buffer up to `size` bytes or the end."""
        while len(self._buffer) < size and not self._is_over:
            piece = next(self._pieces, None)
            if piece is None:
                self._is_over = True
            else:
                self._buffer += piece


def _too_large(place: str) -> Issue:
    return error("too-long", place, texts.TOO_LARGE.filled(size=HOSO_MAX // MB), texts.WRAPPER)


def _local_name(start: bytes, root: re.Match[bytes]) -> str:
    """The root's name without its prefix."""
    named = _NAME.match(start, root.start(1))
    return named[1].decode("ascii", "replace") if named is not None else ""


@cache
def table_by_tag() -> dict[str, Table]:
    """Tables by any tag that a file or an inner file may begin with."""
    found: dict[str, Table] = {}
    for table in latest().tables.values():
        found |= dict.fromkeys((tag for tag in (table.root, table.list_tag, table.record) if tag), table)
    found[ROW_OF_XML12] = latest().tables["XML12"]
    return found


def begins_as_bhyt(start: bytes) -> bool:
    """Whether a file that begins so is a BHYT one: its wrapper, a table, a check-in."""
    start = start.removeprefix(codecs.BOM_UTF8)
    for mark in _UTF16:
        if start.startswith(mark):
            start = start[: len(start) // 2 * 2].decode("utf-16", "replace").encode()
    root = _ROOT.match(start)
    tags = {*WRAPPERS, *(table.root for table in latest().tables.values())}
    return root is not None and root[1].decode("ascii", "replace") in tags


def not_xml(cause: etree.XMLSyntaxError, place: str) -> Issue:
    """What is told of broken XML: where, never what."""
    line, column = cause.position if cause.position else (0, 0)
    return error("structure", place, texts.NOT_XML.filled(line=line or 0, column=column or 0), texts.WRAPPER)


def _in_utf8(pieces: Iterable[bytes], told: Splitter) -> Iterator[bytes]:
    """The pieces without a BOM, turned to UTF-8 where they are UTF-16."""
    remaining = iter(pieces)
    first = b""
    while len(first) < START and (piece := next(remaining, None)) is not None:
        first += piece
    if first.startswith(codecs.BOM_UTF8):
        told.head.faults.append(warning("invalid", "", texts.HAS_BOM, texts.WRAPPER))
        yield first[3:]
    elif first.startswith(_UTF16):
        told.head.faults.append(error("invalid", "", texts.UTF16, texts.WRAPPER))
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        yield _DECLARED_16.sub("", decoder.decode(first), count=1).encode()
        for piece in remaining:
            yield decoder.decode(piece).encode()
        return
    elif first:
        yield first
    yield from remaining


_DECLARED_16 = re.compile(r"<\?xml[^>]*\?>")
