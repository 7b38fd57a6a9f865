"""Claims to the bytes of a BHYT file: the same claims always give the same bytes.

The shape is the one that the portal is known to take (no declaration and no namespace on GIAMDINHHS, Base64 on one
line, inner files with a declaration and CRLF); CHUKYDONVI is there and empty, for whoever signs. After signing nothing
may be written anew. Source: CV 1245/BHXH-CNTT (03/05/2024).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim, Row, place
from benhan.vn.bhyt.tables import Generation, Table

NOT_WRITABLE = FaultCode(
    "BA-3401",
    Incorrect,
    Text(
        "Hồ sơ có bảng hoặc cột mà QĐ {decision} không có; xem từng chỗ dưới đây.",
        "The claim has tables or columns that QĐ {decision} has not, listed below.",
    ),
)
OUTSIDE = ("XML0", "XML12")
"""Tables that travel in messages of their own."""
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_ESCAPE = re.compile("[&<>\r]")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def write_claims(
    facility: str, made_on: date, claims: Iterable[Claim], count: int, generation: Generation
) -> Iterator[bytes]:
    """The GIAMDINHHS of `count` claims, in pieces, one a claim. Raises Incorrect BA-3401."""
    yield (
        f"<GIAMDINHHS>\n<THONGTINDONVI><MACSKCB>{_escaped(facility)}</MACSKCB></THONGTINDONVI>\n<THONGTINHOSO>"
        f"<NGAYLAP>{made_on:%Y%m%d}</NGAYLAP><SOLUONGHOSO>{count}</SOLUONGHOSO><DANHSACHHOSO>\n"
    ).encode()
    for claim in claims:
        yield _hoso(claim, generation)
    yield b"</DANHSACHHOSO></THONGTINHOSO>\n<CHUKYDONVI></CHUKYDONVI>\n</GIAMDINHHS>"


def claims_to_bytes(facility: str, made_on: date, claims: Sequence[Claim], generation: Generation) -> bytes:
    """The GIAMDINHHS of `claims`. Raises Incorrect BA-3401."""
    return b"".join(write_claims(facility, made_on, claims, len(claims), generation))


def checkin_to_bytes(rows: Sequence[Row], generation: Generation) -> bytes:
    """The check-in message (XML0) of `rows`, CHUKYDONVI its last child. Raises Incorrect BA-3401."""
    _refuse_unknown(Claim("", {"XML0": list(rows)}), generation)
    table = generation.tables["XML0"]
    inner = _rows(rows, table)
    return (
        f"{_DECLARATION}\r\n<{table.root}>\r\n<{table.list_tag}>\r\n{inner}</{table.list_tag}>\r\n"
        f"<CHUKYDONVI></CHUKYDONVI>\r\n</{table.root}>"
    ).encode()


def table_to_bytes(rows: Sequence[Row], table: Table) -> bytes:
    """The inner file of a table: every column, in order."""
    records = _rows(rows, table)
    if table.root == table.record:
        return f"{_DECLARATION}{records}".removesuffix("\r\n").encode()
    inner = f"<{table.list_tag}>\r\n{records}</{table.list_tag}>\r\n"
    return f"{_DECLARATION}<{table.root}>\r\n{inner}</{table.root}>".encode()


def _hoso(claim: Claim, generation: Generation) -> bytes:
    _refuse_unknown(claim, generation)
    parts = [b"<HOSO>\n"]
    for name, table in generation.tables.items():
        rows = claim.rows(name)
        if rows and name not in OUTSIDE:
            content = b64encode(table_to_bytes(rows, table))
            parts.append(
                b"<FILEHOSO><LOAIHOSO>%b</LOAIHOSO><NOIDUNGFILE>%b</NOIDUNGFILE></FILEHOSO>\n"
                % (name.encode(), content)
            )
    return b"".join([*parts, b"</HOSO>\n"])


def _rows(rows: Sequence[Row], table: Table) -> str:
    names = [column.name for column in table.columns]
    return "".join(
        f"<{table.record}>\r\n"
        + "".join(f"<{name}>{_escaped(row.get(name, ''))}</{name}>\r\n" for name in names)
        + f"</{table.record}>\r\n"
        for row in rows
    )


def _escaped(text: str) -> str:
    if _NOT_IN_XML.search(text):
        text = _NOT_IN_XML.sub("", text)
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], text)


def _refuse_unknown(claim: Claim, generation: Generation) -> None:
    issues = []
    for name, rows in claim.tables.items():
        table = generation.tables.get(name)
        if table is None:
            told = texts.NO_SUCH_TABLE.filled(table=name, decision=generation.name)
            issues.append(error("structure", name, told, texts.COLUMNS))
            continue
        told = texts.NOT_A_COLUMN.filled(table=name, decision=generation.name)
        issues += [
            error("structure", place(name, number, column), told, texts.COLUMNS)
            for number, row in enumerate(rows, 1)
            for column in row
            if column not in table.by_name
        ]
    if issues:
        raise NOT_WRITABLE(*issues, decision=generation.name)
