"""The ledger: appended in the act's transaction, chained without a gap, and any damage is named."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Conflict, Fault, NotFound
from benhan.store.database import Database
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import MANY, Entry, append_many
from benhan.store.ledger.canonical import START, canonical_bytes, link
from benhan.store.ledger.chain import ChainWriter, chain_all, chain_some
from benhan.store.ledger.events import Event
from benhan.store.ledger.proofs import Inclusion, prove, verify_inclusion
from benhan.store.ledger.read import entries_of_patient, entries_of_trace, entry_at, recent_entries
from benhan.store.ledger.roots import public_key, roots, sign_days
from benhan.store.ledger.verify import Break, Damage, verify_ledger
from benhan.store.ledger.views import Views, append_views

NOON = datetime(2026, 3, 10, 5, tzinfo=UTC)  # 12:00 in Vietnam
LAN, MINH = (7 << 51) | 11, (9 << 51) | 12
TRACE = "0af7651916cd43dd8448eb211c80319c"


def entry(number: int, at: datetime = NOON, patient: int = LAN, trace: str = TRACE) -> Entry:
    event = Event.RESOURCE_SEARCH if number % 3 == 0 else Event.RESOURCE_CREATE
    detail: dict[str, str | int] = {"parameters": "code,date", "count": number} if number % 3 == 0 else {}
    return Entry(event, at, f"account:{number}", "doctor", trace, patient, 90, number, 1, detail)


async def record(database: Database, *entries: Entry) -> None:
    async with database.transaction() as connection:
        await append_many(connection, entries)


@pytest.fixture
async def three_days(database: Database, keyring: Keyring) -> Database:
    """30 entries over three days, chained; the first two days are signed."""
    for day in range(3):
        at = NOON + timedelta(days=day)
        await record(database, *(entry(day * 10 + number + 1, at) for number in range(10)))
        await chain_all(database)
    await sign_days(database, keyring, NOON + timedelta(days=2))
    await database.execute("delete from ledger_pending")  # the entries about the roots themselves
    return database


async def tamper(database: Database, sql: str) -> None:
    """Change the ledger as somebody would who owns the database."""
    async with database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(sql)


async def test_an_entry_is_written_with_its_act_or_not_at_all(database: Database) -> None:
    async def act() -> None:
        async with database.transaction() as connection:
            await append_many(connection, [entry(1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act()
    assert (await recent_entries(database)).entries == ()


async def test_many_entries_are_written_as_each_alone(database: Database) -> None:
    who = [(NOON, LAN, TRACE), (NOON + timedelta(microseconds=7), MINH, TRACE[::-1]), (NOON, 0, "0" * 32)]
    entries = [entry(number, *who[number % 3]) for number in range(MANY + 5)]
    columns = "at, patient, rid, version, bucket, event, type, actor, role, trace, detail"
    async with database.transaction() as connection:
        await append_many(connection, entries)
        for each in entries:
            await append_many(connection, [each])
        rows = [tuple(row) for row in await connection.fetch(f"select {columns} from ledger_pending order by id")]
    assert len(rows) == 2 * len(entries)
    assert rows[: len(entries)] == rows[len(entries) :]


async def test_what_a_search_showed_is_one_entry_for_each_patient(database: Database) -> None:
    detail: dict[str, str | int] = {"parameters": "code,date", "client": "app/1"}
    shown = Views(Event.RESOURCE_SEARCH, NOON, "máy:1", "machine", TRACE, 90, detail, {0: 0, LAN: 3, MINH: 12})
    alone = Views(Event.RESOURCE_SEARCH, NOON, "account:2", "doctor", TRACE, 0, {"parameters": ""}, {0: 0})
    expected = [
        Entry(Event.RESOURCE_SEARCH, NOON, "máy:1", "machine", TRACE, patient, 90, detail={**detail, "count": count})
        for patient, count in ((0, 0), (LAN, 3), (MINH, 12))
    ]
    empty: dict[str, str | int] = {"parameters": "", "count": 0}
    expected.append(Entry(Event.RESOURCE_SEARCH, NOON, "account:2", "doctor", TRACE, detail=empty))
    columns = "at, patient, rid, version, bucket, event, type, actor, role, trace, detail"
    async with database.transaction() as connection:
        await append_views(connection, [shown, alone])
        await append_many(connection, expected)
        rows = await connection.fetch(f"select {columns} from ledger_waiting order by id, place")
    assert [tuple(row) for row in rows[:4]] == [tuple(row) for row in rows[4:]]
    assert len(rows) == 8


async def test_what_a_search_showed_is_chained_entry_by_entry_as_it_waited(
    database: Database, keyring: Keyring
) -> None:
    detail: dict[str, str | int] = {"parameters": "code,date", "client": "app/1"}
    shown = Views(Event.RESOURCE_SEARCH, NOON, "máy:1", "machine", TRACE, 90, detail, {0: 0, LAN: 3, MINH: 12})
    await record(database, entry(1))
    async with database.transaction() as connection:
        await append_views(connection, [shown, shown])
    await record(database, entry(2))
    fields = "at, patient, rid, version, bucket, event, type, actor, role, trace, detail"
    waited = await database.fetch(f"select {fields} from ledger_waiting order by id, place")
    assert (await verify_ledger(database, keyring)).pending == 8
    rounds = [(await chain_some(database, rows_max=2)).count for _ in range(4)]
    assert rounds == [4, 3, 1, 0]  # what one act showed stays together
    assert await database.fetch(f"select {fields} from ledger_entry order by seq") == waited
    verdict = await verify_ledger(database, keyring)
    assert (verdict.entries, verdict.pending, verdict.is_whole) == (8, 0, True)


async def test_whose_data_a_search_showed_sees_it_at_once_and_nothing_of_others(database: Database) -> None:
    shown = Views(Event.RESOURCE_SEARCH, NOON, "account:2", "doctor", TRACE, 90, {}, {0: 1, LAN: 3, MINH: 12})
    async with database.transaction() as connection:
        await append_views(connection, [shown])
    for _ in range(2):
        found = (await entries_of_patient(database, MINH)).entries
        assert [(each.patient, each.detail) for each in found] == [(MINH, '{"count":12}')]
        await chain_all(database)


async def test_pending_entries_are_visible_before_they_are_chained(database: Database) -> None:
    await record(database, entry(1))
    await chain_all(database)
    await record(database, entry(2))
    told = (await entries_of_patient(database, LAN)).entries
    assert [(each.seq, each.actor) for each in told] == [(0, "account:2"), (1, "account:1")]


async def test_the_chain_numbers_without_a_gap_over_many_rounds(database: Database, keyring: Keyring) -> None:
    for start in range(0, 50, 5):
        await record(database, *(entry(start + number) for number in range(5)))
        await chain_some(database, rows_max=3)
    await chain_all(database)
    rows = await database.fetch("select seq from ledger_entry order by seq")
    assert [row["seq"] for row in rows] == list(range(1, 51))
    assert (await verify_ledger(database, keyring)).is_whole


async def test_the_database_and_python_agree_on_the_canonical_bytes(database: Database) -> None:
    odd = Entry(Event.RESOURCE_SEARCH, NOON + timedelta(microseconds=123457), "máy:xét-nghiệm", "lab", TRACE, MINH)
    await record(database, entry(3), odd, entry(4, datetime(1987, 1, 2, tzinfo=UTC)))
    await chain_all(database)
    last = START
    for seq in (1, 2, 3):
        kept = await entry_at(database, seq)
        assert kept is not None
        last = link(last, canonical_bytes(kept))
        assert kept.hash == last


async def test_a_round_that_is_cut_off_loses_and_doubles_nothing(database: Database, keyring: Keyring) -> None:
    await record(database, *(entry(number) for number in range(20)))
    await chain_some(database, rows_max=5)
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        moved = await connection.fetchval("delete from ledger_pending where id > 0 returning id")
        assert moved
        await transaction.rollback()
    await chain_all(database)
    verdict = await verify_ledger(database, keyring)
    assert (verdict.entries, verdict.pending, verdict.is_whole) == (20, 0, True)


async def test_two_chain_writers_do_not_disturb_each_other(database: Database, keyring: Keyring) -> None:
    stop = asyncio.Event()
    writers = [asyncio.create_task(ChainWriter(database, SystemClock()).run(stop)) for _ in range(2)]
    for start in range(0, 400, 20):
        await record(database, *(entry(start + number) for number in range(20)))
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*writers)
    await chain_all(database)
    verdict = await verify_ledger(database, keyring)
    assert (verdict.entries, verdict.pending, verdict.is_whole) == (400, 0, True)


async def test_an_entry_is_chained_within_a_second(database: Database) -> None:
    stop = asyncio.Event()
    writer = asyncio.create_task(ChainWriter(database, SystemClock()).run(stop))
    await asyncio.sleep(0.05)
    await record(database, entry(1))
    await asyncio.sleep(0.9)
    assert await entry_at(database, 1) is not None
    stop.set()
    await writer


async def test_an_id_that_commits_late_is_still_chained(database: Database) -> None:
    async with database.transaction() as late:
        await append_many(late, [entry(1)])
        await record(database, entry(2))
        assert (await chain_some(database)).count == 1
    assert await chain_all(database) == 1
    told = await recent_entries(database)
    assert [each.actor for each in told.entries] == ["account:1", "account:2"]


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("update ledger_entry set actor = 'account:15' where seq = 14", Break(14, Damage.ALTERED)),
        (
            "update ledger_entry set hash = set_bit(hash, 9, 1 - get_bit(hash, 9)) where seq = 7",
            Break(7, Damage.ALTERED),
        ),
        ("update ledger_entry set at = at + interval '1 microsecond' where seq = 30", Break(30, Damage.ALTERED)),
        ("update ledger_entry set detail = '' where seq = 3", Break(3, Damage.ALTERED)),
        ("delete from ledger_entry where seq = 21", Break(21, Damage.MISSING)),
        ("delete from ledger_entry where seq = 1", Break(1, Damage.MISSING)),
        ("delete from ledger_entry where seq = 30", Break(30, Damage.MISSING)),
        ("delete from ledger_entry", Break(1, Damage.MISSING)),
        (
            """
            update ledger_entry set seq = -seq where seq in (5, 6);
            update ledger_entry set seq = case seq when -5 then 6 else 5 end where seq < 0
            """,
            Break(5, Damage.ALTERED),
        ),
        (
            """
            insert into ledger_entry select 31, at, patient, rid, version, bucket, event, type, actor, role, trace,
            detail, hash from ledger_entry where seq = 30
            """,
            Break(31, Damage.BEYOND),
        ),
        ("update ledger_head set hash = sha256(hash)", Break(30, Damage.HEAD)),
        ("update ledger_root set root = sha256(root) where first_seq = 11", Break(20, Damage.ROOT)),
        ("update ledger_root set signature = sha512(root) where first_seq = 1", Break(10, Damage.SIGNATURE)),
        ("update ledger_root set day = day - 1 where first_seq = 1", Break(10, Damage.SIGNATURE)),
        ("delete from ledger_root where first_seq = 1", Break(1, Damage.UNCOVERED)),
    ],
)
async def test_verify_names_the_first_broken_entry(
    three_days: Database, keyring: Keyring, sql: str, broken: Break
) -> None:
    assert (await verify_ledger(three_days, keyring)).is_whole
    await tamper(three_days, sql)
    assert (await verify_ledger(three_days, keyring)).broken == broken


async def test_a_chain_computed_anew_after_a_change_breaks_the_signed_root(
    three_days: Database, keyring: Keyring
) -> None:
    await tamper(
        three_days,
        """
        update ledger_entry set actor = 'account:99' where seq = 4;
        update ledger_entry e set hash = c.hash from (
            select seq, ledger_chain(decode(repeat('00', 32), 'hex'), ledger_canonical(
                seq, at, patient, rid, version, bucket, event, type, actor, role, trace, detail
            )) over (order by seq) as hash from ledger_entry
        ) c where c.seq = e.seq;
        update ledger_head set hash = (select hash from ledger_entry where seq = 30);
        """,
    )
    assert (await verify_ledger(three_days, keyring)).broken == Break(10, Damage.ROOT)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_root"])
@pytest.mark.parametrize("act", ["update {} set bucket = 1", "delete from {}", "truncate {}"])
async def test_the_tables_refuse_changes(three_days: Database, table: str, act: str) -> None:
    async with three_days.pool.acquire() as connection:
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await connection.execute(act.format(table))


async def test_roots_cover_each_day_once_and_verify_offline(three_days: Database, keyring: Keyring) -> None:
    made = await roots(three_days)
    assert [(root.day.isoformat(), root.first_seq, root.last_seq) for root in reversed(made)] == [
        ("2026-03-10", 1, 10),
        ("2026-03-11", 11, 20),
    ]
    assert await sign_days(three_days, keyring, NOON + timedelta(days=2)) == []
    key = public_key(keyring)
    for seq in (1, 10, 11, 17):
        assert verify_inclusion(await prove(three_days, keyring, seq), key) is Inclusion.PROVEN


async def test_an_entry_of_an_unsigned_day_or_of_no_day_has_no_proof(three_days: Database, keyring: Keyring) -> None:
    with pytest.raises(Conflict, match="BA-0512"):
        await prove(three_days, keyring, 25)
    with pytest.raises(NotFound, match="BA-0511"):
        await prove(three_days, keyring, 31)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=1), timedelta(hours=-11), timedelta(hours=20)])
async def test_a_day_that_is_not_over_has_no_root(database: Database, keyring: Keyring, ahead: timedelta) -> None:
    await record(database, entry(1, NOON + ahead), entry(2))
    await chain_all(database)
    assert await sign_days(database, keyring, NOON) == []
    assert await database.fetchval("select count(*) from ledger_root") == 0


async def test_the_day_turns_at_midnight_in_vietnam(database: Database, keyring: Keyring) -> None:
    midnight = datetime(2026, 3, 10, 17, tzinfo=UTC)
    await record(database, entry(1, midnight - timedelta(microseconds=1)), entry(2, midnight))
    await chain_all(database)
    assert await sign_days(database, keyring, midnight + timedelta(minutes=4)) == []
    [root] = await sign_days(database, keyring, midnight + timedelta(minutes=6))
    assert (root.day.isoformat(), root.first_seq, root.last_seq) == ("2026-03-10", 1, 1)


async def test_an_entry_dated_in_the_future_does_not_stop_the_roots(database: Database, keyring: Keyring) -> None:
    await record(database, entry(1), entry(2, NOON + timedelta(days=40_000)), entry(3, NOON + timedelta(days=1)))
    await chain_all(database)
    made = await sign_days(database, keyring, NOON + timedelta(days=1))
    assert [(root.day.isoformat(), root.first_seq, root.last_seq) for root in made] == [("2026-03-10", 1, 2)]
    assert (await verify_ledger(database, keyring)).is_whole


async def test_an_entry_chained_late_falls_into_the_next_root(database: Database, keyring: Keyring) -> None:
    await record(database, entry(1))
    await chain_all(database)
    assert len(await sign_days(database, keyring, NOON + timedelta(days=1))) == 1
    await record(database, entry(2), entry(3, NOON + timedelta(days=3)))
    await database.execute("delete from ledger_pending where actor = 'system:ledger'")
    await chain_all(database)
    made = await sign_days(database, keyring, NOON + timedelta(days=5))
    assert [(root.day.isoformat(), root.first_seq, root.last_seq) for root in made] == [
        ("2026-03-11", 2, 2),
        ("2026-03-13", 3, 3),
    ]


async def test_two_signers_make_one_root(database: Database, keyring: Keyring) -> None:
    await record(database, entry(1))
    await chain_all(database)
    later = NOON + timedelta(days=1)
    made = await asyncio.gather(*(sign_days(database, keyring, later) for _ in range(4)))
    assert sum(map(len, made)) == 1


async def test_a_patients_entries_come_newest_first_page_by_page(database: Database) -> None:
    await record(database, *(entry(number, patient=LAN if number % 2 else MINH) for number in range(1, 21)))
    await chain_all(database)
    seen: list[str] = []
    before: int | None = None
    while True:
        page = await entries_of_patient(database, LAN, count=3, before=before)
        seen += [each.actor for each in page.entries]
        if (before := page.next) is None:
            break
    assert seen == [f"account:{number}" for number in range(19, 0, -2)]


async def test_a_trace_shows_its_own_entries_only(database: Database) -> None:
    other = "f" * 32
    await record(database, entry(1), entry(2, trace=other), entry(3))
    await chain_all(database)
    assert [each.actor for each in (await entries_of_trace(database, other)).entries] == ["account:2"]


async def test_progress_is_told_and_ends_at_the_last_entry(three_days: Database, keyring: Keyring) -> None:
    told: list[int] = []
    await verify_ledger(three_days, keyring, told.append)
    assert told == [30]


async def test_an_undeclared_detail_is_refused() -> None:
    with pytest.raises(Fault, match="BA-0510"):
        Entry(Event.RESOURCE_SEARCH, NOON, "account:1", "doctor", TRACE, detail={"name": "x"})


async def test_words_where_a_code_belongs_are_not_kept(database: Database) -> None:
    for value in ("ADT^A01", "Trần Thị Lan", "Tran Thi Lan", "x" * 201):
        told = Entry(
            Event.MESSAGE_APPLY, NOON, "system:apply", "system", TRACE, detail={"message": 7, "structure": value}
        )
        await record(database, told)
    entries = (await recent_entries(database)).entries
    assert [each.detail for each in reversed(entries)] == [
        '{"message":7,"structure":"ADT^A01"}',
        *['{"message":7,"structure":"?"}'] * 3,
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_roots_stay_whole_whatever_the_clocks_say(database: Database, keyring: Keyring, seed: int) -> None:
    chance, now = random.Random(seed), NOON
    skews = [timedelta(), timedelta(minutes=-7), timedelta(hours=3), timedelta(days=-4), timedelta(days=9_000)]
    for number in range(60):
        now += timedelta(hours=chance.choice([0, 1, 5, 30]))
        await record(database, *(entry(number, now + chance.choice(skews)) for _ in range(chance.randrange(3))))
        await chain_some(database, rows_max=4)
        if chance.random() < 0.5:
            await sign_days(database, keyring, now)
    made = await roots(database, 1_000)
    assert len(made) > 5
    assert all(root.size > 0 for root in made)
    assert len({root.day for root in made}) == len(made)
    verdict = await verify_ledger(database, keyring)
    assert (verdict.is_whole, verdict.roots) == (True, len(made))
