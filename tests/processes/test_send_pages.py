"""What goes to the authorities, over HTTP: check-ups handed in by people and machines, and what is done with them."""

from __future__ import annotations

import re
from typing import Any

import httpx
from tests.unit.vn.ksk_making import check_up

from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.vn.ksk.signing_places import unsigned

House = Any


def file_of(number: int, *, signed: bool = False) -> bytes:
    file = unsigned(check_up(number))
    return file.with_doctor(b"<ds:Signature/>").to_sign if signed else file.to_sign


async def asked(house: House, method: str, path: str, role: Role = Role.RECORDS, **more: Any) -> httpx.Response:
    headers, session = await house.enter(role)
    answer: httpx.Response = await house.ask(method, path, {**headers, "x-csrf-token": session.csrf}, **more)
    return answer


async def handed(house: House, number: int) -> str:
    """A check-up that waits for its doctor's signature; gives its key."""
    token = await house.access.sessions.make_token("kham", [Permission.CHECK_UP_UPLOAD])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/xml"}
    answer = await house.ask("POST", "/sends/emrhub", headers, content=file_of(number))
    assert answer.status_code == 200
    assert answer.json()["code"] == "BA-3992"
    return str(answer.json()["key"])


async def test_the_destinations_are_listed_with_what_waits_and_for_whom(houses: dict[str, House]) -> None:
    house = houses["node"]
    await handed(house, 11)
    page = await asked(house, "GET", "/sends", Role.IT_ADMIN)
    assert page.status_code == 200
    assert "Cổng giám định BHYT" in page.text
    assert "soạn tệp, người gửi tay" in page.text
    assert 'href="/sends/emrhub?state=parked"' in page.text


async def test_files_of_a_form_are_told_one_by_one(houses: dict[str, House]) -> None:
    files = [("file", ("dung.xml", file_of(12), "text/xml")), ("file", ("anh.xml", b"%PDF-1.4", "text/xml"))]
    page = await asked(houses["node"], "POST", "/sends/emrhub", files=files)
    assert page.status_code == 200
    assert page.text.count("BA-3992") >= 1
    assert "anh.xml: Tệp không phải hồ sơ khám sức khoẻ" in page.text
    assert "KSK000012" in page.text
    assert "NGUYỄN VĂN THỬ" not in page.text


async def test_a_file_that_is_no_check_up_is_not_kept_and_a_machine_is_told(houses: dict[str, House]) -> None:
    house = houses["node"]
    token = await house.access.sessions.make_token("kham", [Permission.CHECK_UP_UPLOAD])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/xml"}
    answer = await house.ask("POST", "/sends/emrhub", headers, content=b"<a/>")
    assert (answer.status_code, answer.json()["code"], answer.json()["key"]) == (422, "BA-3560", "")
    assert (await house.ask("POST", "/sends/bhxh", headers, content=file_of(1))).status_code == 404


async def test_a_message_shows_why_it_stopped_and_what_may_be_done_with_it(houses: dict[str, House]) -> None:
    house = houses["node"]
    key = await handed(house, 13)
    page = await asked(house, "GET", f"/sends/emrhub/{key}")
    assert "dừng lại, cần sửa" in page.text
    assert "bác sĩ kết luận" in page.text
    for act in ("retry", "mend", "by-hand", "file"):
        assert f"/sends/emrhub/{key}/{act}" in page.text
    of_it = await asked(house, "GET", f"/sends/emrhub/{key}", Role.IT_ADMIN)
    assert f"/sends/emrhub/{key}/retry" in of_it.text
    assert f"/sends/emrhub/{key}/file" not in of_it.text
    assert (await asked(house, "GET", f"/sends/emrhub/{key}/file", Role.IT_ADMIN)).status_code == 403


async def test_the_file_comes_as_it_is_and_the_taking_is_told(houses: dict[str, House]) -> None:
    house = houses["node"]
    key = await handed(house, 14)
    answer = await asked(house, "GET", f"/sends/emrhub/{key}/file")
    assert answer.content == file_of(14)
    assert answer.headers["content-disposition"] == f'attachment; filename="KSK-{key}.xml"'
    assert answer.headers["cache-control"] == "no-store"
    assert "tải tệp" in (await asked(house, "GET", f"/sends/emrhub/{key}")).text


async def test_a_mended_file_becomes_the_next_version_and_another_persons_is_refused(houses: dict[str, House]) -> None:
    house = houses["node"]
    key = await handed(house, 15)
    wrong = [("file", ("k.xml", file_of(16, signed=True), "text/xml"))]
    refused = await asked(house, "POST", f"/sends/emrhub/{key}/mend", files=wrong)
    assert (refused.status_code, "BA-3999" in refused.text) == (400, True)
    right = [("file", ("k.xml", file_of(15, signed=True), "text/xml"))]
    answer = await asked(house, "POST", f"/sends/emrhub/{key}/mend", files=right)
    assert answer.status_code == 303
    page = await asked(house, "GET", answer.headers["location"])
    assert "BA-3992" not in page.text
    assert re.search(r"bản 2</b>.*bản 1</a>", page.text, re.DOTALL)
    old = await asked(house, "GET", f"/sends/emrhub/{key}")
    assert "đã thay bằng bản mới" in old.text
    again = await asked(house, "POST", f"/sends/emrhub/{key}/retry")
    assert (again.status_code, "BA-3998" in again.text) == (409, True)


async def test_what_was_handed_over_by_hand_is_noted_with_its_reason(houses: dict[str, House]) -> None:
    house = houses["node"]
    key = await handed(house, 17)
    empty = await asked(house, "POST", f"/sends/emrhub/{key}/by-hand", data={"reason": " ", "receipt": ""})
    assert (empty.status_code, "BA-4000" in empty.text) == (400, True)
    told = {"reason": "nộp <b>tay</b>", "receipt": "DS-1"}
    assert (await asked(house, "POST", f"/sends/emrhub/{key}/by-hand", data=told)).status_code == 303
    page = await asked(house, "GET", f"/sends/emrhub/{key}")
    assert "đã gửi tay" in page.text
    assert "nộp &lt;b&gt;tay&lt;/b&gt;" in page.text
    assert "DS-1" in page.text


async def test_what_is_not_there_is_not_found(houses: dict[str, House]) -> None:
    house = houses["node"]
    for path in ("/sends/khac", "/sends/emrhub/0-99999999", "/sends/emrhub/x-y", f"/sends/emrhub/{'9' * 30}-1"):
        assert (await asked(house, "GET", path)).status_code == 404, path
