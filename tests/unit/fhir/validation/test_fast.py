"""The quick test says yes exactly where the thorough one finds nothing, whatever is sent."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tries import tries
from tests.vectors import ABSENT, VECTORS

from benhan.fhir.definitions import resource_types
from benhan.fhir.validation import fast
from benhan.fhir.validation.fast import is_structurally_valid
from benhan.fhir.validation.structure import structural_issues

Json = dict[str, Any]

SEEDS: list[Json] = [
    {
        "resourceType": "Observation",
        "id": "o",
        "meta": {"profile": ["http://x"], "tag": [{"system": "urn:t", "code": "a"}]},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb"}], "text": "Hb"},
        "effectiveDateTime": "2026-01-05T10:00:00+07:00",
        "valueQuantity": {"value": 13.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
        "component": [{"code": {"text": "x"}, "valueString": "y"}],
        "contained": [{"resourceType": "Organization", "id": "a", "name": "BV"}],
        "extension": [{"url": "urn:x", "extension": [{"url": "y", "valueBoolean": True}]}],
    },
    {
        "resourceType": "Patient",
        "name": [{"family": "Nguyễn", "given": ["A", None], "_given": [None, {"id": "x"}]}],
        "gender": "male",
        "birthDate": "1990-02-28",
        "_birthDate": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
        "deceasedBoolean": False,
        "contact": [{"name": {"text": "B"}, "telecom": [{"system": "phone", "value": "1"}]}],
        "multipleBirthInteger": 2,
    },
    {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Patient"}}],
    },
]
ODD: list[Any] = [
    None,
    "",
    " ",
    "x",
    "a\x00",
    0,
    1,
    -1,
    1.5,
    True,
    [],
    {},
    [None],
    [{}],
    ["x"],
    {"id": "x"},
    [[]],
    "2026-02-30",
]
NAMES = [
    "id",
    "extension",
    "value",
    "valueString",
    "_value",
    "resourceType",
    "nmae",
    "code",
    "url",
    "status",
    "_status",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        found += places(each, (*path, key))
    return found


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """A resource with up to three changes: a value made odd, a member added or taken away."""
    resource: Any = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from([each for each in places(resource) if each]))
        holder = resource
        for step in path[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["odd", "add", "remove"])):
            case "odd":
                holder[path[-1]] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(NAMES))] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case _ if isinstance(holder, dict):
                del holder[path[-1]]
    return resource


@settings(max_examples=tries(1_000), deadline=None)
@given(changed())
def test_both_agree_on_whatever_is_sent(resource: Json) -> None:
    assert is_structurally_valid(resource) == (structural_issues(resource) == [])


@pytest.mark.parametrize("seed", SEEDS, ids=lambda each: each["resourceType"])
def test_the_seeds_are_right_and_one_odd_value_at_each_place_is_seen_by_both(seed: Json) -> None:
    assert is_structurally_valid(seed)
    refused = 0
    for path in places(seed)[1:]:
        for odd in ODD:
            resource: Any = copy.deepcopy(seed)
            holder = resource
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = copy.deepcopy(odd)
            assert is_structurally_valid(resource) == (structural_issues(resource) == []), (path, odd)
            refused += not is_structurally_valid(resource)
    assert refused > len(places(seed)) * 5


@pytest.mark.parametrize("type_", sorted(resource_types()))
def test_both_agree_on_the_bare_resource_of_every_type(type_: str) -> None:
    bare = {"resourceType": type_}
    assert is_structurally_valid(bare) == (structural_issues(bare) == [])


def test_more_shapes_than_are_remembered_are_still_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "SHAPES_MAX", 0)
    fast.verdict_of.cache_clear()
    try:
        assert is_structurally_valid(SEEDS[0])
        assert not is_structurally_valid({**SEEDS[0], "status": ["final"]})
        assert not is_structurally_valid({**SEEDS[0], "status": "done"})
    finally:
        fast.verdict_of.cache_clear()


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "REMEMBERED_MAX", 10)
    fast.REMEMBERED["uri"].clear()
    for number in range(100):
        assert is_structurally_valid({"resourceType": "Patient", "implicitRules": f"urn:x:{number}"})
    assert len(fast.REMEMBERED["uri"]) <= 10


def test_every_resource_of_the_synthea_vectors_is_right() -> None:
    folder = VECTORS / "synthea"
    if not folder.is_dir():
        pytest.skip(ABSENT)
    for file in sorted(folder.glob("*.json"))[:2]:
        for entry in json.loads(file.read_bytes())["entry"]:
            assert is_structurally_valid(entry["resource"])
