"""Terminology operations: $expand, $lookup, $validate-code, $subsumes, $translate, each way of asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fhir_api.conftest import codes_of

from benhan.store.terminology import library

Json = dict[str, Any]
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
LOCAL = "http://benh-vien.example/he-ma"


def parameters(**values: Any) -> Json:
    """A Parameters resource: `url__valueUri="…"` is one of its parameters; a dictionary with a type is a resource."""
    told = []
    for key, value in values.items():
        name, _, member = key.partition("__")
        told.append({"name": name, member or "resource": value})
    return {"resourceType": "Parameters", "parameter": told}


def read(answer: httpx.Response) -> dict[str, Any]:
    """The output parameters by name; lists of those with parts."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = {}
    for each in answer.json()["parameter"]:
        if "part" in each:
            part = {one["name"]: value for one in each["part"] for key, value in one.items() if key != "name"}
            found.setdefault(each["name"], []).append(part)
        else:
            found[each["name"]] = next(value for key, value in each.items() if key != "name")
    return found


def expanded(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["expansion"].get("contains", [])]


def diseases(url: str, **more: Any) -> Json:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": "1",
        "name": "Benh",
        "status": "active",
        "language": "en",
        "content": "complete",
        "caseSensitive": True,
        "property": [
            {"code": "chapter", "type": "string"},
            {"code": "inactive", "type": "boolean", "uri": "http://hl7.org/fhir/concept-properties#inactive"},
            {"code": "notSelectable", "type": "boolean"},
        ],
        "concept": [
            {
                "code": "J",
                "display": "Respiratory diseases",
                "property": [{"code": "notSelectable", "valueBoolean": True}],
                "concept": [
                    {
                        "code": "J18",
                        "display": "Pneumonia",
                        "definition": "Infection of the lung.",
                        "designation": [{"language": "vi", "value": "Viêm phổi, tác nhân không xác định"}],
                        "property": [{"code": "chapter", "valueString": "X"}],
                        "concept": [{"code": "J18.9", "display": "Pneumonia, unspecified"}],
                    },
                    {
                        "code": "J20",
                        "display": "Acute bronchitis",
                        "designation": [{"language": "vi", "value": "Viêm phế quản cấp"}],
                        "property": [{"code": "chapter", "valueString": "X"}],
                    },
                    {
                        "code": "J99",
                        "display": "Old code",
                        "property": [{"code": "inactive", "valueBoolean": True}],
                    },
                ],
            },
            {"code": "K", "display": "Digestive diseases"},
        ],
        **more,
    }


