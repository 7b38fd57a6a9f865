"""Records in a real browser: opened, written with drafts, two people at once, closed, reviewed, archived."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pypdfium2 import PdfDocument

pytestmark = pytest.mark.browser

OPEN = "form[action$='/record']"


async def _record_without_papers(page: Any, number: str = "01/BV-01") -> str:
    """A record of some stay that has none yet; gives its address."""
    await page.goto("/patients")
    for address in [await each.get_attribute("href") for each in await page.locator("#found tbody a").all()]:
        await page.goto(f"{address}/records")
        if await page.locator(OPEN).count():
            form = page.locator(OPEN).first
            await form.locator("select").select_option(number)
            await form.locator("input[name=department]").fill("K01")
            await form.locator("button").click()
            await page.wait_for_url("**/records/*")
            return page.url
    raise AssertionError("every stay has a record")


async def _add(page: Any, record: str, number: str) -> str:
    """A paper put into a record; gives its address."""
    await page.goto(record)
    await page.locator("#add").select_option(number)
    await page.locator("form[action$='/papers'] button").click()
    await page.wait_for_url("**/papers/*")
    return page.url


async def test_a_paper_keeps_what_is_typed_tells_what_is_wrong_and_is_saved(
    open_page: Any, shoot: Any, errors: list[str]
) -> None:
    page = await open_page("bacsi")
    record = await _record_without_papers(page)
    paper = await _add(page, record, "01/BV-01")
    await page.fill("#qua_trinh_benh_ly", "Ho, sốt 3 ngày")
    await page.fill("#nhiet_do", "375")
    await page.locator("#kept", has_text="Đã giữ nháp").wait_for()
    await page.goto(paper)
    assert await page.input_value("#qua_trinh_benh_ly") == "Ho, sốt 3 ngày"
    assert await page.input_value("#nhiet_do") == "375"
    await page.keyboard.press("Control+s")
    await page.locator("#wrong-nhiet_do").wait_for()
    await shoot(page, "paper-wrong")
    assert await page.input_value("#qua_trinh_benh_ly") == "Ho, sốt 3 ngày"
    errors.clear()
    await page.fill("#nhiet_do", "37,5")
    await page.keyboard.press("Control+s")
    await page.locator("h1", has_text="bản 2").wait_for()
    assert await page.locator(".alert").count() == 0
    assert await page.input_value("#nhiet_do") == "37,5"
    await page.goto(record)
    await shoot(page, "record")


async def test_what_is_typed_without_a_network_comes_back_and_is_sent_when_it_is_there(
    open_page: Any, errors: list[str]
) -> None:
    page = await open_page("bacsi")
    paper = await _add(page, await _record_without_papers(page), "01/BV-01")
    await page.context.set_offline(True)
    await page.fill("#tuan_hoan", "T1 T2 đều, rõ")
    await page.locator("#kept", has_text="Mất mạng").wait_for()
    await page.context.set_offline(False)
    await page.locator("#kept", has_text="Đã giữ nháp").wait_for()
    await page.goto(paper)
    assert await page.input_value("#tuan_hoan") == "T1 T2 đều, rõ"
    errors.clear()


async def test_of_two_who_write_on_one_paper_the_second_keeps_what_was_typed(open_page: Any, errors: list[str]) -> None:
    doctor, nurse = await open_page("bacsi"), await open_page("dieuduong")
    paper = await _add(doctor, await _record_without_papers(doctor), "36/BV-02")
    await nurse.goto(paper)
    await doctor.fill("#buong", "12")
    await doctor.click("[data-save]")
    await doctor.locator("h1", has_text="bản 2").wait_for()
    await nurse.fill("#giuong", "5")
    await nurse.click("[data-save]")
    await nurse.locator("[role=alert]", has_text="Người khác vừa lưu").wait_for()
    assert await nurse.input_value("#giuong") == "5"
    errors.clear()


async def test_a_row_is_added_to_a_table_by_a_button_and_the_keyboard_goes_there(open_page: Any) -> None:
    page = await open_page("bacsi")
    await _add(page, await _record_without_papers(page), "36/BV-02")
    rows = page.locator("#dien_bien tbody tr")
    before = await rows.count()
    await page.click("[data-more=dien_bien]")
    assert await rows.count() == before + 1
    assert await page.evaluate("document.activeElement.name") == f"dien_bien.{before}.luc"
    await page.keyboard.type("221126 0800")
    await page.click("[data-save]")
    await page.locator("h1", has_text="bản 2").wait_for()
    assert "08:00 22/11/2026" in [await each.input_value() for each in await page.locator("[name$='.luc']").all()]


async def test_a_diagnosis_is_picked_by_keyboard_and_fills_code_and_words(open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    await _add(page, await _record_without_papers(page), "01/BV-01")
    await page.fill("#cd_kem_theo", "")
    await page.focus("#cd_kem_theo_ma")
    await page.keyboard.type("tang huyet ap")
    await page.locator("#choices [role=option]").first.wait_for()
    await shoot(page, "codes")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    assert (await page.input_value("#cd_kem_theo_ma")).startswith("I1")
    assert "ăng huyết áp" in await page.input_value("#cd_kem_theo")


async def test_a_record_that_lacks_something_is_not_submitted_and_says_what(
    open_page: Any, shoot: Any, errors: list[str]
) -> None:
    page = await open_page("bacsi")
    record = await _record_without_papers(page, "15/BV-01")
    await page.get_by_role("button", name="Kết thúc điều trị").click()
    await page.locator("h1 .chip", has_text="hoàn thiện").wait_for()
    await page.get_by_role("button", name="Nộp cho phòng KHTH").click()
    await page.locator("[role=alert]", has_text="chưa nộp được").wait_for()
    assert "Chưa có Bệnh án ngoại trú (chung)." in await page.locator(".findings").inner_text()
    await shoot(page, "record-lacks")
    errors.clear()
    await page.goto("/records?list=completing")
    assert record.rpartition("/")[2] in await page.locator("table").inner_html()
    await shoot(page, "records")


async def test_a_print_is_looked_up_by_a_stranger(open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    paper = await _add(page, await _record_without_papers(page), "01/BV-01")
    answer = await page.request.get(f"{paper}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = PdfDocument(await answer.body())[0].get_textpage().get_text_range()
    code = re.search(r"Mã tra cứu ([A-Z0-9-]{24})", text.replace("\ufffe", "-"))
    assert code is not None
    stranger = await open_page()
    await stranger.goto("/p")
    await stranger.fill("#code", code[1])
    await stranger.click("form[action='/p'] button")
    await stranger.locator(".good", has_text="Bản in có thật").wait_for()
    await shoot(stranger, "print-genuine")
