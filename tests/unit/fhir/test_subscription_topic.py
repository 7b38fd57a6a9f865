"""What is an event by a SubscriptionTopic, by what was there before and what is there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from benhan.fhir.search_parameters import R4
from benhan.fhir.subscription_topic import EXTENSION, Pairs, Topic, Version
from benhan.fhir.subscription_topic_reading import read_topic

Json = dict[str, Any]


def extensions(name: str, value: Any) -> list[Json]:
    """Extensions of R5's elements: a list is one extension each, a dictionary nests."""
    if isinstance(value, list):
        return [each for one in value for each in extensions(name, one)]
    if isinstance(value, dict):
        return [{"url": name, "extension": [each for key, one in value.items() for each in extensions(key, one)]}]
    return [{"url": name, "valueBoolean" if isinstance(value, bool) else "valueString": value}]


def topic_of(trigger: Json) -> Topic:
    told = {"url": "urn:x:y", "status": "active", "resourceTrigger": {"resource": "Encounter", **trigger}}
    basic = {"extension": [each for name, value in told.items() for each in extensions(f"{EXTENSION}{name}", value)]}
    topic, issues = read_topic(basic, R4)
    assert topic is not None, issues
    return topic


@dataclass
class Stay:
    resource: Json


def meets(pairs: Pairs, version: Version) -> bool:
    """Searches of `status` alone."""
    [(name, value)] = pairs
    return (version.resource["status"] == value) is (name == "status")


IN, OUT = (Stay({"resourceType": "Encounter", "status": each}) for each in ("in-progress", "finished"))
LIFE = (("create", None, IN), ("update", IN, OUT), ("update", OUT, OUT), ("delete", OUT, None))
"""A stay begins, is finished, changed, deleted."""
PREVIOUS_ONLY = {"previous": "status=in-progress"}
EITHER = {"previous": "status=in-progress", "current": "status=finished", "requireBoth": False}


@pytest.mark.parametrize(
    ("trigger", "events"),
    [
        ({}, 4),
        ({"supportedInteraction": ["delete"]}, 1),
        ({"supportedInteraction": ["create"]}, 1),
        ({"queryCriteria": {"current": "status=in-progress"}}, 1),
        ({"queryCriteria": {"current": "Encounter?status=in-progress", "resultForDelete": "test-passes"}}, 2),
        ({"queryCriteria": PREVIOUS_ONLY}, 1),
        ({"queryCriteria": {**PREVIOUS_ONLY, "resultForCreate": "test-passes"}}, 2),
        ({"queryCriteria": EITHER}, 2),
        ({"queryCriteria": {**EITHER, "requireBoth": True}}, 1),
        ({"fhirPathCriteria": "%previous.empty()"}, 1),
        ({"fhirPathCriteria": "%current.empty()"}, 1),
        ({"fhirPathCriteria": "%previous.status = 'in-progress' and %current.status = 'finished'"}, 1),
        ({"fhirPathCriteria": "status = 'finished'"}, 3),
        ({"fhirPathCriteria": "{}"}, 0),
        ({"fhirPathCriteria": "%current.status = 'finished'", "queryCriteria": PREVIOUS_ONLY}, 1),
    ],
    ids=str,
)
def test_a_trigger_decides_by_what_was_there_before_and_what_is_there_now(trigger: Json, events: int) -> None:
    topic = topic_of(trigger)
    assert sum(topic.is_event("Encounter", *each, meets) for each in LIFE) == events


def test_nothing_of_another_type_is_an_event() -> None:
    assert not topic_of({}).is_event("Patient", "create", None, IN, meets)


def test_extensions_of_an_older_version_and_of_others_are_read_and_passed_over() -> None:
    older = EXTENSION.replace("/5.0/", "/4.3/")
    basic = {
        "modifierExtension": extensions(f"{EXTENSION}status", "active"),
        "extension": [
            *extensions(f"{older}url", "urn:x:y"),
            *extensions(f"{older}resourceTrigger", {f"{older}resourceTrigger.resource": "Encounter"}),
            *extensions("http://elsewhere.example/x", "y"),
        ],
    }
    topic, issues = read_topic(basic, R4)
    assert (topic is not None and topic.types, issues) == (("Encounter",), [])
