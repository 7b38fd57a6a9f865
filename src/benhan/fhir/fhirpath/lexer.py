"""The words of a FHIRPath expression. Source: FHIRPath 2.0.0, "Lexical Elements" and its grammar."""

from __future__ import annotations

import re
from typing import NamedTuple

from benhan.fhir.fhirpath.faults import SYNTAX, TOO_LONG

LENGTH_MAX = 10_000

_TIME = r"[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_WORD = re.compile(
    r"(?P<space>\s+|//[^\r\n]*|/\*.*?\*/)"
    rf"|(?P<time>@T{_TIME})"
    rf"|(?P<datetime>@[0-9]{{4}}(?:-[0-9]{{2}}(?:-[0-9]{{2}})?)?T(?:{_TIME}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?)"
    r"|(?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`(?:[^`\\]|\\.)*`)"
    r'|(?P<variable>%(?:[A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.)*`|\'(?:[^\'\\]|\\.)*\'|"(?:[^"\\]|\\.)*"))'
    r"|(?P<special>\$(?:this|index|total)\b)"
    r"|(?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])",
    re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(NamedTuple):
    """A word: its kind (the names of the groups above, or `end`), its text without quotes, where it begins."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """The words of `text`, comments and spaces left out, ending with one of kind `end`.

    Raises Incorrect: BA-2000 longer than LENGTH_MAX, BA-2001 a sign that begins no word or a string without end.
    """
    if len(text) > LENGTH_MAX:
        raise TOO_LONG(limit=LENGTH_MAX)
    found, position = list[Token](), 0
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise SYNTAX(position=position + 1, reason="no word of FHIRPath begins here")
        kind = match.lastgroup or ""
        if kind != "space":
            if text.startswith("/*", position):
                raise SYNTAX(position=position + 1, reason="the comment has no end")
            found.append(Token(kind, _content(kind, match[0], position), position))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _content(kind: str, text: str, position: int) -> str:
    if kind == "variable":
        text = text[1:]
    if text[0] not in "'`\"":
        return text
    return paired(_ESCAPE.sub(lambda match: _unescaped(match[1], position), text[1:-1]))


def paired(text: str) -> str:
    """`text` with two escapes that are one character together (surrogates) made one, and half ones replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(sequence: str, position: int) -> str:
    if len(sequence) == 5:
        return chr(int(sequence[1:], 16))
    if sequence not in _ESCAPED:
        raise SYNTAX(position=position + 1, reason="an unknown escape in a string")
    return _ESCAPED[sequence]
