"""A BHYT file to claims, one at a time; what is wrong is told with its place, and what is right is kept.

Tolerated (each with its fault or warning): XML as it is or wrapped Base64 in NOIDUNGFILE, empty FILEHOSO, parts without
HOSO, a bare table, the flat `HS` of training tools, namespaces on the root, CDATA. Never: DOCTYPE, entities, network.
A claim with an error among its `faults` was not read whole; `docs/interfaces/bhyt.md`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

from lxml import etree

from benhan.kernel.issues import Issue, error, warning
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim, ClaimFile, Row, place
from benhan.vn.bhyt.plain_rows import plain_rows
from benhan.vn.bhyt.split import FLAT_ROOT, MB, ROW_OF_XML12, Slice, Splitter, not_xml, table_by_tag
from benhan.vn.bhyt.tables import Table, latest

PARTS_MAX = 64
"""Parts of a HOSO; there are fourteen kinds."""
INNER_MAX = 32 * MB

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
    huge_tree=True,  # a record may be large; its bytes are bounded here and a DOCTYPE is refused before
)
_OPEN = (
    b'<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    b' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
)
_CLOSE = b"</r>"
_NESTED = etree.XPath("boolean(*/*)")
_DOCTYPE = b"<!DOCTYPE"
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")


class ClaimReader:
    """The claims of a file; `head` is whole when they have all been given."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._splitter = Splitter(pieces)
        self.head: ClaimFile = self._splitter.head

    def __iter__(self) -> Iterator[Claim]:
        """Every claim in order; nothing is raised."""
        for each in self._splitter:
            claims = claims_of(each, is_whole=self._splitter.is_whole)
            if self._splitter.is_whole:
                self.head.claims_seen = len(claims)
            yield from claims


def claims_of(part: Slice, *, is_whole: bool = False) -> list[Claim]:
    """The claims of a slice: one of a HOSO; of a whole file one for each episode."""
    claim = Claim("", faults=list(part.faults))
    if claim.faults:
        return [claim]
    root = _tree(part.content if is_whole else _OPEN + part.content + _CLOSE, f"HOSO[{part.number}]", claim.faults)
    if root is None:
        return [claim]
    if not is_whole:
        _read_parts(root[0].iterchildren("FILEHOSO"), claim)
        _close(claim, f"HOSO[{part.number}]")
        return [claim]
    return _claims_of_whole(root)


def _claims_of_whole(root: etree._Element) -> list[Claim]:
    """The claims of a file without HOSO."""
    parts = list(root.iter("FILEHOSO"))
    if parts:
        return _claims_of_parts(parts)
    claim = Claim("")
    if root.tag == FLAT_ROOT:
        claim.faults.append(error("structure", "", texts.NO_WRAPPER, texts.WRAPPER))
        for table in latest().tables.values():
            rows = [_row(each, table, number, claim) for number, each in enumerate(root.findall(table.record), 1)]
            if rows:
                claim.tables[table.name] = rows
    elif root.tag == "GIAMDINHHS":
        return []
    else:
        _read_table("", root, claim)
        if "XML0" in claim.tables:
            return _checkins(claim)
        if not claim.faults:
            claim.faults.append(warning("structure", "", texts.NO_WRAPPER, texts.WRAPPER))
    _close(claim, "")
    return [claim]


def _claims_of_parts(parts: list[etree._Element]) -> list[Claim]:
    """Parts that no HOSO holds together: each XML1 begins a claim."""
    groups: list[list[etree._Element]] = []
    for part in parts:
        if not groups or (part.findtext("LOAIHOSO") or "").strip().upper() == "XML1":
            groups.append([])
        groups[-1].append(part)
    claims = []
    for number, group in enumerate(groups, 1):
        claim = Claim("", faults=[warning("structure", f"HOSO[{number}]", texts.FLAT, texts.WRAPPER)])
        _read_parts(iter(group), claim)
        _close(claim, f"HOSO[{number}]")
        claims.append(claim)
    return claims


