"""The JSON reader and structural validation; what is read is written back the same."""

from __future__ import annotations

from tests.fuzz.messages import PATIENT
from tests.fuzz.targets import run

from benhan.fhir.resource import parse_resource, to_bytes
from benhan.fhir.validation import check_structure


def target(data: bytes) -> None:
    read = parse_resource(data)
    written = to_bytes(read.body)
    assert to_bytes(parse_resource(written).body) == written
    check_structure(read.plain)


if __name__ == "__main__":
    run(["benhan.fhir.resource", "benhan.fhir.validation.structure"], target, [PATIENT])
