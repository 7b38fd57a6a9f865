"""The trace id: one name that follows a datum from the first frame to the citizen's page.

Source: W3C Trace Context, trace-id (16 bytes, 32 lower-case hexadecimal digits, not all zero).
"""

from __future__ import annotations

import re
from contextvars import ContextVar

from benhan.kernel.ids import RandomSource

_FORM = re.compile(r"[0-9a-f]{32}")
_NONE = "0" * 32

current_trace: ContextVar[str] = ContextVar("current_trace", default=_NONE)


def new_trace_id(source: RandomSource) -> str:
    """A fresh trace id."""
    return source.bytes(16).hex()


def is_trace_id(text: str) -> bool:
    """Whether `text` is a trace id in its one written form."""
    return _FORM.fullmatch(text) is not None and text != _NONE


def trace_of_traceparent(header: str) -> str | None:
    """The trace id of a `traceparent` header, or None where the header is not one."""
    parts = header.split("-")
    if len(parts) < 4 or not is_trace_id(parts[1]):
        return None
    return parts[1]