def _checkins(read: Claim) -> list[Claim]:
    """The check-ins of a message, by episode."""
    by_episode: dict[str, Claim] = {}
    for row in read.tables["XML0"]:
        ma_lk = row.get("MA_LK", "").strip()
        by_episode.setdefault(ma_lk, Claim(ma_lk)).tables.setdefault("XML0", []).append(row)
    claims = list(by_episode.values())
    for claim in claims:
        if not claim.ma_lk:
            claim.faults.append(error("required", "XML0.MA_LK", texts.NO_MA_LK, texts.COLUMNS))
    claims[0].faults += read.faults
    return claims


def _read_parts(parts: Iterator[etree._Element], claim: Claim) -> None:
    for number, part in enumerate(parts, 1):
        if number > PARTS_MAX:
            claim.faults.append(error("too-long", "FILEHOSO", texts.TOO_MANY_PARTS.filled(most=PARTS_MAX)))
            return
        label = (part.findtext("LOAIHOSO") or "").strip().upper()
        content = part.find("NOIDUNGFILE")
        if content is None or (not len(content) and not (content.text or "").strip()):
            continue  # what does not apply is left out, or left empty
        if label not in latest().tables:
            claim.faults.append(error("value", f"FILEHOSO[{number}].LOAIHOSO", texts.UNKNOWN_PART, texts.WRAPPER))
            continue
        _read_part(label, content, claim)


def _read_part(label: str, content: etree._Element, claim: Claim) -> None:
    """Add the rows of a part to the claim."""
    if len(content):
        claim.faults.append(warning("structure", label, texts.INLINE, texts.WRAPPER))
        _read_table(label, content[0], claim)
        return
    text = content.text or ""
    if text.lstrip()[:1] == "<":
        claim.faults.append(warning("structure", label, texts.INLINE, texts.WRAPPER))
        data: bytes | None = text.strip().encode()
    else:
        data = _decoded(label, text, claim.faults)
    if data is None:
        return
    if label not in claim.tables and (rows := plain_rows(data, label)) is not None:
        _keep(latest().tables[label], rows, claim)
        return
    root = _tree(data, label, claim.faults)
    if root is not None:
        _read_table(label, root, claim)


def _decoded(label: str, text: str, faults: list[Issue]) -> bytes | None:
    """The bytes of a Base64 text."""
    if not text.isascii():
        faults.append(error("value", label, texts.NOT_BASE64, texts.WRAPPER))
        return None
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        one_line = "".join(text.split())
        try:
            data = binascii.a2b_base64(one_line, strict_mode=True)
        except binascii.Error:
            faults.append(error("value", label, texts.NOT_BASE64, texts.WRAPPER))
            return None
        if len(text.split()) > 1:
            faults.append(warning("structure", label, texts.WRAPPED, texts.WRAPPER))
    return data


