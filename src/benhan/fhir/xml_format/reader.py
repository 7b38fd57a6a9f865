"""FHIR XML read to JSON, in one pass and without a tree: what the definition does not know is refused with its place.

The parser is expat, told that the bytes are UTF-8. A DOCTYPE is refused before it starts, so that there are no
entities, no external files and no defaults; depth is bounded here; memory is that of the JSON made.
Comments and processing instructions are dropped, inside the narrative they stay with its bytes.
Source: FHIR R4 xml.html; the order of elements is that of the definition.
Not checked here: forms of primitives, cardinality, codes; `check_structure` does, as for JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from xml.parsers import expat

import orjson

from benhan.fhir.faults import NOT_UTF8, TOO_LARGE
from benhan.fhir.primitives import shown_name
from benhan.fhir.resource import DEPTH_MAX, SIZE_BYTES_MAX, ParsedResource, parsed_resource
from benhan.fhir.xml_format import texts
from benhan.fhir.xml_format.faults import HAS_DTD, NOT_OF_FHIR, NOT_XML, WRONG_ROOT, XML_TOO_DEEP
from benhan.fhir.xml_format.narrative import DEPTH_MAX as NARRATIVE_DEPTH_MAX
from benhan.fhir.xml_format.narrative import Rebuilt, end_of_div, stands_alone
from benhan.fhir.xml_format.rules import XHTML, Child, Kind, Rules, resource_elements, rules_of
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

Json = dict[str, Any]

ISSUES_MAX = 100
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?(?:(?!\?>).)*+\?>|<!--(?:(?!-->).)*+-->)*+<!DOCTYPE", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,63})(?:\.[0-9]{1,64})?(?:[eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_BOOLEANS = {"true": True, "false": False}
_INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_CONVERTED = _INTEGERS | {"decimal", "boolean"}
"""Primitives that are no strings in JSON."""
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance "
_XHTML_NAMESPACE = f"{XHTML} "
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace "


def parse_xml(data: bytes, *, size_bytes_max: int = SIZE_BYTES_MAX) -> ParsedResource:
    """The resource in `data`, FHIR XML in UTF-8.

    Raises Incorrect: BA-0202 not UTF-8, BA-0206 too large, BA-2050 not well-formed, BA-2051 a DOCTYPE, BA-2052 what
    the definition does not know (each with its place), BA-2053 the root, BA-2054 too deep, BA-0204 a bad id.
    """
    return parsed_resource(*parse_xml_tree(data, size_bytes_max=size_bytes_max))


def parse_xml_tree(data: bytes, *, size_bytes_max: int = SIZE_BYTES_MAX) -> tuple[Json, Json]:
    """The JSON of `data` for writing (exact) and for reading (plain), as of `parse_json`. Raises as `parse_xml`."""
    if len(data) > size_bytes_max:
        raise TOO_LARGE(limit=size_bytes_max)
    _check_prolog(data)
    reading = _Reading(data)
    body = reading.read()
    return body, (orjson.loads(orjson.dumps(body)) if reading.has_fragments else body)


def _check_prolog(data: bytes) -> None:
    """Hold the parser to UTF-8, which it would leave for a byte order mark or for zero bytes, and to no DOCTYPE."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NOT_UTF8(position=0)
    if b"\0" in data:
        raise NOT_XML(reason="a zero byte")
    if b"<!DOCTYPE" in data and _PROLOG.match(data):
        raise HAS_DTD()


class _Frame:
    """An open element: the object being filled, its rules, and where in the definition its last child stood."""

    __slots__ = ("child", "depth", "last", "mended", "object", "rules")

    def __init__(self, rules: Rules, object_: Json, child: Child | None, depth: int) -> None:
        self.rules = rules
        self.object = object_
        self.child = child
        self.depth = depth
        self.last = -1
        self.mended: set[Child] | None = None
        """Repeating primitives of which some lack a value or have extensions."""


_ELEMENT = "Element"
_CONTAINER = Rules("", {}, {}, (), frozenset())
"""Of `contained`, `resource` and the document itself: exactly one resource stands inside."""


