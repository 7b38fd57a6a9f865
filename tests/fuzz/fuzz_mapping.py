"""Messages to resources: what is mapped can be written and checked."""

from __future__ import annotations

from tests.fuzz.messages import ADT, ORM, ORU
from tests.fuzz.targets import run

from benhan.fhir.resource import resource_of
from benhan.fhir.validation import check_structure
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir


def target(data: bytes) -> None:
    for each in message_to_fhir(parse_er7(data), Context("01901")).resources:
        check_structure(resource_of({**each.resource, "id": "x"}).plain)


if __name__ == "__main__":
    run(
        [
            "benhan.mapping.obx_to_observation",
            "benhan.mapping.v2_patient",
            "benhan.mapping.adt_to_fhir",
            "benhan.mapping.orm_o01_to_fhir",
        ],
        target,
        [ADT, ORM, ORU],
    )
