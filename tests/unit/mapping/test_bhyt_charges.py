"""Money of a claim out of ChargeItem and Invoice, where no Claim tells it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.mapping.fhir_to_bhyt import fhir_to_bhyt
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.node.records.content import belonging
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim, Row

Json = dict[str, Any]
PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"text": "Trần Thử"}]}
ENCOUNTER = {
    "resourceType": "Encounter", "id": "e", "class": {"code": "AMB"}, "status": "finished",
    "identifier": [{"system": systems.encounter_number("01901"), "value": "LK1"}],
    "period": {"start": "2026-11-03T08:00:00+07:00", "end": "2026-11-03T10:00:00+07:00"},
}  # fmt: skip
DRUG = {
    "resourceType": "MedicationRequest", "id": "m", "authoredOn": "2026-11-03T09:00:00+07:00",
    "medicationCodeableConcept": {"text": "Thuốc A"},
    "dispenseRequest": {"quantity": {"value": Decimal(20), "unit": "viên"}},
}  # fmt: skip
TEST = {
    "resourceType": "ServiceRequest",
    "id": "s",
    "code": {"text": "Glucose"},
    "authoredOn": "2026-11-03T08:30:00+07:00",
}


def dong(value: Any, currency: str = "VND") -> Json:
    return {"value": Decimal(str(value)), "currency": currency}


def charge(id_: str, service: str = "", *, price: Any = None, quantity: Any = None, **more: Any) -> Json:
    found: Json = {
        "resourceType": "ChargeItem",
        "id": id_,
        "status": "billable",
        "context": {"reference": "Encounter/e"},
    }
    if service:
        found["service"] = [{"reference": service}]
    if price is not None:
        found["priceOverride"] = dong(price)
    if quantity is not None:
        found["quantity"] = {"value": Decimal(str(quantity))}
    return {**found, **more}


def invoice(charge_id: str, **parts: Any) -> Json:
    components = [{"type": kind, "amount": dong(amount)} for kind, amount in parts.items()]
    line = {"chargeItemReference": {"reference": f"ChargeItem/{charge_id}"}, "priceComponent": components}
    return {"resourceType": "Invoice", "id": f"i-{charge_id}", "status": "issued", "lineItem": [line]}


def claim_of(*resources: Json) -> Claim:
    return fhir_to_bhyt(Record("01901", PATIENT, ENCOUNTER, list(resources)))


def money(row: Row) -> tuple[str, str, str]:
    return row["SO_LUONG"], row.get("DON_GIA") or row.get("DON_GIA_BV", ""), row["THANH_TIEN_BV"]


def test_a_charge_tells_amount_quantity_and_the_price_of_one() -> None:
    claim = claim_of(
        DRUG,
        TEST,
        charge("c", "MedicationRequest/m", price=30000, quantity=12),
        charge("d", "ServiceRequest/s", price=21500, quantity=1),
    )
    (drug,), (test,) = claim.tables["XML2"], claim.tables["XML3"]
    assert (money(drug), money(test)) == (("12", "2500", "30000"), ("1", "21500", "21500"))
    summary = claim.summary
    assert (summary["T_THUOC"], summary["T_VTYT"], summary["T_TONGCHI_BV"]) == ("30000", "0", "51500")
    assert summary["T_BHTT"] == ""


def test_the_line_of_an_invoice_goes_before_the_charge_and_the_claim_before_both() -> None:
    paid = charge("c", "MedicationRequest/m", price=30000, quantity=12)
    bill = invoice("c", base=36000, surcharge=1000, discount=6000, deduction=1000, tax=600, informational=99)
    (drug,) = claim_of(DRUG, paid, bill).tables["XML2"]
    assert money(drug) == ("12", "2550", "30600")
    told = {"url": systems.EXTENSION_BHYT, "extension": [{"url": "THANH_TIEN_BV", "valueString": "12345"}]}
    of = {"url": systems.EXTENSION_BHYT_OF, "valueReference": {"reference": "MedicationRequest/m"}}
    item = {"extension": [told, of], "category": {"coding": [{"system": "urn:benhan:code:bhyt-bang", "code": "XML2"}]}}
    claim = {"resourceType": "Claim", "id": "k", "item": [item]}
    made = claim_of(DRUG, paid, bill, claim)
    assert money(made.tables["XML2"][0]) == ("12", "2550", "12345")
    assert made.summary["T_TONGCHI_BV"] == ""


def test_a_charge_of_a_procedures_order_is_the_procedures() -> None:
    done = {
        "resourceType": "Procedure",
        "id": "d",
        "code": {"text": "Mổ"},
        "basedOn": [{"reference": "ServiceRequest/s"}],
    }
    rows = claim_of(TEST, done, charge("c", "ServiceRequest/s", price=5, quantity=1)).tables["XML3"]
    assert [money(row) for row in rows] == [("1", "5", "5")]


def test_charges_of_nothing_else_are_lines_of_their_own() -> None:
    def coded(list_: str, code: str, text: str) -> Json:
        return {"code": {"coding": [{"system": systems.bhyt_code(list_), "code": code}], "text": text}}

    at = {"occurrenceDateTime": "2026-11-03T08:15:00+07:00"}
    claim = claim_of(
        charge("a", price=100, quantity=1, **coded("DVKT", "K01.1", "Ngày giường"), **at),
        charge("b", price=70, quantity=2, **coded("VTYT", "N01", "Bơm tiêm"), **at),
        charge("c", price=9, quantity=3, **coded("HOATCHAT", "40.1", "Thuốc B"), **at),
        charge("d", price=8, quantity=3, status="not-billable"),
    )
    bed, supply = claim.tables["XML3"]
    assert (bed["MA_DICH_VU"], bed["NGAY_YL"], supply["MA_VAT_TU"], supply["MA_DICH_VU"]) == (
        "K01.1",
        "202611030815",
        "N01",
        "",
    )
    assert (claim.tables["XML2"][0]["MA_THUOC"], money(supply)) == ("40.1", ("2", "35", "70"))
    assert (claim.summary["T_VTYT"], claim.summary["T_TONGCHI_BV"]) == ("70", "179")


@pytest.mark.parametrize(
    "odd",
    [
        charge("c", "MedicationRequest/m", quantity=12),
        charge("c", "MedicationRequest/m", quantity=12, priceOverride=dong(5, "USD")),
        charge("c", "MedicationRequest/m", quantity=12, priceOverride={"value": Decimal(10) ** 40}),
        charge("c", "MedicationRequest/m", price=5, quantity=12, status="entered-in-error"),
    ],
)
def test_what_is_no_amount_in_dong_is_not_made_up(odd: Json) -> None:
    claim = claim_of(DRUG, odd)
    (drug,) = claim.tables["XML2"]
    assert (drug["DON_GIA"], drug["THANH_TIEN_BV"], claim.summary["T_TONGCHI_BV"]) == ("", "", "")


def test_a_quantity_next_to_nothing_gives_no_price_of_one() -> None:
    tiny = charge("c", "MedicationRequest/m", price=999_999_999, quantity="0.0000000001")
    (drug,) = claim_of(DRUG, tiny).tables["XML2"]
    assert (drug["DON_GIA"], drug["THANH_TIEN_BV"]) == ("", "999999999")


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 1000)), min_size=1, max_size=6))
def test_the_total_is_the_sum_of_the_lines(charges: list[tuple[int, int]]) -> None:
    claim = claim_of(*(charge(str(number), price=price, quantity=many) for number, (price, many) in enumerate(charges)))
    assert claim.summary["T_TONGCHI_BV"] == str(sum(price for price, _ in charges))
    for row in claim.tables["XML3"]:
        difference = Decimal(row["DON_GIA_BV"]) * Decimal(row["SO_LUONG"]) - Decimal(row["THANH_TIEN_BV"])
        assert abs(difference) <= Decimal("0.0005") * Decimal(row["SO_LUONG"])


def test_an_invoice_belongs_to_the_encounter_of_its_charges() -> None:
    other = {**invoice("x", base=1), "id": "other"}
    found = belonging([charge("c"), invoice("c", base=1), other], "e")
    assert [each["id"] for each in found] == ["c", "i-c"]
