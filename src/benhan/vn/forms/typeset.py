"""A form with its answers as a Typst document: the same lines, frames and boxes as the official page.

Pure: what comes out is source text for the functions of `form.typ`; whoever prints compiles it. Answers stand in it as
string literals only, so that no answer can be read as markup.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from benhan.vn.forms.faults import NO_PICTURE
from benhan.vn.forms.form import (
    Blank,
    Block,
    Form,
    Grid,
    Kind,
    Line,
    PageBreak,
    Picture,
    Piece,
    Size,
    Space,
    Table,
    Words,
    grid_places,
)

Answers = Mapping[str, Any]
"""Answers by field id, as `answers.py` says."""

LIBRARY = "form.typ"
MARK = "mark.svg"
_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
PICTURE_WIDTH_MM = 180
LINES_TOGETHER = 12
"""A frame of fewer lines is not broken over two pages."""
_GAP = 2
"""So many spaces part two items."""
CHARACTERS_A_LINE = 100
"""About as many letters as a line of the page holds; tells how many of a long answer's lines are left to rule."""


class Mark(NamedTuple):
    """What each page of a print says at its foot: a picture (SVG) by which it is looked up, and lines of words."""

    picture: bytes
    lines: tuple[str, ...]


class Sheet(NamedTuple):
    """A paper that is on no form: calls of `form.typ`, and the files (text, SVG) that they name."""

    title: str
    body: tuple[str, ...]
    files: Mapping[str, bytes]


class OutlineItem(NamedTuple):
    """Where a volume's list of contents leads to: before the paper that follows it. Level 1 is a section."""

    level: int
    title: str


Leaf = tuple[Form, Answers] | Sheet | OutlineItem
"""What a print is made of, in its order."""


def typeset(leaves: Iterable[Leaf], mark: Mark | None = None) -> dict[str, bytes]:
    """The files of a Typst project that prints these papers, each from a new page; it begins with `main.typ`.

    With a OutlineItem among them the PDF's list of contents holds those alone; without, the headings of the forms.
    """
    files: dict[str, bytes] = {"main.typ": b"", LIBRARY: _library()}
    body: list[str] = []
    marks: list[str] = []
    title = ""
    leaves = list(leaves)
    number = 0
    for leaf in leaves:
        if isinstance(leaf, OutlineItem):
            marks.append(f"outlined({leaf.level}, {string_literal(leaf.title)})")
            continue
        if number:
            body.append("pagebreak()")
        body += marks
        marks = []
        if isinstance(leaf, Sheet):
            title = title or leaf.title
            body += leaf.body
            files.update(leaf.files)
        else:
            title = title or leaf[0].name
            body += _Paper(*leaf, number, files).blocks(leaf[0].body, 100)
        number += 1
    if any(isinstance(leaf, OutlineItem) for leaf in leaves):
        body.insert(0, "set heading(bookmarked: false)")
    foot = ""
    if mark is not None:
        files[MARK] = mark.picture
        foot = f", mark: ({string_literal(MARK)}, ({''.join(f'{string_literal(line)}, ' for line in mark.lines)}))"
    main = (
        f'#import "{LIBRARY}": *\n#show: setup.with({string_literal(title)}{foot})\n#{{\n' + "\n".join(body) + "\n}\n"
    )
    files["main.typ"] = main.encode()
    return files


def _library() -> bytes:
    return (Path(__file__).parent / LIBRARY).read_bytes()


