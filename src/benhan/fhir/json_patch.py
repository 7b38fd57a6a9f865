"""JSON Patch on a resource: all or nothing, and every digit kept.

The containers along a path are copied, never changed, so that the body given stays as it was whatever happens.
Source: RFC 6902 (JSON Patch), RFC 6901 (JSON Pointer), FHIR R4 http.html#patch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from benhan.fhir.patch_faults import (
    BAD_OPERATION,
    BAD_PATCH,
    INTO_ITSELF,
    NO_LONGER_A_RESOURCE,
    NO_SUCH_PLACE,
    OUTGROWN,
    TEST_FAILED,
    TOO_MANY_OPERATIONS,
)
from benhan.fhir.resource import DEPTH_MAX
from benhan.kernel.faults import Fault

Json = dict[str, Any]
Pointer = tuple[str, ...]

OPERATIONS_MAX = 1000
COPIED_VALUES_MAX = 200_000
"""How many values all `copy` operations of a patch may add: a thousand of them could double a resource each."""

_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def apply_json_patch(body: Json, operations: Any) -> Json:
    """`body` with the operations done one after another; `body` itself is not changed.

    `operations` is the JSON Patch document as read by `parse_json` (exact). Raises Incorrect: BA-2030 not a list of
    operations, BA-2031 a malformed one, BA-2032 a path that leads nowhere, BA-2034 too many, BA-2035 outgrown,
    BA-2036 moved into itself, BA-2037 no object left; Conflict: BA-2033 a test that fails. Source: RFC 6902 section 5
    (the first operation that fails ends the patch, and nothing is changed).
    """
    if not isinstance(operations, list):
        raise BAD_PATCH(reason="not an array of operations")
    if len(operations) > OPERATIONS_MAX:
        raise TOO_MANY_OPERATIONS(limit=OPERATIONS_MAX)
    patched, budget = body, COPIED_VALUES_MAX
    for number, told in enumerate(operations, 1):
        operation = _Operation(number, told, budget)
        made = _ACTS[operation.name](operation, patched)
        if not isinstance(made, dict):
            raise NO_LONGER_A_RESOURCE(number=number)
        patched, budget = made, operation.budget
    if _is_too_deep(patched):
        raise OUTGROWN(number=len(operations), limit=DEPTH_MAX, what="levels")
    return patched


class _Operation:
    """One operation, its members checked as they are asked for."""

    __slots__ = ("budget", "name", "number", "told")

    def __init__(self, number: int, told: Any, budget: int) -> None:
        self.number = number
        self.budget = budget
        if not isinstance(told, dict):
            raise BAD_OPERATION(number=number, reason="not an object")
        self.told = told
        name = told.get("op")
        if not isinstance(name, str) or name not in _ACTS:
            raise BAD_OPERATION(number=number, reason="op must be add, remove, replace, move, copy or test")
        self.name = name

    def pointer(self, member: str = "path") -> Pointer:
        """The JSON Pointer in a member, split and unescaped. Source: RFC 6901 sections 3 and 4."""
        text = self.told.get(member)
        if not isinstance(text, str) or (text and text[0] != "/") or _ESCAPE.search(text):
            raise BAD_OPERATION(number=self.number, reason=f"{member} must be a JSON Pointer")
        if text.count("/") > DEPTH_MAX:  # nothing is that deep
            raise self.nowhere()
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])

    def value(self) -> Any:
        if "value" not in self.told:
            raise BAD_OPERATION(number=self.number, reason="value is missing")
        return self.told["value"]

    def nowhere(self) -> Fault:
        return NO_SUCH_PLACE(number=self.number)


def _add(operation: _Operation, document: Any) -> Any:
    return _put(operation, document, operation.pointer(), operation.value())


def _remove(operation: _Operation, document: Any) -> Any:
    return _taken(operation, document, operation.pointer())


def _replace(operation: _Operation, document: Any) -> Any:
    value = operation.value()
    return _updated(operation, document, operation.pointer(), lambda _: value)


def _move(operation: _Operation, document: Any) -> Any:
    source, target = operation.pointer("from"), operation.pointer()
    value = _at(operation, document, source)
    if source == target:
        return document
    if target[: len(source)] == source:
        raise INTO_ITSELF(number=operation.number)
    return _put(operation, _taken(operation, document, source), target, value)


def _copy(operation: _Operation, document: Any) -> Any:
    value = _at(operation, document, operation.pointer("from"))
    operation.budget -= _size(value, operation.budget)
    if operation.budget < 0:
        raise OUTGROWN(number=operation.number, limit=COPIED_VALUES_MAX, what="copied values")
    return _put(operation, document, operation.pointer(), value)


def _test(operation: _Operation, document: Any) -> Any:
    value = operation.value()
    if not equal(_at(operation, document, operation.pointer()), value):
        raise TEST_FAILED(number=operation.number)
    return document


_ACTS: dict[str, Callable[[_Operation, Any], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _put(operation: _Operation, document: Any, pointer: Pointer, value: Any) -> Any:
    """`document` with `value` added: into an object by name, into an array before the index or (`-`) at its end."""
    if not pointer:
        return value
    step = pointer[-1]

    def longer(container: Any) -> Any:
        if isinstance(container, dict):
            return {**container, step: value}
        if not isinstance(container, list):
            raise operation.nowhere()
        index = len(container) if step == "-" else _index(operation, step, len(container))
        return [*container[:index], value, *container[index:]]

    return _updated(operation, document, pointer[:-1], longer)


def _taken(operation: _Operation, document: Any, pointer: Pointer) -> Any:
    """`document` without what is at `pointer`; None where that is the document."""
    if not pointer:
        return None

    def shorter(container: Any) -> Any:
        key = _key(operation, container, pointer[-1])
        if isinstance(container, dict):
            return {name: value for name, value in container.items() if name != key}
        return [*container[:key], *container[key + 1 :]]

    return _updated(operation, document, pointer[:-1], shorter)


def _updated(operation: _Operation, document: Any, pointer: Pointer, change: Callable[[Any], Any]) -> Any:
    """`document` with what is at `pointer` changed; every container above it is a copy."""
    containers, keys = [document], list[Any]()
    for step in pointer:
        keys.append(_key(operation, containers[-1], step))
        containers.append(containers[-1][keys[-1]])
    made = change(containers.pop())
    for container, key in zip(reversed(containers), reversed(keys), strict=True):
        copied = container.copy()
        copied[key] = made
        made = copied
    return made


def _at(operation: _Operation, document: Any, pointer: Pointer) -> Any:
    for step in pointer:
        document = document[_key(operation, document, step)]
    return document


def _key(operation: _Operation, container: Any, step: str) -> Any:
    """The key of a member or item that is there."""
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list):
        return _index(operation, step, len(container) - 1)
    raise operation.nowhere()


def _index(operation: _Operation, step: str, last: int) -> int:
    if not _INDEX.fullmatch(step) or int(step) > last:
        raise operation.nowhere()
    return int(step)


def _is_too_deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEPTH_MAX):
        level = [each for container in level for each in _inner(container) if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def _size(value: Any, limit: int) -> int:
    """How many values `value` has, itself among them; counting ends beyond `limit`."""
    count, waiting = 0, [value]
    while waiting and count <= limit:
        count += 1
        each = waiting.pop()
        if isinstance(each, dict | list):
            waiting.extend(_inner(each))
    return count + len(waiting)


def _inner(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, objects without order. Source: RFC 6902 section 4.6."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    first, second = number_of(one), number_of(other)
    if first is not None and second is not None:
        return first == second
    return type(one) is type(other) and bool(one == other)


def number_of(value: Any) -> Decimal | None:
    """The exact number that a JSON value is (an int, a float, a Decimal or a Fragment of digits), or None."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | orjson.Fragment):
        return None
    text = orjson.dumps(value).decode() if isinstance(value, orjson.Fragment) else repr(value)
    try:
        return Decimal(text)
    except InvalidOperation:  # a Fragment of something else than a number: none that our reader makes
        return None
