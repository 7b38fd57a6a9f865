"""A patient's request: what each may have, the clock of the law, what was given and by whom."""

from __future__ import annotations

from datetime import date

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, Stay
from tests.node.test_record_life import INTERNAL, whole

from benhan.kernel.faults import Fault
from benhan.node.packages.making import Packages
from benhan.node.records.life import Records
from benhan.node.records.papers import Papers
from benhan.node.records.prints import Prints
from benhan.node.records.requests import SUMMARY_FORM, Requests, Scope, State, Told
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store
from benhan.vn.working_days import after_days, after_working_days

ASKS = Told("Trần Văn Con", "CCCD 001090000001", "khám ở tuyến trên")


@pytest.mark.parametrize(
    ("day", "count", "ends"),
    [
        (date(2026, 11, 27), 2, date(2026, 12, 1)),
        (date(2026, 12, 30), 2, date(2027, 1, 4)),
        (date(2026, 4, 29), 1, date(2026, 5, 4)),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(day: date, count: int, ends: date) -> None:
    assert after_working_days(day, count) == ends


def test_a_term_of_days_that_ends_on_a_day_off_ends_with_the_next_working_day() -> None:
    assert after_days(date(2026, 11, 26), 10) == date(2026, 12, 7)
    assert after_days(date(2026, 11, 26), 2, [date(2026, 11, 30)]) == date(2026, 12, 1)


async def test_a_request_goes_its_way_with_its_clock_and_its_answer_is_noted_when_it_is_made(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock
) -> None:
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await papers.add(record.id, INTERNAL, DOCTOR)
    prints = Prints(records, "https://benhan.example")
    requests = Requests(records, prints, Packages(records, "https://benhan.example/fhir"))
    for scope, asker, told, actor, code in (
        (Scope.COPY, "relative", ASKS, ARCHIVIST, "BA-5433"),
        (Scope.COPY, "nobody", ASKS, ARCHIVIST, "BA-5433"),
        (Scope.SUMMARY, "patient", Told("", "x"), ARCHIVIST, "BA-5434"),
        (Scope.SUMMARY, "patient", ASKS, NURSE, "BA-5213"),
    ):
        with pytest.raises(Fault) as refused:
            await requests.ask(record.id, scope, asker, told, actor)
        assert refused.value.code == code
    key = await requests.ask(record.id, Scope.SUMMARY, "relative", ASKS, ARCHIVIST)
    (one,) = await requests.open(ARCHIVIST)
    today = date(2026, 1, 5)
    assert (one.acknowledge_on, one.due_on, one.days_left(today)) == (date(2026, 1, 7), date(2026, 1, 15), 2)
    assert one.days_left(date(2026, 1, 9)) == -2
    with pytest.raises(Fault) as early:
        await requests.answer(key, ARCHIVIST, "A")
    assert early.value.code == "BA-5431"
    await requests.act(key, "acknowledge", ARCHIVIST)
    with pytest.raises(Fault) as why:
        await requests.act(key, "refuse", ARCHIVIST)
    assert why.value.code == "BA-5204"
    await requests.act(key, "agree", ARCHIVIST)
    with pytest.raises(Fault) as none:
        await requests.answer(key, ARCHIVIST, "A")
    assert none.value.code == "BA-5432"
    assert (await requests.read(key)).state is State.AGREED
    summary = await papers.add(record.id, SUMMARY_FORM, DOCTOR)
    form = records.forms.by_key(summary.form)
    await papers.save(record.id, summary.number, whole(form), 1, DOCTOR, is_done=True)
    given = await requests.answer(key, ARCHIVIST, "A")
    assert given.content.startswith(b"%PDF-")
    answered = await requests.read(key)
    assert (answered.state, answered.decided_by, answered.settled_by) == (State.ANSWERED, ARCHIVIST.id, ARCHIVIST.id)
    assert answered.days_left(today) is None
    package = await requests.ask(record.id, Scope.PACKAGE, "patient", ASKS, ARCHIVIST)
    await requests.act(package, "agree", ARCHIVIST)
    assert (await requests.answer(package, ARCHIVIST, "A")).content.startswith(b"PK")
    other = await requests.ask(record.id, Scope.COPY, "patient", ASKS, ARCHIVIST)
    await requests.act(other, "withdraw", ARCHIVIST, reason="không cần nữa")
    assert [each.state for each in await requests.of_patient(stay.patient, ARCHIVIST)] == [
        State.WITHDRAWN,
        State.ANSWERED,
        State.ANSWERED,
    ]
    rows = await store.database.fetch("select told from record_request where bucket = $1", record.bucket)
    assert not any("Trần".encode() in row["told"] for row in rows)
    labels = [each.label for each in (await entries_of_patient(store.database, record.patient, count=200)).entries]
    assert labels.count("record:request:act") == 9
    assert clock.now().date() == today