class _Paper:
    def __init__(self, form: Form, answers: Answers, number: int, files: dict[str, bytes]) -> None:
        self.form = form
        self.answers = answers
        self.number = number
        self.files = files

    def blocks(self, blocks: Iterable[Block], width: float) -> list[str]:
        found: list[str] = []
        is_joined = False
        for block in blocks:
            texts = list(self._block(block, width))
            is_framed = isinstance(block, Grid) and block.frame != "plain"
            if is_framed and is_joined:
                found[-1] = f"joined({found[-1]}, {texts[0]})"  # frames that follow each other share their line
            else:
                found += texts
            is_joined = is_framed
        return found

    def _block(self, block: Block, width: float) -> Iterator[str]:
        match block:
            case Line():
                yield self._line(block, width)
            case Grid():
                yield self._grid(block, width)
            case Table():
                yield self._table(block, width)
            case Picture():
                yield self._picture(block)
            case PageBreak():
                yield "pagebreak(weak: true)"
            case Size():
                yield f"set text(size: {block.points}pt)"
            case Space():
                yield f"v({block.lines} * 1.5em)"

    def _line(self, line: Line, width: float) -> str:
        if len(line.cells) == 1 and len(line.cells[0]) == 1:
            (piece,) = line.cells[0]
            if isinstance(piece, Blank) and piece.kind is Kind.SIGNATURE:
                return self._blank(piece, self.answers, width)
        shares = line.widths or (100 / len(line.cells),) * len(line.cells)
        texts = [
            self._pieces(cell, self.answers, width * share / 100)
            for cell, share in zip(line.cells, shares, strict=True)
        ]
        if line.heading:
            texts[0] = f"heading(level: {line.heading}, {self._heading(line.cells[0], width * shares[0] / 100)})"
        if len(texts) == 1:
            text = texts[0] if line.heading else f"par({texts[0]})"
        else:
            text = f"cells({_shares(shares)}, {', '.join(texts)})"
        if line.align == "title":
            return f"align(center, title({texts[0]}))"
        return f"align({line.align}, {text})" if line.align != "left" else text

    def _heading(self, pieces: tuple[Piece, ...], width: float) -> str:
        """Bold up to the first answer."""
        first = next((index for index, piece in enumerate(pieces) if isinstance(piece, Blank)), len(pieces))
        words = self._pieces(pieces[:first], self.answers, width)
        return words + (f" + beside({self._pieces(pieces[first:], self.answers, width)})" if pieces[first:] else "")

    def _grid(self, grid: Grid, width: float) -> str:
        cells = []
        for cell, (_, column) in zip(grid.cells, grid_places(grid), strict=True):
            share = sum(grid.widths[column : column + cell.columns])
            inner = "{\n" + "\n".join(self.blocks(cell.blocks, width * share / sum(grid.widths))) + "\n}"
            more = f"colspan: {cell.columns}, " if cell.columns > 1 else ""
            more += f"rowspan: {cell.rows}, " if cell.rows > 1 else ""
            cells.append(f"grid.cell({more}{inner})")
        text = f"framegrid({string_literal(grid.frame)}, {_shares(grid.widths)}, {', '.join(cells)})"
        return f"together({text})" if self._lines_of(grid) < LINES_TOGETHER else text

    def _lines_of(self, block: Block) -> int:
        """About how many lines a block is high; what may grow counts as many: a long answer, a table without labels."""
        match block:
            case Grid():
                columns = len(block.widths)
                heights = [sum(map(self._lines_of, cell.blocks)) for cell in block.cells]
                return sum(max(heights[at : at + columns]) for at in range(0, len(heights), columns))
            case Line():
                pieces = [piece for cell in block.cells for piece in cell if isinstance(piece, Blank)]
                return max((LINES_TOGETHER for piece in pieces if piece.kind is Kind.LONG_TEXT), default=1)
            case Table():
                labels = self.form.fields[block.field].row_labels
                return len(labels) + 1 if labels else LINES_TOGETHER
            case Picture():
                return LINES_TOGETHER
            case _:
                return 1

    def _table(self, table: Table, width: float) -> str:
        field = self.form.fields[table.field]
        told = self.answers.get(table.field)
        rows: list[Answers] = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
        rows += [{}] * (max(field.rows, len(field.row_labels)) - len(rows))
        whole = sum(table.widths)
        heads, places = [], []
        for column in table.columns:
            heads.append(self._pieces([piece for piece in column if isinstance(piece, Words)], {}, width))
            places.append([piece for piece in column if isinstance(piece, Blank)])
        cells = []
        for index, row in enumerate(rows):
            for place, share in zip(places, table.widths, strict=True):
                if place:
                    cells.append(self._in_table(place[0], row, width * share / whole, ruled=table.frame == "all"))
                else:
                    cells.append(_words(field.row_labels[index] if index < len(field.row_labels) else ""))
        printed = f"({', '.join(heads)},)" if table.heads else "()"
        return f"filled({string_literal(table.frame)}, {_shares(table.widths)}, {printed}, {', '.join(cells)})"

    def _in_table(self, blank: Blank, row: Answers, width: float, *, ruled: bool) -> str:
        """A cell of a table has no dots of its own; a tick is a cross."""
        value = row.get(blank.field)
        if blank.kind is Kind.TICK:
            return f"align(center, answer({string_literal('X' if value else '')}))"
        if blank.framed or blank.groups or blank.options:
            return self._blank(blank, row, width)
        if blank.kind is Kind.DATETIME and value is None and not ruled:
            return _words(_date(None, blank.pattern))
        return f"answer({string_literal(_plain(blank, value))})"

    def _picture(self, picture: Picture) -> str:
        value = self.answers.get(picture.field)
        name = "none"
        if value is not None:
            file = f"{self.number}-{picture.field}.svg"
            self.files[file] = framed_picture(value, picture.height)
            name = string_literal(file)
        label = self.form.fields[picture.field].label
        return f"picture({picture.height}mm, {string_literal(picture.drawing)}, {string_literal(label)}, {name})"

    def _pieces(self, pieces: Iterable[Piece], answers: Answers, width: float) -> str:
        texts = []
        is_close = False
        for piece in pieces:
            if isinstance(piece, Words):
                texts.append(_words(piece.text, bold=piece.bold, italic=piece.italic))
                is_close = piece.text[-1:].isalnum()
            else:
                if is_close and answers.get(piece.field) is not None:
                    texts.append("h(0.25em)")
                texts.append(self._blank(piece, answers, width))
                is_close = False
        return " + ".join(texts) or "[]"

    def _blank(self, blank: Blank, answers: Answers, width: float) -> str:
        value = answers.get(blank.field)
        if blank.options:
            return _options(blank, value)
        match blank.kind:
            case Kind.TICK:
                return f"tick({_bool(bool(value))})"
            case Kind.SIGNATURE:
                return f"signed({string_literal(_signature(value))})"
            case Kind.LONG_TEXT:
                return _long(blank, value, width)
        text = _plain(blank, value)
        if blank.groups:
            return _boxed(blank, text)
        if blank.framed:
            return f"framed(100%, {string_literal(text)})"
        return _dotted(blank, text)


