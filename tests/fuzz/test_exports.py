"""Whatever valid FHIR a record holds, it can be exported in every format."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.tries import tries
from tests.unit.mapping.making import FACILITY, PID, mapped, record, result
from tests.unit.mapping.test_adt import AL1, DG1, IN1, LEFT, NK1

from benhan.fhir.indexing import index_resource
from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.mapping.fhir_document import composition, document
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.reading import parse_hoso_json, parse_hoso_xml

OBX = "OBX|1|NM|14771-0^Glucose^LN||6.10|mmol/L|3.9-6.4|H|||F|||20260105071500||^Trần^Bảo^Quốc"
WHOLE = record(mapped("ADT^A03", PID, LEFT, NK1, DG1, AL1, IN1), result("SPM|1|S1||BLD^Máu^L", OBX))
KEPT = ("resourceType", "id")
GAP = {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}
AT = "2026-01-09T03:00:00.000Z"


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item of a resource as (what holds it, its name or number)."""
    found: list[tuple[Any, Any]] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        if name not in KEPT:
            found += [(value, name), *places_in(each)]
    return found


def spoil(holder: Any, name: Any, how: str) -> None:
    """Take a value away, or leave a gap in its place as FHIR allows it, or put odd text there."""
    value = holder[name]
    if how == "gap" and isinstance(holder, dict) and not isinstance(value, dict | list):
        del holder[name]
        holder[f"_{name}"] = copy.deepcopy(GAP)
    elif how == "gap" and isinstance(holder, dict) and isinstance(value, list) and value and isinstance(value[0], str):
        holder[name], holder[f"_{name}"] = [None, *value], [copy.deepcopy(GAP), *[None] * len(value)]
    elif how == "text" and isinstance(value, str):
        holder[name] = "\ufffe<&>\r\n]]> \u0301"
    elif how == "year" and isinstance(value, str) and value[:2] in ("19", "20"):
        holder[name] = value[:4]
    elif isinstance(holder, dict):
        del holder[name]


@settings(max_examples=tries(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_valid_record_is_written_in_every_format(data: st.DataObject) -> None:
    whole = copy.deepcopy(WHOLE)
    everything = [whole.patient, whole.encounter, *whole.resources]
    touched = []
    for _ in range(data.draw(st.integers(1, 6))):
        resource = data.draw(st.sampled_from(everything))
        places = places_in(resource)
        if places:
            holder, name = data.draw(st.sampled_from(places))
            spoil(holder, name, data.draw(st.sampled_from(["drop", "gap", "text", "year"])))
            touched.append(resource)
    for resource in touched:
        read = resource_of(resource)
        assume(not check_structure(read.plain))
        index_resource(read.plain)
    exported = fhir_to_hoso_benh_an(Record(FACILITY, *everything[:2], everything[2:])).document
    assert parse_hoso_xml(hoso_to_xml(exported)) == parse_hoso_json(hoso_to_json(exported))
    head = composition(FACILITY, "Bệnh viện Thử", *everything[:2], everything[2:], AT)
    made = resource_of(document("x", AT, "http://node/fhir", head, everything))
    assert json.loads(json.dumps(made.plain, default=float))["entry"][0]["resource"]["resourceType"] == "Composition"


def test_the_record_spoilt_here_is_whole() -> None:
    assert all(not check_structure(resource_of(each).plain) for each in WHOLE.resources)
    assert WHOLE.of("Observation")[0]["valueQuantity"]["value"] == Decimal("6.10")
