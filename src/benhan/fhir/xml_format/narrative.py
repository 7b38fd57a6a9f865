"""The narrative's `div` between JSON, where it is a string, and XML, where it is itself.

Its bytes are carried over as they are wherever they can stand by themselves; only a `div` that leans on a prefix from
outside is written anew. Source: FHIR R4 narrative.html, xml.html#xhtml.
"""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

from benhan.fhir.xml_format.escapes import attribute_text, element_text
from benhan.fhir.xml_format.rules import XHTML

_TAG = re.compile(rb"""<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
_OWN = re.compile(
    rb"""<div(?:\s+[^\s=>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*?\s+xmlns\s*=\s*["']http://www\.w3\.org/1999/xhtml["']"""
)
_PLAIN_START = f'<div xmlns="{XHTML}"'
_BARE = re.compile(r"<div(?![^>]*\sxmlns)(?=[\s/>])")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
DEPTH_MAX = 100


def stands_alone(data: bytes, start: int) -> bool:
    """Whether the `div` whose tag begins at `start` names its own namespace and no prefix."""
    return _OWN.match(data, start) is not None


def end_of_div(data: bytes, start: int, end_event: int) -> int:
    """The offset after a `div`: `start` is that of its first tag, `end_event` where the parser told its end."""
    first = _TAG.match(data, start)
    if first is not None and first[0].endswith(b"/>"):
        return first.end()
    return data.index(b">", end_event) + 1


class Rebuilt:
    """A `div` written anew from the parser's events, without prefixes."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def start(self, name: str, attributes: list[str]) -> None:
        namespace = f' xmlns="{XHTML}"' if not self._parts else ""
        told = "".join(
            f' {_attribute_name(attributes[at])}="{attribute_text(attributes[at + 1])}"'
            for at in range(0, len(attributes), 2)
        )
        self._parts.append(f"<{name}{namespace}{told}>")

    def text(self, text: str) -> None:
        self._parts.append(element_text(text))

    def end(self, name: str) -> None:
        self._parts.append(f"</{name}>")

    def whole(self) -> str:
        return "".join(self._parts)


def _attribute_name(name: str) -> str:
    """The name of an attribute as told by the parser; those of the namespace `xml` have their prefix."""
    return "xml:" + name.split(" ")[1] if " " in name else name


def div_to_xml(div: str) -> str:
    """The narrative of a JSON string as it stands in XML.

    What is well-formed goes over unchanged (its namespace is added where it is missing; names of HTML's entities, which
    XML does not know, become their characters). What is no XML at all is shown as text, so that nothing is lost.
    """
    if div.startswith(_PLAIN_START) and _is_div(div):
        return div
    mended = _BARE.sub(_PLAIN_START, div.strip(), count=1) if _BARE.match(div.strip()) else div.strip()
    if _is_div(mended):
        return mended
    mended = _ENTITY.sub(_character, mended)
    return mended if _is_div(mended) else f"{_PLAIN_START}>{element_text(div)}</div>"


def _character(match: re.Match[str]) -> str:
    known = html5.get(match[1] + ";")
    return match[0] if known is None or match[1] in _OF_XML else element_text(known)


def _is_div(text: str) -> bool:
    """Whether `text` is one well-formed `div` of XHTML, without a DOCTYPE."""
    if not text.startswith("<div"):
        return False
    parser = expat.ParserCreate("utf-8", " ")
    if not text.startswith(_PLAIN_START) or text.count("<") > DEPTH_MAX:
        _hold_to_bounds(parser)
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError:
        return False
    return True


def _hold_to_bounds(parser: expat.XMLParserType) -> None:
    """Make the parser fail for another root and for too great a depth."""
    depth = 0

    def start(name: str, _attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX or (depth == 1 and name != f"{XHTML} div"):
            raise expat.ExpatError

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
