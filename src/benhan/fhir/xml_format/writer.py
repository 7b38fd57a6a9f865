"""FHIR JSON written as XML: elements in the order of the definition, decimals with their digits. Source: xml.html."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any

import orjson

from benhan.fhir.definitions import resource_types
from benhan.fhir.primitives import shown_name
from benhan.fhir.xml_format.escapes import attribute_text
from benhan.fhir.xml_format.faults import NOT_WRITABLE
from benhan.fhir.xml_format.narrative import div_to_xml
from benhan.fhir.xml_format.rules import FHIR, Child, Kind, Rules, rules_of

Json = dict[str, Any]
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_ORDER = attrgetter("order")


class _Digits(str):
    """A number in the digits it was written with."""

    __slots__ = ()


def to_xml(data: bytes, *, pretty: bool = False) -> bytes:
    """The FHIR XML of a resource (or Bundle) in JSON, as it is stored or answered.

    `pretty` puts each element on a line of its own; the narrative stays as it is.
    A character that XML cannot hold is written U+FFFD.
    Raises Broken BA-2055 where it holds what FHIR R4 does not define.
    """
    out = [DECLARATION]
    _resource(out, _exact(data), f' xmlns="{FHIR}"', "\n" if pretty else "")
    return "".join(out).encode("utf-8")


def _exact(data: bytes) -> Any:
    """JSON whose numbers keep their digits: floats where these give them back, `_Digits` otherwise."""
    plain = orjson.loads(data)
    return plain if orjson.dumps(plain) == data else json.loads(data, parse_float=_Digits, parse_int=_Digits)


def _resource(out: list[str], resource: Any, namespace: str, pad: str) -> None:
    """`namespace` is the declaration on the root, "" inside; `pad` the line end and indentation, "" for none."""
    type_ = resource.get("resourceType") if isinstance(resource, dict) else None
    if type_ not in resource_types():
        raise NOT_WRITABLE(type="Resource", name="resourceType")
    out.append(f"{pad}<{type_}{namespace}")
    _children(out, resource, rules_of(type_), type_, pad)


def _children(out: list[str], object_: Json, rules: Rules, name: str, pad: str) -> None:
    """The rest of an element of which `<name` stands already."""
    out.append(">")
    before = len(out)
    inner = pad + "  " if pad else ""
    for child in _in_order(object_, rules):
        if child.kind is Kind.PRIMITIVE:
            _primitives(out, object_.get(child.name), object_.get(child.twin), child, inner)
        else:
            value = object_[child.name]
            for each in value if child.repeats else (value,):
                _element(out, each, child, inner)
    if len(out) == before:
        out[-1] = "/>"
    else:
        out.append(f"{pad}</{name}>")


def _in_order(object_: Json, rules: Rules) -> list[Child]:
    children, no_elements = rules.children, rules.no_elements
    try:
        found = [
            children[name]
            for name in object_
            if name not in no_elements and (name[0] != "_" or name[1:] not in object_)
        ]
    except KeyError as unknown:
        raise NOT_WRITABLE(type=rules.type, name=shown_name(unknown.args[0])) from unknown
    found.sort(key=_ORDER)
    return found


def _element(out: list[str], value: Any, child: Child, pad: str) -> None:
    if child.kind is Kind.XHTML:
        out.append(pad + div_to_xml(value))
    elif child.kind is Kind.RESOURCE:
        out.append(f"{pad}<{child.name}>")
        _resource(out, value, "", pad + "  " if pad else "")
        out.append(f"{pad}</{child.name}>")
    else:
        out.append(f"{pad}<{child.name}")
        rules = rules_of(child.type)
        _attributes(out, value, rules)
        _children(out, value, rules, child.name, pad)


def _attributes(out: list[str], value: Json, rules: Rules) -> None:
    for name in rules.attributes:
        if name in value:
            out.append(f' {name}="{attribute_text(value[name])}"')


def _primitives(out: list[str], value: Any, twin: Any, child: Child, pad: str) -> None:
    if not child.repeats:
        _primitive(out, value, twin, child.name, pad)
        return
    values, twins = value or [], twin or []
    for at in range(max(len(values), len(twins))):
        _primitive(
            out, values[at] if at < len(values) else None, twins[at] if at < len(twins) else None, child.name, pad
        )


def _primitive(out: list[str], value: Any, twin: Json | None, name: str, pad: str) -> None:
    if twin is None:
        if value is not None:
            out.append(f'{pad}<{name} value="{_text(value)}"/>')
        return
    out.append(f"{pad}<{name}")
    rules = rules_of("Element")
    _attributes(out, twin, rules)
    if value is not None:
        out.append(f' value="{_text(value)}"')
    _children(out, twin, rules, name, pad)


def _text(value: Any) -> str:
    """The value of a primitive as it stands in its attribute."""
    if type(value) is str:
        return attribute_text(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value if type(value) is _Digits else orjson.dumps(value).decode()
