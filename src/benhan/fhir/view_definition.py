"""A ViewDefinition compiled to a function from a resource to rows: select, column, forEach, forEachOrNull, repeat,
unionAll, where, constants.

Source: SQL on FHIR 2.0, StructureDefinition-ViewDefinition, "Processing Algorithm". Not supported: tags (they are for
the tools of databases), versions and canonical references of other views.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from benhan.fhir.definitions import resource_types
from benhan.fhir.fhirpath import Element, Expression, compile_path, element_of
from benhan.fhir.fhirpath.model import decimal_of
from benhan.fhir.view_faults import (
    BAD_VIEW,
    BAD_VIEW_PATH,
    NOT_BOOLEAN,
    NOT_PRIMITIVE,
    OTHER_COLUMNS,
    SAME_COLUMN,
    SEVERAL_VALUES,
    TOO_MANY_ROWS,
)
from benhan.kernel.faults import Fault

DEPTH_MAX, COLUMNS_MAX, ROWS_MAX, NODES_MAX = 16, 1_000, 100_000, 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_CONSTANT = re.compile(r"value([A-Z][A-Za-z0-9]*)")

Json = dict[str, Any]
Cell = Any
"""None, bool, int, Decimal, str, or a list of them."""
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `type` is the FHIR type it says it has ("" for none), `is_list` whether its cells are lists."""

    name: str
    type: str
    is_list: bool


@dataclass(frozen=True, slots=True)
class _Context:
    """Where in a resource a part of the view is evaluated."""

    focus: Any
    resource: Element
    variables: Mapping[str, Any]

    def evaluate(self, path: Expression) -> list[Any]:
        return path.evaluate(self.focus, resource=self.resource, variables=self.variables)

    def at(self, focus: Any, index: int) -> _Context:
        return _Context(focus, self.resource, {**self.variables, "rowIndex": index})


Rows = Callable[[_Context], Iterator[Row]]


@dataclass(slots=True)
class _Select:
    """A compiled select: its columns in order, and its rows."""

    columns: list[Column] = field(default_factory=list)
    parts: list[Rows] = field(default_factory=list)
    """Each gives the rows of some of the columns; a row of the select is one of each, joined."""


@dataclass(frozen=True, slots=True)
class View:
    """A compiled view."""

    name: str
    resource: str
    columns: tuple[Column, ...]
    _rows: Rows
    _where: tuple[tuple[str, Expression], ...]
    _constants: Mapping[str, Any]

    def rows(self, resource: Json) -> Iterator[Row]:
        """The rows of a resource (JSON, exact or plain), none where it is of another type or a condition is not true.

        Raises Incorrect BA-2364 to BA-2367, and what its expressions raise.
        """
        if resource.get("resourceType") != self.resource:
            return
        root = element_of(resource)
        context = _Context(root, root, {**self._constants, "rowIndex": 0})
        for place, path in self._where:
            if not _is_true(context.evaluate(path), place):
                return
        for number, row in enumerate(self._rows(context)):
            if number == ROWS_MAX:
                raise TOO_MANY_ROWS(limit=ROWS_MAX)
            yield row


def compile_view(definition: Any) -> View:
    """The view of a ViewDefinition (JSON). Raises Incorrect BA-2360 to BA-2363."""
    if not isinstance(definition, dict) or definition.get("resource") not in resource_types():
        raise BAD_VIEW(place="resource", wanted="a resource type")
    compiler = _Compiler()
    selects = _list_of(definition, "select", "select")
    if not selects:
        raise BAD_VIEW(place="select", wanted="a list of at least one select")
    compiled = [compiler.select(each, f"select[{index}]", 1) for index, each in enumerate(selects)]
    whole = _Select([column for each in compiled for column in each.columns], [_joined(each) for each in compiled])
    names = [column.name for column in whole.columns]
    if len(names) != len(set(names)):
        raise SAME_COLUMN(name=next(name for name in names if names.count(name) > 1))
    if not 0 < len(names) <= COLUMNS_MAX:
        raise BAD_VIEW(place="select", wanted=f"1 to {COLUMNS_MAX} columns")
    where = tuple(
        (f"where[{index}]", _path(each, "path", f"where[{index}]"))
        for index, each in enumerate(_list_of(definition, "where", "where"))
    )
    name = definition.get("name", "")
    constants = _constants(definition)
    return View(
        name if isinstance(name, str) else "",
        definition["resource"],
        tuple(whole.columns),
        _joined(whole),
        where,
        constants,
    )


class _Compiler:
    """Compiles selects, and counts them."""

    def __init__(self) -> None:
        self._nodes = 0

    def select(self, told: Any, place: str, depth: int) -> _Select:
        """A select with all that is in it."""
        self._nodes += 1
        if not isinstance(told, dict) or depth > DEPTH_MAX or self._nodes > NODES_MAX:
            raise BAD_VIEW(place=place, wanted=f"a select, at most {DEPTH_MAX} deep, {NODES_MAX} in all")
        inner = _Select()
        own = [_column(each, f"{place}.column[{index}]") for index, each in enumerate(_list_of(told, "column", place))]
        if own:
            inner.columns += [column for column, _ in own]
            inner.parts.append(_columns(own))
        for index, each in enumerate(_list_of(told, "select", place)):
            nested = self.select(each, f"{place}.select[{index}]", depth + 1)
            inner.columns += nested.columns
            inner.parts.append(_joined(nested))
        if union := _list_of(told, "unionAll", place):
            branches = [self.select(each, f"{place}.unionAll[{index}]", depth + 1) for index, each in enumerate(union)]
            inner.columns += _same_columns(branches, place)
            inner.parts.append(_one_after_another([_joined(each) for each in branches]))
        return _Select(inner.columns, [_iterated(told, inner, place)])


