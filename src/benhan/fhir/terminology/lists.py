"""A list of codes out of a table of text (CSV): one concept a row, the first row names the columns.

Columns: `code`, `display`, `definition`, `parent` (several parted by `|`), `inactive`, `abstract`, `display:xx` for the
display in language xx; every other column is a property. Parted by comma, semicolon or tab. Source: RFC 4180.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benhan.fhir.terminology.concepts import Concept, Designation, Property
from benhan.fhir.terminology.faults import BAD_LIST

CELL_CHARACTERS_MAX = 64 * 1024
COLUMNS_MAX = 200
TRUE = frozenset({"true", "1", "x", "yes", "có", "co"})
KNOWN = {
    "code": "code",
    "mã": "code",
    "ma": "code",
    "display": "display",
    "tên": "display",
    "ten": "display",
    "definition": "definition",
    "parent": "parent",
    "inactive": "inactive",
    "abstract": "abstract",
}
_LANGUAGE = re.compile(r"display[:_]([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)")
_NAME = re.compile(r"[^\s]+(\s[^\s]+)*")


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a list is: one of KNOWN's values, `display:xx`, or a property's name."""

    kinds: tuple[str, ...]


def read_list(lines: Iterable[str], named: dict[str, str] | None = None) -> list[Concept]:
    """The concepts of a list. `named` says which column is `code`, `display`, `parent` where it has another name.

    Raises Incorrect BA-2264 with the line of the first mistake.
    """
    rows = _rows(lines)
    columns = _columns(next(rows, (1, []))[1], named or {})
    found: dict[str, Concept] = {}
    line_of: dict[str, int] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(columns.kinds):
            raise BAD_LIST(line=line, reason="more cells than columns")
        concept = _concept(row, columns, line)
        if concept.code in found:
            raise BAD_LIST(line=line, reason=f"the code stands on line {line_of[concept.code]} already")
        found[concept.code] = concept
        line_of[concept.code] = line
    for code, concept in found.items():
        if any(parent not in found for parent in concept.parents):
            raise BAD_LIST(line=line_of[code], reason="parent is no code of the list")
    return list(found.values())


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it ends on."""
    source = iter(lines)
    first = next(source, "")
    mark = max(",;\t", key=first.count)
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(_whole(first, source), delimiter=mark, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as cause:
        raise BAD_LIST(line=reader.line_num, reason=str(cause)) from cause


def _whole(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first.removeprefix("\ufeff")
    yield from rest


def _columns(header: list[str], named: dict[str, str]) -> Columns:
    names = [cell.strip() for cell in header]
    known = {**KNOWN, **{column.lower(): kind for kind, column in named.items()}}
    for column in named.values():
        if column not in names:
            raise BAD_LIST(line=1, reason=f"no column {column}")
    kinds = []
    for name in names:
        language = _LANGUAGE.fullmatch(name)
        kinds.append(f"display:{language[1]}" if language is not None else known.get(name.lower(), name))
    if not 0 < len(kinds) <= COLUMNS_MAX or "code" not in kinds or not all(map(_NAME.fullmatch, kinds)):
        raise BAD_LIST(line=1, reason="a first row with the names of the columns is needed, among them code")
    if len(set(kinds)) != len(kinds):
        raise BAD_LIST(line=1, reason="two columns of the same name")
    return Columns(tuple(kinds))


def _concept(row: list[str], columns: Columns, line: int) -> Concept:
    cells = {kind: cell.strip() for kind, cell in zip(columns.kinds, row, strict=False) if cell.strip()}
    code = cells.pop("code", "")
    if not code or not _NAME.fullmatch(code) or any("\x00" in cell for cell in (code, *cells.values())):
        raise BAD_LIST(line=line, reason="no code, or one with spaces at the wrong place")
    parents = tuple(dict.fromkeys(part.strip() for part in cells.pop("parent", "").split("|") if part.strip()))
    inactive, abstract = (cells.pop(kind, "").lower() in TRUE for kind in ("inactive", "abstract"))
    display, definition = cells.pop("display", ""), cells.pop("definition", "")
    return Concept(
        code,
        display,
        definition,
        tuple(Designation(kind.partition(":")[2], cell) for kind, cell in cells.items() if kind.startswith("display:")),
        tuple(Property(kind, "valueString", cell) for kind, cell in cells.items() if not kind.startswith("display:")),
        parents,
        inactive,
        abstract,
    )
