"""Regular expressions in linear time, by RE2.

Python's `re` tries one way after another, so that a pattern out of a profile (`(a+)+$`) could hold a server for years.
RE2 follows all ways at once and refuses what cannot be done so: references back, looking ahead and behind.

Source: FHIRPath 2.0.0, "matches", "replaceMatches" (PCRE, single line mode: `.` takes line ends too). `\\d`, `\\w`,
`\\s` and `\\b` mean ASCII, `\\p{…}` the Unicode category.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from benhan.fhir.fhirpath.faults import BAD_PATTERN

MEMORY_BYTES_MAX = 4 * 1024 * 1024
"""What one pattern may take, compiled and with what it remembers."""
_HEXADECIMAL = re.compile(r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})")
_PLACEHOLDER = re.compile(r"\\(.)|\$(?:\{(\d)\}|(\d))", re.DOTALL | re.ASCII)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MEMORY_BYTES_MAX
    options.dot_nl = True
    options.log_errors = False
    return options


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """The pattern, ready to run. Raises Incorrect BA-2014 where it is wrong or cannot be run in linear time."""
    try:
        return Pattern(re2.compile(_HEXADECIMAL.sub(r"\1\\x{\2}", text), _options()))
    except (re2.error, UnicodeEncodeError) as cause:
        raise BAD_PATTERN(reason="RE2 does not take it") from cause


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def is_in(self, text: str) -> bool:
        """Whether a part of `text` is as the pattern says."""
        return self._compiled.search(text) is not None

    def is_whole(self, text: str) -> bool:
        """Whether the whole of `text` is as the pattern says."""
        return self._compiled.fullmatch(text) is not None

    def replaced(self, text: str, by: str) -> str:
        """`text` with every part that is as the pattern says replaced; `$1` or `${1}` in `by` is the first group."""
        parts, position, last = list[str](), 0, None
        for match in self._compiled.finditer(text):
            if match.span() == last:  # an empty match at the end is told twice
                break
            last = match.span()
            parts += (text[position : last[0]], _filled(by, match))
            position = last[1]
        return "".join((*parts, text[position:]))


def _filled(by: str, match: Any) -> str:
    def told(mark: re.Match[str]) -> str:
        if mark[1] is not None:
            return _ESCAPED.get(mark[1], mark[1])
        number = int(mark[2] or mark[3])
        return (match[number] or "") if number <= match.re.groups else ""

    return _PLACEHOLDER.sub(told, by) if "$" in by or "\\" in by else by
