"""Valid resources by chance, of any type, out of FHIR's own definitions; gaps and odd values among them."""

from __future__ import annotations

import random
from typing import Any

from benhan.fhir.definitions import Element, type_of
from benhan.fhir.primitives import CHECKS

Json = dict[str, Any]
DEPTH_MAX = 4
EXTENSION = {"url": "urn:x", "valueCode": "unknown"}
VALUES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "integer": [0, -(2**31), 2**31 - 1],
    "positiveInt": [1, 2**31 - 1],
    "unsignedInt": [0, 7],
    "decimal": [0, 1.5, -1e300, 1e-300, 10**18],
    "string": ["x", "Nguyễn Đức", "\ufffe", " ", "a\nb", "😀" * 50, "'", "\\,|$", "\x1fa"[1:]],
    "markdown": ["# x"],
    "xhtml": ["<div>x</div>"],
    "uri": ["urn:x", "http://x/y|1", "Patient/1", "#a"],
    "url": ["http://x"],
    "canonical": ["http://x|1"],
    "oid": ["urn:oid:1.2.3"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "code": ["a", "a b"],
    "id": ["a", "x" * 64],
    "base64Binary": ["aGk="],
    "date": ["2026", "2026-01", "2026-01-05", "9999-12-31", "0001-01-01", "9999"],
    "dateTime": ["2026", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-01-05T23:59:60Z", "9999-12"],
    "instant": ["2026-01-05T10:00:00.123456789Z", "9999-12-31T23:59:60-14:00"],
    "time": ["10:00:00"],
}
REFERENCES = ["Patient/1", "Patient/1/_history/2", "urn:uuid:1", "#a", "http://x/Patient/1", "Patient/", "x", "Patient"]
UNITS = ["g/L", "mm[Hg]", "Ym24", "{x}", "", "con/vi trường", "10*9/L"]


def any_resource(type_: str, chance: random.Random, depth: int = 0) -> Json:
    """A valid resource of `type_`."""
    body = {"resourceType": type_, **any_object(type_, chance, depth)}
    body.pop("id", None)
    body.pop("meta", None)
    return body


def any_object(type_: str, chance: random.Random, depth: int) -> Json:
    """A valid value of a complex type, a backbone or the elements of a resource."""
    if type_ == "Extension":
        return dict(EXTENSION)
    definition = type_of(type_)
    assert definition is not None, type_
    found: Json = {}
    for element in definition.elements:
        if element.min or (depth < DEPTH_MAX and chance.random() < (0.6 if depth == 0 else 0.3)):
            _add(found, element, chance, depth)
    if type_ == "Reference" and "reference" in found:
        found["reference"] = chance.choice(REFERENCES)
    if type_ in ("Quantity", "Age", "Duration", "Count", "Distance") and "code" in found:
        found["code"] = chance.choice([unit for unit in UNITS if unit and " " not in unit])
    return found if found or definition.kind == "resource" else {"extension": [dict(EXTENSION)]}


def _add(found: Json, element: Element, chance: random.Random, depth: int) -> None:
    type_ = chance.choice(element.types)
    stem = element.name.removesuffix("[x]")
    name = stem + type_[0].upper() + type_[1:] if stem != element.name else stem
    if type_ not in CHECKS:
        one = _resource_within(chance) if type_ == "Resource" else any_object(type_, chance, depth + 1)
        found[name] = one if element.max == 1 else [one]
        return
    values = sorted(element.codes)[:3] if element.codes else VALUES[type_]
    if type_ == "xhtml" or (depth and element.name == "id"):
        found[name] = chance.choice(values)  # a bare string, without extensions
    elif chance.random() < 0.15:  # nothing but why there is nothing
        gap = {"extension": [dict(EXTENSION)]}
        found["_" + name] = gap if element.max == 1 else [gap]
    elif element.max == 1:
        found[name] = chance.choice(values)
    else:
        found[name] = [chance.choice(values), None, chance.choice(values)]
        found["_" + name] = [None, {"id": "x"}, None]


def _resource_within(chance: random.Random) -> Json:
    return {"resourceType": chance.choice(["Organization", "Patient"]), "id": "a", "active": True}