def value_set(url: str, *include: Json, **more: Any) -> Json:
    compose = {"include": list(include), **more}
    return {"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose}


@pytest.fixture
async def system(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> str:
    """The url of a code system of one's own."""
    url = f"{LOCAL}/{unique()}"
    answer = await fhir.post("CodeSystem", json=diseases(url))
    assert answer.status_code == 201, answer.text
    return url


async def expand_sent(fhir: httpx.AsyncClient, resource: Json, **more: Any) -> httpx.Response:
    return await fhir.post("ValueSet/$expand", json=parameters(valueSet=resource, **more))


# ── $expand ──


async def test_a_value_set_of_r4_is_expanded_on_an_empty_server(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("ValueSet/$expand", params={"url": GENDER})
    assert expanded(answer) == ["male", "female", "other", "unknown"]
    told = answer.json()
    assert told["url"] == GENDER
    assert told["expansion"]["total"] == 4
    assert told["expansion"]["contains"][0] == {
        "system": "http://hl7.org/fhir/administrative-gender",
        "code": "male",
        "display": "Male",
    }
    assert {"name": "version", "valueUri": "http://hl7.org/fhir/administrative-gender|4.0.1"} in told["expansion"][
        "parameter"
    ]


async def test_a_page_tells_total_and_offset(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("ValueSet/$expand", params={"url": GENDER, "count": 2, "offset": 1})
    assert expanded(answer) == ["female", "other"]
    assert (answer.json()["expansion"]["total"], answer.json()["expansion"]["offset"]) == (4, 1)
    assert expanded(await fhir.get("ValueSet/$expand", params={"url": GENDER, "count": 2, "offset": 4})) == []
    none = await fhir.get("ValueSet/$expand", params={"url": GENDER, "count": 0})
    assert expanded(none) == []
    assert none.json()["expansion"]["total"] == 4


@pytest.mark.parametrize("words", ["viem phoi", "PHOI VIEM", "viêm ph tac", "pneum", "j18 viem"])
async def test_a_filter_minds_no_accents_no_case_and_no_order(fhir: httpx.AsyncClient, system: str, words: str) -> None:
    found = expanded(await expand_sent(fhir, value_set("x:1", {"system": system}), filter__valueString=words))
    assert found[0] == "J18"
    assert "J20" not in found


async def test_displays_come_in_the_language_asked_for(fhir: httpx.AsyncClient, system: str) -> None:
    only = value_set("x:1", {"system": system, "concept": [{"code": "J20"}]})
    by_parameter = await expand_sent(fhir, only, displayLanguage__valueCode="vi-VN")
    by_header = await fhir.post(
        "ValueSet/$expand", json=parameters(valueSet=only), headers={"accept-language": "en;q=0.5,vi"}
    )
    for answer in (by_parameter, by_header):
        assert answer.json()["expansion"]["contains"][0]["display"] == "Viêm phế quản cấp"
    neutral = await expand_sent(fhir, only)
    assert neutral.json()["expansion"]["contains"][0]["display"] == "Acute bronchitis"
    assert "designation" not in neutral.json()["expansion"]["contains"][0]
    designated = await expand_sent(fhir, only, includeDesignations__valueBoolean=True)
    assert designated.json()["expansion"]["contains"][0]["designation"] == [
        {"language": "vi", "value": "Viêm phế quản cấp"}
    ]


async def test_inactive_and_abstract_codes_are_marked_and_left_out_when_asked(
    fhir: httpx.AsyncClient, system: str
) -> None:
    every = value_set("x:1", {"system": system})
    contains = {each["code"]: each for each in (await expand_sent(fhir, every)).json()["expansion"]["contains"]}
    assert contains["J99"]["inactive"] is True
    assert contains["J"]["abstract"] is True
    assert "J99" not in expanded(await expand_sent(fhir, every, activeOnly__valueBoolean=True))
    assert "J99" not in expanded(await expand_sent(fhir, value_set("x:1", {"system": system}, inactive=False)))


FILTERS = [
    ("concept", "is-a", "J18", ["J18", "J18.9"]),
    ("concept", "descendent-of", "J", ["J18", "J18.9", "J20", "J99"]),
    ("concept", "is-not-a", "J", ["K"]),
    ("concept", "generalizes", "J18.9", ["J", "J18", "J18.9"]),
    ("code", "regex", r"J\d+", ["J18", "J20", "J99"]),
    ("display", "regex", ".*unspecified", ["J18.9"]),
    ("concept", "in", "K, J20", ["J20", "K"]),
    ("concept", "not-in", "K,J20,J99", ["J", "J18", "J18.9"]),
    ("chapter", "=", "X", ["J18", "J20"]),
    ("chapter", "exists", "true", ["J18", "J20"]),
    ("chapter", "exists", "false", ["J", "J18.9", "J99", "K"]),
    ("parent", "=", "J18", ["J18.9"]),
    ("child", "exists", "true", ["J", "J18"]),
    ("child", "=", "J20", ["J"]),
    ("inactive", "=", "true", ["J99"]),
]


@pytest.mark.parametrize(("name", "op", "value", "codes"), FILTERS)
async def test_every_filter_operator(
    fhir: httpx.AsyncClient, system: str, name: str, op: str, value: str, codes: list[str]
) -> None:
    asked = value_set("x:1", {"system": system, "filter": [{"property": name, "op": op, "value": value}]})
    assert expanded(await expand_sent(fhir, asked)) == codes


async def test_includes_are_united_excludes_taken_away_imports_intersected(
    fhir: httpx.AsyncClient, system: str, unique: Callable[[], str]
) -> None:
    imported = f"http://vs.example/{unique()}"
    lungs = {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": "J"}]}
    assert (await fhir.post("ValueSet", json=value_set(imported, lungs))).status_code == 201
    united = value_set("x:1", {"system": system, "concept": [{"code": "K", "display": "Tiêu hoá"}]}, lungs)
    united["compose"]["exclude"] = [{"system": system, "concept": [{"code": "J99"}]}]
    assert set(expanded(await expand_sent(fhir, united))) == {"K", "J", "J18", "J18.9", "J20"}
    narrowed = value_set("x:1", {"system": system, "concept": [{"code": "K"}, {"code": "J20"}], "valueSet": [imported]})
    assert expanded(await expand_sent(fhir, narrowed)) == ["J20"]
    assert expanded(await expand_sent(fhir, value_set("x:1", {"valueSet": [imported]}))) == [
        "J", "J18", "J18.9", "J20", "J99",
    ]  # fmt: skip


async def test_a_value_set_has_its_own_words_for_the_codes_it_lists(fhir: httpx.AsyncClient, system: str) -> None:
    listed = value_set("x:1", {"system": system, "concept": [{"code": "K", "display": "Tiêu hoá"}, {"code": "none"}]})
    answer = await expand_sent(fhir, listed, filter__valueString="tieu")
    assert answer.json()["expansion"]["contains"] == [{"system": system, "code": "K", "display": "Tiêu hoá"}]


async def test_a_list_of_codes_of_an_unknown_system_is_believed(fhir: httpx.AsyncClient) -> None:
    listed = value_set("x:1", {"system": "http://snomed.example", "concept": [{"code": "22298006", "display": "MI"}]})
    assert expanded(await expand_sent(fhir, listed)) == ["22298006"]
    whole = await expand_sent(fhir, value_set("x:1", {"system": "http://snomed.example"}))
    assert whole.status_code == 404
    assert codes_of(whole) == ["BA-2250"]


async def test_a_value_set_is_expanded_by_its_id(fhir: httpx.AsyncClient, system: str) -> None:
    created = await fhir.post("ValueSet", json=value_set("http://vs.example/by-id", {"system": system}))
    answer = await fhir.get(f"ValueSet/{created.json()['id']}/$expand", params={"filter": "bronch"})
    assert expanded(answer) == ["J20"]


async def test_a_changed_code_system_is_seen_at_once(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    url, id_ = f"{LOCAL}/{unique()}", unique()
    await fhir.put(f"CodeSystem/{id_}", json=diseases(url, id=id_))
    asked = {"url": f"{url}?fhir_vs", "filter": "moi"}
    assert expanded(await fhir.get("ValueSet/$expand", params=asked)) == []
    more = diseases(url, id=id_)
    more["concept"].append({"code": "N", "display": "Mới"})
    await fhir.put(f"CodeSystem/{id_}", json=more)
    assert expanded(await fhir.get("ValueSet/$expand", params=asked)) == ["N"]
    await fhir.delete(f"CodeSystem/{id_}")
    assert (await fhir.get("ValueSet/$expand", params=asked)).status_code == 404


async def test_the_store_s_own_value_set_stands_before_r4_s(fhir: httpx.AsyncClient) -> None:
    url = "http://hl7.org/fhir/ValueSet/link-type"
    assert len(expanded(await fhir.get("ValueSet/$expand", params={"url": url}))) == 4
    own = value_set(url, {"system": "http://hl7.org/fhir/link-type", "concept": [{"code": "refer"}]})
    created = await fhir.post("ValueSet", json=own)
    assert expanded(await fhir.get("ValueSet/$expand", params={"url": url})) == ["refer"]
    await fhir.delete(f"ValueSet/{created.json()['id']}")
    assert len(expanded(await fhir.get("ValueSet/$expand", params={"url": url}))) == 4


async def test_a_cycle_of_imports_is_refused(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    one, other = (f"http://vs.example/{unique()}" for _ in range(2))
    for url, imported in ((one, other), (other, one)):
        await fhir.post("ValueSet", json=value_set(url, {"valueSet": [imported]}))
    answer = await fhir.get("ValueSet/$expand", params={"url": one})
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2255"])


REFUSED = [
    ({"property": "code", "op": "like", "value": "J"}, "BA-2258"),
    ({"property": "code", "op": "exists", "value": "maybe"}, "BA-2258"),
    ({"property": "code", "op": "regex", "value": "(a" + "+" * 3}, "BA-2259"),
    ({"property": "code", "op": "regex", "value": r"(J)\1"}, "BA-2259"),
    ({"property": "code", "op": "regex", "value": "a" * 300}, "BA-2259"),
    ({"property": "code", "op": "regex", "value": "(a{1,100}){1,9999}"}, "BA-2259"),
]


@pytest.mark.parametrize(("told", "code"), REFUSED)
async def test_a_filter_that_cannot_be_is_refused(fhir: httpx.AsyncClient, system: str, told: Json, code: str) -> None:
    answer = await expand_sent(fhir, value_set("x:1", {"system": system, "filter": [told]}))
    assert answer.status_code in (400, 422)
    assert code in codes_of(answer) or answer.status_code == 422


@pytest.mark.parametrize("bomb", ["(J+)+$", "(J|J)*x", "(.*)*(.*)*(.*)*x", "((J?){50}){50}"])
async def test_a_regular_expression_bomb_is_answered(fhir: httpx.AsyncClient, system: str, bomb: str) -> None:
    asked = value_set("x:1", {"system": system, "filter": [{"property": "code", "op": "regex", "value": bomb}]})
    answer = await expand_sent(fhir, asked)
    assert answer.status_code in (200, 400)


async def test_codes_written_by_a_grammar_are_judged_and_not_listed(fhir: httpx.AsyncClient) -> None:
    url = "http://hl7.org/fhir/ValueSet/mimetypes"
    answer = await fhir.get("ValueSet/$expand", params={"url": url})
    assert (answer.status_code, codes_of(answer)) == (501, ["BA-2257"])
    for code, expected in (("application/pdf", True), ("pdf", False)):
        asked = {"url": url, "system": "urn:ietf:bcp:13", "code": code}
        assert read(await fhir.get("ValueSet/$validate-code", params=asked))["result"] is expected


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"url": "http://nowhere.example"}, 404, "BA-2251"),
        ({}, 400, "BA-2353"),
        ({"url": GENDER, "fliter": "x"}, 400, "BA-2351"),
        ({"url": GENDER, "count": "many"}, 400, "BA-2352"),
        ({"url": GENDER, "count": "-1"}, 400, "BA-2352"),
        ({"url": GENDER, "activeOnly": "perhaps"}, 400, "BA-2352"),
        ({"url": f"{GENDER}|9.9"}, 404, "BA-2251"),
    ],
)
async def test_what_is_asked_wrongly_is_said(fhir: httpx.AsyncClient, asked: Json, status: int, code: str) -> None:
    answer = await fhir.get("ValueSet/$expand", params=asked)
    assert (answer.status_code, codes_of(answer)) == (status, [code])


# ── $lookup ──


async def test_lookup_tells_words_properties_and_neighbours(fhir: httpx.AsyncClient, system: str) -> None:
    found = read(await fhir.get("CodeSystem/$lookup", params={"system": system, "code": "J18"}))
    assert (found["name"], found["version"], found["display"]) == ("Benh", "1", "Pneumonia")
    assert found["designation"] == [{"language": "vi", "value": "Viêm phổi, tác nhân không xác định"}]
    properties = [(each["code"], each["value"]) for each in found["property"]]
    assert ("definition", "Infection of the lung.") in properties
    assert ("parent", "J") in properties
    assert ("child", "J18.9") in properties
    assert ("chapter", "X") in properties


async def test_lookup_takes_a_coding_a_language_and_chosen_properties(fhir: httpx.AsyncClient, system: str) -> None:
    asked = parameters(
        coding__valueCoding={"system": system, "code": "J20"},
        displayLanguage__valueCode="vi",
        property__valueCode="chapter",
    )
    found = read(await fhir.post("CodeSystem/$lookup", json=asked))
    assert found["display"] == "Viêm phế quản cấp"
    assert [each["code"] for each in found["property"]] == ["chapter"]
    assert "designation" not in found


async def test_lookup_of_what_is_not_there(fhir: httpx.AsyncClient, system: str) -> None:
    for asked, code in (({"system": system, "code": "Z"}, "BA-2253"), ({"system": "x:y", "code": "Z"}, "BA-2250")):
        answer = await fhir.get("CodeSystem/$lookup", params=asked)
        assert (answer.status_code, codes_of(answer)) == (404, [code])


# ── $validate-code ──


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({"code": "J18"}, True),
        ({"code": "J18", "display": "pneumonia"}, True),
        ({"code": "J18", "display": "Viêm phổi, tác nhân không xác định"}, True),
        ({"code": "J18", "display": "Cholera"}, False),
        ({"code": "X"}, False),
        ({"code": "J", "abstract": "false"}, False),
        ({"code": "J", "abstract": "true"}, True),
    ],
)
async def test_a_code_is_judged_by_its_system(
    fhir: httpx.AsyncClient,
    system: str,
    more: dict[str, str],
    result: bool,  # noqa: FBT001
) -> None:
    found = read(await fhir.get("CodeSystem/$validate-code", params={"url": system, **more}))
    assert found["result"] is result
    assert ("message" in found) is not result


async def test_a_concept_is_valid_where_one_of_its_codings_is(fhir: httpx.AsyncClient, system: str) -> None:
    lungs = value_set("x:1", {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": "J"}]})
    concept = {"coding": [{"system": "x:other", "code": "1"}, {"system": system, "code": "J20"}]}
    asked = parameters(valueSet=lungs, codeableConcept__valueCodeableConcept=concept)
    found = read(await fhir.post("ValueSet/$validate-code", json=asked))
    assert (found["result"], found["code"], found["display"]) == (True, "J20", "Acute bronchitis")
    asked = parameters(valueSet=lungs, coding__valueCoding={"system": system, "code": "K"})
    found = read(await fhir.post("ValueSet/$validate-code", json=asked, headers={"accept-language": "en"}))
    assert (found["result"], found["message"]) == (False, "The code is not in the value set.")


async def test_a_value_set_whose_system_is_not_known_gives_no_false_yes(fhir: httpx.AsyncClient) -> None:
    whole = value_set("x:1", {"system": "http://snomed.example"})
    asked = parameters(valueSet=whole, coding__valueCoding={"system": "http://snomed.example", "code": "1"})
    found = read(await fhir.post("ValueSet/$validate-code", json=asked, headers={"accept-language": "en"}))
    assert found["result"] is False
    assert found["message"].startswith("Not known")


# ── $subsumes ──


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        ("J", "J18.9", "subsumes"),
        ("J18.9", "J", "subsumed-by"),
        ("J18", "J18", "equivalent"),
        ("J20", "J18", "not-subsumed"),
    ],
)
async def test_subsumption(fhir: httpx.AsyncClient, system: str, a: str, b: str, outcome: str) -> None:
    by_get = await fhir.get("CodeSystem/$subsumes", params={"system": system, "codeA": a, "codeB": b})
    asked = parameters(
        codingA__valueCoding={"system": system, "code": a}, codingB__valueCoding={"system": system, "code": b}
    )
    for answer in (by_get, await fhir.post("CodeSystem/$subsumes", json=asked)):
        assert read(answer)["outcome"] == outcome


async def test_codes_of_two_systems_are_not_compared(fhir: httpx.AsyncClient, system: str) -> None:
    asked = parameters(
        codingA__valueCoding={"system": system, "code": "J"}, codingB__valueCoding={"system": "x:y", "code": "J"}
    )
    answer = await fhir.post("CodeSystem/$subsumes", json=asked)
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2352"])


# ── $translate ──


def genders(url: str) -> Json:
    return {
        "resourceType": "ConceptMap",
        "url": url,
        "status": "active",
        "group": [
            {
                "source": f"{LOCAL}/gioi-tinh",
                "target": "http://hl7.org/fhir/administrative-gender",
                "element": [
                    {"code": "1", "target": [{"code": "male", "equivalence": "equivalent"}]},
                    {"code": "2", "target": [{"code": "female", "display": "Female", "equivalence": "wider"}]},
                    {"code": "3", "target": [{"equivalence": "unmatched"}]},
                ],
                "unmapped": {"mode": "fixed", "code": "unknown"},
            }
        ],
    }


async def test_translation_there_and_back(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    url = f"http://map.example/{unique()}"
    created = await fhir.post("ConceptMap", json=genders(url))
    asked = {"url": url, "system": f"{LOCAL}/gioi-tinh", "code": "2"}
    by_id = await fhir.get(f"ConceptMap/{created.json()['id']}/$translate", params={**asked, "url": url})
    for answer in (await fhir.get("ConceptMap/$translate", params=asked), by_id):
        found = read(answer)
        assert found["result"] is True
        assert found["match"][0]["equivalence"] == "wider"
        assert found["match"][0]["concept"]["code"] == "female"
        assert found["match"][0]["source"] == url
    back = {"url": url, "system": "http://hl7.org/fhir/administrative-gender", "code": "female", "reverse": "true"}
    found = read(await fhir.get("ConceptMap/$translate", params=back))
    assert (found["match"][0]["concept"]["code"], found["match"][0]["equivalence"]) == ("2", "narrower")


async def test_what_does_not_match_and_what_is_not_mapped(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    url = f"http://map.example/{unique()}"
    await fhir.post("ConceptMap", json=genders(url))
    asked = {"url": url, "system": f"{LOCAL}/gioi-tinh"}
    unmatched = read(await fhir.get("ConceptMap/$translate", params={**asked, "code": "3"}))
    assert (unmatched["result"], unmatched["match"][0]["equivalence"]) == (False, "unmatched")
    fixed = read(await fhir.get("ConceptMap/$translate", params={**asked, "code": "9"}))
    assert (fixed["result"], fixed["match"][0]["concept"]["code"]) == (True, "unknown")


async def test_without_a_url_every_map_between_the_systems_is_asked(fhir: httpx.AsyncClient) -> None:
    asked = {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}
    found = read(await fhir.get("ConceptMap/$translate", params=asked))
    assert found["result"] is True
    assert {each["concept"]["code"] for each in found["match"]} >= {"M"}
    nothing = read(await fhir.get("ConceptMap/$translate", params={"system": "x:y", "code": "1"}))
    assert nothing["result"] is False
    answer = await fhir.get("ConceptMap/$translate", params={"url": "http://map.example/none", "code": "1"})
    assert (answer.status_code, codes_of(answer)) == (404, ["BA-2252"])


# ── searches ask the same terminology ──


async def test_a_search_by_a_value_set_and_by_what_lies_below_a_code(fhir: httpx.AsyncClient, system: str) -> None:
    for code in ("J18.9", "J20", "K"):
        condition = {"code": {"coding": [{"system": system, "code": code}]}, "subject": {"reference": "Patient/p-none"}}
        answer = await fhir.post("Condition", json={"resourceType": "Condition", **condition})
        assert answer.status_code == 201, answer.text
    for asked, codes in (
        ({"code:in": f"{system}?fhir_vs=isa/J"}, {"J18.9", "J20"}),
        ({"code:not-in": f"{system}?fhir_vs=isa/J", "code": f"{system}|"}, {"K"}),
        ({"code:below": f"{system}|J18"}, {"J18.9"}),
        ({"code:above": f"{system}|J18.9"}, {"J18.9"}),
    ):
        bundle = (await fhir.get("Condition", params=asked)).json()
        found = {each["resource"]["code"]["coding"][0]["code"] for each in bundle.get("entry", [])}
        assert found == codes, (asked, bundle)


# ── whatever is sent ──

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=8), st.sampled_from(["male", GENDER])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["resourceType", "compose", "include", "system", "code", "filter", "concept", "coding", "valueSet",
                 "property", "op", "value", "expansion", "contains", "group", "element", "target", "unmapped", "mode"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)  # fmt: skip
OPERATIONS = [
    "ValueSet/$expand", "ValueSet/$validate-code", "CodeSystem/$lookup", "CodeSystem/$validate-code",
    "CodeSystem/$subsumes", "ConceptMap/$translate",
]  # fmt: skip
NAMES = [
    "url", "valueSet", "filter", "count", "offset", "code", "system", "coding", "codeableConcept", "codeA", "codeB",
    "conceptMap", "property", "displayLanguage", "abstract", "reverse", "codingA",
]  # fmt: skip
SENT = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["valueUri", "valueString", "resource", "valueCoding"]), JSON),
    max_size=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(OPERATIONS), sent=SENT)
