"""What the country is written as: valid by the house's own checks, and saying the same in each format."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path

import orjson
import pydicom
import pytest
from lxml import etree

from benhan.cli.checks import check_file
from benhan.fhir.resource import parse_resource
from benhan.fhir.validation import check_structure
from benhan.fhir.validation.validator import Validator
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.message import Message
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.mapping.oru_r01_to_fhir import order_groups
from benhan.synth.as_astm import ENQ, EOT, ETB, ETX, STX, checksum, framed, life_transmissions
from benhan.synth.as_dicom import life_pictures
from benhan.synth.as_fhir import Json, facility_resources, life_resources
from benhan.synth.as_hl7v2 import life_messages
from benhan.synth.as_hoso_benh_an import life_exports
from benhan.synth.country import Country, country_of
from benhan.synth.life import Life


@pytest.fixture(scope="module")
def written(country: Country, lives: list[Life]) -> list[bytes]:
    found: list[Json] = [each for one in country.facilities for each in facility_resources(one, country.names)]
    found += [each for life in lives for each in life_resources(life, country.names)]
    return [orjson.dumps(each) for each in found]


@pytest.fixture(scope="module")
def messages(lives: list[Life]) -> list[Message]:
    return [parse_er7(each.content) for life in lives for each in life_messages(life)]


def test_every_resource_is_valid_and_points_only_to_what_stands_before_it(written: list[bytes]) -> None:
    known: set[str] = set()
    for line in written:
        resource = parse_resource(line)
        assert check_structure(resource.plain) == []
        own = f"{resource.type}/{resource.id}"
        assert own not in known
        later = {"Encounter": "Condition"}.get(resource.type)  # a visit names its diagnoses, they name it
        for reference in re.findall(rb'"reference":"([^"]+)"', line):
            name = reference.decode()
            assert name in known or name.split("/")[0] == later, f"{own} → {name}"
        known.add(own)
    assert all(
        reference.decode() in known for line in written for reference in re.findall(rb'"reference":"([^"]+)"', line)
    )


def test_resources_keep_the_rules_of_the_standard_and_vital_signs_their_profile(written: list[bytes]) -> None:
    validator = Validator()
    seen: Counter[str] = Counter()
    for line in written:
        resource = parse_resource(line).plain
        is_sign = b'"vital-signs"' in line
        kind = "vital sign" if is_sign else resource["resourceType"]
        seen[kind] += 1
        if seen[kind] <= 40:
            profiles = ["http://hl7.org/fhir/StructureDefinition/vitalsigns"] if is_sign else []
            assert [issue for issue in validator.validate(resource, profiles) if issue.is_error] == []
    assert seen["vital sign"] > 40


def test_a_death_is_known_where_it_happened_and_nowhere_else() -> None:
    country = country_of(5, 8, 1500, date(2025, 7, 1), date(2026, 6, 30))
    died = [life for life in country.lives() if life.died_at]
    assert died
    for life in died:
        patients = [each for each in life_resources(life, country.names) if each["resourceType"] == "Patient"]
        told = [each["id"] for each in patients if "deceasedDateTime" in each]
        last = life.visits[-1]
        assert told == ([country.names.patient_id(last.registration)] if last.died_here else [])


def test_a_blood_group_is_that_of_the_genes(lives: list[Life]) -> None:
    typed = [
        (life.person, order)
        for life in lives
        for visit in life.visits
        for order in visit.laboratory
        if order.panel.code == "NHOMMAU" and order.results
    ]
    assert typed
    assert all(order.results[0].text == person.blood_group for person, order in typed)


def test_all_kinds_of_resources_are_there(written: list[bytes]) -> None:
    counts = Counter(re.match(rb'\{"resourceType":"(\w+)"', line)[1].decode() for line in written)  # type: ignore[index]
    assert set(counts) == {
        "Organization", "Location", "Practitioner", "PractitionerRole", "Patient", "Coverage", "AllergyIntolerance",
        "Encounter", "Condition", "ClinicalImpression", "Observation", "ServiceRequest", "Specimen", "DiagnosticReport",
        "ImagingStudy", "MedicationRequest", "Procedure", "CarePlan",
    }  # fmt: skip
    assert counts["Observation"] > counts["DiagnosticReport"] > counts["Encounter"] > counts["Patient"]


def test_a_printed_digit_is_never_lost(written: list[bytes]) -> None:
    potassium = [line for line in written if b'"code":"2823-3"' in line]
    assert potassium
    for line in potassium:
        assert re.search(rb'"valueQuantity":\{"value":\d\.\d\d,"unit":"mmol/L"', line)


def test_every_quantity_has_a_unit_that_is_known(written: list[bytes]) -> None:
    without = [
        line
        for line in written
        if b'"laboratory"' in line and b'"valueQuantity"' in line and b'"http://unitsofmeasure.org"' not in line
    ]
    assert without == []


def test_a_corrected_value_says_so(written: list[bytes], lives: list[Life]) -> None:
    corrected = [each for life in lives for v in life.visits for each in v.laboratory if each.corrected_at]
    assert corrected
    assert sum(b'"DiagnosticReport"' in line and b'"status":"corrected"' in line for line in written) == len(corrected)


def test_every_message_is_read_and_mapped_as_the_node_does(messages: list[Message]) -> None:
    kinds: Counter[str] = Counter()
    for message in messages:
        mapped = message_to_fhir(message, Context(message.msh.text(4)))
        kinds[message.type] += 1
        assert mapped.patient.resource["resourceType"] == "Patient"
    assert set(kinds) == {"ADT^A01", "ADT^A03", "ADT^A04", "ORM^O01", "ORU^R01"}


def test_what_a_message_maps_to_is_valid(messages: list[Message]) -> None:
    for message in messages[::17]:
        mapped = message_to_fhir(message, Context(message.msh.text(4)))
        for each in mapped.resources:
            text = orjson.dumps(each.resource, default=float).replace(b"urn:mapped:", b"Patient/")
            assert check_structure(parse_resource(text).plain) == []


def test_no_sender_says_a_control_id_twice(messages: list[Message]) -> None:
    said = Counter((message.sender, message.msh.text(4), message.control_id) for message in messages)
    assert max(said.values()) == 1


def test_a_name_comes_back_in_its_order(lives: list[Life]) -> None:
    life = next(each for each in lives if each.person.name.middle and not each.registrations[0].mistakes)
    message = parse_er7(next(life_messages(life)).content)
    patient = message_to_fhir(message, Context("01901")).patient.resource
    assert patient["name"][0]["text"] == life.person.name.text
    assert patient["birthDate"] == life.person.born.isoformat()


def test_a_newborn_does_not_get_its_mothers_name(lives: list[Life]) -> None:
    child = next(life for life in lives if life.person.is_newborn)
    patient = message_to_fhir(parse_er7(next(life_messages(child)).content), Context("01901")).patient.resource
    assert child.registrations[0].name.text == patient["name"][0]["text"]
    assert "family" not in patient["name"][0]


def test_a_result_is_sent_wrong_first_and_then_corrected(lives: list[Life]) -> None:
    life, order, wrong = next(
        (life, order, result)
        for life in lives
        for visit in life.visits
        for order in visit.laboratory
        for result in order.results
        if result.first and order.corrected_at
    )
    sent = [parse_er7(each.content) for each in life_messages(life) if f"|L{order.number}".encode() in each.content]
    assert len(sent) == 2
    values = []
    for message in sent:
        obx = next(obx for group in order_groups(message) for obx, _ in group.results if wrong.of.loinc in obx.raw(3))
        values.append((obx.text(5), obx.text(11)))
    assert values == [(wrong.first, "F"), (wrong.text, "C")]


def test_each_result_answers_an_order_that_was_sent_before_it(lives: list[Life]) -> None:
    ordered = 0
    for life in islice(lives, 60):
        known = set()
        for each in sorted(life_messages(life), key=lambda sent: sent.at):
            message = parse_er7(each.content)
            orc, obr = message.first("ORC"), message.first("OBR")
            if orc is None or obr is None:
                continue
            order = (orc.text(2), obr.text(4))
            if message.type == "ORM^O01":
                assert orc.text(1) == "NW"
                assert obr.text(16)
                known.add(order)
                ordered += 1
            else:
                assert order in known
    assert ordered


def read_frames(content: bytes) -> list[str]:
    """The records of a transmission, by a reader of the standard's own words that knows nothing of the writer."""
    assert content[:1] == ENQ
    assert content[-1:] == EOT
    records, held, expected, at = [], b"", 1, 1
    while content[at : at + 1] == STX:
        end = next(place for place in range(at, len(content)) if content[place : place + 1] in (ETX, ETB))
        body = content[at + 1 : end + 1]
        assert int(content[end + 1 : end + 3], 16) == sum(body) % 256
        assert content[end + 3 : end + 5] == b"\r\n"
        assert int(body[:1]) == expected
        expected = (expected + 1) % 8
        held += body[1:-1]
        if content[end : end + 1] == ETX:
            records.append(held.decode("ascii").removesuffix("\r"))
            held = b""
        at = end + 5
    assert content[at:] == EOT
    return records


