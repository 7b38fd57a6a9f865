"""The page as it is written in a form's file: headings, lines, grids and tables, with the fields they hold.

    ## I. HÀNH CHÍNH:
    1. Họ và tên: {ho_ten} | 2. Sinh ngày: {ngay_sinh:date boxes}
    .grid 50 50
    + Bệnh chính: {benh_chinh}
    .cell
    + Mã: {benh_chinh_ma:codes 4}
    .end

The whole grammar: docs/guides/forms.md.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from benhan.vn.forms.form import (
    CHOICES,
    Block,
    Cell,
    Field,
    Grid,
    Kind,
    Line,
    Option,
    PageBreak,
    Picture,
    Size,
    Source,
    Space,
    Table,
    Words,
    grid_places,
)
from benhan.vn.forms.inline import Measure, Placed, Wrong, parse_inline, pieces

_HEADING = re.compile(r"(#{1,3}) +")
_DECIMAL = re.compile(r"\d{1,4}(\.\d{1,2})?", re.ASCII)
_APART = re.compile(r" {2,}")
_TRIM = re.compile(r"^[\s.;,)]*(?:[+–-]\s+)?|[\s.:;,(]+$")
PARTS = re.compile(r"(?:^|\s)\|(?=\s|$)")
COLUMNS_MAX = 40
ROWS_MAX = 200
HEIGHT_MM_MAX = 250
FRAMES = ("all", "outer", "plain")


class Written(NamedTuple):
    """A line of a form's file, with where it stands."""

    place: str
    text: str


class Mistake(NamedTuple):
    """Where a file is wrong, and how."""

    place: str
    reason: str


class Page(NamedTuple):
    """What a page holds."""

    blocks: tuple[Block, ...]
    fields: dict[str, Field]
    mistakes: tuple[Mistake, ...]


def parse_page(
    written: Sequence[Written], measures: Mapping[str, Measure], sources: Mapping[str, Source] | None = None
) -> Page:
    """The blocks of a page and its fields in order. `sources` tell more of them. Mistakes are listed, not raised."""
    reader = _Reader(written, measures, sources or {})
    blocks = reader.blocks(until=())
    return Page(tuple(blocks), reader.fields, tuple(reader.mistakes))


