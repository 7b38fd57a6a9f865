"""Runs jobs one after another in this process, renews their leases meanwhile, and removes what is over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.kernel.stopping import woken
from benhan.kernel.trace import current_trace
from benhan.store.backoff import retry_delay
from benhan.store.job_faults import JOB_TAKEN, TOO_OFTEN, UNEXPECTED
from benhan.store.jobs import ATTEMPTS_MAX, Job, Jobs
from benhan.store.store import Store

log = Log("jobs")

PAUSE_S = 2.0
RENEW_S = 3.0


class JobKind(Protocol):
    """What a kind of job does."""

    async def run(self, job: Job) -> None:
        """Do it from `job.place` on, writing with `Jobs.advance` how far it is; return when it is done.

        A Fault ends the job, but for a retryable one, after which it is tried again.
        """
        ...

    async def clean(self, job: Job) -> None:
        """Remove all that it made; may be called again."""
        ...


@dataclass(slots=True)
class JobRunner:
    """The task that runs jobs of the kinds it knows."""

    store: Store
    jobs: Jobs
    kinds: Mapping[str, JobKind]
    wake: asyncio.Event
    """Set by who puts a job in this process, so that it begins at once."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop`; the one that runs then is given back, to go on where it was."""
        while not stop.is_set():
            self.wake.clear()
            worked = False
            try:
                worked = await self.step(stop)
                await self.tidy()
            except Fault as fault:
                log.warning("jobs.delayed", fault=fault.code)
            if not worked:
                await woken(stop, self.wake, PAUSE_S)

    async def step(self, stop: asyncio.Event) -> bool:
        """Run one job as far as it goes; whether there was one."""
        job = await self.jobs.claim([*self.kinds])
        if job is None:
            return False
        token = current_trace.set(job.trace)
        try:
            if job.attempts > ATTEMPTS_MAX:
                await self.jobs.finish(job, TOO_OFTEN.code)
                log.warning("job.failed", kind=job.kind, fault=TOO_OFTEN.code)
            else:
                await self._run(job, stop)
        except Fault as fault:
            if fault.code != JOB_TAKEN.code:
                raise
        finally:
            current_trace.reset(token)
        return True

    async def tidy(self) -> None:
        """Remove jobs whose life is over, with what they made."""
        for job in await self.jobs.left([*self.kinds]):
            await self.kinds[job.kind].clean(job)
            await self.jobs.remove(job)

    async def _run(self, job: Job, stop: asyncio.Event) -> None:
        work = asyncio.create_task(self.kinds[job.kind].run(job), name=f"job {job.kind}")
        renewing = asyncio.create_task(self._renew(job))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, renewing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
                if stop.is_set():
                    await self.jobs.release(job, counted=False)
                return
        finally:
            for each in (work, renewing, stopping):
                each.cancel()
            await asyncio.gather(work, renewing, stopping, return_exceptions=True)
        await self._ended(job, work.exception())

    async def _ended(self, job: Job, cause: BaseException | None) -> None:
        if cause is None:
            await self.jobs.finish(job)
        elif not isinstance(cause, Fault):
            log.failure("job.failed", cause, kind=job.kind)
            await self.jobs.finish(job, UNEXPECTED.code)
        elif cause.code == JOB_TAKEN.code:
            return
        elif cause.retryable:
            log.warning("job.delayed", kind=job.kind, fault=cause.code)
            await self.jobs.release(job, after=max(retry_delay(job.attempts, self.store.random), timedelta(seconds=1)))
        else:
            log.warning("job.failed", kind=job.kind, fault=cause.code)
            await self.jobs.finish(job, cause.code)

    async def _renew(self, job: Job) -> None:
        """Hold the lease; returns once it is lost."""
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self.jobs.renew(job)
            except Fault as fault:
                if fault.code == JOB_TAKEN.code:
                    return
                log.warning("jobs.delayed", fault=fault.code)
