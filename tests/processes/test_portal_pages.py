"""The portal by its doors: a node enrols and tells, everybody looks, an officer goes the way to publication."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from tests.unit.portal.test_workflow import MEMBERS
from tests.unit.vn.deployment.test_judging import signals

from benhan.kernel.actors import Role, system
from benhan.portal.evidence import Evidence
from benhan.portal.facilities import Facilities
from benhan.store.database import Database
from benhan.vn.deployment.signals import Drill, signals_to_bytes
from benhan.vn.deployment.signed import EvidenceSigner

House = Any
ACTOR = system("test")
LIST = "code,name,province,kind,owner,announced_on,source\n79001,Bệnh viện Thử,79,hospital,public,,\n79002,Hai,79,,,,\n"


@pytest.fixture(scope="module")
async def portal(houses: dict[str, House]) -> House:
    """The portal with two hospitals; its officer is of the first."""
    house = houses["portal"]
    database: Database = house.store.database
    await Facilities(database, house.store.clock).take_in(LIST.encode(), ACTOR)
    await house.access.accounts.place(Role.FACILITY.value, "79001")
    return house


async def asked(house: House, method: str, path: str, role: Role | None = None, **more: Any) -> httpx.Response:
    headers: dict[str, str] = {}
    if role is not None:
        headers, session = await house.enter(role)
        headers = {**headers, "x-csrf-token": session.csrf}
    return await house.ask(method, path, headers, **more)


async def test_a_node_enrols_by_its_code_and_is_heard(portal: House) -> None:
    signer = EvidenceSigner(b"d" * 32)
    store = portal.store
    code = await Evidence(store.database, store.clock, store.random).ticket("79001", ACTOR)
    told = {"facility": "79001", "code": code, "key": base64.b64encode(signer.public_bytes).decode()}
    assert (await asked(portal, "POST", "/evidence/keys", json=told)).status_code == 201
    again = await asked(portal, "POST", "/evidence/keys", json=told)
    assert (again.status_code, "BA-6211" in again.text) == (403, True)
    now = datetime.now(UTC).replace(microsecond=0)
    drill = Drill(now - timedelta(days=3), 900, 1_000, 0, now - timedelta(days=4))
    report = msgspec.structs.replace(signals(made_at=now, number=1), drill=drill)
    signed = signer.sign(signals_to_bytes(report), "79001")
    assert (await asked(portal, "POST", "/evidence", content=signed)).status_code == 201
    forged = EvidenceSigner(b"x" * 32).sign(signals_to_bytes(report), "79001")
    for content, fault in ((forged, "BA-6212"), (signed, "BA-6213"), ("<x>", "BA-6212")):
        answer = await asked(portal, "POST", "/evidence", content=content)
        assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == fault
    page = await asked(portal, "GET", "/facilities/79001")
    assert "Bệnh viện Thử" in page.text
    assert "benhan 0" in page.text


async def test_everybody_sees_the_country_and_takes_its_data(portal: House) -> None:
    page = await asked(portal, "GET", "/?province=79&kind=hospital")
    assert page.status_code == 200
    assert "Bệnh viện Thử" in page.text
    assert len(page.content) < 200_000
    rows = (await asked(portal, "GET", "/data/facilities.json")).json()
    assert [each["code"] for each in rows] == ["79001", "79002"]
    assert (await asked(portal, "GET", "/data/facilities.csv")).text.startswith("\ufeffcode,name")
    assert (await asked(portal, "GET", "/data/curve.csv")).status_code == 200
    assert (await asked(portal, "GET", "/facilities/00000")).status_code == 404


async def test_an_officer_goes_a_step_prints_its_paper_and_puts_a_document(portal: House) -> None:
    form = {"act": "set_up", "version": "0", "number": "12/QĐ", "on": "2026-11-01", "members": MEMBERS}
    assert (await asked(portal, "POST", "/own/79001/steps", Role.FACILITY, data=form)).status_code == 303
    for version in ("", "x", "9" * 40):
        lost = await asked(portal, "POST", "/own/79001/steps", Role.FACILITY, data={**form, "version": version})
        assert (lost.status_code, "BA-6218" in lost.text) == (409, True)
    late = await asked(portal, "POST", "/own/79001/steps", Role.FACILITY, data=form)
    assert (late.status_code, "BA-6218" in late.text) == (409, True)
    paper = await asked(portal, "GET", "/own/79001/letters/council", Role.FACILITY)
    assert paper.content.startswith(b"%PDF-")
    files = {"file": ("qd.pdf", b"%PDF-1.7", "application/pdf")}
    told = {"criterion": "tt13-2.1", "number": "1/QĐ", "on": "2026-11-01"}
    put = await asked(portal, "POST", "/own/79001/papers", Role.FACILITY, data=told, files=files)
    assert put.status_code == 303
    page = await asked(portal, "GET", "/own/79001", Role.FACILITY)
    assert "/own/79001/papers/1" in page.text
    script = {"file": ("x.html", b"<script>", "text/html")}
    refused = await asked(portal, "POST", "/own/79001/papers", Role.FACILITY, data=told, files=script)
    assert (refused.status_code, "BA-6220" in refused.text) == (400, True)
    kept = await asked(portal, "GET", "/own/79001/papers/1", Role.FACILITY)
    assert (kept.content, kept.headers["content-security-policy"]) == (b"%PDF-1.7", "sandbox; default-src 'none'")


async def test_a_character_that_cannot_be_kept_is_told_and_breaks_nothing(portal: House) -> None:
    assert "BA-0426" in (await asked(portal, "GET", "/facilities/%00")).text
    told = await asked(portal, "POST", "/own/79001/keys", Role.FACILITY, data={"key": "\0"})
    assert (told.status_code, "BA-0426" in told.text) == (400, True)
    files = {"file": ("a.csv", b"code,name,province\n79111,a\0b,79\n", "text/csv")}
    assert (await asked(portal, "POST", "/lists", Role.AUTHORITY, files=files)).status_code == 400


@pytest.mark.parametrize("path", ["/own/79002", "/own/79002/letters/council", "/own/79002/papers/1"])
async def test_an_officer_sees_no_other_hospital(portal: House, path: str) -> None:
    answer = await asked(portal, "GET", path, Role.FACILITY)
    assert (answer.status_code, "BA-6216" in answer.text) == (403, True)
    assert (await asked(portal, "GET", "/lists", Role.FACILITY)).status_code == 403


async def test_an_authority_takes_a_list_in_and_is_told_of_wrong_rows(portal: House) -> None:
    files = {"file": ("ds.csv", b"code,name,province\n79003,Ba,79\n7,Sai,79\n", "text/csv")}
    page = await asked(portal, "POST", "/lists", Role.AUTHORITY, files=files)
    assert page.status_code == 200
    assert "Dòng 3: cột code" in page.text
    assert "Ba" in page.text
    wrong = await asked(portal, "POST", "/lists", Role.AUTHORITY, files={"file": ("x", b"\xff\xfe", "text/csv")})
    assert (wrong.status_code, "BA-6224" in wrong.text) == (400, True)
    assert (await asked(portal, "GET", "/own/79002", Role.AUTHORITY)).status_code == 200
