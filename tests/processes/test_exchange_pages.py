"""Asking other hospitals, by the page: outside of the network it says what to do; what nobody gave is not there."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Role, system
from benhan.vn import systems

House = Any
ASKS = "/patients/exchange-pages/asks"


@pytest.fixture(scope="module")
async def node(houses: dict[str, House]) -> House:
    house = houses["node"]
    unit = house.store.begin(system("test"))
    identifier = [{"system": systems.CCCD, "value": "001190009876"}]
    name = [{"text": "Lê Thị Sen", "family": "Lê"}]
    unit.update(
        resource_of({"resourceType": "Patient", "id": "exchange-pages", "identifier": identifier, "name": name})
    )
    await house.store.commit(unit)
    return house


async def asked(node: House, method: str, path: str, role: Role, form: dict[str, str] | None = None) -> Any:
    headers, session = await node.enter(role)
    return await node.ask(method, path, headers, data={"csrf": session.csrf, **form} if form is not None else None)


async def test_outside_of_the_network_the_page_says_what_to_do_and_takes_nothing(node: House) -> None:
    page = await asked(node, "GET", ASKS, Role.DOCTOR)
    assert page.status_code == 200
    assert "hub_anchor" in page.text
    assert 'name="basis"' not in page.text
    told = await asked(node, "POST", ASKS, Role.DOCTOR, {"basis": "emergency", "note": "Đột quỵ"})
    assert (told.status_code, "BA-6068" in told.text) == (409, True)


async def test_who_may_not_ask_does_not_and_what_nobody_gave_is_not_there(node: House) -> None:
    assert (await asked(node, "GET", ASKS, Role.LAB)).status_code == 403
    answer = await asked(node, "GET", f"{ASKS}/01001/..%2fx", Role.DOCTOR)
    assert answer.status_code == 404
    assert "BA-6067" in (await asked(node, "GET", f"{ASKS}/01001/abc", Role.DOCTOR)).text
