"""Loaded packages: found by url and version, replaced whole, seen by every process."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.packages import Package
from benhan.kernel.clock import SystemClock
from benhan.store.conformance import Conformance
from benhan.store.database import Database

URL = "http://vn.example/StructureDefinition/p"
Json = dict[str, Any]


def profile(version: str, **more: Any) -> Json:
    return {"resourceType": "StructureDefinition", "url": URL, "version": version, **more}


def package(name: str, version: str, *resources: Json) -> Package:
    return Package(name, version, {(each["resourceType"], each["url"], each["version"]): each for each in resources})


async def test_a_resource_is_found_by_url_and_of_several_versions_the_highest(database: Database) -> None:
    store = Conformance(database, SystemClock())
    assert await store.find("StructureDefinition", URL) is None
    await store.load(package("a", "1", profile("1.9.0"), profile("1.10.0-ballot"), profile("1.10.0")))
    assert await store.find("StructureDefinition", URL) == profile("1.10.0")
    assert await store.find("StructureDefinition", URL, "1.9.0") == profile("1.9.0")
    assert await store.find("StructureDefinition", URL, "2.0.0") is None
    assert await store.find("ValueSet", URL) is None
    assert await store.urls("StructureDefinition") == [URL]


@pytest.mark.parametrize("version", ["1.²", "1." + "9" * 5000, "1.x"])
async def test_a_version_that_is_no_number_comes_before_those_that_are(database: Database, version: str) -> None:
    store = Conformance(database, SystemClock())
    await store.load(package("a", "1", profile(version), profile("1.1")))
    assert await store.find("StructureDefinition", URL) == profile("1.1")


async def test_loading_again_replaces_the_package_and_tells_every_process(database: Database) -> None:
    store = Conformance(database, SystemClock())
    await store.load(package("a", "1", profile("1", title="old"), profile("0", title="gone")))
    epoch = await store.epoch()
    assert await store.load(package("a", "1", profile("1", title="new"))) == 1
    assert await store.epoch() > epoch
    assert await store.find("StructureDefinition", URL) == profile("1", title="new")
    assert await store.find("StructureDefinition", URL, "0") is None
    assert [(each.name, each.version, each.resources) for each in await store.packages()] == [("a", "1", 1)]


async def test_a_package_of_thousands_of_resources_is_loaded_whole(database: Database) -> None:
    store = Conformance(database, SystemClock())
    many = [{**profile("1"), "url": f"{URL}/{number}"} for number in range(1_001)]
    assert await store.load(package("many", "1", *many)) == 1_001
    assert len(await store.urls("StructureDefinition")) == 1_001
