"""ADT^A01, A03, A04, A08: who, which visit, diagnoses, allergies, cards; and times that are none, by their place."""

from __future__ import annotations

import pytest
from tests.unit.mapping.making import FACILITY, PID, PV1, mapped, of, read_back

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.mapping.merge import merge

NK1 = "NK1|1|Nguyễn^Mẫu|MTH^Mẹ|1 Phố|0900000001"
DG1 = "DG1|1||E11.9^Đái tháo đường^I10||20260105|A"
AL1 = "AL1|1||PEN^Penicillin^L|SV|Nổi mề đay|20200101"
IN1 = f"IN1|1|BHYT|BHXH|BHXH Việt Nam{'|' * 8}20260101|20261231{'|' * 23}GD4010123456789"
LEFT = PV1.replace("20260105070000", "20260105070000|20260109100000")


def places(kind: str, *lines: str) -> list[str]:
    with pytest.raises(Fault, match="BA-0701") as caught:
        mapped(kind, *lines)
    return [issue.place for issue in caught.value.issues]


def test_a_patient_has_the_name_in_vietnamese_order_and_all_numbers_the_facilitys_own_first() -> None:
    patient = of(mapped("ADT^A01", PID, PV1, NK1), "Patient")[0]
    assert patient.resource["name"][0]["text"] == "Nguyễn Văn Thử"
    assert [each["system"] for each in patient.resource["identifier"]] == [
        f"urn:benhan:id:ma-benh-nhan:{FACILITY}",
        "urn:benhan:id:cccd",
    ]
    assert (patient.resource["gender"], patient.resource["birthDate"]) == ("male", "1990-01-02")
    assert patient.resource["address"][0]["text"] == "1 Phố, Phường, Hà Nội"
    assert patient.resource["contact"][0]["relationship"] == [{"text": "Mẹ"}]


@pytest.mark.parametrize(
    ("written", "gender"), [("M", "male"), ("F", "female"), ("Nữ", "female"), ("nam", "male"), ("2", "female")]
)
def test_the_words_of_vietnamese_senders_for_the_sexes_are_understood(written: str, gender: str) -> None:
    pid = PID.replace("|M|", f"|{written}|")
    assert of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["gender"] == gender


@pytest.mark.parametrize("number", ["12345678901", "1234567890123", "00109000000A", "٠٠١٠٩٠٠٠٠٠٠١"])
def test_a_number_that_is_no_cccd_is_not_taken_for_one(number: str) -> None:
    pid = PID.replace("001090000001", number)
    systems = [each["system"] for each in of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["identifier"]]
    assert "urn:benhan:id:cccd" not in systems


@pytest.mark.parametrize(
    ("event", "kind", "line", "status"),
    [
        ("A01", "I", PV1, "in-progress"),
        ("A03", "I", LEFT, "finished"),
        ("A03", "I", PV1, "finished"),
        ("A04", "O", PV1, "arrived"),
        ("A08", "I", PV1, "in-progress"),
        ("A08", "I", LEFT, "finished"),
    ],
)
def test_each_event_leaves_the_visit_in_its_state(event: str, kind: str, line: str, status: str) -> None:
    (visit,) = of(mapped(f"ADT^{event}", PID, line.replace("PV1|1|I|", f"PV1|1|{kind}|")), "Encounter")
    assert visit.resource["status"] == status
    assert visit.identities == [(f"urn:benhan:id:so-vao-vien:{FACILITY}", "V1")]


def test_a_visit_has_its_class_period_place_and_people() -> None:
    (visit,) = of(mapped("ADT^A03", PID, LEFT), "Encounter")
    assert visit.resource["class"]["code"] == "IMP"
    assert visit.resource["period"] == {"start": "2026-01-05T07:00:00+07:00", "end": "2026-01-09T10:00:00+07:00"}
    assert visit.resource["location"][0]["location"]["display"] == "Nội · P1 · G2"
    attender = visit.resource["participant"][0]
    assert (attender["individual"]["identifier"]["value"], attender["individual"]["display"]) == (
        "004512",
        "Lê Minh Châu",
    )


