from __future__ import annotations

import base64
import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benhan.kernel.faults import Fault
from benhan.repository.delivery import has_identifiers, parse_delivery
from benhan.repository.ingest import _is_as_new, source

PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"versionId": "1", "lastUpdated": "2026-01-05T01:00:00.000Z"}}
WELL = {
    "sender": "01234",
    "key": "7-12",
    "kind": "resources",
    "subject": "Patient/p1",
    "sent_at": "2026-01-05T01:00:01.000Z",
    "resources": [PATIENT],
}


def parsed(**changes: Any) -> Any:
    return parse_delivery(orjson.dumps({**WELL, **changes}))


def test_a_well_formed_delivery_is_read() -> None:
    delivery = parsed(resources=[{**PATIENT, "resourceType": "Observation", "id": "o1"}, PATIENT])
    assert [each["id"] for each in delivery.resources] == ["p1", "o1"]
    assert delivery.patient["id"] == "p1"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("BA-0801", {"sender": ""}),
        ("BA-0801", {"key": 7}),
        ("BA-0801", {"key": "x" * 201}),
        ("BA-0801", {"kind": "other"}),
        ("BA-0801", {"sent_at": "2026"}),
        ("BA-0801", {"sent_at": "yesterday"}),
        ("BA-0801", {"resources": None}),
        ("BA-0801", {"resources": [PATIENT] * 5001}),
        ("BA-0801", {"resources": [PATIENT, "text"]}),
        ("BA-0801", {"resources": [PATIENT, {**PATIENT, "resourceType": "Nonsense"}]}),
        ("BA-0801", {"resources": [PATIENT, {**PATIENT, "resourceType": "Binary"}]}),
        ("BA-0801", {"resources": [{**PATIENT, "id": "a b"}]}),
        ("BA-0801", {"resources": [{**PATIENT, "meta": None}]}),
        ("BA-0801", {"resources": [{**PATIENT, "meta": {"versionId": "1"}}]}),
        ("BA-0801", {"resources": [{**PATIENT, "identifier": "x"}]}),
        ("BA-0801", {"hoso_benh_an": "PFg+"}),
        ("BA-0801", {"kind": "record"}),
        ("BA-0801", {"kind": "record", "hoso_benh_an": "***"}),
        ("BA-0803", {"resources": []}),
        ("BA-0803", {"resources": [{**PATIENT, "resourceType": "Observation"}]}),
        ("BA-0803", {"resources": [PATIENT, {**PATIENT, "id": "p2"}]}),
    ],
)
def test_a_delivery_that_lacks_something_is_refused_by_name(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Fault) as caught:
        parsed(**changes)
    assert caught.value.code == code


def test_a_record_carries_its_document() -> None:
    document = base64.b64encode(b"<HoSoBenhAn/>").decode()
    assert parsed(kind="record", hoso_benh_an=document).record == b"<HoSoBenhAn/>"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(["sender", "key", "kind", "subject", "sent_at", "resources", "hoso_benh_an", "manifest"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(st.dictionaries(members, json_values, max_size=4))
def test_nothing_but_a_declared_fault_comes_out(changes: dict[str, Any]) -> None:
    with contextlib.suppress(Fault):
        parsed(**changes)


@given(st.binary(max_size=64))
def test_any_bytes_are_refused_with_a_declared_fault(data: bytes) -> None:
    with pytest.raises(Fault):
        parse_delivery(data)


def test_a_type_is_taken_only_where_it_can_be_known_again() -> None:
    assert has_identifiers("Observation")
    assert not has_identifiers("Bundle")
    assert not has_identifiers("Binary")


def version(at: str, number: int) -> dict[str, Any]:
    return {"meta": {"lastUpdated": at, "versionId": str(number)}}


EARLY, LATE = "2026-01-05T01:00:00.000Z", "2026-01-05T01:00:00.001Z"


@pytest.mark.parametrize(
    ("known", "coming", "as_new"),
    [
        ((EARLY, 9), (LATE, 2), False),
        ((LATE, 2), (EARLY, 9), True),
        ((EARLY, 9), (EARLY, 10), False),
        ((EARLY, 10), (EARLY, 9), True),
        ((EARLY, 9), (EARLY, 9), True),
    ],
)
def test_of_two_versions_the_later_one_stays(known: tuple[str, int], coming: tuple[str, int], *, as_new: bool) -> None:
    here = {"meta": {"source": source("01234", version(*known))}}
    assert _is_as_new(here, source("01234", version(*coming))) is as_new


@pytest.mark.parametrize("number", ["²", "٣" * 30, "9" * 5000, "", "-1"])
def test_a_version_whose_number_is_none_is_older_than_any_number(number: str) -> None:
    here = {"meta": {"source": f"urn:benhan:facility:01234#{EARLY}_{number}"}}
    assert not _is_as_new(here, source("01234", version(EARLY, 1)))


def test_versions_of_two_facilities_are_not_compared() -> None:
    here = {"meta": {"source": source("01234", version(LATE, 9))}}
    assert not _is_as_new(here, source("56789", version(EARLY, 1)))


def test_what_has_no_source_is_older_than_what_comes() -> None:
    assert not _is_as_new({}, source("01234", version(EARLY, 1)))
    assert not _is_as_new({"meta": {}}, source("01234", version(EARLY, 1)))
