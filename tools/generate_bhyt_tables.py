"""Write the tables and code lists of the BHYT XML, by decision, out of the collected appendices.

    python tools/generate_bhyt_tables.py SPEC_DATA_FOLDER

The folder holds `qd3176_tables.json` (columns under QĐ 3176, each with its history), `bhyt-xml-qd130-4750-fields.csv`
(the two columns of XML13 that QĐ 3176 removed) and `small-code-lists.csv` and `ma-loai-kcb-qd1804-2026.csv` (Vietnamese
names of codes).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
OUT = Path(__file__).resolve().parent.parent / "src/benhan/vn/bhyt/data"
GENERATIONS = ("130", "4750", "3176", "1931")
FORMATS = {
    None: "", "integer": "integer", "yyyymmdd": "date", "yyyymmddHHMM": "datetime",
    "yyyymmdd or yyyymmddHHMM": "date_or_datetime", "decimal, 2 dp, dot": "decimal2", "decimal, 3 dp, dot": "decimal3",
}  # fmt: skip
COLUMNS = (
    "table", "name", "since", "until", "type", "max_len", "format", "multi", "required", "condition", "code_list",
    "uncertain",
)  # fmt: skip
AFTER = {"XML13": "MA_BENH_YHCT"}
"""The column after which those that QĐ 3176 removed stood."""


def main(folder: Path) -> None:
    told = json.loads((folder / "qd3176_tables.json").read_text(encoding="utf-8"))
    with (folder / "bhyt-xml-qd130-4750-fields.csv").open(encoding="utf-8", newline="") as file:
        older = {(f"XML{row['table']}", row["field"]): row for row in csv.DictReader(file)}
    write("tables.csv", ("table", "root", "list", "record", "repeats", "title"), map(table_row, told["tables"]))
    write("columns.csv", COLUMNS, (row for table in told["tables"] for row in column_rows(table, older)))


def write(name: str, head: tuple[str, ...], rows: Any) -> None:
    with (OUT / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def table_row(table: Json) -> list[str]:
    root = table["root_tag"].split(" ")[0]
    record = table["record_tag"].split(" ")[0]
    if table["table"] == "XML12":
        record = root  # the row element of one vendor; the reader knows it as another name
    return [table["table"], root, table["list_tag"] or "", record, "1" if table["repeats"] else "", table["title_vi"]]


def column_rows(table: Json, older: dict[tuple[str, str], Json]) -> Any:
    name = table["table"]
    for column in table["columns"]:
        yield from variants(name, column)
        if column["name"] == AFTER.get(name):
            for removed in table["removed_by_3176"]:
                row = older[name, removed]
                size = "" if row["max_size_qd130"].strip().lower() == "n" else row["max_size_qd130"]
                yield [name, removed, "4750", "4750", "string", size, "", "", "no", "", "", ""]


def variants(table: str, column: Json) -> Any:
    """One row for each run of generations in which the column was the same."""
    runs: list[tuple[str, str, tuple[Any, ...]]] = []
    state: tuple[Any, ...] | None = None
    for generation in GENERATIONS:
        for change in column["history"]:
            if re.match(r"\d+", change["decision"])[0] == generation:  # type: ignore[index]
                state = changed(state, change["change"], column)
        if generation == "3176":
            state = (column["name"], column["type"], column["max_len"], FORMATS[column["format"]])
        if generation == "1931" and column["name"] == "MUC_HUONG" and state is not None:
            state = (state[0], state[1], 4, "decimal2")  # half of 95 % is written 47.5
        if state is None:
            continue
        if runs and runs[-1][2] == state:
            runs[-1] = (runs[-1][0], generation, state)
        else:
            runs.append((generation, generation, state))
    for since, until, (name, kind, size, form) in runs:
        yield [
            table, name, since, "" if until == GENERATIONS[-1] else until, kind, "" if size is None else size, form,
            "1" if column["multi_value_sep"] else "", column["required"], column["condition"] or "",
            "" if column["code_list"] == "NGHENGHIEP" and size != 2 else column["code_list"],
            "1" if column["uncertain"] else "",
        ]  # fmt: skip


def changed(state: tuple[Any, ...] | None, change: str, column: Json) -> tuple[Any, ...]:
    form = FORMATS[column["format"]]
    name, kind, size = (state or (column.get("name_in_4750", column["name"]), column["type"], column["max_len"]))[:3]
    if found := re.search(r"(?:introduced|added) as (\w+), max (\w+)", change):
        kind, size = found[1], None if found[2] == "n" else int(found[2])
    if found := re.search(r"type (?:number )?→ (\w+)", change):
        kind = found[1]
    if found := re.search(r"max length .*?→ (\w+)", change):
        size = None if found[1] == "n" else int(found[1])
    if form == "datetime" and size == 8 and kind == "string":
        form = "date"
    if form == "date" and size == 12:
        form = "datetime"
    return (name, kind, size, form)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
