"""The report of records that wait to be completed: how many days each, by department, as CSV; it names no patient.

Source: requirement 60 (no term in law: the house's own rule; days-late report).
"""

from __future__ import annotations

import csv
import io

from benhan.kernel.actors import Actor
from benhan.kernel.cells import plain_cell
from benhan.kernel.clock import day_in_vietnam
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import STATE_WORDS, State
from benhan.node.records.lists import NEWEST, days_late
from benhan.node.records.models import Record

HEADS = ("ma_ho_so", "loai_benh_an", "khoa", "trang_thai", "ket_thuc", "nop_duyet", "so_ngay")
_PAGE = 500
_WAITING = (State.CLOSED, State.RETURNED, State.SUBMITTED)


async def late_report(records: Records, actor: Actor, department: str = "") -> bytes:
    """Records whose treatment has ended and that are not archived, most days first, UTF-8 with a mark for Excel."""
    now = records.store.clock.now()
    found: list[Record] = []
    place = NEWEST
    while page := await records.rows.work(_WAITING, department, place, _PAGE, actor):
        found += page
        place = page[-1].opened_at, page[-1].rid
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for each in sorted(found, key=lambda one: (-days_late(one, now), one.rid)):
        closed = day_in_vietnam(each.closed_at).isoformat() if each.closed_at is not None else ""
        submitted = day_in_vietnam(each.submitted_at).isoformat() if each.submitted_at is not None else ""
        form = f"{each.form_number} {records.forms.by_key(each.form).name}"
        cells = (each.id, form, each.department, STATE_WORDS[each.state].vi, closed, submitted, days_late(each, now))
        writer.writerow([plain_cell(str(cell)) for cell in cells])
    return "\ufeff".encode() + out.getvalue().encode()
