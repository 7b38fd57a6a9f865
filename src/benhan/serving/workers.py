"""One role as several processes that listen on the same ports, so that a second core works too.

The kernel shares new connections out among them (SO_REUSEPORT). What may be done by one only (applying messages,
delivering, chaining the ledger) is guarded by locks in the database, so that each worker offers itself for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from benhan.kernel.faults import Conflict, FaultCode
from benhan.kernel.settings import Settings
from benhan.kernel.texts import Text
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.supervisor import Child, GivenUp, keep
from benhan.store.opening import key_encryption

WORKERS_MAX = 2
"""What is chosen where nothing is set: more cores are for the database."""
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers of a role put their numbers together; the name is prometheus_client's."""

PORT_TAKEN = FaultCode(
    "BA-0110",
    Conflict,
    Text(
        "Cổng {port} trên {host} đang có chương trình khác dùng. Dừng chương trình đó hoặc đặt cổng khác.",
        "Port {port} on {host} is taken by another program. Stop it, or set another port.",
    ),
)


def worker_count(role: str, settings: Settings) -> int:
    """How many processes serve a role. A node has one a core, two at most; the others have one.

    A repository is one process: its locks keep two deliveries of a new citizen apart within a process only.
    """
    if role != "node":
        return 1
    return settings.workers or min(os.cpu_count() or 1, WORKERS_MAX)


def import_workers(settings: Settings) -> int:
    """How many processes read the lines of a long $import: what one core would do twice as slowly by two is left."""
    cores = os.cpu_count() or 1
    return min(settings.import_workers, cores) if cores > 1 else 0


def run_workers(role: str, settings: Settings) -> GivenUp | None:
    """Run this very command once for each worker, until SIGTERM or SIGINT, or until the one it gives is given up.

    Raises Conflict BA-0110.
    """
    check_ports(settings, role)
    return asyncio.run(_run_workers(role, settings))


async def _run_workers(role: str, settings: Settings) -> GivenUp | None:
    key_encryption(settings)  # made here, once: the workers would each make their own
    keeper = None if settings.database else DatabaseKeeper(settings.data)
    if keeper is not None:
        await keeper.start()
    with metrics_folder() as environment:
        return await keep(keeper, worker_children(role, settings, sys.argv[1:], environment))


def worker_children(
    role: str, settings: Settings, arguments: Sequence[str], environment: Mapping[str, str]
) -> list[Child]:
    """The processes of one role: `node-1` and `node-2`, or `repository` where it has one."""
    count = worker_count(role, settings)
    names = [f"{role}-{number}" for number in range(1, count + 1)] if count > 1 else [role]
    return [Child(name, arguments, environment) for name in names]


@contextmanager
def metrics_folder() -> Iterator[dict[str, str]]:
    """The environment by which the workers of one role share their numbers; gone afterwards."""
    folder = tempfile.mkdtemp(prefix="benhan-metrics-")
    try:
        yield {METRICS_FOLDER: folder}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_ports(settings: Settings, role: str, *, shared: bool = False) -> None:
    """Return when the ports of a role are free, or taken by workers beside us only (`shared`). Raises BA-0110."""
    ports = [(settings.http_host, settings.http_port)]
    if role == "node" and settings.mllp_port:
        ports.append((settings.mllp_host, settings.mllp_port))
    for host, port in ports:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                probe.bind((host, port))
            except OSError as cause:
                raise PORT_TAKEN(host=host, port=port) from cause
