"""FHIR R4's own definitions as tables, read once and on demand.

Source: HL7 FHIR R4 4.0.1, npm package hl7.fhir.r4.examples (CC0); see `generated/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

_FOLDER = Path(__file__).parent / "generated"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: `name` as defined (`value[x]`), `max` 0 where unbounded, `codes` of a required binding."""

    name: str
    min: int
    max: int
    types: tuple[str, ...]
    codes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is resource, complex-type, primitive-type or backbone."""

    name: str
    kind: str
    elements: tuple[Element, ...]

    @property
    def bare(self) -> tuple[str, ...]:
        """Elements that have no id and no extensions: those that are attributes in XML, and the narrative's text.

        Source: element.html#id, extensibility.html#Extension, narrative.html#xhtml.
        """
        if self.kind == "resource":
            return ()
        return {"Extension": ("id", "url"), "Narrative": ("id", "div")}.get(self.name, ("id",))


@cache
def _lines(name: str) -> dict[str, bytes]:
    """The lines of a table by the value of their first member, unparsed: a type never asked for costs little."""
    found = {}
    for line in table_lines(name):
        start = line.index(b":") + 2
        found[line[start : line.index(b'"', start)].decode()] = line
    return found


def table_lines(name: str) -> list[bytes]:
    """The lines of a generated table, one JSON record each."""
    return (_FOLDER / name).read_bytes().splitlines()


@cache
def type_of(name: str) -> Type | None:
    """The definition of a type or backbone (`Observation`, `Quantity`, `Observation.component`), or None."""
    line = _lines("elements.jsonl").get(name)
    if line is None:
        return None
    told = orjson.loads(line)
    elements = tuple(
        Element(element, low, high, tuple(types), codes_of(bound) if bound else None)
        for element, (low, high, types, bound) in told["elements"].items()
    )
    return Type(name, told["kind"], elements)


@cache
def codes_of(value_set: str) -> frozenset[str]:
    """The codes of a required binding's value set."""
    return frozenset(orjson.loads(_lines("codes.jsonl")[value_set])["codes"])


@cache
def summary_of(name: str) -> frozenset[str]:
    """The elements that a summary of a type or backbone holds, named as defined (`value[x]`); empty where none is."""
    line = _lines("summaries.jsonl").get(name)
    return frozenset(orjson.loads(line)["elements"]) if line is not None else frozenset()


@cache
def resource_types() -> frozenset[str]:
    """The names of all resource types."""
    return frozenset(
        name
        for name, line in _lines("elements.jsonl").items()
        if b'"kind":"resource"' in line[:200] and "." not in name
    )
