"""A search as it was asked: values, prefixes, escapes, modifiers; each mistake named."""

from __future__ import annotations

import pytest

from benhan.fhir.dates import range_of
from benhan.fhir.search_limits import QueryLimits
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import (
    COUNT_DEFAULT,
    DateValue,
    Prefix,
    SearchQuery,
    TokenValue,
    Value,
    parse_search,
    sortable,
    split_values,
    unescape,
)
from benhan.kernel.faults import Fault, Incorrect


def values(type_: str, name: str, text: str) -> tuple[Value, ...]:
    (criterion,) = parse_search(type_, [(name, text)]).criteria
    return criterion.values


def mistakes(*pairs: tuple[str, str], type_: str = "Patient") -> list[str]:
    with pytest.raises(Fault, match="BA-0220") as caught:
        parse_search(type_, pairs)
    return [issue.place for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", TokenValue("a", None)),
        ("s|a", TokenValue("a", "s")),
        ("|a", TokenValue("a", "")),
        ("s|", TokenValue(None, "s")),
        (r"a\|b", TokenValue("a|b", None)),
        (r"s|a\,b", TokenValue("a,b", "s")),
        ("http://x/y|a b", TokenValue("a b", "http://x/y")),
    ],
)
def test_a_token_is_a_code_a_system_or_both(text: str, value: TokenValue) -> None:
    assert values("Patient", "identifier", text) == (value,)


@pytest.mark.parametrize("text", ["|", "a|b|c", "", ",", "a,"])
def test_a_token_of_another_form_is_a_mistake(text: str) -> None:
    assert mistakes(("identifier", text)) == ["identifier"]


@pytest.mark.parametrize("prefix", list(Prefix))
def test_every_prefix_of_a_date_is_understood(prefix: Prefix) -> None:
    span = range_of("2026-01-05")
    assert span is not None
    assert values("Patient", "birthdate", f"{prefix.value}2026-01-05") == (DateValue(prefix, span),)


def test_a_date_without_prefix_is_equal_and_a_plus_that_became_a_space_is_read() -> None:
    span = range_of("2026-01-05T10:00:00+07:00")
    assert span is not None
    assert values("Observation", "date", "2026-01-05T10:00:00 07:00") == (DateValue(Prefix.EQ, span),)


@pytest.mark.parametrize("text", ["xx2026", "ge", "GE2026", "2026-13", "yesterday", "2026-01-05T10:99"])
def test_a_date_of_another_form_is_a_mistake(text: str) -> None:
    assert mistakes(("birthdate", text)) == ["birthdate"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ["a", "b"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        (r"a\\\,b", [r"a\\\,b"]),
        ("", [""]),
        (",", ["", ""]),
    ],
)
def test_values_are_parted_at_commas_that_are_not_escaped(text: str, parts: list[str]) -> None:
    assert split_values(text) == parts


@pytest.mark.parametrize(
    ("text", "plain"), [(r"a\,b", "a,b"), (r"\|\$\\", r"|$" + "\\"), (r"\x", r"\x"), ("a", "a"), ("\\", "\\")]
)
def test_escapes_are_taken_away_once(text: str, plain: str) -> None:
    assert unescape(text) == plain


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("Patient", "name:exact"),
        ("Patient", "name:contains"),
        ("Patient", "identifier:not"),
        ("Observation", "subject:identifier"),
        ("Observation", "subject:Patient"),
        ("Patient", "_tag:not"),
    ],
)
def test_each_type_of_parameter_takes_its_modifiers(type_: str, name: str) -> None:
    (criterion,) = parse_search(type_, [(name, "a")]).criteria
    assert criterion.modifier == name.partition(":")[2]


@pytest.mark.parametrize(
    "name",
    ["name:not", "identifier:exact", "birthdate:exact", "_id:text", "name:Patient", "name:<script>", "name:x:y"],
)
def test_another_modifier_is_a_mistake(name: str) -> None:
    assert mistakes((name, "2026")) == [name.partition(":")[0]]


def test_all_mistakes_are_named_at_once_and_none_repeats_a_value() -> None:
    with pytest.raises(Fault) as caught:
        parse_search("Patient", [("nmae", "Bí mật"), ("birthdate", "Bí mật"), ("_count", "Bí mật"), ("Bí mật", "1")])
    assert [issue.place for issue in caught.value.issues] == ["nmae", "birthdate", "_count", "?"]
    assert "mật" not in repr([issue.text for issue in caught.value.issues])


