"""Papers as PDF: forms with their answers, set by Typst out of the package's own fonts, nothing fetched.

PDF/A-2b (ISO 19005-2) and tagged, so that a printed record can be signed, kept and read aloud. With data inside it is
PDF/A-3b (ISO 19005-3), since PDF/A-2 allows no attachments but PDF/A themselves: what people see and what computers
read are then under one signature. Source: CV 365 III.1.1 a, e (records are viewable as PDF and printed on the
Ministry's forms), k (structured data stay readable without the system).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import benhan
from benhan.kernel.faults import Broken, FaultCode
from benhan.kernel.texts import Text
from benhan.vn.forms.form import Form
from benhan.vn.forms.typeset import Answers, Leaf, Mark, OutlineItem, Sheet, typeset

if TYPE_CHECKING:
    import typst

FONTS = Path(benhan.__file__).parent / "fonts"

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


@dataclass(frozen=True, slots=True)
class Attachment:
    """Data inside a paper: `name` is that of a file (letters, digits, `.`, `-`, `_`), `description` is for people."""

    name: str
    content: bytes
    mime_type: str
    description: str


def papers_to_pdf(
    papers: Iterable[Leaf],
    printed_at: datetime,
    mark: Mark | None = None,
    attachments: Sequence[Attachment] = (),
    *,
    is_archival: bool = True,
) -> bytes:
    """The papers one behind the other as one PDF/A-2b, as PDF/A-3b with attachments; `mark` stands on each page.

    Not `is_archival`: a plain PDF, since what will be put into it need not be PDF/A.

    The same papers, mark, attachments and instant are the same bytes.

    Raises Broken BA-3355 where a form or a picture in it cannot be set, BA-3356 where the fonts are not installed.
    """
    import typst

    papers = list(papers)
    files: Any = typeset(papers, mark)  # the stub of the package knows one file only, the compiler a project too
    for each in attachments:
        files["main.typ"] += _attached(each).encode()
        files[each.name] = each.content
    standard: Literal["a-2b", "a-3b", "1.7"] = "1.7" if not is_archival else "a-3b" if attachments else "a-2b"
    try:
        with _ONE_AT_A_TIME:
            pdf = _compiler().compile(files, pdf_standards=[standard], timestamp=printed_at.replace(microsecond=0))
    except typst.TypstError as cause:
        numbers = ", ".join(each[0].number for each in papers if not isinstance(each, Sheet | OutlineItem))
        raise NOT_PRINTED(name=numbers, reason=cause.message) from cause
    assert isinstance(pdf, bytes), "one file of one format is one bytes"
    return pdf


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
    import typst

    told = {"title": title, "lead": lead, "head": head, "widths": widths, "rows": rows}
    files: Any = {"main.typ": _TABLE.encode(), "told.json": json.dumps(told, ensure_ascii=False).encode()}
    try:
        with _ONE_AT_A_TIME:
            pdf = _compiler().compile(files, pdf_standards=["a-2b"], timestamp=printed_at.replace(microsecond=0))
    except typst.TypstError as cause:
        raise NOT_PRINTED(name=title, reason=cause.message) from cause
    assert isinstance(pdf, bytes), "one file of one format is one bytes"
    return pdf


PICTURE_PPI = 100.0
"""So many points an inch: a page of A4 is read well on a tablet."""


def paper_to_pictures(form: Form, answers: Answers) -> list[bytes]:
    """The pages of a paper as PNG, for a screen: what the PDF shows. Raises as `papers_to_pdf`."""
    import typst

    files: Any = typeset([(form, answers)])
    try:
        with _ONE_AT_A_TIME:
            made = _compiler().compile(files, format="png", ppi=PICTURE_PPI)
    except typst.TypstError as cause:
        raise NOT_PRINTED(name=form.number, reason=cause.message) from cause
    assert made is not None, "without a place to write to the pages come back"
    return list(made) if isinstance(made, list) else [made]  # one page is no list


def _attached(each: Attachment) -> str:
    assert _NAME.fullmatch(each.name), "the name of a file beside main.typ"
    description, mime_type = (json.dumps(text, ensure_ascii=False) for text in (each.description, each.mime_type))
    return f'#pdf.attach("{each.name}", relationship: "data", mime-type: {mime_type}, description: {description})\n'


_NAME = re.compile(r"(?!main\.typ|form\.typ)[\w-][\w.-]{0,99}", re.ASCII)


_ONE_AT_A_TIME = Lock()
"""The compiler fails where two threads use it; it lets go of the interpreter, so that others work meanwhile."""


@cache
def _compiler() -> typst.Compiler:
    """One compiler for the process: fonts are read once."""
    import typst

    if not list(FONTS.glob("*.ttf")):
        raise NO_FONTS()
    return typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False, font_paths=[FONTS]))