def _iterated(told: Json, inner: _Select, place: str) -> Rows:
    """The rows of a select under its forEach, forEachOrNull or repeat."""
    given = [name for name in ("forEach", "forEachOrNull", "repeat") if told.get(name) is not None]
    rows = _joined(inner)
    if not given:
        return rows
    if len(given) > 1:
        raise BAD_VIEW(place=place, wanted="at most one of forEach, forEachOrNull, repeat")
    if given == ["repeat"]:
        return _repeated(_paths(told, place), rows)
    path, or_null = _path(told, given[0], place), given == ["forEachOrNull"]

    def iterate(context: _Context) -> Iterator[Row]:
        foci = context.evaluate(path)
        for index, focus in enumerate(foci):
            yield from rows(context.at(focus, index))
        if or_null and not foci:
            yield from rows(context.at([], 0))

    return iterate


def _repeated(paths: list[Expression], rows: Rows) -> Rows:
    """The rows of what `paths` lead to, and again from there, each before what it leads to."""

    def reached(context: _Context, depth: int) -> Iterator[Any]:
        for path in paths:
            for focus in context.evaluate(path):
                yield focus
                if depth < 64:  # no resource nests deeper
                    yield from reached(_Context(focus, context.resource, context.variables), depth + 1)

    def iterate(context: _Context) -> Iterator[Row]:
        for index, focus in enumerate(reached(context, 0)):
            yield from rows(context.at(focus, index))

    return iterate


def _columns(own: list[tuple[Column, Expression]]) -> Rows:
    def row(context: _Context) -> Iterator[Row]:
        yield tuple(_cell(column, context.evaluate(path)) for column, path in own)

    return row


def _joined(select: _Select) -> Rows:
    """Each row of each part with each of the others."""
    if len(select.parts) == 1:
        return select.parts[0]

    def join(context: _Context, parts: list[Rows]) -> Iterator[Row]:
        if not parts:
            yield ()
            return
        first, *others = parts
        if not others:
            yield from first(context)
            return
        rest = [*join(context, others)]
        for left in first(context):
            for right in rest:
                yield left + right

    return lambda context: join(context, select.parts)


def _one_after_another(branches: list[Rows]) -> Rows:
    def rows(context: _Context) -> Iterator[Row]:
        for branch in branches:
            yield from branch(context)

    return rows


def _same_columns(branches: list[_Select], place: str) -> list[Column]:
    first = branches[0].columns
    if any([column.name for column in each.columns] != [column.name for column in first] for each in branches):
        raise OTHER_COLUMNS(place=place)
    return first


def _column(told: Any, place: str) -> tuple[Column, Expression]:
    name = told.get("name") if isinstance(told, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BAD_VIEW(place=f"{place}.name", wanted="a name of letters, digits and _, a letter first")
    type_, is_list = told.get("type", ""), told.get("collection", False)
    if not isinstance(type_, str) or not isinstance(is_list, bool):
        raise BAD_VIEW(place=place, wanted="type: text, collection: true | false")
    return Column(name, type_.rpartition("/")[2], is_list), _path(told, "path", place)


def _cell(column: Column, found: list[Any]) -> Cell:
    cells = [_value(each, column) for each in found]
    if column.is_list:
        return cells
    if len(cells) > 1:
        raise SEVERAL_VALUES(name=column.name)
    return cells[0] if cells else None


def _value(item: Any, column: Column) -> Cell:
    """A primitive as JSON has it, a decimal exact."""
    value = item.value if isinstance(item, Element) else item
    if isinstance(value, float | orjson.Fragment):
        return decimal_of(value)
    if value is None or isinstance(value, bool | int | str | Decimal):
        return value
    if isinstance(item, Element):
        raise NOT_PRIMITIVE(name=column.name)
    return str(value)


def _is_true(found: list[Any], place: str) -> bool:
    if len(found) > 1:
        raise NOT_BOOLEAN(place=place)
    value = found[0].value if found and isinstance(found[0], Element) else found[0] if found else False
    if not isinstance(value, bool):
        raise NOT_BOOLEAN(place=place)
    return value


def _paths(told: Json, place: str) -> list[Expression]:
    """The paths of a repeat."""
    given = told["repeat"]
    if not isinstance(given, list) or not given:
        raise BAD_VIEW(place=f"{place}.repeat", wanted="a list of expressions")
    return [_path({"repeat": each}, "repeat", place) for each in given]


def _path(told: Any, name: str, place: str) -> Expression:
    text = told.get(name) if isinstance(told, dict) else None
    if not isinstance(text, str) or not text:
        raise BAD_VIEW(place=f"{place}.{name}", wanted="an expression")
    try:
        return compile_path(text)
    except Fault as fault:
        raise BAD_VIEW_PATH(place=f"{place}.{name}", reason=fault.text.en.rstrip(".")) from fault


def _constants(definition: Json) -> dict[str, Any]:
    """The values of `%name`, of the type that they say they are."""
    found: dict[str, Any] = {}
    for index, each in enumerate(_list_of(definition, "constant", "constant")):
        given: Json = each if isinstance(each, dict) else {}
        name = given.get("name")
        values = [(match[1], given[key]) for key in given if (match := _CONSTANT.fullmatch(key))]
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(values) != 1:
            raise BAD_VIEW(place=f"constant[{index}]", wanted="a name and one value[x]")
        type_, value = values[0]
        found[name] = element_of(value, type_[0].lower() + type_[1:])
    return found


def _list_of(told: Json, name: str, place: str) -> list[Any]:
    value = told.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BAD_VIEW(place=f"{place}.{name}", wanted="a list")
    return value
