"""A hospital's pages in a real browser: the door, the list, a patient, a trend, an export."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

pytestmark = pytest.mark.browser


def without_accents(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in folded if not unicodedata.combining(letter)).lower()


async def test_somebody_signs_in_and_searches_by_keyboard_alone(open_page: Any, shoot: Any, find_patient: Any) -> None:
    _, name = await find_patient(await open_page("bacsi"))
    page = await open_page()
    await page.goto("/patients")
    assert "/sign-in?next=" in page.url
    await shoot(page, "sign-in")
    await page.keyboard.type("bacsi")
    await page.keyboard.press("Tab")
    await page.keyboard.type("trinh-dien")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/patients")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.name") == "q"
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/patients?s=*")
    await page.locator("#found tbody a").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/patients/*")
    assert (await page.locator("h1").inner_text()).casefold() == name.casefold()


@pytest.mark.slow
async def test_what_has_the_focus_shows_it(open_page: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/patients")
    for _ in range(6):
        await page.keyboard.press("Tab")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", await page.evaluate("document.activeElement.outerHTML")


async def test_a_patient_is_found_with_and_without_accents_and_no_address_tells_the_name(
    open_page: Any, find_patient: Any, shoot: Any
) -> None:
    page = await open_page("bacsi")
    _, name = await find_patient(page)
    assert without_accents(name) != name.lower()
    found = []
    for typed in (name, name.lower(), without_accents(name), without_accents(name.split()[-1])):
        await page.goto("/patients")
        async with page.expect_response("**/patients/search"):
            await page.fill("#q", typed)
        await page.wait_for_url("**/patients?s=*")
        names = await page.locator("#found tbody a").all_inner_texts()
        assert all(without_accents(typed.split()[-1]) in without_accents(each) for each in names)
        found.append(name in names)
        assert without_accents(name.split()[-1]) not in page.url.partition("?")[0]
        assert name not in page.url
    assert found == [True] * 4
    await shoot(page, "patients")


@pytest.mark.slow
async def test_a_search_that_finds_nobody_says_what_to_try(open_page: Any) -> None:
    page = await open_page("bacsi")
    await page.goto("/patients")
    await page.fill("#q", "khongcoaitennhuvay")
    await page.locator("#found .empty").wait_for()
    assert await page.locator("#found tbody tr").count() == 0


async def test_a_patient_has_its_sections_under_one_banner(open_page: Any, find_patient: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    _, name = await find_patient(page)
    await page.locator("#found tbody a").first.click()
    found = (".life", ".timeline li", "table.results", ".empty, .card", ".empty, table.drugs", "h2", "tbody tr")
    for number, content in enumerate(found):
        await page.locator("nav.tabs a").nth(number).click()
        await page.locator(f"nav.tabs a:nth-child({number + 1})[aria-current=page]").wait_for()
        assert (await page.locator("header.banner h1").inner_text()).casefold() == name.casefold()
        assert await page.locator(f"main {content}").count() >= 1
        await shoot(page, f"patient-{number + 1}")


@pytest.mark.slow
async def test_a_value_tells_where_it_comes_from(open_page: Any, find_patient: Any, shoot: Any) -> None:
    page = await open_page("bacsi")
    address, _ = await find_patient(page)
    await page.goto(f"{address}?tab=results")
    value = page.locator("table.results details").first
    await value.locator("summary").click()
    assert await value.locator("dl.from").is_visible()
    assert await value.locator("dd").count() >= 3
    await shoot(page, "value-from")


BAND_PIXELS = """
() => {
  const canvas = document.querySelector("#trend canvas");
  const band = getComputedStyle(document.documentElement).getPropertyValue("--band").trim();
  const part = (at) => parseInt(band.slice(1 + 2 * at, 3 + 2 * at), 16);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (Math.abs(data[at + 3] - part(3)) <= 1
        && [0, 1, 2].every((each) => Math.abs(data[at + each] - part(each)) <= 8)) count++;
  return count / (data.length / 4);
}
"""


async def test_a_trend_is_drawn_with_its_reference_band_and_told_in_words(
    open_page: Any, find_patient: Any, shoot: Any
) -> None:
    page = await open_page("bacsi")
    address, _ = await find_patient(page)
    await page.goto(f"{address}?tab=results")
    row = page.locator("table.results tbody tr", has=page.locator("svg.spark rect")).first
    await row.locator("th a").click()
    await page.locator("#trend canvas").wait_for()
    share = await page.evaluate(BAND_PIXELS)
    assert 0.02 < share < 0.98
    assert await page.locator("#trend").get_attribute("aria-label")
    assert await page.locator("figcaption").is_visible()
    assert await page.locator("main tbody tr").count() >= 2
    await shoot(page, "trend")


@pytest.mark.slow
async def test_a_trend_follows_the_width_of_the_window_and_the_dark(open_page: Any, find_patient: Any) -> None:
    page = await open_page("bacsi", color_scheme="dark")
    address, _ = await find_patient(page)
    await page.goto(f"{address}?tab=results")
    row = page.locator("table.results tbody tr", has=page.locator("svg.spark rect")).first
    await row.locator("th a").click()
    await page.locator("#trend canvas").wait_for()
    wide = (await page.locator("#trend canvas").bounding_box())["width"]
    await page.set_viewport_size({"width": 700, "height": 800})
    await page.wait_for_function(f"document.querySelector('#trend canvas').clientWidth < {wide}")
    assert await page.evaluate(BAND_PIXELS) > 0.02


async def test_an_export_downloads_as_well_formed_xml(open_page: Any, find_patient: Any, tmp_path: Path) -> None:
    page = await open_page("bacsi")
    address, _ = await find_patient(page)
    await page.goto(address)
    async with page.expect_download() as download:
        await page.locator("button[value=hoso-xml]").first.click()
    file = await download.value
    await file.save_as(tmp_path / "record.xml")
    root = etree.parse(tmp_path / "record.xml").getroot()
    assert etree.QName(root).localname == "HoSoBenhAn"
    assert file.suggested_filename.endswith(".xml")


@pytest.mark.slow
async def test_who_may_not_export_sees_no_button_for_it(open_page: Any, find_patient: Any) -> None:
    page = await open_page("dieuduong")
    address, _ = await find_patient(page)
    await page.goto(address)
    assert await page.locator("main .stay").count() >= 1
    assert await page.locator("button[value=hoso-xml]").count() == 0


@pytest.mark.slow
async def test_the_view_of_a_patient_is_seen_by_the_next_who_asks(open_page: Any, find_patient: Any) -> None:
    page = await open_page("dieuduong")
    address, _ = await find_patient(page)
    await page.goto(address)
    doctor = await open_page("bacsi")
    await doctor.goto(f"{address}?tab=looked")
    assert await doctor.locator("tbody tr", has_text="Phạm Văn Hải").count() >= 1
