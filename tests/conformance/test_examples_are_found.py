"""Every example resource of HL7's R4 package is found by every search parameter that has a value in it.

The values are taken out by our FHIRPath engine from the expression of each SearchParameter, which is another way than
the index' own; each becomes a query as a client would write it, and the resource must satisfy it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.conformance.test_fhir_examples import NOT_FHIR, SIZE_BYTES_MAX, examples

from benhan.fhir.fhirpath import Element, compile_path, element_of
from benhan.fhir.folding import words
from benhan.fhir.indexing import patient_of
from benhan.fhir.resource import ParsedResource, parse_resource, tail_bytes
from benhan.fhir.search_names import VALUE_CHARACTERS_MAX
from benhan.fhir.search_parameters import R4, SearchParameter, _records, split_union
from benhan.fhir.search_query import parse_search
from benhan.fhir.validation import check_structure
from benhan.kernel.faults import Incorrect
from benhan.kernel.ids import SystemRandom
from benhan.store.ids import Ids
from benhan.store.search.compiler import Compiler
from benhan.store.search.expressions import Asking, Candidate, holds, linked_in
from benhan.store.unit_of_work import Stored

Json = dict[str, Any]
NOW = datetime(2026, 1, 5, tzinfo=UTC)
VALUES_PER_PARAMETER, WORDS_MOST, DIGITS_MOST = 4, 30, 12
NOT_BY_VALUE = frozenset({"_id", "_lastUpdated", "deceased", "near", "phonetic"})
"""What is asked of the row, computed, or taken otherwise; tests of their own look at them."""


def escaped(text: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", text)


def queries(kind: str, value: Any, type_: str) -> Iterator[str]:
    """What a client may write to find an element with this value."""
    if kind == "token":
        yield from _tokens(value, type_)
    elif kind == "string":
        yield from _strings(value, type_)
    elif kind == "reference":
        text = value.get("reference", "") if isinstance(value, dict) else str(value)
        if text and not text.startswith("#") and ("/" in text or ":" in text):
            yield escaped(text)
    elif kind == "uri" and isinstance(value, str):
        yield escaped(value)
    elif kind == "date" and type_ != "string":
        yield from _dates(value)
    elif kind == "number" and isinstance(value, int | float) and not isinstance(value, bool) and _is_usual(value):
        yield str(value)
    elif kind == "quantity" and isinstance(value, dict) and "value" in value and _is_usual(value["value"]):
        yield str(value["value"])


def _is_usual(number: float) -> bool:
    """Whether a number is one that a double holds with room for half a unit of its last digit."""
    return "e" not in str(number) and len(str(number)) <= DIGITS_MOST


def _tokens(value: Any, type_: str) -> Iterator[str]:
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, str):
        yield escaped(value)
    elif type_ == "CodeableConcept":
        for coding in value.get("coding", ()):
            yield from _tokens(coding, "Coding")
    elif type_ == "Coding" and "code" in value:
        yield escaped(value["code"])
        yield f"{escaped(value.get('system', ''))}|{escaped(value['code'])}"
    elif type_ in ("Identifier", "ContactPoint") and "value" in value:
        yield escaped(value["value"])
        if type_ == "Identifier":
            yield f"{escaped(value.get('system', ''))}|{escaped(value['value'])}"


def _strings(value: Any, type_: str) -> Iterator[str]:
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, dict) and type_ in ("HumanName", "Address"):
        for name in ("text", "family", "given", "line", "city", "country"):
            found = value.get(name, [])
            texts += found if isinstance(found, list) else [found]
    for text in texts:
        if text and len(words(text)) in range(1, WORDS_MOST):
            yield escaped(text)


def _dates(value: Any) -> Iterator[str]:
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, dict):
        if "start" in value and "end" in value:
            yield f"ge{value['start']}"
            yield f"le{value['end']}"
        return
    yield from texts


def branches(expression: str, type_: str) -> Iterator[tuple[str, str]]:
    """The parts of an expression that begin at `type_`, each with the type that its references are narrowed to."""
    for branch in split_union(expression):
        narrowed = re.search(r"\.where\(resolve\(\) is (\w+)\)", branch)
        text = branch.replace(narrowed[0], "") if narrowed is not None else branch
        if re.match(rf"\(*(?:{type_}|Resource|DomainResource)\b", text):
            yield text, narrowed[1] if narrowed is not None else ""


def is_meant(reference: str, narrowed: str, parameter: SearchParameter) -> bool:
    """Whether a parameter looks at a reference: one of a type that it may point to."""
    match = re.search(r"(?:^|/)([A-Z][A-Za-z]+)/[^/]+(?:/_history/[^/]+)?$", reference)
    if match is None:
        return not narrowed
    return match[1] == narrowed if narrowed else not parameter.target_types or match[1] in parameter.target_types


def asked_of(resource: ParsedResource) -> Iterator[tuple[str, str]]:
    """Parameter and value of every query that must find a resource."""
    known = R4.parameters_of(resource.type)
    whole = element_of(resource.plain)
    for record in (*_records()[resource.type], *_records()["DomainResource"], *_records()["Resource"]):
        parameter = known.get(record["code"])
        if parameter is None or parameter.url != record["url"] or parameter.code in NOT_BY_VALUE:
            continue
        if parameter.type in ("composite", "special"):
            continue
        found: dict[str, None] = {}
        for text, target in branches(record["expression"], resource.type):
            for item in compile_path(text).evaluate(whole):
                if isinstance(item, Element) and item.value is not None:
                    for query in queries(parameter.type, item.value, item.type.name):
                        if parameter.type != "reference" or is_meant(query, target, parameter):
                            found[query] = None
        for query in [each for each in found if len(each) <= VALUE_CHARACTERS_MAX][:VALUES_PER_PARAMETER]:
            yield parameter.code, query


def is_found(compiler: Compiler, candidate: Candidate, type_: str, code: str, value: str) -> bool:
    try:
        [wanted] = parse_search(type_, [(code, value)]).criteria
    except Incorrect:
        return False
    expression = compiler.expression(wanted, type_)
    assert not linked_in(expression)
    return holds(expression, candidate, {})


@pytest.mark.slow
def test_every_example_is_found_by_every_parameter_that_has_a_value_in_it() -> None:
    ids = Ids(bytes(32), SystemRandom())
    compiler = Compiler(R4, ids, Asking(NOW))
    missed, asked = [], Counter[str]()
    for path in examples():
        data = path.read_bytes()
        if path.name in NOT_FHIR:
            continue
        resource = parse_resource(data, size_bytes_max=SIZE_BYTES_MAX)
        if resource.id is None or check_structure(resource.plain):
            continue
        lives_with = patient_of(resource.plain) or ""
        patient = ids.rid_of("Patient", lives_with[8:]) if lives_with.startswith("Patient/") else 0
        rid = ids.rid_of(resource.type, resource.id)
        tail = tail_bytes(resource.body)
        stored = Stored(
            resource.type, resource.id, rid, 1, NOW, deleted=False, created=True, patient=patient, tail=tail
        )
        candidate = Candidate(stored, R4)
        for code, value in asked_of(resource):
            asked[f"{resource.type}.{code}"] += 1
            if not is_found(compiler, candidate, resource.type, code, value):
                missed.append(f"{path.name}: {code}={value}")
    assert missed == []
    assert len(asked) > 1_200, len(asked)
    assert asked.total() > 65_000, asked.total()
