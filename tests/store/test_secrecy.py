"""What is marked as of special secrecy is in no answer to who has no right to it, by every way to read and write."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.test_access_rules import ANYBODY, observation, write

from benhan.fhir.indexing import index_resource
from benhan.fhir.search_parameters import R4, SearchRegistry
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role, outgoing
from benhan.kernel.faults import NotFound
from benhan.kernel.limits import EVERY_TYPE, Act, Rule
from benhan.kernel.permissions import Permission
from benhan.store.bulk_rows import Narrowing, bucket_ranges, moment_now, rows_of_buckets, rows_of_patients
from benhan.store.compartment import read_compartment
from benhan.store.everything import Wanted, read_page
from benhan.store.history import HistoryQuery
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.secrecy import LABELLED, Hides, hides
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some
from benhan.vn.secrecy.kinds import CONFIDENTIALITY, secrecy_kinds

Json = dict[str, Any]
DOCTOR = Actor("account:1", Role.DOCTOR, frozenset(Permission) - {Permission.SECRECY_VIEW})
TRUSTED = Actor("account:2", Role.DOCTOR, frozenset(Permission))
HIV = {"security": secrecy_kinds()["hiv"].security}


def citizen(patient: str) -> Actor:
    return Actor("account:3", Role.CITIZEN, frozenset({Permission.BOOK_READ}), patient=patient)


@pytest.fixture
async def own(store: Store) -> str:
    return await write(store, ANYBODY, {"resourceType": "Patient", "name": [{"family": "Own"}]})


@pytest.fixture
async def plain(store: Store, own: str) -> str:
    return await write(store, ANYBODY, observation(own))


@pytest.fixture
async def secret(store: Store, own: str) -> str:
    return await write(store, ANYBODY, observation(own, meta=HIV))


async def found(store: Store, actor: Actor, type_: str = "Observation", *pairs: tuple[str, str]) -> list[str]:
    page = await store.search.search(parse_search(type_, [*pairs, ("_total", "accurate")]), actor)
    assert page.total == len(page.matches)
    return sorted(each.id for each in [*page.matches, *page.included])


async def test_searches_neither_show_nor_count_nor_include_it(store: Store, own: str, plain: str, secret: str) -> None:
    assert await found(store, TRUSTED) == sorted([plain, secret])
    for pairs in ((), (("_id", f"{plain},{secret}"),), (("subject", f"Patient/{own}"),), (("code:text", "x"),)):
        assert await found(store, DOCTOR, "Observation", *pairs) == [plain]
    assert await found(store, DOCTOR, "Observation", ("_security", f"{HIV['security'][0]['system']}|HIV")) == []
    assert await found(store, DOCTOR, "Patient", ("_revinclude", "Observation:subject")) == sorted([own, plain])
    assert await found(store, DOCTOR, "Patient", ("_has:Observation:subject:_id", secret)) == []


async def test_reads_and_histories_are_as_of_what_never_was(store: Store, plain: str, secret: str) -> None:
    assert (await store.resources.read("Observation", secret, TRUSTED)).id == secret
    assert (await store.resources.read("Observation", plain, DOCTOR)).id == plain
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Observation", secret, DOCTOR)
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.vread("Observation", secret, 1, DOCTOR)
    assert await store.resources.read_many([("Observation", secret)], DOCTOR) == [None]
    page = await store.history.of_type("Observation", HistoryQuery(50), DOCTOR)
    assert [each.id for each in page.versions] == [plain]
    whole = await store.history.of_system(HistoryQuery(50), TRUSTED)
    assert secret in {each.id for each in whole.versions}


@pytest.mark.parametrize("is_swept", [False, True])
async def test_a_label_that_comes_later_hides_the_whole_history_and_one_that_went_the_versions_that_had_it(
    store: Store, own: str, *, is_swept: bool
) -> None:
    late = await write(store, ANYBODY, observation(own))
    await write(store, ANYBODY, observation(own, id=late, meta=HIV, note=[{"text": "2"}]))
    gone = await write(store, ANYBODY, observation(own, meta=HIV))
    await write(store, ANYBODY, observation(own, id=gone, note=[{"text": "2"}]))
    if is_swept:
        while await sweep_some(store.database, store.clock, 0.0):
            pass
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.history("Observation", late, DOCTOR)
    assert [each.version for each in await store.resources.history("Observation", gone, DOCTOR)] == [2]
    page = await store.history.of_type("Observation", HistoryQuery(50), DOCTOR)
    assert [(each.id, each.version) for each in page.versions] == [(gone, 2)]


async def test_the_deletion_of_it_is_not_told_either(store: Store, plain: str, secret: str) -> None:
    for each in (plain, secret):
        unit = store.begin(ANYBODY)
        unit.delete("Observation", each)
        await store.commit(unit)
    page = await store.history.of_type("Observation", HistoryQuery(50), DOCTOR)
    assert {each.id for each in page.versions} == {plain}
    with pytest.raises(NotFound):
        await store.resources.history("Observation", secret, DOCTOR)


async def test_everything_the_chart_and_exports_leave_it_out(store: Store, own: str, plain: str, secret: str) -> None:
    rid = store.workshop.ids.rid_of("Patient", own)
    rules = store.workshop.rules
    for actor, seen in ((TRUSTED, {own, plain, secret}), (DOCTOR, {own, plain}), (outgoing("x"), {own, plain})):
        page = await read_page(store, Wanted(rid), actor, count=50)
        assert {each.id for each in page.resources} == seen
        assert {each.id for each in await read_compartment(store, actor, rid)} == seen
        async with store.database.transaction() as connection:
            what = Narrowing(await moment_now(connection), hidden=rules.hidden(actor))
            (range_,) = await bucket_ranges(connection)
            for rows in (rows_of_buckets(connection, what, *range_), rows_of_patients(connection, what, [rid])):
                assert sum([len(batch) async for batch in rows]) == len(seen)


async def test_who_does_not_see_it_does_not_change_it(store: Store, own: str, secret: str) -> None:
    with pytest.raises(NotFound, match="BA-0401"):
        await write(store, DOCTOR, observation(own, id=secret))
    unit = store.begin(DOCTOR)
    unit.delete("Observation", secret)
    assert await store.commit(unit) == [None]
    kept = await store.resources.read("Observation", secret, TRUSTED)
    assert (kept.version, kept.deleted) == (1, False)
    await write(store, TRUSTED, observation(own, id=secret, meta=HIV, note=[{"text": "2"}]))


async def test_who_does_not_see_it_may_write_it(store: Store, own: str) -> None:
    id_ = await write(store, DOCTOR, observation(own, meta=HIV))
    assert await found(store, DOCTOR) == []
    assert await found(store, TRUSTED) == [id_]


@pytest.mark.parametrize("kind", sorted(secrecy_kinds()))
async def test_each_label_of_each_kind_hides_and_the_person_reads_what_may_be_told(
    store: Store, own: str, kind: str
) -> None:
    one = secrecy_kinds()[kind]
    for system, code in one.labels:
        await write(store, ANYBODY, observation(own, meta={"security": [{"system": system, "code": code}]}))
    assert await found(store, DOCTOR) == []
    rid = store.workshop.ids.rid_of("Patient", own)
    seen = [each for each in await read_compartment(store, citizen(own), rid) if each.type == "Observation"]
    assert len(seen) == (len(one.labels) if one.told_to_patient else 0)
    assert one.security[1]["system"] == CONFIDENTIALITY


async def test_a_normal_confidentiality_hides_nothing(store: Store, own: str) -> None:
    labels = [{"system": CONFIDENTIALITY, "code": "N"}, {"system": "urn:x", "code": "HIV"}, {"display": "no code"}]
    id_ = await write(store, ANYBODY, observation(own, meta={"security": labels}))
    assert await found(store, DOCTOR) == [id_]
    assert (await store.resources.read("Observation", id_, DOCTOR)).id == id_


async def test_an_app_sees_no_secret_even_of_who_does(store: Store, own: str, plain: str, secret: str) -> None:
    rules = (Rule(EVERY_TYPE, frozenset(Act), own),)
    app = Actor("account:2", Role.DOCTOR, frozenset({Permission.FHIR_READ}), limits=rules, client="an-app")
    assert await found(store, app) == [plain]
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Observation", secret, app)


async def test_a_label_on_the_patient_hides_the_patient(store: Store) -> None:
    id_ = await write(store, ANYBODY, {"resourceType": "Patient", "meta": HIV})
    assert await found(store, DOCTOR, "Patient") == []
    assert await found(store, TRUSTED, "Patient") == [id_]


def test_the_right_decides_and_no_role_has_it() -> None:
    assert hides(TRUSTED) is Hides.NOTHING
    assert hides(DOCTOR) is hides(outgoing("x")) is Hides.SECRETS
    assert hides(citizen("p")) is Hides.WITHHELD
    assert hides(citizen("")) is Hides.SECRETS


def test_the_bit_of_labels_is_the_same_in_every_type_and_with_parameters_of_our_own() -> None:
    own = {"code": "x", "base": ["Observation"], "type": "token", "expression": "Observation.status", "url": "urn:x"}
    for registry in (R4, SearchRegistry([own])):
        assert {1 << registry.parameters_of(type_)["_security"].bit for type_ in TYPE_NUMBERS} == {LABELLED}


@pytest.mark.parametrize("labels", [[{"code": "x"}], [{"display": "none"}, HIV["security"][0]], HIV["security"]])
def test_whatever_gives_the_term_of_a_label_sets_its_bit(labels: list[Json]) -> None:
    assert index_resource({"resourceType": "Basic", "meta": {"security": labels}}).present & LABELLED
    assert not index_resource({"resourceType": "Basic", "meta": {"tag": labels}}).present & LABELLED
