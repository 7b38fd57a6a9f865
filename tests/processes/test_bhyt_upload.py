"""BHYT files over HTTP: a form of the records department, a machine with a token; bounded, told, never half taken."""

from __future__ import annotations

from typing import Any

import httpx
from tests.unit.vn.bhyt.samples import claim_of, file_of, sample, summary

from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings

House = Any


async def upload(house: House, *files: tuple[str, bytes], role: Role = Role.RECORDS) -> httpx.Response:
    headers, session = await house.enter(role)
    named = [("file", (name, content, "text/xml")) for name, content in files]
    answer: httpx.Response = await house.ask("POST", "/bhyt", {**headers, "x-csrf-token": session.csrf}, files=named)
    return answer


async def test_the_page_offers_the_form_and_tells_what_became_of_each_file(houses: dict[str, House]) -> None:
    house = houses["node"]
    headers, _ = await house.enter(Role.RECORDS)
    form = await house.ask("GET", "/bhyt", headers)
    assert form.status_code == 200
    assert 'type="file"' in form.text
    answer = await upload(house, ("dung.xml", sample("A_outpatient")), ("sai.xml", file_of(summary("LK1") + "<x")))
    assert answer.status_code == 200
    assert "Nhập: 1 · đã có từ trước: 0 · để riêng chờ sửa: 0" in answer.text
    assert "để riêng chờ sửa: 1" in answer.text
    assert "BA-3402" in answer.text
    assert "M08" not in answer.text  # what follows from a part that could not be read is not told as well
    assert claim_of("A_outpatient").summary["HO_TEN"] not in answer.text


async def test_files_that_hold_nothing_are_told_and_a_form_without_a_file_tells_none(houses: dict[str, House]) -> None:
    answer = await upload(houses["node"], ("rong.xml", b""), ("anh.xml", b"%PDF-1.4"))
    assert answer.text.count("Tệp không phải XML BHYT") == 2
    assert "rong.xml" in answer.text
    assert "Tệp không phải" not in (await upload(houses["node"], ("", b""))).text


async def test_what_is_told_of_a_file_is_escaped(houses: dict[str, House]) -> None:
    answer = await upload(
        houses["node"], ("<script>alert(1)</script>.xml", file_of(summary("<![CDATA[<b>x]]>", "<A>")))
    )
    assert "<script>alert(1)" not in answer.text


async def test_a_machine_sends_the_file_as_it_is_and_gets_the_report(houses: dict[str, House]) -> None:
    house = houses["node"]
    token = await house.access.sessions.make_token("his", [Permission.BHYT_UPLOAD])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/xml"}
    answer = await house.ask("POST", "/bhyt", headers, content=sample("multi_A_E"))
    assert answer.status_code == 200
    told = answer.json()
    assert told["taken"] + told["repeated"] == 2
    refused = await house.ask("POST", "/bhyt", headers, content=b"no xml")
    assert (refused.status_code, refused.json()["taken"]) == (422, 0)


async def test_more_than_may_be_sent_at_once_is_refused(houses: dict[str, House]) -> None:
    house = houses["node"]
    token = await house.access.sessions.make_token("big", [Permission.BHYT_UPLOAD])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/xml"}
    answer = await house.ask("POST", "/bhyt", headers, content=b"<GIAMDINHHS>" + b" " * Settings().body_bytes_max)
    assert answer.status_code == 413


async def test_a_form_that_is_none_is_refused(houses: dict[str, House]) -> None:
    house = houses["node"]
    headers, session = await house.enter(Role.RECORDS)
    for kind, body in (
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n--x--"),
    ):
        sent = {**headers, "x-csrf-token": session.csrf, "content-type": kind}
        answer = await house.ask("POST", "/bhyt", sent, content=body)
        assert (answer.status_code, "BA-0913" in answer.text) == (400, True)


async def test_a_doctor_takes_no_files(houses: dict[str, House]) -> None:
    answer = await upload(houses["node"], ("a.xml", sample("A_outpatient")), role=Role.DOCTOR)
    assert answer.status_code == 403
