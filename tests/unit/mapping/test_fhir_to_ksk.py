"""A check-up of the record as the file of the Ministry's hub."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.mapping.check_up_making import check_up_record
from tests.unit.vn.ksk_making import GLN

from benhan.mapping.fhir_to_ksk import fhir_to_ksk, is_check_up
from benhan.vn import systems
from benhan.vn.ksk.check import check_ksk
from benhan.vn.ksk.document import ksk_to_xml, parse_ksk

ON = date(2026, 11, 26)


def test_a_check_up_of_the_record_is_a_file_without_fault() -> None:
    made = fhir_to_ksk(check_up_record(), GLN, ON)
    assert check_ksk(made) == []
    assert made.parts["XML1"]["HO_TEN"] == "NGUYỄN VĂN THỬ"
    assert (made.value("XML1", "MATINH_CU_TRU"), made.value("XML1", "MAXA_CU_TRU")) == ("01", "00004")
    assert made.parts["XML2"] == {
        "MA_LK": "KSK-0001",
        "MA_CSKCB": "99001",
        "MA_GTIN_CSKCB": GLN,
        "DOI_TUONG": "13",
        "NGUON_CHI_TRA": "4",
        "MA_LOAI_KCB": "01",
        "LY_DO_VV": "Khám sức khoẻ định kỳ",
        "NGAY_VAO": "202611260800",
        "NGAY_RA": "202611261030",
        "TYPE": "Adult",
    }
    assert made.parts["XML3"] == {"MACH": "72", "HUYET_AP": "120/80"}
    assert made.parts["XML4"] == {"CHIEU_CAO": "165", "CAN_NANG": "61.5", "BMI": "22.6"}
    assert made.parts["XML5"] == {"TSBT_TANG_HUYET_AP": "0"}
    assert made.parts["XML7"] == {"TMH_KET_QUA": "Bình thường"}
    assert made.parts["XML8"] == {"PHAN_LOAI_SK": "2", "KET_LUAN_BENH": "I10"}
    assert parse_ksk(ksk_to_xml(made)) == made


def test_the_results_of_a_report_are_its_laboratory() -> None:
    record = check_up_record()
    test = {"coding": [{"system": systems.bhyt_code("DVKT"), "code": "23.0075.1494"}], "text": "Định lượng Glucose"}
    record.resources += [
        {
            "resourceType": "Observation",
            "id": "glucose",
            "status": "final",
            "code": {"coding": [{"system": systems.LOINC, "code": "14771-0"}], "text": "Glucose"},
            "valueQuantity": {"value": 5.6, "unit": "mmol/L"},
        },
        {"resourceType": "DiagnosticReport", "id": "r", "code": test, "result": [{"reference": "Observation/glucose"}]},
    ]
    made = fhir_to_ksk(record, GLN, ON)
    assert made.results == [
        {"MA_DICH_VU": "23.0075.1494", "MA_CHI_SO": "14771-0", "GIA_TRI": "5.6", "DON_VI_DO": "mmol/L"}
    ]
    assert check_ksk(made) == []


@pytest.mark.parametrize(
    ("born", "group", "guardian"),
    [
        ("1990-01-02", "Adult", ""),
        ("2012-05-01", "Minor", "TRẦN THỊ MẪU"),
        ("2023-05-01", "ChildUnder", "TRẦN THỊ MẪU"),
    ],
)
def test_who_is_under_18_has_a_guardian(born: str, group: str, guardian: str) -> None:
    made = fhir_to_ksk(check_up_record(born), GLN, ON)
    assert (made.value("XML2", "TYPE"), made.value("XML1", "NGUOI_GIAM_HO")) == (group, guardian)


def test_what_nobody_told_is_missed_by_the_check_and_not_made_up() -> None:
    record = check_up_record()
    record.resources = []
    assert {issue.place for issue in check_ksk(fhir_to_ksk(record, GLN, ON))} == {"XML3", "XML4", "XML8"}


def test_an_encounter_without_a_group_is_no_check_up() -> None:
    record = check_up_record()
    assert is_check_up(record.encounter)
    assert not is_check_up({**record.encounter, "type": []})
