"""A resource as it was written: no digit, name or byte is lost, and what is none is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.references import references_in, rewrite_references
from benhan.fhir.resource import (
    exact_json,
    head_bytes,
    instant,
    is_id,
    parse_json,
    parse_resource,
    read_own,
    resource_of,
    resource_of_own,
    tail_bytes,
    to_bytes,
)
from benhan.kernel.faults import Fault


@pytest.mark.parametrize("digits", ["1.00", "0.10", "-0.0", "1E3", "1e-3", "123456789012345678901234567890", "3.14"])
def test_a_number_is_written_back_as_its_own_digits(digits: str) -> None:
    text = f'{{"resourceType":"Basic","x":{digits}}}'.encode()
    assert to_bytes(parse_resource(text).body) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), VALUES, max_size=6))
def test_what_we_wrote_is_read_with_its_decimals_in_their_digits(content: dict[str, object]) -> None:
    data = to_bytes(content)
    found = read_own(data)
    assert repr(found) == repr(json.loads(data, parse_float=Decimal))
    assert to_bytes(found) == data


@pytest.mark.parametrize("digits", ["1.00", "-0.0", "1E+400", "123456789012345678901234567890", "-9223372036854775809"])
def test_a_number_of_any_size_is_read_in_its_digits(digits: str) -> None:
    assert str(read_own(f'{{"x":{digits}}}'.encode())["x"]) == digits


def test_reading_is_by_floats_and_costs_no_second_tree_where_nothing_would_be_lost() -> None:
    exact = parse_resource(b'{"resourceType":"Basic","x":1.5}')
    assert exact.body is exact.plain
    kept = parse_resource(b'{"resourceType":"Basic","x":1.50}')
    assert kept.plain["x"] == 1.5
    assert kept.body is not kept.plain


def test_a_decimal_of_our_own_keeps_its_digits() -> None:
    assert to_bytes(resource_of({"resourceType": "Basic", "x": Decimal("1.50")}).body).endswith(b'"x":1.50}')
    assert to_bytes({"x": Decimal("1E+3")}) == b'{"x":1000}'


def test_head_and_tail_are_the_whole_resource() -> None:
    body = {"resourceType": "Basic", "id": "old", "meta": {"versionId": "9", "profile": ["urn:p"]}, "x": 1}
    whole = head_bytes("Basic", "new", 3, datetime(2026, 1, 5, tzinfo=UTC)) + tail_bytes(body)
    assert parse_json(whole)[1] == {
        "resourceType": "Basic",
        "id": "new",
        "meta": {"versionId": "3", "lastUpdated": "2026-01-05T00:00:00.000Z", "profile": ["urn:p"]},
        "x": 1,
    }
    bare = head_bytes("Basic", "new", 1, datetime(2026, 1, 5, tzinfo=UTC)) + tail_bytes({"resourceType": "Basic"})
    assert parse_json(bare)[1]["id"] == "new"


@pytest.mark.parametrize(
    "text",
    [
        '{"resourceType":"Basic"}',
        '{"resourceType":"Basic","x":1}',
        '{"resourceType":"Basic","id":"a","x":[1,"ă"]}',
        '{"resourceType": "Basic", "id": "a", "x": 1}',
        '{"id":"a","resourceType":"Basic","x":1}',
        '{"resourceType":"Basic","x":1,"id":"a"}',
        '{"resourceType":"Basic","id":"a"}',
        '{"resourceType":"Basic","x":{"id":"a"}}',
        '{"resourceType":"Basic","x":[{"x":1,"id":"a"}],"id":"a"}',
        '{"resourceType":"Basic","x":1.0,"id":"a"}',
        '{"resourceType":"Basic","id":"a","meta":{"versionId":"1"},"x":1}',
        '{"resourceType":"Basic","meta":{"profile":["urn:p"]}}',
        '{"resourceType":"Basic","x":1.50}',
    ],
)
def test_a_tail_cut_from_the_text_is_the_one_written_anew(text: str) -> None:
    for resource in (parse_resource(text.encode()), replace(parse_resource(text.encode()), id="other")):
        assert resource.tail == tail_bytes(resource.body)


def test_an_instant_is_in_utc_with_milliseconds() -> None:
    assert instant(datetime(2026, 1, 5, 7, 8, 9, 999_999, tzinfo=UTC)) == "2026-01-05T07:08:09.999Z"


@pytest.mark.parametrize(("depth", "is_taken"), [(62, True), (200, False)])
def test_depth_has_a_limit(depth: int, *, is_taken: bool) -> None:
    text = b'{"resourceType":"Basic","x":' + b"[" * depth + b"1" + b"]" * depth + b"}"
    if is_taken:
        assert parse_resource(text).type == "Basic"
    else:
        with pytest.raises(Fault, match="BA-0205"):
            parse_resource(text)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert parse_resource(b'{"resourceType":"Basic","x":[' + b",".join([b"[1]"] * 1000) + b"]}").type == "Basic"


def test_a_size_over_the_limit_is_refused() -> None:
    with pytest.raises(Fault, match="BA-0206"):
        parse_resource(b'{"resourceType":"Basic"}', size_bytes_max=10)


def test_a_name_twice_is_told_by_its_name_unless_it_could_be_anything() -> None:
    with pytest.raises(Fault, match="gender"):
        parse_resource(b'{"resourceType":"Patient","gender":"male","gender":"male"}')
    with pytest.raises(Fault, match="BA-0203") as caught:
        parse_resource('{"resourceType":"Patient","Bí mật":1,"Bí mật":2}'.encode())
    assert "mật" not in caught.value.text.vi.replace("mật độ", "")


@pytest.mark.parametrize("text", ["a", "A-1.b", "x" * 64])
def test_an_id_is_of_its_form(text: str) -> None:
    assert is_id(text)
    assert not is_id(text + "/")
    assert not is_id(text + "\n")


def test_references_are_rewritten_where_they_are_known_and_nothing_else_is() -> None:
    real = {"urn:uuid:1": "Patient/a", "Patient/x": "Patient/y"}
    content = {
        "subject": {"reference": "urn:uuid:1", "display": "urn:uuid:2"},
        "list": [{"reference": "urn:uuid:1#part"}, {"reference": "Patient/z"}],
        "valueUri": "urn:uuid:1",
        "text": "Patient/x",
        "other": {"reference": "Patient/x"},
    }
    assert rewrite_references(content, real) == {
        "subject": {"reference": "Patient/a", "display": "urn:uuid:2"},
        "list": [{"reference": "Patient/a#part"}, {"reference": "Patient/z"}],
        "valueUri": "Patient/a",
        "text": "Patient/x",
        "other": {"reference": "Patient/y"},
    }
    assert sorted(references_in(content)) == ["Patient/x", "Patient/z", "urn:uuid:1", "urn:uuid:1#part"]


@pytest.mark.parametrize(
    "number", ["1.50", "-0.0", "1E+5", "138.00", "7", "12345678901234567890", "0.1234567890123456789012345"]
)
def test_what_we_wrote_ourselves_is_read_as_what_comes_from_outside(number: str) -> None:
    data = f'{{"resourceType":"Basic","id":"a","x":[{{"y":{number},"z":"Nguyễn \\"1.50\\""}}]}}'.encode()
    own, outside = resource_of_own(data), parse_resource(data)
    assert to_bytes(own.body) == to_bytes(outside.body) == to_bytes(exact_json(data)) == data
    assert (own.type, own.id, own.plain) == (outside.type, outside.id, outside.plain)
