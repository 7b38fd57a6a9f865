"""The synthetic country as FHIR R4 resources, as dictionaries; those referred to come first.

Decimals are `orjson.Fragment`s of the printed text, so that no digit is lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.facility import facility_resources
from benhan.synth.as_fhir.names import Json, Names
from benhan.synth.as_fhir.patient import person_resources
from benhan.synth.as_fhir.results import result_resources
from benhan.synth.as_fhir.treatment import treatment_resources
from benhan.synth.as_fhir.visit import visit_resources
from benhan.synth.life import Life
from benhan.synth.visit import Visit

__all__ = ["Json", "Names", "all_of_visit", "facility_resources", "life_resources"]


def life_resources(life: Life, names: Names) -> Iterator[Json]:
    """Everything that facilities hold of a person."""
    yield from person_resources(life, names)
    for visit in life.visits:
        yield from all_of_visit(visit, names)


def all_of_visit(visit: Visit, names: Names) -> Iterator[Json]:
    """What a visit leaves, the Encounter first."""
    yield from visit_resources(visit, names)
    yield from result_resources(visit, names)
    yield from treatment_resources(visit, names)
