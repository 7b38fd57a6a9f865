"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""By what a spreadsheet takes a cell for a formula. Source: OWASP, CSV Injection."""


def plain_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_STARTS) else text
