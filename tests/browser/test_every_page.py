"""What holds for each page: one heading, labels, a language, no error; in English no Vietnamese heading."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "": ["/sign-in"],
    "bacsi": ["/", "/patients", "/records", "{patient}/records", "{patient}",
              "/signing", "/signing/unsigned", "/signing/delegations",
              "{patient}?tab=timeline", "{patient}?tab=results", "{patient}?tab=looked", "{patient}?tab=images",
              "{patient}?tab=drugs", "{trend}", "{source}", "/phrases", "/trace", "/account", "/emergency",
              "/ward", "/ward?mine", "{stay}/orders", "{stay}/care", "{stay}/move",
              "/ward/signs?department={ward}", "/ward/handover?department={ward}"],
    "xetnghiem": ["/letters", "/account"],
    "khth": ["/packages", "/loans", "/requests", "/destruction",
             "/deliveries", "/bhyt", "/sends", "/sends/bhxh", "/sends/emrhub",
             "/grants", "/rights", "/emergencies", "/looks"],
    "cntt": ["/accounts", "/rights"],
    "nguoidan": ["/", "/looked", "/account"],
}  # fmt: skip
OTHERS, SLOW = ("xetnghiem", "khth", "cntt"), pytest.mark.slow
VIETNAMESE = re.compile(r"[ăâđêôơưàáạảãèéẹẻẽìíịỉĩòóọỏõùúụủũỳýỵỷỹầấậẩẫằắặẳẵềếệểễồốộổỗờớợởỡừứựửữ]", re.I)

FAULTS = """
() => {
  const told = [], seen = new Set();
  const say = (what, each) => told.push(what + ": " + each.outerHTML.slice(0, 120));
  if (!document.documentElement.lang) told.push("no language");
  if (!document.title.trim()) told.push("no title");
  if (document.querySelectorAll("h1").length !== 1) told.push("h1: " + document.querySelectorAll("h1").length);
  if (document.querySelectorAll("main").length !== 1) told.push("main: " + document.querySelectorAll("main").length);
  for (const each of document.querySelectorAll("input:not([type=hidden]), textarea, select"))
    if (!(each.labels && each.labels.length) && !each.ariaLabel) say("no label", each);
  for (const each of document.querySelectorAll("img"))
    if (!each.hasAttribute("alt")) say("no alt", each);
  for (const each of document.querySelectorAll("svg"))
    if (each.getAttribute("aria-hidden") !== "true" && !each.ariaLabel) say("svg that is told to nobody", each);
  for (const each of document.querySelectorAll("button, a"))
    if (!each.textContent.trim() && !each.ariaLabel) say("no name", each);
  for (const each of document.querySelectorAll("[id]")) {
    if (seen.has(each.id)) say("id twice", each);
    seen.add(each.id);
  }
  for (const each of document.querySelectorAll("[aria-describedby], [for]")) {
    const id = each.getAttribute("aria-describedby") || each.getAttribute("for");
    if (!document.getElementById(id)) say("names nothing", each);
  }
  for (const each of document.querySelectorAll("nav, header.banner"))
    if (!each.ariaLabel) say("no name", each);
  for (const each of document.querySelectorAll("table thead th"))
    if (each.scope !== "col" && each.textContent.trim()) say("no scope", each);
  return told;
}
"""


async def _addresses(page: Any, find_patient: Any, login: str) -> list[str]:
    if login != "bacsi":
        return PAGES[login]
    patient, _ = await find_patient(page)
    await page.goto(f"{patient}?tab=results")
    trend = await page.locator("table.results th[scope=row] a").first.get_attribute("href")
    await page.goto(f"{patient}?tab=timeline")
    source = await page.locator(".timeline a").first.get_attribute("href")
    await page.goto("/ward?mine")
    stay = (await page.locator("table.ward a[href$='/orders']").first.get_attribute("href")).removesuffix("/orders")
    named = {"patient": patient, "trend": trend, "source": source, "stay": stay, "ward": "Khoa Nội tổng hợp"}
    return [each.format(**named) for each in PAGES[login]]


@pytest.mark.parametrize("login", ["", "bacsi", "nguoidan", *(pytest.param(each, marks=SLOW) for each in OTHERS)])
async def test_every_page_can_be_read_aloud(open_page: Any, find_patient: Any, login: str) -> None:
    page = await open_page(login)
    faults = {}
    for address in await _addresses(page, find_patient, login):
        answer = await page.goto(address)
        assert answer.status == 200, address
        faults[address] = await page.evaluate(FAULTS)
    assert {address: told for address, told in faults.items() if told} == {}


HEADINGS = (
    "h1:not(.name), h2, label, thead th, button, nav a, .lead, .chip, .what, .state, .mark, "
    "figcaption, dt, .note, summary"
)
TOLD_BY_PEOPLE = "table.results, .plainwords, .banner .mark, .signs"
"""Names of wards, panels and analytes are data: they are as the hospital wrote them."""


async def _words(page: Any) -> list[str]:
    return await page.evaluate(
        """([wanted, data]) => [...document.querySelectorAll(wanted)]
            .filter((each) => !each.closest(data) && each.getAttribute("lang") !== "vi")
            .map((each) => each.innerText)""",
        [HEADINGS, TOLD_BY_PEOPLE],
    )


@pytest.mark.parametrize("login", ["bacsi", "nguoidan", *(pytest.param(each, marks=SLOW) for each in OTHERS)])
async def test_in_english_no_heading_stays_vietnamese(open_page: Any, find_patient: Any, login: str) -> None:
    page = await open_page(login)
    addresses = await _addresses(page, find_patient, login)
    await page.goto("/account")
    await page.locator("form[action='/language'] button").click()
    await page.wait_for_function("document.documentElement.lang === 'en'")
    try:
        left = {}
        for address in addresses:
            await page.goto(address)
            assert await page.evaluate("document.documentElement.lang") == "en"
            named = {
                await page.locator(".me").inner_text(),
                *await page.locator("h1, section.card > h2").all_inner_texts(),
            }
            own = {line for text in named for line in text.splitlines()} if _shows_data(address, login) else set()
            left[address] = [each for each in await _words(page) if VIETNAMESE.search(each) and each not in own]
        assert {address: told for address, told in left.items() if told} == {}
    finally:
        await page.goto("/account")
        await page.locator("form[action='/language'] button").click()
        await page.wait_for_function("document.documentElement.lang === 'vi'")


def _shows_data(address: str, login: str) -> bool:
    """Whether headings of the page are names: of the person, a panel, an analyte."""
    is_data = any(part in address for part in ("trend", "/from/", "tab=results"))
    return is_data or address == "/account" or login == "nguoidan"


async def test_a_page_that_is_not_there_says_so_in_the_frame_of_the_house(open_page: Any, errors: list[str]) -> None:
    page = await open_page("bacsi")
    async with page.expect_event("console", lambda message: "404" in message.text):
        await page.goto("/patients/khongco")
    errors.clear()
    assert await page.locator("h1").count() == 1
    assert await page.locator("code", has_text="BA-").count() >= 1
