"""A health check-up in memory, and its XML: `KHAMSUCKHOE` with a Base64 file a part.

In memory: the parts by name, each with its fields; the results of XML11 are a list of such. The two places of
signatures stand last, empty until they are signed (`signing_places`). The same record gives the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from benhan.vn.ksk.faults import NOT_KSK
from benhan.vn.ksk.fields import RESULT, RESULTS_LIST, RESULTS_PART, parts

ROOT = "KHAMSUCKHOE"
DOCTOR, FACILITY = "CKS_NGUOI_KET_LUAN", "CKS_BENH_VIEN"
"""Where the concluding doctor signs, then the facility."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
Values = dict[str, str]


@dataclass(slots=True)
class CheckUp:
    """One check-up: the facility that sends, the day the file is made (yyyymmdd), fields by part, results of XML11."""

    facility: str
    made_on: str
    parts: dict[str, Values] = field(default_factory=dict)
    results: list[Values] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    """Parts that a file read had more than once; the first was taken."""
    doctor_signature: str = ""
    facility_signature: str = ""

    def value(self, part: str, name: str) -> str:
        """A value, "" where there is none."""
        return self.parts.get(part, {}).get(name, "")


def ksk_to_xml(check: CheckUp) -> bytes:
    """The file of one check-up, both places of signatures empty."""
    root = etree.Element(ROOT)
    _text(etree.SubElement(root, "THONGTINDONVI"), "MACSKCB", check.facility)
    told = etree.SubElement(root, "THONGTINHOSO")
    _text(told, "NGAYLAP", check.made_on)
    _text(told, "SOLUONGHOSO", "1")
    files = etree.SubElement(etree.SubElement(told, "DANHSACHHOSO"), "HOSO")
    for name in _in_order(check):
        one = etree.SubElement(files, "FILEHOSO")
        _text(one, "LOAIHOSO", name)
        _text(one, "NOIDUNGFILE", base64.b64encode(part_to_xml(check, name)).decode())
    places = etree.SubElement(root, "CHUKYDONVI")
    _text(places, DOCTOR, "")
    _text(places, FACILITY, "")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _in_order(check: CheckUp) -> list[str]:
    told = set(check.parts) | ({RESULTS_PART} if check.results else set())
    known = [name for name in parts() if name in told]
    return known + sorted(told - set(known))


def part_to_xml(check: CheckUp, name: str) -> bytes:
    """The XML of one part: known fields in the order of the table, then the others as they were given."""
    part = parts().get(name)
    values = check.parts.get(name, {})
    root = etree.Element(part.root if part is not None else name)
    order = [each for each in (part.fields if part is not None else {}) if each in values]
    for each in [*order, *(each for each in values if each not in order)]:
        _text(root, each, values[each])
    if name == RESULTS_PART:
        rows = etree.SubElement(root, RESULTS_LIST)
        for result in check.results:
            row = etree.SubElement(rows, RESULT)
            for each, value in result.items():
                _text(row, each, value)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _text(parent: etree._Element, name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise NOT_KSK(reason="field name")
    element = etree.SubElement(parent, name)
    element.text = _NOT_IN_XML.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def parse_ksk(data: bytes) -> CheckUp:
    """The check-up in a file, without entities or network. Raises Incorrect BA-3560."""
    root = _parsed(data, "XML")
    if root.tag != ROOT:
        raise NOT_KSK(reason="root element")
    records = root.findall("THONGTINHOSO/DANHSACHHOSO/HOSO")
    if len(records) != 1:
        raise NOT_KSK(reason=f"{len(records)} HOSO")
    check = CheckUp(
        _found(root, "THONGTINDONVI/MACSKCB"),
        _found(root, "THONGTINHOSO/NGAYLAP"),
        doctor_signature=_found(root, f"CHUKYDONVI/{DOCTOR}"),
        facility_signature=_found(root, f"CHUKYDONVI/{FACILITY}"),
    )
    for file in records[0].findall("FILEHOSO"):
        _read_part(check, _found(file, "LOAIHOSO"), _found(file, "NOIDUNGFILE"))
    return check


def _read_part(check: CheckUp, name: str, content: str) -> None:
    try:
        inner = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as cause:
        raise NOT_KSK(reason=f"{name or 'FILEHOSO'}: Base64") from cause
    root = _parsed(inner, name)
    if name in check.parts or (name == RESULTS_PART and check.results):
        check.doubled.append(name)
        return
    values = _values(root)
    if name == RESULTS_PART:
        check.results = [_values(row) for row in root.findall(f"{RESULTS_LIST}/{RESULT}")]
    if values or name != RESULTS_PART:
        check.parts[name] = values


def _values(element: etree._Element) -> Values:
    return {str(child.tag): child.text or "" for child in element if not len(child)}


def _found(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _parsed(data: bytes, place: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as cause:
        raise NOT_KSK(reason=f"{place}, line {cause.lineno}") from cause
    if root.getroottree().docinfo.internalDTD is not None:
        raise NOT_KSK(reason=f"{place}: DTD")
    return root
