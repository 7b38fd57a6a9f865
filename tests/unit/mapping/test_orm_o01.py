"""ORM^O01, OMG^O19, OML^O21: an order is placed, changed, cancelled, replaced, and answered by its result."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.mapping.making import FACILITY, PID, PV1, mapped, of

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Fault
from benhan.mapping.merge import merge

ORC = "ORC|NW|O1^HIS|F1^LIS|P7|||||20260105073000|||004512^Lê^Châu^Minh||||"
OBR = "OBR|1|O1||GLU^Glucose^L^2345-7^Glucose^LN|||||||||Đang nhịn đói|||||||||||LAB|||^^^20260105080000^^S||||^Sốt"


def orders(*lines: str, kind: str = "ORM^O01^ORM_O01") -> list[dict[str, Any]]:
    return [each.resource for each in of(mapped(kind, PID, PV1, *lines), "ServiceRequest")]


def order(*lines: str, kind: str = "ORM^O01^ORM_O01") -> dict[str, Any]:
    (one,) = orders(*lines, kind=kind)
    return one


def status(control: str, own: str = "") -> str:
    told: str = order(f"ORC|{control}|O1|||{own}", OBR)["status"]
    return told


@pytest.mark.parametrize("kind", ["ORM^O01^ORM_O01", "OMG^O19^OMG_O19", "OML^O21^OML_O21"])
def test_an_order_keeps_who_ordered_what_when_why_and_how_urgently(kind: str) -> None:
    found = order(ORC, OBR, "NTE|1||Lấy máu tại giường", "DG1|1||E11^Đái tháo đường^I10", kind=kind)
    numbers = {each["system"].split(":")[3]: each["value"] for each in found["identifier"][:2]}
    assert numbers == {"placer": "O1", "filler": "F1"}
    assert found["requisition"]["value"] == "P7"
    assert [each["code"] for each in found["code"]["coding"]] == ["GLU", "2345-7"]
    assert (found["status"], found["intent"], found["priority"]) == ("active", "order", "stat")
    assert found["authoredOn"] == "2026-01-05T07:30:00+07:00"
    assert found["occurrenceDateTime"] == "2026-01-05T08:00:00+07:00"
    assert found["requester"]["identifier"]["value"] == "004512"
    assert found["encounter"] == {"reference": "urn:mapped:encounter"}
    assert [each["text"] for each in found["note"]] == ["Đang nhịn đói", "Lấy máu tại giường"]
    assert [each["text"] for each in found["reasonCode"]] == ["Sốt", "Đái tháo đường"]
    assert not check_structure(resource_of(found).plain)


@pytest.mark.parametrize(
    ("control", "own", "told"),
    [("NW", "", "active"), ("NW", "CM", "completed"), ("CA", "", "revoked"), ("CA", "IP", "revoked"),
     ("DC", "", "revoked"), ("HD", "", "on-hold"), ("RL", "", "active"), ("XO", "", "active"), ("XO", "HD", "on-hold"),
     ("SC", "CM", "completed"),
     ("SC", "CA", "revoked"), ("SC", "ER", "entered-in-error"), ("RU", "", "revoked"), ("SC", "?", "active")],
)  # fmt: skip
def test_the_control_code_and_the_orders_own_status_tell_its_status(control: str, own: str, told: str) -> None:
    assert status(control, own) == told


def test_why_an_order_is_cancelled_is_kept() -> None:
    (reason,) = order("ORC|CA|O1||||||||||||||^Người bệnh từ chối", OBR)["extension"]
    assert reason["valueCodeableConcept"]["text"] == "Người bệnh từ chối"


def test_a_replacement_ends_the_old_order_and_names_it_in_the_new_one() -> None:
    old, new = orders("ORC|RU|O1", OBR, "ORC|RO|O2", "OBR|2|O2||HBA1C^HbA1c^L")
    assert (old["status"], new["status"]) == ("revoked", "active")
    assert new["replaces"] == [{"reference": "urn:mapped:request-2"}]


def test_each_obr_of_a_sheet_is_an_order_and_each_result_finds_its_own() -> None:
    sheet = mapped("ORM^O01", PID, "ORC|NW|O1", "OBR|1|O1||GLU^Glucose^L", "OBR|2|O1||URE^Urê^L")
    answer = mapped("ORU^R01", PID, "ORC|RE|O1|F9", "OBR|1|O1|F9|URE^Urê^L", "OBX|1|NM|URE^Urê^L||5|mmol/L|||||F")
    glucose, urea = of(sheet, "ServiceRequest")
    (request,) = of(answer, "ServiceRequest")
    assert set(request.identities) & set(urea.identities)
    assert not set(request.identities) & set(glucose.identities)
    (report,) = of(answer, "DiagnosticReport")
    assert report.resource["basedOn"] == [request.reference]


def test_a_result_that_leads_with_another_code_of_the_order_is_still_its_answer() -> None:
    (asked,) = of(mapped("ORM^O01", PID, ORC, OBR), "ServiceRequest")
    (found,) = of(
        mapped("ORU^R01", PID, "OBR|1|O1|F1|2345-7^Glucose^LN|||20260105", "OBX|1|NM|X^Y^L||5|g/L|||||F"),
        "ServiceRequest",
    )
    assert set(asked.identities) & set(found.identities)


def test_the_answer_ends_the_order_and_changes_nothing_of_it() -> None:
    asked = order(ORC, OBR)
    (found,) = of(mapped("ORU^R01", PID, "OBR|1|O1|F1|GLU^Gl^L|||20260105||||||||||||||||||F"), "ServiceRequest")
    filled = merge(found.resource, asked)
    assert filled["status"] == "completed"
    assert {**filled, "status": "active", "identifier": asked["identifier"]} == asked


def test_a_preliminary_answer_leaves_the_order_active() -> None:
    (found,) = of(mapped("ORU^R01", PID, "OBR|1|O1|F1|GLU^Gl^L|||20260105||||||||||||||||||P"), "ServiceRequest")
    assert found.resource["status"] == "active"


def test_an_ended_order_is_not_opened_by_a_late_change_but_may_be_cancelled() -> None:
    done = {**order(ORC, OBR), "status": "completed"}
    assert merge(done, order("ORC|XO|O1", OBR))["status"] == "completed"
    assert merge(done, order("ORC|CA|O1", OBR))["status"] == "revoked"


def test_a_change_lays_what_it_says_over_the_order_and_keeps_when_it_was_given() -> None:
    changed = merge(order(ORC, OBR), order("ORC|XO|O1|||||||20260105090000", "OBR|1|O1||GLU^Glucose^L|A"))
    assert (changed["authoredOn"], changed["priority"]) == ("2026-01-05T07:30:00+07:00", "asap")
    assert changed["requester"]["identifier"]["value"] == "004512"


def test_results_of_before_that_come_with_an_order_are_no_orders() -> None:
    prior = ("PID|1||X", "PV1|1|O", "ORC|PR|O0", "OBR|1|O0||GLU^Glucose^L", "OBX|1|NM|GLU^Glucose^L||5|g/L|||||F")
    found = orders(ORC, OBR, *prior, "ORC|NW|O2", "OBR|2|O2||URE^Urê^L", kind="OML^O21^OML_O21")
    assert [each["identifier"][0]["value"] for each in found] == ["O1", "O2"]


def test_an_order_that_stands_twice_in_a_message_is_one_and_the_later_word_holds() -> None:
    assert order("ORC|NW|O1", OBR, "ORC|CA|O1", OBR)["status"] == "revoked"


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("ORC|NW|O1",), "OBR"),
        (("ORC|CA|O1", "RXO|1^Thuốc"), "OBR"),
        (("ORC|NW|O1", "OBR|1|O1"), "OBR-4"),
        (("ORC|NW|O1", "OBR|1|O1||^^L"), "OBR-4"),
        (("ORC|NW", "OBR|1|||GLU^Glucose^L"), "ORC-2"),
        (("ORC|UC|O1", OBR), "ORC-1"),
        ((OBR,), "ORC"),
        (("ORC|NW|O1|||||||31/02/2026", OBR), "ORC-9"),
    ],
)
def test_what_is_no_whole_order_is_told_with_its_place(lines: tuple[str, ...], place: str) -> None:
    with pytest.raises(Fault) as raised:
        orders(*lines)
    assert [each.place for each in raised.value.issues] == [place]


def test_numbers_of_one_facility_are_no_orders_of_another_patient() -> None:
    (one,) = of(mapped("ORM^O01", PID, ORC, OBR), "ServiceRequest")
    (other,) = of(mapped("ORM^O01", PID.replace("BN1", "BN2"), ORC, OBR), "ServiceRequest")
    assert FACILITY in one.resource["identifier"][0]["system"]
    assert not set(one.identities) & set(other.identities)
