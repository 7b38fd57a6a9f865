"""A file read as `HoSoBenhAn`: what is known in its place, what is not kept apart, every liberty of its writer told.

Tolerated, and told: a history as one text; `kqcls_linkpacs` for `kqcls_linkhinhanh`; fields in another order, doubled
or unknown; in JSON one entry for a list of one, and numbers for texts.
Source: CV 365/TTYQG-GPQLCL, annex; data of exporters as the field table's column `confidence` tells.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from benhan.kernel.issues import Issue, Severity, error, warning
from benhan.kernel.texts import Text
from benhan.vn.hoso_benh_an import faults
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.faults import CLAUSE, NOT_HOSO
from benhan.vn.hoso_benh_an.fields import ALIASES, GROUPS, HISTORIES, HISTORY_TEXT, ORDERED, ROOT, Field, group_fields


@dataclass(slots=True)
class Reading:
    """A document with every group and field that the file has, what was kept apart (place, content), and the issues."""

    document: HoSoBenhAn
    apart: list[tuple[str, Any]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def keep(self, place: str, content: Any, text: Text) -> None:
        """Keep `content` apart and say why."""
        self.apart.append((place, content))
        self.issues.append(warning("structure", place, text, CLAUSE))

    def note(self, place: str, text: Text) -> None:
        """Say what was read otherwise than written."""
        self.issues.append(Issue(Severity.INFORMATION, "informational", text, place, CLAUSE))


def read_hoso_xml(data: bytes) -> Reading:
    """The XML in `data`, without entities or network. Raises Incorrect BA-0751 where it is no HoSoBenhAn at all."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as cause:
        raise NOT_HOSO(reason=f"XML, dòng (line) {cause.lineno}") from cause
    if root.tag != ROOT or root.getroottree().docinfo.internalDTD is not None:
        raise NOT_HOSO(reason="thẻ gốc khác (another root)")
    return _reading(_children(root))


