"""The gate of writes: off, observe, warn and enforce, by profile and by sender."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.resource import resource_of
from benhan.fhir.validation.policy import Mode, parse_policy
from benhan.kernel.actors import system
from benhan.kernel.faults import Incorrect
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.store.validation.gate import Gate, tell

WEIGHT = "http://hl7.org/fhir/StructureDefinition/bodyweight"


async def written(store: Store, policy: str, sender: str = "tester") -> Stored:
    """An Observation that claims a profile and breaks it, written under a policy."""
    content: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "meta": {"profile": [WEIGHT]},
    }  # fmt: skip
    unit = store.begin(system(sender))
    unit.create(resource_of(content))
    told = await Gate(store.validation, parse_policy(policy)).check(unit)
    stored = await store.committer.commit(unit)
    tell(stored, told)
    assert stored[0] is not None
    return stored[0]


@pytest.mark.parametrize("policy", ["", "*=off", f"{WEIGHT}=observe", "http://another=enforce", "system:lis@*=enforce"])
async def test_what_is_not_asked_of_this_sender_is_not_told(api_store: Store, policy: str) -> None:
    assert (await written(api_store, policy)).notes == ()


@pytest.mark.parametrize(
    "policy", ["*=warn", f"{WEIGHT}=warn,*=enforce", f"system:tester@{WEIGHT}=warn {WEIGHT}=enforce"]
)
async def test_a_warning_is_told_and_the_resource_is_written(api_store: Store, policy: str) -> None:
    assert "Observation.subject" in [each.place for each in (await written(api_store, policy)).notes]


@pytest.mark.parametrize("policy", ["*=enforce", f"{WEIGHT}=enforce", "system:tester@*=enforce,*=off"])
async def test_what_is_enforced_is_refused_with_every_fault(api_store: Store, policy: str) -> None:
    with pytest.raises(Incorrect, match="BA-2200") as caught:
        await written(api_store, policy)
    assert "Observation.subject" in [each.place for each in caught.value.issues]


@pytest.mark.parametrize("text", ["x", "p=maybe", "@p=warn", "=warn", "ok=warn, x=y"])
def test_a_policy_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Incorrect, match="BA-2204"):
        parse_policy(text)


def test_a_version_of_a_profile_goes_by_the_profile() -> None:
    assert parse_policy("http://p=enforce").of_profile("a", "http://p|1.0") is Mode.ENFORCE
