"""FHIR JSON written as XML, in the order of the definition, and read back equal."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from benhan.fhir.resource import to_bytes
from benhan.fhir.xml_format import parse_xml, to_xml
from benhan.kernel.faults import Fault

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def written(**members: Any) -> str:
    """What stands inside of a Patient."""
    text = to_xml(to_bytes({"resourceType": "Patient", **members})).decode()
    whole = text.removeprefix(HEAD + '<Patient xmlns="http://hl7.org/fhir"')
    return whole.removeprefix(">").removesuffix("</Patient>")


def test_elements_stand_in_the_order_of_the_definition_whatever_that_of_the_json() -> None:
    assert written(birthDate="1990", name=[{"given": ["a", "b"], "family": "f"}], active=False, id="x") == (
        '<id value="x"/><active value="false"/>'
        '<name><family value="f"/><given value="a"/><given value="b"/></name><birthDate value="1990"/>'
    )


def test_ids_and_addresses_of_extensions_are_attributes() -> None:
    assert written(extension=[{"valueString": "v", "url": "u", "id": "e"}]) == (
        '<extension id="e" url="u"><valueString value="v"/></extension>'
    )


def test_primitives_carry_their_ids_and_extensions() -> None:
    inner = {"extension": [{"url": "u", "valueCode": "c"}]}
    extension = '<extension url="u"><valueCode value="c"/></extension>'
    assert written(_birthDate={"id": "b", **inner}) == f'<birthDate id="b">{extension}</birthDate>'
    assert written(_active={"id": "b"}, active=True) == '<active id="b" value="true"/>'
    assert written(name=[{"given": ["a", None], "_given": [None, inner]}]) == (
        f'<name><given value="a"/><given>{extension}</given></name>'
    )
    assert written(name=[{"_given": [inner]}]) == f"<name><given>{extension}</given></name>"


def test_empty_is_written_short() -> None:
    assert written() == "/>"
    assert written(name=[{}]) == "<name/>"


@pytest.mark.parametrize("digits", ["6.30", "0.1", "100", "1.0E3", "-0.0", "123456789012345678901234567890", "1E+2"])
def test_decimals_keep_their_digits(digits: str) -> None:
    json = b'{"resourceType":"Observation","valueQuantity":{"value":' + digits.encode() + b"}}"
    assert f'<value value="{digits}"/>'.encode() in to_xml(json)
    assert to_bytes(parse_xml(to_xml(json)).body) == json


def test_signs_and_line_ends_survive_every_reader() -> None:
    text = ' a\r\nb\tc & <d> "e" \u00a0\u2028 🙂 '
    xml = to_xml(to_bytes({"resourceType": "Patient", "name": [{"text": text}]}))
    assert parse_xml(xml).plain["name"][0]["text"] == text
    assert etree.fromstring(xml)[0][0].get("value") == text


def test_what_xml_cannot_hold_is_marked() -> None:
    assert written(name=[{"text": "a\x00\x1f\uffffb"}]) == '<name><text value="a\ufffd\ufffd\ufffdb"/></name>'


def test_contained_resources_stand_in_an_element_of_their_own_without_the_namespace() -> None:
    assert written(contained=[{"resourceType": "Basic", "id": "a"}]) == (
        '<contained><Basic><id value="a"/></Basic></contained>'
    )


@pytest.mark.parametrize(
    ("div", "xml"),
    [
        (f"<div {XHTML}>a <b class='x'/>&#39;</div>", f"<div {XHTML}>a <b class='x'/>&#39;</div>"),
        ("<div>a</div>", f"<div {XHTML}>a</div>"),
        ('<div class="c">a</div>', f'<div {XHTML} class="c">a</div>'),
        (" <div>a</div>\n", f"<div {XHTML}>a</div>"),
        ("<div>&nbsp;&lt;&copy;</div>", f"<div {XHTML}>\u00a0&lt;©</div>"),
        ("<div>a", f"<div {XHTML}>&lt;div&gt;a</div>"),
        ("<div><br></div>", f"<div {XHTML}>&lt;div&gt;&lt;br&gt;&lt;/div&gt;</div>"),
        ("<div/><div/>", f"<div {XHTML}>&lt;div/&gt;&lt;div/&gt;</div>"),
        ('<div xmlns="urn:x"/>', f'<div {XHTML}>&lt;div xmlns="urn:x"/&gt;</div>'),
        (
            "</div></text><active value='true'/>",
            f"<div {XHTML}>&lt;/div&gt;&lt;/text&gt;&lt;active value='true'/&gt;</div>",
        ),
    ],
)
def test_the_narrative_is_itself_or_is_shown_as_text(div: str, xml: str) -> None:
    assert written(text={"div": div}) == f"<text>{xml}</text>"


def test_a_narrative_too_deep_is_shown_as_text() -> None:
    deep = f"<div {XHTML}>" + "<p>" * 50_000 + "</p>" * 50_000 + "</div>"
    assert written(text={"div": deep}).startswith(f"<text><div {XHTML}>&lt;div ")


def test_pretty_puts_elements_on_lines_and_leaves_the_narrative() -> None:
    div = f"<div {XHTML}><p>a</p></div>"
    resource = {"resourceType": "Patient", "text": {"div": div}, "contained": [{"resourceType": "Basic", "id": "a"}]}
    lines = to_xml(to_bytes(resource), pretty=True).decode().split("\n")
    assert lines == [
        HEAD,
        '<Patient xmlns="http://hl7.org/fhir">',
        "  <text>",
        f"    {div}",
        "  </text>",
        "  <contained>",
        "    <Basic>",
        '      <id value="a"/>',
        "    </Basic>",
        "  </contained>",
        "</Patient>",
    ]
    assert parse_xml("\n".join(lines).encode()).plain == resource


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"nmae": 1}, "nmae"),
        ({"_nmae": {}}, "_nmae"),
        ({"name": [{"resourceType": "x"}]}, "resourceType"),
        ({"a b": 1}, "?"),
    ],
)
def test_what_fhir_does_not_define_is_not_left_out_in_silence(members: dict[str, Any], name: str) -> None:
    with pytest.raises(Fault) as told:
        written(**members)
    assert told.value.code == "BA-2055"
    assert f"a member {name} that" in told.value.text.en
