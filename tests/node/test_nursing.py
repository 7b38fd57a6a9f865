"""Nursing: a grid saved whole or not at all, doses told once, the care slip, the handover of a shift."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, Stay, admit, person
from tests.node.test_ward import INTERNAL_WARD, lies_in

from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Conflict, Fault, Forbidden, Incorrect, NotFound
from benhan.node.nursing.bedside import Bedside
from benhan.node.nursing.handover import Handovers
from benhan.node.nursing.signs import PRESSURE, fluid_days, signs_by_time
from benhan.node.orders.lines import OrderKind, OrderLine, care_level
from benhan.node.orders.orders import Orders, Written
from benhan.node.orders.picker import OrderPicker
from benhan.node.records.life import Records
from benhan.node.records.papers import Papers
from benhan.node.ward.wards import Wards
from benhan.store.catalogues import Catalogues
from benhan.store.store import Store

OTHER_NURSE = person(7, Role.NURSE)
PARACETAMOL = OrderLine(OrderKind.DRUG, "Paracetamol", "", "N02BE01", Decimal(1), "viên", "uống", ("09:00", "20:00"))
AT = "2026-01-05T08:00"
"""The morning of the clock of tests, in Vietnam."""


@pytest.fixture
def bedside(store: Store, papers: Papers) -> Bedside:
    return Bedside(store, papers)


@pytest.fixture
def orders(store: Store, papers: Papers) -> Orders:
    return Orders(store, papers, OrderPicker(Catalogues(store.database, store.clock), store.clock))


async def test_a_grid_is_saved_for_many_patients_at_once_and_twice_is_once(
    store: Store, bedside: Bedside, stay: Stay
) -> None:
    other = await admit(store, "Lê Văn Bình")
    cells = {
        (stay.encounter, "mach"): "88",
        (stay.encounter, PRESSURE): "130/80",
        (other.encounter, "nhiet_do"): "38,2",
    }
    assert await bedside.save_signs(AT, {**cells, (other.encounter, "spo2"): " "}, NURSE, "ĐD. Hải") == 3
    await bedside.save_signs(AT, cells, NURSE, "ĐD. Hải")
    opened, _ = await bedside.open(stay.encounter, DOCTOR)
    found = signs_by_time(each.read() for each in opened.resources if each.type == "Observation")
    assert [dict(each.signs) for each in found] == [{"mach": "88", PRESSURE: "130/80"}]
    last = await bedside.last_signs([stay.patient, other.patient], NURSE)
    assert last == {stay.patient: {"mach": "88", PRESSURE: "130/80"}, other.patient: {"nhiet_do": "38,2"}}


async def test_one_impossible_cell_holds_the_whole_grid_back(bedside: Bedside, stay: Stay) -> None:
    cells = {(stay.encounter, "mach"): "88", (stay.encounter, "spo2"): "970"}
    with pytest.raises(Incorrect) as told:
        await bedside.save_signs(AT, cells, NURSE, "ĐD")
    assert [each.place for each in told.value.issues] == [f"{stay.encounter}.spo2"]
    for at, code in (("2026-01-06T08:00", "BA-5370"), ("2025-12-30T08:00", "BA-5370")):
        with pytest.raises(Incorrect) as refused:
            await bedside.save_signs(at, {(stay.encounter, "mach"): "88"}, NURSE, "ĐD")
        assert refused.value.code == code
    with pytest.raises(Incorrect) as nothing:
        await bedside.save_signs(AT, {(stay.encounter, "mach"): ""}, NURSE, "ĐD")
    assert nothing.value.code == "BA-5371"
    with pytest.raises(Forbidden):
        await bedside.save_signs(AT, {(stay.encounter, "mach"): "88"}, ARCHIVIST, "KHTH")
    assert await bedside.last_signs([stay.patient], NURSE) == {}


async def test_fluids_are_kept_by_way(bedside: Bedside, stay: Stay) -> None:
    await bedside.save_fluids(stay.encounter, AT, {"uong": "300", "nuoc_tieu": "450", "non": ""}, NURSE, "ĐD")
    with pytest.raises(Incorrect):
        await bedside.save_fluids(stay.encounter, AT, {"uong": "300", "non": "x"}, NURSE, "ĐD")
    opened, _ = await bedside.open(stay.encounter, NURSE)
    (day,) = fluid_days((each.read() for each in opened.resources if each.type == "Observation"), day_in_vietnam)
    assert (day.taken, day.lost, day.balance) == (300, 450, -150)


async def test_a_dose_is_told_once_given_or_not_and_why(
    records: Records, orders: Orders, bedside: Bedside, stay: Stay, clock: SetClock
) -> None:
    await records.open(stay.encounter, "01/BV-01", "K03", DOCTOR)
    await orders.write(stay.encounter, Written(AT, "", (PARACETAMOL,)), DOCTOR, "BS")
    clock.advance(hours=2)
    _, doses = await bedside.open(stay.encounter, NURSE)
    assert [(each.state, each.is_late) for each in doses] == [("", True), ("", False)]
    morning, evening = doses
    with pytest.raises(Incorrect) as reason:
        await bedside.tell_dose(stay.encounter, morning.order, morning.at, NURSE, "ĐD. Hải", given=False)
    assert reason.value.code == "BA-5374"

    async def give(actor: Actor) -> str:
        try:
            await bedside.tell_dose(stay.encounter, morning.order, morning.at, actor, "ĐD. Hải", given=True)
        except Fault as fault:
            return fault.code
        return "told"

    assert sorted(await asyncio.gather(give(NURSE), give(OTHER_NURSE))) == ["BA-5373", "told"]
    await bedside.tell_dose(
        stay.encounter, evening.order, evening.at, NURSE, "ĐD. Hải", given=False, why="Người bệnh nôn"
    )
    _, doses = await bedside.open(stay.encounter, DOCTOR)
    assert [(each.state, each.by, each.why) for each in doses] == [
        ("completed", "ĐD. Hải", ""), ("not-done", "ĐD. Hải", "Người bệnh nôn"),
    ]  # fmt: skip
    with pytest.raises(NotFound) as missing:
        await bedside.tell_dose(stay.encounter, "MedicationRequest/x", morning.at, NURSE, "ĐD", given=True)
    assert missing.value.code == "BA-5372"


async def test_a_note_goes_on_the_slip_of_the_level_that_is_ordered(
    records: Records, papers: Papers, orders: Orders, bedside: Bedside, stay: Stay
) -> None:
    with pytest.raises(Conflict):
        await bedside.note(stay.encounter, AT, "Tỉnh", "", NURSE)
    record = await records.open(stay.encounter, "01/BV-01", "K03", DOCTOR)
    second = await bedside.note(stay.encounter, AT, "Tỉnh, đỡ khó thở", "Cho thở oxy", NURSE)
    await orders.write(stay.encounter, Written(AT, "", (care_level("1"),)), DOCTOR, "BS")
    first = await bedside.note(stay.encounter, AT, "Mê", "Hút đờm", NURSE)
    again = await bedside.note(stay.encounter, "2026-01-05T07:00", "Tỉnh hơn", "", NURSE)
    assert (second.form_number, first.form_number, again.number) == ("38/BV-02", "37/BV-02", first.number)
    shown = await papers.view(record.id, first.number, DOCTOR)
    assert [row["dien_bien"] for row in shown.answers["dien_bien"]] == ["Tỉnh hơn", "Mê"]


async def test_a_shift_is_handed_over_with_what_changed_and_accepted_by_another(
    store: Store, records: Records, orders: Orders, clock: SetClock
) -> None:
    stay = await admit(store, "Trần Thị Mận", **lies_in(INTERNAL_WARD, "P1", "H2"))
    await records.open(stay.encounter, "01/BV-01", "K03", DOCTOR)
    await orders.write(stay.encounter, Written(AT, "", (PARACETAMOL,)), DOCTOR, "BS")
    handovers = Handovers(store, Wards(store))
    _, lines = await handovers.open(INTERNAL_WARD, NURSE)
    assert [each.changes.ordered for each in lines] == [[PARACETAMOL.text]]
    number = await handovers.give(INTERNAL_WARD, {stay.encounter: "Theo dõi nhiệt độ"}, NURSE, "ĐD. Hải")
    given, notes = await handovers.read(number, OTHER_NURSE)
    assert (given.given_by, given.accepted_at) == (NURSE.id, None)
    assert [(each.name, each.text) for each in notes] == [("Trần Thị Mận", f"Theo dõi nhiệt độ\n{PARACETAMOL.text}")]
    with pytest.raises(Conflict) as own:
        await handovers.accept(number, NURSE)
    assert own.value.code == "BA-5377"
    await handovers.accept(number, OTHER_NURSE)
    with pytest.raises(Conflict) as twice:
        await handovers.accept(number, OTHER_NURSE)
    assert twice.value.code == "BA-5376"
    assert [each.accepted_by for each in await handovers.listed(INTERNAL_WARD)] == [OTHER_NURSE.id]
    clock.advance(hours=8)
    since, lines = await handovers.open(INTERNAL_WARD, OTHER_NURSE)
    assert since == given.given_at
    assert [each.changes.ordered for each in lines] == [[]]
    with pytest.raises(NotFound):
        await handovers.read(number + 1, NURSE)
