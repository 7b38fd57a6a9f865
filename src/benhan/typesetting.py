"""Typst, the one way to PDF and pictures: the package's own fonts, nothing fetched, one compiler a process.

The same files and instant are the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import benhan
from benhan.kernel.faults import Broken, FaultCode
from benhan.kernel.texts import Text

if TYPE_CHECKING:
    import typst

FONTS = Path(benhan.__file__).parent / "fonts"
PICTURE_PPI = 100.0
"""So many points an inch: a page of A4 is read well on a tablet."""

NOT_PRINTED = FaultCode(
    "BA-3355",
    Broken,
    Text(
        "Không in được {name}: {reason}. Báo cho người phát triển kèm mã biểu mẫu này.",
        "{name} cannot be printed: {reason}. Tell the developers, with the name of this form.",
    ),
)
NO_FONTS = FaultCode(
    "BA-3356",
    Broken,
    Text(
        "Thiếu phông chữ để in trong gói cài đặt. Chạy lại bước cài đặt (make setup).",
        "The fonts for printing are missing from the installation. Run the set-up again (make setup).",
    ),
)

Standard = Literal["a-2b", "a-3b", "1.7"]

_TABLE = """#set page(paper: "a4", flipped: true, margin: 14mm, numbering: "1 / 1")
#set text(font: "Tinos", size: 9pt, lang: "vi", hyphenate: false)
#let told = json("told.json")
#set document(title: told.title)
#align(center, text(size: 13pt, weight: "bold", told.title))
#for line in told.lead [#line #linebreak()]
#v(3mm)
#table(
  columns: told.widths.map(it => it * 1fr),
  stroke: 0.4pt,
  table.header(..told.head.map(strong)),
  ..told.rows.flatten().map(it => par(it)),
)
"""


def files_to_pdf(files: Mapping[str, bytes], standard: Standard, at: datetime, name: str) -> bytes:
    """`main.typ` and the files beside it as PDF; `name` is told where it cannot be set.

    Raises Broken BA-3355, BA-3356.
    """
    made = _compile(files, name, pdf_standards=[standard], timestamp=at.replace(microsecond=0))
    assert isinstance(made, bytes), "one file of one format is one bytes"
    return made


def files_to_pictures(files: Mapping[str, bytes], name: str) -> list[bytes]:
    """The pages as PNG. Raises Broken BA-3355, BA-3356."""
    made = _compile(files, name, format="png", ppi=PICTURE_PPI)
    return list(made) if isinstance(made, list) else [made]  # one page is no list


def table_to_pdf(
    title: str,
    lead: Sequence[str],
    head: Sequence[str],
    widths: Sequence[int],
    rows: Sequence[Sequence[str]],
    printed_at: datetime,
) -> bytes:
    """A list on paper as PDF/A-2b: a title, some lines, a table whose columns are so wide to each other.

    Raises Broken BA-3355, BA-3356.
    """
    told = {"title": title, "lead": lead, "head": head, "widths": widths, "rows": rows}
    files = {"main.typ": _TABLE.encode(), "told.json": json.dumps(told, ensure_ascii=False).encode()}
    return files_to_pdf(files, "a-2b", printed_at, title)


def _compile(files: Mapping[str, bytes], name: str, **how: Any) -> Any:
    import typst

    project: Any = dict(files)  # the stub of the package knows one file only, the compiler a project too
    try:
        with _ONE_AT_A_TIME:
            made = _compiler().compile(project, **how)
    except typst.TypstError as cause:
        raise NOT_PRINTED(name=name, reason=cause.message) from cause
    assert made is not None, "without a place to write to the content comes back"
    return made


_ONE_AT_A_TIME = Lock()
"""The compiler fails where two threads use it; it lets go of the interpreter, so that others work meanwhile."""


@cache
def _compiler() -> typst.Compiler:
    """One compiler for the process: fonts are read once."""
    import typst

    if not list(FONTS.glob("*.ttf")):
        raise NO_FONTS()
    return typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False, font_paths=[FONTS]))
