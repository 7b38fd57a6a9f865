"""The pages of who may see what, asked as their people ask them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from benhan.access.staff import Staff
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Role, system
from benhan.kernel.permissions import Permission
from benhan.vn import systems

House = Any
NUMBER = "001190004321"


@pytest.fixture
def node(houses: dict[str, House]) -> House:
    return houses["node"]


async def post(node: House, role: Role, path: str, form: dict[str, str]) -> Any:
    headers, session = await node.enter(role)
    return await node.ask("POST", path, headers, data={"csrf": session.csrf, **form})


async def get(node: House, role: Role, path: str) -> Any:
    headers, _ = await node.enter(role)
    return await node.ask("GET", path, headers)


@pytest.fixture
async def patient(node: House) -> str:
    """A patient with a number; made once, found again by it."""
    identifier = [{"system": systems.CCCD, "value": NUMBER}]
    name = [{"text": "Phạm Thị Lan", "family": "Phạm"}]
    body = {"resourceType": "Patient", "id": "access-pages", "identifier": identifier, "name": name, "gender": "female"}
    unit = node.store.begin(system("test"))
    unit.update(resource_of({**body, "birthDate": "1990-02-03"}))
    await node.store.commit(unit)
    return "access-pages"


async def test_the_administrator_gives_departments_licence_and_hours(node: House) -> None:
    account = node.accounts[Role.NURSE].id
    listed = await get(node, Role.IT_ADMIN, "/accounts")
    assert f'/accounts/{account}"' in listed.text
    address = f"/accounts/{account}"
    form = {"kind": "staff", "title": "Điều dưỡng trưởng", "licence": "001", "valid_from": "", "valid_until": ""}
    refused = await post(node, Role.IT_ADMIN, address, {**form, "hours": "25:00-26:00"})
    assert (refused.status_code, "BA-5305" in refused.text, "25:00-26:00" in refused.text) == (400, True, True)
    assert (await post(node, Role.IT_ADMIN, address, {**form, "hours": "00:00-23:59"})).status_code == 303
    assert (await post(node, Role.IT_ADMIN, f"{address}/departments", {"department": "k01"})).status_code == 303
    wrong = await post(node, Role.IT_ADMIN, f"{address}/departments", {"department": "khoa nội"})
    assert "BA-5306" in wrong.text
    page = await get(node, Role.IT_ADMIN, address)
    assert "Điều dưỡng trưởng" in page.text
    assert "K01" in page.text
    left = await post(node, Role.IT_ADMIN, f"{address}/departments", {"department": "K01", "act": "leave"})
    assert left.status_code == 303
    member = await Staff(node.store.database, node.store.clock).by_number(str(account))
    assert (member.departments, member.particulars.licence, member.hours) == ((), "001", "00:00-23:59")
    assert (await get(node, Role.IT_ADMIN, "/accounts/0")).status_code == 404


async def test_the_matrix_is_shown_and_exported(node: House) -> None:
    page = await get(node, Role.RECORDS, "/rights")
    assert "mở khẩn cấp" in page.text
    assert (await get(node, Role.RECORDS, "/rights.pdf")).content.startswith(b"%PDF")
    table = await get(node, Role.RECORDS, "/rights.csv")
    lines = table.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Loại tài khoản,Vai trò,Quan hệ với người bệnh,Hồ sơ,đọc,sao cả hồ sơ")
    assert "nhân viên,Bác sĩ,làm ở viện,đang điều trị,x,x,x,x,x,x," in lines


async def test_grants_on_a_record_are_given_shown_and_revoked_on_its_own_page(node: House, patient: str) -> None:
    stay = {
        "resourceType": "Encounter",
        "id": "access-stay",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": "2026-11-20T08:00:00+07:00"},
    }
    unit = node.store.begin(system("test"))
    unit.update(resource_of(stay))
    await node.store.commit(unit)
    opened = await post(node, Role.DOCTOR, "/encounters/access-stay/record", {"form": "01/BV-01", "department": "K03"})
    record = opened.headers["location"]
    form = {"login": "doctor", "purpose": "study", "until": "2099-01-01", "of": "record"}
    refused = await post(node, Role.RECORDS, f"{record}/grants", form)
    assert (refused.status_code, "BA-5311" in refused.text) == (400, True)
    until = (node.store.clock.now() + timedelta(days=20)).date().isoformat()
    for of in ("record", "patient"):
        given = await post(node, Role.RECORDS, f"{record}/grants", {**form, "of": of, "until": until})
        assert given.status_code == 303, given.text
    page = await get(node, Role.RECORDS, f"{record}/grants")
    assert ("riêng hồ sơ này" in page.text, "mọi hồ sơ của người bệnh" in page.text) == (True, True)
    revokes = sorted(set(re.findall(rf"{record}/grants/[0-9]+/revoke", page.text)))
    assert len(revokes) == 2
    for each in revokes:
        assert (await post(node, Role.RECORDS, each, {})).status_code == 303
    after = await get(node, Role.RECORDS, f"{record}/grants")
    assert ("2 quyền đã hết hạn hoặc thu hồi" in after.text, "/revoke" in after.text) == (True, False)
    assert (await get(node, Role.DOCTOR, f"{record}/grants")).status_code == 403
    assert f"{record}/grants" in (await get(node, Role.RECORDS, record)).text


async def test_a_grant_is_given_shown_and_revoked(node: House, patient: str) -> None:
    form = {"login": "doctor", "patient": NUMBER, "purpose": "study", "until": "2099-01-01", "use_COPY": "1"}
    refused = await post(node, Role.RECORDS, "/grants", form)
    assert (refused.status_code, "BA-5311" in refused.text, NUMBER in refused.text) == (400, True, True)
    until = (node.store.clock.now().date()).isoformat()
    for wrong, code in (({"login": "nobody"}, "BA-5319"), ({"patient": "1"}, "BA-5318"), ({"purpose": ""}, "BA-5311")):
        assert code in (await post(node, Role.RECORDS, "/grants", {**form, "until": until, **wrong})).text
    # by UTC it may be tomorrow in Vietnam: a day later is always to come
    assert (await post(node, Role.RECORDS, "/grants", {**form, "until": _later(node)})).status_code == 303
    page = (await get(node, Role.RECORDS, "/grants")).text
    assert "Phạm Thị Lan" in page
    assert "đọc, sao cả hồ sơ" in page
    found = re.search(r"/patients/access-pages/grants/[0-9]+/revoke", page)
    assert found is not None
    assert (await post(node, Role.RECORDS, found[0], {})).status_code == 303
    assert (await post(node, Role.RECORDS, found[0], {})).status_code == 404
    assert patient in found[0]


def _later(node: House) -> str:
    from datetime import timedelta

    return (node.store.clock.now().date() + timedelta(days=2)).isoformat()


async def test_an_emergency_is_opened_noticed_read_and_judged(node: House, patient: str) -> None:
    await node.access.accounts.grant("records", Permission.ACCESS_REVIEW, given=True)
    found = await post(node, Role.DOCTOR, "/emergency", {"number": NUMBER})
    assert "Phạm Thị Lan" in found.text
    assert "60 phút" in found.text
    form = {"patient": patient, "reason": "life", "words": "ngắn"}
    refused = await post(node, Role.DOCTOR, "/emergency/open", form)
    assert ("BA-5313" in refused.text, "ngắn" in refused.text) == (True, True)
    opened = await post(node, Role.DOCTOR, "/emergency/open", {**form, "words": "Ngừng tim, không có người nhà"})
    assert opened.headers["location"] == f"/patients/{patient}"
    waiting = await get(node, Role.RECORDS, "/emergencies/waiting")
    assert 'class="count">1<' in waiting.text
    listed = await get(node, Role.RECORDS, "/emergencies")
    address = re.search(r"/emergencies/[0-9]+", listed.text)
    assert address is not None
    verdict = {"verdict": "justified", "words": "Đúng ca trực cấp cứu"}
    assert "BA-5315" in (await post(node, Role.RECORDS, address[0], verdict)).text
    page = await get(node, Role.RECORDS, address[0])
    assert "Ngừng tim, không có người nhà" in page.text
    assert (await post(node, Role.RECORDS, address[0], verdict)).status_code == 303
    assert (await get(node, Role.RECORDS, "/emergencies/waiting")).text == ""
    looks = await post(node, Role.RECORDS, "/looks", {"number": NUMBER})
    assert (looks.status_code, "Phạm Thị Lan" in looks.text) == (200, True)
    assert "<td>mở khẩn cấp</td>" in looks.text
    table = await post(node, Role.RECORDS, f"/looks/{patient}/export", {"format": "csv"})
    assert table.content.startswith(b"\xef\xbb\xbf")
    paper = await post(node, Role.RECORDS, f"/looks/{patient}/export", {"format": "pdf"})
    assert paper.content.startswith(b"%PDF")
    assert "BA-5318" in (await post(node, Role.RECORDS, "/looks", {"number": "12"})).text
    await node.access.accounts.grant("records", Permission.ACCESS_REVIEW, given=False)
    assert (await get(node, Role.RECORDS, "/emergencies")).status_code == 403


async def test_the_patients_page_tells_who_looked_and_why(node: House, patient: str) -> None:
    page = await get(node, Role.DOCTOR, f"/patients/{patient}?tab=looked")
    assert "quyền theo vai trò" in page.text
