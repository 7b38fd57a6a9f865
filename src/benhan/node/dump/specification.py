"""The data specification of a dump: every file and field with its type and meaning, as Markdown and CSV.

The meanings of fields stand in the migrations, behind each column, so that they are told once. Resources are described
by FHIR R4 itself.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from benhan.node.dump.tables import LEFT_OUT, TABLES, Table

_CREATE = re.compile(r"(?:^((?:--[^\n]*\n)+)\n?)?^create table (\w+) \((.*?)^\)", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    ([a-z_]+) ([a-z][^,\n-]*?),?[ ]*(?:--\s*(.*))?$", re.MULTILINE)
_NOT_COLUMNS = frozenset(("primary", "unique", "check", "constraint", "foreign"))
_ADDED = re.compile(r"^alter table (\w+) add column ([a-z_]+) ([^;]+);(?:\s*--\s*(.*))?$", re.MULTILINE)
_HEADS = ("file", "field", "type", "meaning")


class Field(NamedTuple):
    """A column: name, type of PostgreSQL, meaning ("" where its name says it)."""

    name: str
    type: str
    meaning: str


class Described(NamedTuple):
    """A table: what it is for, its columns."""

    about: str
    fields: tuple[Field, ...]


@cache
def described() -> dict[str, Described]:
    """Every table that the migrations make."""
    found: dict[str, Described] = {}
    folder = resources.files("benhan.store").joinpath("sql", "migrations")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        text = file.read_text(encoding="utf-8")
        for comment, name, body in _CREATE.findall(text):
            about = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
            found[name] = Described(about, tuple(_fields(body)))
        for name, column, rest, meaning in _ADDED.findall(text):
            if name in found:
                told = Field(column, rest.split(" default")[0].split(" not null")[0].strip(), meaning)
                found[name] = found[name]._replace(fields=(*found[name].fields, told))
    return found


def _fields(body: str) -> Sequence[Field]:
    return [
        Field(name, kind.split(" default")[0].split(" not null")[0].split(" primary")[0].strip(), meaning.strip())
        for name, kind, meaning in _COLUMN.findall(body)
        if name not in _NOT_COLUMNS
    ]


def _kept(table: Table) -> list[Field]:
    known = described().get(table.name, Described("", ()))
    told = []
    for each in known.fields:
        if each.name in table.without:
            continue
        if each.name in table.opened:
            kind = "text (opened)" if table.opened[each.name].is_text else "Base64 (opened)"
            told.append(Field(each.name, kind, each.meaning.removeprefix("sealed: ").removeprefix("sealed ")))
        else:
            told.append(each)
    return told


def fields_csv(types: Sequence[str]) -> bytes:
    """Every field of every file, a line each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADS)
    for type_ in types:
        writer.writerow((f"resources/{type_}.ndjson", "", "FHIR R4", f"hl7.org/fhir/R4/{type_.lower()}.html"))
        for name, kind, meaning in _HISTORY_FIELDS:
            writer.writerow((f"history/{type_}.ndjson", name, kind, meaning))
    for table in TABLES:
        for each in _kept(table):
            writer.writerow((f"tables/{table.name}.ndjson", each.name, each.type, each.meaning))
    return out.getvalue().encode()


_HISTORY_FIELDS = (
    Field("id", "text", "logical id"),
    Field("version", "int", "meta.versionId"),
    Field("at", "timestamptz", "meta.lastUpdated"),
    Field("state", "text", "superseded, deleted, destroyed (its key is gone)"),
    Field("resource", "FHIR R4", "the resource as it was; null where it was deleted or destroyed"),
)


def specification(facility: str, at: str, types: Sequence[str]) -> bytes:
    """The specification for people, as Markdown."""
    lines = [
        "# Đặc tả dữ liệu / Data specification",
        "",
        f"{facility} · {at}",
        "",
        "Mỗi tệp `.ndjson` là văn bản UTF-8, mỗi dòng một đối tượng JSON. Thời điểm theo ISO 8601, có múi giờ.",
        "Số 64 bit (`rid`, `patient`, `record`) viết thành chữ. `manifest.json` có SHA-256 và số dòng của từng tệp.",
        "Kiểm tra: `benhan check-dump`.",
        "",
        "Each `.ndjson` file is UTF-8, an object a line. Instants are ISO 8601 with their zone; numbers of 64 bits are",
        "texts; `manifest.json` has the SHA-256 and the count of lines of each file.",
        "",
        "## Tài nguyên FHIR R4 / Resources",
        "",
        "`resources/…`: phiên bản hiện hành, nguyên văn. `history/…`: các phiên bản trước và đã xoá.",
        "",
        *(f"- `{each}`" for each in types),
        "",
        "## Tệp / Files",
        "",
        "`blobs/<address>`: tệp nguyên văn (giấy đã ký số, bằng chứng xác nhận); ai dùng thì ghi `address` của tệp.",
        "`blobs/<address>`: files as they are (signed papers, evidence of confirmations); who refers to one names it.",
        "",
        "## Bảng / Tables",
    ]
    for table in TABLES:
        known = described().get(table.name, Described("", ()))
        lines += ["", f"### `tables/{table.name}.ndjson`", ""]
        if known.about:
            lines += [known.about, ""]
        lines += ["| Field | Type | Meaning |", "|---|---|---|"]
        lines += [f"| `{each.name}` | {each.type} | {each.meaning.replace('|', '/')} |" for each in _kept(table)]
        if table.without:
            lines += ["", f"Không xuất (left out): {', '.join(table.without)}."]
    lines += ["", "## Không xuất / Left out", ""]
    lines += [f"- `{name}`: {why}" for name, why in sorted(LEFT_OUT.items())]
    return ("\n".join(lines) + "\n").encode()