class _Reading:
    """One document being read."""

    def __init__(self, data: bytes) -> None:
        self.has_fragments = False
        self._data = data
        self._issues: list[Issue] = []
        self._frames: list[_Frame] = [_Frame(_CONTAINER, {}, None, 0)]
        self._skipping = 0
        self._div_depth = 0
        self._div_start = 0
        self._rebuilt: Rebuilt | None = None
        self._primitive_rules = rules_of(_ELEMENT)
        self._parser = parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self) -> Json:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as cause:
            raise self._reason(cause) from cause
        finally:
            self._parser.StartElementHandler = self._parser.EndElementHandler = None  # no cycles are left behind
            self._parser.CharacterDataHandler = None
        if self._issues:
            raise NOT_OF_FHIR(*self._issues, count=len(self._issues))
        root: Json = self._frames[0].object[""]
        return root

    # What the parser tells

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._skipping:
            self._skipping += 1
            return
        frame = self._frames[-1]
        child = frame.rules.elements.get(name)
        if child is None:
            self._start_other(frame, name, attributes)
            return
        if child.order <= frame.last and not (child.repeats and child.order == frame.last):
            self._note("structure", texts.TWICE if child.order == frame.last else texts.OUT_OF_ORDER, child.name)
        frame.last = child.order
        kind = child.kind
        if kind is Kind.PRIMITIVE:
            self._start_primitive(frame, child, attributes)
        elif kind is Kind.COMPLEX:
            self._start_complex(frame, child, attributes)
        elif kind is Kind.RESOURCE:
            self._frames.append(_Frame(_CONTAINER, frame.object, child, frame.depth))
            self._refuse_attributes(attributes)
        else:
            self._start_div(attributes)

    def _start_other(self, frame: _Frame, name: str, attributes: list[str]) -> None:
        """A resource in its container; a name with a prefix; else what the definition does not know."""
        if name.count(" ") == 2:  # the parser tells the prefix too
            self._start(name[: name.rindex(" ")], attributes)
        elif frame.rules is _CONTAINER:
            self._start_resource(frame, name, attributes)
        else:
            self._note("structure", texts.UNKNOWN_ELEMENT, name.rpartition(" ")[2])
            self._skipping = 1

    def _start_resource(self, container: _Frame, name: str, attributes: list[str]) -> None:
        type_ = resource_elements().get(name)
        if type_ is None and container.child is None:
            raise WRONG_ROOT()
        is_first, container.last = container.last < 0, 0
        if type_ is None or not is_first:
            self._note("structure", texts.ONE_RESOURCE)
            self._skipping = 1
            return
        made: Json = {"resourceType": type_}
        self._put(container.object, container.child, made)
        self._push(_Frame(rules_of(type_), made, None, self._depth_below(container, container.child)))
        self._refuse_attributes(attributes)

    def _start_complex(self, frame: _Frame, child: Child, attributes: list[str]) -> None:
        made: Json = {}
        self._put(frame.object, child, made)
        inner = _Frame(rules_of(child.type), made, child, self._depth_below(frame, child))
        self._push(inner)
        if attributes:
            self._take_attributes(made, inner.rules.attributes, attributes)

    def _start_primitive(self, frame: _Frame, child: Child, attributes: list[str]) -> None:
        twin: Json = {}
        if len(attributes) == 2 and attributes[0] == "value":
            value = self._value(child.type, attributes[1]) if child.type in _CONVERTED else attributes[1]
        else:
            value = self._value_and_id(child, attributes, twin)
        if not child.repeats:
            if value is not None:
                frame.object[child.name] = value
        elif child.name in frame.object:
            frame.object[child.name].append(value)
        else:
            frame.object[child.name] = [value]
        if value is None and child.repeats:
            self._mend(frame, child)
        self._frames.append(_Frame(self._primitive_rules, twin, child, self._depth_below(frame, child)))

    def _value_and_id(self, child: Child, attributes: list[str], twin: Json) -> Any:
        """The value of a primitive, None where it has none; its id goes to `twin`."""
        value = None
        for at in range(0, len(attributes), 2):
            name = attributes[at]
            if name == "value":
                value = self._value(child.type, attributes[at + 1])
            elif name == "id":
                twin["id"] = attributes[at + 1]
            else:
                self._note("structure", texts.UNKNOWN_ATTRIBUTE, child.name)
        return value

    def _end(self, _name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        frame = self._frames.pop()
        if frame.rules is self._primitive_rules:
            self._end_primitive(frame)
        elif frame.rules is _CONTAINER and frame.last < 0:
            self._frames.append(frame)
            self._note("structure", texts.ONE_RESOURCE)
            self._frames.pop()
        if frame.mended:
            _mend_lists(frame.object, frame.mended)

    def _end_primitive(self, primitive: _Frame) -> None:
        above, child = self._frames[-1], primitive.child
        assert child is not None
        value = above.object.get(child.name)
        if primitive.object:
            self._twin(above, child, primitive.object)
        elif (value[-1] if child.repeats and value else value) is None:
            self._note("structure", texts.NO_VALUE, child.name)

    def _text(self, text: str) -> None:
        if not self._skipping and not text.isspace():
            self._note("structure", texts.STRAY_TEXT)

    # The narrative

    def _start_div(self, attributes: list[str]) -> None:
        self._div_start = self._parser.CurrentByteIndex
        self._div_depth = 0
        self._rebuilt = None if stands_alone(self._data, self._div_start) else Rebuilt()
        self._parser.StartElementHandler = self._start_in_div
        self._parser.EndElementHandler = self._end_in_div
        self._parser.CharacterDataHandler = self._rebuilt.text if self._rebuilt is not None else None
        self._start_in_div(f"{XHTML} div", attributes)

    def _start_in_div(self, name: str, attributes: list[str]) -> None:
        self._div_depth += 1
        if self._div_depth > NARRATIVE_DEPTH_MAX:
            raise XML_TOO_DEEP(limit=NARRATIVE_DEPTH_MAX)
        if not name.startswith(_XHTML_NAMESPACE):
            self._note("structure", texts.UNKNOWN_ELEMENT, "div", texts.NARRATIVE_CLAUSE)
        elif name.count(" ") == 2 and self._rebuilt is None:
            self._note("structure", texts.PREFIXED, "div", texts.NARRATIVE_CLAUSE)
        if attributes and any(" " in each and not each.startswith(_XML_NAMESPACE) for each in attributes[::2]):
            self._note("structure", texts.UNKNOWN_ATTRIBUTE, "div", texts.NARRATIVE_CLAUSE)
        elif self._rebuilt is not None:
            self._rebuilt.start(name.split(" ")[1], attributes)

    def _end_in_div(self, name: str) -> None:
        self._div_depth -= 1
        if self._rebuilt is not None:
            self._rebuilt.end(name.split(" ")[1])
        if self._div_depth:
            return
        end = self._parser.CurrentByteIndex
        if self._rebuilt is not None:
            div = self._rebuilt.whole()
        else:
            div = self._data[self._div_start : end_of_div(self._data, self._div_start, end)].decode("utf-8")
        self._frames[-1].object["div"] = div
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    # Small parts

    def _put(self, object_: Json, child: Child | None, value: Json) -> None:
        if child is None:
            object_[""] = value
        elif child.repeats:
            object_.setdefault(child.name, []).append(value)
        else:
            object_[child.name] = value

    def _push(self, frame: _Frame) -> None:
        if frame.depth > DEPTH_MAX:
            raise XML_TOO_DEEP(limit=DEPTH_MAX)
        self._frames.append(frame)

    def _depth_below(self, frame: _Frame, child: Child | None) -> int:
        """How deep the JSON of a child of `frame` is: an array is a level too."""
        return frame.depth + 2 if child is not None and child.repeats else frame.depth + 1

    def _value(self, type_: str, text: str) -> Any:
        """The JSON value of an attribute; what is not of its type's form stays text, which validation refuses."""
        if type_ == "decimal":
            return self._decimal(text)
        if type_ == "boolean":
            return _BOOLEANS.get(text, text)
        if type_ in _INTEGERS:
            return int(text) if _INTEGER.fullmatch(text) else text
        return text

    def _decimal(self, text: str) -> Any:
        if _INTEGER.fullmatch(text) and text != "-0":
            return int(text)
        if not _NUMBER.fullmatch(text):
            return text
        plain = float(text)
        if orjson.dumps(plain) == text.encode():
            return plain
        self.has_fragments = True
        return orjson.Fragment(text)

    def _twin(self, above: _Frame, child: Child, twin: Json) -> None:
        """Put a primitive's id and extensions beside its value, as `_name`."""
        if not child.repeats:
            above.object[child.twin] = twin
            return
        twins = above.object.setdefault(child.twin, [])
        twins += [None] * (len(above.object[child.name]) - 1 - len(twins))
        twins.append(twin)
        self._mend(above, child)

    def _mend(self, frame: _Frame, child: Child) -> None:
        frame.mended = frame.mended or set()
        frame.mended.add(child)

    def _take_attributes(self, object_: Json, known: tuple[str, ...], attributes: list[str]) -> None:
        for at in range(0, len(attributes), 2):
            if attributes[at] in known:
                object_[attributes[at]] = attributes[at + 1]
            else:
                self._note("structure", texts.UNKNOWN_ATTRIBUTE)

    def _refuse_attributes(self, attributes: list[str]) -> None:
        """Only xsi:schemaLocation may stand on a resource; it is dropped. Source: xml.html."""
        if any(not each.startswith(_SCHEMA_INSTANCE) for each in attributes[::2]):
            self._note("structure", texts.UNKNOWN_ATTRIBUTE)

    def _note(self, kind: str, text: Text, name: str = "", clause: str = texts.XML_CLAUSE) -> None:
        if len(self._issues) < ISSUES_MAX:
            self._issues.append(error(kind, _place(self._frames, name), text, clause))

    def _reason(self, cause: expat.ExpatError) -> Fault:
        try:
            self._data.decode("utf-8")
        except UnicodeDecodeError as broken:
            return NOT_UTF8(position=broken.start)
        return NOT_XML(reason=f"line {cause.lineno}, column {cause.offset + 1}")


def _mend_lists(object_: Json, children: Iterable[Child]) -> None:
    """Give values and twins the same length; a list of nulls alone is left out. Source: json.html#primitive."""
    for child in children:
        values, twins = object_[child.name], object_.get(child.twin)
        if twins is not None:
            twins += [None] * (len(values) - len(twins))
        if all(value is None for value in values):
            del object_[child.name]


def _place(frames: list[_Frame], name: str) -> str:
    """Where the open elements are, in the words of FHIRPath: `Patient.contact[0].name`."""
    words = ""
    for above, frame in pairwise(frames):
        child = frame.child
        if child is None:
            words = words or str(frame.object["resourceType"])
        else:
            held = above.object.get(child.name)
            words += f".{child.name}" + (f"[{max(len(held) - 1, 0)}]" if child.repeats and held is not None else "")
    return f"{words}.{shown_name(name)}" if name else words
