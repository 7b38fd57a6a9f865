"""FHIRPath Patch on a resource: add, insert, delete, replace, move. All or nothing, and every digit kept.

Source: FHIR R4 fhirpatch.html. Where R4 is silent, R5 is followed: deleting what is not there changes nothing. An
element that loses its last content goes with it, since FHIR knows no empty elements.
Not checked here: whether the patched resource is valid; it is validated like any other before it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from benhan.fhir import definitions
from benhan.fhir.fhirpath import Element
from benhan.fhir.fhirpath.compiler import compile_node
from benhan.fhir.fhirpath.environment import NO_SERVICES, Environment
from benhan.fhir.fhirpath.expression import Expression
from benhan.fhir.fhirpath.model import UNKNOWN, FhirType, Option, known_type
from benhan.fhir.fhirpath.nodes import Member
from benhan.fhir.json_patch import number_of
from benhan.fhir.patch_faults import (
    BAD_INDEX,
    BAD_OPERATION,
    BAD_PATCH,
    INTO_ITSELF,
    NO_SUCH_ELEMENT,
    NO_SUCH_PLACE,
    OUTGROWN,
    PLACE_TAKEN,
    SEVERAL_PLACES,
    TOO_MANY_OPERATIONS,
)
from benhan.fhir.primitives import CHECKS
from benhan.fhir.resource import DEPTH_MAX
from benhan.kernel.faults import Fault
from benhan.kernel.issues import error

Json = dict[str, Any]

OPERATIONS_MAX = 200
PATH_CHARACTERS_MAX = 1_000
STEPS_MAX = 50_000
_CLAUSE = "http://hl7.org/fhir/R4/fhirpatch.html"


def apply_fhirpath_patch(body: Json, parameters: Any) -> Json:
    """`body` with the operations done one after another; `body` itself is not changed.

    `body` and `parameters` (a Parameters resource) are as read by `parse_resource` (`ParsedResource.body`). Raises
    Incorrect: BA-2030 no such Parameters, BA-2031 a malformed operation (its issue tells what FHIRPath says), BA-2032
    a path that finds nothing, BA-2034 too many, BA-2035 outgrown, BA-2036 the whole resource, BA-2038 a path that finds
    several, BA-2039 an element that is there already, BA-2040 an element or type that is not defined, BA-2041 an index
    outside the list.
    """
    patched: Json = _copied(body)
    for operation in _operations(parameters):
        _ACTS[operation.kind](operation, _Place(patched))
    if _depth(patched) > DEPTH_MAX:
        raise OUTGROWN(number=len(parameters.get("parameter", [])), limit=DEPTH_MAX, what="levels")
    return patched


class _Place(Element):
    """An element that knows where it stands: its parent, its JSON name, its place in a list (None where in none)."""

    __slots__ = ("index", "name", "parent")

    def __init__(
        self,
        value: Any,
        type_: FhirType | None = None,
        twin: Any = None,
        parent: _Place | None = None,
        name: str = "",
        index: int | None = None,
    ) -> None:
        super().__init__(value, type_ or known_type(str(value.get("resourceType"))), twin)
        self.parent = parent
        self.name = name
        self.index = index

    def made(self, value: Any, type_: FhirType, twin: Any, name: str, index: int | None) -> _Place:
        return _Place(value, type_, twin, self, name, index)

    def content(self) -> Json:
        """The JSON object that holds the children: of a primitive the one of its id and extensions, made if need be."""
        if type(self.value) is dict:
            return self.value
        if type(self.twin) is not dict:
            self.twin = {}
            holder = self.holder()
            _write(holder, self.name, self.index, self.value, self.twin)
        return self.twin

    def holder(self) -> Json:
        """The JSON object in which this element is a member."""
        assert self.parent is not None
        return self.parent.content()

    def names(self) -> dict[str, tuple[Option, ...]]:
        return UNKNOWN.steps if self.type.is_primitive else self.type.steps


class _Given(NamedTuple):
    """A value as told: its type and JSON; `type` None for one told in parts (`value` are the parts)."""

    type: FhirType | None
    value: Any
    twin: Any


class _Operation:
    """One operation of a patch."""

    def __init__(self, number: int, told: Any) -> None:
        self.number = number
        parts = told.get("part") if isinstance(told, dict) else None
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise BAD_OPERATION(number=number, reason="an operation has parts")
        self.parts = parts
        self.kind = self.text("type")
        if self.kind not in _ACTS:
            raise BAD_OPERATION(number=number, reason="type must be add, insert, delete, replace or move")
        self.path = self.text("path")
        if len(self.path) > PATH_CHARACTERS_MAX:
            raise BAD_OPERATION(number=number, reason=f"the path is longer than {PATH_CHARACTERS_MAX} characters")

    def part(self, name: str) -> Json:
        found: list[Json] = [part for part in self.parts if part.get("name") == name]
        if len(found) != 1:
            raise BAD_OPERATION(number=self.number, reason=f"one part {name} is needed")
        return found[0]

    def text(self, name: str) -> str:
        part = self.part(name)
        for member in ("valueString", "valueCode"):
            if isinstance(part.get(member), str):
                return str(part[member])
        raise BAD_OPERATION(number=self.number, reason=f"the part {name} must have a valueString or valueCode")

    def integer(self, name: str) -> int:
        value = self.part(name).get("valueInteger")
        if type(value) is not int or value < 0:
            raise BAD_OPERATION(number=self.number, reason=f"the part {name} must have a valueInteger from 0 on")
        return value

    def value(self) -> _Given:
        return self.given(self.part("value"))

    def given(self, part: Json) -> _Given:
        """What a part tells: a value of a type, a resource, or parts."""
        options = {option.name: option for option in known_type("Parameters.parameter").steps["value"]}
        told = {name.removeprefix("_") for name in part if name.removeprefix("_") in options}
        has_resource, has_parts = isinstance(part.get("resource"), dict), isinstance(part.get("part"), list)
        if len(told) + has_resource + has_parts != 1:
            raise BAD_OPERATION(number=self.number, reason="a value is told once: value[x], resource or parts")
        if has_resource:
            return _Given(known_type(str(part["resource"].get("resourceType"))), _copied(part["resource"]), None)
        if has_parts:
            return _Given(None, part["part"], None)
        option = options[told.pop()]
        return _Given(option.type, _copied(part.get(option.name)), _copied(part.get("_" + option.name)))

    def found(self, root: _Place) -> list[_Place]:
        """What the path finds. Raises Incorrect BA-2031 where FHIRPath refuses it."""
        try:
            items = Expression(self.path).evaluate(root, steps_max=STEPS_MAX)
        except Fault as fault:
            raise self.refused(fault) from fault
        if not all(isinstance(item, _Place) for item in items):
            raise BAD_OPERATION(number=self.number, reason="the path must lead to elements of the resource")
        return items

    def refused(self, fault: Fault) -> Fault:
        issue = error("invalid", f"operation[{self.number - 1}].path", fault.text, _CLAUSE)
        return BAD_OPERATION(issue, number=self.number, reason="its path")

    def found_one(self, root: _Place) -> _Place:
        items = self.found(root)
        if not items:
            raise NO_SUCH_PLACE(number=self.number)
        if len(items) > 1:
            raise SEVERAL_PLACES(number=self.number, count=len(items))
        return items[0]

    def unfit(self) -> Fault:
        return NO_SUCH_ELEMENT(number=self.number)


def _operations(parameters: Any) -> list[_Operation]:
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise BAD_PATCH(reason="not a Parameters resource")
    told = parameters.get("parameter", [])
    if not isinstance(told, list):
        raise BAD_PATCH(reason="parameter is not a list")
    if len(told) > OPERATIONS_MAX:
        raise TOO_MANY_OPERATIONS(limit=OPERATIONS_MAX)
    if not all(isinstance(each, dict) and each.get("name") == "operation" for each in told):
        raise BAD_PATCH(reason="every parameter is named operation")
    return [_Operation(number, each) for number, each in enumerate(told, 1)]


def _add(operation: _Operation, root: _Place) -> None:
    """A new child of the one element found: at the end of a list, or where there is none yet."""
    place, name = operation.found_one(root), operation.text("name")
    option, value, twin = _fitted(operation, place, name, operation.value())
    content = place.content()
    if _repeats(place, name):
        pairs = _pairs(content, option.name)
        _write_pairs(content, option.name, [*pairs, (value, twin)])
        return
    if any(each.name in content or each.twin in content for each in place.names()[name]):
        raise PLACE_TAKEN(number=operation.number)
    _write(content, option.name, None, value, twin)


def _insert(operation: _Operation, root: _Place) -> None:
    """A new item of the list found, before the index."""
    parent, name = _list_found(operation, root)
    option, value, twin = _fitted(operation, parent, name, operation.value())
    if not _repeats(parent, name):
        raise operation.unfit()
    content, index = parent.content(), operation.integer("index")
    pairs = _pairs(content, option.name)
    if index > len(pairs):
        raise BAD_INDEX(number=operation.number, count=len(pairs))
    _write_pairs(content, option.name, [*pairs[:index], (value, twin), *pairs[index:]])


def _delete(operation: _Operation, root: _Place) -> None:
    """The one element found goes, and every element that it leaves empty."""
    if not operation.found(root):
        return
    place = operation.found_one(root)
    while place.parent is not None:
        holder = place.holder()
        if place.index is None:
            _write(holder, place.name, None, None, None)
        else:
            pairs = _pairs(holder, place.name)
            _write_pairs(holder, place.name, [*pairs[: place.index], *pairs[place.index + 1 :]])
        if holder:
            return
        place = place.parent
        if place.type.is_primitive and place.value is not None:
            _write(place.holder(), place.name, place.index, place.value, None)
            return
    raise INTO_ITSELF(number=operation.number)


def _replace(operation: _Operation, root: _Place) -> None:
    """The one element found gets another value; of a choice, perhaps one of another type."""
    place = operation.found_one(root)
    if place.parent is None:
        raise INTO_ITSELF(number=operation.number)
    names = place.parent.names()
    name = next((stem for stem, options in names.items() if any(each.name == place.name for each in options)), "")
    option, value, twin = _fitted(operation, place.parent, name, operation.value())
    holder = place.holder()
    if option.name != place.name:
        _write(holder, place.name, None, None, None)
    _write(holder, option.name, place.index, value, twin)


def _move(operation: _Operation, root: _Place) -> None:
    """An item of the list found goes to another place in it."""
    parent, name = _list_found(operation, root)
    source, destination = operation.integer("source"), operation.integer("destination")
    content, json_name = parent.content(), parent.names()[name][0].name
    pairs = _pairs(content, json_name)
    if max(source, destination) >= len(pairs):
        raise BAD_INDEX(number=operation.number, count=len(pairs))
    pairs.insert(destination, pairs.pop(source))
    _write_pairs(content, json_name, pairs)


_ACTS: dict[str, Callable[[_Operation, _Place], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _list_found(operation: _Operation, root: _Place) -> tuple[_Place, str]:
    """The parent and the name of the list that the path finds; of an empty list what the path says last."""
    items = operation.found(root)
    if items:
        first = items[0]
        if first.parent is None or first.index is None:
            raise operation.unfit()
        if any(item.parent is not first.parent or item.name != first.name for item in items):
            raise SEVERAL_PLACES(number=operation.number, count=len(items))
        return first.parent, first.name
    tree = Expression(operation.path).tree
    if not isinstance(tree, Member):
        raise NO_SUCH_PLACE(number=operation.number)
    parents = [root] if tree.source is None else _run(operation, tree, root)
    if len(parents) != 1:
        raise NO_SUCH_PLACE(number=operation.number)
    if tree.name not in parents[0].names():
        raise operation.unfit()
    return parents[0], tree.name


def _run(operation: _Operation, tree: Member, root: _Place) -> list[_Place]:
    assert tree.source is not None
    env = Environment([root], [root], [root], {}, NO_SERVICES, STEPS_MAX)
    try:
        return [item for item in compile_node(tree.source)(env, [root]) if isinstance(item, _Place)]
    except Fault as fault:
        raise operation.refused(fault) from fault


def _repeats(place: _Place, name: str) -> bool:
    """Whether the element of that name may be there several times."""
    defined = definitions.type_of("Element" if place.type.is_primitive else place.type.name)
    return defined is not None and any(each.name == name and each.max != 1 for each in defined.elements)


def _fitted(operation: _Operation, place: _Place, name: str, given: _Given) -> tuple[Option, Any, Any]:
    """In which JSON member the value stands as the element `name` of `place`, and its JSON."""
    return _option_for(operation, place.names().get(name, ()), given)


def _option_for(operation: _Operation, options: tuple[Option, ...], given: _Given) -> tuple[Option, Any, Any]:
    if given.type is None:
        if len(options) == 1 and not options[0].type.is_primitive:
            return options[0], _built(operation, options[0].type, given.value), None
        raise operation.unfit()
    for option in options:
        if option.type.name == given.type.name or (len(options) == 1 and _is_taken_as(option.type, given)):
            return option, given.value, given.twin if option.twin else None
    raise operation.unfit()


def _is_taken_as(type_: FhirType, given: _Given) -> bool:
    """Whether the value of another type is written alike: a string where a code stands, a Quantity where an Age."""
    assert given.type is not None
    if type_.is_primitive and given.type.is_primitive:
        if given.value is None:
            return True
        if type_.name == "decimal":
            return number_of(given.value) is not None
        return CHECKS[type_.name](given.value)
    return type_.name in given.type.names or given.type.name in type_.names


def _built(operation: _Operation, type_: FhirType, parts: list[Any]) -> Json:
    """The JSON of an element told in parts, one part a child."""
    made: Json = {}
    place = _Place(made, type_)
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name not in type_.steps:
            raise operation.unfit()
        option, value, twin = _option_for(operation, type_.steps[name], operation.given(part))
        if _repeats(place, name):
            _write_pairs(made, option.name, [*_pairs(made, option.name), (value, twin)])
        elif any(each.name in made for each in type_.steps[name]):
            raise PLACE_TAKEN(number=operation.number)
        else:
            _write(made, option.name, None, value, twin)
    return made


def _pairs(content: Json, name: str) -> list[tuple[Any, Any]]:
    """The items of a list with the twins of primitives."""
    values, twins = content.get(name), content.get("_" + name)
    values, twins = values if isinstance(values, list) else [], twins if isinstance(twins, list) else []
    count = max(len(values), len(twins))
    return list(zip(values + [None] * (count - len(values)), twins + [None] * (count - len(twins)), strict=True))


def _write_pairs(content: Json, name: str, pairs: list[tuple[Any, Any]]) -> None:
    for member, side in ((name, [value for value, _ in pairs]), ("_" + name, [twin for _, twin in pairs])):
        if any(each is not None for each in side):
            content[member] = side
        else:
            content.pop(member, None)


def _write(content: Json, name: str, index: int | None, value: Any, twin: Any) -> None:
    if index is not None:
        pairs = _pairs(content, name)
        pairs[index] = (value, twin)
        _write_pairs(content, name, pairs)
        return
    for member, each in ((name, value), ("_" + name, twin)):
        if each is None:
            content.pop(member, None)
        else:
            content[member] = each


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            each
            for container in level
            for each in (container.values() if isinstance(container, dict) else container)
            if isinstance(each, dict | list)
        ]
    return depth
