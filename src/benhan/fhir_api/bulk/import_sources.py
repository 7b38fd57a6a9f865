"""Where an import may take lines from: hosts and a folder that the settings name, and nothing else.

So that nobody can make this server ask others of its network: only https, only hosts written down, no redirects.
Source: OWASP, Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from benhan.fhir_api.bulk.faults import FETCH_REFUSED, FILE_TOO_LARGE, LINE_TOO_LONG, NOT_FETCHED, URL_NOT_ALLOWED
from benhan.store.bulk_import import opened_lines

FILE_BYTES_MAX = 100 * 1024**3
LINE_BYTES_MAX = 32 * 1024 * 1024
PIECE_BYTES = 1 << 20
TIMEOUT_S = 30.0


def make_client() -> httpx.AsyncClient:
    """A client that follows nobody and asks no proxy of the environment."""
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class ImportSources:
    """What the settings allow."""

    hosts: frozenset[str] = frozenset()
    folder: Path | None = None
    client: Callable[[], httpx.AsyncClient] = make_client

    @classmethod
    def allowed(cls, hosts: str, folder: str) -> ImportSources:
        """Out of the settings import_hosts and import_folder."""
        names = frozenset(each.strip().lower() for each in hosts.split(",") if each.strip())
        return cls(names, Path(folder).resolve() if folder else None)

    def check(self, url: str) -> None:
        """Raises Forbidden BA-2391 where `url` may not be taken from."""
        try:
            is_allowed = self._allows(url)
        except (ValueError, OSError, httpx.InvalidURL) as cause:  # no address at all, or no path of this machine
            raise URL_NOT_ALLOWED() from cause
        if not is_allowed:
            raise URL_NOT_ALLOWED()

    def _allows(self, url: str) -> bool:
        parts = urlsplit(url)
        if parts.scheme == "https":
            return parts.netloc.lower() in self.hosts and bool(httpx.URL(url).host)
        return parts.scheme == "file" and parts.netloc in ("", "localhost") and self._path(url) is not None

    def pieces(self, url: str, number: int) -> AsyncGenerator[bytes, None]:
        """The bytes of file `number` of an import. Raises BA-2391 to BA-2393, BA-2395."""
        self.check(url)
        path = self._path(url) if urlsplit(url).scheme == "file" else None
        return _of_file(path, number) if path is not None else self._of_host(url, number)

    def _path(self, url: str) -> Path | None:
        """The file of a `file:` address where it lies in the folder, however it is written."""
        if self.folder is None:
            return None
        path = Path(unquote(urlsplit(url).path)).resolve()
        return path if path.is_relative_to(self.folder) and path.is_file() else None

    async def _of_host(self, url: str, number: int) -> AsyncGenerator[bytes, None]:
        headers = {"accept": "application/fhir+ndjson, application/ndjson"}
        try:
            async with self.client() as client, client.stream("GET", url, headers=headers) as answer:
                if answer.status_code >= 500:
                    raise NOT_FETCHED(number=number, reason=f"HTTP {answer.status_code}")
                if answer.status_code != 200:
                    raise FETCH_REFUSED(number=number, status=answer.status_code)
                async for piece in answer.aiter_bytes(PIECE_BYTES):
                    yield piece
        except httpx.HTTPError as cause:
            raise NOT_FETCHED(number=number, reason=type(cause).__name__) from cause


async def _of_file(path: Path, number: int) -> AsyncGenerator[bytes, None]:
    try:
        file = await asyncio.to_thread(opened_lines, path)
        with file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece
    except (OSError, EOFError, zlib.error) as cause:
        raise NOT_FETCHED(number=number, reason=type(cause).__name__) from cause


async def lines_of(pieces: AsyncGenerator[bytes, None], number: int, batch: int) -> AsyncGenerator[list[bytes], None]:
    """The lines of file `number` that are not empty, in batches. Raises Incorrect BA-2393, BA-2394."""
    left, size = b"", 0
    found: list[bytes] = []
    async with aclosing(pieces):
        async for piece in pieces:
            size += len(piece)
            if size > FILE_BYTES_MAX:
                raise FILE_TOO_LARGE(number=number, limit=FILE_BYTES_MAX)
            *whole, left = (left + piece).split(b"\n")
            if len(left) > LINE_BYTES_MAX:
                raise LINE_TOO_LONG(number=number, limit=LINE_BYTES_MAX)
            found += [line for each in whole if (line := each.strip())]
            while len(found) >= batch:
                yield found[:batch]
                found = found[batch:]
    if last := left.strip():
        found.append(last)
    for start in range(0, len(found), batch):
        yield found[start : start + batch]
