"""The headers of a request by their names, found once. Source: RFC 9110 5.2, 5.3; RFC 9113 8.2.3 (cookies)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

Header = tuple[bytes, bytes]
Headers = Mapping[bytes, bytes]
Scope = MutableMapping[str, Any]


def header_map(headers: Iterable[Header]) -> Headers:
    """Each header by its name in lower case; what came in several lines is one value, its parts in their order."""
    pairs = list(headers)
    found = dict(pairs)
    return found if len(found) == len(pairs) else _joined(pairs)


def _joined(pairs: list[Header]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in pairs:
        between = b"; " if name == b"cookie" else b", "
        found[name] = found[name] + between + value if name in found else value
    return found


def headers_of(scope: Scope) -> Headers:
    """The headers of the request of `scope`; kept in its state, where the door put them."""
    state = scope.setdefault("state", {})
    found: Headers | None = state.get("headers")
    if found is None:
        found = state["headers"] = header_map(scope["headers"])
    return found


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header, None where it was not sent."""
    value = headers_of(scope).get(name)
    return value.decode("latin-1") if value is not None else None
