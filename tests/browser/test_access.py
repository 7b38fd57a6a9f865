"""Who may see what, in a real browser: the glass is broken, the officer is told, reads and judges."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser


async def _number(page: Any) -> str:
    """The citizen number of some patient on the list."""
    await page.goto("/patients")
    text = await page.locator("#found").inner_text()
    found = re.search(r"\b0[0-9]{11}\b", text)
    assert found is not None, text
    return found[0]


async def test_the_glass_is_broken_with_a_reason_and_the_officer_judges_it(
    open_page: Any, shoot: Any, errors: list[str]
) -> None:
    doctor = await open_page("bacsi")
    number = await _number(doctor)
    await doctor.goto("/emergency")
    await doctor.fill("#number", "001")
    await doctor.keyboard.press("Enter")
    await doctor.locator(".alert", has_text="BA-5318").wait_for()
    await shoot(doctor, "emergency-nobody")
    errors.clear()
    await doctor.fill("#number", number)
    await doctor.keyboard.press("Enter")
    await doctor.locator("text=Nếu mở, những việc này xảy ra").wait_for()
    await shoot(doctor, "emergency-before")
    await doctor.check("input[value=life]")
    await doctor.fill("#words", "12345")
    await doctor.click("button.danger")
    await doctor.locator(".alert", has_text="BA-5313").wait_for()
    errors.clear()
    assert await doctor.is_checked("input[value=life]")
    await doctor.fill("#words", "Ngừng tim ở phòng cấp cứu, không có người nhà")
    await doctor.click("button.danger")
    await doctor.wait_for_url("**/patients/*")
    officer = await open_page("khth")
    await officer.locator(".side .count", has_text="1").wait_for()
    await officer.click(".side a[href='/emergencies']")
    await shoot(officer, "emergencies")
    await officer.click("table a")
    await officer.locator("text=Ngừng tim ở phòng cấp cứu").wait_for()
    await officer.check("input[value=justified]")
    await officer.fill("#words", "Đúng ca trực, người bệnh vào cấp cứu lúc đó")
    await shoot(officer, "emergency-review")
    await officer.click("button.main")
    await officer.wait_for_url("**/emergencies")
    await officer.locator("text=Không có lần mở nào chờ kết luận.").wait_for()
    await officer.goto("/looks")
    await officer.fill("#number", number)
    await officer.keyboard.press("Enter")
    await officer.locator("td", has_text="mở khẩn cấp").first.wait_for()
    await shoot(officer, "looks")
    for address, name in (("/grants", "grants"), ("/rights", "rights")):
        await officer.goto(address)
        await shoot(officer, name)
    phone = await open_page("bacsi", viewport={"width": 360, "height": 740}, color_scheme="dark")
    await phone.goto("/emergency")
    await phone.fill("#number", number)
    await phone.keyboard.press("Enter")
    await phone.locator("button.danger").wait_for()
    await shoot(phone, "emergency-phone-dark")
    assert await phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    administrator = await open_page("cntt")
    await administrator.goto("/accounts")
    await shoot(administrator, "accounts")
    await administrator.locator("table a", has_text="Lê Thị Minh Châu").click()
    await administrator.fill("#department", "K01")
    await administrator.locator("form[action$='/departments'] button", has_text="Thêm").click()
    await administrator.locator("th", has_text="K01").wait_for()
    await shoot(administrator, "account-one")
