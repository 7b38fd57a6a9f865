"""Many PDFs signed at once: one status, one PIN or approval, time-stamps side by side.

A time-stamp server that is away does not keep anybody from signing: what lacks its stamp says so and is stamped later
(`stamp_later`). Source: NĐ 23/2025/NĐ-CP Đ15–17; EN 319 142-1, 6 (levels).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TypeVar

from benhan.kernel.faults import Fault, Unavailable
from benhan.signing.checking import STAMPS_TIME, checked_status
from benhan.signing.pades import Place, PreparedPdf, SignedPdf, prepare, to_archive, with_status
from benhan.signing.signers import Signer
from benhan.signing.status import Fetch, Status
from benhan.signing.timestamps import Stamp, read_token
from benhan.signing.trust import Trust

T = TypeVar("T")

AT_ONCE = 64
"""So many documents are signed by one call of the signer, and time-stamped side by side."""


class Level(Enum):
    """How long a signature can be proven. Source: EN 319 142-1, 6.1."""

    B = "B-B"
    T = "B-T"
    LT = "B-LT"
    LTA = "B-LTA"


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed PDF and the level it reached; `missing` says why it is lower than asked for."""

    pdf: bytes
    level: Level
    missing: Fault | None = None


class Services:
    """What signing needs from outside: trust, the CAs' services, a time-stamp server.

    The status of a time-stamp server's certificates is asked for once in `status_life_s`.
    """

    def __init__(self, trust: Trust, fetch: Fetch, stamp: Stamp) -> None:
        self.trust = trust
        self.fetch = fetch
        self.stamp = stamp
        self._servers: dict[bytes, tuple[datetime, Status]] = {}

    async def server_status(self, token: bytes, at: datetime) -> Status:
        """The status of the certificates behind a token. Raises as `checked_status`."""
        server = read_token(token).server
        key = server.certificate.sha256
        known = self._servers.get(key)
        if known is not None and abs((at - known[0]).total_seconds()) < STATUS_LIFE_S:
            return known[1]
        status = await checked_status(server, self.trust, self.fetch, at, STAMPS_TIME)
        self._servers[key] = (at, status)
        return status


STATUS_LIFE_S = 300


async def sign_pdfs(
    files: Sequence[tuple[bytes, Place]], signer: Signer, services: Services, at: datetime, level: Level = Level.LTA
) -> AsyncIterator[SignedFile]:
    """The files signed by one identity, in their order. The certificate's status is asked for once, before anything.

    Raises Forbidden BA-5014, BA-5016, Unavailable BA-5013, BA-5015, and as `prepare`: then the files from the present
    group of `AT_ONCE` on are not signed.
    """
    status = await checked_status(signer.identity, services.trust, services.fetch, at)
    for start in range(0, len(files), AT_ONCE):
        group = files[start : start + AT_ONCE]
        prepared = [await _aside(prepare, pdf, place, signer.identity, at) for pdf, place in group]
        signatures = await signer.sign([each.to_sign for each in prepared])
        signed = [await _aside(_signed, *each) for each in zip(prepared, signatures, strict=True)]
        for file in await asyncio.gather(*(_raised(each, services, status, at, level) for each in signed)):
            yield file


async def stamp_later(pdf: bytes, services: Services, at: datetime) -> SignedFile:
    """A signed PDF whose time-stamp server was away, sealed now by a time-stamp of the whole document.

    Raises Unavailable BA-5010, BA-5011 where it still is, and as `to_archive`.
    """
    waiting = await _aside(to_archive, pdf)
    token = await services.stamp(waiting.to_stamp)
    sealed = waiting.with_timestamp(token)
    return SignedFile(await _aside(with_status, sealed, await services.server_status(token, at)), Level.LTA)


_ASIDE = ThreadPoolExecutor(1, thread_name_prefix="signing")
"""PDFs are taken apart beside the event loop, so that others are answered while a batch is signed; one at a time, since
certificates are read lazily. It starts with the first."""


async def _aside(act: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_ASIDE, partial(act, *arguments))


def _signed(prepared: PreparedPdf, signature: bytes) -> SignedPdf:
    return prepared.with_signature(signature)


def _stamped(signed: SignedPdf, token: bytes) -> bytes:
    return signed.with_timestamp(token).pdf


async def _raised(signed: SignedPdf, services: Services, status: Status, at: datetime, level: Level) -> SignedFile:
    """A signature brought as high as it can be now."""
    if level is Level.B:
        return SignedFile(signed.pdf, Level.B)
    try:
        token = await services.stamp(signed.to_stamp)
        pdf = await _aside(_stamped, signed, token)
        if level is Level.T:
            return SignedFile(pdf, Level.T)
        kept = status | await services.server_status(token, at)
    except Unavailable as fault:
        return SignedFile(await _aside(with_status, signed.pdf, status), Level.B, fault)
    if level is Level.LT:
        return SignedFile(await _aside(with_status, pdf, kept), Level.LT)
    waiting = await _aside(to_archive, pdf, kept)
    try:
        return SignedFile(waiting.with_timestamp(await services.stamp(waiting.to_stamp)), Level.LTA)
    except Unavailable as fault:
        return SignedFile(await _aside(with_status, pdf, kept), Level.LT, fault)