def read_hoso_json(data: bytes) -> Reading:
    """The JSON in `data`, with or without the root's name. Raises Incorrect BA-0751 where it is no HoSoBenhAn."""
    try:
        told = json.loads(data, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except json.JSONDecodeError as cause:
        raise NOT_HOSO(reason=f"JSON, dòng (line) {cause.lineno}") from cause
    except (UnicodeDecodeError, RecursionError) as cause:
        raise NOT_HOSO(reason="JSON") from cause
    document = told.get(ROOT, told) if isinstance(told, dict) else None
    if not isinstance(document, dict) or not any(name in document for name in GROUPS):
        raise NOT_HOSO(reason="không có nhóm nào (no group)")
    return _reading(document)


def parse_hoso_json(data: bytes) -> HoSoBenhAn:
    """The document in JSON. Raises Incorrect BA-0751."""
    return read_hoso_json(data).document


def parse_hoso_xml(data: bytes) -> HoSoBenhAn:
    """The document in XML, without entities or network. Raises Incorrect BA-0751."""
    return read_hoso_xml(data).document


class _Number(str):
    """A number of JSON in its digits."""

    __slots__ = ()


def _children(element: etree._Element) -> dict[str, Any]:
    """An element's children by name, in order; a name that is there more than once has a list."""
    found: dict[str, Any] = {}
    for child in element:
        content = _children(child) if len(child) else child.text or ""
        name = str(child.tag)
        if name not in found:
            found[name] = content
        elif isinstance(found[name], list):
            found[name].append(content)
        else:
            found[name] = [found[name], content]
    return found


def _reading(told: dict[str, Any]) -> Reading:
    reading = Reading({})
    fields = group_fields()
    _tell_order(reading, told, fields, "")
    for name, content in told.items():
        if name not in fields:
            reading.keep(name, content, faults.UNKNOWN)
            continue
        reading.document[name] = _read(reading, content, fields[name], name, is_ordered=name in ORDERED)
    return reading


def _read(reading: Reading, told: Any, field: Field, place: str, *, is_ordered: bool) -> Any:
    if field.repeats:
        return _read_list(reading, told, field, place, is_ordered=is_ordered)
    if isinstance(told, list):
        if len(told) != 1:
            reading.issues.append(error("structure", place, faults.DOUBLED, CLAUSE))
            reading.apart += [(f"{place}[{index}]", each) for index, each in enumerate(told) if index]
        told = told[0] if told else ""
    return _read_one(reading, told, field, place, is_ordered=is_ordered)


def _read_list(reading: Reading, told: Any, field: Field, place: str, *, is_ordered: bool) -> list[Any]:
    entries = told if isinstance(told, list) else [told]
    found: list[Any] = []
    for each in entries:
        at = f"{place}[{len(found)}]"
        if each in ("", None, {}):
            continue
        if isinstance(each, str) and field.name in HISTORIES:
            reading.note(at, faults.ONE_TEXT_HISTORY)
            found.append(_blank(field) | {HISTORY_TEXT: str(each)})
        else:
            found.append(_read_one(reading, each, field, at, is_ordered=is_ordered))
    return found


def _read_one(reading: Reading, told: Any, field: Field, place: str, *, is_ordered: bool) -> Any:
    if not field.inner:
        return _text(reading, told, place)
    if isinstance(told, dict):
        return _read_object(reading, told, field, place, is_ordered=is_ordered)
    if told not in ("", None) and str(told).strip():
        reading.keep(place, told, faults.NOT_PARTS)
    return _blank(field)


def _text(reading: Reading, told: Any, place: str) -> str:
    if isinstance(told, (dict, list)):
        reading.keep(place, told, faults.NOT_TEXT)
        return ""
    if told is None:
        return ""
    if not isinstance(told, str) or isinstance(told, _Number):
        reading.issues.append(warning("structure", place, faults.NUMBER_FOR_TEXT, CLAUSE))
        return {True: "1", False: "0"}[told] if isinstance(told, bool) else str(told)
    return told


def _read_object(
    reading: Reading, told: dict[str, Any], field: Field, place: str, *, is_ordered: bool
) -> dict[str, Any]:
    known = _renamed(reading, told, field, place)
    if is_ordered:
        _tell_order(reading, known, field.inner, f"{place}.")
    found: dict[str, Any] = {}
    for name, inner in field.inner.items():
        value = known.get(name)
        if value.__class__ is str and not inner.inner and not inner.repeats:
            found[name] = value  # nearly all values: a text where a text belongs
        elif name in known:
            found[name] = _read(reading, value, inner, f"{place}.{name}", is_ordered=is_ordered)
        else:
            found[name] = _absent(inner)
    return found


def _renamed(reading: Reading, told: dict[str, Any], field: Field, place: str) -> dict[str, Any]:
    """What the table knows, under its names."""
    if told.keys() <= field.inner.keys():
        return told
    known: dict[str, Any] = {}
    for name, content in told.items():
        proper = ALIASES.get(name, name)
        if proper not in field.inner:
            reading.keep(f"{place}.{name}", content, faults.UNKNOWN)
        elif proper != name and told.get(proper):
            reading.keep(f"{place}.{name}", content, faults.BESIDE.filled(name=proper))
        else:
            if proper != name:
                reading.note(f"{place}.{name}", faults.OTHER_NAME.filled(name=proper))
            known[proper] = content
    return known


def _tell_order(reading: Reading, told: dict[str, Any], fields: dict[str, Field], prefix: str) -> None:
    """Say which is the first known field that stands before one that should precede it."""
    known = [name for name in told if name in fields]
    in_order = [name for name in fields if name in told]
    if known == in_order:
        return
    furthest = -1
    for name in known:
        place = in_order.index(name)
        if place < furthest:
            reading.issues.append(warning("structure", f"{prefix}{name}", faults.MISPLACED, CLAUSE))
            return
        furthest = place


def _absent(field: Field) -> Any:
    return [] if field.repeats else _blank(field)


def _blank(field: Field) -> Any:
    """A field with nothing in it."""
    return {name: _absent(inner) for name, inner in field.inner.items()} if field.inner else ""
