"""Papers as PDF: forms with their answers, set by Typst.

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

from benhan.typesetting import Standard, files_to_pdf, files_to_pictures
from benhan.vn.forms.form import Form
from benhan.vn.forms.typeset import Answers, Leaf, Mark, OutlineItem, Sheet, typeset


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
    papers = list(papers)
    files = typeset(papers, mark)
    for each in attachments:
        files["main.typ"] += _attached(each).encode()
        files[each.name] = each.content
    standard: Standard = "1.7" if not is_archival else "a-3b" if attachments else "a-2b"
    name = ", ".join(each[0].number for each in papers if not isinstance(each, Sheet | OutlineItem))
    return files_to_pdf(files, standard, printed_at, name)


def paper_to_pictures(form: Form, answers: Answers) -> list[bytes]:
    """The pages of a paper as PNG, for a screen: what the PDF shows. Raises as `papers_to_pdf`."""
    return files_to_pictures(typeset([(form, answers)]), form.number)


def _attached(each: Attachment) -> str:
    assert _NAME.fullmatch(each.name), "the name of a file beside main.typ"
    description, mime_type = (json.dumps(text, ensure_ascii=False) for text in (each.description, each.mime_type))
    return f'#pdf.attach("{each.name}", relationship: "data", mime-type: {mime_type}, description: {description})\n'


_NAME = re.compile(r"(?!main\.typ|form\.typ)[\w-][\w.-]{0,99}", re.ASCII)
