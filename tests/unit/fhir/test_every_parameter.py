"""Every search parameter of R4 is compiled, and none takes the place of another."""

from __future__ import annotations

from collections import Counter

import orjson

from benhan.fhir.definitions import resource_types, table_lines
from benhan.fhir.search_names import not_compared
from benhan.fhir.search_parameters import parameters_of

NOT_COMPARED = {
    "Age": "an age is no date; of onset[x] the dates and periods are found",
    "Range": "a range of ages is no date",
    "string": "words about a time are no date",
    "SampledData": "a series has no one value",
    "Attachment": "an attachment is no reference; the other types of Consent.source are found",
}


def test_every_parameter_of_every_type_is_compiled_or_named() -> None:
    missing, told, seen = set(), set(), set()
    for line in table_lines("search_parameters.jsonl"):
        record = orjson.loads(line)
        bases = record["base"]
        if bases[0] in ("Resource", "DomainResource"):
            bases = sorted(resource_types())
        for type_ in bases:
            parameter = parameters_of(type_).get(record["code"])
            if parameter is None:
                missing.add((type_, record["code"]))
                continue
            seen.add(record["url"])
            told |= {leaf.type for leaf in not_compared(parameter)}
            for component in parameter.components:
                assert all(component.leaves), (type_, record["code"])
            assert 0 <= parameter.bit < 63
    assert not missing
    assert told == set(NOT_COMPARED)
    assert len(seen) > 1_380


def test_no_two_parameters_have_one_name() -> None:
    """HL7's package holds examples of SearchParameters, one of them another `Condition.subject`."""
    records = [orjson.loads(line) for line in table_lines("search_parameters.jsonl")]
    names = Counter((base, record["code"]) for record in records for base in record["base"])
    assert not [name for name, count in names.items() if count > 1]


def test_the_subject_of_a_condition_may_be_a_patient() -> None:
    assert set(parameters_of("Condition")["subject"].target_types) == {"Patient", "Group"}
