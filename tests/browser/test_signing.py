"""Signing in a real browser: the tray, one PIN for several papers, progress, verdicts, refusing, delegating."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.admitting import admitted, record_of
from tests.browser.test_records import _add

from benhan.demo.certificates import PIN

pytestmark = pytest.mark.browser


async def _done(page: Any, record: str, number: str) -> str:
    """A paper written and done; gives its address."""
    paper = await _add(page, record, number)
    await page.get_by_role("button", name="Lưu và xong").click()
    await page.wait_for_url(record)
    return paper


async def test_two_papers_are_signed_by_one_pin_and_a_wrong_one_is_told(
    country: Any, open_page: Any, shoot: Any, errors: list[str]
) -> None:
    page = await open_page("bacsi")
    record = await record_of(page, await admitted(country, page, "Vũ Thị Ký"), "01/BV-01")
    paper = await _done(page, record, "36/BV-02")
    await _done(page, record, "01/BV-01")
    await page.goto("/signing")
    await page.locator(".side .count").wait_for()
    await shoot(page, "signing-tray")
    await page.check("[data-all]")
    await page.fill("#pin", "000000")
    await page.click("[data-sign]")
    await page.locator("[role=alert]", has_text="còn 2 lần thử").wait_for()
    assert await page.input_value("#pin") == ""
    assert await page.locator("input[name=paper]:checked").count() >= 2
    await shoot(page, "signing-wrong-pin")
    errors.clear()
    await page.fill("#pin", PIN)
    await page.keyboard.press("Enter")
    await page.locator("#batch .good").wait_for()
    await shoot(page, "signing-batch")
    await page.goto(f"{paper}/signatures")
    await page.locator(".verdict.passed").first.wait_for()
    await shoot(page, "signatures")
    answer = await page.request.get(await page.get_by_role("link", name="Tải tệp đã ký").get_attribute("href"))
    assert (await answer.body()).startswith(b"%PDF")
    await page.goto(record)
    assert await page.locator(".papers .chip.signed").count() >= 1
    await shoot(page, "record-signed")


async def test_the_head_refuses_with_a_reason_and_the_author_finds_it_in_the_tray(
    country: Any, open_page: Any, shoot: Any, errors: list[str]
) -> None:
    doctor, head = await open_page("bacsi"), await open_page("truongkhoa")
    record = await record_of(doctor, await admitted(country, doctor, "Lý Văn Duyệt"), "01/BV-01")
    paper = await _done(doctor, record, "01/BV-01")
    await doctor.goto(f"{paper}/signatures")
    await doctor.fill("#pin", PIN)
    await doctor.get_by_role("button", name="Ký tờ này").click()
    await doctor.locator("#batch .good").wait_for()
    await head.goto(f"{paper}/signatures")
    await head.locator("summary", has_text="Từ chối ký").click()
    await head.fill("#reason", "Thiếu chẩn đoán phân biệt")
    await head.locator("form[action$='/refuse'] button").click()
    await head.wait_for_url("**/signing")
    await doctor.goto("/signing")
    await doctor.locator("q", has_text="Thiếu chẩn đoán phân biệt").wait_for()
    await shoot(doctor, "signing-returned")
    await doctor.goto("/signing/delegations")
    await doctor.fill("#login", "khongai")
    await doctor.fill("#title", "KT. BÁC SĨ")
    await doctor.fill("#until", "2026-12-01")
    await doctor.get_by_role("button", name="Uỷ quyền ký").click()
    await doctor.locator("[role=alert]").wait_for()
    await shoot(doctor, "signing-delegations")
    errors.clear()
    await head.goto("/signing/unsigned")
    await shoot(head, "signing-unsigned")
