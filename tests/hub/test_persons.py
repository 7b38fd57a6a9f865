"""A person who is known by several numbers is one person to the locator and to consents, however they are told."""

from __future__ import annotations

from collections.abc import Sequence

from tests.hub.hub_house import ASKER, EMERGENCY, HOLDER, HubHouse, ask

from benhan.hub.post.door import Door
from benhan.hub.post.office import Office
from benhan.network.consent import Grant
from benhan.network.subjects import Identifier
from benhan.vn import systems

CCCD, CMND = Identifier(systems.CCCD, "001170000001"), Identifier(systems.CMND, "012345678")


class Index:
    """An index that knows that both numbers are one person's."""

    def __init__(self) -> None:
        self.joined = True

    async def identifiers_of(self, told: Sequence[Identifier]) -> Sequence[tuple[str, str]]:
        return [tuple(CCCD), tuple(CMND)] if self.joined and {CCCD, CMND} & set(told) else told


async def test_old_and_new_number_lead_to_the_same_records_until_they_are_parted(house: HubHouse) -> None:
    index = Index()
    house.office = Office(house.store, house.members, index, Door(house.store, house.members))
    house.office.start()
    await house.locate(HOLDER, "summary", subject=CMND)
    asked = ask(subject=(CCCD,), **EMERGENCY)
    assert [each["holder"] for each in (await house.say(ASKER, "ask", asked))["parts"]] == [HOLDER]
    await house.permit(Grant.REFUSE, subject=[CMND])
    assert await house.refused(ASKER, "ask", ask(subject=(CCCD,))) == "BA-6013"
    index.joined = False
    assert (await house.say(ASKER, "ask", asked))["parts"] == []
    await house.office.stop()
