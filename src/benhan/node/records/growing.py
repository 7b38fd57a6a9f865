"""Papers that grow by rows: a sheet of treatment or of care gets one for each entry, a full one is followed by another.

Source: TT 32/2023/TT-BYT, annex XXIX, forms 36 to 38; Đ52 k2 (time and author of every entry).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benhan.kernel.clock import day_in_vietnam
from benhan.mapping.form_answers import response_to_answers
from benhan.node.records.life import Opened
from benhan.node.records.models import Paper, PaperState
from benhan.node.records.papers import Papers
from benhan.store.unit_of_work import UnitOfWork

TABLE = "dien_bien"
"""The table of such a form; its first column is `luc`, the time of the entry."""
ROWS_MAX = 24
"""Rows of a sheet as it is printed: the next row begins another sheet."""


async def add_row(papers: Papers, unit: UnitOfWork, opened: Opened, number: str, row: Mapping[str, str]) -> Paper:
    """Add to `unit` a row on the sheet of form `number` that is being written, or on a new one; gives the sheet.

    What was written at the same time is one row. One act of a record in a unit.
    """
    sheet, answers = await _sheet(papers, unit, opened, number)
    rows = [dict(each) for each in answers.get(TABLE, ())]
    same = next((each for each in rows if each.get("luc") == row["luc"]), None)
    if same is None:
        same = {"luc": row["luc"]}
        rows.append(same)
    for name, text in row.items():
        if name != "luc" and text:
            same[name] = "\n".join(filter(None, (same.get(name, ""), text)))
    answers = {**answers, TABLE: sorted(rows, key=lambda each: str(each.get("luc", "")))}
    if sheet is not None:
        return await papers.put(unit, opened, sheet, answers)
    return await papers.put_new(unit, opened, papers.records.forms.on(number, day_in_vietnam(unit.at)), answers)


async def _sheet(papers: Papers, unit: UnitOfWork, opened: Opened, number: str) -> tuple[Paper | None, dict[str, Any]]:
    """The sheet that is being written and has a row left, with its answers; None and what is known for a new one."""
    sheets = [each for each in opened.papers if each.form_number == number and not each.is_cancelled]
    for each in reversed(sheets):
        if each.state is PaperState.WRITING and each.reference in opened.stored:
            form = papers.records.forms.by_key(each.form)
            answers = response_to_answers(form, opened.stored[each.reference].read())
            if len(answers.get(TABLE, ())) < ROWS_MAX:
                return each, answers
    form = papers.records.forms.on(number, day_in_vietnam(unit.at))
    known = await papers.known(form, opened, unit.actor)
    if "to_so" in form.fields:
        known["to_so"] = str(len(sheets) + 1)
    return None, {**known, TABLE: []}
