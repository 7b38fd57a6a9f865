"""A BHYT claim becomes a record: valid, named by MA_LK, with the digits, times and people of the file."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.unit.mapping.bhyt import mapped_claim, one
from tests.unit.vn.bhyt.samples import CASES, FOLDER, claim_of, read

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.mapping.mapped import Policy
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim


@pytest.mark.parametrize("case", CASES)
def test_what_comes_out_is_valid_fhir(case: str) -> None:
    for each in mapped_claim(claim_of(case)).resources:
        assert check_structure(resource_of(each.resource).plain) == [], each.key


@pytest.mark.parametrize("case", CASES)
def test_the_same_episode_sent_again_has_the_same_names(case: str) -> None:
    first, again = mapped_claim(claim_of(case)), mapped_claim(claim_of(case))
    assert [each.identities for each in first.resources] == [each.identities for each in again.resources]
    names = [identity for each in first.resources[1:] for identity in each.identities]
    assert len(names) == len(set(names))


def test_a_row_put_in_between_leaves_the_names_of_the_others_alone() -> None:
    claim = claim_of("B_inpatient")
    before = {each.identities[0] for each in mapped_claim(claim).resources}
    for table, column, value in (
        ("XML2", "MA_THUOC", "40.1"),
        ("XML3", "MA_DICH_VU", "01.1"),
        ("XML4", "MA_CHI_SO", "9"),
        ("XML5", "THOI_DIEM_DBLS", "202611021000"),
    ):
        claim.tables[table].insert(0, {**claim.tables[table][0], column: value})
    after = {each.identities[0] for each in mapped_claim(claim).resources}
    assert before < after


def test_another_disease_is_another_condition() -> None:
    claim = claim_of("A_outpatient")
    before = {each.identities[0] for each in mapped_claim(claim).resources}
    claim.summary["MA_BENH_CHINH"] = "J18"
    after = {each.identities[0] for each in mapped_claim(claim).resources}
    assert len(before - after) == len(after - before) == 1


def test_the_patient_is_found_by_number_citizen_number_and_cards() -> None:
    mapped = mapped_claim(claim_of("B_inpatient"))
    assert mapped.patient.policy is Policy.MERGE
    assert [system for system, _ in mapped.patient.identities] == [
        systems.patient_number("99001"), systems.CCCD, systems.BHYT_CARD, systems.BHYT_CARD,
    ]  # fmt: skip
    assert one(mapped, "Patient")["birthDate"] == "1975-12-31"


@pytest.mark.parametrize(
    ("written", "birth", "time"),
    [
        ("199000000000", "1990", None),
        ("199005000000", "1990-05", None),
        ("199005060000", "1990-05-06", None),
        ("202611021234", "2026-11-02", "2026-11-02T12:34:00+07:00"),
    ],
)
def test_an_unknown_part_of_a_birth_stays_unknown(written: str, birth: str, time: str | None) -> None:
    claim = claim_of("A_outpatient")
    claim.summary["NGAY_SINH"] = written
    patient = one(mapped_claim(claim), "Patient")
    assert patient["birthDate"] == birth
    told = patient.get("_birthDate", {}).get("extension", [{}])[0].get("valueDateTime")
    assert told == time


@pytest.mark.parametrize(
    ("paper", "system"),
    [("001090000001", systems.CCCD), ("012345678", systems.CMND), ("B1234567", systems.PASSPORT),
     ("GKS-01/2026", systems.OTHER_PAPER)],
)  # fmt: skip
def test_a_paper_of_identity_is_known_by_its_form(paper: str, system: str) -> None:
    claim = claim_of("A_outpatient")
    claim.summary["SO_CCCD"] = paper
    assert (system, paper) in [
        (each["system"], each["value"]) for each in one(mapped_claim(claim), "Patient")["identifier"]
    ]


def test_an_inpatient_stay_says_when_where_why_and_how_it_ended() -> None:
    encounter = one(mapped_claim(claim_of("B_inpatient")), "Encounter")
    assert encounter["class"]["code"] == "IMP"
    assert encounter["status"] == "finished"
    assert encounter["period"] == {"start": "2026-11-02T08:15:00+07:00", "end": "2026-11-05T10:00:00+07:00"}
    assert encounter["hospitalization"]["destination"]["identifier"]["system"] == systems.FACILITY_CODE
    assert {each["system"] for each in encounter["hospitalization"]["dischargeDisposition"]["coding"]} == {
        "urn:benhan:code:ket-qua-dtri", "urn:benhan:code:ma-loai-rv",
    }  # fmt: skip


def test_the_main_diagnosis_is_the_principal_one_of_the_claim() -> None:
    mapped = mapped_claim(claim_of("A_outpatient"))
    by_key = {each.reference["reference"]: each.resource for each in mapped.resources}
    told = one(mapped, "Claim")["diagnosis"]
    principal = next(
        each for each in told if each.get("type", [{}])[0].get("coding", [{}])[0].get("code") == "principal"
    )
    condition = by_key[principal["diagnosisReference"]["reference"]]
    assert condition["code"]["coding"] == [{"system": systems.ICD10, "code": "J20"}]
    assert condition["code"]["text"] == "Viêm phế quản cấp"


def test_a_drug_keeps_its_digits_and_its_dose_is_understood() -> None:
    request = one(mapped_claim(claim_of("A_outpatient")), "MedicationRequest")
    assert request["dispenseRequest"]["quantity"] == {"value": Decimal("28.000"), "unit": "Viên"}
    [dosage] = request["dosageInstruction"]
    assert dosage["text"] == "2 viên/lần * 2 lần/ngày * 7 ngày [4 viên/ngày]"
    assert dosage["timing"]["repeat"]["frequency"] == 2
    assert dosage["timing"]["repeat"]["boundsDuration"]["value"] == 7
    assert dosage["doseAndRate"][0]["doseQuantity"] == {"value": Decimal(2), "unit": "viên"}


def test_the_vital_signs_of_a_note_become_observations() -> None:
    mapped = mapped_claim(claim_of("B_inpatient"))
    signs = [
        (each.resource["code"]["coding"][0]["code"], each.resource["effectiveDateTime"])
        for each in mapped.resources
        if each.key.startswith("sign-1")
    ]
    at = "2026-11-02T10:50:00+07:00"
    assert signs == [("8867-4", at), ("8310-5", at), ("9279-1", at), ("85354-9", at)]


def test_a_result_has_its_report_and_the_report_its_order() -> None:
    mapped = mapped_claim(claim_of("A_outpatient"))
    report = one(mapped, "DiagnosticReport")
    by_key = {each.reference["reference"]: each.resource for each in mapped.resources}
    order = by_key[report["basedOn"][0]["reference"]]
    assert order["code"] == report["code"]
    assert report["category"][0]["coding"][0]["code"] == "LAB"
    assert all(by_key[each["reference"]]["resourceType"] == "Observation" for each in report["result"])


def test_a_paper_becomes_a_composition_with_its_texts_as_sections() -> None:
    paper = one(mapped_claim(claim_of("B_inpatient")), "Composition")
    assert paper["title"] == "Giấy ra viện"
    assert paper["section"][0]["title"] == "Chẩn đoán ra viện"


def test_markup_in_a_text_stays_text() -> None:
    claim = claim_of("B_inpatient")
    claim.tables["XML7"][0]["GHI_CHU"] = "a <script>x</script> & b"
    paper = one(mapped_claim(claim), "Composition")
    div = paper["section"][-1]["text"]["div"]
    assert "<script>" not in div
    assert check_structure(resource_of(paper).plain) == []


def test_a_check_in_opens_the_encounter_and_gives_way_to_the_claim() -> None:
    _, [checkin] = read((FOLDER / "xml0_checkin_exam.xml").read_bytes())
    mapped = mapped_claim(checkin)
    encounter = mapped.resources[1]
    assert (encounter.resource["status"], encounter.policy) == ("in-progress", Policy.KEEP)
    assert encounter.identities == mapped_claim(claim_of("A_outpatient")).resources[1].identities


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("XML1", "NGAY_VAO", "202602310730"), ("XML2", "NGAY_YL", "2/11/2026"), ("XML5", "THOI_DIEM_DBLS", "20261102105"),
     ("XML1", "GT_THE_DEN", "20261231;20260231"), ("XML1", "NGAY_SINH", "199013000000")],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_with_its_place(table: str, column: str, value: str) -> None:
    claim = claim_of("B_inpatient")
    claim.tables[table][0][column] = value
    with pytest.raises(Fault) as refused:
        mapped_claim(claim)
    assert refused.value.code == "BA-0701"
    assert [issue.place for issue in refused.value.issues] == [f"{table}[1].{column}"]


def test_a_claim_of_nobody_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        mapped_claim(Claim("LK1", {"XML1": [{"MA_LK": "LK1", "HO_TEN": "Mẫu"}]}))
    assert [issue.place for issue in refused.value.issues] == ["XML1[1].MA_BN"]


def test_what_could_not_be_read_is_not_mapped_by_half() -> None:
    claim = claim_of("A_outpatient")
    claim.faults.append(claim.faults[0] if claim.faults else next(iter(read(b"")[0].faults)))
    with pytest.raises(Fault):
        mapped_claim(claim)


@pytest.mark.parametrize("value", ["²", "٣", "9" * 5_000, "-", "1e9999", "\x00", "99999999999999"])
@pytest.mark.parametrize("case", CASES)
def test_whatever_a_column_holds_only_faults_come_out(case: str, value: str) -> None:
    names = sorted({(table, name) for table, rows in claim_of(case).tables.items() for name in rows[0]})
    for table, name in names:
        claim = claim_of(case)
        for row in claim.tables[table]:
            row[name] = value
        try:
            mapped_claim(claim)
        except Fault:
            continue
