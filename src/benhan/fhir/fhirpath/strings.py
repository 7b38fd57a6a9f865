"""Functions of strings. Source: FHIRPath 2.0.0, "String Manipulation", "Additional String Functions".

`matches` finds the pattern anywhere in the text, `matchesFull` only as the whole. Patterns are run by `patterns.py` in
linear time.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from typing import Any

from benhan.fhir.fhirpath.elements import Items, integer_of, system, text_of, type_name
from benhan.fhir.fhirpath.environment import Environment, fits, short, sized
from benhan.fhir.fhirpath.faults import WRONG_OPERANDS
from benhan.fhir.fhirpath.functions import Implementation, function
from benhan.fhir.fhirpath.lexer import paired
from benhan.fhir.fhirpath.patterns import compile_pattern


def _text_function(name: str, count: int = 0) -> Callable[[Callable[..., Any]], Implementation]:
    """Declare a function of one string whose arguments are strings; where any is empty, so is the result."""

    def declare(compute: Callable[..., Any]) -> Implementation:
        def implementation(env: Environment, items: Items, *arguments: Items) -> Items:
            texts = [text_of(each, f"{name}()") for each in (items, *arguments)]
            if None in texts:
                return []
            value = compute(env, *texts)
            return [] if value is None else [value]

        return function(name, count)(implementation)

    return declare


@_text_function("indexOf", 1)
def index_of(_: Environment, text: str, part: str) -> int:
    """Where the part begins first, from 0; -1 where it does not occur."""
    return text.find(part)


@_text_function("lastIndexOf", 1)
def last_index_of(_: Environment, text: str, part: str) -> int:
    """Where the part begins last, from 0; -1 where it does not occur."""
    return text.rfind(part)


@_text_function("startsWith", 1)
def starts_with(_: Environment, text: str, part: str) -> bool:
    """Whether the text begins so; with an empty part it does."""
    return text.startswith(part)


@_text_function("endsWith", 1)
def ends_with(_: Environment, text: str, part: str) -> bool:
    """Whether the text ends so; with an empty part it does."""
    return text.endswith(part)


@_text_function("contains", 1)
def contains(_: Environment, text: str, part: str) -> bool:
    """Whether the part occurs; an empty part does."""
    return part in text


@_text_function("upper")
def upper(_: Environment, text: str) -> str:
    """The text in capitals."""
    return text.upper()


@_text_function("lower")
def lower(_: Environment, text: str) -> str:
    """The text in small letters."""
    return text.lower()


@_text_function("length")
def length(_: Environment, text: str) -> int:
    """How many characters (code points) the text has."""
    return len(text)


@_text_function("trim")
def trim(_: Environment, text: str) -> str:
    """The text without white space at both ends."""
    return text.strip()


@_text_function("replace", 2)
def replace(_: Environment, text: str, part: str, by: str) -> str:
    """The text with every occurrence of the part replaced; an empty part stands between all characters."""
    times = text.count(part)
    fits(len(text) + times * (len(by) - len(part)))
    return text.replace(part, by)


@_text_function("matches", 1)
def matches(env: Environment, text: str, pattern: str) -> bool:
    """Whether a part of the text is as the pattern says."""
    env.spend(len(text))
    return compile_pattern(pattern).is_in(text)


@_text_function("matchesFull", 1)
def matches_full(env: Environment, text: str, pattern: str) -> bool:
    """Whether the whole text is as the pattern says."""
    env.spend(len(text))
    return compile_pattern(pattern).is_whole(text)


@_text_function("replaceMatches", 2)
def replace_matches(env: Environment, text: str, pattern: str, by: str) -> str:
    """The text with all that the pattern finds replaced (`$1`: its first group); an empty pattern changes nothing."""
    if not pattern:
        return text
    compiled = compile_pattern(pattern)
    env.spend(len(text) * 10)
    return short(compiled.replaced(text, by))


@_text_function("encode", 1)
def encode(_: Environment, text: str, form: str) -> str | None:
    """The text as hex, base64 or urlbase64 of its UTF-8; nothing for another form."""
    coder = _ENCODERS.get(form)
    return None if coder is None else coder(text.encode("utf-8", "replace")).decode()


@_text_function("decode", 1)
def decode(_: Environment, text: str, form: str) -> str | None:
    """The text that was encoded; nothing for another form or what is not of it."""
    decoder = _DECODERS.get(form)
    try:
        return None if decoder is None else decoder(text.encode("ascii")).decode("utf-8")
    except (ValueError, binascii.Error):  # a text that is not of the form has no decoding
        return None


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.hexlify,
    "base64": base64.b64encode,
    "urlbase64": base64.urlsafe_b64encode,
}
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.unhexlify,
    "base64": base64.b64decode,
    "urlbase64": base64.urlsafe_b64decode,
}


@_text_function("escape", 1)
def escape(_: Environment, text: str, target: str) -> str | None:
    """The text as html or json writes it; nothing for another target."""
    if target == "html":
        return short(html.escape(text, quote=True).replace("&#x27;", "&#39;"))
    return short(json.dumps(text, ensure_ascii=False)[1:-1]) if target == "json" else None


@_text_function("unescape", 1)
def unescape(_: Environment, text: str, target: str) -> str | None:
    """The text that was escaped for html or json; nothing for another target."""
    if target == "html":
        return html.unescape(text)
    return paired(_JSON_ESCAPE.sub(_json_unescaped, text)) if target == "json" else None


_JSON_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[\"\\/bfnrt])")
_JSON_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _json_unescaped(match: re.Match[str]) -> str:
    sequence = match[1]
    return chr(int(sequence[1:], 16)) if len(sequence) == 5 else _JSON_ESCAPED.get(sequence, sequence)


@function("substring", 1, 2)
def substring(_: Environment, items: Items, start: Items, size: Items | None = None) -> Items:
    """The text from a place on, or so many characters of it; nothing where the place is outside."""
    text, first = text_of(items, "substring()"), integer_of(start, "substring()")
    if text is None or first is None or not 0 <= first < len(text):
        return []
    count = None if size is None else integer_of(size, "substring()")
    return [text[first:] if count is None else text[first : first + max(0, count)]]


@function("toChars")
def to_chars(env: Environment, items: Items) -> Items:
    """The characters of the text."""
    text = text_of(items, "toChars()")
    env.spend(len(text or ""))
    return [] if text is None else sized(list(text))


@function("split", 1)
def split(env: Environment, items: Items, separator: Items) -> Items:
    """The pieces of the text between separators; an empty separator parts all characters."""
    text, by = text_of(items, "split()"), text_of(separator, "split()")
    if text is None or by is None:
        return []
    env.spend(len(text))
    return sized(text.split(by) if by else list(text))


@function("join", 0, 1)
def join(env: Environment, items: Items, separator: Items | None = None) -> Items:
    """The texts one after another with the separator between; nothing of nothing."""
    between = text_of(separator or [], "join()") or ""
    env.spend(len(items))
    values = [(item, system(item)) for item in items]
    for item, value in values:
        if type(value) is not str:
            raise WRONG_OPERANDS(what="join()", types=type_name(item))
    texts = [value for _, value in values]
    fits(sum(map(len, texts)) + len(between) * len(texts))
    return [between.join(texts)] if texts else []
