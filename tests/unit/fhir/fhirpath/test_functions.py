"""What each chapter says beyond HL7's own cases: edges, open questions of dates and quantities, FHIR's functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from benhan.fhir.fhirpath import Element, Expression, Services, compile_path, element_of, system
from benhan.fhir.resource import parse_json
from benhan.kernel.faults import Fault

RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1974-12"}],
    "subject": {"reference": "#p"},
    "performer": [
        {"reference": "Practitioner/7/_history/2"},
        {"reference": "http://x/fhir/Organization/8"},
        {"display": "?"},
    ],
    "effectiveDateTime": "2026-01-05T10:00:00+07:00",
    "valueQuantity": {"value": 6.5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    "referenceRange": [
        {"low": {"value": 4, "unit": "viên"}, "high": {"value": 6, "unit": "viên"}},
        {"low": {"value": 4, "unit": "viên"}, "high": {"value": 6, "unit": "gói"}},
    ],
    "_status": {"extension": [{"url": "urn:why", "valueCode": "unknown"}]},
    "note": [{"text": "a"}, {"_text": {"id": "n"}}],
}

GIVES: dict[str, list[str]] = {
    # existence, filtering, subsetting, combining
    "note.all(text.exists())": ["True"],
    "{}.all(false)": ["True"],
    "note.text.count()": ["2"],
    "note.text.where($this = 'a')": ["a"],
    "(1 | 2 | 3).where($index > 0)": ["2", "3"],
    "(true | false).anyTrue()": ["True"],
    "(true | false).allFalse()": ["False"],
    "(true | false).anyFalse()": ["True"],
    "{}.allTrue()": ["True"],
    "(1 | 2).last()": ["2"],
    "(1 | 2)[5]": [],
    "(1 | 2).skip(-1)": ["1", "2"],
    "(1 | true | 1.0)": ["1", "True"],
    "('a' | @2026 | @2026T).count()": ["2"],
    "1 in {}": ["False"],
    "{} in (1 | 2)": [],
    "(1 | 2) contains {}": [],
    "(1 | 2 | 3 | 4).aggregate($total + $this, 0)": ["10"],
    "(1 | 2).aggregate($total + $this)": [],
    # types
    "value is Quantity": ["True"],
    "value is FHIR.Quantity": ["True"],
    "effective is dateTime": ["True"],
    "effective is System.DateTime": ["False"],
    "contained is Resource": ["True"],
    "contained is DomainResource": ["True"],
    "contained.ofType(Patient).birthDate": ["1974-12"],
    "referenceRange.first() is BackboneElement": ["True"],
    "referenceRange.first().type().name": ["BackboneElement"],
    "value.type().namespace & '.' & value.type().name": ["FHIR.Quantity"],
    "@2026.type().name": ["Date"],
    "4 days is Quantity": ["True"],
    "value.ofType(string)": [],
    # conversions
    "'yes'.toBoolean()": ["True"],
    "2.0.toBoolean()": [],
    "'+5'.toInteger()": ["5"],
    "'99999999999'.toInteger()": [],
    "'1e5'.toDecimal()": [],
    "'2026-01-05T10:00:00Z'.toDate()": ["2026-01-05"],
    "'2026-02-30'.toDate()": [],
    "@2026-01-05.toDateTime()": ["2026-01-05"],
    "'T10:30'.toTime()": ["10:30"],
    "'4 days'.toQuantity('day')": ["4 days"],
    "'4 days'.toQuantity('g')": [],
    "'5 \\'mg\\''.toQuantity()": ["5 'mg'"],
    "value.toString()": ["6.5 'mmol/L'"],
    "true.toString()": ["true"],
    "name.toString()": [],
    # strings
    "'Nguyễn'.lastIndexOf('n')": ["5"],
    "'abc'.substring(1, 0)": [""],
    "'abc'.substring(1, -1)": [""],
    "'a,b'.split(',').join('-')": ["a-b"],
    "'x'.encode('rot13')": [],
    "'zz'.decode('hex')": [],
    "'é'.encode('hex')": ["c3a9"],
    "'/w=='.decode('base64')": [],
    "'<a>'.escape('html').unescape('html')": ["<a>"],
    "'a\\nb'.escape('json')": ["a\\nb"],
    "'\\u0048u\\u1ebf'": ["Huế"],
    "'\\ud83d\\ude00'.length()": ["1"],
    "'abc'.toChars().count()": ["3"],
    # numbers
    "7 div 2 + 7 mod 2": ["4"],
    "(-7) div 2": ["-3"],
    "(-7) mod 2": ["-1"],
    "0.1 + 0.2": ["0.3"],
    "1 / 3": ["0.3333333333333333333333333333"],
    "1.50 * 2": ["3.00"],
    "2.5.round()": ["3"],
    "(-2.5).round()": ["-3"],
    "10.log(0)": [],
    "0.ln()": [],
    "(-8).sqrt()": [],
    "2.power(0.5).round(4)": ["1.4142"],
    "1.7.truncate()": ["1"],
    "5.abs()": ["5"],
    # dates
    "@2026-01-31 + 1 month": ["2026-02-28"],
    "@2024-02-29 + 1 year": ["2025-02-28"],
    "@2026 + 24 months": ["2028"],
    "@2026 + 23 months": ["2027"],
    "@2026-01 + 45 days": ["2026-02"],
    "@2026-01-05 + 36 hours": ["2026-01-06"],
    "@2026-01-05T23:30:00 + 45 minutes": ["2026-01-06T00:15:00"],
    "@2026-01-05T10:00:00.500 - 1 second": ["2026-01-05T09:59:59.500"],
    "@T23:30 + 45 minutes": ["00:15"],
    "@T00:10:00 - 15 minutes": ["23:55:00"],
    "@2026-01 = @2026-01-05": [],
    "@2026-01 < @2026-02-05": ["True"],
    "@2026-01-05T10:00:00+07:00 = @2026-01-05T03:00:00Z": ["True"],
    "@2026-01-05T10:00:00Z < @2026-01-08T10:00:00": ["True"],
    "@2026-01-05T10:00:00Z < @2026-01-05T20:00:00": [],
    "@2026-01-05T10 = @2026-01-05T10:00": [],
    "@T10:30:00.0 = @T10:30:00": ["True"],
    "@2026-01-05 ~ @2026-01-05T10:00": ["False"],
    "effective > @2026-01-05T02:00:00Z": ["True"],
    "contained.birthDate < @1975": ["True"],
    "contained.birthDate = @1974-12-25": [],
    "now() = now()": ["True"],
    "now()": ["2026-01-05T17:00:00.000+07:00"],
    "today()": ["2026-01-05"],
    "timeOfDay()": ["17:00:00.000"],
    # quantities
    "1 'kg' > 999 'g'": ["True"],
    "1 'kg' = 1000 'g'": ["True"],
    "37 'Cel' = 310.15 'K'": ["True"],
    "1 'kg' > 1 'm'": [],
    "1 year = 12 months": ["True"],
    "1 year = 1 'a'": [],
    "1 year ~ 1 'a'": ["True"],
    "1 year > 1 'a'": [],
    "24 hours = 1 'd'": ["True"],
    "1 'm' + 50 'cm'": ["1.5 'm'"],
    "1 'm' + 1 'g'": [],
    "3 'm' * 2": ["6 'm'"],
    "10 'g' / 4": ["2.5 'g'"],
    "1 'g' / 0": [],
    "-(5 'mg')": ["-5 'mg'"],
    "value > 6 'mmol/L'": ["True"],
    "value < 7000 'umol/L'": ["True"],
    "referenceRange[0].low < referenceRange[0].high": ["True"],
    "referenceRange[1].low < referenceRange[1].high": [],
    "1 'mg' = 1 'mg' and 1 = 1 '1'": ["True"],
    # boundaries
    "@2026-02.highBoundary()": ["2026-02-28"],
    "@2026.lowBoundary()": ["2026-01-01"],
    "@2026-01-05T10:00:00.5Z.highBoundary()": ["2026-01-05T10:00:00.599Z"],
    "1.5.lowBoundary(40)": [],
    "contained.birthDate.lowBoundary()": ["1974-12-01"],
    # FHIR's own
    "status.hasValue()": ["False"],
    "status.exists()": ["True"],
    "status.extension('urn:why').value": ["unknown"],
    "status.hasExtension('urn:why')": ["True"],
    "status.getValue()": [],
    "note[0].text.getValue()": ["a"],
    "note[1].text.id": ["n"],
    "subject.resolve().birthDate": ["1974-12"],
    "subject.resolve() is Patient": ["True"],
    "performer.resolve().id": ["7", "8"],
    "performer.where(resolve() is Organization).reference": ["http://x/fhir/Organization/8"],
    "getResourceKey()": ["Observation/o1"],
    "performer.getReferenceKey()": ["Practitioner/7", "Organization/8"],
    "performer.getReferenceKey(Organization)": ["Organization/8"],
    "conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')": ["True"],
    "'<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>'.htmlChecks()": ["True"],
    '\'<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a</p></div>\'.htmlChecks()': ["False"],
    "'<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>a</script></div>'.htmlChecks()": ["False"],
    '\'<div xmlns="http://www.w3.org/1999/xhtml"><a href="JavaScript:x">a</a></div>\'.htmlChecks()': ["False"],
    "'<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>'.htmlChecks()": ["False"],
    "'<div>a</div>'.htmlChecks()": ["False"],
    '\'<!DOCTYPE x [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>\'.htmlChecks()': ["False"],
    "'<div'.htmlChecks()": ["False"],
    # variables
    "%resource.id & %rootResource.id & %context.id": ["o1o1o1"],
    "%mine + 1": ["3"],
    "%`ext-x`": ["http://hl7.org/fhir/StructureDefinition/x"],
    '%"vs-x"': ["http://hl7.org/fhir/ValueSet/x"],
    "%many.count()": ["2"],
}


class AtFive:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 10, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return 0.0


@pytest.mark.parametrize("text", GIVES)
def test_an_expression_gives(text: str) -> None:
    found = compile_path(text).evaluate(
        RESOURCE, variables={"mine": 2, "many": [1, 2]}, services=Services(clock=AtFive())
    )
    assert [str(system(item)) for item in found] == GIVES[text]


def test_services_are_asked_with_json_and_may_not_know() -> None:
    asked = list[Any]()

    def told(*question: Any) -> bool | None:
        asked.append(question)
        return None if question[-1] == "urn:unknown" else True

    services = Services(
        member_of=told,
        conforms_to=told,
        subsumes=told,
        resolve=lambda reference: {"resourceType": "Basic", "id": reference},
    )
    value = compile_path("value.code.memberOf(%url)")
    assert value.evaluate(RESOURCE, services=services, variables={"url": "urn:v"}) == [True]
    assert value.evaluate(RESOURCE, services=services, variables={"url": "urn:unknown"}) == []
    assert compile_path("conformsTo('urn:p')").evaluate(RESOURCE, services=services) == [True]
    assert compile_path("value.code.subsumes('x')").evaluate(RESOURCE, services=services) == [True]
    assert compile_path("'x'.subsumedBy(value.code)").evaluate(RESOURCE, services=services) == [True]
    assert asked == [
        ("mmol/L", "urn:v"),
        ("mmol/L", "urn:unknown"),
        (RESOURCE, "urn:p"),
        ("mmol/L", "x"),
        ("mmol/L", "x"),
    ]
    (found,) = compile_path("performer[0].resolve()").evaluate(RESOURCE, services=services)
    assert found.value["id"] == "Practitioner/7/_history/2"


def test_references_of_a_bundle_are_found_in_it() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:2"}},
            },
            {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Patient", "gender": "female"}},
        ],
    }
    found = compile_path("entry[0].resource.subject.resolve().gender").evaluate(bundle)
    assert [item.value for item in found] == ["female"]
    assert [item.type.name for item in found] == ["code"]


def test_the_tracer_hears_numbers_and_no_content() -> None:
    heard = list[tuple[str, int]]()
    services = Services(trace=lambda name, count: heard.append((name, count)))
    compile_path("note.trace('notes').text.trace('texts', length())").evaluate(RESOURCE, services=services)
    assert heard == [("notes", 2), ("texts", 1)]


def test_digits_are_exact_where_the_exact_body_is_read() -> None:
    body, plain = parse_json(b'{"resourceType":"Observation","valueQuantity":{"value":1.50000000000000000001}}')
    assert [str(each) for each in compile_path("value.value + 0").evaluate(body)] == ["1.50000000000000000001"]
    assert [str(each) for each in compile_path("value.value + 0").evaluate(plain)] == ["1.5"]
    assert compile_path("value.value.precision()").evaluate(body) == [20]
    assert isinstance(body["valueQuantity"]["value"], orjson.Fragment)


def test_an_element_shows_its_type_and_never_its_content() -> None:
    assert repr(element_of({"resourceType": "Patient", "id": "x"})) == "Element(Patient)"
    assert repr(compile_path("name")) == "Expression('name')"


def test_an_expression_is_compiled_once() -> None:
    assert compile_path("Patient.name") is compile_path("Patient.name")
    long = "Patient.name" + " " * 3000
    assert compile_path(long) is not compile_path(long)


def test_holds_is_true_false_or_without_an_answer() -> None:
    assert compile_path("status = 'final'").holds(element_of({"resourceType": "Observation"})) is None
    assert compile_path("note.exists()").holds(RESOURCE) is True
    assert compile_path("note.empty()").holds([element_of(RESOURCE)]) is False
    with pytest.raises(Fault, match="BA-2010"):
        compile_path("note").holds(element_of(RESOURCE))
    assert compile_path("$this = 'a'").holds(Element("a", element_of("a", "string").type)) is True


def test_the_result_may_be_changed_by_who_asked() -> None:
    expression: Expression = compile_path("1 | 2")
    expression.evaluate({}).clear()
    constant = compile_path("'a'")
    constant.evaluate({}).clear()
    assert [constant.evaluate({}), expression.evaluate({})] == [["a"], [1, 2]]
