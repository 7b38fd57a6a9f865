"""Whether the XHTML of a narrative is what FHIR allows. Source: FHIR R4 narrative.html, rules txt-1 and txt-2."""

from __future__ import annotations

from typing import Any

_XHTML = "{http://www.w3.org/1999/xhtml}"
ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
        "var",
    ]
)
ATTRIBUTES = frozenset(
    [
        "abbr",
        "accesskey",
        "align",
        "alt",
        "axis",
        "bgcolor",
        "border",
        "cellhalign",
        "cellpadding",
        "cellspacing",
        "cellvalign",
        "char",
        "charoff",
        "charset",
        "cite",
        "class",
        "colspan",
        "compact",
        "coords",
        "dir",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "hspace",
        "id",
        "lang",
        "longdesc",
        "name",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "span",
        "src",
        "start",
        "style",
        "summary",
        "tabindex",
        "title",
        "type",
        "valign",
        "value",
        "vspace",
        "width",
    ]
) | {"{http://www.w3.org/XML/1998/namespace}lang", "{http://www.w3.org/XML/1998/namespace}space"}
_SCHEMES = ("javascript:", "vbscript:", "data:text")


def is_good_narrative(text: str) -> bool:
    """Whether `text` is one well-formed `div` of XHTML with only formatting, tables, links and images, not empty.

    No DTD, no script, no form, no event attribute; entities but XML's own five are not known.
    """
    from lxml import etree

    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):  # not well formed: no narrative
        return False
    if root.tag != _XHTML + "div" or not all(map(_is_allowed, root.iter())):
        return False
    return any(piece.strip() for piece in root.itertext()) or root.find(f".//{_XHTML}img") is not None


def _is_allowed(element: Any) -> bool:
    if not isinstance(element.tag, str):  # a comment
        return type(element).__name__ == "_Comment"
    if not element.tag.startswith(_XHTML) or element.tag[len(_XHTML) :] not in ELEMENTS:
        return False
    return all(
        name in ATTRIBUTES and not value.strip().lower().startswith(_SCHEMES) for name, value in element.attrib.items()
    )
