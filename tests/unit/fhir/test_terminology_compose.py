"""Composing value sets: unions, intersections, exclusions, versions, bounds."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.terminology import compose as composing
from benhan.fhir.terminology.compose import Composition, SystemKey, compose
from benhan.fhir.terminology.concepts import read_concepts
from benhan.fhir.terminology.faults import NO_VALUE_SET
from benhan.fhir.terminology.hierarchy import ancestors_of
from benhan.fhir.terminology.implicit import implicit_value_set
from benhan.fhir.terminology.selection import Both, Codes, Either, Every, Having, Without, check_regex
from benhan.kernel.faults import Incorrect, NotFound

A, B = SystemKey("urn:a"), SystemKey("urn:b")


def composed(*include: dict[str, Any], sets: dict[str, Any] | None = None, **more: Any) -> Composition:
    def find(url: str) -> dict[str, Any]:
        if url not in (sets or {}):
            raise NO_VALUE_SET(url=url)
        return (sets or {})[url]  # type: ignore[no-any-return]

    return compose({"url": "urn:this", "compose": {"include": list(include), **more}}, find)


def of(*include: dict[str, Any], url: str = "urn:x") -> dict[str, Any]:
    return {"url": url, "compose": {"include": list(include)}}


def listed(system: str, *codes: str) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code} for code in codes]}


def test_lists_of_one_system_become_one_list_in_order() -> None:
    found = composed(listed("urn:a", "2", "1"), listed("urn:b", "9"), listed("urn:a", "3", "1"))
    assert found.selections == {A: Codes(("2", "1", "3")), B: Codes(("9",))}


def test_filters_of_one_include_must_all_hold() -> None:
    filters = [{"property": "p", "op": "=", "value": "x"}, {"property": "concept", "op": "is-a", "value": "y"}]
    found = composed({"system": "urn:a", "filter": filters}, listed("urn:a", "1"))
    assert found.selections[A] == Either((Both((Having("p", "=", "x"), Having("concept", "is-a", "y"))), Codes(("1",))))


def test_a_whole_system_takes_in_its_lists() -> None:
    assert composed(listed("urn:a", "1"), {"system": "urn:a"}).selections == {A: Every()}


def test_several_value_sets_of_one_include_are_an_intersection() -> None:
    sets = {"urn:x": of(listed("urn:a", "1", "2"), listed("urn:b", "1")), "urn:y": of(listed("urn:a", "2", "3"))}
    assert composed({"valueSet": ["urn:x", "urn:y"]}, sets=sets).selections == {A: Codes(("2",))}
    assert composed({"valueSet": ["urn:x"]}, {"valueSet": ["urn:y"]}, sets=sets).selections == {
        A: Codes(("1", "2", "3")),
        B: Codes(("1",)),
    }


def test_an_exclusion_takes_away_where_the_versions_agree() -> None:
    pinned = {"system": "urn:a", "version": "1"}
    assert composed(pinned, exclude=[listed("urn:a", "x")]).selections == {
        SystemKey("urn:a", "1"): Without(Every(), Codes(("x",)))
    }
    other = {**listed("urn:a", "x"), "version": "2"}
    assert composed(pinned, exclude=[other]).selections == {SystemKey("urn:a", "1"): Every()}
    assert composed(listed("urn:a", "x", "y"), exclude=[listed("urn:a", "x")]).selections == {A: Codes(("y",))}


def test_an_expansion_that_came_along_is_taken_where_there_is_no_compose() -> None:
    contains = [{"system": "urn:a", "code": "1", "contains": [{"system": "urn:a", "code": "2", "display": "Hai"}]}]
    found = compose({"expansion": {"contains": contains}}, lambda _url: {})
    assert found.selections == {A: Codes(("1", "2"))}
    assert found.told["urn:a", "2"].display == "Hai"


def test_what_cannot_be_composed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Incorrect, match="BA-2254"):
        compose({}, lambda _url: {})
    with pytest.raises(Incorrect, match="BA-2254"):
        composed({"concept": [{"code": "1"}]})
    with pytest.raises(NotFound, match="BA-2251"):
        composed({"valueSet": ["urn:none"]})
    with pytest.raises(Incorrect, match="BA-2255"):
        composed({"valueSet": ["urn:x"]}, sets={"urn:x": of({"valueSet": ["urn:this|1"]})} | {"urn:this|1": {}})
    deep = {f"urn:{n}": of({"valueSet": [f"urn:{n + 1}"]}) for n in range(40)}
    with pytest.raises(Incorrect, match=r"BA-2254.*deeper"):
        composed({"valueSet": ["urn:0"]}, sets=deep)
    monkeypatch.setattr(composing, "INCLUDES_MAX", 3)
    with pytest.raises(Incorrect, match=r"BA-2254.*more than 3"):
        composed(*(listed("urn:a", str(n)) for n in range(4)))


def test_a_tree_of_imports_that_grows_without_a_cycle_is_composed_once_each() -> None:
    wide = {f"urn:{n}": of(*({"valueSet": [f"urn:{n + 1}"]} for _ in range(8))) for n in range(15)}
    wide["urn:15"] = of(listed("urn:a", "1"))
    assert composed({"valueSet": ["urn:0"]}, sets=wide).selections == {A: Codes(("1",))}


def test_imports_that_would_double_at_each_step_are_refused_at_once() -> None:
    parted = [{"system": "urn:a", "filter": [{"property": "p", "op": "=", "value": value}]} for value in "xy"]
    doubling = {f"urn:{n}": of(*({**each, "valueSet": [f"urn:{n + 1}"]} for each in parted)) for n in range(18)} | {
        "urn:18": of(*parted)
    }
    with pytest.raises(Incorrect, match=r"BA-2254.*lists and filters"):
        composed({"valueSet": ["urn:0"]}, sets=doubling)


def test_many_exclusions_and_many_imports_nest_no_deeper() -> None:
    filters = [{"system": "urn:a", "filter": [{"property": "p", "op": "=", "value": str(n)}]} for n in range(900)]
    found = composed({"system": "urn:a"}, exclude=filters).selections[A]
    assert isinstance(found, Without)
    assert isinstance(found.excluded, Either)
    assert len(found.excluded.parts) == 900
    sets = {f"urn:{n}": of(each) for n, each in enumerate(filters)}
    both = composed({"valueSet": list(sets)}, sets=sets).selections[A]
    assert isinstance(both, Both)
    assert len(both.parts) == 900


def test_parents_come_from_the_tree_and_from_properties() -> None:
    concept = [
        {"code": "1", "concept": [{"code": "2"}], "property": [{"code": "kid", "valueCode": "4"}]},
        {"code": "3", "property": [{"code": "parent", "valueCode": "2"}]},
        {"code": "4", "property": [{"code": "status", "valueCode": "retired"}]},
    ]
    uri = "http://hl7.org/fhir/concept-properties#child"
    found = {each.code: each for each in read_concepts({"property": [{"code": "kid", "uri": uri}], "concept": concept})}
    assert {code: each.parents for code, each in found.items()} == {"1": (), "2": ("1",), "3": ("2",), "4": ("1",)}
    assert found["4"].is_inactive
    assert ancestors_of("3", {code: each.parents for code, each in found.items()}) == ["2", "1"]


def test_implicit_value_sets() -> None:
    def include(url: str) -> Any:
        found = implicit_value_set(url)
        return found and found["compose"]["include"][0]

    assert include("urn:a?fhir_vs") == {"system": "urn:a"}
    assert include("http://loinc.org/vs") == {"system": "http://loinc.org"}
    is_a = {"property": "concept", "op": "is-a", "value": "A 0"}
    assert include("urn:a?fhir_vs=isa/A%200") == {"system": "urn:a", "filter": [is_a]}
    assert include("urn:a?fhir_vs=refset/1") is None
    assert include("urn:a") is None


def test_a_pattern_that_is_too_long_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(Incorrect, match="BA-2259"):
        check_regex("{" * 1_000_000)
