"""The elements of a snapshot as a tree: children by name, slices under the element they slice.

Source: FHIR R4 elementdefinition.html#id (element ids), profiling.html#slicing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benhan.fhir.validation.faults import BAD_PROFILE

Json = dict[str, Any]

ELEMENTS_MAX = 20_000
DEPTH_MAX = 40


@dataclass(slots=True)
class Node:
    """One ElementDefinition. `name` is its FHIRPath name (`value` for `value[x]`), `slices` are in their order."""

    name: str
    path: str
    told: Json = field(default_factory=dict)
    slice_name: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    slices: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [*node.children.values(), *node.slices]


def element_tree(elements: list[Json]) -> Node:
    """The tree of a snapshot's elements. Raises Incorrect BA-2202 for what is none."""
    if not elements or len(elements) > ELEMENTS_MAX:
        raise BAD_PROFILE(reason=f"it has no elements, or more than {ELEMENTS_MAX}")
    root = Node("", str(elements[0].get("path", "")))
    for told, id_ in zip(elements, element_ids(elements), strict=True):
        steps = id_.split(".")
        if len(steps) > DEPTH_MAX:
            raise BAD_PROFILE(reason=f"elements nest deeper than {DEPTH_MAX}")
        node = root
        path = root.path
        for step in steps[1:]:
            name, _, slice_name = step.partition(":")
            path = f"{path}.{name}"
            node = _child(node, name, path)
            for part in _slice_parts(slice_name):
                node = _slice(node, part)
        node.told, node.path = told, str(told.get("path", path))
    return root


def element_ids(elements: Iterable[Json]) -> list[str]:
    """The id of each element: its own where it agrees with the path, else made from path and sliceName."""
    found: list[str] = []
    latest: dict[str, str] = {}
    for told in elements:
        path, own = told.get("path"), told.get("id")
        if not isinstance(path, str) or not path:
            raise BAD_PROFILE(reason="an element has no path")
        parent, _, name = path.rpartition(".")
        if isinstance(own, str) and _bare(own) == path:
            id_ = own
        else:
            slice_name = told.get("sliceName")
            id_ = f"{latest.get(parent, parent)}.{name}" if parent else name
            id_ += f":{slice_name}" if isinstance(slice_name, str) and slice_name else ""
        latest[path] = id_
        found.append(id_)
    return found


def _bare(id_: str) -> str:
    return ".".join(step.partition(":")[0] for step in id_.split("."))


def _slice_parts(slice_name: str) -> list[str]:
    """`a/b` is slice b of slice a."""
    parts = slice_name.split("/") if slice_name else []
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _child(node: Node, name: str, path: str) -> Node:
    stem = name.removesuffix("[x]")
    return node.children.setdefault(stem, Node(stem, path))


def _slice(node: Node, slice_name: str) -> Node:
    for each in node.slices:
        if each.slice_name == slice_name:
            return each
    made = Node(node.name, node.path, slice_name=slice_name)
    node.slices.append(made)
    return made


def value_with(told: Json, prefix: str) -> tuple[Any] | None:
    """The one value whose member begins with `prefix` (`fixedCode` for `fixed`), or None."""
    for name, value in told.items():
        if name.startswith(prefix) and name != prefix:
            return (value,)
    return None
