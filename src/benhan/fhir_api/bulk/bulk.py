"""The bulk side of an API: its jobs, the folder of their files, what imports may fetch, who runs them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from benhan.fhir_api.bulk.export_job import ExportJob
from benhan.fhir_api.bulk.import_job import ImportJob
from benhan.fhir_api.bulk.import_sources import ImportSources
from benhan.store.bulk_files import BulkFolder
from benhan.store.job_runner import JobKind, JobRunner
from benhan.store.jobs import Jobs
from benhan.store.store import Store


@dataclass(slots=True)
class Bulk:
    """What the interactions of bulk data need. `wake` tells the runner that there is something to do."""

    store: Store
    jobs: Jobs
    folder: BulkFolder
    base_url: str
    sources: ImportSources
    import_workers: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def on(
        cls,
        store: Store,
        folder: Path,
        base_url: str,
        *,
        life_s: float,
        sources: ImportSources | None = None,
        import_workers: int = 0,
    ) -> Bulk:
        """The bulk side of a store, its files in `folder`; a finished job and its files live `life_s`.

        `sources` are what imports may take lines from; without, only bodies are taken in. `import_workers` processes
        read the lines of long ones.
        """
        jobs = Jobs(store.database, store.keyring, store.clock, store.random, life_s)
        return cls(store, jobs, BulkFolder(folder, store.random), base_url, sources or ImportSources(), import_workers)

    def runner(self) -> JobRunner:
        """The task that does the jobs."""
        kinds: dict[str, JobKind] = {
            "export": ExportJob(self.store, self.jobs, self.folder, self.base_url),
            "import": ImportJob(self.store, self.jobs, self.folder, self.sources, self.import_workers),
        }
        return JobRunner(self.store, self.jobs, kinds, self.wake)
