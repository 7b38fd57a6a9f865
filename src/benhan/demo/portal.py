"""The portal of the demonstration: made-up hospitals of the whole country, the two that run here enrolled among them.

How many have deployed by when follows the counts that were published (37 in 2022, 634 in September 2025, 1,264 in
August 2026), scaled to this list; which ones is chance. No hospital of this list exists.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from benhan.demo.accounts import ACCOUNTS
from benhan.kernel.actors import Role, system
from benhan.kernel.settings import Settings
from benhan.node.deployment.reporting import evidence_signer
from benhan.portal.facilities import HEADS
from benhan.store.opening import open_store
from benhan.synth.chance import Weighted, chance_of
from benhan.synth.facilities import COMMUNE, Facility, facilities_of
from benhan.wiring import open_portal

SEED = 20261127
COUNT = 480
NATIONAL = 1_650
"""So many hospitals there are."""
PUBLISHED = (
    (date(2022, 1, 1), 0), (date(2022, 12, 31), 37), (date(2023, 8, 15), 50), (date(2025, 6, 29), 213),
    (date(2025, 9, 23), 634), (date(2025, 10, 3), 881), (date(2026, 2, 27), 1_056), (date(2026, 8, 28), 1_264),
)  # fmt: skip
"""Days and how many had deployed by then."""
OWNERS = Weighted((("public", 74), ("private", 22), ("ministry", 2), ("forces", 2)))


def announcements(of: int) -> list[date]:
    """The days on which one more of `of` had deployed, oldest first: straight between the published counts."""
    days: list[date] = []
    for (since, before), (until, after) in pairwise(PUBLISHED):
        span, more = (until - since).days, after * of // NATIONAL - before * of // NATIONAL
        days += [since + timedelta(days=round(span * (place + 1) / more)) for place in range(more)]
    return days


def made_up_list(own: Sequence[Facility], count: int = COUNT) -> bytes:
    """The list of the country's hospitals as CSV; `own` are those that run here, none of them announced."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for facility in own:
        writer.writerow((facility.code, facility.name, facility.province.code, "hospital", "public", "", ""))
    taken = {each.code for each in own}
    others = [each for each in facilities_of(SEED, count) if each.code not in taken and each.level != COMMUNE]
    chance = chance_of(SEED, "portal")
    order = sorted(range(len(others)), key=lambda _: chance.random())
    days = dict(zip(order, announcements(len(others)), strict=False))
    for place, facility in enumerate(others):
        day = days.get(place)
        told = (day.isoformat(), "danh sách trình diễn") if day is not None else ("", "")
        row = (facility.code, facility.name, facility.province.code, "hospital", OWNERS.pick(chance), *told)
        writer.writerow(row)
    return out.getvalue().encode()


async def fill_portal(settings: Settings, nodes: Sequence[tuple[Settings, Facility]]) -> None:
    """Give the portal its list and accounts, and enrol the keys of the hospitals that run here."""
    actor = system("demo")
    own = [hospital for _, hospital in nodes]
    async with open_portal(settings) as portal:
        await portal.facilities.take_in(made_up_list(own), actor)
        for account in ACCOUNTS:
            if account.site == "portal" and await portal.access.accounts.find(account.login) is None:
                await portal.access.accounts.create(account.login, account.name, account.role, account.password)
                if account.role is Role.FACILITY:
                    await portal.access.accounts.place(account.login, own[0].code)
        for node, hospital in nodes:
            if any(each.revoked_at is None for each in await portal.evidence.keys(hospital.code)):
                continue
            code = await portal.evidence.ticket(hospital.code, actor)
            async with open_store(node, "node") as store:
                await portal.evidence.enrol(hospital.code, code, evidence_signer(store.keyring).public_bytes)
