"""The query parser: type, parameters and values from one text."""

from __future__ import annotations

from tests.fuzz.messages import QUERIES
from tests.fuzz.targets import run

from benhan.fhir.search_query import parse_search


def target(data: bytes) -> None:
    words = data.decode("utf-8", "replace").split("\n")
    type_ = words[0] if words[0] in ("Patient", "Observation", "Encounter") else "Patient"
    pairs = list(zip(words[1::2], words[2::2], strict=False))
    query = parse_search(type_, pairs, lenient=True)
    assert len(query.applied) + len(query.ignored) == len(pairs)
    parse_search(type_, pairs)


if __name__ == "__main__":
    run(["benhan.fhir.search_query", "benhan.fhir.dates"], target, ["\n".join(each).encode() for each in QUERIES])
