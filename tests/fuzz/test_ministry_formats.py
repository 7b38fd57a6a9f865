"""The Ministry's formats under spoilt input: only declared Faults come out, and what is read becomes valid FHIR."""

from __future__ import annotations

import copy
from typing import Any

from benchmarks.stays import FACILITY, inpatient_stay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.strategies import spoilt
from tests.fuzz.test_parsers import result_or_fault
from tests.unit.vn.ksk_making import check_up

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.mapping.hoso_benh_an_to_fhir import hoso_benh_an_to_fhir
from benhan.mapping.mapped import Context
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import as_written, hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.reading import Reading, parse_hoso_xml, read_hoso_json, read_hoso_xml
from benhan.vn.ksk.check import check_ksk
from benhan.vn.ksk.document import CheckUp, ksk_to_xml, parse_ksk

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
PATIENT, ENCOUNTER, *REST = inpatient_stay()
DOCUMENT = as_written(fhir_to_hoso_benh_an(Record(FACILITY, PATIENT, ENCOUNTER, REST[::6])).document)
CONTEXT = Context(FACILITY)
VALUES = st.one_of(
    st.sampled_from(
        ["", " ", "0", "1", "-1", "007", "1e5", "<5", "3.9-6.4", "31/02/2026", "29/02/2024", "05/01/2026 08:00:00.000",
         "05/01/2026", "01/01/0001", "31/12/9999 23:59:59.999", "E11.9", "I10;E11", "14771-0", "387713003", "a  b",
         "\u00a0", "https://a b", "Nam", "Nội trú", "Khẩn", "01", "02", "99999999999999999999", "\u2028x"]
    ),
    st.text(max_size=20),
)  # fmt: skip


def leaves(value: Any) -> list[tuple[Any, Any]]:
    """Every text of a document as (what holds it, its name or number)."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for name, each in inner:
        found += [(value, name)] if isinstance(each, str) else leaves(each)
    return found


def hold_to_fhir(document: dict[str, Any]) -> None:
    made = hoso_benh_an_to_fhir(document, CONTEXT)
    for each in made.message.resources:
        assert check_structure(resource_of({**each.resource, "id": "x"}).plain) == [], each.key


@SOME
@given(st.data())
def test_whatever_stands_in_the_fields_becomes_valid_fhir(data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    places = leaves(document)
    for _ in range(data.draw(st.integers(1, 60))):
        holder, name = data.draw(st.sampled_from(places))
        holder[name] = data.draw(VALUES)
    check_hoso_benh_an(document)
    hold_to_fhir(parse_hoso_xml(hoso_to_xml(document)))


@SOME
@given(spoilt(hoso_to_xml(DOCUMENT)))
def test_a_spoilt_xml_is_read_checked_and_mapped_or_refused(data: bytes) -> None:
    reading = result_or_fault(lambda: read_hoso_xml(data))
    if isinstance(reading, Reading):
        check_hoso_benh_an(reading.document)
        hold_to_fhir(reading.document)


@SOME
@given(spoilt(hoso_to_json(DOCUMENT)))
def test_a_spoilt_json_is_read_checked_and_written_or_refused(data: bytes) -> None:
    reading = result_or_fault(lambda: read_hoso_json(data))
    if isinstance(reading, Reading):
        check_hoso_benh_an(reading.document)
        hoso_to_xml(reading.document)


@SOME
@given(spoilt(ksk_to_xml(check_up())))
def test_a_spoilt_check_up_is_read_and_checked_or_refused(data: bytes) -> None:
    check = result_or_fault(lambda: parse_ksk(data))
    if isinstance(check, CheckUp):
        check_ksk(check)
        assert isinstance(result_or_fault(lambda: ksk_to_xml(check)), (bytes, Fault))
