"""What an app's token does not grant is not there: by every way to read, write, count and include."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.faults import Forbidden, Incorrect, NotFound
from benhan.kernel.limits import EVERY_TYPE, Act, Rule
from benhan.store.access_rules import SHARED_TYPES, restrictions_of
from benhan.store.store import Store

ANYBODY = system("tests")
EVERYTHING = frozenset(Act)
READING = frozenset({Act.READ, Act.SEARCH})
LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
Json = dict[str, Any]


def app(*rules: Rule) -> Actor:
    return Actor("account:1", Role.DOCTOR, limits=rules, client="an-app")


def of_patient(patient: str, acts: frozenset[Act] = EVERYTHING, type_: str = EVERY_TYPE) -> Actor:
    return app(Rule(type_, acts, patient))


def observation(patient: str, category: str = "laboratory", **more: Any) -> Json:
    coding = {"system": LAB.partition("|")[0], "code": category}
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [coding]}],
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


async def write(store: Store, actor: Actor, resource: Json) -> str:
    unit = store.begin(actor)
    if "id" in resource:
        unit.update(resource_of(resource))
    else:
        unit.create(resource_of(resource))
    stored = (await store.commit(unit))[0]
    assert stored is not None
    return stored.id


async def remove(store: Store, actor: Actor, id_: str) -> None:
    unit = store.begin(actor)
    unit.delete("Observation", id_)
    await store.commit(unit)


@pytest.fixture
async def two(store: Store) -> tuple[str, str]:
    """Two patients: one's own, another."""
    own = await write(store, ANYBODY, {"resourceType": "Patient", "name": [{"family": "Own"}]})
    other = await write(store, ANYBODY, {"resourceType": "Patient", "name": [{"family": "Other"}]})
    return own, other


async def found(store: Store, actor: Actor, type_: str, *pairs: tuple[str, str]) -> list[str]:
    page = await store.search.search(parse_search(type_, [*pairs, ("_total", "accurate")]), actor)
    assert page.total == len(page.matches)
    return sorted(each.id for each in [*page.matches, *page.included])


async def test_a_search_counts_and_shows_the_own_compartment_only(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    mine = await write(store, ANYBODY, observation(own))
    theirs = await write(store, ANYBODY, observation(other))
    actor = of_patient(own, READING)
    assert await found(store, actor, "Observation") == [mine]
    assert await found(store, actor, "Observation", ("_id", f"{mine},{theirs}")) == [mine]
    assert await found(store, actor, "Observation", ("subject", f"Patient/{other}")) == []
    assert await found(store, actor, "Observation", ("subject", f"Patient/{other},Patient/{own}")) == [mine]
    assert await found(store, actor, "Patient") == [own]
    assert await found(store, actor, "Patient", ("_id", other)) == []


async def test_reads_of_another_patient_are_as_of_what_never_was(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other))
    actor = of_patient(own)
    for type_, id_ in (("Observation", theirs), ("Patient", other), ("Observation", "never"), ("Patient", "never")):
        told = set()
        for read in (
            store.resources.read(type_, id_, actor),
            store.resources.history(type_, id_, actor),
            store.resources.vread(type_, id_, 1, actor),
        ):
            with pytest.raises(NotFound, match="BA-0401") as caught:
                await read
            told.add(caught.value.text.en.replace(id_, "?"))
        assert len(told) == 1
    assert await store.resources.read_many([("Observation", theirs), ("Patient", own)], actor) != [None, None]
    assert (await store.resources.read_many([("Observation", theirs)], actor)) == [None]


async def test_a_deleted_resource_of_another_patient_is_not_gone_but_never_was(
    store: Store, two: tuple[str, str]
) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other))
    unit = store.begin(ANYBODY)
    unit.delete("Observation", theirs)
    await store.commit(unit)
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Observation", theirs, of_patient(own))


async def test_what_moved_to_another_patient_shows_only_the_versions_of_the_own(
    store: Store, two: tuple[str, str]
) -> None:
    own, other = two
    id_ = await write(store, ANYBODY, observation(own, id="moved"))
    await write(store, ANYBODY, observation(other, id="moved"))
    assert [each.version for each in await store.resources.history("Observation", id_, of_patient(own))] == [1]
    assert [each.version for each in await store.resources.history("Observation", id_, of_patient(other))] == [2]
    with pytest.raises(NotFound):
        await store.resources.read("Observation", id_, of_patient(own))


