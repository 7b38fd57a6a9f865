"""A broken message is read, mended and applied in the browser; its way is followed to the citizen's book."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

STATIONS = 7
_numbers = itertools.count(1)


def oru(control_id: str, *, sampled: str = "20261101080000", value: str = "5.60") -> list[str]:
    """A result of a synthetic person of the first hospital."""
    return [
        f"MSH|^~\\&|LIS-THU|01901|BENHAN|01901|20261101080000||ORU^R01^ORU_R01|{control_id}|P|2.5.1||||||UNICODE UTF-8",
        "PID|1||BN900001^^^01901^PI||TRẦN^THỊ^MẪU||19900101|F",
        "ORC|RE|O1|F1",
        f"OBR|1|O1|F1|GLU^Đường huyết^L|||{sampled}|||||||||||||||||F",
        f"OBX|1|NM|2345-7^Glucose^LN||{value}|mmol/L|3.9-6.4|N|||F|||{sampled}",
    ]


async def _letter_of(page: Any, control_id: str) -> None:
    """Open the page of a parked message; it parks a moment after it is acknowledged."""
    for _ in range(100):
        await page.goto("/letters")
        if await page.locator("tbody tr").count():
            await page.locator("tbody tr a").first.click()
            if control_id in await page.locator("h1").inner_text():
                return
        await asyncio.sleep(0.1)
    pytest.fail("the message did not come to the letters")


async def _whole_way(page: Any) -> None:
    """Look at a way until every station is reached."""
    for _ in range(100):
        if await page.locator("ol.way li.done").count() == STATIONS:
            return
        await asyncio.sleep(0.2)
        await page.reload()
    pytest.fail("the message did not reach the book")


async def test_a_broken_message_is_read_mended_applied_and_followed_to_the_book(
    country: Any, open_page: Any, shoot: Any
) -> None:
    control_id = f"SUA{next(_numbers)}"
    assert await country.send(*oru(control_id, sampled="20261345080000")) == "AA"
    page = await open_page("xetnghiem")
    await _letter_of(page, control_id)
    assert await page.locator(".reasons li").count() >= 1
    assert await page.locator(".segment mark, .segment.faulty").count() >= 1
    text = await page.locator("#message").input_value()
    assert "20261345080000" in text
    await shoot(page, "letter")
    await page.fill("#message", text.replace("20261345080000", "20261101080000"))
    await page.locator("button[value=mend]").click()
    await page.locator("#state .good").wait_for()
    await shoot(page, "letter-mended")
    await page.locator("#state .good a").click()
    await _whole_way(page)
    times = await page.locator("ol.way time").all_inner_texts()
    assert len(times) == STATIONS
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d,\d{3}", each) for each in times)
    assert times == sorted(times)
    await shoot(page, "trace")


@pytest.mark.slow
async def test_what_is_no_message_is_not_run_and_what_was_typed_stays(
    country: Any, open_page: Any, errors: list[str]
) -> None:
    control_id = f"SUA{next(_numbers)}"
    await country.send(*oru(control_id, sampled="20261345080000"))
    page = await open_page("xetnghiem")
    await _letter_of(page, control_id)
    await page.fill("#message", "đây không phải HL7")
    async with page.expect_event("console", lambda message: "400" in message.text):
        await page.locator("button[value=mend]").click()
    errors.clear()
    await page.locator("[role=alert] code").first.wait_for()
    assert await page.locator("#message").input_value() == "đây không phải HL7"


@pytest.mark.slow
async def test_my_result_is_found_by_its_trace(country: Any, open_page: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/")
    href = await page.locator("tbody a[href^='/trace?id=']").first.get_attribute("href")
    trace = href.partition("=")[2]
    await page.goto("/trace")
    await page.fill("#trace", f" {trace.upper()} ")
    await page.keyboard.press("Enter")
    await page.locator("ol.way").wait_for()
    assert await page.locator("ol.way li").count() == STATIONS
    await _whole_way(page)
    assert await page.locator("ol.way .name").first.inner_text() == "Nhận từ máy"


@pytest.mark.slow
async def test_an_unknown_trace_says_so(open_page: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/trace?id=" + "0123456789abcdef" * 2)
    assert await page.locator("[role=alert]").is_visible()


@pytest.mark.slow
async def test_the_first_page_shows_the_travelling_record_and_refreshes_by_itself(
    country: Any, open_page: Any, shoot: Any
) -> None:
    page = await open_page("bacsi")
    await page.goto("/")
    await page.locator("ol.way li.done").first.wait_for()
    before = await page.locator("#flow tbody tr").first.inner_text()
    assert await country.send(*oru(f"MOI{next(_numbers)}", value="6.10")) == "AA"
    await page.wait_for_function(
        "before => document.querySelector('#flow tbody tr').innerText.trim() !== before.trim()", arg=before
    )
    assert "LIS-THU" in await page.locator("#flow tbody tr").first.inner_text()
    await shoot(page, "home")


@pytest.mark.slow
async def test_the_first_page_says_that_the_server_is_away(open_page: Any, errors: list[str]) -> None:
    page = await open_page("dieuduong")
    await page.goto("/")
    await page.route("**/flow", lambda route: route.fulfill(status=503, body=""))
    await page.evaluate("htmx.trigger(document.getElementById('flow'), 'tick')")
    await page.locator(".offline").wait_for(state="visible")
    await page.unroute("**/flow")
    await page.evaluate("htmx.trigger(document.getElementById('flow'), 'tick')")
    await page.locator(".offline").wait_for(state="hidden")
    errors.clear()


@pytest.mark.slow
async def test_deliveries_show_their_receipts(open_page: Any, shoot: Any) -> None:
    page = await open_page("khth")
    await page.goto("/deliveries")
    await page.locator(".chip.receipted").first.wait_for()
    await shoot(page, "deliveries")
