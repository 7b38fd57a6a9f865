"""The criteria of deployment as data: what is asked, by which clause, shown by which measures and papers.

Source: data/README.md.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from benhan.kernel.texts import Text
from benhan.vn.deployment.measures import MEASURES

SETS = ("tt13", "cv365", "publication")
"""The nine points of TT 13 Điều 1–3; the functions of CV 365; the 28 rows of what is shown when it is published."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One point. `paper` is the document that must be there ("" for none); `advice` says what to do next."""

    id: str
    set: str
    title: Text
    clause: str
    measures: tuple[str, ...]
    paper: Text | None
    advice: Text
    is_law: bool


@cache
def criteria() -> tuple[Criterion, ...]:
    """All criteria, in the order of their sources."""
    data = tomllib.loads(resources.files(__package__).joinpath("data", "criteria.toml").read_text(encoding="utf-8"))
    found = tuple(_criterion(row) for row in data["criterion"])
    assert len({each.id for each in found}) == len(found), "ids are given once"
    return found


@cache
def by_id() -> dict[str, Criterion]:
    """All criteria by their id."""
    return {each.id: each for each in criteria()}


def _criterion(row: dict[str, Any]) -> Criterion:
    measures = tuple(row.get("measures", ()))
    assert row["set"] in SETS, row["id"]
    assert all(each in MEASURES for each in measures), row["id"]
    paper = Text(row["paper"], row["paper_en"]) if "paper" in row else None
    assert measures or paper is not None, f"{row['id']} is shown by something"
    return Criterion(
        row["id"],
        row["set"],
        Text(row["vi"], row["en"]),
        row["clause"],
        measures,
        paper,
        Text(row["do"], row["do_en"]),
        row.get("law", True),
    )
