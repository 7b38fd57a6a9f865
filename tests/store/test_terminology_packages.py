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


def supplement(url: str, display: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem", "url": url, "status": "active", "content": "supplement", "supplements": SYSTEM,
        "language": "vi", "concept": [{"code": "male", "display": display}], **more,
    }  # fmt: skip


async def words(store: Store) -> list[str]:
    """What supplements add to the code `male`."""
    _, concept, _ = await store.terminology.lookup(SYSTEM, "male")
    return sorted(each.value for each in concept.designations if each.language == "vi")


async def test_a_supplement_out_of_a_package_adds_its_words_until_the_store_has_its_own(store: Store) -> None:
    before = await words(store)
    there = [supplement("urn:x:nam", "Giới nam", version=each) for each in ("1", "2")]
    there[0]["concept"][0]["display"] = "Bản cũ"
    other = supplement("urn:x:khac", "Không phải", supplements=f"{SYSTEM}|0.1")
    package = Package("vn.example", "1.0.0", {("CodeSystem", each["url"], each.get("version", "")): each
                                              for each in (*there, other)})  # fmt: skip
    await Conformance(store.database, store.clock).load(package)
    assert await words(store) == sorted([*before, "Giới nam"])
    saved = await save(store, supplement("urn:x:nam", "Của bệnh viện"))
    assert await words(store) == sorted([*before, "Của bệnh viện"])
    await remove(store, "CodeSystem", saved.id)
    assert await words(store) == sorted([*before, "Giới nam"])
