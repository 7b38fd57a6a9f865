"""A snapshot made of a differential and the snapshot of its base. Source: FHIR R4 profiling.html#snapshot.

Each element of the differential is laid over the one of the same id; where the base does not go so deep, the children
of the element's type are brought; a slice begins as a copy of what it slices; `valueQuantity` for `value[x]` is
the slice of that type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benhan.fhir.definitions.structures import CORE
from benhan.fhir.validation.element_tree import ELEMENTS_MAX, element_ids
from benhan.fhir.validation.faults import BAD_PROFILE

Json = dict[str, Any]
Find = Callable[[str], "Json | None"]

BASES_MAX = 30


def snapshot_of(structure: Json, find: Find, depth: int = 0) -> list[Json]:
    """The elements of a definition: its own snapshot, or one made of its differential.

    Raises Incorrect BA-2202 where a base is not known, goes round in a circle, or an element has no place in it.
    """
    own = structure.get("snapshot", {}).get("element")
    if isinstance(own, list) and own:
        return own
    if depth > BASES_MAX:
        raise BAD_PROFILE(reason=f"the chain of base definitions is longer than {BASES_MAX}, or a circle")
    base_url = structure.get("baseDefinition")
    base = find(base_url) if isinstance(base_url, str) else None
    if base is None:
        raise BAD_PROFILE(reason="its base definition is not known")
    elements = [dict(each) for each in snapshot_of(base, find, depth + 1)]
    for each, id_ in zip(elements, element_ids(elements), strict=True):
        each["id"] = id_
    return _Merger(elements, find, depth).merged(structure.get("differential", {}).get("element") or [])


class _Merger:
    """Lays a differential over the elements of a base."""

    def __init__(self, elements: list[Json], find: Find, depth: int) -> None:
        self._elements: list[Json] = []
        self._by_id: dict[str, Json] = {}
        self._parents: set[str] = set()
        self._find = find
        self._depth = depth
        self._insert(0, elements)

    def _insert(self, place: int, elements: list[Json]) -> None:
        self._elements[place:place] = elements
        for each in elements:
            self._by_id[each["id"]] = each
            self._parents.add(each["id"].rpartition(".")[0])
        if len(self._elements) > ELEMENTS_MAX:
            raise BAD_PROFILE(reason=f"more than {ELEMENTS_MAX} elements")

    def merged(self, differential: list[Json]) -> list[Json]:
        if len(differential) > ELEMENTS_MAX:
            raise BAD_PROFILE(reason=f"more than {ELEMENTS_MAX} elements")
        for told, id_ in zip(differential, element_ids(differential), strict=True):
            _lay_over(self._target(id_, told), told)
        return self._elements

    def _place_of(self, element: Json) -> int:
        return next(place for place, each in enumerate(self._elements) if each is element)

    def _target(self, id_: str, told: Json) -> Json:
        """The element of that id, made where it may be."""
        steps = id_.split(".")
        known = steps[0]
        for number, step in enumerate(steps[1:], 1):
            wanted = f"{known}.{step}"
            if wanted not in self._by_id:
                if not self._has_children(known):
                    self._expand(known)
                wanted = self._made(known, step)
            known = wanted
            if number > 40:
                raise BAD_PROFILE(reason="elements nest deeper than 40")
        if known not in self._by_id:
            raise BAD_PROFILE(reason=f"there is no element {told.get('path')} in its base")
        return self._by_id[known]

    def _has_children(self, id_: str) -> bool:
        return id_ in self._parents

    def _made(self, parent: str, step: str) -> str:
        """The id of `step` below `parent`: as it is, a new slice, or a choice by its type."""
        name, mark, _ = step.partition(":")
        if f"{parent}.{step}" in self._by_id:
            return f"{parent}.{step}"
        if mark and f"{parent}.{name}" in self._by_id:
            return self._new_slice(f"{parent}.{name}", f"{parent}.{step}", step.partition(":")[2])
        for each in self._elements:
            before, _, last = each["id"].rpartition(".")
            if before == parent and last.endswith("[x]") and name.startswith(last[:-3]):
                return self._choice(each, f"{parent}.{last}:{name}", name, last)
        return f"{parent}.{step}"

    def _choice(self, sliced: Json, id_: str, name: str, last: str) -> str:
        """The slice of a choice for one type (`valueQuantity`)."""
        if id_ in self._by_id:
            return id_
        stem = last[:-3]
        types = [each for each in sliced.get("type", ()) if stem + each["code"][:1].upper() + each["code"][1:] == name]
        if not types:
            raise BAD_PROFILE(reason=f"there is no {name} in its base")
        sliced.setdefault("slicing", {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"})
        self._new_slice(sliced["id"], id_, name)
        self._by_id[id_]["type"] = types
        return id_

    def _new_slice(self, sliced: str, id_: str, slice_name: str) -> str:
        """A copy of an element as a slice of it, put after all that belongs to it already."""
        original = self._by_id[sliced]
        copy = {name: value for name, value in original.items() if name != "slicing"}
        copy |= {"id": id_, "sliceName": slice_name, "min": 0}
        end = self._place_of(original) + 1
        while end < len(self._elements) and self._elements[end]["id"].startswith((f"{sliced}.", f"{sliced}:")):
            end += 1
        self._insert(end, [copy])
        if not original.get("slicing") and copy["path"].endswith("xtension"):
            original["slicing"] = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
        return id_

    def _expand(self, id_: str) -> None:
        """Bring the children of an element: those of what it refers to, of what it slices, or of its type."""
        element = self._by_id.get(id_)
        if element is not None:
            self._insert(self._place_of(element) + 1, self._children_of(element, id_))

    def _children_of(self, element: Json, id_: str) -> list[Json]:
        reference = element.get("contentReference")
        if isinstance(reference, str):
            return self._copied(reference.rpartition("#")[2], id_, element["path"])
        step = id_.rpartition(".")[2]
        if ":" in step:
            sliced = id_[: len(id_) - len(step)] + step.partition(":")[0]
            if self._has_children(sliced):
                return self._copied(sliced, id_, element["path"])
        return self._of_type(element, id_)

    def _copied(self, source: str, id_: str, path: str) -> list[Json]:
        source_path = self._by_id.get(source, {}).get("path", source)
        return [
            {**each, "id": id_ + each["id"][len(source) :], "path": path + each["path"][len(source_path) :]}
            for each in self._elements
            if each["id"].startswith(f"{source}.")
        ]

    def _of_type(self, element: Json, id_: str) -> list[Json]:
        types = element.get("type") or []
        if len(types) != 1:
            raise BAD_PROFILE(reason=f"{element.get('path')} has not one type whose elements could be meant")
        profiles = types[0].get("profile") or []
        url = profiles[0] if len(profiles) == 1 else CORE + types[0]["code"]
        structure = self._find(url) or self._find(CORE + types[0]["code"])
        if structure is None:
            raise BAD_PROFILE(reason=f"the type of {element.get('path')} is not known")
        elements = snapshot_of(structure, self._find, self._depth + 1)
        root = elements[0]["path"]
        return [
            {**each, "id": id_ + own[len(root) :], "path": element["path"] + each["path"][len(root) :]}
            for each, own in zip(elements[1:], element_ids(elements)[1:], strict=True)
        ]


def _lay_over(target: Json, told: Json) -> None:
    """The differential's members in place of the base's; rules are added to its rules."""
    for name, value in told.items():
        if name == "constraint":
            known = {each.get("key") for each in target.get("constraint", ())}
            target["constraint"] = [
                *target.get("constraint", ()),
                *(each for each in value if each["key"] not in known),
            ]
        elif name == "slicing" and "slicing" in target:
            target["slicing"] = {**target["slicing"], **value}
        elif name not in ("id", "path", "base"):
            target[name] = value
