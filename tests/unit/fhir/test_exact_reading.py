"""However JSON is written, it is read to the last digit, and a name that stands twice is found."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given

from benhan.fhir.resource import parse_json
from benhan.kernel.faults import Fault

NUMBERS = st.sampled_from(
    ["0", "-0", "-0.0", "1", "1.0", "1.00", "101.50", "1e5", "1E40", "0.1e-7", "9" * 18, "9" * 19, "9" * 20, "9" * 30]
)
TEXTS = st.sampled_from(
    ['""', '"a"', '"\\""', '"\\u0022:"', '"\\u0022"', '"\\":"', '"ấ"', '"\\u1ea5"', '"\\/"', '"\\\\"']
)
NAMES = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"\\""', '"\\\\"', '"c:"', '"\\u0022"', '"\\u0022:"'])


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}:{value}" for name, value in pairs) + "}"


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda each: f"[{','.join(each)}]") | st.lists(
        st.tuples(NAMES, inner), max_size=4
    ).map(_object)


JSON = st.recursive(NUMBERS | TEXTS | st.sampled_from(["null", "true"]), _nested, max_leaves=12)


def _has_a_name_twice(text: str) -> bool:
    seen = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        seen.append(len({name for name, _ in pairs}) < len(pairs))

    json.loads(text, object_pairs_hook=note)
    return any(seen)


def _to_the_last_digit(text: str) -> bytes:
    def integer(digits: str) -> Any:
        return int(digits) if len(digits) < 19 else orjson.Fragment(digits)

    return orjson.dumps(json.loads(text, parse_float=orjson.Fragment, parse_int=integer))


@given(JSON)
def test_what_is_read_is_written_to_the_last_digit_and_names_are_unique(text: str) -> None:
    if _has_a_name_twice(text):
        with pytest.raises(Fault) as refused:
            parse_json(text.encode())
        assert refused.value.code == "BA-0203"
    else:
        assert orjson.dumps(parse_json(text.encode())[0]) == _to_the_last_digit(text)


@pytest.mark.parametrize("number", ["1." + "1" * 70, "9" * 70, "1e1234"])
def test_a_number_of_too_many_digits_is_refused(number: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_json(f'{{"a": {number}}}'.encode())
    assert refused.value.code == "BA-0201"


def test_a_name_twice_does_not_hide_behind_a_quotation_mark_that_is_written_otherwise() -> None:
    with pytest.raises(Fault) as refused:
        parse_json(b'{"a": "\\u0022:", "b": 1.50, "b": 2}')
    assert refused.value.code == "BA-0203"