def _boxed(blank: Blank, text: str) -> str:
    """One character a box; a code that is longer than its boxes goes without its dot, or is written whole."""
    boxes = sum(blank.groups)
    if blank.kind is Kind.DATE and text:
        text = f"{text[0:2]}{text[3:5]}{text[6:10]}"
    if blank.kind is Kind.NUMBER and text:
        text = text.rjust(boxes)
    if len(text) > boxes:
        text = text.replace(".", "")
    if len(text) > boxes:
        return f"answer({string_literal(text)})"
    return f"squares({_tuple(blank.groups)}, {string_literal(text)}.clusters())"


def _dotted(blank: Blank, text: str) -> str:
    """On dots: to the end of the line, or as wide as printed."""
    if blank.pattern:
        return f"answer({string_literal(text)})" if text else _words(_date(None, blank.pattern), italic=blank.italic)
    if not blank.width:
        return f"fill({string_literal(text)})" if text else "rest"
    left = max(0, blank.width - len(text))
    return " + ".join(
        filter(None, (f"answer({string_literal(text)})" if text else "", f"dots({left})" if left else ""))
    )


def framed_picture(value: object, height_mm: float) -> bytes:
    """The picture in the middle of its place, inside an SVG: a project's files are text. Raises Incorrect BA-3357."""
    kind = next((kind for start, kind in _PICTURES.items() if isinstance(value, bytes) and value.startswith(start)), "")
    if not isinstance(value, bytes) or not kind:
        raise NO_PICTURE()
    size = f'width="{PICTURE_WIDTH_MM}" height="{height_mm:g}"'
    data = b64encode(value).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PICTURE_WIDTH_MM} {height_mm:g}">'
        f'<image {size} preserveAspectRatio="xMidYMid meet" href="data:image/{kind};base64,{data}"/></svg>'
    ).encode()


