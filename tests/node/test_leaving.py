"""A stay that moves on or ends: papers filled from the data, one place after the other, orders and treatment ended."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, NURSE, OTHER_DOCTOR, Stay, admit
from tests.node.test_ward import INTERNAL_WARD, SURGERY, lies_in

from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Forbidden, Incorrect
from benhan.node.orders.lines import OrderKind, OrderLine
from benhan.node.orders.orders import Orders, Written
from benhan.node.orders.picker import OrderPicker
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import State
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.node.ward.leaving import PAPERS, Leaving, Wish
from benhan.node.ward.places import Place, place_of
from benhan.node.ward.wards import Wards
from benhan.store.catalogues import Catalogues
from benhan.store.store import Store

PARACETAMOL = OrderLine(OrderKind.DRUG, "Paracetamol", "", "N02BE01", Decimal(1), "viên", "uống", ("09:00", "20:00"))
AT = "2026-01-05T08:00"
LATER = "2026-01-05T10:00"
STARTED = {"period": {"start": "2026-01-02T08:00:00+07:00"}}


@pytest.fixture
async def stay(store: Store, papers: Papers, records: Records) -> Stay:
    """An inpatient with a record, a drug that is given and a course that is told."""
    stay = await admit(store, "Trần Thị Mận", **lies_in(INTERNAL_WARD, "P1", "H2"), **STARTED)
    await records.open(stay.encounter, "01/BV-01", INTERNAL_WARD, DOCTOR)
    await Wards(store).take(stay.encounter, DOCTOR, "BS. Châu")
    orders = Orders(store, papers, OrderPicker(Catalogues(store.database, store.clock), store.clock))
    await orders.write(stay.encounter, Written(AT, "Hết sốt, ăn được", (PARACETAMOL,)), DOCTOR, "BS. Châu")
    return stay


@pytest.fixture
def leaving(store: Store, papers: Papers, clock: SetClock) -> Leaving:
    clock.advance(hours=2)
    return Leaving(store, papers)


async def record_of(records: Records, leaving: Leaving, stay: Stay) -> Record:
    opened, _ = await leaving.open(stay.encounter, DOCTOR)
    assert opened.record is not None
    return opened.record


async def test_papers_are_filled_from_the_data_and_wait_to_be_read(
    leaving: Leaving, papers: Papers, records: Records, stay: Stay
) -> None:
    wish = Wish(LATER, "2", "2026-01-19", "Bệnh viện Bạch Mai")
    made = await leaving.make(stay.encounter, PAPERS, wish, DOCTOR, "BS. Châu")
    assert [each.form_number for each in made] == list(PAPERS)
    record = await record_of(records, leaving, stay)
    shown = {each.form_number: (await papers.view(record.id, each.number, DOCTOR)).answers for each in made}
    for answers in shown.values():
        assert answers["ho_ten"] == "Trần Thị Mận"
    discharge, summary, again, referral = (shown[each] for each in PAPERS[2:])
    assert (discharge["vao_vien_luc"], discharge["ra_vien_luc"]) == ("2026-01-02T08:00", LATER)
    assert discharge["b_phuong_phap"] == "Paracetamol"
    assert discharge["bac_sy_dieu_tri"] == "BS. Châu"
    assert summary["b_qua_trinh"] == "05/01/2026: Hết sốt, ăn được"
    assert again["hen_ngay"] == "2026-01-19"
    assert referral["noi_den"] == "Bệnh viện Bạch Mai"
    assert shown["27/BV-02"]["tom_tat"] == "05/01/2026: Hết sốt, ăn được"
    assert (shown["06/BV-02"]["khoa"], shown["06/BV-02"]["giuong"]) == (INTERNAL_WARD, "H2")
    with pytest.raises(Incorrect) as nothing:
        await leaving.make(stay.encounter, ["99/XX"], wish, DOCTOR, "BS")
    assert nothing.value.code == "BA-5354"


async def test_a_move_ends_the_place_takes_the_record_along_and_hands_over_what_holds(
    leaving: Leaving, papers: Papers, records: Records, store: Store, stay: Stay
) -> None:
    wards = Wards(store)
    slip = await leaving.move(stay.encounter, Place(SURGERY, "P3", "H9"), "Cần mổ", DOCTOR, "BS. Châu")
    assert await wards.board(INTERNAL_WARD, NURSE) == []
    (line,) = await wards.board(SURGERY, NURSE)
    assert (line.place.bed, line.treats) == ("H9", "")
    record = await record_of(records, leaving, stay)
    assert record.department == SURGERY
    answers = (await papers.view(record.id, slip.number, OTHER_DOCTOR)).answers
    assert (answers["tu_khoa"], answers["den_khoa"], answers["ly_do_chuyen"]) == (INTERNAL_WARD, SURGERY, "Cần mổ")
    assert answers["y_lenh"] == PARACETAMOL.text
    for place in (Place(), Place(SURGERY, "P3", "H9")):
        with pytest.raises(Incorrect) as told:
            await leaving.move(stay.encounter, place, "", DOCTOR, "BS")
        assert told.value.code == "BA-5352"
    with pytest.raises(Forbidden):
        await leaving.move(stay.encounter, Place(INTERNAL_WARD), "", NURSE, "ĐD")


async def test_a_discharge_ends_the_stay_its_orders_and_the_treatment_at_once(
    leaving: Leaving, records: Records, store: Store, stay: Stay
) -> None:
    for wish in (Wish(LATER), Wish("2026-01-06T08:00", "2"), Wish("2025-12-30T08:00", "2"), Wish(LATER, "99")):
        with pytest.raises(Incorrect) as told:
            await leaving.leave(stay.encounter, wish, DOCTOR)
        assert told.value.code == "BA-5353"
    await leaving.leave(stay.encounter, Wish(LATER, "2"), DOCTOR)
    encounter = (await store.resources.read("Encounter", stay.encounter, system("test"))).read()
    assert encounter["status"] == "finished"
    assert encounter["period"]["end"] == f"{LATER}:00+07:00"
    assert encounter["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "2"
    assert place_of(encounter).bed == "H2"
    opened, _ = await leaving.open(stay.encounter, DOCTOR)
    assert opened.record is not None
    assert opened.record.state is State.CLOSED
    orders = [each.read()["status"] for each in opened.resources if each.type == "MedicationRequest"]
    assert orders == ["completed"]
    assert await Wards(store).board(INTERNAL_WARD, NURSE) == []
    with pytest.raises(Conflict) as over:
        await leaving.leave(stay.encounter, Wish(LATER, "2"), DOCTOR)
    assert over.value.code == "BA-5351"
    assert await leaving.make(stay.encounter, ["02/TT25"], Wish(LATER, "2"), DOCTOR, "BS. Châu")
