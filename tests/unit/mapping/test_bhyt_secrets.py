"""XML6 (HIV), XML15 (tuberculosis) and XML12 (minutes of an assessment): mapped, labelled, and written again."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.mapping.bhyt import mapped_claim, stored_record
from tests.unit.mapping.making import read_back
from tests.unit.vn.bhyt.samples import CASES, FOLDER, claim_of, read

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.mapping.fhir_to_bhyt import fhir_to_assessment, fhir_to_bhyt
from benhan.vn.bhyt.claim import Claim
from benhan.vn.secrecy.kinds import CONFIDENTIALITY, secrecy_kinds

Json = dict[str, Any]


def codes(resource: Json) -> list[str]:
    return [each["code"] for each in resource.get("meta", {}).get("security", [])]


def paper(claim: Claim, table: str) -> Json:
    (found,) = [
        each.resource
        for each in mapped_claim(claim).resources
        if each.resource["resourceType"] == "Composition" and each.resource["type"]["coding"][0]["code"] == table
    ]
    return found


def test_what_xml6_tells_is_labelled_as_of_hiv_and_nothing_else_of_the_episode_is() -> None:
    mapped = mapped_claim(claim_of("D_chronic_hiv_tb")).resources
    told = {each.key: codes(each.resource) for each in mapped if codes(each.resource)}
    assert told["paper-xml6-1"] == ["HIV", "V"]
    tests = [each.resource for each in mapped if each.key.startswith("hiv-")]
    assert tests
    for each in tests:
        assert codes(each) == ["HIV", "V"]
        assert each["valueCodeableConcept"]["text"]
        assert not check_structure(resource_of(each).plain)
    assert set(told) == {"paper-xml6-1", "paper-xml15-1", *(each.key for each in mapped if each.key.startswith("hiv-"))}


def test_xml15_is_labelled_as_tuberculosis_and_as_hiv_where_it_tells_of_hiv() -> None:
    claim = claim_of("D_chronic_hiv_tb")
    row = claim.tables["XML15"][0]
    row |= dict.fromkeys(("NGAYKD_HIV", "BDDT_ARV", "NGAY_BAT_DAU_DT_CTX"), "")
    row["PHANLOAI_LAO_HIV"] = "2"
    assert codes(paper(claim, "XML15")) == ["lao", "R"]
    row["BDDT_ARV"] = "20240105"
    assert codes(paper(claim, "XML15")) == ["lao", "R", "HIV", "V"]
    row |= {"BDDT_ARV": "", "PHANLOAI_LAO_HIV": "1"}
    assert codes(paper(claim, "XML15")) == ["lao", "R", "HIV", "V"]


@pytest.mark.parametrize("case", [each for each in CASES if not each.startswith("D_")])
def test_other_papers_bear_no_label(case: str) -> None:
    assert not any(codes(each.resource) for each in mapped_claim(claim_of(case)).resources)


def test_several_rows_of_a_table_come_back_in_their_order() -> None:
    claim = claim_of("D_chronic_hiv_tb")
    (row,) = claim.tables["XML15"]
    claim.tables["XML15"] = [{**row, "STT": str(number), "PHACDO_DTRI_LAO": str(number)} for number in range(1, 12)]
    record = stored_record(mapped_claim(claim))
    record.resources.reverse()
    assert fhir_to_bhyt(record).tables["XML15"] == claim.tables["XML15"]


def test_who_may_not_see_the_secrets_writes_a_claim_without_them() -> None:
    record = stored_record(mapped_claim(claim_of("D_chronic_hiv_tb")))
    record.resources[:] = [each for each in record.resources if not codes(each)]
    assert not {"XML6", "XML15"} & fhir_to_bhyt(record).tables.keys()


def minutes() -> Claim:
    _, [claim] = read((FOLDER / "xml12_record_UNCERTAIN_ROOT.xml").read_bytes())
    return claim


def test_the_minutes_of_an_assessment_are_a_paper_of_the_person_and_come_back() -> None:
    claim = minutes()
    patient, composition = read_back(mapped_claim(claim).resources)
    assert {each["system"].rpartition(":")[2] for each in patient["identifier"]} == {"cccd", "bhxh"}
    assert (composition["title"], composition["date"]) == ("Biên bản giám định y khoa", "2026-11-15")
    assert [each["title"] for each in composition["section"]] == ["Kết quả khám hiện tại", "Đề nghị", "Được xác định"]
    assert not check_structure(resource_of(composition).plain)
    assert fhir_to_assessment(patient, composition) == claim.rows("XML12")[0]


def test_minutes_without_a_number_of_the_person_or_with_a_wrong_day_are_parked() -> None:
    claim = minutes()
    row = claim.rows("XML12")[0]
    row |= {"SO_CCCD": "", "MA_BHXH": "", "NGAY_HOP": "20263115"}
    with pytest.raises(Fault) as raised:
        mapped_claim(claim)
    assert [each.place for each in raised.value.issues] == ["XML12[1].NGAY_HOP", "XML12[1].SO_CCCD"]


def test_every_kind_names_its_labels_and_its_confidentiality() -> None:
    kinds = secrecy_kinds()
    assert {
        "hiv",
        "tuberculosis",
        "mental-health",
        "fetal-sex",
        "donor",
        "abuse",
        "genetic",
        "substance-use",
    } < kinds.keys()
    labels = [label for kind in kinds.values() for label in kind.labels]
    assert len(set(labels)) == len(labels)
    for kind in kinds.values():
        assert kind.security[1] == {"system": CONFIDENTIALITY, "code": kind.confidentiality}
        assert kind.confidentiality in ("R", "V")
        assert kind.name.vi != kind.name.en or kind.id == "hiv"
    assert [kind.id for kind in kinds.values() if not kind.clause] == ["tuberculosis"]
