"""Jobs: one runs each, what a kill leaves is taken over, what never comes further ends, what is over goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tests.clocks import StoppedClock

from benhan.kernel.faults import Busy, Interrupted, NotFound
from benhan.kernel.ids import SystemRandom
from benhan.store import job_runner
from benhan.store.faults import DATABASE_AWAY, NO_SUCH_RESOURCE
from benhan.store.job_runner import JobRunner
from benhan.store.jobs import ATTEMPTS_MAX, LEASE, OPEN_MAX, Job, Jobs, moment_held
from benhan.store.store import Store

LIFE_S = 3600.0
MORE = LEASE + timedelta(seconds=1)


@pytest.fixture
def jobs(timed_store: Store, clock: StoppedClock) -> Jobs:
    return Jobs(timed_store.database, timed_store.keyring, clock, SystemRandom(), LIFE_S)


@dataclass
class Kind:
    """A kind of job that a test tells what to do."""

    work: Callable[[Job], Any]
    cleaned: list[str] = field(default_factory=list)
    stopped: int = 0

    async def run(self, job: Job) -> None:
        try:
            await self.work(job)
        except asyncio.CancelledError:
            self.stopped += 1
            raise

    async def clean(self, job: Job) -> None:
        self.cleaned.append(job.id)


def runner(jobs: Jobs, store: Store, work: Callable[[Job], Any]) -> tuple[JobRunner, Kind]:
    kind = Kind(work)
    return JobRunner(store, jobs, {"test": kind}, asyncio.Event()), kind


async def nothing(_job: Job) -> None:
    return


async def asked(jobs: Jobs, owner: str = "account:7", **request: Any) -> str:
    async with jobs.database.transaction() as connection:
        return await jobs.put("test", request, owner, connection)


async def state_of(jobs: Jobs, id_: str) -> tuple[str, str]:
    job = await jobs.find(id_, "account:7")
    return job.state, job.fault


async def test_a_job_is_claimed_by_one_alone(jobs: Jobs) -> None:
    ids = {await asked(jobs) for _ in range(4)}
    claimed = await asyncio.gather(*(jobs.claim(["test"]) for _ in range(12)))
    assert sorted(each.id for each in claimed if each is not None) == sorted(ids)
    assert await jobs.claim(["other"]) is None


async def test_what_was_asked_and_how_far_it_is_come_back_and_stand_nowhere_readable(jobs: Jobs) -> None:
    id_ = await asked(jobs, patient="Nguyễn")
    job = await jobs.claim(["test"])
    assert job is not None
    async with jobs.database.transaction() as connection:
        await jobs.advance(job, {"at": "Nguyễn"}, connection, plan={"all": "Nguyễn"})
    found = await jobs.find(id_, "account:7")
    assert (found.request, found.place, found.plan) == ({"patient": "Nguyễn"}, {"at": "Nguyễn"}, {"all": "Nguyễn"})
    row = await jobs.database.fetchrow("select request, place, plan from job where bucket = 0")
    assert row is not None
    assert all(b"Nguy" not in each for each in row)


async def test_who_lost_the_lease_can_write_nothing(jobs: Jobs, clock: StoppedClock) -> None:
    await asked(jobs)
    first = await jobs.claim(["test"])
    assert first is not None
    clock.at += MORE
    second = await jobs.claim(["test"])
    assert second is not None
    assert second.id == first.id
    with pytest.raises(Interrupted, match="BA-2372"):
        await jobs.renew(first)
    with pytest.raises(Interrupted, match="BA-2372"):
        await jobs.finish(first)
    async with jobs.database.connection() as connection:
        with pytest.raises(Interrupted, match="BA-2372"):
            await jobs.advance(first, {}, connection)
    await jobs.finish(second)
    assert await state_of(jobs, first.id) == ("done", "")


async def test_a_renewed_lease_is_not_taken_over(jobs: Jobs, clock: StoppedClock) -> None:
    await asked(jobs)
    job = await jobs.claim(["test"])
    assert job is not None
    for _ in range(5):
        clock.at += LEASE * 0.9
        await jobs.renew(job)
        assert await jobs.claim(["test"]) is None


async def test_a_job_that_is_tried_without_coming_further_fails_and_one_that_comes_further_goes_on(
    jobs: Jobs, timed_store: Store, clock: StoppedClock
) -> None:
    stuck = await asked(jobs)
    for _ in range(ATTEMPTS_MAX):
        assert await jobs.claim(["test"]) is not None
        clock.at += MORE
    await runner(jobs, timed_store, nothing)[0].step(asyncio.Event())
    assert await state_of(jobs, stuck) == ("failed", "BA-2374")
    moving = await asked(jobs)
    for number in range(ATTEMPTS_MAX * 3):
        job = await jobs.claim(["test"])
        assert job is not None
        assert job.attempts <= 2
        async with jobs.database.transaction() as connection:
            await jobs.advance(job, {"part": number}, connection)
        clock.at += MORE
    await runner(jobs, timed_store, nothing)[0].step(asyncio.Event())
    assert await state_of(jobs, moving) == ("done", "")


async def test_a_fault_ends_a_job_and_one_that_passes_does_not(
    jobs: Jobs, timed_store: Store, clock: StoppedClock
) -> None:
    async def away(_job: Job) -> None:
        raise DATABASE_AWAY()

    async def wrong(_job: Job) -> None:
        raise NO_SUCH_RESOURCE(type="Group", id="1")

    async def broken(_job: Job) -> None:
        raise ZeroDivisionError

    first = await asked(jobs)
    for number in range(ATTEMPTS_MAX):
        assert await runner(jobs, timed_store, away)[0].step(asyncio.Event()), number
        assert (await state_of(jobs, first))[0] == "waiting"
        assert await jobs.claim(["test"]) is None  # not at once again
        clock.at += timedelta(minutes=10)
    await runner(jobs, timed_store, away)[0].step(asyncio.Event())
    assert await state_of(jobs, first) == ("failed", "BA-2374")
    for work, code in ((wrong, "BA-0401"), (broken, "BA-2375")):
        id_ = await asked(jobs)
        await runner(jobs, timed_store, work)[0].step(asyncio.Event())
        assert await state_of(jobs, id_) == ("failed", code)


async def test_a_cancelled_job_is_stopped_and_cleaned(
    jobs: Jobs, timed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "RENEW_S", 0.01)

    began = asyncio.Event()

    async def for_ever(_job: Job) -> None:
        began.set()
        await asyncio.Event().wait()

    id_ = await asked(jobs)
    running, kind = runner(jobs, timed_store, for_ever)
    step = asyncio.create_task(running.step(asyncio.Event()))
    await began.wait()
    with pytest.raises(NotFound, match="BA-2370"):
        await jobs.cancel(id_, "account:8")
    await jobs.cancel(id_, "account:7")
    async with asyncio.timeout(10):
        assert await step
    await running.tidy()
    assert (kind.stopped, kind.cleaned) == (1, [id_])
    with pytest.raises(NotFound, match="BA-2370"):
        await jobs.find(id_, "account:7")


async def test_a_job_that_is_at_work_when_the_process_stops_is_given_back_at_once(
    jobs: Jobs, timed_store: Store
) -> None:
    stop, began = asyncio.Event(), asyncio.Event()

    async def for_ever(_job: Job) -> None:
        began.set()
        await asyncio.Event().wait()

    id_ = await asked(jobs)
    running, kind = runner(jobs, timed_store, for_ever)
    task = asyncio.create_task(running.run(stop))
    await began.wait()
    stop.set()
    async with asyncio.timeout(10):
        await task
    assert kind.stopped == 1
    again = await jobs.claim(["test"])
    assert again is not None
    assert (again.id, again.attempts) == (id_, 1)


async def test_a_job_whose_life_is_over_goes_even_where_it_hangs(
    jobs: Jobs, timed_store: Store, clock: StoppedClock
) -> None:
    id_ = await asked(jobs)
    job = await jobs.claim(["test"])
    assert job is not None
    clock.at += timedelta(seconds=LIFE_S + 1)
    with pytest.raises(Interrupted, match="BA-2372"):
        await jobs.renew(job)
    running, kind = runner(jobs, timed_store, nothing)
    assert await running.step(asyncio.Event()) is False
    await running.tidy()
    assert kind.cleaned == [id_]
    assert await jobs.database.fetchval("select count(*) from job") == 0


async def test_the_oldest_moment_that_is_read_at_is_held_until_the_job_ends(jobs: Jobs, clock: StoppedClock) -> None:
    assert await moment_held(jobs.database, clock.at) is None
    await asked(jobs)
    job = await jobs.claim(["test"])
    assert job is not None
    async with jobs.database.transaction() as connection:
        await jobs.advance(job, {}, connection, moment_at=clock.at)
        await jobs.advance(job, {"part": 1}, connection)
    assert await moment_held(jobs.database, clock.at) == clock.at
    assert await moment_held(jobs.database, clock.at + timedelta(seconds=LIFE_S + 1)) is None
    await jobs.finish(job)
    assert await moment_held(jobs.database, clock.at) is None


async def test_unfinished_jobs_of_one_asker_are_bounded(jobs: Jobs) -> None:
    for _ in range(OPEN_MAX):
        await asked(jobs)
    with pytest.raises(Busy, match="BA-2371"):
        await asked(jobs)
    await asked(jobs, "account:8")
