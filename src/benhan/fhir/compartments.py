"""The compartments of R4: by which reference parameters a resource belongs to a patient, encounter, practitioner, …

Source: FHIR R4 compartmentdefinition.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import orjson

from benhan.fhir.definitions import table_lines


@cache
def compartments() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """For each compartment its types, and the parameters that put a resource of the type into it."""
    records = [orjson.loads(line) for line in table_lines("compartments.jsonl")]
    return {
        record["compartment"]: {type_: tuple(codes) for type_, codes in record["members"].items()} for record in records
    }


def member_types(compartment: str) -> list[str]:
    """The types with resources in a compartment; the resource that gives it its name is in it too."""
    return sorted({compartment, *compartments()[compartment]})
