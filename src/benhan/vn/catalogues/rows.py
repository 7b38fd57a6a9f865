"""The rows of a table as rows of a catalogue: columns by their names, good rows taken, bad ones told one by one.

The heading is the first row that names a column of codes and one of names; what stands above it is passed over. Columns
are known by many names ("Mã", "MA_LOAI_KCB", "Tên bệnh", "Từ ngày"); every further one becomes a property.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from benhan.fhir.folding import fold
from benhan.kernel.texts import Text
from benhan.vn.catalogues.catalogue import Catalogue, Entry
from benhan.vn.catalogues.faults import NO_COLUMN
from benhan.vn.catalogues.maps import MINISTRY
from benhan.vn.catalogues.table import TableRow

HEADING_ROWS_MAX = 20
CODE_CHARACTERS_MAX = 200
DISPLAY_CHARACTERS_MAX = 2_000

_COLUMNS = {
    "code": ("code", "ma", "ma so", "ma benh", "ma icd", "ma icd10", "ma icd 10", "ma thuoc", "ma dich vu", "ma dvkt",
             "ma khoa", "ma nhan vien", "ma may", "ma vat tu", "ma hoat chat", "ma noi bo", "local code", "ma cskcb"),
    "display": ("display", "ten", "ten goi", "ten benh", "ten thuoc", "ten dich vu", "ten dvkt", "ten khoa", "vi",
                "ten tieng viet", "dien giai", "mo ta", "noi dung", "name", "ho ten", "ten vat tu", "ten hoat chat",
                "ten cskcb"),
    "en": ("en", "ten tieng anh", "english", "display en", "name en", "ten en"),
    "since": ("since", "tu ngay", "tungay", "hieu luc tu", "ngay hieu luc", "ap dung tu", "valid from"),
    "until": ("den ngay", "denngay", "hieu luc den", "ngay het hieu luc", "valid to", "ap dung den"),
    "parent": ("parent", "ma cha", "ma cap tren"),
    MINISTRY: (MINISTRY, "ma byt", "ma bo y te", "ma dung chung", "ma bo", "ma tuong duong"),
}  # fmt: skip
"""Folded names of columns. `until` is the last day of a row, as hospitals write it."""
_PASSED_OVER = frozenset({"stt", "so tt", "tt", "so thu tu", "no", "dong", "ly do"})
"""Columns that say nothing of a code: the number of the row, and what a file of rejects adds."""

NO_CODE = Text("Thiếu mã.", "The code is missing.")
BAD_CODE = Text(
    "Mã dài quá {most} ký tự hoặc có ký tự không in được.",
    "The code is longer than {most} or holds control characters.",
)
NO_DISPLAY = Text("Thiếu tên, hoặc tên dài quá {most} ký tự.", "The name is missing or longer than {most}.")
TWICE = Text("Mã đã có ở dòng {line}.", "The code stands on line {line} already.")
BAD_DAY = Text(
    "{column}: không phải ngày có thật; viết dd/mm/yyyy hoặc yyyy-mm-dd.",
    "{column}: not a day that exists; write dd/mm/yyyy or yyyy-mm-dd.",
)
ENDS_FIRST = Text("Đến ngày đứng trước từ ngày.", "The row ends before it begins.")
LOST_ZERO = Text(
    "Mã có lẽ là {code}: ô được lưu dạng số nên mất số 0 ở đầu. Định dạng cột mã là văn bản rồi lưu lại.",
    "The code may be {code}: the cell was saved as a number and lost its zeros. Format the column as text.",
)
TOO_MANY_CELLS = Text("Nhiều ô hơn số cột.", "More cells than columns.")

_DAY_FORMS = (
    re.compile(r"(?P<d>[0-9]{1,2})[/.-](?P<m>[0-9]{1,2})[/.-](?P<y>[0-9]{4})"),
    re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?:[T ].*)?"),
    re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:[0-9]{4})?"),
)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken: its line, why, and its cells as they were."""

    line: int
    code: str
    reason: Text
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListRows:
    """What a file holds: good rows, bad rows, the heading as written."""

    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...]
    heading: tuple[str, ...]

    @property
    def rejected_codes(self) -> frozenset[str]:
        """Codes of bad rows: the file names them, so they do not end by being absent."""
        return frozenset(each.code for each in self.rejects if each.code)


