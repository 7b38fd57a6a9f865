"""A `HoSoBenhAn` in memory, and its two written forms.

In memory: a dictionary of groups, each a dictionary; a repeated field is a list, everything else text. What is not
there is written empty, in the order of the table, so that the same content is always the same bytes.
Lexical rules: date `dd/mm/yyyy`; date and time `dd/mm/yyyy HH:MM:SS.mmm`; blank is "" in JSON, a self-closed tag in
XML; an array in XML is the tag repeated, an empty one a single empty tag. Source: CV 365/TTYQG-GPQLCL, annex.

The XML is made of texts that are prepared once for the whole field table: a tree of a thousand elements costs more
than all the mapping before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson

from benhan.vn.hoso_benh_an.fields import GROUPS, Field, group_fields

HoSoBenhAn = dict[str, Any]
ROOT = "HoSoBenhAn"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold (2.2 Char), and CR, which its readers turn into LF; left out of both forms alike."""
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]").search
"""What cannot be written as it is: one class of characters, which is looked for four times as fast as two."""
_HEAD = f"<?xml version='1.0' encoding='UTF-8'?>\n<{ROOT}>\n"
_TAIL = f"</{ROOT}>\n"
_STEP = "  "
Append = Callable[[str], None]
Clean = set[str]
"""Values of this document that are known to need no escape: half of them are there more than once."""
Write = Callable[[Any, Append, Clean], None]


def hoso_to_json(document: HoSoBenhAn) -> bytes:
    """The JSON of a document, every field of the table present."""
    return orjson.dumps({ROOT: as_written(document)}, option=orjson.OPT_INDENT_2)


def as_written(document: HoSoBenhAn) -> HoSoBenhAn:
    """The document as its readers find it: every field of the table in its order, without what XML cannot hold."""
    return {name: _whole(document.get(name), group_fields()[name]) for name in GROUPS}


def hoso_to_xml(document: HoSoBenhAn) -> bytes:
    """The XML of a document, every field of the table present."""
    parts, clean = [_HEAD], Clean()
    for name, write in _writers():
        write(document.get(name), parts.append, clean)
    parts.append(_TAIL)
    return "".join(parts).encode()


def written_text(value: Any) -> str:
    """A value as both forms hold it: without what XML cannot hold, lines ended by LF."""
    text = str(value)
    if not _NOT_IN_XML.search(text):
        return text
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _whole(value: Any, field: Field) -> Any:
    """`value` with every field of the table in its order."""
    if field.repeats:
        return [_one(each, field) for each in value or []]
    return _one(value, field)


def _one(value: Any, field: Field) -> Any:
    if not field.inner:
        return "" if value is None else written_text(value)
    known = value if isinstance(value, dict) else {}
    return {name: _whole(known.get(name), inner) for name, inner in field.inner.items()}


@cache
def _writers() -> tuple[tuple[str, Write], ...]:
    return tuple((name, _writer(group_fields()[name], _STEP)) for name in GROUPS)


def _writer(field: Field, indent: str) -> Write:
    one = _object_writer(field, indent) if field.inner else _text_writer(field, indent)
    return _repeated(one, f"{indent}<{field.name}/>\n") if field.repeats else one


def _repeated(one: Write, empty: str) -> Write:
    def write(value: Any, append: Append, clean: Clean) -> None:
        for each in value or ():
            one(each, append, clean)
        if not value:
            append(empty)

    return write


def _text_writer(field: Field, indent: str) -> Write:
    start, end, empty = f"{indent}<{field.name}>", f"</{field.name}>\n", f"{indent}<{field.name}/>\n"

    def write(value: Any, append: Append, _clean: Clean) -> None:
        append(f"{start}{_escaped(value)}{end}" if value else empty)

    return write


def _object_writer(field: Field, indent: str) -> Write:
    start, end = f"{indent}<{field.name}>\n", f"{indent}</{field.name}>\n"
    inner = indent + _STEP
    rows = []
    for name, each in field.inner.items():
        is_text = not each.inner and not each.repeats
        tags = (f"{inner}<{name}>", f"</{name}>\n", f"{inner}<{name}/>\n")
        rows.append((name, *tags, None if is_text else _writer(each, inner)))
    blank: list[str] = []

    def write(value: Any, append: Append, clean: Clean) -> None:
        if not value or not isinstance(value, dict):
            append(blank[0])
            return
        append(start)
        get = value.get
        for name, open_, close, empty, write_inner in rows:
            told = get(name)
            if write_inner is not None:
                write_inner(told, append, clean)
            elif not told:
                append(empty)
            elif told.__class__ is str and told in clean:
                append(f"{open_}{told}{close}")
            elif told.__class__ is str and not _SPECIAL(told):
                clean.add(told)
                append(f"{open_}{told}{close}")
            else:
                append(f"{open_}{_escaped(told)}{close}")
        append(end)

    nothing: list[str] = []
    write({"": ""}, nothing.append, Clean())
    blank.append("".join(nothing))
    return write


def _escaped(value: Any) -> str:
    return written_text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
