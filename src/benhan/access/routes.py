"""Routes that name their permission; one that does not is denied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from benhan.kernel.permissions import Permission

_NAMED = re.compile(r"\{[a-z_]+\}")


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


class Found(NamedTuple):
    """A route, and the parts of the path that its pattern names."""

    route: BaseRoute
    parts: dict[str, str]


class _Row(NamedTuple):
    """A route whose pattern is made of whole parts: its place in the table, where its named parts stand."""

    number: int
    route: Route
    names: tuple[tuple[int, str], ...]


class RouteTable:
    """Routes found by their literal parts, without holding a path against one pattern after another.

    A pattern is a few whole parts, literal or named (`/fhir/{type}/_search`). Patterns whose literal parts stand at the
    same places share a dictionary: a path asks each of these once, of which there are two or three for its length. As
    in a list, the first route of a path and method answers. Those with a part that begins with `$` (operations) are by
    themselves: nothing else is held against them. What is not made of whole parts is asked last, by its own rules.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self.routes = list(routes)
        self._tables: dict[tuple[int, bool], list[_Table]] = {}
        self._others: list[BaseRoute] = []
        for number, each in enumerate(self.routes):
            if isinstance(each, GuardedRoute) and _is_of_whole_parts(each.path):
                self._add(number, each)
            else:
                self._others.append(each)

    def _add(self, number: int, route: Route) -> None:
        parts = route.path.split("/")
        literal = tuple(place for place, part in enumerate(parts) if not part.startswith("{"))
        names = tuple((place, part[1:-1]) for place, part in enumerate(parts) if part.startswith("{"))
        tables = self._tables.setdefault((len(parts), "/$" in route.path), [])
        table = next((each for each in tables if each.literal == literal), None)
        if table is None:
            table = _Table(literal)
            tables.append(table)
        rows = table.rows.setdefault(table.key(parts), {})
        for method in route.methods or ():
            rows.setdefault(method, _Row(number, route, names))

    def find(self, scope: Scope) -> Found | None:
        """The route that answers the path and method of `scope`, None for none."""
        path, method = scope["path"], scope["method"]
        parts = path.split("/")
        first: _Row | None = None
        for table in self._tables.get((len(parts), "/$" in path), ()):
            rows = table.rows.get(table.key(parts))
            row = rows.get(method) if rows is not None else None
            if row is not None and (first is None or row.number < first.number) and _has_names(row, parts):
                first = row
        if first is not None:
            return Found(first.route, {name: parts[place] for place, name in first.names})
        for other in self._others:
            match, child = other.matches(scope)
            if match is Match.FULL:
                return Found(other, child["path_params"])
        return None

    def of_any_method(self, scope: Scope) -> list[BaseRoute]:
        """The routes of the path of `scope`, whatever method they answer."""
        path = scope["path"]
        parts = path.split("/")
        found: list[BaseRoute] = []
        for table in self._tables.get((len(parts), "/$" in path), ()):
            rows = table.rows.get(table.key(parts), {})
            found += [row.route for row in rows.values() if _has_names(row, parts)]
        return found + [other for other in self._others if other.matches(scope)[0] is not Match.NONE]

    def without_permission(self) -> list[str]:
        """The paths of routes that name no permission; the door denies them."""
        return [str(getattr(each, "path", each)) for each in self.routes if not isinstance(each, GuardedRoute)]


class _Table:
    """Patterns of one length whose literal parts stand at the same places, by these parts and then by method."""

    def __init__(self, literal: tuple[int, ...]) -> None:
        self.literal = literal
        self.key: Callable[[list[str]], Any] = itemgetter(*literal)
        self.rows: dict[Any, dict[str, _Row]] = {}


def _is_of_whole_parts(pattern: str) -> bool:
    return all("{" not in part or _NAMED.fullmatch(part) for part in pattern.split("/"))


def _has_names(row: _Row, parts: list[str]) -> bool:
    """Whether each named part has something in it."""
    for place, _ in row.names:  # noqa: SIM110  # a generator would cost more than the look
        if not parts[place]:
            return False
    return True
