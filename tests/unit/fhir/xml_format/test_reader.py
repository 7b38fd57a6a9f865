"""FHIR XML read to JSON: every form of the standard, and every departure from it refused with its place."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
import pytest

from benhan.fhir.resource import to_bytes
from benhan.fhir.xml_format import parse_xml
from benhan.kernel.faults import Fault

FHIR = 'xmlns="http://hl7.org/fhir"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def patient(inside: str) -> bytes:
    return f"<Patient {FHIR}>{inside}</Patient>".encode()


def read(inside: str) -> Any:
    body = orjson.loads(to_bytes(parse_xml(patient(inside)).body))
    assert body.pop("resourceType") == "Patient"
    return body


def refused(data: bytes) -> tuple[str, list[str]]:
    """The code and the places of a refusal."""
    with pytest.raises(Fault) as told:
        parse_xml(data)
    return told.value.code, [issue.place for issue in told.value.issues]


def test_values_have_the_types_of_json() -> None:
    assert read('<active value="true"/><multipleBirthInteger value="2"/>') == {
        "active": True,
        "multipleBirthInteger": 2,
    }
    assert read('<name><given value="Văn"/><given value="Thử"/></name>') == {"name": [{"given": ["Văn", "Thử"]}]}


def test_ids_and_the_address_of_an_extension_stand_in_attributes() -> None:
    inside = '<extension id="e" url="urn:x"><valueCode value="c"/></extension><name id="n"><family value="f"/></name>'
    assert read(inside) == {
        "extension": [{"id": "e", "url": "urn:x", "valueCode": "c"}],
        "name": [{"id": "n", "family": "f"}],
    }


def test_extensions_of_primitives_stand_beside_their_values() -> None:
    extension = '<extension url="urn:x"><valueCode value="c"/></extension>'
    inner = {"extension": [{"url": "urn:x", "valueCode": "c"}]}
    assert read(f'<birthDate id="b" value="1990">{extension}</birthDate>') == {
        "birthDate": "1990",
        "_birthDate": {"id": "b", **inner},
    }
    assert read(f"<birthDate>{extension}</birthDate>") == {"_birthDate": inner}
    given = f'<given value="a"/><given>{extension}</given><given value="b">{extension}</given><given value="c"/>'
    assert read(f"<name>{given}</name>") == {
        "name": [{"given": ["a", None, "b", "c"], "_given": [None, inner, inner, None]}]
    }
    assert read(f"<name><given>{extension}</given></name>") == {"name": [{"_given": [inner]}]}


@pytest.mark.parametrize("digits", ["6.30", "0.1", "100", "1.0E3", "-0.0", "123456789012345678901234567890", "-0"])
def test_decimals_keep_their_digits(digits: str) -> None:
    resource = parse_xml(
        f'<Observation {FHIR}><valueQuantity><value value="{digits}"/></valueQuantity></Observation>'.encode()
    )
    assert to_bytes(resource.body) == (
        b'{"resourceType":"Observation","valueQuantity":{"value":' + digits.encode() + b"}}"
    )
    assert resource.plain["valueQuantity"]["value"] == float(digits)


def test_contained_resources_and_entries_hold_one_resource_each() -> None:
    contained = '<contained><Basic><id value="a"/></Basic></contained><contained><Basic/></contained>'
    assert read(contained) == {"contained": [{"resourceType": "Basic", "id": "a"}, {"resourceType": "Basic"}]}
    bundle = f'<Bundle {FHIR}><entry><resource><Basic><id value="a"/></Basic></resource></entry></Bundle>'
    assert parse_xml(bundle.encode()).plain["entry"] == [{"resource": {"resourceType": "Basic", "id": "a"}}]
    assert refused(patient("<contained/>")) == ("BA-2052", ["Patient.contained"])
    assert refused(patient("<contained><Basic/><Basic/></contained>")) == ("BA-2052", ["Patient.contained[0]"])
    assert refused(patient("<contained><nothing/></contained>")) == ("BA-2052", ["Patient.contained"])


@pytest.mark.parametrize(
    "div",
    [
        f"<div {XHTML}>a &lt; b &#39;c&#39; <br/><p class='x'>Nguyễn</p><!-- kept --></div>",
        f"<div\n  lang='vi' {XHTML} ><![CDATA[<b>]]></div>",
        f"<div {XHTML}/>",
        f"<div {XHTML}><br/></div>",
        f"<div {XHTML} title='a>b'></div>",
        f"<div {XHTML} xml:lang='vi'>/></div>",
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\n<!-- ă -->'])
def test_the_narrative_is_kept_byte_for_byte(div: str, before: str) -> None:
    data = before.encode() + patient(f'<text><status value="generated"/>{div}</text><active value="true"/>')
    assert parse_xml(data).plain["text"] == {"status": "generated", "div": div}


def test_a_narrative_that_leans_on_a_prefix_is_written_anew() -> None:
    data = (
        '<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text><h:div xml:lang="vi">'
        'a &amp; b<h:p class="&quot;">c</h:p></h:div></f:text><f:active value="true"/></f:Patient>'
    )
    assert parse_xml(data.encode()).plain == {
        "resourceType": "Patient",
        "text": {"div": f'<div {XHTML} xml:lang="vi">a &amp; b<p class="&quot;">c</p></div>'},
        "active": True,
    }


@pytest.mark.parametrize(
    "div",
    [
        f'<div {XHTML} xmlns:x="urn:x"><x:p/></div>',
        f'<div {XHTML} xmlns:x="http://www.w3.org/1999/xhtml"><x:p/></div>',
        f'<div {XHTML} xmlns:x="urn:x" x:a="1"/>',
    ],
)
def test_a_narrative_of_anything_but_xhtml_is_refused(div: str) -> None:
    assert refused(patient(f"<text>{div}</text>")) == ("BA-2052", ["Patient.text.div"])


def test_comments_instructions_and_space_are_dropped() -> None:
    inside = '<!-- a --> <?x y?>\n<active value="true"><!-- b --></active>\t'
    assert read(inside) == {"active": True}
    located = f'<?xml version="1.0"?><!-- c --><Patient {FHIR} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    assert parse_xml((located + 'xsi:schemaLocation="http://hl7.org/fhir fhir.xsd"/>').encode()).id is None


@pytest.mark.parametrize(
    ("inside", "places"),
    [
        ('<nmae value="x"/>', ["Patient.nmae"]),
        (
            '<contact><nmae><deep><er/></deep></nmae></contact><link><type value="seealso"/></link>',
            ["Patient.contact[0].nmae"],
        ),
        ('<active xmlns="urn:other" value="true"/>', ["Patient.active"]),
        ('<active xmlns="" value="true"/>', ["Patient.active"]),
        ('<active wert="true"/>', ["Patient.active", "Patient.active"]),
        ("<active/>", ["Patient.active"]),
        ("<name><given/></name>", ["Patient.name[0].given"]),
        ('<name value="x"/>', ["Patient.name[0]"]),
        ("<active>true</active>", ["Patient.active", "Patient.active"]),
        ("<name>Nguyễn</name>", ["Patient.name[0]"]),
        ('<active value="true"/><active value="true"/>', ["Patient.active"]),
        ('<birthDate value="1990"/><active value="true"/>', ["Patient.active"]),
        ('<active value="true"/><id value="a"/>', ["Patient.id"]),
        ('<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>', ["Patient.deceasedDateTime"]),
        ('<name><family value="a"/><family value="b"/></name>', ["Patient.name[0].family"]),
        ('<name/><name><x a="1"/></name><y/>', ["Patient.name[1].x", "Patient.y"]),
        ("<text><div/></text>", ["Patient.text.div"]),
        (
            "<contained><Basic><x/></Basic></contained><contained><Basic/><Basic/></contained>",
            ["Patient.contained[0].x", "Patient.contained[1]"],
        ),
    ],
)
def test_what_the_definition_does_not_know_is_refused_with_its_place(inside: str, places: list[str]) -> None:
    assert refused(patient(inside)) == ("BA-2052", places)


@pytest.mark.parametrize(
    "data",
    [
        b"<Patient/>",
        b'<Patient xmlns="urn:other"/>',
        f"<Nobody {FHIR}/>".encode(),
        f"<patient {FHIR}/>".encode(),
        f"<HumanName {FHIR}/>".encode(),
        f"<Element {FHIR}/>".encode(),
    ],
)
def test_a_root_that_is_no_resource_is_refused(data: bytes) -> None:
    assert refused(data)[0] == "BA-2053"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "BA-2050"),
        (b"{}", "BA-2050"),
        (patient("")[:-1], "BA-2050"),
        (patient("") + b"x", "BA-2050"),
        (patient("") * 2, "BA-2050"),
        (patient("<active"), "BA-2050"),
        (patient("&unknown;"), "BA-2050"),
        (patient('<active value="true" value="false"/>'), "BA-2050"),
        (patient('<id value="&#0;"/>'), "BA-2050"),
        (patient("<x:active/>"), "BA-2050"),
        (patient("").decode().encode("utf-16"), "BA-0202"),
        (patient("").decode().encode("utf-16-be"), "BA-2050"),
        (patient("").decode().encode("utf-16-le"), "BA-2050"),
        ('<Patient xmlns="http://hl7.org/fhir"><id value="é"/></Patient>'.encode("latin-1"), "BA-0202"),
        (patient('<id value="a/b"/>'), "BA-0204"),
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes, code: str) -> None:
    assert refused(data)[0] == code


def test_the_bytes_are_utf_8_whatever_the_declaration_says() -> None:
    data = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + patient('<name><text value="Đỗ"/></name>')
    assert parse_xml(data).plain["name"] == [{"text": "Đỗ"}]


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE Patient [<!ENTITY a0 "ha">{BOMB}]>',
        '<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Patient SYSTEM "http://127.0.0.1:1/x.dtd">',
        "<!DOCTYPE Patient>",
        "<!-- > --><?x ?> \n<!DOCTYPE Patient>",
    ],
)
def test_a_doctype_is_refused_before_anything_of_it_is_read(doctype: str) -> None:
    for before in ("", '<?xml version="1.0"?>', "\ufeff"):
        data = (before + doctype).encode() + patient('<name><text value="&a11;"/></name>')
        assert refused(data)[0] == "BA-2051"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-7"])
def test_a_doctype_does_not_come_in_by_another_encoding(encoding: str) -> None:
    text = f'<!DOCTYPE Patient [<!ENTITY a "b">]><Patient {FHIR}><name><text value="&a;"/></name></Patient>'
    assert refused(text.encode(encoding))[0] in ("BA-0202", "BA-2050", "BA-2051")


def test_the_word_doctype_in_a_comment_is_none() -> None:
    assert read("<!-- <!DOCTYPE x> -->") == {}


def test_depth_is_bounded_as_in_json() -> None:
    def nested(levels: int) -> bytes:
        opening = '<extension url="u">' * levels
        return patient(opening + '<valueCode value="c"/>' + "</extension>" * levels)

    assert parse_xml(nested(31)).plain["extension"]
    assert refused(nested(32))[0] == "BA-2054"
    assert refused(nested(100_000))[0] == "BA-2054"
    assert refused(patient(f"<text><div {XHTML}>" + "<p>" * 5_000 + "</p>" * 5_000 + "</div></text>"))[0] == "BA-2054"
    assert refused(patient("<x>" * 100_000 + "</x>" * 100_000)) == ("BA-2052", ["Patient.x"])


def test_a_huge_tree_of_nothing_costs_no_memory_and_its_faults_are_counted_to_a_hundred() -> None:
    data = patient("<x/>" * 500_000)
    tracemalloc.start()
    try:
        code, places = refused(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (code, len(places)) == ("BA-2052", 100)
    assert peak < 2 * len(data)


def test_size_is_bounded() -> None:
    with pytest.raises(Fault) as told:
        parse_xml(patient(" " * 1000), size_bytes_max=1000)
    assert told.value.code == "BA-0206"
