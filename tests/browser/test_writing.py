"""Writing on papers in a real browser: a phrase, an abbreviation, a value with its source, a picture, undo."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.admitting import admitted, record_of
from tests.browser.test_records import _add

pytestmark = pytest.mark.browser


async def test_phrases_abbreviations_pictures_and_undo_on_one_paper(country: Any, open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/phrases")
    await page.fill("#short", "kham-phoi")
    await page.fill("#text", "Phổi thông khí đều hai bên, không ran.")
    await page.click("button.main")
    await page.locator("th", has_text="/kham-phoi").wait_for()
    await shoot(page, "phrases")

    await _add(page, await record_of(page, await admitted(country, page, "Vũ Thị Mắt"), "21/BV-01"), "21/BV-01")
    box = page.locator("#qua_trinh_benh_ly, textarea").first
    await box.click()
    await box.press_sequentially("BN đau mắt. /kham-phoi ")
    assert await box.input_value() == "BN đau mắt. Phổi thông khí đều hai bên, không ran."
    await page.keyboard.press("Control+z")
    assert (await box.input_value()).startswith("BN đau mắt. /kham-phoi")
    short = page.locator(".shorts span", has_text="BN")
    await short.locator("button").click()
    assert (await box.input_value()).startswith("người bệnh đau mắt.")
    await page.click("#undo")
    assert (await box.input_value()).startswith("BN đau mắt.")

    canvas = page.locator("canvas").first
    await canvas.scroll_into_view_if_needed()
    place = await canvas.bounding_box()
    await page.mouse.move(place["x"] + 90, place["y"] + 60)
    await page.mouse.down()
    await page.mouse.move(place["x"] + 180, place["y"] + 90, steps=4)
    await page.mouse.up()
    assert (await page.locator("#mp_hinh_ve").input_value()).startswith("data:image/png")
    await shoot(page, "paper-drawn")
    await page.keyboard.press("Control+s")
    await page.locator("h1", has_text="bản 2").wait_for()
    saved = await page.locator("[data-draw]").first.get_attribute("data-saved")
    answer = await page.request.get(saved)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")


async def test_a_known_value_is_taken_with_its_source_and_loses_it_when_it_is_changed(
    country: Any, open_page: Any
) -> None:
    page = await open_page("bacsi")
    await _add(page, await record_of(page, await admitted(country, page, "Vũ Văn Nguồn"), "01/BV-01"), "01/BV-01")
    filled = page.locator("#ho_ten, [name^=ho_]").first
    assert await filled.input_value()
    kept = await filled.input_value()
    await filled.fill("Người Khác")
    await page.keyboard.press("Control+s")
    await page.locator("h1", has_text="bản 2").wait_for()
    offer = page.locator(".offer", has_text=kept).first
    await offer.locator("button").first.click()
    assert await filled.input_value() == kept
    assert await page.locator(".taken").count() == 1
    await page.keyboard.press("Control+s")
    await page.locator("h1", has_text="bản 3").wait_for()
    assert await page.locator(".taken").count() == 1
    await filled.press_sequentially("x")
    assert await page.locator(".taken").count() == 0
