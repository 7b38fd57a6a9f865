from __future__ import annotations

import io
import json
import logging

import pytest

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.logs import JsonLines, Log
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace

PROBE = FaultCode("BA-0100", Incorrect, Text("thử {what}", "probe {what}"))


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_json_with_the_trace(lines: io.StringIO) -> None:
    token = current_trace.set("ab" * 16)
    Log("test").info("message.applied", count=3)
    current_trace.reset(token)
    told = json.loads(lines.getvalue())
    assert (told["event"], told["count"], told["trace"], told["level"]) == ("message.applied", 3, "ab" * 16, "info")


def test_a_field_outside_the_vocabulary_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        Log("test").info("x", patient_name=1)


def test_a_foreign_exception_leaves_no_words_in_the_log(lines: io.StringIO) -> None:
    try:
        try:
            raise ValueError("Nguyễn Thị Bí Mật")
        except ValueError as cause:
            raise PROBE(what="w") from cause
    except Incorrect as fault:
        Log("test").failure("act.failed", fault)
    assert "Bí Mật" not in lines.getvalue()
    told = json.loads(lines.getvalue())["failure"]
    assert (told["fault"], told["because"]["class"]) == ("BA-0100", "ValueError")


def test_foreign_records_keep_their_template_only(lines: io.StringIO) -> None:
    logging.getLogger("other").warning("row %s is bad", "Nguyễn Thị Bí Mật")
    assert json.loads(lines.getvalue())["event"] == "row %s is bad"
