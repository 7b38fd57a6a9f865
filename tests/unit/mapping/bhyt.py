"""Claims mapped to FHIR, and the record that a store would then give."""

from __future__ import annotations

import random
from typing import Any

from tests.unit.mapping.making import read_back

from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.mapping.mapped import Context, MappedMessage
from benhan.vn.bhyt.claim import Claim

Json = dict[str, Any]
FACILITY = "99001"


def mapped_claim(claim: Claim) -> MappedMessage:
    return bhyt_to_fhir(claim, Context(FACILITY))


def stored_record(mapped: MappedMessage) -> Record:
    """The record of the episode, its resources in no order."""
    patient, encounter, *rest = read_back(mapped.resources)
    random.Random(7).shuffle(rest)
    return Record(FACILITY, patient, encounter, rest)


def one(mapped: MappedMessage, type_: str, at: int = 0) -> Json:
    return [each.resource for each in mapped.resources if each.resource["resourceType"] == type_][at]
