"""Breaking the glass, from the reason to the verdict; who looked, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.clocks import SetClock
from tests.node.conftest import Stay
from tests.node.test_access_grants import at_work, may_read, rid

from benhan.access.matrix import Person
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Conflict, Forbidden, Incorrect, NotFound
from benhan.kernel.permissions import Permission
from benhan.node.access.emergency import Emergencies, Reason, Verdict
from benhan.node.access.looks import Looks, looks_csv
from benhan.node.records.life import Facility
from benhan.store.ledger.chain import chain_all
from benhan.store.outbox import Outbox
from benhan.store.store import Store

WORDS = "Người bệnh ngừng tim, không có người nhà"
DUTY = Person(8, Role.DOCTOR, departments=("K02",))
OFFICER = Actor("account:30", Role.RECORDS, frozenset({Permission.ACCESS_REVIEW}))


@pytest.fixture
def emergencies(store: Store) -> Emergencies:
    outbox = Outbox(store.database, store.clock, store.random, "http://repository")
    return Emergencies(store, outbox, Facility("01001", "Bệnh viện Thử"), 3600)


async def test_the_glass_is_broken_for_an_hour_and_both_are_told_at_once(
    store: Store, clock: SetClock, emergencies: Emergencies, stay: Stay
) -> None:
    assert not await may_read(store, stay, at_work(store, DUTY))
    found = await emergencies.find("001184012345", at_work(store, DUTY))
    assert (found.name, found.birth_year) == ("Trần Thị Mận", "1984")
    made = await emergencies.open(found.id, Reason.LIFE, WORDS, at_work(store, DUTY))
    assert await may_read(store, stay, at_work(store, DUTY))
    assert not await may_read(store, stay, at_work(store, replace(DUTY, account=9)))
    assert (await emergencies.count(), [each.id for each in await emergencies.waiting()]) == (1, [made.id])
    [notice] = await store.database.fetch("select subject, content from outbox where kind = 'resources'")
    assert notice["subject"] == f"Patient/{stay.patient}"
    told = await store.resources.read("Communication", notice["content"].partition("/")[2], at_work(store, DUTY))
    assert "khẩn cấp" in told.read()["payload"][0]["contentString"]
    assert WORDS not in json.dumps(told.read(), ensure_ascii=False)
    clock.advance(minutes=61)
    assert not await may_read(store, stay, at_work(store, DUTY))
    looks = await Looks(store).of_patient(rid(store, stay))
    assert f"emergency/{made.id}" in {each.by for each in looks if each.event == "resource:content:view"}


async def test_without_a_reason_in_words_or_a_whole_number_nothing_opens(
    store: Store, emergencies: Emergencies, stay: Stay
) -> None:
    actor = at_work(store, DUTY)
    for reason, words in ((None, WORDS), (Reason.LIFE, "…………………… 123456789")):
        with pytest.raises(Incorrect, match="BA-5313"):
            await emergencies.open(stay.patient, reason, words, actor)
    for number in ("00118401234", "", "Mận"):
        with pytest.raises(NotFound, match="BA-5318"):
            await emergencies.find(number, actor)
    with pytest.raises(Forbidden, match="BA-5310"):
        await emergencies.open(stay.patient, Reason.LIFE, WORDS, OFFICER)
    assert await emergencies.waiting() == []


async def test_it_leaves_the_list_by_a_verdict_in_words_of_somebody_else_who_has_read_it(
    store: Store, clock: SetClock, emergencies: Emergencies, stay: Stay
) -> None:
    own = replace(OFFICER, id="account:8")
    made = await emergencies.open(stay.patient, Reason.DUTY, WORDS, at_work(store, DUTY))
    with pytest.raises(Conflict, match="BA-5315"):
        await emergencies.judge(made.id, Verdict.JUSTIFIED, WORDS, OFFICER)
    assert (await emergencies.read(made.id, own)).read_at is None
    with pytest.raises(Forbidden, match="BA-5317"):
        await emergencies.judge(made.id, Verdict.JUSTIFIED, WORDS, own)
    assert (await emergencies.read(made.id, OFFICER)).read_by == OFFICER.id
    with pytest.raises(Incorrect, match="BA-5313"):
        await emergencies.judge(made.id, Verdict.JUSTIFIED, "ok", OFFICER)
    [waiting] = await emergencies.waiting()
    assert not waiting.is_late(clock.now())
    clock.advance(days=3, seconds=1)
    assert waiting.is_late(clock.now())
    await emergencies.judge(made.id, Verdict.ABUSE, "Không có ca trực ngày đó", OFFICER)
    assert await emergencies.count() == 0
    [judged] = await emergencies.judged()
    assert judged.verdict is Verdict.ABUSE
    assert await emergencies.words_of(judged) == (WORDS, "Không có ca trực ngày đó")
    with pytest.raises(Conflict, match="BA-5316"):
        await emergencies.judge(made.id, Verdict.JUSTIFIED, WORDS, OFFICER)
    with pytest.raises(NotFound, match="BA-5314"):
        await emergencies.read(made.id + 1, OFFICER)


async def test_who_looked_is_exported_with_number_hash_and_reason(store: Store, stay: Stay) -> None:
    await store.resources.read("Patient", stay.patient, at_work(store, DUTY, "open"))
    await chain_all(store.database)
    exported = await Looks(store).exported(rid(store, stay), OFFICER, "csv")
    look = next(each for each, _ in exported if each.event == "resource:content:view")
    assert (look.actor, look.by, look.seq > 0, len(look.hash)) == ("account:8", "", True, 64)
    text = looks_csv(exported, ["a"]).decode("utf-8-sig")
    assert look.hash in text
    assert len(text.splitlines()) == len(exported) + 1
    later = await Looks(store).of_patient(rid(store, stay))
    assert "access:looks:view" in {each.event for each in later}


def test_a_cell_that_would_be_a_formula_is_disarmed() -> None:
    from datetime import UTC, datetime

    from benhan.node.access.looks import Look

    look = Look(1, datetime(2026, 1, 1, tzinfo=UTC), "account:1", "=cmd()", "", "doctor", "x", "", "", "", "")
    assert b"'=cmd()" in looks_csv([(look, "")], ["a"])
