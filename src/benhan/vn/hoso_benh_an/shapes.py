"""The XML of a document and whether its fields are right, in one pass.

The names that an object has, in their order, are its shape. For each shape one Python function is written and
compiled: it takes the values, holds them to the rules of their fields and puts them between the tags. Its text holds
nothing that was sent: names of arguments are numbers, tags are those of the field table.

The pass says only that the rules of fields hold; where it doubts, `check` looks again and says what is wrong. What it
cannot take (a number where a text belongs, a shape too many) is written field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from benhan.vn.hoso_benh_an.characters import escaped
from benhan.vn.hoso_benh_an.fields import GROUPS, ROOT, Field, group_fields
from benhan.vn.hoso_benh_an.kinds import KINDS, Kind

SHAPES_MAX = 20
"""Shapes of one object of the table that have a function; the mapping and the readers each give one or two."""
REMEMBERED_MAX = 4_096
"""Texts of one kind."""
_RIGHT: dict[Kind, set[str]] = {kind: {""} for kind in KINDS.values()}
"""Texts that are known to be of a kind, and the empty one, which is held to nothing."""

_HEAD = f"<?xml version='1.0' encoding='UTF-8'?>\n<{ROOT}>\n"
_TAIL = f"</{ROOT}>\n"
_STEP = "  "

Doubts = list[str]
"""The names of fields whose values, or one of whose parts, may be wrong."""
Write = Callable[[Any, Doubts], str]
Fill = Callable[[list[Any], Doubts], str]
"""Writes an object of one shape from its values in their order. TypeError where one is of another kind."""


def written(document: dict[str, Any]) -> tuple[bytes, Doubts]:
    """The XML of a document, every field of the table present, and the fields whose values may be wrong."""
    doubts: Doubts = []
    groups = [write(document.get(name), doubts) for name, write in _writers()]
    return "".join([_HEAD, *groups, _TAIL]).encode(), doubts


@cache
def _writers() -> tuple[tuple[str, Write], ...]:
    return tuple((name, _writer(group_fields()[name], _STEP)) for name in GROUPS)


def _writer(field: Field, indent: str) -> Write:
    one = _Objects(field, indent).write if field.inner else _text_writer(field, indent)
    return _list_writer(field, one) if field.repeats else one


def _list_writer(field: Field, one: Write) -> Write:
    def write(value: Any, doubts: Doubts) -> str:
        if value.__class__ is not list:
            doubts.append(field.name)
        return "".join([one(each, doubts) for each in value])

    return write


def _text_writer(field: Field, indent: str) -> Write:
    """Writes one text without a look at its rules."""
    is_ruled = bool(field.size or field.name in KINDS)

    def write(value: Any, doubts: Doubts) -> str:
        if is_ruled:
            doubts.append(field.name)
        content = escaped(value) if value else ""
        return f"{indent}<{field.name}>{content}</{field.name}>\n" if content else _empty(field, indent)

    return write


def _empty(field: Field, indent: str) -> str:
    """A field with nothing in it: an object has all its parts, of a list there is one empty element."""
    if field.repeats or not field.inner:
        return f"{indent}<{field.name}/>\n"
    return _blank(field, indent)


def _blank(field: Field, indent: str) -> str:
    """An object with all its parts empty."""
    inner = "".join(_empty(each, indent + _STEP) for each in field.inner.values())
    return f"{indent}<{field.name}>\n{inner}{indent}</{field.name}>\n"


class _Objects:
    """The writer of the objects of a field."""

    def __init__(self, field: Field, indent: str) -> None:
        self._field = field
        self._indent = indent
        self._inside = indent + _STEP
        self._blank = _blank(field, indent)
        self._writers = {name: _writer(each, self._inside) for name, each in field.inner.items()}
        self._texts = frozenset(name for name, each in field.inner.items() if not each.inner and not each.repeats)
        self._fills: dict[tuple[str, ...], Fill] = {}

    def write(self, value: Any, doubts: Doubts) -> str:
        """An object with what is in it; all its parts empty where `value` is no object."""
        if not value or not isinstance(value, dict):
            if value:
                doubts.append(self._field.name)
            return self._blank
        shape = tuple(value)
        fill = self._fills.get(shape)
        if fill is None:
            if len(self._fills) >= SHAPES_MAX or not value.keys() <= self._writers.keys():
                return self._plainly(value, doubts)
            fill = self._fills[shape] = self._fill(shape)
        try:
            return fill(list(value.values()), doubts)
        except TypeError:
            return self._plainly(value, doubts)

    def _plainly(self, value: dict[str, Any], doubts: Doubts) -> str:
        """An object of any shape and values, field by field."""
        doubts.append(self._field.name)
        lines = [
            self._writers[name](told, doubts) if (told := value.get(name)) else _empty(each, self._inside)
            for name, each in self._field.inner.items()
        ]
        return f"{self._indent}<{self._field.name}>\n{''.join(lines)}{self._indent}</{self._field.name}>\n"

    def _fill(self, shape: tuple[str, ...]) -> Fill:
        """The function that writes objects of a shape."""
        places = {name: f"v{number}" for number, name in enumerate(shape)}
        values = ", ".join(places.values())
        texts = ", ".join(place for name, place in places.items() if name in self._texts)
        known: dict[str, Any] = {"contents": _contents, "is_right": _is_right, "joined": "".join}
        tests = " and ".join(self._tests(places, known)) or "True"
        lines = [
            "def fill(values, doubts):",
            f"    [{values}] = values",
            f"    together = joined({'values' if texts == values else f'[{texts}]'})",
            f"    if not ({tests}): doubts.append({self._field.name!r})",
            "    if not together.isprintable() or '<' in together or '&' in together or '>' in together:",
            f"        [{texts}] = contents([{texts}])",
            f"    if {values.replace(', ', ' and ')}:",
            f"        return {self._text(places, known, is_filled=True)}",
            f"    return {self._text(places, known, is_filled=False)}",
        ]
        exec("\n".join(lines), known)  # noqa: S102  # our own text, see above
        made: Fill = known["fill"]
        return made

    def _tests(self, places: dict[str, str], known: dict[str, Any]) -> Iterator[str]:
        """What must hold of the texts, as Python; what it names is put into `known`."""
        for name, place in places.items():
            if name not in self._texts:
                continue
            if size := self._field.inner[name].size:
                yield f"len({place}) <= {size}"
            if kind := KINDS.get(name):
                known[f"kind_{place}"], known[f"right_{place}"] = kind, _RIGHT[kind]
                yield f"({place} in right_{place} or is_right({place}, right_{place}, kind_{place}))"

    def _text(self, places: dict[str, str], known: dict[str, Any], *, is_filled: bool) -> str:
        """An object as a formatted text of Python; `is_filled` where none of its values is empty."""
        lines = []
        for name, each in self._field.inner.items():
            place = places.get(name)
            empty = _empty(each, self._inside)
            if place is None:
                lines.append(empty)
            elif name not in self._texts:
                known[f"write_{place}"], known[f"empty_{place}"] = self._writers[name], empty
                lines.append(f"{{write_{place}({place}, doubts) if {place} else empty_{place}}}")
            elif is_filled:
                lines.append(f"{self._inside}<{name}>{{{place}}}</{name}>\n")
            else:
                lines.append(f'{self._inside}{{f"<{name}>{{{place}}}</{name}>" if {place} else "<{name}/>"}}\n')
        return f"f'''{self._indent}<{self._field.name}>\n{''.join(lines)}{self._indent}</{self._field.name}>\n'''"


def _contents(texts: list[str]) -> list[str]:
    """Texts as the content of their elements; most of them are that already."""
    return [
        escaped(each) if not each.isprintable() or "<" in each or "&" in each or ">" in each else each for each in texts
    ]


def _is_right(text: str, right: set[str], kind: Kind) -> bool:
    """Whether a text is of a kind, remembered where it is: the same days and codes come again."""
    if kind(text) is not None:
        return False
    if len(right) >= REMEMBERED_MAX:
        right.clear()
        right.add("")
    right.add(text)
    return True
