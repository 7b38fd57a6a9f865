"""Any valid resource of any type is found valid, read without loss, indexed and kept within its bounds."""

from __future__ import annotations

import math
import random

import orjson
import pytest
from tests.fuzz.any_resource import any_resource

from benhan.fhir.dates import FIRST, LAST
from benhan.fhir.definitions import resource_types
from benhan.fhir.indexing import index_resource, values_at
from benhan.fhir.resource import parse_resource, to_bytes
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.validation import check_structure


@pytest.mark.parametrize("type_", sorted(resource_types()))
def test_any_valid_resource_is_read_checked_and_indexed(type_: str) -> None:
    for seed in range(6):
        chance = random.Random(f"{type_}-{seed}")
        data = orjson.dumps(any_resource(type_, chance))
        read = parse_resource(data)
        assert to_bytes(read.body) == data
        assert [(issue.place, issue.text.en) for issue in check_structure(read.plain)] == []
        indexed = index_resource(read.plain)
        assert all(each.key and math.isfinite(each.low) and each.low <= each.high for each in indexed.ranges)
        assert indexed.at is None or FIRST <= indexed.at[0] <= indexed.at[1]
        assert indexed.at is None or indexed.at[0] <= LAST
        assert indexed.quantity is None or math.isfinite(indexed.quantity)
        assert len(set(indexed.terms)) <= 20_000
        for parameter in parameters_of(type_).values():
            list(values_at(read.plain, parameter.leaves))
