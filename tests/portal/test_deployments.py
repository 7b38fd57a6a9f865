"""A hospital's way to publication: steps, papers, who may, what is refused."""

from __future__ import annotations

import asyncio

import pytest
from tests.portal.conftest import AUTHORITY, OWN, House, officer
from tests.portal.test_evidence import enrolled, report
from tests.unit.portal.test_workflow import GOOD

from benhan.kernel.faults import Fault
from benhan.portal.workflow import Act, State
from benhan.vn.deployment.criteria import criteria

PDF = b"%PDF-1.7\n..."
WAY = (Act.SET_UP, Act.ASSESS, Act.DECIDE, Act.PUBLISH)


async def go(house: House, act: Act, version: int) -> State:
    return (await house.deployments.act("79001", act, GOOD[act], version, OWN)).state


async def put_all(house: House) -> None:
    for each in criteria():
        if each.paper is not None:
            await house.papers.put("79001", each.id, "1/QĐ", "2026-11-01", PDF, OWN)


async def test_a_hospital_that_shows_all_is_published_and_counts(house: House) -> None:
    await enrolled(house)
    await house.evidence.take(report(house))
    await put_all(house)
    states = [await go(house, act, version) for version, act in enumerate(WAY)]
    assert states == [State.ASSESSING, State.ASSESSED, State.DECIDED, State.PUBLISHED]
    standing = await house.deployments.standing("79001")
    assert len(standing.deployment.told.points) == len(criteria())
    assert [each.act for each in standing.acts] == [*reversed(WAY)]
    listed = (await house.facilities.listed())[0]
    assert (listed.state, listed.deployed_on) == ("published", listed.published_on)
    assert await house.entries("deployment:step:act") == len(WAY)


async def test_nothing_is_published_that_is_not_shown_now(house: House) -> None:
    await enrolled(house)
    await house.evidence.take(report(house))
    for version, act in enumerate(WAY[:3]):
        await go(house, act, version)
    for is_old in (False, True):
        if is_old:
            await put_all(house)
            house.clock.advance(days=4)
        with pytest.raises(Fault) as caught:
            await go(house, Act.PUBLISH, 3)
        assert caught.value.code == "BA-6223"
    await house.evidence.take(report(house))
    assert await go(house, Act.PUBLISH, 3) is State.PUBLISHED


async def test_of_two_who_step_at_once_one_is_told(house: House) -> None:
    done = await asyncio.gather(
        *(house.deployments.act("79001", Act.SET_UP, GOOD[Act.SET_UP], 0, OWN) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(each.code for each in done if isinstance(each, Fault)) == ["BA-6218"]
    with pytest.raises(Fault) as caught:
        await go(house, Act.ASSESS, 0)
    assert caught.value.code == "BA-6218"


async def test_an_officer_steps_for_the_own_hospital_and_an_authority_for_any(house: House) -> None:
    with pytest.raises(Fault) as caught:
        await house.deployments.act("79001", Act.SET_UP, GOOD[Act.SET_UP], 0, officer("79002"))
    assert caught.value.code == "BA-6216"
    done = await house.deployments.act("79001", Act.SET_UP, GOOD[Act.SET_UP], 0, AUTHORITY)
    assert done.state is State.ASSESSING
    with pytest.raises(Fault) as caught:
        await house.deployments.standing("79009")
    assert caught.value.code == "BA-6210"


async def test_papers_are_kept_as_they_came_and_count_until_withdrawn(house: House) -> None:
    number = await house.papers.put("79001", "tt13-2.1", "1/QĐ", "2026-11-01", PDF, OWN)
    assert (await house.papers.content("79001", number))[1] == PDF
    before = (await house.deployments.standing("79001")).judged
    assert [each.is_met for each in before if each.criterion.id == "tt13-2.1"] == [True]
    await house.papers.withdraw("79001", number, OWN)
    after = (await house.deployments.standing("79001")).judged
    assert [each.is_met for each in after if each.criterion.id == "tt13-2.1"] == [False]
    assert (await house.papers.content("79001", number))[1] == PDF
    for code, act in (("79001", house.papers.withdraw), ("79002", house.papers.withdraw)):
        with pytest.raises(Fault):
            await act(code, number, OWN)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (("tt13-1.1", "1", "2026-11-01", PDF), "BA-6221"),
        (("tt13-9", "1", "2026-11-01", PDF), "BA-6221"),
        (("tt13-2.1", " ", "2026-11-01", PDF), "BA-6219"),
        (("tt13-2.1", "1", "31/11/2026", PDF), "BA-6219"),
        (("tt13-2.1", "1", "2999-01-01", PDF), "BA-6219"),
        (("tt13-2.1", "1", "2026-11-01", b"<script>"), "BA-6220"),
        (("tt13-2.1", "1", "2026-11-01", b"%PDF-" + bytes(10 * 1024 * 1024)), "BA-6220"),
    ],
)
async def test_what_is_no_paper_is_refused(house: House, told: tuple[str, str, str, bytes], code: str) -> None:
    with pytest.raises(Fault) as caught:
        await house.papers.put("79001", *told, OWN)
    assert caught.value.code == code


async def test_a_list_taken_in_again_changes_nothing_and_an_announcement_stays(house: House) -> None:
    told = (
        b"code,name,province,kind,owner,announced_on,source\n79001,M\xe1\xbb\x99t,79,hospital,private,2025-09-23,TB 1\n"
    )
    first, again = await house.facilities.take_in(told, AUTHORITY), await house.facilities.take_in(told, AUTHORITY)
    assert (first.changed, first.added, again.changed, again.same) == (1, 0, 0, 1)
    await house.facilities.take_in(b"code,name,province\n79001,Hai,79\n", AUTHORITY)
    facility = await house.facilities.read("79001")
    assert (facility.name, facility.owner, str(facility.announced_on)) == ("Hai", "public", "2025-09-23")
