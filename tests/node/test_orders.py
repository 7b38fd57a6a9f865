"""Orders of a stay: written with the sheet in one commit, warned of, stopped, ordered anew; templates; the picker."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, OTHER_DOCTOR, Stay

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Forbidden, Incorrect, NotFound
from benhan.node.orders.lines import OrderKind, OrderLine, care_level
from benhan.node.orders.orders import Orders, Written, lines_again
from benhan.node.orders.picker import OrderPicker
from benhan.node.orders.templates import OrderTemplates
from benhan.node.records.growing import ROWS_MAX
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.node.ward.wards import Wards
from benhan.store.catalogues import Catalogues
from benhan.store.store import Store

PARACETAMOL = OrderLine(
    OrderKind.DRUG, "Paracetamol 500 mg", "T0001", "N02BE01", Decimal(1), "viên", "uống", ("08:00", "20:00")
)
AMOXICILLIN = OrderLine(OrderKind.DRUG, "Amoxicilin 500 mg", "", "J01CA04", Decimal(1), "viên", "uống", ("08:00",))
COUNT = OrderLine(OrderKind.LAB, "Công thức máu", "CTM")
PORRIDGE = OrderLine(OrderKind.NUTRITION, "Cháo")


@pytest.fixture
async def record(records: Records, stay: Stay) -> Record:
    return await records.open(stay.encounter, "01/BV-01", "K03", DOCTOR)


@pytest.fixture
def orders(store: Store, papers: Papers) -> Orders:
    return Orders(store, papers, OrderPicker(Catalogues(store.database, store.clock), store.clock))


def today(clock: SetClock, at: str = "08:00") -> str:
    return f"{clock.now().date().isoformat()}T{at}"


async def sheet_rows(papers: Papers, record: Record) -> list[list[dict[str, str]]]:
    """The rows of each sheet of a record."""
    found = await papers.records.rows.papers(await papers.records.read(record.id))
    numbers = [each.number for each in found if each.form_number == "36/BV-02"]
    return [list((await papers.view(record.id, number, DOCTOR)).answers["dien_bien"]) for number in numbers]


async def test_orders_and_the_row_of_the_sheet_are_written_together(
    orders: Orders, papers: Papers, record: Record, stay: Stay, clock: SetClock
) -> None:
    at = today(clock)
    lines = (PARACETAMOL, COUNT, PORRIDGE, care_level("2"))
    await orders.write(stay.encounter, Written(at, "Sốt 38,5", lines), DOCTOR, "BS. Châu")
    assert await sheet_rows(papers, record) == [
        [{"luc": at, "dien_bien": "Sốt 38,5", "y_lenh": "\n".join(each.text for each in lines)}]
    ]
    opened, placed = await orders.open(stay.encounter, NURSE)
    assert {each.line for each in placed} == set(lines)
    assert {(each.by, each.is_open) for each in placed} == {("BS. Châu", True)}
    assert {each.group.partition(".")[2] for each in placed} == {at}
    assert opened.record is not None


async def test_a_board_shows_the_level_of_care_open_orders_and_doses_that_are_due(
    orders: Orders, store: Store, record: Record, stay: Stay, clock: SetClock
) -> None:
    await orders.write(stay.encounter, Written(today(clock, "07:00"), "", (PARACETAMOL, care_level("1"))), DOCTOR, "BS")
    line = (await Wards(store).board("", NURSE))[0]
    assert (line.care_level, line.orders, len(line.due)) == ("1", 2, 2)
    assert [each.text for each in line.due] == [PARACETAMOL.text] * 2


async def test_a_warning_holds_orders_back_until_it_is_answered_and_the_answer_is_kept(
    orders: Orders, papers: Papers, record: Record, stay: Stay, clock: SetClock, store: Store
) -> None:
    unit = store.begin(system("test"))
    told = {"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}}
    unit.create(resource_of({**told, "patient": {"reference": f"Patient/{stay.patient}"}}))
    await store.commit(unit)
    written = Written(today(clock), "", (PARACETAMOL, AMOXICILLIN))
    with pytest.raises(Conflict) as refused:
        await orders.write(stay.encounter, written, DOCTOR, "BS. Châu")
    assert refused.value.code == "BA-5362"
    opened, placed = await orders.open(stay.encounter, DOCTOR)
    assert placed == []
    warned = await orders.warnings(opened, written)
    assert [each.row for each in warned] == [1]
    answered = Written(written.at, "", written.lines, answers={warned[0].key: "Đã dùng nhiều lần, dung nạp"})
    await orders.write(stay.encounter, answered, DOCTOR, "BS. Châu")
    query = parse_search("DetectedIssue", [("patient", f"Patient/{stay.patient}")])
    issue = (await store.search.search(query, system("test"))).matches[0].read()
    assert issue["mitigation"][0]["action"]["text"] == "Đã dùng nhiều lần, dung nạp"
    assert issue["severity"] == "high"
    _, placed = await orders.open(stay.encounter, DOCTOR)
    assert issue["implicated"] == [{"reference": next(each.reference for each in placed if each.line == AMOXICILLIN)}]


async def test_an_order_is_stopped_with_why_and_cannot_be_stopped_twice(
    orders: Orders, papers: Papers, record: Record, stay: Stay, clock: SetClock
) -> None:
    await orders.write(stay.encounter, Written(today(clock), "", (PARACETAMOL,)), DOCTOR, "BS. Châu")
    _, placed = await orders.open(stay.encounter, DOCTOR)
    stop = Written(today(clock, "10:00"), "", stops=(placed[0].reference,), why="Hết sốt")
    await orders.write(stay.encounter, stop, OTHER_DOCTOR, "BS. Dũng")
    _, placed = await orders.open(stay.encounter, DOCTOR)
    assert [each.is_open for each in placed] == [False]
    assert (await sheet_rows(papers, record))[0][-1]["y_lenh"] == f"Ngừng: {PARACETAMOL.text} (Hết sốt)"
    with pytest.raises(Conflict) as told:
        await orders.write(stay.encounter, stop, DOCTOR, "BS. Châu")
    assert told.value.code == "BA-5364"


async def test_what_goes_on_is_ordered_anew_the_next_day_and_warns_of_nothing(
    orders: Orders, record: Record, stay: Stay, clock: SetClock, store: Store
) -> None:
    await orders.write(stay.encounter, Written(today(clock), "", (PARACETAMOL, COUNT, PORRIDGE)), DOCTOR, "BS. Châu")
    _, placed = await orders.open(stay.encounter, DOCTOR)
    again = lines_again(placed)
    assert [each.words for each in again] == ["Paracetamol 500 mg", "Cháo"]
    clock.advance(days=1)
    await orders.write(stay.encounter, Written(today(clock), "", tuple(again)), DOCTOR, "BS. Châu")
    _, placed = await orders.open(stay.encounter, DOCTOR)
    drugs = [each for each in placed if each.line.kind is OrderKind.DRUG]
    assert [each.is_open for each in drugs] == [True, False]
    first = await store.resources.read(*drugs[1].reference.split("/"), system("test"))
    assert first.read()["status"] == "completed"


async def test_nothing_is_written_of_what_is_wrong_empty_or_not_ones_right(
    orders: Orders, record: Record, stay: Stay, clock: SetClock
) -> None:
    wrong = OrderLine(OrderKind.DRUG, "Paracetamol")
    for written, code in (
        (Written(today(clock), "", (COUNT, wrong)), "BA-5360"),
        (Written(today(clock)), "BA-5361"),
        (Written("2027-06-01T08:00", "x"), "BA-5360"),
        (Written(today(clock), "", (COUNT,) * 61), "BA-5366"),
    ):
        with pytest.raises(Incorrect) as told:
            await orders.write(stay.encounter, written, DOCTOR, "BS")
        assert told.value.code == code
    with pytest.raises(NotFound) as missing:
        await orders.write(stay.encounter, Written(today(clock), stops=("MedicationRequest/x",)), DOCTOR, "BS")
    assert missing.value.code == "BA-5363"
    with pytest.raises(Forbidden):
        await orders.write(stay.encounter, Written(today(clock), "x"), NURSE, "ĐD")
    assert (await orders.open(stay.encounter, DOCTOR))[1] == []


async def test_without_a_record_there_is_no_sheet_to_write_on(orders: Orders, stay: Stay, clock: SetClock) -> None:
    with pytest.raises(Conflict) as told:
        await orders.write(stay.encounter, Written(today(clock), "x"), DOCTOR, "BS")
    assert told.value.code == "BA-5365"


async def test_two_doctors_at_once_lose_nothing_and_a_full_sheet_begins_another(
    orders: Orders, papers: Papers, record: Record, stay: Stay, clock: SetClock
) -> None:
    await orders.write(stay.encounter, Written(today(clock, "00:00"), "đầu"), DOCTOR, "BS")
    await asyncio.gather(
        *(orders.write(stay.encounter, Written(today(clock, f"0{n}:00"), f"lần {n}"), DOCTOR, "BS") for n in (1, 2))
    )
    for n in range(3, ROWS_MAX + 1):
        await orders.write(stay.encounter, Written(today(clock, f"{n % 24:02d}:30"), f"lần {n}"), DOCTOR, "BS")
    first, second = await sheet_rows(papers, record)
    assert {row["dien_bien"] for row in first} >= {"đầu", "lần 1", "lần 2"}
    assert (len(first), len(second)) == (ROWS_MAX, 1)


async def test_templates_are_ones_own_or_the_departments(store: Store) -> None:
    templates = OrderTemplates(store)
    own = await templates.keep("Sốt", [PARACETAMOL], DOCTOR)
    await templates.keep("Thường quy", [COUNT, PORRIDGE], DOCTOR, department="Khoa Nội")
    assert {(each.name, each.is_shared) for each in await templates.listed(OTHER_DOCTOR, "Khoa Nội")} == {
        ("Thường quy", True)
    }
    assert (await templates.use(own, DOCTOR, "")).lines == (PARACETAMOL,)
    with pytest.raises(NotFound):
        await templates.use(own, OTHER_DOCTOR, "Khoa Nội")
    for name, lines in (("", [COUNT]), ("x" * 81, [COUNT]), ("Trống", [])):
        with pytest.raises(Incorrect):
            await templates.keep(name, lines, DOCTOR)
    await templates.drop(own, DOCTOR, "")
    assert [each.name for each in await templates.listed(DOCTOR, "")] == []


async def test_an_order_is_found_by_code_or_by_words_without_accents(orders: Orders) -> None:
    offers = await orders.picker.offers()
    for typed, words, kind in (
        ("para 500", "Paracetamol 500 mg", OrderKind.DRUG),
        ("T0001", "Paracetamol 500 mg", OrderKind.DRUG),
        ("bach cau", "Số lượng bạch cầu", OrderKind.LAB),
        ("CHAM SOC II", "Chăm sóc cấp II", OrderKind.CARE_LEVEL),
    ):
        assert (words, kind) in [(each.words, each.kind) for each in offers.find(typed)]
    assert offers.find("   ") == []
    assert offers.find("khongcogi") == []


async def test_what_is_typed_as_orders_is_kept_sealed_for_who_types_it_until_it_is_written(
    orders: Orders, store: Store, record: Record, stay: Stay, clock: SetClock
) -> None:
    typed = {"y.0.what": ["Paracetamol bí mật"], "course": ["Sốt"]}
    at = await orders.keep_draft(record.id, DOCTOR, typed)
    opened, _ = await orders.open(stay.encounter, DOCTOR)
    draft = await orders.draft(opened, DOCTOR)
    assert draft is not None
    assert (draft.saved_at, draft.inputs) == (at, typed)
    assert await orders.draft(opened, OTHER_DOCTOR) is None
    content = await store.database.fetchval("select content from paper_draft")
    assert "bí mật".encode() not in content
    await orders.write(stay.encounter, Written(today(clock), "Sốt", (COUNT,)), DOCTOR, "BS")
    assert await orders.draft(opened, DOCTOR) is None


async def test_a_draft_of_orders_is_thrown_away_and_not_kept_where_none_are_written(
    orders: Orders, records: Records, record: Record, stay: Stay
) -> None:
    await orders.keep_draft(record.id, DOCTOR, {"course": ["Sốt"]})
    opened, _ = await orders.open(stay.encounter, DOCTOR)
    await orders.drop_draft(opened, DOCTOR)
    assert await orders.draft(opened, DOCTOR) is None
    with pytest.raises(Forbidden):
        await orders.keep_draft(record.id, NURSE, {"course": ["Sốt"]})
    await records.act(record.id, Act.CANCEL, ARCHIVIST, reason="mở nhầm")
    with pytest.raises(Conflict, match="BA-5365"):
        await orders.keep_draft(record.id, DOCTOR, {"course": ["Sốt"]})
