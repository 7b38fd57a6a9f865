"""Validation on one core: structure alone, and with profiles, invariants and bindings. Prints one JSON object.

Every resource claims R4's vital signs or its own type's rules; the mixture is that of `resources`.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from benhan.fhir.resource import parse_resource
from benhan.fhir.validation import check_structure
from benhan.fhir.validation.validator import Validator
from resources import resources

Json = dict[str, Any]
PEER_PER_S = 4_095
"""`fhir.resources` on a machine like this one."""
VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"


def per_second(act: Callable[[Json], object], sample: list[Json], seconds: float = 2.0) -> float:
    for each in sample:
        act(each)
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        for each in sample:
            act(each)
        done += len(sample)
    return done / (time.process_time() - start)


def with_profile(resource: Json, validator: Validator) -> object:
    return validator.validate(resource, [VITAL_SIGNS] if resource["resourceType"] == "Observation" else [])


def main() -> None:
    sample = [parse_resource(each).plain for each in islice(resources(), 2_000)]
    gc.freeze()
    gc.disable()
    validator = Validator()
    structure = per_second(check_structure, sample)
    whole = per_second(lambda each: with_profile(each, validator), sample)
    found = {
        "validate_structure_per_s": round(structure),
        "validate_structure_ratio": round(structure / PEER_PER_S, 1),
        "validate_per_s": round(whole),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
