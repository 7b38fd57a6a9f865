"""The health book on a citizen's phone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
LEAST_TOUCH = 40
"""Pixels, of what a thumb must hit."""

OVERFLOWING = """
() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .filter((each) => !each.closest(".scroll, .tabs, .skip, .side"))
  .map((each) => each.outerHTML.slice(0, 120))
"""


async def _fits(page: Any) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
async def test_the_book_fits_a_phone(open_page: Any, shoot: Any, scheme: str) -> None:
    page = await open_page("nguoidan", color_scheme=scheme, **PHONE)
    await page.goto("/")
    assert await page.locator(".plainwords li").count() >= 3
    await _fits(page)
    await shoot(page, f"book-{scheme}")
    await page.locator(".plainwords a", has=page.locator(".spark")).first.tap()
    await page.locator("#trend canvas").wait_for()
    await _fits(page)
    await shoot(page, f"book-trend-{scheme}")
    await page.goto("/looked")
    assert await page.locator(".looks li").count() >= 1
    await _fits(page)
    await shoot(page, f"book-looked-{scheme}")
    await page.goto("/account")
    await _fits(page)


@pytest.mark.slow
async def test_dark_is_dark_and_light_is_light(open_page: Any) -> None:
    lightness = {}
    for scheme in ("light", "dark"):
        page = await open_page("nguoidan", color_scheme=scheme, **PHONE)
        await page.goto("/")
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness[scheme] = sum(int(each) for each in colour.removeprefix("rgb(").rstrip(")").split(","))
    assert lightness["light"] > 700
    assert lightness["dark"] < 120


CONTRASTS = """
() => {
  const lin = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const lum = ([r, g, b]) => 0.2126 * lin(r) + 0.7152 * lin(g) + 0.0722 * lin(b);
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (each) => {
    for (; each; each = each.parentElement) {
      const found = rgb(getComputedStyle(each).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !each.getClientRects().length || /^(SCRIPT|STYLE)$/.test(each.tagName)) continue;
    const a = lum(rgb(getComputedStyle(each).color)), b = lum(ground(each));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([each.outerHTML.slice(0, 80), ratio]);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
async def test_every_text_stands_out_from_its_ground(open_page: Any, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    page = await open_page("nguoidan", color_scheme=scheme, **PHONE)
    poor = {}
    for address in ("/", "/looked", "/account"):
        await page.goto(address)
        poor[address] = await page.evaluate(CONTRASTS)
    assert poor == {"/": [], "/looked": [], "/account": []}


@pytest.mark.slow
async def test_what_is_tapped_is_large_enough_for_a_thumb(open_page: Any) -> None:
    page = await open_page("nguoidan", **PHONE)
    await page.goto("/")
    for target in await page.locator("a.button, .plainwords a, button:not(.quiet)").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= LEAST_TOUCH


async def test_results_are_told_in_words_and_no_word_is_a_key(open_page: Any) -> None:
    page = await open_page("nguoidan", **PHONE)
    await page.goto("/")
    told = set(await page.locator(".plainwords .words").all_inner_texts()) - {""}
    known = ("trong khoảng", "cao hơn", "thấp hơn")
    assert told
    assert all(each.startswith(known) for each in told)


async def test_my_own_looking_stands_in_my_book_in_words(open_page: Any) -> None:
    page = await open_page("nguoidan", **PHONE)
    await page.goto("/")
    await page.goto("/looked")
    texts = await page.locator(".looks li").all_inner_texts()
    assert any("Bạn" in text and "mở sổ sức khoẻ" in text for text in texts)
    assert not any(":" in line and line.count(":") > 1 for text in texts for line in text.splitlines())


@pytest.mark.slow
async def test_a_citizen_has_no_way_into_another_book(open_page: Any) -> None:
    one, other = await open_page("nguoidan", **PHONE), await open_page("nguoidan2", **PHONE)
    names = []
    for page in (one, other):
        await page.goto("/")
        names.append(await page.locator("h1").inner_text())
    assert names[0] != names[1]
    assert await one.locator("a[href*='patients']").count() == 0
