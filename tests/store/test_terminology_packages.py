"""Terminology of loaded packages: used where the store has none of its own, before R4's; forgotten with its package."""

from __future__ import annotations

from typing import Any

from tests.store.writing import remove, save

from benhan.fhir.packages import Package
from benhan.store.conformance import Conformance
from benhan.store.store import Store

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
SYSTEM = "http://hl7.org/fhir/administrative-gender"


def value_set(*codes: str) -> dict[str, Any]:
    include = {"system": SYSTEM, "concept": [{"code": code} for code in codes]}
    return {"resourceType": "ValueSet", "url": GENDER, "status": "active", "compose": {"include": [include]}}


async def codes(store: Store) -> list[str]:
    return [each.concept.code for each in (await store.terminology.expand(GENDER)).members]


async def test_the_store_s_own_goes_before_a_package_and_that_before_r4(store: Store) -> None:
    assert len(await codes(store)) == 4
    package = Package("vn.example", "1.0.0", {("ValueSet", GENDER, ""): value_set("male", "female")})
    await Conformance(store.database, store.clock).load(package)
    assert await codes(store) == ["male", "female"]
    saved = await save(store, value_set("other"))
    assert await codes(store) == ["other"]
    await remove(store, "ValueSet", saved.id)
    assert await codes(store) == ["male", "female"]
