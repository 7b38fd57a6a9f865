"""Rows written to a Parquet or CSV file by DuckDB, row by row, in bounded memory.

DuckDB reads the rows from a pipe in a private folder: nothing but the finished file is ever on the disk.
Dates and times stay text, since FHIR's may be partial; decimals are exact up to twelve places.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from benhan.fhir.view_definition import Column, Row
from benhan.views.faults import TABLE_NOT_WRITTEN, UNKNOWN_FORMAT

FORMATS = {"parquet": "format parquet, compression zstd", "csv": "format csv, header true"}
TYPES = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "positiveInt": "INTEGER",
    "unsignedInt": "INTEGER",
    "integer64": "BIGINT",
    "decimal": "DECIMAL(38, 12)",
}
"""FHIR types to those of the table; all others are text."""

ROW_BYTES_MAX = 64 * 1024 * 1024
MEMORY = "256MB"
WAIT_S = 0.005


def format_of(path: Path) -> str:
    """The format that the name of a file asks for. Raises Incorrect BA-2397."""
    format_ = path.suffix.lstrip(".").lower()
    if format_ not in FORMATS:
        raise UNKNOWN_FORMAT(format=format_ or "–", valid=", ".join(FORMATS))
    return format_


class TableFile:
    """A file that grows; `add` and `finish` in order, `close` always."""

    def __init__(self, path: Path, format_: str, columns: Sequence[Column]) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._names = [column.name for column in columns]
        self._folder = Path(tempfile.mkdtemp(prefix="benhan-view-"))
        self._pipe = self._folder / "rows"
        self._failure: BaseException | None = None
        self._handle = -1
        os.mkfifo(self._pipe, 0o600)
        self._worker = threading.Thread(target=self._write, args=(_copy(self._pipe, self._part, format_, columns),))
        self._worker.start()

    async def add(self, rows: Sequence[Row]) -> None:
        """Append rows. Raises Unavailable BA-2396."""
        lines = b"".join(_line(self._names, row) for row in rows)
        await asyncio.to_thread(self._send, lines)

    async def finish(self) -> None:
        """The file whole and in its place. Raises Unavailable BA-2396."""
        await asyncio.to_thread(self._end)

    async def close(self) -> None:
        """Give everything back; what is not finished is removed."""
        await asyncio.to_thread(self._clear)

    def _write(self, statement: str) -> None:
        """What DuckDB does, in a thread of its own."""
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": "1",
            "memory_limit": MEMORY,
            "temp_directory": str(self._folder),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        try:
            with duckdb.connect(":memory:", config=config) as connection:
                connection.execute(statement)
        except duckdb.Error as cause:
            self._failure = cause

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            if self._handle < 0:
                self._handle = self._opened()
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as cause:  # DuckDB has gone: it says why
            self._worker.join()
            raise self._fault() from cause

    def _opened(self) -> int:
        """The pipe, once DuckDB reads from it; it blocks from then on."""
        while self._worker.is_alive():
            try:
                handle = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads yet
                time.sleep(WAIT_S)
                continue
            os.set_blocking(handle, True)
            return handle
        raise BrokenPipeError

    def _end(self) -> None:
        self._send(b"")
        os.close(self._handle)
        self._handle = -1
        self._worker.join()
        if self._failure is not None:
            raise self._fault()
        self._part.replace(self._path)

    def _fault(self) -> Exception:
        return TABLE_NOT_WRITTEN(reason=type(self._failure).__name__)

    def _clear(self) -> None:
        if self._worker.is_alive():
            try:
                self._send(b"")
            except Exception as gone:  # noqa: BLE001  # it has ended by itself
                self._failure = gone
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._worker.join()
        self._part.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)


def _copy(pipe: Path, target: Path, format_: str, columns: Sequence[Column]) -> str:
    """The statement; names are of letters, digits and _, as the view was checked to have."""
    types = ", ".join(
        f"'{column.name}': '{TYPES.get(column.type, 'VARCHAR')}{'[]' if column.is_list else ''}'" for column in columns
    )
    read = (
        f"read_json({_quoted(pipe)}, format = 'newline_delimited', columns = {{{types}}},"
        f" maximum_object_size = {ROW_BYTES_MAX})"
    )
    return f"copy (select * from {read}) to {_quoted(target)} ({FORMATS[format_]})"  # noqa: S608  # names and paths of our own


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"


def _line(names: Sequence[str], row: Row) -> bytes:
    return orjson.dumps(dict(zip(names, row, strict=True)), default=_told, option=orjson.OPT_APPEND_NEWLINE)


def _told(value: Any) -> str:
    """A decimal as text: DuckDB reads its digits, where a JSON number would go through a float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError
