"""A `HoSoBenhAn` in memory, and its two written forms.

In memory: a dictionary of groups, each a dictionary; a repeated field is a list, everything else text. What is not
there is written empty, in the order of the table, so that the same content is always the same bytes.
Lexical rules: date `dd/mm/yyyy`; date and time `dd/mm/yyyy HH:MM:SS.mmm`; blank is "" in JSON, a self-closed tag in
XML; an array in XML is the tag repeated, an empty one a single empty tag. Source: CV 365/TTYQG-GPQLCL, annex.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from lxml import etree

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.vn.hoso_benh_an.fields import GROUPS, Field, group_fields

HoSoBenhAn = dict[str, Any]
ROOT = "HoSoBenhAn"
_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (2.2 Char), and CR, which its readers turn into LF; left out of both forms alike."""

NOT_HOSO = FaultCode(
    "BA-0751",
    Incorrect,
    Text("Tệp không phải HoSoBenhAn: {reason}.", "The file is not a HoSoBenhAn: {reason}."),
)


def hoso_to_json(document: HoSoBenhAn) -> bytes:
    """The JSON of a document, every field of the table present."""
    whole = {ROOT: {name: _whole(document.get(name), group_fields()[name]) for name in GROUPS}}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


def hoso_to_xml(document: HoSoBenhAn) -> bytes:
    """The XML of a document, every field of the table present."""
    root = etree.Element(ROOT)
    for name in GROUPS:
        _append(root, name, _whole(document.get(name), group_fields()[name]))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def parse_hoso_json(data: bytes) -> HoSoBenhAn:
    """The document in JSON. Raises Incorrect BA-0751."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as cause:
        raise NOT_HOSO(reason=f"JSON, line {cause.lineno}") from cause
    document = told.get(ROOT, told) if isinstance(told, dict) else None
    if not isinstance(document, dict) or not any(name in document for name in GROUPS):
        raise NOT_HOSO(reason="no group")
    return document


def parse_hoso_xml(data: bytes) -> HoSoBenhAn:
    """The document in XML, without entities or network. Raises Incorrect BA-0751."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as cause:
        raise NOT_HOSO(reason=f"XML, line {cause.lineno}") from cause
    if root.tag != ROOT or root.getroottree().docinfo.internalDTD is not None:
        raise NOT_HOSO(reason="root element")
    fields = group_fields()
    return {child.tag: _read(child, fields[child.tag]) for child in root if child.tag in fields}


def _whole(value: Any, field: Field) -> Any:
    """`value` with every field of the table in its order."""
    if field.repeats:
        return [_one(each, field) for each in value or []]
    return _one(value, field)


def _one(value: Any, field: Field) -> Any:
    if not field.inner:
        return "" if value is None else _NOT_IN_XML.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n"))
    known = value if isinstance(value, dict) else {}
    return {name: _whole(known.get(name), inner) for name, inner in field.inner.items()}


def _append(parent: etree._Element, name: str, value: Any) -> None:
    if isinstance(value, list):
        for each in value or [None]:
            _append(parent, name, each)
        return
    element = etree.SubElement(parent, name)
    if isinstance(value, dict):
        for inner, each in value.items():
            _append(element, inner, each)
    elif value:
        element.text = value


def _read(element: etree._Element, field: Field) -> Any:
    if not field.inner:
        return element.text or ""
    found: dict[str, Any] = {}
    for name, inner in field.inner.items():
        children = element.findall(name)
        if inner.repeats:
            found[name] = [_read(child, inner) for child in children if len(child) or child.text]
        else:
            found[name] = _read(children[0], inner) if children else _one(None, inner)
    return found
