"""Routes that name their permission; one that does not is denied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from benhan.kernel.permissions import Permission


class GuardedRoute(Route):
    """A Route with the permission it needs.

    `is_poll` marks what a page asks by itself: asking does not keep a session from ending. `keeps_limits` says that
    what answers holds the limits of an app's token; apps reach no other route but public ones. `is_open` says that
    pages of other sites may ask, by a token.
    """

    permission: Permission
    is_poll: bool
    keeps_limits: bool
    is_open: bool

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the door has matched path and method already, and answers for what is raised."""
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def route(
    path: str,
    endpoint: Any,
    *,
    permission: Permission,
    methods: Sequence[str] = ("GET",),
    name: str | None = None,
    is_poll: bool = False,
    keeps_limits: bool = False,
    is_open: bool = False,
) -> GuardedRoute:
    """A route that only actors with `permission` reach; PUBLIC is for everybody."""
    guarded = GuardedRoute(path, endpoint, methods=list(methods), name=name)
    guarded.permission = permission
    guarded.is_poll = is_poll
    guarded.keeps_limits = keeps_limits
    guarded.is_open = is_open
    return guarded


class RouteTable:
    """Routes found by the first part of their path and its depth, so that a request is held against few of them.

    Those with a part that begins with `$` (operations) are by themselves: nothing else is held against them.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self.routes = list(routes)
        self._found: dict[tuple[str, int], list[BaseRoute]] = {}
        self._anywhere: list[BaseRoute] = []
        for each in self.routes:
            path = getattr(each, "path", "{")
            if "{" in _first_part(path) or not isinstance(each, Route) or ":path}" in path:
                self._anywhere.append(each)
            else:
                self._found.setdefault(_shape(path), []).append(each)

    def candidates(self, path: str) -> list[BaseRoute]:
        """The routes that may match `path`, in their order."""
        found = self._found.get(_shape(path), [])
        return found + self._anywhere if self._anywhere else found

    def without_permission(self) -> list[str]:
        """The paths of routes that name no permission; the door denies them."""
        return [str(getattr(each, "path", each)) for each in self.routes if not isinstance(each, GuardedRoute)]


def _shape(path: str) -> tuple[str, int]:
    return _first_part(path), path.count("/")


def _first_part(path: str) -> str:
    first = path[1:].split("/", 1)[0]
    return f"{first}/$" if "/$" in path else first