async def test_nothing_that_is_sent_makes_an_operation_fail(
    fhir: httpx.AsyncClient, operation: str, sent: list[tuple[str, str, Any]]
) -> None:
    told = [{"name": name, member: value} for name, member, value in sent]
    answer = await fhir.post(operation, json={"resourceType": "Parameters", "parameter": told})
    assert answer.status_code < 500 or answer.status_code == 501, (told, answer.text)


# ── supplements and versions ──


def supplement(url: str, **more: Any) -> Json:
    """Words and a property for two codes of the system `url`, and for one that it does not have."""
    return {
        "resourceType": "CodeSystem",
        "url": f"{url}/tieng-viet",
        "version": "7",
        "status": "active",
        "content": "supplement",
        "supplements": url,
        "language": "vi",
        "concept": [
            {"code": "K", "display": "Bệnh hệ tiêu hoá"},
            {
                "code": "J18",
                "designation": [{"language": "fr", "value": "Pneumonie"}],
                "property": [{"code": "group", "valueString": "hô hấp"}, {"code": "chapter", "valueString": "X"}],
                "concept": [{"code": "K", "display": "Tiêu hoá"}],
            },
            {"code": "MỚI", "display": "Không có trong hệ mã"},
        ],
        **more,
    }


@pytest.fixture(params=["in memory", "in tables"])
async def supplemented(
    fhir: httpx.AsyncClient, system: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The url of a code system that has a supplement."""
    if request.param == "in tables":
        monkeypatch.setattr(library, "LISTED_MAX", 2)
    assert (await fhir.post("CodeSystem", json=supplement(system))).status_code == 201
    return system


async def test_what_a_supplement_adds_is_told_found_and_judged(fhir: httpx.AsyncClient, supplemented: str) -> None:
    told = read(await fhir.get("CodeSystem/$lookup", params={"system": supplemented, "code": "J18"}))
    assert told["display"] == "Pneumonia"
    assert [each["value"] for each in told["designation"]] == ["Viêm phổi, tác nhân không xác định", "Pneumonie"]
    properties = [(each["code"], each["value"]) for each in told["property"]]
    assert properties.count(("chapter", "X")) == 1
    assert ("group", "hô hấp") in properties
    assert [each for each in properties if each[0] == "parent"] == [("parent", "J")]
    display = {"system": supplemented, "code": "K", "displayLanguage": "vi"}
    assert read(await fhir.get("CodeSystem/$lookup", params=display))["display"] == "Bệnh hệ tiêu hoá"
    judged = {"url": supplemented, "code": "K", "display": "Bệnh hệ tiêu hoá"}
    assert read(await fhir.get("CodeSystem/$validate-code", params=judged))["result"] is True
    judged["display"] = "Bệnh khác"
    assert read(await fhir.get("CodeSystem/$validate-code", params=judged))["result"] is False
    whole = {"url": f"{supplemented}?fhir_vs", "displayLanguage": "vi"}
    answer = await fhir.get("ValueSet/$expand", params={**whole, "filter": "tieu benh"})
    assert [each["display"] for each in answer.json()["expansion"]["contains"]] == ["Bệnh hệ tiêu hoá"]
    used = [each for each in answer.json()["expansion"]["parameter"] if each["name"] == "used-supplement"]
    assert used == [{"name": "used-supplement", "valueUri": f"{supplemented}/tieng-viet|7"}]
    assert "MỚI" not in expanded(await fhir.get("ValueSet/$expand", params=whole))
    listed = value_set("http://x.example/listed", {"system": supplemented, "concept": [{"code": "K"}, {"code": "MỚI"}]})
    answer = await expand_sent(fhir, listed, includeDesignations__valueBoolean=True)
    assert [each["designation"][0]["value"] for each in answer.json()["expansion"]["contains"]] == ["Bệnh hệ tiêu hoá"]


@pytest.mark.parametrize(
    "more", [{"status": "draft"}, {"supplements": "{url}|2"}, {"content": "fragment"}], ids=["draft", "version", "kind"]
)
async def test_what_is_no_supplement_of_this_version_adds_nothing(
    fhir: httpx.AsyncClient, system: str, more: Json
) -> None:
    told = {name: value.format(url=system) for name, value in more.items()}
    assert (await fhir.post("CodeSystem", json=supplement(system, **told))).status_code == 201
    found = read(await fhir.get("CodeSystem/$lookup", params={"system": system, "code": "K"}))
    assert "designation" not in found


async def test_of_a_supplement_the_highest_version_counts_and_a_change_is_seen_at_once(
    fhir: httpx.AsyncClient, system: str
) -> None:
    asked = {"system": system, "code": "K", "displayLanguage": "vi"}
    assert read(await fhir.get("CodeSystem/$lookup", params=asked))["display"] == "Digestive diseases"
    for version, display in (("10", "mười"), ("9", "chín")):
        concept = [{"code": "K", "display": display}]
        told = supplement(system, version=version, supplements=f"{system}|1", concept=concept)
        made = await fhir.post("CodeSystem", json=told)
        assert made.status_code == 201
    assert read(await fhir.get("CodeSystem/$lookup", params=asked))["display"] == "mười"


async def test_designations_are_chosen_by_language_and_use(fhir: httpx.AsyncClient, system: str) -> None:
    use = {"system": "http://snomed.info/sct", "code": "900000000000013009"}
    concept = [{"code": "K", "designation": [{"language": "vi", "value": "a"}, {"use": use, "value": "b"}]}]
    assert (await fhir.post("CodeSystem", json=supplement(system, concept=concept))).status_code == 201
    asked = {"url": f"{system}?fhir_vs", "filter": "Digestive"}

    async def told(*designations: str) -> list[str]:
        answer = await fhir.get("ValueSet/$expand", params={**asked, "designation": list(designations)})
        return [each["value"] for each in answer.json()["expansion"]["contains"][0].get("designation", [])]

    assert await told("urn:ietf:bcp:47|vi-VN") == ["a"]
    assert await told(f"{use['system']}|{use['code']}") == ["b"]
    assert await told("vi", use["code"]) == ["a", "b"]
    assert await told("urn:ietf:bcp:47|fr") == []


async def test_codes_that_only_group_and_whole_systems_are_left_out_when_asked(
    fhir: httpx.AsyncClient, system: str
) -> None:
    gender = "http://hl7.org/fhir/administrative-gender"
    both = value_set("http://x.example/both", {"system": system}, {"system": gender})
    codes = expanded(await expand_sent(fhir, both))
    usable = await expand_sent(fhir, both, excludeNotForUI__valueBoolean=True)
    assert expanded(usable) == [code for code in codes if code != "J"]
    page = await expand_sent(fhir, both, excludeNotForUI__valueBoolean=True, count__valueInteger=2)
    assert page.json()["expansion"]["total"] == len(codes) - 1
    for left_out in (system, f"{system}|1"):
        without = await expand_sent(fhir, both, **{"exclude-system__valueCanonical": left_out})
        assert expanded(without) == ["male", "female", "other", "unknown"]
    assert expanded(await expand_sent(fhir, both, **{"exclude-system__valueCanonical": f"{system}|9"})) == codes


async def test_the_version_of_a_system_is_chosen_forced_and_checked(fhir: httpx.AsyncClient, system: str) -> None:
    second = diseases(system, version="2", concept=[{"code": "N", "display": "New"}])
    assert (await fhir.post("CodeSystem", json=second)).status_code == 201
    free = value_set("http://x.example/free", {"system": system})
    bound = value_set("http://x.example/bound", {"system": system, "version": "2"})
    one, two = f"{system}|1", f"{system}|2"

    async def first(value_set_: Json, name: str, version: str) -> str:
        return expanded(await expand_sent(fhir, value_set_, **{f"{name}__valueCanonical": version}))[0]

    assert await first(free, "system-version", one) == "J"
    assert await first(bound, "system-version", one) == "N"
    assert await first(bound, "force-system-version", one) == "J"
    assert await first(free, "check-system-version", one) == "J"
    assert await first(bound, "check-system-version", two) == "N"
    refused = await expand_sent(fhir, bound, **{"check-system-version__valueCanonical": one})
    assert (refused.status_code, codes_of(refused)) == (400, ["BA-3952"])
    unversioned = await expand_sent(fhir, free, **{"force-system-version__valueCanonical": system})
    assert (unversioned.status_code, codes_of(unversioned)) == (400, ["BA-2352"])


@pytest.mark.parametrize("name", ["date", "context", "contextDirection", "property", "useSupplement"])
async def test_what_expand_cannot_do_is_refused_by_its_name(fhir: httpx.AsyncClient, name: str) -> None:
    answer = await fhir.get("ValueSet/$expand", params={"url": GENDER, name: "2026-01-01"})
    assert (answer.status_code, codes_of(answer)) == (400, ["BA-2351"])
    assert name in answer.text
