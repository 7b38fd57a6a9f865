"""A patient's chart: each diagnosis of an encounter once, with what it was to it."""

from __future__ import annotations

from typing import Any

from benhan.node.chart.moments import Moment, diagnoses_of

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
