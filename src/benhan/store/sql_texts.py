"""The register of every SQL text that touches patient data: each names the bucket, or says why it looks everywhere.

A test reads the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Query:
    """A named text; `fan_out` says why it names no bucket, "" where it does."""

    name: str
    sql: str
    fan_out: str


QUERIES: dict[str, Query] = {}


def query(name: str, sql: str, *, fan_out: str = "") -> str:
    """Register a text under a name of its own; gives the text."""
    assert name not in QUERIES, name
    text = dedent(sql).strip()
    QUERIES[name] = Query(name, text, fan_out)
    return text
