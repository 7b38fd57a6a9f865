"""What a form is: its fields in the order of the page, and the page itself as lines, grids and tables.

Source: TT 32/2023/TT-BYT, annexes XXVIII and XXIX. Nothing here knows how a form is written down (`page`) or printed.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import NamedTuple

import msgspec


class Kind(Enum):
    """What a field takes as its answer."""

    TEXT = "text"
    LONG_TEXT = "long text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    TICK = "tick"
    ONE = "one of"
    MANY = "many of"
    CODE = "code"
    TABLE = "table"
    PICTURE = "picture"
    SIGNATURE = "signature"


CHOICES = frozenset((Kind.ONE, Kind.MANY))


class Option(NamedTuple):
    """One of the printed options: the code that is kept, the words as printed."""

    code: str
    label: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the data say of a field besides the page: names in other standards, and when it must be there.

    `cv365`: a path of HoSoBenhAn (`ThongTinBenhNhan.hoten`); `bhyt`: table and column (`XML1.HO_TEN`); `fhir`: a
    path of an R4 element (`Patient.name`); `loinc`: the Observation that the value is; `list`: the code list that a
    code is from (`data/lists.toml`); `code_of`: the field whose words this code stands for; `diagnosis`: which
    diagnosis the words are (`DIAGNOSES`); `label`: the words that name the field where the page has none in front
    of it; `bhyt_codes` and `fhir_codes`: what the column or element writes for the code of an option, where it is
    another.
    """

    label: str = ""
    cv365: str = ""
    bhyt: str = ""
    fhir: str = ""
    loinc: str = ""
    list: str = ""
    code_of: str = ""
    diagnosis: str = ""
    bhyt_codes: dict[str, str] = {}
    fhir_codes: dict[str, str] = {}
    required_at_close: bool = False


DIAGNOSES = frozenset(
    ("referral", "emergency", "department", "differential", "before-surgery", "after-surgery", "discharge",
     "discharge-other", "death", "autopsy", "traditional")
)  # fmt: skip
"""The roles of a diagnosis on the cover and on page A (TT 32/2023 annex XXVIII, parts III and IV)."""


class Field(msgspec.Struct, frozen=True):
    """A field: its id in this form, its kind and bounds, the official words, where it stands, what it feeds.

    `unit` is a UCUM unit, of numbers only; `low` and `high` bound a number, both inclusive. `digits` are the code boxes
    of a code. `columns` are the fields of a table's row, `rows` how many rows the page has room for, `row_labels` the
    printed first words of each where the rows are fixed.
    """

    id: str
    kind: Kind
    label: str
    section: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    digits: int = 0
    options: tuple[Option, ...] = ()
    columns: tuple[Field, ...] = ()
    rows: int = 0
    row_labels: tuple[str, ...] = ()
    source: Source = Source()


# The page


class Words(NamedTuple):
    """Printed words; two spaces or more in them part two items."""

    text: str
    bold: bool = False
    italic: bool = False


class Blank(NamedTuple):
    """The place of a field on the page.

    `width` in characters of its dots, 0: to the end of the line; `lines` of a long text; `groups` of code boxes, as
    (2, 2, 4); `framed`: a frame in place of dots; `options` those of the field's options that are printed here, with
    `box`: "after" or "before" each, or "codes": as many boxes for their codes as `groups` says; `pattern` of a date.
    """

    field: str
    kind: Kind
    width: int = 0
    lines: int = 1
    groups: tuple[int, ...] = ()
    framed: bool = False
    options: tuple[Option, ...] = ()
    box: str = ""
    pattern: str = ""
    bold: bool = False
    italic: bool = False


Piece = Words | Blank


class Line(NamedTuple):
    """A line of cells side by side; `widths` in per cent, () where they share alike; `heading` 1–3, 0 for none.

    `align`: "left", "center", "right" or "title", the form's own name.
    """

    cells: tuple[tuple[Piece, ...], ...]
    heading: int = 0
    widths: tuple[float, ...] = ()
    align: str = "left"


class Cell(NamedTuple):
    """A cell of a grid."""

    blocks: tuple[Block, ...]
    columns: int = 1
    rows: int = 1


class Grid(NamedTuple):
    """Cells in columns of `widths` (per cent), row by row; `frame`: "all", "outer" or "plain"."""

    widths: tuple[float, ...]
    cells: tuple[Cell, ...]
    frame: str = "all"


def grid_places(grid: Grid) -> list[tuple[int, int]]:
    """Row and column of each cell, each in the next free place. Raises ValueError where one does not fit there."""
    taken: set[tuple[int, int]] = set()
    found: list[tuple[int, int]] = []
    at = 0
    for cell in grid.cells:
        while divmod(at, len(grid.widths)) in taken:
            at += 1
        row, column = divmod(at, len(grid.widths))
        covered = {(row + down, column + right) for down in range(cell.rows) for right in range(cell.columns)}
        if column + cell.columns > len(grid.widths) or covered & taken:
            raise ValueError(f"cell {len(found) + 1} of {len(grid.cells)}")
        taken |= covered
        found.append((row, column))
    return found


class Table(NamedTuple):
    """A table whose rows are filled in.

    `columns` hold for each column its printed head and the place that every row has under it; `frame`: "all" or
    "plain"; `heads`: whether the heads are printed.
    """

    field: str
    columns: tuple[tuple[Piece, ...], ...]
    widths: tuple[float, ...]
    frame: str = "all"
    heads: bool = True


class Picture(NamedTuple):
    """A place to draw on: `height` in millimetres, `drawing` the name of the printed outline, "" for an empty place."""

    field: str
    height: float
    drawing: str = ""


class PageBreak(NamedTuple):
    """The official form starts a new page here."""


class Space(NamedTuple):
    """Empty lines, as for a stamp."""

    lines: float


class Size(NamedTuple):
    """From here on letters are of this size, in points."""

    points: float


Block = Line | Grid | Table | Picture | PageBreak | Space | Size


class Form(msgspec.Struct, frozen=True):
    """A form in one version. `number` is the official one (`01/BV-01`); `key` names the version for ever."""

    number: str
    name: str
    title: str
    decision: str
    effective_from: date
    effective_to: date | None
    variant: str
    fields: dict[str, Field]
    body: tuple[Block, ...]

    @property
    def key(self) -> str:
        """`number@effective_from`, with `+variant` of a hospital's own: what a record keeps of its form."""
        return form_key(self.number, self.effective_from, self.variant)


def form_key(number: str, effective_from: date, variant: str = "") -> str:
    """The key of a form in one version."""
    return f"{number}@{effective_from.isoformat()}" + (f"+{variant}" if variant else "")