def _long(blank: Blank, value: object, width: float) -> str:
    """The answer, dots to the end of its line, and the lines it leaves empty."""
    text = "" if value is None else str(value)
    a_line = max(10, CHARACTERS_A_LINE * width / 100)
    used = sum(1 + int(len(line) / a_line) for line in text.split("\n")) if text else 1
    left = max(0, blank.lines - used)
    lines = [f"answer({string_literal(line)})" for line in text.split("\n")] if text else []
    return " + ".join(filter(None, (" + linebreak() + ".join(lines), "rest", f"ruled({left})" if left else "")))


def _options(blank: Blank, value: object) -> str:
    """The options with their boxes; codes go into the printed boxes, and into more where there are more of them."""
    chosen = {str(each) for each in value} if isinstance(value, list | tuple | set) else {str(value)}
    texts = []
    for option in blank.options:
        words = _words(option.label, bold=blank.bold, italic=blank.italic)
        box = f"tick({_bool(option.code in chosen and value is not None)})"
        told = {"after": f"{words} + {box}", "before": f"{box} + h(0.25em) + {words}"}.get(blank.box, words)
        texts.append(f"option({told})")
    if blank.box != "codes":
        return " + gap + ".join(texts)
    codes = sorted(chosen, key=lambda code: (len(code), code)) if value is not None else []
    filled = ", ".join(string_literal(code) for code in codes)
    boxes = f"squares(({max(sum(blank.groups), len(codes))},), ({filled}{',' if codes else ''}))"
    # The word joiner keeps the boxes on the line of the last option, so that they stand at the right.
    return " + gap + ".join(texts) + f" + h(1fr) + sym.wj + {boxes}"


def _signature(value: object) -> str:
    if not isinstance(value, Mapping):
        return ""
    at = str(value.get("at", ""))
    day = _date(at, "<h>:<p> <d>/<m>/<y>") if at else ""
    return f"Đã ký: {value.get('name', '')}\n{day}".strip()


def _plain(blank: Blank, value: object) -> str:
    """A single answer as printed."""
    if value is None or value is False:
        return ""
    if blank.kind in (Kind.DATE, Kind.DATETIME, Kind.TIME):
        return _date(str(value), "<d>/<m>/<y>" if blank.groups else blank.pattern)
    if blank.kind is Kind.NUMBER:
        return str(value).removesuffix(".0").replace(".", ",")
    return str(value)


_NUMBER_AND_WORD = re.compile(r"(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9])")
_EMPTY = {"<h>": ".....", "<p>": ".....", "<d>": ".....", "<m>": ".....", "<y>": "........."}


def _date(value: str | None, pattern: str) -> str:
    """`2026-11-05T09:30` in the printed pattern; dots where there is nothing."""
    parts = dict(_EMPTY)
    if value is not None:
        day, _, time = value.partition("T")
        if len(day) == 5 and ":" in day:
            day, time = "", day
        for key, text in zip(("<y>", "<m>", "<d>"), day.split("-"), strict=False):
            parts[key] = text or parts[key]
        for key, text in zip(("<h>", "<p>"), time[:5].split(":"), strict=False):
            parts[key] = text or parts[key]
    for key, text in parts.items():
        pattern = pattern.replace(key, text)
    return pattern if value is None else _NUMBER_AND_WORD.sub(" ", pattern)


@lru_cache(maxsize=8192)
def _words(text: str, *, bold: bool = False, italic: bool = False) -> str:
    """Printed words; where two spaces or more part two items, a gap."""
    items = text.replace("\t", " " * _GAP).split(" " * _GAP)
    shown = " + gap + ".join(f"text({string_literal(each)})" if each else "[]" for each in items) if text else "[]"
    if bold:
        shown = f"strong({shown})"
    return f"emph({shown})" if italic else shown


def string_literal(text: str) -> str:
    """A Typst string literal: nothing in it is markup or code."""
    if not text.isprintable():
        text = "".join(each for each in text if each == "\n" or each.isprintable())
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _shares(widths: Iterable[float]) -> str:
    return _tuple(f"{width:g}fr" for width in widths)


def _tuple(items: Iterable[object]) -> str:
    return "(" + "".join(f"{item}, " for item in items).rstrip() + ")"


def _bool(value: bool) -> str:  # noqa: FBT001  # a literal of Typst
    return "true" if value else "false"
