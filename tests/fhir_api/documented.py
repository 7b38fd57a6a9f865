"""Examples in documents: requests and answers as fenced `http` blocks, read from a page and compared with the truth.

A block that begins with `METHOD path` is a request (headers, an empty line, a body may follow); the next block that
begins with `HTTP/1.1 STATUS` is its answer: the status must be the same, each header that it names, and of a JSON body
each member that it shows. `"…"` stands for any value, and at the end of an array for whatever follows. `{{name}}`
captures what stands there where the name is new, and is filled in everywhere after.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

ANY = "…"
_FENCE = re.compile(r"^```http[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{\{(\w+)\}\}")
Captured = dict[str, str]


@dataclass
class Message:
    """A block: its first line, its headers in lower case, its body."""

    first: str
    headers: dict[str, str]
    body: str

    @property
    def is_answer(self) -> bool:
        return self.first.startswith("HTTP/1.1 ")


@dataclass
class Example:
    """A request with the answer that the page shows, None where it shows none."""

    request: Message
    answer: Message | None = None
    number: int = 0


def messages_of(text: str) -> list[Message]:
    found = []
    for block in _FENCE.findall(text):
        head, _, body = block.partition("\n\n")
        first, *lines = head.strip("\n").split("\n")
        pairs = [line.partition(":") for line in lines if line]
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        found.append(Message(first.strip(), headers, body.strip("\n")))
    return found


def examples_of(text: str) -> list[Example]:
    """The examples of a page, in order. Fails where an answer has no request before it."""
    examples: list[Example] = []
    for message in messages_of(text):
        if not message.is_answer:
            examples.append(Example(message, None, len(examples) + 1))
            continue
        assert examples, "an answer without a request"
        assert examples[-1].answer is None, f"example {len(examples)} has two answers"
        examples[-1].answer = message
    return examples


def filled(text: str, captured: Captured) -> str:
    """`text` with what was captured. Fails where a name was never captured."""
    for name in _NAME.findall(text):
        assert name in captured, f"{{{{{name}}}}} was captured nowhere before"
    return _NAME.sub(lambda match: captured[match[1]], text)


def read_json(text: str) -> Any:
    """JSON whose numbers keep their digits."""
    return json.loads(text, parse_float=lambda digits: f"number {digits}", parse_int=lambda digits: f"number {digits}")


def differences(expected: Any, real: Any, captured: Captured, place: str = "body") -> list[str]:
    """Where `real` is not what `expected` shows; captures on the way."""
    if expected == ANY:
        return []
    if isinstance(expected, str) and isinstance(real, str):
        return [] if matches(expected, real, captured) else [f"{place}: {expected!r} is {real!r}"]
    if isinstance(expected, dict) and isinstance(real, dict):
        missing = [f"{place}.{name} is not there" for name in expected if name not in real]
        return missing + [
            each
            for name, value in expected.items()
            if name in real
            for each in differences(value, real[name], captured, f"{place}.{name}")
        ]
    if isinstance(expected, list) and isinstance(real, list):
        return _array_differences(expected, real, captured, place)
    return [] if expected == real else [f"{place}: {expected!r} is {real!r}"]


def _array_differences(expected: list[Any], real: list[Any], captured: Captured, place: str) -> list[str]:
    goes_on = bool(expected) and expected[-1] == ANY
    shown = expected[:-1] if goes_on else expected
    if len(real) < len(shown) or (len(real) > len(shown) and not goes_on):
        return [f"{place} has {len(real)} elements, shown are {len(shown)}"]
    return [
        each
        for index, (one, other) in enumerate(zip(shown, real, strict=False))
        for each in differences(one, other, captured, f"{place}[{index}]")
    ]


def matches(expected: str, real: str, captured: Captured) -> bool:
    """Whether a text is the expected one, its `…` and its names standing for anything new."""
    names: list[str] = []
    pattern = ""
    for part in re.split(r"(\{\{\w+\}\}|…)", expected):
        name = part[2:-2] if part.startswith("{{") else ""
        if part == ANY:
            pattern += ".*"
        elif name and name not in captured and name not in names:
            names.append(name)
            pattern += "(.+)"
        else:
            pattern += re.escape(captured.get(name, "") if name else part)
    found = re.fullmatch(pattern, real, re.DOTALL)
    if found is None:
        return False
    captured.update(zip(names, found.groups(), strict=True))
    return True
