"""The gate of writes: off, observe, warn and enforce, by profile and by sender."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.resource import resource_of
from benhan.fhir.validation.policy import Mode, parse_policy
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault, Incorrect
from benhan.store.faults import DATABASE_AWAY
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.store.validation.findings import UNKNOWN, Findings, Kind
from benhan.store.validation.gate import Gate, tell

WEIGHT = "http://hl7.org/fhir/StructureDefinition/bodyweight"


async def written(store: Store, policy: str, sender: str = "tester") -> Stored:
    """An Observation that claims a profile and breaks it, written under a policy."""
    content: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "meta": {"profile": [WEIGHT]},
    }  # fmt: skip
    unit = store.begin(system(sender))
    unit.create(resource_of(content))
    told = await Gate(store.validation, parse_policy(policy), store.findings, store.clock).check(unit)
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


async def test_what_is_observed_is_counted_by_sender_profile_type_and_mode(api_store: Store) -> None:
    await api_store.findings.flush()
    await api_store.findings.clear()
    for policy in ("*=observe", f"{WEIGHT}=observe", "*=warn"):
        await written(api_store, policy)
    with pytest.raises(Incorrect, match="BA-2200"):
        await written(api_store, "*=enforce", "other")
    await api_store.findings.flush()
    found = {each.kind: each for each in await api_store.findings.read()}
    assert set(found) == {
        Kind("system:tester", WEIGHT, "Observation", "observe"),
        Kind("system:tester", WEIGHT, "Observation", "warn"),
        Kind("system:other", WEIGHT, "Observation", "enforce"),
    }
    observed = found[Kind("system:tester", WEIGHT, "Observation", "observe")]
    assert observed.resources == 2
    assert observed.errors > 2
    assert observed.first_at <= observed.last_at
    assert await api_store.findings.totals() == {"observe": 2, "warn": 1, "enforce": 1}


async def test_counts_that_cannot_be_written_are_kept_for_the_next_time(
    api_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = Findings(api_store.database, api_store.clock)
    await findings.clear()
    kind = Kind("system:x", UNKNOWN, "Patient", "observe")
    findings.count(kind, 3)

    async def refuse(*_: object) -> str:
        raise DATABASE_AWAY()

    with monkeypatch.context() as broken:
        broken.setattr(type(api_store.database), "execute", refuse)
        with pytest.raises(Fault):
            await findings.flush()
    findings.count(kind, 1)
    await findings.flush()
    assert [(each.kind, each.resources, each.errors) for each in await findings.read()] == [(kind, 2, 4)]


def test_kinds_of_findings_that_wait_are_bounded(api_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benhan.store.validation.findings.KINDS_MAX", 2)
    findings = Findings(api_store.database, api_store.clock)
    for number in range(10):
        findings.count(Kind(f"system:{number}", "R4", "Patient", "observe"), 1)
    assert len(findings._counts) == 3
