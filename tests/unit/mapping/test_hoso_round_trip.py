"""From FHIR to `HoSoBenhAn` and back: nothing is lost that the manifest does not name, and what matters is not lost."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from benchmarks.stays import FACILITY, inpatient_stay
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.fuzz.test_exports import places_in, spoil
from tests.tries import tries

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.mapping.fhir_to_hoso_benh_an import Exported, Record, fhir_to_hoso_benh_an
from benhan.mapping.hoso_benh_an_to_fhir import Made, hoso_benh_an_to_fhir
from benhan.mapping.mapped import Context
from benhan.vn.hoso_benh_an.check import check_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.hoso_benh_an.reading import parse_hoso_json, parse_hoso_xml

Json = dict[str, Any]
CONTEXT = Context(FACILITY)
STAY = inpatient_stay()
NEVER_COMPARED = {"resourceType", "id", "meta"}


def exported(resources: list[Json]) -> Exported:
    patient, encounter, *rest = resources
    return fhir_to_hoso_benh_an(Record(FACILITY, patient, encounter, rest))


def back_from_xml(export: Exported) -> Made:
    return hoso_benh_an_to_fhir(parse_hoso_xml(hoso_to_xml(export.document)), CONTEXT)


def without(resource: Json, lost: list[str]) -> Json:
    """The resource less the elements at the paths of `lost` (`name[0].given[1]`)."""
    left = {name: copy.deepcopy(value) for name, value in resource.items() if name not in NEVER_COMPARED}
    for path in lost:
        steps: list[str | int] = []
        for part in path.split("."):
            name, *numbers = part.split("[")
            steps += [name, *(int(number[:-1]) for number in numbers)]
        holder: Any = left
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = None
    return left


def is_within(told: Any, back: Any, same: Any) -> bool:
    """Whether everything that `told` says stands in `back`; None says nothing."""
    if told is None:
        return True
    if isinstance(told, dict):
        return isinstance(back, dict) and all(
            same(value, back.get(name))
            if name == "reference" and value is not None
            else is_within(value, back.get(name), same)
            for name, value in told.items()
        )
    if isinstance(told, list):
        if not isinstance(back, list):
            return told == [None] * len(told)
        if any(isinstance(each, dict) for each in told):
            return all(each is None or any(is_within(each, other, same) for other in back) for each in told)
        return all(each is None or (index < len(back) and each == back[index]) for index, each in enumerate(told))
    if isinstance(told, Decimal) or isinstance(back, Decimal):
        return format(told, "f") == format(back, "f")  # 1E+3 is written 1000
    return type(told) is type(back) and told == back


def hold_to_manifest(resources: list[Json]) -> None:
    export = exported(resources)
    made = back_from_xml(export)
    lines = {line["reference"]: line for line in export.manifest["resources"]}

    def same(reference: str, back: Any) -> bool:
        place = lines.get(reference, {}).get("place")
        return bool(place) and made.at[place].reference["reference"] == back

    assert len(lines) == len(resources)
    for each in resources:
        line = lines[f"{each['resourceType']}/{each['id']}"]
        if line["lost"] == ["*"]:
            continue
        there = made.at[line["place"]].resource
        assert there["resourceType"] == each["resourceType"]
        left = without(each, line["lost"])
        for name, value in left.items():
            assert is_within(value, there.get(name), same), (line, name, value, there.get(name))


def test_of_a_full_stay_only_this_is_lost() -> None:
    lost = {
        (line["reference"].partition("/")[0], path)
        for line in exported(STAY).manifest["resources"]
        for path in line["lost"]
    }
    assert lost == {
        ("Encounter", "class.display"),
        ("Condition", "recordedDate"),
        ("Observation", "effectiveDateTime"),  # of blood group and Rh
    }


def test_a_full_stay_is_held_to_its_manifest() -> None:
    hold_to_manifest(STAY)


def test_every_resource_of_a_stay_has_its_own_place() -> None:
    places = exported(STAY).places
    assert len(places) == len(STAY)
    assert len(set(places.values())) == len(STAY)


def test_a_full_stay_has_no_fault_and_reads_back_as_valid_fhir() -> None:
    export = exported(STAY)
    assert check_hoso_benh_an(export.document) == []
    for each in back_from_xml(export).message.resources:
        assert check_structure(resource_of({**each.resource, "id": "x"}).plain) == [], each.key


def resolved(made: Made) -> list[Json]:
    """The resources as a store would give them, patient and encounter first."""
    from tests.unit.mapping.making import read_back

    found = read_back(made.message.resources)
    heads = [each for each in found if each["resourceType"] in ("Patient", "Encounter")]
    return heads + [each for each in found if each["resourceType"] not in ("Patient", "Encounter")]


def test_what_was_read_back_is_written_as_the_same_document() -> None:
    first = exported(STAY).document
    second = exported(resolved(back_from_xml(exported(STAY)))).document
    assert hoso_to_xml(second) == hoso_to_xml(first)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300).filter(
    str.strip
)
times = st.sampled_from(
    [
        "2026",
        "2026-03",
        "2026-03-04",
        "2026-03-04T08:00:00Z",
        "2026-03-04T23:30:00.250-05:00",
        "2026-03-04T08:00:00+07:00",
    ]
)
numbers = st.sampled_from([Decimal("0"), Decimal("6.10"), Decimal("-3.5"), Decimal("1000000"), 12, Decimal("1E+3")])


@st.composite
def encounters(draw: st.DrawFn) -> list[Json]:
    """Some of a stay's resources, some of their elements gone or said otherwise."""
    stay = copy.deepcopy(STAY)
    rest = draw(st.lists(st.sampled_from(stay[2:]), unique_by=lambda each: each["id"], max_size=40))
    chosen, touched = [*stay[:2], *rest], []
    for _ in range(draw(st.integers(0, 8))):
        resource = draw(st.sampled_from(chosen))
        places = places_in(resource)
        if not places:
            continue
        holder, name = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["drop", "gap", "text", "other"]))
        value = holder[name]
        touched.append(resource)
        if how != "other":
            spoil(holder, name, how)
        elif isinstance(value, str):
            holder[name] = draw(times if value[:3] == "202" else texts)
        elif isinstance(value, Decimal):
            holder[name] = draw(numbers)
    for each in touched:
        assume(not check_structure(resource_of(each).plain))
    return chosen


