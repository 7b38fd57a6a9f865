"""Sealed blobs in an S3 bucket, or in what speaks S3 (MinIO, Ceph, Viettel, VNG …).

Source: Amazon S3 API Reference; AWS General Reference, Signature Version 4. One PUT an object (5 GB at most); the
bucket is named in the path, not in the host.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from lxml import etree

from benhan.kernel.clock import Clock
from benhan.kernel.secrets import Secret
from benhan.store.blob_backends import NAME, disk_errors
from benhan.store.blob_faults import BLOB_LOST, BLOB_PLACE_AWAY

EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_PIECE_BYTES = 1 << 20
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3Backend:
    """Blobs as objects under `endpoint`/`bucket`/; what grows is in a local spool folder."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        endpoint: str,
        bucket: str,
        *,
        access_key: str,
        secret_key: Secret,
        region: str,
        spool: Path,
        clock: Clock,
    ) -> None:
        self._client = client
        self._base = f"{endpoint.rstrip('/')}/{bucket}"
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._spool = spool
        self._clock = clock

    @property
    def spool(self) -> Path:
        return self._spool

    async def put(self, name: str, file: Path) -> None:
        size, digest = await asyncio.to_thread(_measure, file)
        headers = {"content-length": str(size)}
        async with self._asked("PUT", name, headers=headers, payload=digest, content=_pieces(file)) as answer:
            _expect(answer, 200)

    async def read(self, name: str, start: int = 0) -> AsyncIterator[bytes]:
        async with self._asked("GET", name, headers={"range": f"bytes={start}-"}) as answer:
            if answer.status_code == 416:
                return
            if answer.status_code == 404:
                raise BLOB_LOST(name=name)
            _expect(answer, 206)
            async for piece in answer.aiter_bytes(_PIECE_BYTES):
                yield piece

    async def size(self, name: str) -> int | None:
        async with self._asked("HEAD", name) as answer:
            if answer.status_code == 404:
                return None
            _expect(answer, 200)
            return int(answer.headers["content-length"])

    async def delete(self, name: str) -> None:
        async with self._asked("DELETE", name) as answer:
            _expect(answer, 204, 200, 404)

    async def names(self, before: datetime) -> AsyncIterator[str]:
        token = ""
        while True:
            asked = {"list-type": "2", **({"continuation-token": token} if token else {})}
            async with self._asked("GET", "", parameters=asked) as answer:
                _expect(answer, 200)
                found, token = _listed(await answer.aread())
            for name, put_at in found:
                if NAME.fullmatch(name) and put_at < before:
                    yield name
            if not token:
                return

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        name: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        payload: str = EMPTY_HASH,
        content: AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        url = f"{self._base}/{name}" + (f"?{_query(parameters)}" if parameters else "")
        sent = {**(headers or {}), "x-amz-content-sha256": payload}
        sent |= sign(method, url, sent, self._access_key, self._secret_key, self._region, self._clock.now())
        try:
            async with self._client.stream(method, url, headers=sent, content=content) as answer:
                yield answer
        except httpx.HTTPError as cause:
            raise BLOB_PLACE_AWAY(reason=type(cause).__name__) from cause


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    access_key: str,
    secret_key: Secret,
    region: str,
    at: datetime,
) -> dict[str, str]:
    """The headers that sign a request of these `headers`, `x-amz-content-sha256` among them, at an instant."""
    parts, day, stamp = urlsplit(url), at.strftime("%Y%m%d"), at.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "host": parts.netloc, "x-amz-date": stamp}
    names = ";".join(sorted(signed))
    lines = [f"{name}:{signed[name].strip()}" for name in sorted(signed)]
    asked = [method, quote(parts.path or "/"), parts.query, *lines, "", names, headers["x-amz-content-sha256"]]
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(chr(10).join(asked).encode()).hexdigest()}"
    key = b"AWS4" + secret_key.reveal()
    for step in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={access_key}/{scope},SignedHeaders={names},Signature={signature}"
    return {"x-amz-date": stamp, "authorization": credential}


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(parameters[name], safe='')}" for name in sorted(parameters))


def _listed(body: bytes) -> tuple[list[tuple[str, datetime]], str]:
    """Names and times of a listing, and the token of its next page ("" for none)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
        found = [
            (_text(each, "Key"), datetime.fromisoformat(_text(each, "LastModified")))
            for each in root.iterfind(f"{_NAMESPACE}Contents")
        ]
    except (etree.XMLSyntaxError, ValueError) as cause:
        raise BLOB_PLACE_AWAY(reason="S3 XML") from cause
    return found, _text(root, "NextContinuationToken")


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(_NAMESPACE + name) or ""


def _expect(answer: httpx.Response, *statuses: int) -> None:
    if answer.status_code not in statuses:
        raise BLOB_PLACE_AWAY(reason=f"S3 {answer.status_code}")


def _measure(file: Path) -> tuple[int, str]:
    with disk_errors(), file.open("rb") as opened:
        return file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest()


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, _PIECE_BYTES):
            yield piece
