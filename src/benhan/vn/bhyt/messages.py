"""A BHYT file as messages: each episode on its own, in bytes that can be kept, shown, mended and read again.

A HOSO keeps its bytes within the shortest wrapper that names the facility; a file without HOSO that holds one episode
is kept as it is, one with several (check-ins) is written anew, an episode a message.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim, ClaimFile, Row
from benhan.vn.bhyt.read import ClaimReader, claims_of
from benhan.vn.bhyt.split import Splitter
from benhan.vn.bhyt.tables import latest

CLAIM, CHECKIN = "BHYT", "BHYT^XML0"
"""The kinds of message."""
_BEFORE = (
    "<GIAMDINHHS><THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI><THONGTINHOSO><SOLUONGHOSO>1</SOLUONGHOSO>"
    "<DANHSACHHOSO>\n"
)
_AFTER = b"\n</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>\n"
_CONTENT = re.compile(r"(<NOIDUNGFILE>)([^<>]+)(</NOIDUNGFILE>)")
_SECRET_PART = re.compile(
    rb"LOAIHOSO\b[^>]*>\s*(?:<!\[CDATA\[)?\s*XML(?:6|15)\s*(?:\]\]>)?\s*<|HIV_AIDS>|DIEUTRI_BENHLAO>", re.IGNORECASE
)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>\s*")


@dataclass(frozen=True, slots=True)
class BhytMessage:
    """One episode: its claim and the bytes that say it."""

    claim: Claim
    content: bytes

    @property
    def kind(self) -> str:
        return CHECKIN if "XML0" in self.claim.tables else CLAIM


class MessageReader:
    """The messages of a file; `head` is whole when they have all been given."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._splitter = Splitter(pieces)
        self.head: ClaimFile = self._splitter.head

    def __iter__(self) -> Iterator[BhytMessage]:
        """Every message in order; nothing is raised."""
        for each in self._splitter:
            claims = claims_of(each, is_whole=self._splitter.is_whole)
            if not self._splitter.is_whole:
                yield BhytMessage(claims[0], _wrapped(each.content, self.head.facility))
                continue
            self.head.claims_seen = len(claims)
            if len(claims) == 1:
                yield BhytMessage(claims[0], each.content)
            else:
                yield from (BhytMessage(claim, _written(claim, self.head.facility)) for claim in claims)


def is_bhyt(kind: str) -> bool:
    """Whether a message in the inbox is a BHYT one."""
    return kind in (CLAIM, CHECKIN)


def claim_in(content: bytes) -> Claim:
    """The claim of a message. Raises Incorrect BA-3400 where there is none, or more than one."""
    reader = ClaimReader([content])
    claims = list(reader)
    if len(claims) != 1:
        raise texts.NOT_BHYT(*reader.head.faults)
    return claims[0]


def holds_secrets(content: bytes) -> bool:
    """Whether a message has a part that tells of HIV or tuberculosis (XML6, XML15), by its name or by its tags."""
    return _SECRET_PART.search(content) is not None


def readable(content: bytes) -> str:
    """A message as a person reads and mends it: its parts as XML in place of their Base64. `claim_in` reads it too."""
    text = content.decode("utf-8", "replace")
    return _CONTENT.sub(lambda found: found[1] + _inline(found[2]) + found[3], text)


def _inline(encoded: str) -> str:
    """The inner file of a part; within CDATA where it is not well-formed, so that the rest stays readable."""
    try:
        inner = b64decode("".join(encoded.split()), validate=True).decode()
    except (Error, ValueError):
        return encoded
    inner = _DECLARATION.sub("", inner.replace("\r\n", "\n"), count=1)
    try:
        etree.fromstring(inner.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return f"<![CDATA[{inner.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"\n{inner}\n"


def _wrapped(content: bytes, facility: str) -> bytes:
    return _BEFORE.format(facility=escape(facility)).encode() + content + _AFTER


def _written(claim: Claim, facility: str) -> bytes:
    """A claim with the very columns that it has."""
    if "XML0" in claim.tables:
        table = latest().tables["XML0"]
        rows = "".join(_row(row, table.record) for row in claim.rows("XML0"))
        return f"<{table.root}><{table.list_tag}>{rows}</{table.list_tag}></{table.root}>".encode()
    parts = []
    for name, rows_of in claim.tables.items():
        table = latest().tables[name]
        inner = "".join(_row(row, table.record) for row in rows_of)
        if table.list_tag:
            inner = f"<{table.root}><{table.list_tag}>{inner}</{table.list_tag}></{table.root}>"
        parts.append(f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{inner}</NOIDUNGFILE></FILEHOSO>")
    return _wrapped(f"<HOSO>{''.join(parts)}</HOSO>".encode(), facility)


def _row(row: Row, record: str) -> str:
    columns = "".join(f"<{name}>{escape(value, {chr(13): '&#13;'})}</{name}>\n" for name, value in row.items())
    return f"<{record}>\n{columns}</{record}>"
