"""The matrix and the looks as files: for an inspector's spreadsheet, for a court's paper."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import datetime

from benhan.access.matrix import USES, Matrix
from benhan.kernel.texts import Language
from benhan.node.access.emergency import Found
from benhan.node.access.looks import Look
from benhan.typesetting import table_to_pdf
from benhan.web.words import clock_and_day, say

_WIDTHS = (2, 4, 6, 4, 6, 6, 10)


def matrix_csv(matrix: Matrix, language: Language) -> bytes:
    """The matrix as a table that spreadsheets open: a line for each combination that gives something."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(_matrix_rows(matrix, language))
    return b"\xef\xbb\xbf" + file.getvalue().encode()


async def matrix_pdf(matrix: Matrix, facility: str, at: datetime, language: Language) -> bytes:
    """The same on paper."""
    head, *rows = _matrix_rows(matrix, language)
    lead = [
        facility,
        f"{say(language, 'rights.mode')}: {say(language, f'mode.{matrix.mode}')}",
        say(language, "looks.made_at", at=clock_and_day(at)),
    ]
    widths = [6, 6, 6, 5, *([3] * len(USES))]
    return await asyncio.to_thread(table_to_pdf, say(language, "rights.title"), lead, head, widths, rows, at)


def _matrix_rows(matrix: Matrix, language: Language) -> list[list[str]]:
    head = [say(language, f"rights.{each}") for each in ("kind", "role", "relation", "state")]
    rows = [[*head, *(say(language, f"use.{each}") for each in USES)]]
    for kind, role, relation, state, given in matrix.table():
        words = [
            say(language, f"kind.{kind}"),
            say(language, f"role.{role}"),
            say(language, f"relation.{relation}"),
            say(language, f"record_state.{state}"),
        ]
        rows.append([*words, *("x" if given[use] else "" for use in USES)])
    return rows


async def looks_pdf(
    looks: Sequence[tuple[Look, str]], facility: str, who: Found, at: datetime, language: Language
) -> bytes:
    """Who looked, as a paper: each row with its number and hash in the ledger, by which a proof can be asked for."""
    columns = ("seq", "at", "name", "role", "event", "by", "hash")
    rows = [
        [
            str(each.seq or "—"),
            clock_and_day(each.at),
            " · ".join(text for text in (each.name, each.title) if text),
            say(language, f"role.{each.role}"),
            say(language, f"event.{each.event}"),
            reason_words(each.by, each.related, language),
            each.hash or "—",
        ]
        for each, _ in looks
    ]
    lead = [
        facility,
        " · ".join(text for text in (who.name, who.birth_year) if text),
        say(language, "looks.made_at", at=clock_and_day(at)),
        say(language, "looks.proof_help"),
    ]
    head = [say(language, f"looks.{each}") for each in columns]
    return await asyncio.to_thread(table_to_pdf, say(language, "looks.title"), lead, head, _WIDTHS, rows, at)


def reason_words(by: str, related: str, language: Language) -> str:
    """A reason as people read it: the relation, and its number or department where it has one."""
    if not by:
        return ""
    kind, _, which = by.partition("/")
    text = say(language, f"reason.{kind}")
    if which:
        text = f"{text} {which}"
    return f"{text} ({say(language, f'relation.{related}')})" if related else text
