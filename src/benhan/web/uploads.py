"""Files of a form, kept in memory alone and bounded."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from benhan.access.faults import BAD_FORM

FILES_MAX = 20
FIELDS_MAX = 8
MULTIPART = "multipart/form-data"


def is_form(request: Request) -> bool:
    """Whether a request carries a form with files, not one file as it is."""
    return request.headers.get("content-type", "").lower().startswith(MULTIPART)


async def uploaded_files(request: Request, body: bytes, bytes_max: int) -> list[tuple[str, bytes]]:
    """Name and content of each file of the field `file`. Raises Incorrect BA-0913."""
    return (await uploaded_form(request, body, bytes_max))[1]


async def uploaded_form(
    request: Request, body: bytes, bytes_max: int
) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """The fields of a form, and name and content of each file of its field `file`. Raises Incorrect BA-0913."""

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, once(), max_files=FILES_MAX, max_fields=FIELDS_MAX)
    parser.spool_max_size = bytes_max + 1
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as cause:
        raise BAD_FORM(limit=bytes_max) from cause
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        uploads = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
        return fields, [(each.filename or "", await each.read()) for each in uploads if each.size or each.filename]
    finally:
        await form.close()
