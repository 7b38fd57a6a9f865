"""An element of a resource as validation sees it: its JSON, the twin of a primitive, its type and its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benhan.fhir.fhirpath import Element
from benhan.fhir.fhirpath.model import Option, known_type
from benhan.fhir.validation.report import Path

Json = dict[str, Any]


class Item(NamedTuple):
    """`value` is None for a primitive that has only extensions, which are in `twin`."""

    value: Any
    twin: Any
    type: str
    path: Path


def element_of_item(item: Item) -> Element:
    """The item as FHIRPath reads it."""
    return Element(item.value, known_type(item.type), item.twin)


def children_of(item: Item, name: str) -> list[Item]:
    """The children of an item by their FHIRPath name (`value` for `value[x]`), in order."""
    value = item.value
    if type(value) is not dict:
        if type(item.twin) is not dict:
            return []
        value = item.twin
        options = known_type("Element").steps.get(name, ())
        path = (*item.path[:-1], *_twin_step(item.path))
    else:
        options = known_type(item.type).steps.get(name, ())
        path = item.path
    found: list[Item] = []
    for option in options:
        found += _of_option(value, option, path)
    return found


def _twin_step(path: Path) -> Path:
    """The last step of the place of a primitive's extensions."""
    return (f"_{path[-1]}",) if isinstance(path[-1], str) else (path[-1],)


def _of_option(value: Json, option: Option, path: Path) -> Iterator[Item]:
    name, type_, twin_name = option
    inner = value.get(name)
    twin = value.get(twin_name) if twin_name else None
    if inner is None and twin is None:
        return
    if type(inner) is list or type(twin) is list:
        inners, twins = (each if type(each) is list else [] for each in (inner, twin))
        for index in range(max(len(inners), len(twins))):
            one = inners[index] if index < len(inners) else None
            other = twins[index] if index < len(twins) else None
            if one is not None or other is not None:
                yield Item(one, other, _type_of(one, type_.name), (*path, name, index))
    else:
        yield Item(inner, twin, _type_of(inner, type_.name), (*path, name))


def _type_of(value: Any, type_: str) -> str:
    if type_ == "Resource" and type(value) is dict:
        told = value.get("resourceType")
        return told if type(told) is str else type_
    return type_
