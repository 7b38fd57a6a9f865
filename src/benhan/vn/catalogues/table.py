"""A table out of the bytes of a CSV or XLSX file: rows of text with their line numbers, within bounds.

CSV is UTF-8 (or UTF-16 with its mark), parted by comma, semicolon or tab. Of an XLSX the first sheet with rows is read;
of a formula the value that was saved with it, never computed. Entities and document types in its parts are refused.
Source: RFC 4180; ECMA-376.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from benhan.vn.catalogues.faults import BAD_TABLE, TABLE_TOO_LARGE

BYTES_MAX = 64 * 1024 * 1024
UNPACKED_BYTES_MAX = 512 * 1024 * 1024
MEMBERS_MAX = 1_000
ROWS_MAX = 1_000_000
COLUMNS_MAX = 200
CELL_CHARACTERS_MAX = 32_767

_LOOKED_AT, _LINES_LOOKED_AT = 65_536, 20
"""Characters and lines of a CSV by which the mark between its cells is told."""
_CHUNK_BYTES = 1024 * 1024
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")


class TableRow(NamedTuple):
    """The cells of a row as text, "" for an empty one, and its line (of a sheet: its row), from 1."""

    line: int
    cells: list[str]
    is_numeric: tuple[bool, ...] = ()
    """Of a sheet, whether each cell was saved as a number, which loses zeros before it."""


def read_table(content: bytes) -> list[TableRow]:
    """Every row that is not empty. Raises Incorrect BA-3301 for what is no table, BA-3302 for what is too large."""
    if len(content) > BYTES_MAX:
        raise too_large()
    rows = _sheet(content) if content.startswith(b"PK") else _csv(content)
    found: list[TableRow] = []
    for row in rows:
        if len(row.cells) > COLUMNS_MAX or len(found) >= ROWS_MAX:
            raise too_large()
        if any(len(cell) > CELL_CHARACTERS_MAX or "\x00" in cell for cell in row.cells):
            raise BAD_TABLE(reason=f"line {row.line}: a cell is longer than {CELL_CHARACTERS_MAX} or holds a null")
        if any(row.cells):
            found.append(row)
    return found


def _csv(content: bytes) -> Iterator[TableRow]:
    text = _decoded(content)
    mark = max(",;\t", key="\n".join(text[:_LOOKED_AT].splitlines()[:_LINES_LOOKED_AT]).count)
    csv.field_size_limit(BYTES_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        for row in reader:
            yield TableRow(reader.line_num, [cell.strip() for cell in row])
    except csv.Error as cause:
        raise BAD_TABLE(reason=f"line {reader.line_num}: {cause}") from cause


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        raise BAD_TABLE(reason=f"line {line} is not UTF-8; save it as CSV UTF-8 or as XLSX") from cause


def _sheet(content: bytes) -> Iterator[TableRow]:
    import openpyxl

    _check_package(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what the sheet says of its own size is not believed
                is_found = False
                for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
                    cells = _trimmed(row)
                    is_found = is_found or bool(cells)
                    if cells:
                        numeric = tuple(isinstance(cell, int | float) for cell in cells)
                        yield TableRow(line, [_text(cell) for cell in cells], numeric)
                if is_found:
                    return
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        SyntaxError,
        OSError,
        EOFError,
        AttributeError,
    ) as cause:
        raise BAD_TABLE(reason=f"not a readable XLSX ({type(cause).__name__})") from cause


def _check_package(content: bytes) -> None:
    """Look into every part before a parser does: sizes as they really are, no document types."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            if len(members) > MEMBERS_MAX or sum(each.file_size for each in members) > UNPACKED_BYTES_MAX:
                raise too_large()
            unpacked = 0
            for member in members:
                tail = b""
                with package.open(member) as part:
                    while chunk := part.read(_CHUNK_BYTES):
                        unpacked += len(chunk)
                        if unpacked > UNPACKED_BYTES_MAX:
                            raise too_large()
                        seen = tail + chunk.replace(b"\x00", b"")
                        if any(mark in seen for mark in _FORBIDDEN):
                            raise BAD_TABLE(reason="the XLSX declares a document type")
                        tail = seen[-16:]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as cause:
        raise BAD_TABLE(reason=f"not a readable XLSX ({type(cause).__name__})") from cause


def _trimmed(row: tuple[Any, ...]) -> list[Any]:
    """The cells up to the last that is not empty."""
    cells = list(row[: COLUMNS_MAX + 1])
    while cells and cells[-1] in (None, ""):
        cells.pop()
    return cells


def _text(cell: object) -> str:
    """A cell as it reads: whole numbers without a dot, days as yyyy-mm-dd."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def too_large() -> Exception:
    """The Fault BA-3302 to raise."""
    return TABLE_TOO_LARGE(bytes=BYTES_MAX, rows=ROWS_MAX, columns=COLUMNS_MAX)
