"""The characters of a value: what both written forms can hold, and how XML writes it."""

from __future__ import annotations

import re
from typing import Any

_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold (2.2 Char), and CR, which its readers turn into LF; left out of both forms alike."""


def written_text(value: Any) -> str:
    """A value as both forms hold it: without what XML cannot hold, lines ended by LF."""
    text = str(value)
    if not _NOT_IN_XML.search(text):
        return text
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(value: Any) -> str:
    """A value as the content of an element."""
    return written_text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
