"""HL7's test inputs as JSON: a small reader of FHIR XML, good enough for them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from lxml import etree
from tests.vectors import VECTORS

from benhan.fhir.fhirpath.model import FhirType, known_type
from benhan.fhir.resource import parse_json

FOLDER = VECTORS / "fhirpath"
_FHIR = "{http://hl7.org/fhir}"
_XHTML = "{http://www.w3.org/1999/xhtml}"


def read_input(name: str) -> Any:
    """The resource in an input file, decimals exact."""
    path = FOLDER / name
    if path.suffix == ".json":
        return parse_json(path.read_bytes())[0]
    root = etree.fromstring(path.read_bytes())
    type_ = root.tag.removeprefix(_FHIR)
    return {"resourceType": type_, **_object(root, known_type(type_))}


def _object(node: Any, type_: FhirType) -> dict[str, Any]:
    made: dict[str, Any] = {}
    repeats = {name for name, count in _counts(node).items() if count > 1}
    if node.get("id"):
        made["id"] = node.get("id")
    if node.get("url"):
        made["url"] = node.get("url")
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name = child.tag.removeprefix(_FHIR).removeprefix(_XHTML)
        inner, is_list = _type_in(type_, name)
        value, twin = _value(child, inner)
        for key, each in ((name, value), ("_" + name, twin)):
            if is_list and not (key.startswith("_") and twin is None):
                made.setdefault(key, []).append(each)
            elif each is not None:
                made[key] = each
    assert not repeats - {key for key, each in made.items() if isinstance(each, list)}, repeats
    return made


def _counts(node: Any) -> dict[str, int]:
    names = [child.tag.removeprefix(_FHIR) for child in node if isinstance(child.tag, str)]
    return {name: names.count(name) for name in names}


def _type_in(type_: FhirType, name: str) -> tuple[FhirType, bool]:
    from benhan.fhir import definitions

    for options in type_.steps.values():
        for option in options:
            if option.name == name:
                defined = definitions.type_of(type_.name)
                assert defined is not None
                return option.type, any(each.name == name and each.max != 1 for each in defined.elements)
    raise AssertionError(f"{type_.name}.{name}")


def _value(node: Any, type_: FhirType) -> tuple[Any, Any]:
    if node.tag.startswith(_XHTML):
        return etree.tostring(node, encoding="unicode", with_tail=False), None
    if type_.is_primitive:
        twin = _object_of_twin(node)
        return _primitive(node.get("value"), type_.name), twin or None
    if type_.is_resource:
        (inner,) = [child for child in node if isinstance(child.tag, str)]
        name = inner.tag.removeprefix(_FHIR)
        return {"resourceType": name, **_object(inner, known_type(name))}, None
    return _object(node, type_), None


def _object_of_twin(node: Any) -> dict[str, Any]:
    return _object(node, known_type("Element"))


def _primitive(text: str | None, type_: str) -> Any:
    if text is None:
        return None
    if type_ in ("boolean", "integer", "positiveInt", "unsignedInt"):
        return json.loads(text)
    if type_ == "decimal":
        return Decimal(text) if text.count(".") and text.endswith("0") else json.loads(text)
    return text
