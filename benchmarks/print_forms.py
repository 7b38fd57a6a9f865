"""An inpatient record of 40 pages printed as PDF/A, beside the same words set by Typst as plain paragraphs.

The record is the bệnh án of internal medicine, every field answered, and slips (the bệnh án again where none is
transcribed) until there are 40 pages. Processor's time, one core, medians; what is printed differs each time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2

from benhan.node.printing import FONTS, papers_to_pdf
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers
from common import arguments, report

PAGES = 40
LIMIT_MS = 300
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
STORY = "Người bệnh tỉnh, tiếp xúc tốt, da niêm mạc hồng, không phù, không xuất huyết dưới da, hạch ngoại vi không to. "


def answer(field: Field, turn: int) -> Any:
    """An answer of usual length that is another at each turn."""
    match field.kind:
        case Kind.TEXT:
            return f"Lần {turn}"
        case Kind.LONG_TEXT:
            return f"Lần {turn}: " + STORY * 2
        case Kind.CODE:
            return "J18.1"
        case Kind.NUMBER:
            return field.low
        case Kind.DATE:
            return "2026-11-20"
        case Kind.TIME:
            return "08:30"
        case Kind.DATETIME:
            return "2026-11-20T08:30"
        case Kind.TICK:
            return True
        case Kind.ONE:
            return field.options[0].code
        case Kind.MANY:
            return [field.options[0].code]
        case Kind.SIGNATURE:
            return {"name": "Trần Văn Thử", "at": "2026-11-25T16:00"}
        case Kind.TABLE:
            return [{column.id: answer(column, turn) for column in field.columns}] * max(field.rows, 1)
        case Kind.PICTURE:
            return None


def filled(form: Form, turn: int) -> Answers:
    return {name: answer(field, turn) for name, field in form.fields.items()}


def record(turn: int) -> list[tuple[Form, Answers]]:
    """The papers of a record of at least 40 pages."""
    catalogue = Catalogue()
    first = catalogue.on("01/BV-01", date(2026, 11, 26))
    slips = [form for form in catalogue.forms() if form.number.endswith("/BV-02")] or [first]
    papers = [first]
    while pages(papers) < PAGES:
        papers.append(slips[len(papers) % len(slips)])
    return [(form, filled(form, turn)) for form in papers]


def pages(papers: list[Form]) -> int:
    with pypdfium2.PdfDocument(papers_to_pdf([(form, filled(form, 0)) for form in papers], AT)) as pdf:
        return len(pdf)


def plainly(papers: list[tuple[Form, Answers]], compiler: Any) -> bytes:
    """What Typst takes for the same words without a form: the limit."""
    words = [f"{form.fields[name].label} {value}" for form, answers in papers for name, value in answers.items()]
    literals = "\n\n".join(f"#par({_literal(each)})" for each in words)
    files = {"main.typ": f'#set text(font: "Tinos")\n{literals}'.encode()}
    pdf: bytes = compiler.compile(files, pdf_standards=["a-2b"])
    return pdf


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cpu_ms(act: Callable[[int], object], turns: int) -> list[float]:
    spent = []
    for turn in range(turns):
        began = time.process_time()
        act(turn)
        spent.append((time.process_time() - began) * 1000)
    return spent


def measure(quick: bool) -> dict[str, Any]:
    import typst

    turns = 8 if quick else 30
    compiler = typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False, font_paths=[FONTS]))
    papers = record(0)
    made = [[(form, filled(form, turn + 1)) for form, _ in papers] for turn in range(turns)]
    began = time.perf_counter()
    spent = cpu_ms(lambda turn: papers_to_pdf(made[turn], AT), turns)
    waited = (time.perf_counter() - began) * 1000 / turns
    limit = statistics.median(cpu_ms(lambda turn: plainly(made[turn], compiler), turns))
    with pypdfium2.PdfDocument(papers_to_pdf(papers, AT)) as pdf:
        count = len(pdf)
    return {
        "record_pages": count,
        "record_cpu_ms": round(statistics.median(spent), 1),
        "record_cpu_ms_worst": round(max(spent), 1),
        "record_waited_ms": round(waited, 1),
        "record_ratio_to_300_ms": round(LIMIT_MS / statistics.median(spent) * count / PAGES, 2),
        "plain_words_cpu_ms": round(limit, 1),
        "ratio_to_limit": round(limit / statistics.median(spent), 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