def test_diagnoses_allergies_and_cards_are_resources_of_their_own() -> None:
    all_ = mapped("ADT^A01", PID, PV1, DG1, AL1, IN1)
    condition, allergy, card = (of(all_, name)[0].resource for name in ("Condition", "AllergyIntolerance", "Coverage"))
    assert condition["code"]["coding"][0] == {
        "system": "http://hl7.org/fhir/sid/icd-10",
        "code": "E11.9",
        "display": "Đái tháo đường",
    }
    assert allergy["reaction"] == [{"manifestation": [{"text": "Nổi mề đay"}]}]
    assert (card["subscriberId"], card["period"]) == ("GD4010123456789", {"start": "2026-01-01", "end": "2026-12-31"})


def test_the_same_message_again_has_the_same_identities() -> None:
    first, second = (mapped("ADT^A01", PID, PV1, DG1, AL1, IN1) for _ in range(2))
    assert [each.identities for each in first.resources] == [each.identities for each in second.resources]
    assert len({each.identities[0] for each in first.resources}) == len(first.resources)


@pytest.mark.parametrize("event", ["A01", "A03", "A04", "A08"])
def test_every_resource_of_an_adt_message_is_valid_fhir(event: str) -> None:
    for content in read_back(mapped(f"ADT^{event}", PID, LEFT, NK1, DG1, AL1, IN1).resources):
        assert check_structure(resource_of(content).plain) == []


@pytest.mark.parametrize("event", ["A01", "A03"])
def test_an_admission_or_discharge_without_its_visit_number_is_refused(event: str) -> None:
    assert places(f"ADT^{event}", PID) == ["PV1"]
    assert places(f"ADT^{event}", PID, "PV1|1|I") == ["PV1-19"]


def test_an_update_without_a_visit_is_of_the_patient_alone() -> None:
    assert [each.key for each in mapped("ADT^A08", PID).resources] == ["patient"]


def test_a_message_of_another_type_is_unsupported_and_its_odd_name_is_not_repeated() -> None:
    with pytest.raises(Fault, match="BA-0607") as caught:
        mapped("SIU^S12", PID)
    assert "SIU^S12" in caught.value.text.vi
    with pytest.raises(Fault, match="BA-0607") as caught:
        mapped("Nguyễn Văn Thử", PID)
    assert "Nguyễn" not in caught.value.text.vi


def test_every_wrong_time_is_named_by_its_place_in_the_order_of_the_message() -> None:
    lines = (
        PID.replace("19900102", "19901302"),
        PV1.replace("20260105070000", "05/01/2026"),
        DG1,
        DG1.replace("20260105", "2026-01-05"),
        IN1.replace("20261231", "20260230"),
    )
    assert places("ADT^A01", *lines) == ["PID-7", "PV1-44", "DG1[2]-5", "IN1-13"]


def test_wrong_times_of_results_are_named_too() -> None:
    found = places(
        "ORU^R01",
        PID,
        "OBR|1|O1|F1|A|||hôm nay",
        "SPM|1|S1|||||||||||||||x",
        "OBX|1|NM|A||1||||||F",
        "OBX|2|NM|B||1||||||F|||25:61",
    )
    assert found == ["OBR-7", "SPM-17", "OBX[2]-14"]


def test_an_empty_or_nulled_time_is_not_wrong() -> None:
    patient = of(mapped("ADT^A01", PID.replace("19900102", '""'), PV1), "Patient")[0]
    assert "birthDate" not in patient.resource


def test_a_late_update_does_not_open_a_finished_visit_again() -> None:
    known = of(mapped("ADT^A03", PID, LEFT), "Encounter")[0].resource
    said = of(mapped("ADT^A08", PID, PV1), "Encounter")[0].resource
    merged = merge(known, said)
    assert merged["status"] == "finished"
    assert merged["period"]["end"] == known["period"]["end"]


def test_a_merge_replaces_what_is_said_keeps_what_is_not_and_gathers_numbers() -> None:
    known = {"identifier": [{"system": "a", "value": "1"}], "gender": "male", "birthDate": "1990"}
    said = {"identifier": [{"system": "b", "value": "2"}], "birthDate": "1990-01-02"}
    assert merge(known, said) == {
        "identifier": [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}],
        "gender": "male",
        "birthDate": "1990-01-02",
    }


