"""Characters that XML writes otherwise. Source: XML 1.0 2.2 (Char), 2.4, 3.3.3 (attribute values are normalised)."""

from __future__ import annotations

import re

_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_IN_ATTRIBUTE = re.compile(f'[&<"\t\n\r{_ILLEGAL}]')
_IN_ELEMENT = re.compile(f"[&<>\r{_ILLEGAL}]")
_WRITTEN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
REPLACEMENT = "\ufffd"
"""Stands for a character that XML 1.0 cannot hold."""


def attribute_text(text: str) -> str:
    """`text` between double quotes; line ends and tabs survive a reader's normalisation."""
    return _IN_ATTRIBUTE.sub(_written, text) if _IN_ATTRIBUTE.search(text) else text


def element_text(text: str) -> str:
    """`text` between tags."""
    return _IN_ELEMENT.sub(_written, text) if _IN_ELEMENT.search(text) else text


def _written(match: re.Match[str]) -> str:
    return _WRITTEN.get(match[0], REPLACEMENT)
