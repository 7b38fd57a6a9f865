"""A patient's chart: each diagnosis of an encounter once, with what it was to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from benhan.node.chart.drugs import drugs_now, drugs_of
from benhan.node.chart.life_line import LINES_MAX, WIDTH, life_line
from benhan.node.chart.moments import Moment, diagnoses_of
from benhan.node.chart.vital_signs import signs_of

Json = dict[str, Any]


def encounter(id_: str, **roles: str) -> Json:
    coded = [
        {"condition": {"reference": f"Condition/{name}"}, "use": {"coding": [{"code": role.replace("_", "-")}]}}
        for name, role in roles.items()
    ]
    return {"resourceType": "Encounter", "id": id_, "status": "finished", "class": {"code": "IMP"}, "diagnosis": coded}


def condition(id_: str, text: str = "", code: str = "", of: str = "e", at: str = "2026-01-05") -> Json:
    coding = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]} if code else {}
    return {
        "resourceType": "Condition",
        "id": id_,
        "code": {**coding, **({"text": text} if text else {})},
        "encounter": {"reference": f"Encounter/{of}"},
        "recordedDate": at,
    }


def diagnoses(*resources: Json) -> list[Moment]:
    return diagnoses_of(list(resources))


def test_what_a_stay_came_and_left_with_is_shown_once_with_both_roles() -> None:
    (one,) = diagnoses(
        encounter("e", a="AD", d="DD"),
        condition("d", "Viêm phế quản cấp", "J20", at="2026-01-08"),
        condition("a", "VIÊM PHẾ QUẢN CẤP", at="2026-01-05T08:00:00+07:00"),
    )
    assert (one.roles, one.at is not None and one.at.isoformat()[:10]) == (("AD", "DD"), "2026-01-05")
    (by_code,) = diagnoses(
        encounter("e", a="DD", d="CC"), condition("a", "Viêm phế quản", "J20"), condition("d", "", "J20")
    )
    assert (by_code.title, by_code.roles) == ("Viêm phế quản", ("DD", "CC"))


def test_other_diagnoses_and_other_encounters_stay_apart() -> None:
    found = diagnoses(
        encounter("e", a="AD", b="CC"),
        encounter("f", c="pre-op", x="weird"),
        condition("a", "Sốt"),
        condition("b", "", "I10"),
        condition("c", "Sốt", of="f"),
        condition("x", "Ho", of="f"),
        condition("u"),
        condition("v"),
    )
    assert sorted((each.title, each.roles) for each in found) == [
        ("", ()), ("", ()), ("Ho", ("unknown",)), ("I10", ("CC",)), ("Sốt", ("AD",)), ("Sốt", ("pre_op",)),
    ]  # fmt: skip


def sign(code: str, value: float, unit: str, at: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": at,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "Mạch"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": unit},
    }


def test_a_sign_is_one_series_in_whatever_words_its_unit_was_written() -> None:
    (found,) = signs_of(
        [
            sign("8867-4", 80, "/min", "2026-01-05"),
            sign("8867-4", 90, "lần/phút", "2026-01-06"),
            sign("8867-4", 85, "bpm", "2026-01-04"),
        ]
    )
    assert (found.unit, [value.number for value in found.values]) == ("/min", [90, 80, 85])


def drug(id_: str, at: str, status: str = "active", days: float = 0, encounter: str = "") -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": status,
        "authoredOn": at,
        "medicationCodeableConcept": {"text": f"Thuốc {id_}"},
        "encounter": {"reference": f"Encounter/{encounter}"} if encounter else {},
        "dispenseRequest": {"expectedSupplyDuration": {"value": days, "code": "d"}} if days else {},
    }


def test_drugs_now_are_those_of_the_open_stay_and_those_that_have_not_run_out() -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    drugs = drugs_of(
        [
            drug("open", "2026-01-01", encounter="e"),
            drug("closed", "2026-01-01", encounter="f"),
            drug("running", "2026-01-08", "completed", days=5, encounter="f"),
            drug("ended", "2026-01-01", days=5, encounter="e"),
            drug("stopped", "2026-01-08", "stopped", days=5),
            drug("wrong", "2026-01-08", "entered-in-error", days=5),
        ]
    )
    assert {each.id for each in drugs_now(drugs, frozenset({"e"}), now)} == {"open", "running"}


def test_a_life_line_has_a_line_a_facility_and_the_others_share_one() -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    stays = [
        Moment(now - timedelta(days=40 * number), "Encounter", "IMP", "", str(number), facility=f"BV {number % 9}")
        for number in range(1, 40)
    ]
    found = life_line(stays, now)
    assert found is not None
    assert (len(found.lines), found.lines[-1].facility) == (LINES_MAX + 1, None)
    assert sum(len(line.bars) for line in found.lines) == 39
    assert all(0 <= bar.x <= bar.x + bar.width <= WIDTH for line in found.lines for bar in line.bars)
    assert len(found.years) == 5
    assert life_line([], now) is None
