"""JSON Patch as RFC 6902 tells it, its appendix among the cases; all or nothing; no digit lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.json_patch import OPERATIONS_MAX, apply_json_patch, equal
from benhan.fhir.resource import parse_json, to_bytes
from benhan.kernel.faults import Fault


def op(name: str, path: str, **members: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **members}


DONE = {
    "A.1 a member": ({"foo": "bar"}, [op("add", "/baz", value="qux")], {"foo": "bar", "baz": "qux"}),
    "A.2 an item": (
        {"foo": ["bar", "baz"]},
        [op("add", "/foo/1", value="qux")],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "A.3 a member taken": ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
    "A.4 an item taken": ({"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
    "A.5 a value": ({"baz": "qux"}, [op("replace", "/baz", value="boo")], {"baz": "boo"}),
    "A.6 moved": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7 an item moved": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8 tested": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [op("test", "/baz", value="qux"), op("test", "/foo/1", value=2)],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.10 a nested object": (
        {"foo": "bar"},
        [op("add", "/child", value={"a": {}})],
        {"foo": "bar", "child": {"a": {}}},
    ),
    "A.11 an unknown member of the operation": ({"a": 1}, [op("add", "/b", value=2, xyz=3)], {"a": 1, "b": 2}),
    "A.14 escapes": (
        {"/": 9, "~1": 10},
        [op("test", "/~01", value=10), op("test", "/~1", value=9)],
        {"/": 9, "~1": 10},
    ),
    "A.16 an array at an end": ({"foo": ["bar"]}, [op("add", "/foo/-", value=["x"])], {"foo": ["bar", ["x"]]}),
    "added over": ({"foo": 1}, [op("add", "/foo", value=None)], {"foo": None}),
    "the whole": ({"foo": 1}, [op("replace", "", value={"bar": 2})], {"bar": 2}),
    "the whole added": ({"foo": 1}, [op("add", "", value={"bar": 2})], {"bar": 2}),
    "moved to itself": ({"foo": 1}, [{"op": "move", "from": "/foo", "path": "/foo"}], {"foo": 1}),
    "copied": (
        {"a": [1]},
        [{"op": "copy", "from": "/a", "path": "/b"}, op("add", "/b/-", value=2)],
        {"a": [1], "b": [1, 2]},
    ),
    "the empty name": ({"": 1}, [op("replace", "/", value=2)], {"": 2}),
}

REFUSED = {
    "A.9 a test that fails": ({"baz": "qux"}, [op("test", "/baz", value="bar")], "BA-2033"),
    "A.12 into nothing": ({"foo": "bar"}, [op("add", "/baz/bat", value="qux")], "BA-2032"),
    "A.15 a number is no text": ({"a": 10}, [op("test", "/a", value="10")], "BA-2033"),
    "true is not one": ({"a": 1}, [op("test", "/a", value=True)], "BA-2033"),
    "no list": ({}, {"op": "add"}, "BA-2030"),
    "no object": ({}, ["add"], "BA-2031"),
    "no known operation": ({}, [op("merge", "/a", value=1)], "BA-2031"),
    "an operation that is no text": ({}, [{"op": ["add"], "path": ""}], "BA-2031"),
    "no path": ({}, [{"op": "remove"}], "BA-2031"),
    "no pointer": ({"a": 1}, [op("remove", "a")], "BA-2031"),
    "a bad escape": ({"a": 1}, [op("remove", "/~2")], "BA-2031"),
    "no value": ({}, [op("add", "/a")], "BA-2031"),
    "no from": ({}, [op("copy", "/a")], "BA-2031"),
    "beyond the end": ({"a": [1]}, [op("add", "/a/2", value=1)], "BA-2032"),
    "a leading zero": ({"a": [1, 2]}, [op("remove", "/a/01")], "BA-2032"),
    "after the end": ({"a": [1]}, [op("remove", "/a/-")], "BA-2032"),
    "a sign": ({"a": [1]}, [op("remove", "/a/-1")], "BA-2032"),
    "not there": ({"a": 1}, [op("replace", "/b", value=1)], "BA-2032"),
    "through a value": ({"a": 1}, [op("remove", "/a/b")], "BA-2032"),
    "into itself": ({"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/b"}], "BA-2036"),
    "nothing left": ({"a": 1}, [op("remove", "")], "BA-2037"),
    "an array in its place": ({"a": 1}, [op("replace", "", value=[])], "BA-2037"),
    "too many": ({"a": 1}, [op("test", "/a", value=1)] * (OPERATIONS_MAX + 1), "BA-2034"),
}


@pytest.mark.parametrize("name", DONE)
def test_an_operation_does_what_the_rfc_says(name: str) -> None:
    body, operations, after = DONE[name]
    before = copy.deepcopy(body)
    assert apply_json_patch(body, operations) == after
    assert body == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_and_nothing_is_changed(name: str) -> None:
    body, operations, code = REFUSED[name]
    before = copy.deepcopy(body)
    with pytest.raises(Fault, match=code):
        apply_json_patch(body, operations)
    assert body == before


def test_the_number_of_the_failing_operation_is_told() -> None:
    operations = [op("add", "/a", value=1), op("test", "/a", value=1), op("remove", "/zzz")]
    with pytest.raises(Fault, match="Operation 3"):
        apply_json_patch({}, operations)


def test_digits_are_kept_and_numbers_are_compared_by_value() -> None:
    body, _ = parse_json(b'{"a":1.50,"b":{"c":[0.10]}}')
    operations, _ = parse_json(
        b'[{"op":"test","path":"/a","value":1.5},{"op":"copy","from":"/a","path":"/d"},{"op":"add","path":"/e","value":3.00}'
        b',{"op":"test","path":"/b","value":{"c":[0.1]}}]'
    )
    assert to_bytes(apply_json_patch(body, operations)) == b'{"a":1.50,"b":{"c":[0.10]},"d":1.50,"e":3.00}'


def test_a_patch_that_doubles_the_resource_again_and_again_is_stopped() -> None:
    bomb = [{"op": "copy", "from": "", "path": f"/x{number}"} for number in range(60)]
    with pytest.raises(Fault, match="BA-2035"):
        apply_json_patch({"a": [1] * 100}, bomb)


def test_a_patch_that_nests_without_end_is_stopped() -> None:
    deeper = [
        step
        for _ in range(100)
        for step in (
            {"op": "move", "from": "/a", "path": "/b"},
            op("add", "/a", value={}),
            {"op": "move", "from": "/b", "path": "/a/b"},
        )
    ]
    with pytest.raises(Fault, match="BA-2035"):
        apply_json_patch({"a": {}}, deeper)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "~"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "a", "b", "/", "~"]), inner, max_size=3)
    ),
    max_leaves=8,
)
pointers = st.lists(st.sampled_from(["", "a", "b", "~0", "~1", "0", "1", "-", "~2"]), max_size=3).map(
    lambda steps: "".join("/" + step for step in steps)
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
    optional={"path": pointers, "from": pointers, "value": values},
)


@given(st.dictionaries(st.sampled_from(["a", "b"]), values), st.lists(operations | values, max_size=6) | values)
def test_any_patch_is_done_or_refused_and_leaves_its_input(body: Any, patch: Any) -> None:
    before = copy.deepcopy(body)
    try:
        after = apply_json_patch(body, patch)
    except Fault:
        after = {}
    assert isinstance(after, dict)
    assert equal(body, before)


@given(st.dictionaries(st.sampled_from(["a", "b"]), values), values)
def test_what_was_added_is_there(body: Any, value: Any) -> None:
    after = apply_json_patch(body, [op("add", "/z", value=value), op("test", "/z", value=value)])
    assert equal(apply_json_patch(after, [op("remove", "/z")]), body)