def test_lenient_leaves_out_only_what_is_not_understood() -> None:
    query = parse_search("Patient", [("foo", "1"), ("gender", "male"), ("_count", "x")], lenient=True)
    assert [each.code for each in query.criteria] == ["gender"]
    assert query.applied == [("gender", "male")]
    assert [issue.place for issue in query.ignored] == ["foo", "_count"]


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("7", 7), ("999999999", 1_000)])
def test_the_size_of_a_page_is_bounded(text: str, count: int) -> None:
    assert parse_search("Patient", [("_count", text)]).count == count


@pytest.mark.parametrize("text", ["-1", "1.5", "", "x", "1" * 10, "٣"])
def test_a_size_that_is_no_number_is_a_mistake(text: str) -> None:
    assert mistakes(("_count", text)) == ["_count"]


def test_without_a_wish_the_defaults_stand() -> None:
    assert parse_search("Patient", []) == SearchQuery("Patient", count=COUNT_DEFAULT)


def test_sorting_is_by_any_parameter_up_or_down_each_once() -> None:
    assert sortable("Observation")[:2] == ["_lastUpdated", "date"]
    assert {"code", "status", "value-quantity", "subject", "_id"} <= set(sortable("Observation"))
    assert "code-value-quantity" not in sortable("Observation")
    assert parse_search("Observation", [("_sort", "-date,code")]).sort == (("date", True), ("code", False))
    assert parse_search("Observation", [("_sort", "_lastUpdated")]).sort == (("_lastUpdated", False),)
    assert mistakes(("_sort", "date"), ("_sort", "-date"), type_="Observation") == ["_sort"]
    assert mistakes(("_sort", "code-value-quantity"), type_="Observation") == ["_sort"]
    assert mistakes(("_sort", "nobody"), type_="Observation") == ["_sort"]


def test_an_include_is_a_reference_parameter_of_the_type_searched_or_a_star() -> None:
    (include,) = parse_search("Observation", [("_include", "Observation:subject:Patient")]).includes
    assert include.parameter is not None
    assert (include.parameter.code, include.target, include.reverse, include.again) == (
        "subject",
        "Patient",
        False,
        False,
    )
    star, whole, back = parse_search(
        "Observation",
        [("_include", "*"), ("_include:iterate", "Patient:*"), ("_revinclude:recurse", "Provenance:target")],
    ).includes
    assert (star.type, star.parameter, whole.type, whole.again, back.reverse, back.again) == (
        "", None, "Patient", True, True, True,
    )  # fmt: skip
    for text in ("Patient:organization", "Observation:code", "Observation:subject:Nobody", "Observation", "a:b:c:d"):
        assert mistakes(("_include", text), type_="Observation") == ["_include"]
    assert mistakes(("_include:often", "*"), type_="Observation") == ["_include"]


def test_the_page_asked_for_is_kept_and_format_is_of_no_matter() -> None:
    query = parse_search("Patient", [("_page", "abc"), ("_format", "json"), ("_pretty", "true")])
    assert (query.page, query.criteria) == ("abc", [])


def test_every_criterion_stands_for_itself() -> None:
    query = parse_search("Observation", [("code", "a"), ("code", "b,c")])
    assert [len(each.values) for each in query.criteria] == [1, 2]


@pytest.mark.parametrize(
    "pairs",
    [
        [("gender", "male")] * 51,
        [("_format", "json")] * 201,
        [("name", ",".join(["abc"] * 201))],
        [("name", "x" * 1025)],
    ],
    ids=["criteria", "pairs", "values", "letters"],
)
def test_more_than_the_limits_is_refused_also_when_lenient(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Fault, match="BA-0220"):
        parse_search("Patient", pairs)
    if len(pairs) > 1:
        with pytest.raises(Fault, match="BA-0220"):
            parse_search("Patient", pairs, lenient=True)


def test_what_a_search_may_ask_is_set_by_the_house() -> None:
    registry = SearchRegistry((), QueryLimits(count_max=5, criteria_max=1, values_max=2, chain_max=1, includes_max=1))
    asked = parse_search("Observation", [("_count", "7"), ("code", "a,b")], registry=registry)
    assert asked.count == 5
    for type_, pairs in (
        ("Observation", [("code", "a"), ("status", "final")]),
        ("Observation", [("code", "a,b,c")]),
        ("Observation", [("encounter.subject:Patient.name", "an")]),
        ("Observation", [("_has:Observation:has-member:_has:Observation:has-member:code", "a")]),
        ("Observation", [("_include", "Observation:subject"), ("_revinclude", "Provenance:target")]),
    ):
        parse_search(type_, pairs)
        with pytest.raises(Incorrect, match="BA-0220"):
            parse_search(type_, pairs, registry=registry)
    parse_search("Observation", [("subject:Patient.name", "an")], registry=registry)
