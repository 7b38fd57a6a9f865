"""A shift on a ward in a real browser: board, orders with a warning, signs by grid, doses, handover, discharge."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

WARD = "/ward?department=Khoa Nội tổng hợp"


async def _stay(page: Any) -> str:
    """The address of the stay of somebody in the full ward."""
    await page.goto(WARD)
    address = await page.locator("table.ward a[href$='/orders']").last.get_attribute("href")
    return address.removesuffix("/orders")


async def test_a_board_shows_the_ward_and_arrows_go_through_it(open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    await page.goto(WARD)
    rows = page.locator("table.ward tbody tr")
    assert await rows.count() >= 2
    assert await page.locator("table.ward", has_text="cấp 1").count() == 1
    await shoot(page, "ward")
    await rows.nth(0).locator("th a").focus()
    await page.keyboard.press("ArrowDown")
    there = await page.evaluate("document.activeElement.closest('tr').rowIndex")
    assert there == 2


async def test_orders_are_typed_picked_warned_of_and_written_on_the_sheet(
    open_page: Any, shoot: Any, errors: list[str]
) -> None:
    page = await open_page("bacsi")
    await page.goto(f"{await _stay(page)}/orders")
    for row, (words, dose) in enumerate((("acenoc", "1"), ("ibuprofen 400", "1"))):
        await page.focus(f"[id='y.{row}.what']")
        await page.keyboard.type(words)
        await page.locator("#choices [role=option]").first.wait_for()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await page.keyboard.type(dose)
    assert (await page.input_value("[id='y.0.unit']"), await page.input_value("[id='y.0.route']")) == ("viên", "uống")
    await page.keyboard.press("Control+s")
    await page.locator(".warned", has_text="chảy máu").wait_for()
    await shoot(page, "orders-warned")
    errors.clear()
    for each in await page.locator(".warned input").all():
        await each.fill("Dùng ngắn ngày, thử INR")
    await page.keyboard.press("Control+s")
    await page.locator(".good").wait_for()
    await shoot(page, "orders")
    await page.locator(".good a").click()
    assert "Acenocoumarol" in "".join(
        [await each.input_value() for each in await page.locator("[name$='.y_lenh']").all()]
    )
    await page.locator("a.chip", has_text=re.compile("y lệnh điện tử")).first.wait_for()


async def test_orders_survive_a_lost_network_and_a_closed_page(open_page: Any, errors: list[str]) -> None:
    page = await open_page("bacsi")
    address = f"{await _stay(page)}/orders"
    await page.goto(address)
    await page.fill("#course", "Còn sốt về chiều")
    await page.locator("#kept", has_text="Đã giữ nháp").wait_for()
    await page.context.set_offline(True)
    for number in range(5):
        await page.fill(f"[id='y.{number}.what']", f"Xét nghiệm {number}")
        await page.press(f"[id='y.{number}.what']", "Enter")
        await page.locator(f"[id='y.{number}.note']").press("Enter")
    await page.keyboard.press("Control+s")
    await page.locator("#kept", has_text="Mất mạng").wait_for()
    await page.context.set_offline(False)
    await page.locator("#kept", has_text="Đã giữ nháp").wait_for()
    await page.route("**/orders-draft", lambda route: route.abort())
    await page.fill("[id='y.4.note']", "gấp")
    await page.locator("#kept", has_text="Mất mạng").wait_for()
    await page.goto(address)
    assert await page.input_value("[id='y.4.note']") == "gấp"
    await page.unroute("**/orders-draft")
    await page.locator("#kept", has_text="Đã giữ nháp").wait_for()
    other = await open_page("bacsi")
    await other.goto(address)
    assert await other.input_value("#course") == "Còn sốt về chiều"
    assert [await other.input_value(f"[id='y.4.{each}']") for each in ("what", "note")] == ["Xét nghiệm 4", "gấp"]
    await other.get_by_role("button", name="Bỏ bản nháp").click()
    await other.locator(".alert", has_text="viết dở").wait_for(state="detached")
    assert await other.input_value("#course") == ""
    errors.clear()


async def test_signs_are_typed_by_grid_and_what_cannot_be_stays_typed(
    open_page: Any, shoot: Any, errors: list[str]
) -> None:
    page = await open_page("dieuduong")
    await page.goto(WARD)
    await page.get_by_role("link", name="Dấu hiệu sinh tồn").click()
    cells = page.locator("table.grid tbody tr").first.locator("input")
    await cells.nth(0).fill("88")
    await cells.nth(0).press("ArrowRight")
    await page.keyboard.type("375")
    await page.get_by_role("button", name="Lưu dấu hiệu sinh tồn").click()
    await page.locator(".wrong", has_text="từ 20 đến 45").wait_for()
    await shoot(page, "signs-wrong")
    errors.clear()
    cells = page.locator("table.grid tbody tr").first.locator("input")
    assert (await cells.nth(0).input_value(), await cells.nth(1).input_value()) == ("88", "375")
    await cells.nth(1).fill("37,5")
    await page.get_by_role("button", name="Lưu dấu hiệu sinh tồn").click()
    await page.locator(".good").wait_for()
    assert (
        await page.locator("table.grid tbody tr").first.locator("input").nth(1).get_attribute("placeholder") == "37,5"
    )


async def test_a_shift_is_handed_over_and_accepted_by_somebody_else(open_page: Any, shoot: Any) -> None:
    nurse, doctor = await open_page("dieuduong"), await open_page("bacsi")
    await nurse.goto(WARD)
    await nurse.get_by_role("link", name="Bàn giao ca").click()
    await nurse.locator("textarea").first.fill("Theo dõi nhịp thở mỗi 2 giờ")
    await nurse.get_by_role("button", name="Bàn giao ca").click()
    await nurse.wait_for_url("**/handovers/*")
    await shoot(nurse, "handover")
    await doctor.goto(nurse.url)
    await doctor.locator("td", has_text="Theo dõi nhịp thở mỗi 2 giờ").wait_for()
    await doctor.get_by_role("button", name="Tôi đã đọc và nhận ca").click()
    await doctor.locator(".good", has_text="Đã nhận ca").wait_for()


async def test_somebody_is_discharged_with_papers_that_are_filled(open_page: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    stay = await _stay(page)
    await page.goto(f"{stay}/care")
    await shoot(page, "care")
    await page.goto(f"{stay}/move")
    await shoot(page, "move")
    name = await page.locator(".banner .name").inner_text()
    await page.select_option("#outcome", "2")
    await page.get_by_role("button", name="Lập giấy").click()
    await page.locator(".good").wait_for()
    await page.get_by_role("link", name="Giấy ra viện").click()
    assert (await page.input_value("#ho_ten")).upper() == name.upper()
    await page.goto(f"{stay}/move")
    await page.select_option("#outcome", "2")
    await page.get_by_role("button", name="Cho ra viện").click()
    await page.locator(".good", has_text="Đã cho ra viện").wait_for()
    await page.goto(WARD)
    assert await page.locator("table.ward a", has_text=re.compile(re.escape(name), re.IGNORECASE)).count() == 0
