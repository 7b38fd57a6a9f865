"""Any valid resource of any type comes back from XML as it was; of spoilt XML only declared Faults come out."""

from __future__ import annotations

import random

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.fuzz.any_resource import any_resource
from tests.fuzz.messages import PATIENT
from tests.fuzz.strategies import spoilt
from tests.tries import tries

from benhan.fhir.definitions import resource_types
from benhan.fhir.resource import parse_resource, to_bytes
from benhan.fhir.xml_format import parse_xml, to_xml
from benhan.kernel.faults import Fault

SOME = settings(max_examples=tries(400), deadline=None, suppress_health_check=list(HealthCheck))
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'


def as_xml_can_hold(data: bytes) -> bytes:
    """`data` with a narrative that has its namespace, and without the character that XML has not."""
    return data.replace(b'"<div>x</div>"', orjson.dumps(DIV)).replace("\ufffe".encode(), "\ufffd".encode())


@pytest.mark.parametrize("type_", sorted(resource_types()))
def test_any_valid_resource_comes_back_from_xml_as_it_was(type_: str) -> None:
    for seed in range(4):
        data = orjson.dumps(any_resource(type_, random.Random(f"{type_}-{seed}-xml")))
        for pretty in (False, True):
            xml = to_xml(data, pretty=pretty)
            assert etree.fromstring(xml).tag == f"{{http://hl7.org/fhir}}{type_}"
            assert parse_xml(xml).plain == orjson.loads(as_xml_can_hold(data))


PREFIXED = (
    b'<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text>'
    b"<h:div>a<h:p/></h:div></f:text></f:Patient>"
)
SEEDS = [
    to_xml(PATIENT),
    to_xml(orjson.dumps(any_resource("Observation", random.Random(1)))),
    to_xml(orjson.dumps(any_resource("Bundle", random.Random(2)))),
    PREFIXED,
]


@SOME
@given(st.one_of(spoilt(*SEEDS), st.binary(max_size=200)))
def test_spoilt_xml_is_a_fault_or_a_resource_that_can_be_written(data: bytes) -> None:
    try:
        read = to_bytes(parse_xml(data).body)
    except Fault:
        return
    assert to_bytes(parse_resource(read).body) == read
    assert to_bytes(parse_xml(to_xml(read)).body) == read


@SOME
@given(st.text(max_size=60) | st.from_regex(r'<div( [a-z]+="[^"<]*")*>([^<]|<[a-z]+/>|</?[a-z]*>)*', fullmatch=True))
def test_any_narrative_is_written_as_well_formed_xml(div: str) -> None:
    xml = to_xml(orjson.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}}))
    inner = etree.fromstring(xml)[0][1]
    assert inner.tag == "{http://www.w3.org/1999/xhtml}div"
    assert parse_xml(xml).plain["text"]["div"].startswith("<div")