def read_rows(
    rows: Sequence[TableRow], known: Catalogue, since: date, named: Mapping[str, str] | None = None
) -> ListRows:
    """The rows for the catalogue `known`; those without a first day of their own begin on `since`.

    `named` says which column is `code`, `display` … where it has another name. Raises Incorrect BA-3303.
    """
    at, columns = _heading(rows, known.head.name, named or {})
    entries: list[Entry] = []
    rejects: list[Reject] = []
    lines: dict[tuple[str, date | None], int] = {}
    in_file = {row.cells[columns.index("code")] for row in rows[at + 1 :] if len(row.cells) > columns.index("code")}
    for row in rows[at + 1 :]:
        entry = _entry(row, columns, since)
        if isinstance(entry, Entry):
            reason = _doubt(entry, row, columns, known, in_file)
            key = entry.code, entry.since
            if reason is None and key in lines:
                reason = TWICE.filled(line=lines[key])
            if reason is None:
                lines[key] = row.line
                entries.append(entry)
                continue
        else:
            reason = entry
        code = row.cells[columns.index("code")] if len(row.cells) > columns.index("code") else ""
        rejects.append(Reject(row.line, code, reason, tuple(row.cells)))
    return ListRows(tuple(entries), tuple(rejects), tuple(rows[at].cells))


def rejects_to_csv(rows: ListRows) -> str:
    """The bad rows as CSV, as they were, with their line and the reason before them: to be mended and loaded again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["dong", "ly_do", *rows.heading])
    writer.writerows([each.line, each.reason.vi, *each.cells] for each in rows.rejects)
    return text.getvalue()


def read_day(text: str) -> date | None:
    """The day that is written as dd/mm/yyyy, yyyy-mm-dd or yyyymmdd; None for anything else, 31/02 among it."""
    for form in _DAY_FORMS:
        match = form.fullmatch(text)
        if match is not None:
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                return None
    return None


def _heading(rows: Sequence[TableRow], name: str, named: Mapping[str, str]) -> tuple[int, list[str]]:
    """Where the heading is, and what each column is."""
    best: list[str] = []
    for at, row in enumerate(rows[:HEADING_ROWS_MAX]):
        columns = _kinds(row.cells, name, named)
        if "code" in columns and "display" in columns:
            return at, columns
        best = best or columns
    missing = "display" if "code" in best else "code"
    shown = ", ".join(cell[:40] for cell in (rows[0].cells if rows else [])[:20])
    raise NO_COLUMN(column=missing, found=shown or "-")


def _kinds(cells: Sequence[str], name: str, named: Mapping[str, str]) -> list[str]:
    chosen = {fold(column): kind for kind, column in named.items()}
    synonyms = {**{each: kind for kind, several in _COLUMNS.items() for each in several}, fold(name): "code"}
    found: list[str] = []
    for place, cell in enumerate(cells):
        folded = fold(cell)
        kind = chosen.get(folded) or ("" if _is_named(synonyms.get(folded), named) else synonyms.get(folded, ""))
        if not kind or kind in found:
            kind = re.sub(r"\W+", "_", folded) or f"column_{place + 1}"
        if folded in _PASSED_OVER and folded not in chosen:
            kind = f"-{place}"
        found.append(kind if kind not in found else f"{kind}_{place + 1}")
    return found


def _is_named(kind: str | None, named: Mapping[str, str]) -> bool:
    """Whether a column of this kind was named, so that another does not take its place."""
    return kind is not None and kind in named


def _entry(row: TableRow, columns: Sequence[str], since: date) -> Entry | Text:
    """The row as an Entry, or why not."""
    if len(row.cells) > len(columns):
        return TOO_MANY_CELLS
    cells = dict(zip(columns, row.cells, strict=False))
    code, display = cells.pop("code", ""), " ".join(cells.pop("display", "").split())
    if not code:
        return NO_CODE
    if len(code) > CODE_CHARACTERS_MAX or not code.isprintable() or "  " in code:
        return BAD_CODE.filled(most=CODE_CHARACTERS_MAX)
    if not display or len(display) > DISPLAY_CHARACTERS_MAX:
        return NO_DISPLAY.filled(most=DISPLAY_CHARACTERS_MAX)
    first, last = cells.pop("since", ""), cells.pop("until", "")
    begins, ends = read_day(first) if first else since, read_day(last) if last else None
    if begins is None:
        return BAD_DAY.filled(column="từ ngày")
    if last and (ends is None or ends == date.max):
        return BAD_DAY.filled(column="đến ngày")
    if ends is not None and ends < begins:
        return ENDS_FIRST
    until = ends + timedelta(days=1) if ends is not None else None
    properties = {name: cell for name, cell in cells.items() if cell and not name.startswith("-")}
    return Entry(code, display, begins, until, properties)


def _doubt(entry: Entry, row: TableRow, columns: Sequence[str], known: Catalogue, in_file: set[str]) -> Text | None:
    """A code that a spreadsheet has cut its zeros off."""
    place = columns.index("code")
    if place >= len(row.is_numeric) or not row.is_numeric[place] or entry.code in known.by_code:
        return None
    padded = next(
        (f"{'0' * zeros}{entry.code}" for zeros in (1, 2) if f"{'0' * zeros}{entry.code}" in known.by_code), ""
    )
    return LOST_ZERO.filled(code=padded) if padded and padded not in in_file else None