class _Reader:
    def __init__(
        self, written: Sequence[Written], measures: Mapping[str, Measure], sources: Mapping[str, Source]
    ) -> None:
        self.written = written
        self.at = 0
        self.measures = measures
        self.sources = sources
        self.fields: dict[str, Field] = {}
        self.mistakes: list[Mistake] = []
        self.headings: list[tuple[int, str]] = []
        self.widths: tuple[float, ...] = ()
        self.depth = 0
        """In how many grids we are."""
        self.before = ""
        """The last printed words: they name a field that has none in front of it on its own line."""

    def blocks(self, until: tuple[str, ...]) -> list[Block]:
        """The blocks up to a line that begins with one of `until`, which is left for the caller."""
        found: list[Block] = []
        while self.at < len(self.written):
            line = self.written[self.at]
            if line.text.startswith(until) if until else False:
                return found
            self.at += 1
            if not line.text:
                continue
            try:
                block = self._block(line.text)
            except Wrong as cause:
                self.mistakes.append(Mistake(line.place, str(cause)))
                continue
            if block is not None:
                found.append(block)
        if until:
            self.mistakes.append(Mistake(self.written[-1].place, f"thiếu {until[-1]}"))
        return found

    def _block(self, text: str) -> Block | None:
        if not text.startswith(".") or text.startswith(".."):
            return self._line(text)
        word, _, rest = text.partition(" ")
        match word:
            case ".grid":
                return self._grid(rest)
            case ".table":
                return self._table(rest)
            case ".picture":
                return self._picture(rest)
            case ".page" if self.depth:
                raise Wrong(".page không được ở trong khung")
            case ".page":
                return PageBreak()
            case ".space":
                return Space(_number(rest, above=0, up_to=60))
            case ".center" | ".right" | ".title":
                return self._line(rest)._replace(align=word[1:])
            case ".size":
                return Size(_number(rest, above=5, up_to=30))
            case ".columns":
                self.widths = _widths(rest)
                return None
        raise Wrong(f"không có lệnh {word}")

    def _line(self, text: str) -> Line:
        heading = _HEADING.match(text)
        level = len(heading[1]) if heading else 0
        cells, words = [], ""
        for part in PARTS.split(text[heading.end() :] if heading else text):
            parts = parse_inline(part.strip(" ~"), self.measures)
            words = words or _trimmed("".join(each.text for each in parts[:1] if isinstance(each, Words)))
            if level:
                self._open(level, words)
                level = 0
            self._take(parts)
            cells.append(pieces(parts))
        widths = self.widths if len(self.widths) == len(cells) else ()
        return Line(tuple(cells), len(heading[1]) if heading else 0, widths)

    def _open(self, level: int, words: str) -> None:
        self.headings = [each for each in self.headings if each[0] < level]
        self.headings.append((level, words))

    def _grid(self, rest: str) -> Grid:
        frame = "all"
        *numbers, last = rest.split() or ["100"]
        if last in FRAMES:
            frame = last
        else:
            numbers.append(last)
        cells: list[Cell] = []
        size = (1, 1)
        while True:
            self.depth += 1
            blocks = self.blocks(until=(".cell", "| ", ".end"))
            self.depth -= 1
            if blocks or size != (1, 1):
                cells.append(Cell(tuple(blocks), *size))
            if self.at >= len(self.written):
                return _fitting(numbers, cells, frame)
            text = self.written[self.at].text
            self.at += 1
            size = (1, 1)
            if text.startswith("| "):
                cells += [Cell((self._line(part),) if part.strip(" ~") else ()) for part in _row(text)]
            elif text.startswith(".cell"):
                size = _size(text[5:].strip())
                if not self._next_is_content():
                    cells.append(Cell((), *size))
                    size = (1, 1)
            else:
                return _fitting(numbers, cells, frame)

    def _next_is_content(self) -> bool:
        for line in self.written[self.at :]:
            if line.text:
                return not line.text.startswith((".cell", "| ", ".end"))
        return False

    def _table(self, rest: str) -> Table:
        field, options = _options(rest)
        labels = tuple(each.strip(" ~") for each in options["labels"].split(";")) if "labels" in options else ()
        heads: list[list[Words | Placed]] = []
        for line in self.blocks_of_rows():
            heads += [parse_inline(part.strip(" ~"), self.measures) for part in _row(line)]
        columns: list[Field] = []
        for head in heads:
            columns += self._fields(head, within=field)
        source = self.sources.get(field, Source())
        label = source.label or self.before
        if not columns or not label:
            raise Wrong(f"bảng {field} cần tên và ít nhất một cột có trường")
        rows = len(labels) or int(_number(options.get("rows", "1"), above=1, up_to=ROWS_MAX))
        self._keep(
            Field(
                field,
                Kind.TABLE,
                label,
                self._section(),
                columns=tuple(columns),
                rows=rows,
                row_labels=labels,
                source=source,
            )
        )
        widths = _widths(options["widths"]) if "widths" in options else ()
        if widths and len(widths) != len(heads):
            raise Wrong(f"bảng {field} có {len(heads)} cột mà {len(widths)} bề rộng")
        shares = widths or (100 / len(heads),) * len(heads)
        frame, printed = options.get("frame", "all"), options.get("heads", "yes") == "yes"
        return Table(field, tuple(pieces(head) for head in heads), shares, frame, printed)

    def blocks_of_rows(self) -> list[str]:
        """The lines of a table up to its `.end`."""
        found: list[str] = []
        while self.at < len(self.written):
            text = self.written[self.at].text
            self.at += 1
            if text == ".end":
                return found
            if text:
                found.append(text)
        raise Wrong("bảng thiếu .end")

    def _picture(self, rest: str) -> Picture:
        field, options = _options(rest)
        label = self.sources.get(field, Source()).label or self.before
        self._keep(Field(field, Kind.PICTURE, label, self._section(), source=self.sources.get(field, Source())))
        return Picture(
            field, _number(options.get("height", "40"), above=5, up_to=HEIGHT_MM_MAX), options.get("drawing", "")
        )

    def _section(self) -> tuple[str, ...]:
        return tuple(words for _, words in self.headings)

    def _take(self, parts: list[Words | Placed]) -> None:
        for field in self._fields(parts):
            self._keep(field)
        told = _trimmed("".join(each.text for each in parts if isinstance(each, Words)))
        self.before = told or self.before

    def _fields(self, parts: list[Words | Placed], within: str = "") -> list[Field]:
        """The fields of a cell, each named by the words in front of it."""
        found: list[Field] = []
        words = ""
        for part in parts:
            if isinstance(part, Words):
                words += part.text
                continue
            if part.more:
                self._more(part, found)
                words = ""
                continue
            source = self.sources.get(f"{within}.{part.blank.field}" if within else part.blank.field, Source())
            label = source.label or _trimmed(_APART.split(words)[-1] if found else words) or _trimmed(words)
            if not label and part.blank.kind is Kind.CODE and (found or self.fields):
                label = f"Mã: {(found or list(self.fields.values()))[-1].label}"
            if not label and found:
                label = found[-1].label
            label = label or self.before
            if not label:
                raise Wrong(f"{part.blank.field}: không có chữ nào đứng trước để làm tên; ghi label trong [fields]")
            found.append(_field(part, label, self._section(), source))
            words = ""
        return found

    def _more(self, part: Placed, found: list[Field]) -> None:
        """Further options of a choice that began on this or an earlier line."""
        for index, field in enumerate(found):
            if field.id == part.blank.field:
                found[index] = _with_options(field, part.blank.options)
                return
        begun = self.fields.get(part.blank.field)
        if begun is None or begun.kind not in CHOICES:
            raise Wrong(f"{part.blank.field}: “+” chỉ nối thêm cho một trường one hay many đã có")
        self.fields[begun.id] = _with_options(begun, part.blank.options)

    def _keep(self, field: Field) -> None:
        if field.id in self.fields:
            raise Wrong(f"mã trường {field.id} dùng hai lần")
        self.fields[field.id] = field