async def test_includes_bring_nothing_that_is_hidden(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other))
    mine = await write(store, ANYBODY, observation(own, hasMember=[{"reference": f"Observation/{theirs}"}]))
    includes = (("_include", "Observation:has-member"), ("_include", "Observation:subject"))
    assert await found(store, of_patient(own, READING), "Observation", *includes) == sorted([mine, own])
    only = app(Rule("Observation", READING, own))
    assert await found(store, only, "Observation", *includes) == [mine]


async def test_writes_reach_the_own_compartment_only(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other))
    actor = of_patient(own)
    mine = await write(store, actor, observation(own))
    await write(store, actor, observation(own, id=mine))
    with pytest.raises(Forbidden, match="BA-2300"):
        await write(store, actor, observation(other))
    with pytest.raises(Forbidden, match="BA-2300"):
        await write(store, actor, observation(other, id=mine))
    with pytest.raises(Forbidden, match="BA-2300"):
        await write(store, actor, {"resourceType": "Patient"})
    for id_ in (theirs, "never-was"):
        with pytest.raises(NotFound, match="BA-0401"):
            await write(store, actor, observation(own, id=id_))
    assert (await store.resources.read("Observation", theirs, ANYBODY)).version == 1


async def test_a_stale_version_of_what_is_hidden_is_told_as_of_nothing(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other, id="theirs"))
    told = []
    for id_ in (theirs, "nothing"):
        unit = store.begin(of_patient(own))
        unit.update(resource_of(observation(own, id=id_)), if_match=1)
        with pytest.raises(Exception, match="BA-0412") as caught:
            await store.commit(unit)
        told.append(str(caught.value).replace(id_, "?"))
    assert told[0] == told[1]


