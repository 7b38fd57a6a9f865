"""`benhan serve all`: node, repository, health book and portal on this machine, on one embedded PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings, load_settings
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.supervisor import Child, GivenUp, keep
from benhan.serving.workers import check_ports, metrics_folder, worker_children
from benhan.store.opening import key_encryption, open_store
from benhan.wiring import build_access

PORTS = {"node": 8080, "repository": 8081, "healthbook": 8082, "portal": 8083}
"""Where the roles listen when the settings give all of them the same port."""


def run_all(settings: Settings, config: Path | None) -> GivenUp | None:
    """Run all roles until SIGTERM or SIGINT, or until the process it gives is given up.

    The node delivers to the repository beside it.
    """
    return asyncio.run(_run_all(settings, config))


async def _run_all(settings: Settings, config: Path | None) -> GivenUp | None:
    roles = {role: _settings_of(role, settings, config) for role in PORTS}
    for role in PORTS:
        check_ports(roles[role], role)
    key_encryption(settings)  # made here, once: the children would each make their own
    keeper = None if settings.database else DatabaseKeeper(settings.data)
    if keeper is not None:
        await keeper.start()
    environment: dict[str, dict[str, str]] = {role: {} for role in PORTS}
    if not roles["node"].repository_url:
        environment["node"] = await _beside(roles["node"], roles["repository"])
    with metrics_folder() as shared:
        environment["node"] |= shared
        children = [role_children(role, roles[role], config, environment[role]) for role in PORTS]
        return await keep(keeper, [child for each in children for child in each])


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


def role_children(role: str, settings: Settings, config: Path | None, environment: Mapping[str, str]) -> list[Child]:
    """The processes of one role."""
    arguments = ["serve", role, "--data", str(settings.data), "--port", str(settings.http_port)]
    if config is not None:
        arguments += ["--config", str(config)]
    return worker_children(role, settings, arguments, environment)