@settings(max_examples=tries(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(encounters())
def test_only_what_the_manifest_names_is_lost(resources: list[Json]) -> None:
    hold_to_manifest(resources)


@settings(max_examples=tries(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(encounters())
def test_whatever_is_read_back_is_valid_and_both_forms_say_the_same(resources: list[Json]) -> None:
    export = exported(resources)
    from_xml, from_json = parse_hoso_xml(hoso_to_xml(export.document)), parse_hoso_json(hoso_to_json(export.document))
    assert from_xml == from_json
    for each in hoso_benh_an_to_fhir(from_xml, CONTEXT).message.resources:
        assert check_structure(resource_of({**each.resource, "id": "x"}).plain) == [], each.key


CARRIED = {
    "Patient": ("name", "birthDate", "gender", "identifier", "address", "telecom", "contact", "extension"),
    "Encounter": ("identifier", "period", "diagnosis", "location", "participant", "reasonCode", "hospitalization"),
    "Condition": ("code", "category", "subject", "encounter"),
    "Observation": ("code", "value", "component", "interpretation", "referenceRange", "basedOn", "subject"),
    "MedicationRequest": ("",),
    "ServiceRequest": ("",),
    "DiagnosticReport": ("",),
    "Procedure": ("",),
    "Specimen": ("",),
}
"""Elements that a stay with other persons, words and numbers never loses ("": all of them)."""


@settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_matters_is_carried_whatever_its_words(data: st.DataObject) -> None:
    stay = inpatient_stay(data.draw(st.integers(1, 999_999)))
    word = data.draw(st.text(st.sampled_from("aâăđêơưáệ bcxyz&<>'\"-()/,.0123456789"), min_size=1, max_size=60))
    word = f"t{word}t"
    stay[0]["name"] = [{"text": f"Lê {word}"}]
    for each in stay:
        if each["resourceType"] == "Observation" and "valueString" in each:
            each["valueString"] = word
        if each["resourceType"] == "DiagnosticReport":
            each["conclusion"] = word
    for line in exported(stay).manifest["resources"]:
        kept = CARRIED.get(line["reference"].partition("/")[0], ())
        assert [path for path in line["lost"] if path.startswith(kept)] == [] if kept else True, line


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"multipleBirthBoolean": False}, "multipleBirthBoolean"),
        ({"birthDate": "1990"}, "birthDate"),
        ({"communication": [{"language": {"text": "Tiếng Việt"}}]}, "communication"),
    ],
)
def test_what_has_no_field_is_named(change: Json, named: str) -> None:
    stay = inpatient_stay()
    stay[0] |= change
    assert exported(stay).manifest["resources"][0]["lost"] == [named]


def test_a_resource_without_a_place_is_named_whole() -> None:
    device = {"resourceType": "DeviceUseStatement", "id": "d1", "status": "active"}
    line = exported([*inpatient_stay(), device]).manifest["resources"][-1]
    assert (line["place"], line["lost"]) == ("", ["*"])


def test_the_hash_is_of_the_stored_bytes_where_they_are_known() -> None:
    import hashlib

    patient, encounter, *rest = inpatient_stay()
    record = Record(FACILITY, patient, encounter, rest, {f"Patient/{patient['id']}": b"as stored"})
    lines = fhir_to_hoso_benh_an(record).manifest["resources"]
    assert lines[0]["sha256"] == hashlib.sha256(b"as stored").hexdigest()
    assert lines[1]["sha256"] != lines[0]["sha256"]
