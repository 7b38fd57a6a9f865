"""Beyond one hospital: a doctor asks another one, and the portal shows everybody how far the country is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.browser.test_fit_and_contrast import FAULTS, OLD_PC, PHONE

from benhan.demo.scenario import make_people

pytestmark = pytest.mark.browser


async def test_a_doctor_asks_the_other_hospital_and_reads_what_it_gave(open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/patients")
    name = make_people(0, datetime.now(UTC))[0].name.text  # who was in both hospitals
    await page.locator("#found tbody a", has_text=name).first.click()
    await page.locator("nav.tabs a", has_text="Bệnh án & phiếu").click()
    await page.locator("a", has_text="Hỏi bệnh viện khác").click()
    await page.fill("#note", "Đột quỵ, vào viện cấp cứu")
    await page.locator("form.card button.main").click()
    await page.locator("#asked a", has_text="đã đưa hồ sơ").first.click()
    await page.locator("h2", has_text="Cửu Long").wait_for()
    await page.locator("h3", has_text="Xét nghiệm").wait_for()
    assert await page.evaluate(FAULTS) == []
    await shoot(page, "outside-given")


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (OLD_PC, "light")], ids=["phone", "pc"])
async def test_everybody_sees_how_far_the_country_is(
    country: Any, open_page: Any, shoot: Any, viewport: dict[str, int], scheme: str
) -> None:
    page = await open_page("", viewport=viewport, color_scheme=scheme)
    for address in ("/", "/?province=79#list", "/facilities/01901"):
        await page.goto(f"{country.portal}{address}")
        assert await page.evaluate(FAULTS) == [], address
    await page.goto(f"{country.portal}/")
    assert await page.locator(".tiles a").count() == 34
    await shoot(page, f"portal-{scheme}")


async def test_a_hospital_sees_what_to_do_next_at_the_portal_and_at_its_node(open_page: Any, shoot: Any) -> None:
    page = await open_page("benhvien", viewport=OLD_PC)
    await page.goto("/own")
    await page.locator("h2", has_text="Làm tiếp").wait_for()
    await page.locator("p", has_text="Số liệu sống lúc").wait_for()
    assert await page.evaluate(FAULTS) == []
    await shoot(page, "portal-own")
    node = await open_page("cntt", viewport=PHONE)
    await node.goto("/deployment")
    await node.locator("h2", has_text="Làm tiếp").wait_for()
    assert await node.evaluate(FAULTS) == []