def test_numbers_are_stored_as_they_are_printed_however_they_were_typed() -> None:
    pid = PID.replace("001090000001", "001 090 000001").replace("BN1^^^", "GD-401-0123456789^^^BHYT^HC~BN1^^^")
    identifiers = of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["identifier"]
    assert {each["system"]: each["value"] for each in identifiers} == {
        f"urn:benhan:id:ma-benh-nhan:{FACILITY}": "BN1",
        "urn:benhan:id:bhyt": "GD4010123456789",
        "urn:benhan:id:cccd": "001090000001",
    }


def test_a_card_that_is_the_personal_number_is_kept_as_the_personal_number() -> None:
    pid = PID.replace("001090000001^^^CCCD^NI", "001090000001^^^BHYT^HC")
    identifiers = of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["identifier"]
    assert [each["system"] for each in identifiers][1:] == ["urn:benhan:id:cccd"]


def test_a_name_sent_whole_in_one_component_is_taken_apart() -> None:
    pid = PID.replace("Nguyễn^Thử^Văn", "BS. Nguyễn Văn Thử")
    (name,) = of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["name"]
    assert name == {"text": "Nguyễn Văn Thử", "family": "Nguyễn", "given": ["Văn", "Thử"], "prefix": ["BS."]}


@pytest.mark.parametrize("written", ["CB NGUYỄN THỊ HOA", "CB NGUYỄN^HOA^THỊ"])
def test_a_newborn_sent_under_its_mothers_name_does_not_get_her_name(written: str) -> None:
    pid = PID.replace("Nguyễn^Thử^Văn", written)
    (name,) = of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["name"]
    assert name == {"use": "temp", "text": "Con bà NGUYỄN THỊ HOA"}


def test_the_middle_name_stands_before_the_given_one_also_where_the_sender_writes_no_accents() -> None:
    pid = PID.replace("Nguyễn^Thử^Văn", "NGUYEN^THU^VAN")
    assert of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource["name"][0]["text"] == "NGUYEN VAN THU"
    foreigner = PID.replace("Nguyễn^Thử^Văn", "Smith^Anna^Maria")
    assert of(mapped("ADT^A01", foreigner, PV1), "Patient")[0].resource["name"][0]["text"] == "Smith Anna Maria"


def test_a_temporary_identity_that_comes_back_is_known_as_one() -> None:
    pid = PID.replace("001090000001^^^CCCD^NI", "TAM-V01901-261126-00011^^^01901^MR")
    resource = of(mapped("ADT^A01", pid, PV1), "Patient")[0].resource
    found = [each["value"] for each in resource["identifier"] if each["system"] == "urn:benhan:id:tam"]
    assert found == []
    known = PID.replace("001090000001^^^CCCD^NI", "tam-s01901-261126-00018^^^01901^MR")
    assert of(mapped("ADT^A01", known, PV1), "Patient")[0].resource["identifier"][1] == {
        "type": {"text": "Mã tạm"},
        "system": "urn:benhan:id:tam",
        "value": "TAM-S01901-261126-00018",
    }


def _at(name: str, **told: object) -> dict[str, object]:
    return {"location": {"display": name}, **told}


def test_a_message_ends_the_place_where_a_patient_was_moved_to_here_and_keeps_who_treats_here() -> None:
    doctor = {"individual": {"display": "BS. Châu"}, "period": {"start": "2026-11-20T01:00:00Z"}}
    known = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "location": [_at("Nội", status="completed"), _at("Ngoại", status="active")],
        "participant": [doctor],
    }
    said = {"resourceType": "Encounter", "status": "in-progress", "participant": [{"individual": {"display": "BS. A"}}]}
    there = merge(known, {**said, "location": [_at("Ngoại")]})
    assert there["location"] == known["location"]
    assert there["participant"] == [*said["participant"], doctor]
    elsewhere = merge(known, {**said, "location": [_at("Mắt")]})
    assert [(each["location"]["display"], each["status"]) for each in elsewhere["location"]] == [
        ("Nội", "completed"), ("Ngoại", "completed"), ("Mắt", "active"),
    ]  # fmt: skip
    assert merge(elsewhere, {**said, "location": [_at("Mắt")]}) == elsewhere
