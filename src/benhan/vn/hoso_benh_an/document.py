"""A `HoSoBenhAn` in memory, and its two written forms.

In memory: a dictionary of groups, each a dictionary; a repeated field is a list, everything else text. What is not
there is written empty, in the order of the table, so that the same content is always the same bytes.
Lexical rules: date `dd/mm/yyyy`; date and time `dd/mm/yyyy HH:MM:SS.mmm`; blank is "" in JSON, a self-closed tag in
XML; an array in XML is the tag repeated, an empty one a single empty tag. Source: CV 365/TTYQG-GPQLCL, annex.
"""

from __future__ import annotations

from typing import Any

import orjson

from benhan.vn.hoso_benh_an.characters import written_text
from benhan.vn.hoso_benh_an.fields import GROUPS, ROOT, Field, group_fields
from benhan.vn.hoso_benh_an.shapes import written

HoSoBenhAn = dict[str, Any]


def hoso_to_json(document: HoSoBenhAn) -> bytes:
    """The JSON of a document, every field of the table present."""
    return orjson.dumps({ROOT: as_written(document)}, option=orjson.OPT_INDENT_2)


def as_written(document: HoSoBenhAn) -> HoSoBenhAn:
    """The document as its readers find it: every field of the table in its order, without what XML cannot hold."""
    return {name: _whole(document.get(name), group_fields()[name]) for name in GROUPS}


def hoso_to_xml(document: HoSoBenhAn) -> bytes:
    """The XML of a document, every field of the table present."""
    return written(document)[0]


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