def _tree(data: bytes, place_: str, faults: list[Issue]) -> etree._Element | None:
    """The root of `data`, its tags without namespaces, or None with a fault that says why not."""
    if len(data) > INNER_MAX * 2:
        faults.append(error("too-long", place_, texts.TOO_LARGE.filled(size=INNER_MAX * 2 // MB), texts.WRAPPER))
        return None
    if _DOCTYPE in data[:4096] or b"\x00" in data[:4]:
        is_dtd = _DOCTYPE in data[:4096]
        faults.append(error("security" if is_dtd else "invalid", place_, texts.HAS_DTD if is_dtd else texts.NOT_UTF8))
        return None
    try:
        root = etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as cause:
        faults.append(_why(data, cause, place_))
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        faults.append(error("security", place_, texts.HAS_DTD, texts.WRAPPER))
        return None
    if (declared := _DECLARED.match(data)) and declared[1].lower() not in (b"utf-8", b"utf8"):
        told = texts.OTHER_ENCODING.filled(encoding=declared[1].decode().lower())
        faults.append(warning("invalid", place_, told, texts.WRAPPER))
    if root.tag.startswith("{") or (len(root) and root[0].tag.startswith("{")):
        for element in root.iter():
            element.tag = etree.QName(element).localname
    return root


def _why(data: bytes, cause: etree.XMLSyntaxError, place_: str) -> Issue:
    try:
        data.decode()
    except UnicodeDecodeError:
        return error("invalid", place_, texts.NOT_UTF8, texts.WRAPPER)
    return not_xml(cause, place_)


def _read_table(label: str, root: etree._Element, claim: Claim) -> None:
    """Add the rows under `root` to the claim; `label` is what LOAIHOSO said, "" where nothing did."""
    table = table_by_tag().get(root.tag)
    if table is None or (label and table.name != label):
        found = texts.OTHER_TABLE.filled(said=label, found=table.name) if table is not None else texts.NO_TABLE
        claim.faults.append(error("structure", label, found, texts.WRAPPER))
        return
    if table.name in claim.tables:
        claim.faults.append(error("duplicate", table.name, texts.DOUBLED_TABLE.filled(table=table.name), texts.WRAPPER))
        return
    records = _records(root, table, claim)
    rows = [_row(each, table, number, claim) for number, each in enumerate(records, 1)]
    if not rows:
        claim.faults.append(warning("structure", table.name, texts.NO_ROWS, texts.WRAPPER))
        return
    _keep(table, rows, claim)


def _keep(table: Table, rows: list[Row], claim: Claim) -> None:
    if len(rows) > 1 and not table.repeats:
        claim.faults.append(error("structure", table.name, texts.ONE_ROW.filled(table=table.name), texts.WRAPPER))
    claim.tables[table.name] = rows


def _records(root: etree._Element, table: Table, claim: Claim) -> list[etree._Element]:
    if root.tag in (table.record, ROW_OF_XML12):
        if table.name == "XML12" and (inner := root.findall(f".//{ROW_OF_XML12}")):
            return inner
        return [root]
    records: list[etree._Element] = []
    if root.tag == table.root:
        for child in root:
            if child.tag == table.list_tag:
                records += child.iterchildren(table.record)
    if records:
        return records
    records = list(root.iter(table.record))
    if records:
        told = texts.OTHER_PATH.filled(path=table.path)
        claim.faults.append(warning("structure", table.name, told, texts.WRAPPER))
    return records


def _row(element: etree._Element, table: Table, number: int, claim: Claim) -> Row:
    row: Row = {child.tag: child.text or "" for child in element}
    if len(row) != len(element) or _NESTED(element):
        return _odd_row(element, table, number, claim)
    return row


def _odd_row(element: etree._Element, table: Table, number: int, claim: Claim) -> Row:
    """A row with a column twice, or with tags within a value."""
    row: Row = {}
    for child in element:
        where = place(table.name, number, child.tag)
        if child.tag in row:
            claim.faults.append(error("duplicate", where, texts.DOUBLED_COLUMN, texts.COLUMNS))
            continue
        if len(child):
            claim.faults.append(error("structure", where, texts.MARKUP, texts.COLUMNS))
        row[child.tag] = "".join(str(text) for text in child.itertext())
    return row


def _close(claim: Claim, place_: str) -> None:
    """What holds of a claim as a whole: its XML1, and one MA_LK in all its parts."""
    claim.ma_lk = claim.summary.get("MA_LK", "").strip()
    if set(claim.tables) == {"XML12"}:
        return
    if "XML1" not in claim.tables:
        claim.faults.append(error("required", place_ or "XML1", texts.NO_SUMMARY, texts.WRAPPER))
        claim.ma_lk = next(
            (row["MA_LK"].strip() for rows in claim.tables.values() for row in rows if "MA_LK" in row), ""
        )
    elif not claim.ma_lk:
        claim.faults.append(error("required", "XML1.MA_LK", texts.NO_MA_LK, texts.COLUMNS))
    for name, rows in claim.tables.items():
        for number, row in enumerate(rows, 1):
            if row.get("MA_LK", claim.ma_lk).strip() != claim.ma_lk:
                claim.faults.append(error("business-rule", place(name, number, "MA_LK"), texts.OTHER_MA_LK))