async def test_a_deletion_of_what_is_hidden_does_nothing_and_says_nothing(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    theirs = await write(store, ANYBODY, observation(other))
    mine = await write(store, ANYBODY, observation(own))
    answers = []
    for id_ in (theirs, "never-was", mine):
        unit = store.begin(of_patient(own))
        unit.delete("Observation", id_)
        answers.append((await store.commit(unit))[0] is not None)
    assert answers == [False, False, True]
    assert not (await store.resources.read("Observation", theirs, ANYBODY)).deleted


@pytest.mark.parametrize("act", Act)
async def test_an_act_that_is_not_granted_is_refused(store: Store, two: tuple[str, str], act: Act) -> None:
    own, _ = two
    mine = await write(store, ANYBODY, observation(own))
    actor = app(Rule("Observation", EVERYTHING - {act}, own), Rule("Condition", EVERYTHING))
    acts = {
        Act.CREATE: lambda: write(store, actor, observation(own)),
        Act.READ: lambda: store.resources.read("Observation", mine, actor),
        Act.UPDATE: lambda: write(store, actor, observation(own, id=mine)),
        Act.DELETE: lambda: remove(store, actor, mine),
        Act.SEARCH: lambda: found(store, actor, "Observation"),
    }
    for each, do in acts.items():
        if each is not act:
            await do()
            mine = await write(store, ANYBODY, observation(own))
    with pytest.raises(Forbidden, match=f"BA-2300.*act {act.value} "):
        await acts[act]()


async def test_a_narrowed_rule_shows_only_what_satisfies_it(store: Store, two: tuple[str, str]) -> None:
    own, other = two
    lab = await write(store, ANYBODY, observation(own))
    vital = await write(store, ANYBODY, observation(own, "vital-signs"))
    await write(store, ANYBODY, observation(other))
    narrowed = app(Rule("Observation", READING, own, (("category", LAB),)))
    assert await found(store, narrowed, "Observation") == [lab]
    assert await found(store, narrowed, "Observation", ("_id", vital)) == []
    assert (await store.resources.read("Observation", lab, narrowed)).id == lab
    for read in (
        store.resources.read("Observation", vital, narrowed),
        store.resources.history("Observation", vital, narrowed),
    ):
        with pytest.raises(NotFound, match="BA-0401"):
            await read
    without = app(Rule("Observation", READING, own, (("category:not", LAB),)))
    assert await found(store, without, "Observation") == [vital]
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Observation", lab, without)
    either = app(
        Rule("Observation", READING, own, (("category", "vital-signs"),)),
        Rule("Observation", READING, other, (("category", LAB),)),
    )
    assert len(await found(store, either, "Observation")) == 2


async def test_a_version_that_did_not_satisfy_a_narrowed_rule_stays_hidden(store: Store, two: tuple[str, str]) -> None:
    own, _ = two
    await write(store, ANYBODY, observation(own, "vital-signs", id="changed"))
    await write(store, ANYBODY, observation(own, "laboratory", id="changed"))
    narrowed = app(Rule("Observation", READING, own, (("category", LAB),)))
    assert [each.version for each in await store.resources.history("Observation", "changed", narrowed)] == [2]
    with pytest.raises(NotFound):
        await store.resources.vread("Observation", "changed", 1, narrowed)


async def test_a_narrowed_rule_lets_write_nothing_that_is_there(store: Store, two: tuple[str, str]) -> None:
    own, _ = two
    await write(store, ANYBODY, observation(own, "vital-signs", id="there"))
    actor = app(Rule("Observation", EVERYTHING, own, (("category", LAB),)))
    with pytest.raises(Forbidden, match="BA-2300"):
        await write(store, actor, observation(own, id="there"))
    with pytest.raises(Forbidden, match="BA-2300"):
        store.begin(actor).delete("Observation", "there")


async def test_what_tells_of_no_patient_may_be_read_and_not_written(store: Store, two: tuple[str, str]) -> None:
    own, _ = two
    practitioner = await write(store, ANYBODY, {"resourceType": "Practitioner"})
    actor = of_patient(own)
    assert (await store.resources.read("Practitioner", practitioner, actor)).id == practitioner
    assert practitioner in await found(store, actor, "Practitioner", ("_id", practitioner))
    for act in (Act.CREATE, Act.UPDATE, Act.DELETE):
        with pytest.raises(Forbidden):
            store.workshop.rules.rules_for(actor, "Practitioner", act)


async def test_what_has_no_patient_though_its_type_could_is_hidden(store: Store, two: tuple[str, str]) -> None:
    own, _ = two
    basic = await write(store, ANYBODY, {"resourceType": "Basic", "code": {"text": "x"}})
    device = await write(store, ANYBODY, {"resourceType": "Device"})
    actor = of_patient(own)
    for type_, id_ in (("Basic", basic), ("Device", device)):
        assert await found(store, actor, type_) == []
        with pytest.raises(NotFound):
            await store.resources.read(type_, id_, actor)


def test_shared_types_are_in_no_compartment() -> None:
    assert (
        SHARED_TYPES & (PATIENT_ELEMENTS.keys() | {"Patient", "Person", "Group", "AuditEvent", "Provenance", "Binary"})
        == set()
    )


async def test_without_limits_nothing_is_hidden(store: Store, two: tuple[str, str]) -> None:
    machine = Actor("machine:x", Role.MACHINE)
    assert sorted(two) == await found(store, machine, "Patient")
    nothing = app()
    with pytest.raises(Forbidden):
        await found(store, nothing, "Patient")


@pytest.mark.parametrize(
    "criteria",
    [
        (("date", "2026"),),
        (("code:in", "x"),),
        (("code", "http://loinc.org|"),),
        (("identifier", "urn:a|1"),),
        (("_id", "x"),),
        (("_lastUpdated", "2026"),),
        (("_count", "5"),),
        (("nonsense", "x"),),
        (("subject:Patient.name", "x"),),
        (("_include", "Observation:subject"),),
    ],
)
def test_a_restriction_that_tokens_cannot_decide_is_refused(criteria: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Incorrect, match=r"BA-2301|BA-0220"):
        restrictions_of("Observation", criteria)


async def test_the_ledger_names_the_app(store: Store, two: tuple[str, str]) -> None:
    own, _ = two
    await store.resources.read("Patient", own, of_patient(own))
    detail = await store.database.fetchval(
        "select detail from ledger_waiting where bucket >= 0 and actor = 'account:1' order by id desc limit 1"
    )
    assert detail == '{"client":"an-app"}'
