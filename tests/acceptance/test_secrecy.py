"""What an insurance file tells of HIV and tuberculosis: in the record, and in nobody's sight who has no right to it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.acceptance.test_bhyt import intake_of, take, written
from tests.unit.vn.bhyt.samples import claim_of, sample

from benhan.access.accounts import Accounts
from benhan.access.roles import PERMISSIONS
from benhan.access.sessions import Sessions
from benhan.fhir.resource import to_bytes
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.faults import Forbidden, NotFound
from benhan.kernel.permissions import Permission
from benhan.mapping.fhir_to_bhyt import fhir_to_bhyt
from benhan.node.chart.charts import Charts
from benhan.node.dead_letters import DeadLetters
from benhan.node.exports import Exports, Format
from benhan.node.records.content import read_record
from benhan.vn.forms.catalogue import Catalogue

DOCTOR = Actor("account:1", Role.DOCTOR, PERMISSIONS[Role.DOCTOR])
TRUSTED = Actor("account:2", Role.DOCTOR, PERMISSIONS[Role.DOCTOR] | {Permission.SECRECY_VIEW})
LAB = Actor("account:3", Role.LAB, PERMISSIONS[Role.LAB])
CLERK = system("clerk")
HIV = "Chăm sóc và điều trị HIV/AIDS"


@pytest.fixture
async def here(make_hospital: Any) -> Any:
    return await make_hospital("99001")


async def test_the_chart_and_exports_show_it_to_who_has_the_right_only(here: Any) -> None:
    await take(here, sample("D_chronic_hiv_tb"))
    (patient,), (encounter,) = await here.found("Patient"), await here.found("Encounter")
    for actor, is_seen in ((TRUSTED, True), (DOCTOR, False)):
        chart = await Charts(here.store, Catalogue()).timeline(patient["id"], actor)
        assert (HIV in {each.title for each in chart.moments}) is is_seen
        record = await read_record(here.store, "99001", encounter["id"], actor)
        assert ({"XML6", "XML15"} <= fhir_to_bhyt(record).tables.keys()) is is_seen
        export = await Exports(here.store, "99001", "BV", "http://node/fhir").export(
            encounter["id"], Format.FHIR, actor
        )
        assert (HIV in export.content.decode()) is is_seen


async def test_nothing_of_it_leaves_for_the_repository(here: Any, repository: Any) -> None:
    await take(here, sample("D_chronic_hiv_tb"))
    assert len(await here.found("Composition")) > 0
    await here.send()
    sent = to_bytes([await repository.found(each) for each in ("Composition", "Observation", "DocumentReference")])
    assert b"HIV" not in sent
    assert await repository.found("Observation", _security="HIV") == []
    assert await repository.found("Patient") != []


async def test_the_same_file_again_makes_no_new_versions_of_it(here: Any) -> None:
    claim = claim_of("D_chronic_hiv_tb")
    await take(here, written(claim))
    claim.tables["XML2"][0]["SO_LUONG"] = "7"
    await take(here, written(claim))
    assert {each["meta"]["versionId"] for each in await here.found("Observation", _security="HIV")} == {"1"}
    del claim.tables["XML6"]
    await take(here, written(claim))
    assert {each["status"] for each in await here.found("Observation", _security="HIV")} == {"entered-in-error"}


async def test_a_parked_file_of_it_is_opened_by_who_has_the_right_only(here: Any) -> None:
    claim = claim_of("D_chronic_hiv_tb")
    claim.tables["XML6"][0]["BDDT_ARV"] = "20263105"
    found = await intake_of(here).receive([written(claim)], CLERK)
    assert found.parked == 1
    letters = DeadLetters(here.store, here.inbox)
    (listed,) = await letters.listed()
    with pytest.raises(Forbidden, match="BA-4040"):
        await letters.read(listed.id, LAB)
    with pytest.raises(Forbidden, match="BA-4040"):
        await letters.replay(listed.id, "<x/>", LAB)
    letter = await letters.read(listed.id, TRUSTED)
    await letters.replay(listed.id, letter.text.replace("20263105", "20260105"), TRUSTED)
    await here.apply()
    assert await here.found("Observation", _security="HIV") != []


async def test_an_account_is_given_the_right_by_name_and_it_is_taken_back(here: Any) -> None:
    accounts = Accounts(here.store.database, here.clock)
    sessions = Sessions(here.store.database, here.clock, here.store.random)
    account = await accounts.create("bs.an", "BS. An", Role.DOCTOR, "mat-khau-dai")
    secret = await sessions.open(account)

    async def may() -> bool:
        session, known = await sessions.find(secret), await accounts.find("bs.an")
        assert session is not None
        assert known is not None
        assert session.actor.may(Permission.SECRECY_VIEW) == known.actor.may(Permission.SECRECY_VIEW)
        return session.actor.may(Permission.SECRECY_VIEW)

    assert not await may()
    for given in (True, True, False):
        await accounts.grant("bs.an", Permission.SECRECY_VIEW, given=given)
        assert await may() is given
    with pytest.raises(NotFound, match="BA-0914"):
        await accounts.grant("nobody", Permission.SECRECY_VIEW, given=True)
    events = await here.rows("select detail from ledger_pending where event = 49")
    assert len(events) == 3


def test_no_role_has_the_right() -> None:
    assert not any(Permission.SECRECY_VIEW in may for role, may in PERMISSIONS.items() if role is not Role.SYSTEM)
