"""Whatever comes in, only declared Faults come out: parsers and mappings under arbitrary and spoilt input."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.fuzz.messages import ADT, ORM, ORU, PATIENT, QUERIES
from tests.fuzz.strategies import spoilt, spoilt_fields
from tests.tries import tries

from benhan.fhir import resource
from benhan.fhir.indexing import index_resource
from benhan.fhir.search_query import parse_search
from benhan.fhir.validation import check_structure
from benhan.hl7v2.ack import acknowledge, read_header
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.mllp import Frame, Framer, frame
from benhan.kernel.faults import Fault
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir

CONTEXT = Context("01901")
SOME = settings(max_examples=tries(250), deadline=None, suppress_health_check=list(HealthCheck))


def result_or_fault(call: Callable[[], Any]) -> Any:
    """What `call` gives, or the declared Fault it raises; anything else is a bug and passes through."""
    try:
        return call()
    except Fault as fault:
        return fault


def read_everything(message: Any) -> None:
    """Every reading of a message that the rest of the program makes."""
    assert message.segments
    assert message.msh.name == "MSH"
    assert isinstance(message.type + message.control_id + message.sender, str)
    for segment in message.segments:
        for field in range(len(segment.fields)):
            for repetition in segment.repetitions(field):
                segment.whole(repetition)
                segment.part(repetition, 2, 2)


@SOME
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda tail: b"MSH|^~\\&|" + tail)))
@example(b"MSH\r\r\r\r\r\r\r")
@example(b"MSH|^~\\&|" + b"|" * 15 + b"UNICODE UTF-16")
def test_arbitrary_bytes_are_a_message_or_a_fault(data: bytes) -> None:
    message = result_or_fault(lambda: parse_er7(data))
    if not isinstance(message, Fault):
        read_everything(message)


@SOME
@given(spoilt(ADT, ORM, ORU))
def test_a_spoilt_message_is_a_message_or_a_fault(data: bytes) -> None:
    message = result_or_fault(lambda: parse_er7(data))
    if not isinstance(message, Fault):
        read_everything(message)


@SOME
@given(spoilt(ADT, ORM, ORU))
def test_every_frame_can_be_answered(data: bytes) -> None:
    fault = result_or_fault(lambda: parse_er7(data))
    answer = acknowledge(
        read_header(data), at="20260105080000", own_id="A1", fault=fault if isinstance(fault, Fault) else None
    )
    parsed = parse_er7(answer)
    assert [segment.name for segment in parsed.segments][:2] == ["MSH", "MSA"]
    assert parsed.segments[1].raw(1) in {"AA", "AE", "AR", "CA", "CE", "CR"}


@SOME
@given(st.one_of(spoilt(ADT, ORM, ORU), spoilt_fields(ADT, ORM, ORU)))
def test_a_spoilt_message_is_mapped_to_json_or_refused(data: bytes) -> None:
    mapped = result_or_fault(lambda: message_to_fhir(parse_er7(data), CONTEXT))
    if isinstance(mapped, Fault):
        return
    for each in mapped.resources:
        assert each.identities
        read = resource.resource_of({**each.resource, "id": "x"})
        assert read.type == each.resource["resourceType"]
        check_structure(read.plain)


@SOME
@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b"\x0b", b"\x1c\r", b"\x1c", ADT])), max_size=12))
def test_the_framer_takes_any_bytes_and_holds_no_more_than_its_limit(pieces: list[bytes]) -> None:
    framer = Framer(size_bytes_max=64, beginning_bytes=8)
    for piece in pieces:
        for event in framer.feed(piece):
            assert not isinstance(event, Frame) or len(event.content) <= 64
        assert framer.waiting_bytes <= 64
    assert Frame(b"MSH|") in framer.feed(b"\x1c\r" + frame(b"MSH|"))


@SOME
@given(st.one_of(st.binary(max_size=300), spoilt(PATIENT)))
@example(b"[" * 100_000)
@example(b'{"resourceType":"Patient","a":1e5000}')
@example(b'{"resourceType":"Patient","a":' + b"9" * 5000 + b"}")
@example(b'{"resourceType":"Patient","a":"\\ud800"}')
def test_arbitrary_bytes_are_a_resource_or_a_fault(data: bytes) -> None:
    read = result_or_fault(lambda: resource.parse_resource(data))
    if isinstance(read, Fault):
        return
    written = resource.to_bytes(read.body)
    again = resource.parse_resource(written)
    assert again.plain == read.plain
    assert resource.to_bytes(again.body) == written
    check_structure(read.plain)


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
)
_NAMES = st.sampled_from(
    ["name", "identifier", "birthDate", "_birthDate", "contact", "meta", "tag", "extension", "valueString", "url",
     "deceasedBoolean", "managingOrganization", "reference", "text", "div", "contained", "resourceType", "active", "x"]
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=4))
)


@SOME
@given(st.dictionaries(_NAMES.filter(lambda name: name != "resourceType"), _VALUES, max_size=6))
def test_any_json_under_the_names_of_a_patient_is_checked_to_issues(members: dict[str, Any]) -> None:
    text = json.dumps({"resourceType": "Patient", **members}).encode()
    read = result_or_fault(lambda: resource.parse_resource(text))
    if not isinstance(read, Fault):
        issues = check_structure(read.plain)
        assert all(issue.place and issue.text.vi for issue in issues)
        if not issues:
            index_resource(read.plain)


_QUERY_TEXT = st.one_of(st.text(max_size=30), st.text("0123456789-:.TZ+eqgl,|\\$ /:", max_size=30))


@SOME
@given(
    query=st.sampled_from(QUERIES), more=_QUERY_TEXT, tail=_QUERY_TEXT, cut=st.integers(0, 30), lenient=st.booleans()
)
def test_any_query_is_understood_or_each_mistake_is_named(
    query: tuple[str, str, str], more: str, tail: str, cut: int, *, lenient: bool
) -> None:
    type_, name, value = query
    pairs = [(name, value[:cut] + tail), (name + more, value), (more, tail)]
    parsed = result_or_fault(lambda: parse_search(type_, pairs, lenient=lenient))
    if isinstance(parsed, Fault):
        assert parsed.code == "BA-0220"
        assert parsed.issues
    else:
        assert len(parsed.applied) + len(parsed.ignored) == len(pairs)


@pytest.mark.parametrize("data", [ADT, ORM, ORU], ids=["ADT", "ORM", "ORU"])
def test_the_messages_mutated_here_are_valid(data: bytes) -> None:
    for each in message_to_fhir(parse_er7(data), CONTEXT).resources:
        assert each.resource["resourceType"]
