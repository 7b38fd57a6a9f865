"""ORU^R01: what a laboratory sends becomes observations that keep its digits, units, ranges, flags and people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.mapping.making import OBR, PID, PV1, mapped, observed, of, read_back, result

from benhan.fhir.resource import resource_of, to_bytes
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault

FULL = (
    "OBX|1|NM|14771-0^Glucose máu^LN||6.10|mmol/L|3.9-6.4|H|||F|||20260105071500||^Trần^Bảo^Quốc|Đo màu",
    "NTE|1||Mẫu tan huyết nhẹ",
)


def quantity(*obx: str) -> dict[str, Any]:
    value: dict[str, Any] = observed(*obx)["valueQuantity"]
    return value


def test_a_numeric_result_keeps_its_digits_to_the_last() -> None:
    assert quantity(FULL[0])["value"] == Decimal("6.10")
    assert b'"value":6.10' in to_bytes(observed(FULL[0]))


@pytest.mark.parametrize(
    ("written", "code"),
    [("mmol/l", "mmol/L"), ("G/L", "10*9/L"), ("µmol/L", "umol/L"), ("μmol/L", "umol/L"), ("K/uL", "10*3/uL"),
     ("UI/L", "[iU]/L"), ("%", "%"), ("giây", "s"), ("°C", "Cel")],
)  # fmt: skip
def test_a_unit_is_kept_as_written_beside_its_ucum_code(written: str, code: str) -> None:
    found = quantity(f"OBX|1|NM|X^Y^L||5|{written}|||||F")
    assert (found["unit"], found["system"], found["code"]) == (written, "http://unitsofmeasure.org", code)


def test_an_unknown_unit_is_kept_as_text_and_gets_no_code() -> None:
    found = quantity("OBX|1|NM|X^Y^L||5|con/vi trường|||||F")
    assert found["unit"] == "con/vi trường"
    assert "code" not in found
    assert "system" not in found


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [("3.9-6.4", "3.9", "6.4"), ("3,9 – 6,4", "3.9", "6.4"), ("-2 - 2", "-2", "2"), ("< 5", None, "5"),
     (">=10", "10", None), ("≤ 0.50", None, "0.50")],
)  # fmt: skip
def test_a_reference_range_is_two_numbers_or_a_bound_and_always_its_text(
    written: str, low: str | None, high: str | None
) -> None:
    (found,) = observed(f"OBX|1|NM|X^Y^L||5|g/L|{written}||||F")["referenceRange"]
    assert found["text"] == written
    assert found.get("low", {}).get("value") == (Decimal(low) if low else None)
    assert found.get("high", {}).get("value") == (Decimal(high) if high else None)
    assert {side["unit"] for name, side in found.items() if name != "text"} == {"g/L"}


def test_a_range_in_words_is_kept_in_words() -> None:
    assert observed("OBX|1|ST|X^Y^L||Âm tính||Âm tính||||F")["referenceRange"] == [{"text": "Âm tính"}]


@pytest.mark.parametrize("flag", ["L", "H", "LL", "HH", "N", "A"])
def test_a_flag_is_the_standard_interpretation(flag: str) -> None:
    (found,) = observed(f"OBX|1|NM|X^Y^L||5|g/L||{flag}|||F")["interpretation"]
    assert found["coding"][0]["code"] == flag


def test_an_unknown_flag_is_kept_as_text_and_several_are_all_kept() -> None:
    found = observed("OBX|1|NM|X^Y^L||5|g/L||H~*|||F")["interpretation"]
    assert [each.get("text") or each["coding"][0]["code"] for each in found] == ["H", "*"]


@pytest.mark.parametrize(
    ("written", "status"),
    [("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("W", "entered-in-error"), ("D", "entered-in-error"),
     ("X", "cancelled"), ("A", "amended")],
)  # fmt: skip
def test_the_status_of_a_result_is_kept(written: str, status: str) -> None:
    assert observed(f"OBX|1|NM|X^Y^L||5|g/L|||||{written}")["status"] == status


def test_a_corrected_result_has_the_identity_of_the_one_it_corrects() -> None:
    first, second = (
        of(result(f"OBX|1|NM|14771-0^G^LN||{value}|mmol/L|||||{status}"), "Observation")[0]
        for value, status in (("6.1", "F"), ("6.3", "C"))
    )
    assert first.identities == second.identities
    assert (first.resource["status"], second.resource["status"]) == ("final", "corrected")


def test_results_of_other_orders_or_tests_have_identities_of_their_own() -> None:
    lines = ("OBX|1|NM|A^A^L||5|g/L|||||F", "OBX|2|NM|B^B^L||5|g/L|||||F")
    here = {each.identities[0] for each in of(result(*lines), "Observation")}
    other = {each.identities[0] for each in of(result(*lines, obr=OBR.replace("|O1|F1|", "|O2|F2|")), "Observation")}
    assert len(here | other) == 4


def test_time_performer_method_and_note_of_a_result_are_kept() -> None:
    found = observed(*FULL)
    assert found["effectiveDateTime"] == "2026-01-05T07:15:00+07:00"
    assert found["performer"] == [{"type": "Practitioner", "display": "Trần Quốc Bảo"}]
    assert found["method"]["text"] == "Đo màu"
    assert found["note"] == [{"text": "Mẫu tan huyết nhẹ"}]


def test_the_sampling_time_of_the_order_stands_where_the_result_has_none() -> None:
    assert observed("OBX|1|NM|X^Y^L||5|g/L|||||F")["effectiveDateTime"] == "2026-01-05T07:30:00+07:00"


def test_the_sampling_time_of_the_specimen_stands_where_the_order_has_none() -> None:
    obr = OBR.replace("|20260105073000|", "||")
    spm = "SPM|1|S9||BLD^Máu^L|||||||||||||20260105072000|20260105074000"
    all_ = result(spm, "OBX|1|NM|X^Y^L||5|g/L|||||F", obr=obr)
    assert of(all_, "Observation")[0].resource["effectiveDateTime"] == "2026-01-05T07:20:00+07:00"
    specimen = of(all_, "Specimen")[0].resource
    assert specimen["collection"] == {"collectedDateTime": "2026-01-05T07:20:00+07:00"}
    assert specimen["receivedTime"] == "2026-01-05T07:40:00+07:00"
    assert specimen["identifier"][0]["value"] == "S9"


@pytest.mark.parametrize(
    ("obx", "member", "value"),
    [
        ("OBX|1|SN|X^Y^L||<^5|mg/L|||||F", "valueQuantity",
         {"value": Decimal(5), "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L",
          "comparator": "<"}),
        ("OBX|1|NM|X^Y^L||>1000||||||F", "valueQuantity", {"value": Decimal(1000), "comparator": ">"}),
        ("OBX|1|NM|X^Y^L||6,1||||||F", "valueQuantity", {"value": Decimal("6.1")}),
        ("OBX|1|SN|X^Y^L||^1^:^80||||||F", "valueRatio",
         {"numerator": {"value": Decimal(1)}, "denominator": {"value": Decimal(80)}}),
        ("OBX|1|CWE|X^Y^L||A^Nhóm A^L||||||F", "valueCodeableConcept",
         {"coding": [{"system": "urn:benhan:code:l", "code": "A", "display": "Nhóm A"}], "text": "Nhóm A"}),
        ("OBX|1|ST|X^Y^L||Âm tính||||||F", "valueString", "Âm tính"),
        ("OBX|1|TX|X^Y^L||một~hai\\.br\\ba||||||F", "valueString", "một\nhai\nba"),
        ("OBX|1|DT|X^Y^L||20260105||||||F", "valueDateTime", "2026-01-05"),
        ("OBX|1|NM|X^Y^L||----||||||F", "valueString", "----"),
    ],
)  # fmt: skip
def test_each_value_type_becomes_its_value(obx: str, member: str, value: object) -> None:
    assert observed(obx)[member] == value


@pytest.mark.parametrize("value", ["", '""'])
def test_a_result_without_a_value_says_so(value: str) -> None:
    found = observed(f"OBX|1|NM|X^Y^L||{value}||||||F")
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert not any(name.startswith("value") for name in found)


def test_a_number_that_is_none_refuses_the_message_at_its_place() -> None:
    with pytest.raises(Fault, match="BA-0701") as caught:
        result("OBX|1|NM|A^A^L||5|g/L|||||F", "OBX|2|NM|B^B^L||5.6.7|g/L|||||F", "OBX|3|NM|||1|g/L|||||F")
    assert [issue.place for issue in caught.value.issues] == ["OBX[2]-5", "OBX[3]-3"]


def test_a_report_gathers_its_results_order_and_specimen() -> None:
    all_ = result("SPM|1|S1||BLD^Máu^L", *FULL)
    (report,), (order,), (specimen,) = (of(all_, name) for name in ("DiagnosticReport", "ServiceRequest", "Specimen"))
    assert report.resource["result"] == [of(all_, "Observation")[0].reference]
    assert report.resource["basedOn"] == [order.reference]
    assert report.resource["specimen"] == [specimen.reference]
    assert report.resource["issued"] == "2026-01-05T08:00:00+07:00"
    assert order.resource["requester"]["identifier"]["value"] == "004512"


def test_two_orders_of_one_message_keep_their_results_apart() -> None:
    second = OBR.replace("OBR|1|O1|F1|SHM^Sinh hoá máu", "OBR|2|O2|F2|CTM^Công thức máu")
    all_ = mapped("ORU^R01", PID, OBR, "OBX|1|NM|A^A^L||1||||||F", second, "OBX|1|NM|B^B^L||2||||||F")
    reports = [each.resource for each in of(all_, "DiagnosticReport")]
    assert [len(each["result"]) for each in reports] == [1, 1]
    assert reports[0]["result"] != reports[1]["result"]


def test_every_resource_of_a_result_message_is_valid_fhir() -> None:
    for content in read_back(result("SPM|1|S1||BLD^Máu^L", *FULL, "OBX|2|SN|X^Y^L||1^-^2|g/L|||||F").resources):
        assert check_structure(resource_of(content).plain) == []


@pytest.mark.parametrize(("lines", "place"), [((OBR,), "PID"), ((PID,), "OBR"), (("PID|1||||Nguyễn", OBR), "PID-3")])
def test_a_message_that_lacks_what_is_needed_is_refused_by_its_place(lines: tuple[str, ...], place: str) -> None:
    with pytest.raises(Fault, match="BA-0701") as caught:
        mapped("ORU^R01", *lines)
    assert place in [issue.place for issue in caught.value.issues]


def test_results_never_overwrite_what_is_known_of_the_patient_and_the_visit() -> None:
    all_ = mapped("ORU^R01", PID, PV1, OBR)
    assert {each.policy.value for each in all_.resources[:2]} == {"keep"}
