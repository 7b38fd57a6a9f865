"""Routes that name their permission; one that does not is denied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

from benhan.kernel.permissions import Permission


class GuardedRoute(Route):
    """A Route with the permission it needs."""

    permission: Permission


def route(
    path: str, endpoint: Any, *, permission: Permission, methods: Sequence[str] = ("GET",), name: str | None = None
) -> GuardedRoute:
    """A route that only actors with `permission` reach; PUBLIC is for everybody."""
    guarded = GuardedRoute(path, endpoint, methods=list(methods), name=name)
    guarded.permission = permission
    return guarded
