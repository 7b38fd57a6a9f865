"""What `benhan validate` finds wrong with one file: every check of the house, told as Issues."""

from __future__ import annotations

import codecs
from pathlib import Path

from benhan.cli.faults import EMPTY_FILE, UNKNOWN_FILE
from benhan.fhir.resource import parse_resource, resource_of
from benhan.fhir.validation import check_structure
from benhan.fhir.xml_format.reader import parse_xml
from benhan.hl7v2.batch import BatchReader
from benhan.hl7v2.er7 import parse_er7
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.faults import NOT_HOSO
from benhan.vn.hoso_benh_an.reading import Reading, read_hoso_json, read_hoso_xml
from benhan.vn.ksk.check import check_ksk
from benhan.vn.ksk.document import parse_ksk
from benhan.vn.legacy_text.detect import read_unnamed

SIZE_MAX = 256 * 1024 * 1024
ROOT_WITHIN = 4096
"""So near its beginning a file of XML has its root."""
FHIR_NAMESPACE = '"http://hl7.org/fhir"'
MESSAGE_ISSUES_MAX = 10_000
"""So many faults of a file of messages are told."""
TOO_LARGE = Text("Tệp lớn quá {size} MB.", "The file is larger than {size} MB.")


def check_file(file: Path) -> list[Issue]:
    """What is wrong with a file; its kind is told by what it begins with, not by its name alone. Raises OSError."""
    if file.stat().st_size > SIZE_MAX:
        return [error("too-long", file.name, TOO_LARGE.filled(size=SIZE_MAX >> 20), "")]
    data = file.read_bytes()
    try:
        return _check(data, _beginning(data))
    except Fault as fault:
        return told(fault)


def _beginning(data: bytes) -> str:
    """How a file begins, without what stands before the first letter."""
    encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return data[:ROOT_WITHIN].decode(encoding, "replace").lstrip()


def _check(data: bytes, start: str) -> list[Issue]:
    if not data.strip():
        raise EMPTY_FILE()
    if start.startswith("<"):
        return _check_xml(data, start)
    if start.startswith(("\x0b", "MSH", "FHS", "BHS")):
        return _check_messages(data)
    if b'"resourceType"' in data and start.startswith(("{", "[")):
        return check_resource(data)
    if start.startswith("{"):
        return _check_hoso(read_hoso_json(data))
    raise UNKNOWN_FILE()


def _check_xml(data: bytes, start: str) -> list[Issue]:
    """A file of XML, told by the name of its root."""
    if "<KHAMSUCKHOE" in start:
        return check_ksk(parse_ksk(data))
    if FHIR_NAMESPACE in start:
        return check_structure(parse_xml(data, size_bytes_max=SIZE_MAX).plain)
    if "HoSoBenhAn" in start:
        return _check_hoso(read_hoso_xml(data))
    raise UNKNOWN_FILE()


def read_hoso(file: Path) -> tuple[HoSoBenhAn, list[Issue]]:
    """The `HoSoBenhAn` in a file, and all that is to say of it. Raises Incorrect BA-0751 where it is none."""
    if file.stat().st_size > SIZE_MAX:
        raise NOT_HOSO(reason=f"> {SIZE_MAX >> 20} MB")
    data = file.read_bytes()
    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    reading = read_hoso_xml(data) if is_xml else read_hoso_json(data)
    return reading.document, _check_hoso(reading)


def _check_hoso(reading: Reading) -> list[Issue]:
    """What was read otherwise than written, and what is wrong with what was read."""
    return reading.issues + check_hoso_benh_an(reading.document)


def check_resource(data: bytes) -> list[Issue]:
    """What is wrong with a FHIR resource as JSON."""
    try:
        return check_structure(parse_resource(data, size_bytes_max=SIZE_MAX).plain)
    except Fault as fault:
        return told(fault)


def _check_messages(data: bytes) -> list[Issue]:
    """A file of HL7 v2 messages: each message apart, then the counts of a batch."""
    reader = BatchReader([data])
    found: list[list[Issue]] = []
    seen = 0
    for message in reader:
        issues = _check_message(message) if seen < MESSAGE_ISSUES_MAX else []
        seen += len(issues)
        found.append(issues)
    if len(found) == 1:
        return found[0] + reader.issues
    of_messages = [
        issue._replace(place=f"message[{number}] {issue.place}".rstrip())
        for number, issues in enumerate(found, 1)
        for issue in issues
    ]
    return of_messages + reader.issues


def _check_message(data: bytes) -> list[Issue]:
    """An HL7 v2 message: read, mapped, and what it maps to checked."""
    try:
        mapped = message_to_fhir(parse_er7(data, guess=read_unnamed), Context("00000"))
    except Fault as fault:
        return told(fault)
    return [issue for each in mapped.resources for issue in check_structure(resource_of(each.resource).plain)]


def told(fault: Fault) -> list[Issue]:
    """A Fault as Issues: its own, or itself where it has none."""
    return list(fault.issues) or [error("invalid", fault.code, fault.text, "")]
