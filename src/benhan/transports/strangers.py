"""Addresses that somebody outside has named: used only where a stranger's address may lead.

An address is checked when it is used: scheme, port, and every address that its name means. The connection is made to
the checked address itself, so that the name cannot mean another one a moment later. Private addresses and plain http
are for the hosts that a setting names.
Source: OWASP Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from urllib.parse import urlsplit

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host name means. Raises OSError where it means none."""


class NotPublic(Exception):  # noqa: N818  # each sender has a Fault of its own for it
    """An address that may not be used, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name by the machine's own resolver."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as cause:
        raise OSError("no host name") from cause
    return [str(each[4][0]) for each in found]


async def checked_address(address: str, allowed: Collection[str], resolver: Resolve) -> tuple[str, str]:
    """The address with its host as a checked IP address, and the Host header; `allowed` are hosts in lower case.

    Raises NotPublic, and OSError where the name cannot be looked up.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as cause:
        raise NotPublic("url") from cause
    is_allowed = host in allowed
    if not host or parts.username is not None or parts.scheme not in ("https", "http"):
        raise NotPublic("url")
    if parts.scheme == "http" and not is_allowed:
        raise NotPublic("http")
    found = await resolver(host, port or (443 if parts.scheme == "https" else 80))
    if not found or not (is_allowed or all(is_public(each) for each in found)):
        raise NotPublic("private address")
    ip = f"[{found[0]}]" if ":" in found[0] else found[0]
    netloc = f"{ip}:{port}" if port else ip
    shown = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=netloc, fragment="").geturl(), f"{shown}:{port}" if port else shown


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet; IPv4 inside IPv6 is taken out first.

    Of IPv6 only 2000::/3 is: the rest is local, reserved, or leads to IPv4 besides. Source: IANA, IPv6 Address Space.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo is not None else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if ip not in GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast
