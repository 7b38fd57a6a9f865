"""`benhan serve all`: node, repository and health book on this machine, on one embedded PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import ROLES, Settings, load_settings
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.supervisor import SUPERVISED, Child, Supervisor
from benhan.wiring import build_access, key_encryption, open_store

log = Log("all")


PORTS = {"node": 8080, "repository": 8081, "healthbook": 8082}
"""Where the roles listen when the settings give all of them the same port."""


def run_all(settings: Settings, config: Path | None) -> None:
    """Run the three roles until SIGTERM or SIGINT; the node delivers to the repository beside it."""
    asyncio.run(_run_all(settings, config))


async def _run_all(settings: Settings, config: Path | None) -> None:
    roles = {role: _settings_of(role, settings, config) for role in ROLES}
    key_encryption(settings)  # made here, once: the children would each make their own
    keeper = None if settings.database else DatabaseKeeper(settings.data)
    if keeper is not None:
        await keeper.start()
    environment: dict[str, dict[str, str]] = {role: {} for role in ROLES}
    if not roles["node"].repository_url:
        environment["node"] = await _beside(roles["node"], roles["repository"])
    await keep(keeper, [role_child(role, roles[role], config, environment[role]) for role in ROLES])


def _settings_of(role: str, settings: Settings, config: Path | None) -> Settings:
    """The settings of a role, its usual port where the file gives it none of its own."""
    found = load_settings(role, file=config, flags={"data": settings.data, "database": settings.database or None})
    own = load_settings("", file=config).http_port
    return replace(found, http_port=PORTS[role]) if found.http_port == own else found


async def _beside(node: Settings, repository: Settings) -> dict[str, str]:
    """What the node needs to deliver to the repository beside it: its address and a fresh token."""
    async with open_store(repository, "repository") as store:
        sessions = build_access(store, repository).sessions
        permissions = frozenset({Permission.REPOSITORY_DELIVER})
        token = await sessions.make_token(f"node-{node.facility_code}", permissions, facility=node.facility_code)
    return {"BENHAN_REPOSITORY_URL": repository.base_url, "BENHAN_REPOSITORY_TOKEN": token}


def role_child(role: str, settings: Settings, config: Path | None, environment: dict[str, str]) -> Child:
    """The process of one role."""
    arguments = ["serve", role, "--data", str(settings.data), "--port", str(settings.http_port)]
    if config is not None:
        arguments += ["--config", str(config)]
    return Child(role, arguments, environment)


async def keep(keeper: DatabaseKeeper | None, children: Sequence[Child]) -> None:
    """Keep `children`, and the database they share, until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    supervisor = Supervisor(children)
    supervisor.start()
    log.info("all.started", count=len(children))
    await stop.wait()
    await supervisor.stop()
    if keeper is not None:
        await keeper.stop()


def is_supervised() -> bool:
    """Whether a supervisor started this process (and keeps the database)."""
    return SUPERVISED in os.environ