def test_analysers_send_what_the_laboratory_reports(lives: list[Life]) -> None:
    count = 0
    for life in islice(lives, 150):
        orders = [o for v in life.visits for o in v.laboratory if o.results and o.panel.analyser]
        for sent, order in zip(life_transmissions(life), orders, strict=True):
            records = read_frames(sent.content)
            assert [record[0] for record in records] == ["H", "P", "O", *"R" * len(order.results), "L"]
            for record, result in zip(records[3:-1], order.results, strict=True):
                fields = record.split("|")
                assert fields[2] == f"^^^{result.of.code}"
                assert fields[3] == (result.first or result.text)
            count += 1
    assert count > 100


def test_a_long_record_takes_several_frames() -> None:
    content = framed(["C|1|L|" + "x" * 600, "L|1|N"])
    assert content.count(STX) == 4
    assert read_frames(content)[0] == "C|1|L|" + "x" * 600
    assert checksum(b"1L|1|N\r\x03") == 0x04


def test_pictures_are_dicom_and_belong_to_their_study(country: Country, lives: list[Life]) -> None:
    prefix = country.names.prefix
    studies: dict[str, set[str]] = {}
    for life in lives:
        for each in life_resources(life, country.names):
            if each["resourceType"] == "ImagingStudy":
                uid = each["identifier"][0]["value"].removeprefix("urn:oid:")
                studies[uid] = {instance["uid"] for instance in each["series"][0]["instance"]}
    seen: dict[str, set[str]] = {}
    for life in lives:
        numbers = {each.number for each in life.registrations}
        for picture in life_pictures(life, prefix):
            dataset = pydicom.dcmread(io.BytesIO(picture.content))
            assert dataset.StudyInstanceUID == picture.study
            assert dataset.PatientID in numbers
            assert len(dataset.PixelData) == dataset.Rows * dataset.Columns
            assert max(dataset.PixelData) > 100 > min(dataset.PixelData)
            seen.setdefault(picture.study, set()).add(dataset.SOPInstanceUID)
    assert seen == studies
    assert len(seen) > 20


def test_an_ended_stay_is_a_document_without_faults(country: Country, lives: list[Life], tmp_path: Path) -> None:
    count = 0
    for life in lives:
        for exported in life_exports(life, country.names):
            file = tmp_path / f"{exported.number}.xml"
            file.write_bytes(exported.xml)
            assert [issue for issue in check_file(file) if issue.is_error] == []
            patient = etree.fromstring(exported.xml).find("ThongTinBenhNhan")
            assert patient is not None
            assert patient.findtext("sovaovien") == exported.number
            assert patient.findtext("hoten") in {each.name.text for each in life.registrations}
            assert len(orjson.loads(exported.manifest)["resources"]) > 3
            count += 1
    assert count > 30
