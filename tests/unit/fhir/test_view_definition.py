"""ViewDefinitions: what rows a resource gives. Source: SQL on FHIR 2.0, "Processing Algorithm"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benhan.fhir.view_definition import compile_view
from benhan.kernel.faults import Incorrect

Json = dict[str, Any]

AN: Json = {
    "resourceType": "Patient",
    "id": "an",
    "active": True,
    "name": [
        {"use": "official", "family": "Nguyễn", "given": ["Văn", "An"]},
        {"use": "usual", "given": ["An"]},
    ],
    "contact": [{"name": {"family": "Lê"}, "telecom": [{"value": "1"}, {"value": "2"}]}, {"name": {"family": "Trần"}}],
    "managingOrganization": {"reference": "Organization/7"},
}
BINH: Json = {"resourceType": "Patient", "id": "binh", "active": False}


def column(name: str, path: str = "", **more: Any) -> Json:
    return {"name": name, "path": path or name, **more}


def view(*selects: Json, **more: Any) -> Json:
    return {"resourceType": "ViewDefinition", "resource": "Patient", "status": "active", "select": [*selects], **more}


def table(definition: Json, *resources: Json) -> list[Json]:
    compiled = compile_view(definition)
    names = [each.name for each in compiled.columns]
    return [dict(zip(names, row, strict=True)) for each in resources or (AN, BINH) for row in compiled.rows(each)]


ID = {"column": [column("id")]}


def test_a_column_gives_a_value_or_nothing_and_other_types_no_row() -> None:
    told = {"column": [column("id"), column("active"), column("official", "name.where(use = 'official').family")]}
    assert table(view(told), AN, BINH, {"resourceType": "Observation", "id": "o"}) == [
        {"id": "an", "active": True, "official": "Nguyễn"},
        {"id": "binh", "active": False, "official": None},
    ]


def test_several_values_are_a_list_where_asked_for_and_a_fault_elsewhere() -> None:
    assert table(view({"column": [column("given", "name.given", collection=True)]})) == [
        {"given": ["Văn", "An", "An"]},
        {"given": []},
    ]
    with pytest.raises(Incorrect, match="BA-2364"):
        table(view({"column": [column("given", "name.given")]}))


def test_for_each_gives_a_row_of_each_and_none_for_none() -> None:
    told = {"forEach": "name", "column": [column("use"), column("family"), column("at", "%rowIndex")]}
    assert table(view(ID, told)) == [
        {"id": "an", "use": "official", "family": "Nguyễn", "at": 0},
        {"id": "an", "use": "usual", "family": None, "at": 1},
    ]


def test_for_each_or_null_gives_a_row_of_nothing_for_none() -> None:
    told = {
        "forEachOrNull": "contact",
        "column": [column("family", "name.family")],
        "select": [{"forEachOrNull": "telecom", "column": [column("value")]}],
    }
    assert table(view(ID, told)) == [
        {"id": "an", "family": "Lê", "value": "1"},
        {"id": "an", "family": "Lê", "value": "2"},
        {"id": "an", "family": "Trần", "value": None},
        {"id": "binh", "family": None, "value": None},
    ]


def test_selects_beside_each_other_are_joined_each_with_each() -> None:
    uses = {"forEach": "name", "column": [column("use")]}
    families = {"forEach": "contact", "column": [column("family", "name.family")]}
    assert [(row["use"], row["family"]) for row in table(view(uses, families), AN)] == [
        ("official", "Lê"),
        ("official", "Trần"),
        ("usual", "Lê"),
        ("usual", "Trần"),
    ]


def test_union_all_gives_the_rows_of_one_branch_after_the_other() -> None:
    branches = [
        {"forEach": "name", "column": [column("text", "given.first()")]},
        {"forEach": "contact", "column": [column("text", "name.family")]},
    ]
    assert [row["text"] for row in table(view(ID, {"unionAll": branches}), AN)] == ["Văn", "An", "Lê", "Trần"]


@pytest.mark.parametrize(
    "other",
    [[column("b", "id")], [column("a", "id"), column("b", "id")]],
)
def test_branches_of_a_union_have_the_same_columns(other: list[Json]) -> None:
    with pytest.raises(Incorrect, match="BA-2363"):
        compile_view(view({"unionAll": [{"column": [column("a", "id")]}, {"column": other}]}))


def test_repeat_goes_on_from_what_it_has_found_each_before_what_it_leads_to() -> None:
    items = [{"linkId": "1", "item": [{"linkId": "1.1"}, {"linkId": "1.2"}]}, {"linkId": "2"}]
    answers = {"resourceType": "QuestionnaireResponse", "id": "q", "item": items}
    told = view({"repeat": ["item"], "column": [column("linkId"), column("at", "%rowIndex")]})
    rows = table({**told, "resource": "QuestionnaireResponse"}, answers)
    assert [(row["linkId"], row["at"]) for row in rows] == [("1", 0), ("1.1", 1), ("1.2", 2), ("2", 3)]


def test_where_leaves_out_what_is_not_true() -> None:
    assert table(view(ID, where=[{"path": "active"}])) == [{"id": "an"}]
    assert table(view(ID, where=[{"path": "name.exists()"}, {"path": "active = false"}])) == []
    with pytest.raises(Incorrect, match="BA-2366"):
        table(view(ID, where=[{"path": "id"}]))


def test_constants_stand_for_their_values() -> None:
    constants = [{"name": "wanted", "valueCode": "usual"}, {"name": "first", "valueInteger": 0}]
    told = {"column": [column("given", "name.where(use = %wanted).given[%first]")]}
    assert table(view(told, constant=constants)) == [{"given": "An"}, {"given": None}]


def test_keys_of_resources_and_references_are_equal() -> None:
    told = {"column": [column("key", "getResourceKey()"), column("of", "managingOrganization.getReferenceKey()")]}
    [row, _] = table(view(told))
    [organization] = table(
        {**view({"column": [column("key", "getResourceKey()")]}), "resource": "Organization"},
        {"resourceType": "Organization", "id": "7"},
    )
    assert row["of"] == organization["key"]
    assert row["key"] != row["of"]


def test_a_decimal_keeps_its_digits() -> None:
    import orjson

    observation = {"resourceType": "Observation", "id": "o", "valueQuantity": {"value": orjson.Fragment("1.50")}}
    told = {**view({"column": [column("value", "value.ofType(Quantity).value")]}), "resource": "Observation"}
    [row] = table(told, observation)
    assert row["value"] == Decimal("1.50")
    assert str(row["value"]) == "1.50"


def test_what_is_no_primitive_is_no_cell() -> None:
    with pytest.raises(Incorrect, match="BA-2365"):
        table(view({"column": [column("name", "name.first()")]}))


def test_the_rows_of_one_resource_are_bounded() -> None:
    many = {"resourceType": "Patient", "name": [{"family": "a"}] * 400}
    selects = [{"forEach": "name", "column": [column(name, "family")]} for name in "abc"]
    with pytest.raises(Incorrect, match="BA-2367"):
        table(view(*selects), many)


def deep(depth: int) -> Json:
    return {"select": [deep(depth - 1)]} if depth else ID


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ({}, "BA-2360"),
        ([], "BA-2360"),
        (view(), "BA-2360"),
        (view({}), "BA-2360"),
        (view(1), "BA-2360"),  # type: ignore[arg-type]
        (view({"column": 1}), "BA-2360"),
        (view({"column": [{"path": "id"}]}), "BA-2360"),
        (view({"column": [column("_id", "id")]}), "BA-2360"),
        (view({"column": [column("a'", "id")]}), "BA-2360"),
        (view({"column": [{"name": "a"}]}), "BA-2360"),
        (view({"column": [column("a", "id", collection="yes")]}), "BA-2360"),
        (view({**ID, "forEach": "name", "forEachOrNull": "name"}), "BA-2360"),
        (view({**ID, "forEach": 1}), "BA-2360"),
        (view({**ID, "repeat": "item"}), "BA-2360"),
        (view(ID, where=[1]), "BA-2360"),
        (view(ID, constant=[{"name": "a"}]), "BA-2360"),
        (view(ID, constant=[1]), "BA-2360"),
        ({**view(ID), "resource": "Nothing"}, "BA-2360"),
        (view(deep(20)), "BA-2360"),
        (view(*[{"column": [column(f"c{number}", "id")]} for number in range(1_001)]), "BA-2360"),
        (view({**ID, "forEach": "@@"}), "BA-2361"),
        (view({"column": [column("a", "nothing(")]}), "BA-2361"),
        (view(ID, ID), "BA-2362"),
    ],
)
def test_what_is_wrong_with_a_view_is_told_before_it_is_run(definition: Any, code: str) -> None:
    with pytest.raises(Incorrect, match=code):
        compile_view(definition)
