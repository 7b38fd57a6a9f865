"""Any text is compiled or refused, any expression ends: with a result or with a declared Fault, and soon."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.any_resource import any_resource

from benhan.fhir.fhirpath import compile_path, element_of
from benhan.fhir.fhirpath.functions import FUNCTIONS
from benhan.kernel.faults import Fault

PATIENT = {"resourceType": "Patient", "name": [{"given": ["An"] * 50}] * 50}

WRONG = {
    "": "BA-2001",
    "1 +": "BA-2001",
    "'abc": "BA-2001",
    "a..b": "BA-2001",
    "a b": "BA-2001",
    "@2026-13-01": "BA-2001",
    "@2026-02-30": "BA-2001",
    "@T25": "BA-2001",
    "99999999999": "BA-2001",
    "'\\q'": "BA-2001",
    "(1": "BA-2001",
    "a[1": "BA-2001",
    "/* never": "BA-2001",
    "#": "BA-2001",
    "is(": "BA-2001",
    "name.ofType(1)": "BA-2001",
    "x" * 10_001: "BA-2000",
    "(" * 100 + "1" + ")" * 100: "BA-2002",
    "-" * 100 + "1": "BA-2002",
    ".".join(["a"] * 400): "BA-2002",
    " + ".join(["1"] * 400): "BA-2002",
    "nope()": "BA-2003",
    "exists(1, 2)": "BA-2004",
    "where()": "BA-2004",
    "is(Nope)": "BA-2006",
    "1 is System.Nope.x": "BA-2001",
    "a is Nope": "BA-2006",
}
ENDED = {
    "%nope": "BA-2005",
    "name.given.single()": "BA-2010",
    "name.given & 'x'": "BA-2010",
    "name[name.given]": "BA-2010",
    "1 + 'x'": "BA-2011",
    "name.first() + 1": "BA-2011",
    "true < false": "BA-2011",
    "name.given.select('x').join(1)": "BA-2011",
    "1.round(100)": "BA-2011",
    "@T10:00 + 1 year": "BA-2011",
    "@2026-01-01 + 1 'a'": "BA-2011",
    "name.where(given.where($this = %resource.name.given.where($this = 'An').first()).exists()).exists()": "BA-2012",
    "name.given.select(%resource.name.given.select(%resource.name.given))": "BA-2013",
    "name.given.aggregate($total & $total, 'xxxxxxxxxxxxxxxx')": "BA-2013",
    "name.given.aggregate($total.combine($total), 1)": "BA-2013",
    "name.given.aggregate($total.replace('x', 'xxxxxxxxxx'), 'x')": "BA-2013",
    "'a'.matches('(')": "BA-2014",
    "name.first().memberOf('urn:x')": "BA-2015",
    "name.first().subsumes(name.first())": "BA-2015",
    "conformsTo('urn:x')": "BA-2015",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:30])
def test_a_wrong_expression_is_refused_by_its_code(text: str) -> None:
    with pytest.raises(Fault, match=WRONG[text]):
        compile_path(text)


@pytest.mark.parametrize("text", ENDED, ids=lambda text: text[:60])
def test_an_evaluation_without_a_result_ends_by_its_code(text: str) -> None:
    expression = compile_path(text)
    start = time.process_time()
    with pytest.raises(Fault, match=ENDED[text]) as caught:
        expression.evaluate(PATIENT, steps_max=200_000)
    assert time.process_time() - start < 10
    assert "An" not in caught.value.text.en


def test_repeating_without_end_ends() -> None:
    assert compile_path("repeat($this)").evaluate(PATIENT) != []
    with pytest.raises(Fault, match=r"BA-201[23]"):
        compile_path("1.repeat($this + 1)").evaluate(PATIENT, steps_max=10_000)


def test_comparing_large_parts_again_and_again_is_counted_by_their_size() -> None:
    nested: dict[str, Any] = {"url": "urn:x"}
    for _ in range(50):
        nested = {"url": "urn:x", "extension": [nested, {"url": "urn:y"}]}
    resource = {"resourceType": "Patient", "extension": [nested] * 20}
    start = time.process_time()
    for text in [
        "descendants().where(%resource.descendants().distinct().exists()).exists()",
        "descendants().isDistinct()",
    ]:
        with pytest.raises(Fault, match="BA-2012"):
            compile_path(text).evaluate(resource, steps_max=30_000)
    assert time.process_time() - start < 10


def test_reading_a_long_list_again_for_each_of_its_elements_is_counted() -> None:
    resource = {"resourceType": "Patient", "contact": [{"gender": "female"} for _ in range(3_000)]}
    with pytest.raises(Fault, match="BA-2012"):
        compile_path("contact.all(%resource.contact.first().gender = gender)").evaluate(resource, steps_max=200_000)
    resource["contact"] = resource["contact"][:200]
    assert compile_path("contact.all(%resource.contact.first().gender = gender)").evaluate(resource, steps_max=200_000)


def test_numbers_beyond_their_bounds_give_nothing() -> None:
    for text in ["2147483647 + 1", "10.power(1000)", "9.9.power(100000)", "1000000000 * 1000000000", "2000.exp()"]:
        assert compile_path(text).evaluate({}) == [], text
    for text in ["@9999-12-31 + 1 day", "@0001-01-01 - 1 year", "@9999 + 1 year"]:
        assert compile_path(text).evaluate({}) == [], text


words = st.sampled_from(
    ["name", "given", "value", "Patient", "$this", "$index", "$total", "%resource", "%x", "1", "0.5", "'a'", "''", "{}"]
    + ["@2026", "@2026-01-01T10:00:00Z", "@T10:30", "4 days", "1 'mg'", "true", ".", ".", ".", "(", ")", "[", "]", ","]
    + ["+", "-", "*", "/", "div", "mod", "&", "|", "=", "!=", "~", "!~", "<", ">", "in", "contains", "is", "as"]
    + ["and", "or", "xor", "implies", "string", "Quantity", "//", "/*", "*/", "`a`", "\\", "'"]
    + [f"{name}(" for name in sorted(FUNCTIONS)]
    + ["iif(", "sort(", "ofType(", "is(", "as(", "now()", "today()"]
)


@settings(max_examples=400)
@given(st.lists(words, max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_is_compiled_and_run_or_refused(text: str) -> None:
    try:
        found = compile_path(text).evaluate(PATIENT, steps_max=20_000)
    except Fault as fault:
        found = [fault.code]
    assert isinstance(found, list)


values = st.sampled_from(
    [
        "name",
        "name.given",
        "name.first()",
        "id",
        "{}",
        "1",
        "-1",
        "0",
        "0.5",
        "'a'",
        "'1'",
        "''",
        "true",
        "false",
        "@2026",
        "@2026-02",
        "@2026-01-05T10:00:00.000+07:00",
        "@T10:30",
        "@T23:59:59.999",
        "4 days",
        "1 'mg'",
        "1 'a'",
        "(1 | 2)",
        "('a' | 1 | @2026)",
        "name.type()",
        "children()",
        "value",
        "effective",
        "component",
        "code.coding",
        "%resource",
        "referenceRange.low",
        "1000000.0",
        "'a{2}'",
        "'\\ud83d\\ude00'",
        "extension",
        "subject.resolve()",
    ]
)
operators = st.sampled_from(
    ["+", "-", "*", "/", "div", "mod", "&", "|", "=", "~", "<", ">=", "in", "contains", "and", "xor"]
)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    by_count = {
        count: st.sampled_from(sorted(name for name, each in FUNCTIONS.items() if each.low <= count <= each.high))
        for count in (0, 1, 2)
    }
    return (
        st.builds("{}.{}()".format, inner, by_count[0])
        | st.builds("{}.{}({})".format, inner, by_count[1], inner)
        | st.builds("{}.{}({}, {})".format, inner, by_count[2], inner, inner)
        | st.builds("({} {} {})".format, inner, operators, inner)
        | st.builds("iif({}, {}, {})".format, inner, inner, inner)
        | st.builds("{}.sort(-{})".format, inner, inner)
        | st.builds("({} is {})".format, inner, st.sampled_from(["string", "Quantity", "System.String", "Any"]))
    )


@settings(max_examples=600)
@given(st.recursive(values, calls, max_leaves=6), st.integers(0, 30))
def test_any_expression_on_any_resource_ends_with_a_result_or_a_fault(text: str, seed: int) -> None:
    chance = random.Random(seed)
    resource = any_resource(chance.choice(["Patient", "Observation", "Bundle"]), chance)
    try:
        found: Any = compile_path(text).evaluate(resource, steps_max=50_000)
    except Fault as fault:
        found = [fault.code]
    assert isinstance(found, list)
    str([str(each) for each in found])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "_name", "value", "valueQuantity", "id", "_id", "extension"]), inner
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["Observation", "Patient", "Quantity", "Extension", "Nope"]),
)
def test_any_json_is_read(value: Any, type_: str) -> None:
    for text in ["descendants().distinct()", "value = value", "value > 1", "name & 'x'", "children().toString()"]:
        try:
            found: Any = compile_path(text).evaluate(element_of(value, type_))
        except Fault as fault:
            found = [fault.code]
        assert isinstance(found, list)
