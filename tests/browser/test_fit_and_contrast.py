"""Every page fits a phone and an old PC, in light and dark, with the contrast, targets and weight that are asked for.

Source: WCAG 2.2, 1.4.3 (contrast), 1.4.10 (reflow), 2.5.8 (size of targets). Checks of our own: nothing is fetched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.browser.admitting import admitted, record_of
from tests.browser.test_every_page import _addresses
from tests.browser.test_records import _add

pytestmark = pytest.mark.browser

PHONE, OLD_PC = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
WEIGHT_MAX = 200_000

FAULTS = (Path(__file__).parent / "fit_and_contrast.js").read_text(encoding="utf-8")


async def _faults(page: Any, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        await page.goto(address)
        found[address] = await page.evaluate(FAULTS)
    return {address: told for address, told in found.items() if told}


@pytest.mark.slow
@pytest.mark.parametrize("login", ["bacsi", "nguoidan", "khth", "xetnghiem"])
async def test_every_page_fits_and_can_be_read_in_light_and_dark(
    country: Any, open_page: Any, find_patient: Any, login: str
) -> None:
    phone = await open_page(login, viewport=PHONE, color_scheme="light")
    addresses = await _addresses(phone, find_patient, login)
    if login == "bacsi":
        record = await record_of(phone, await admitted(country, phone, "Vũ Thị Vừa"), "01/BV-01")
        addresses += [record, await _add(phone, record, "36/BV-02")]
    assert await _faults(phone, addresses) == {}
    pc = await open_page(login, viewport=OLD_PC, color_scheme="dark")
    assert await _faults(pc, addresses) == {}


async def test_no_page_weighs_more_than_an_old_line_carries(country: Any, open_page: Any, find_patient: Any) -> None:
    page = await open_page("bacsi")
    addresses = await _addresses(page, find_patient, "bacsi")
    record = await record_of(page, await admitted(country, page, "Vũ Thị Nhẹ"), "01/BV-01")
    addresses += [record, await _add(page, record, "01/BV-01")]
    heavy = {}
    for address in addresses:
        await page.goto(address, wait_until="load")
        bytes_ = await page.evaluate(
            """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
                .filter((each) => each.initiatorType !== "img")
                .reduce((sum, each) => sum + (each.encodedBodySize || each.decodedBodySize), 0)"""
        )
        if bytes_ > WEIGHT_MAX:
            heavy[address] = bytes_
    assert heavy == {}


async def test_everything_that_is_done_by_a_pointer_is_reached_by_the_keyboard(
    open_page: Any, find_patient: Any
) -> None:
    page = await open_page("bacsi")
    for address in await _addresses(page, find_patient, "bacsi"):
        await page.goto(address)
        out_of_reach = await page.evaluate(
            """() => [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")]
                .filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex < 0)
                .map((each) => each.outerHTML.slice(0, 100))"""
        )
        assert out_of_reach == [], address