def _fitting(widths: list[str], cells: list[Cell], frame: str) -> Grid:
    grid = Grid(_widths(" ".join(widths) or "100"), tuple(cells), frame)
    try:
        grid_places(grid)
    except ValueError as cause:
        raise Wrong(f"ô không vừa hàng của khung {len(grid.widths)} cột ({cause})") from cause
    return grid


def _field(part: Placed, label: str, section: tuple[str, ...], source: Source) -> Field:
    blank = part.blank
    measure = part.measure or Measure("")
    if measure.loinc and not source.loinc:
        source = replace(source, loinc=measure.loinc)
    return Field(
        blank.field,
        blank.kind,
        label,
        section,
        unit=measure.unit,
        low=measure.low,
        high=measure.high,
        digits=part.digits,
        options=blank.options,
        source=source,
    )


def _with_options(field: Field, options: tuple[Option, ...]) -> Field:
    together = (*field.options, *options)
    if all(option.code.isdigit() for option in together):
        together = tuple(sorted(together, key=lambda option: int(option.code)))
    return replace(field, options=together)


def _trimmed(words: str) -> str:
    """Printed words as a name: without the dots and colons around them."""
    return _TRIM.sub("", words).strip()


def _row(text: str) -> list[str]:
    """`| a | b |`: a, b."""
    if not text.startswith("|"):
        raise Wrong("hàng của bảng phải bắt đầu bằng |")
    inner = text[1:].rstrip()
    return PARTS.split(inner[:-1] if inner.endswith("|") else inner)


def _options(rest: str) -> tuple[str, dict[str, str]]:
    """`id rows=3 labels="a; b"`: the id, the rest by name."""
    try:
        words = shlex.split(rest)
    except ValueError as cause:
        raise Wrong(f"ngoặc kép mở mà không đóng: {rest}") from cause
    if not words or not re.fullmatch(r"[a-z][a-z0-9_]*", words[0]):
        raise Wrong("thiếu mã trường")
    if any("=" not in word for word in words[1:]):
        raise Wrong(f"mỗi thuộc tính phải có dạng tên=giá trị: {rest}")
    return words[0], dict(word.split("=", 1) for word in words[1:])


def _size(text: str) -> tuple[int, int]:
    """`2` is two columns wide, `1x3` one wide and three rows high."""
    match = re.fullmatch(r"([0-9]*)(?:x([0-9]+))?", text)
    if match is None:
        raise Wrong(f"không hiểu cỡ ô “{text}”")
    columns, rows = int(match[1] or 1), int(match[2] or 1)
    if not (0 < columns <= COLUMNS_MAX and 0 < rows <= ROWS_MAX):
        raise Wrong(f"cỡ ô “{text}” quá lớn")
    return columns, rows


def _widths(text: str) -> tuple[float, ...]:
    words = text.replace(",", " ").split()
    if not 0 < len(words) <= COLUMNS_MAX:
        raise Wrong(f"cần từ 1 đến {COLUMNS_MAX} bề rộng cột")
    return tuple(_number(each, above=0.1, up_to=1000) for each in words)


def _number(text: str, *, above: float, up_to: float) -> float:
    number = float(text) if _DECIMAL.fullmatch(text) else -1
    if not above <= number <= up_to:
        raise Wrong(f"“{text}” phải là số từ {above:g} đến {up_to:g}")
    return number
