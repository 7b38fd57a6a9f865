"""The XML reader and writer; what is read is written and read back the same."""

from __future__ import annotations

from tests.fuzz.messages import PATIENT
from tests.fuzz.targets import run

from benhan.fhir.resource import to_bytes
from benhan.fhir.xml_format import parse_xml, to_xml


def target(data: bytes) -> None:
    read = to_bytes(parse_xml(data).body)
    assert to_bytes(parse_xml(to_xml(read)).body) == read


if __name__ == "__main__":
    names = ["reader", "writer", "narrative", "escapes"]
    run([f"benhan.fhir.xml_format.{name}" for name in names], target, [to_xml(PATIENT)])
