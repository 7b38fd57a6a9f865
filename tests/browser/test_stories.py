"""Whole stories: somebody is admitted, the record is written, ended, submitted, reviewed and archived."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.admitting import admitted, record_of
from tests.browser.test_records import _add

pytestmark = pytest.mark.browser

FILL = """
() => {
  const typed = { date: "25/11/2026", datetime: "08:00 25/11/2026", time: "08:00", number: "1", code: "J18.9" };
  const fill = (input) => {
    if (!input || input.value || input.type === "checkbox") return;
    if (input.tagName === "SELECT") input.selectedIndex = 1;
    else input.value = typed[input.dataset.kind] || "Đã ghi";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const mark of document.querySelectorAll("#paper label abbr"))
    fill(document.getElementById(mark.parentElement.htmlFor));
  for (const mark of document.querySelectorAll("#paper .label abbr")) {
    const row = mark.closest("div").querySelector("tbody tr");
    if (row) row.querySelectorAll("input, textarea, select").forEach(fill);
  }
}
"""
"""What must be there before a record is closed, where nothing stands yet."""


async def _written(page: Any, record: str, form: str) -> None:
    """A paper added, filled and done."""
    await _add(page, record, form)
    await page.evaluate(FILL)
    await page.click("button[value=done]")
    await page.wait_for_url(record)


STORIES = {
    "internal medicine": ("Trần Thị Nội", "01/BV-01", ("36/BV-02",), "F", "19700302"),
    "surgery": ("Lê Văn Ngoại", "10/BV-01", ("36/BV-02", "02/BV-02"), "M", "19800302"),
    "obstetrics": ("Phạm Thị Sản", "05/BV-01", ("36/BV-02", "54/BV-02"), "F", "19950302"),
    "the newborn": ("Phạm Bé Sơ", "06/BV-01", ("36/BV-02",), "M", "20261125"),
    "paediatrics": ("Hoàng Bé Nhi", "02/BV-01", ("36/BV-02",), "F", "20200302"),
    "outpatient": ("Đỗ Thị Ngoại Trú", "15/BV-01", (), "F", "19600302"),
}


@pytest.mark.parametrize(
    "story", [pytest.param(name, marks=[] if name == "outpatient" else [pytest.mark.slow]) for name in STORIES]
)
async def test_from_admission_to_archive(country: Any, open_page: Any, shoot: Any, story: str) -> None:
    name, form, slips, sex, born = STORIES[story]
    doctor = await open_page("bacsi")
    patient = await admitted(country, doctor, name, "O" if story == "outpatient" else "I", sex, born)
    record = await record_of(doctor, patient, form)
    await _written(doctor, record, form)
    known = await doctor.locator("#add option").evaluate_all("options => options.map((each) => each.value)")
    for slip in (each for each in slips if each in known):
        await _written(doctor, record, slip)
    await doctor.get_by_role("button", name="Kết thúc điều trị").click()
    await doctor.locator("h1 .chip", has_text="hoàn thiện").wait_for()
    await shoot(doctor, f"story-{form[:2]}-complete")
    await doctor.get_by_role("button", name="Nộp cho phòng KHTH").click()
    await doctor.locator("h1 .chip", has_text="KHTH duyệt").wait_for()
    keeper = await open_page("khth")
    await keeper.goto(record)
    await keeper.get_by_role("button", name="Đưa vào lưu trữ").click()
    await keeper.locator("h1 .chip", has_text="đã lưu trữ").wait_for()
    assert await keeper.locator("b", has_text="/").or_(keeper.locator("p small b")).count() >= 1
    await doctor.goto(f"{patient}/records")
    await doctor.locator(".chip.archived").wait_for()


@pytest.mark.slow
async def test_a_newborn_is_told_of_from_the_mothers_stay_and_has_its_own_number_later(
    country: Any, open_page: Any, shoot: Any
) -> None:
    doctor = await open_page("bacsi")
    mother = await admitted(country, doctor, "Phan Thị Sinh", "I", "F", "19960302")
    record = await record_of(doctor, mother, "05/BV-01")
    await doctor.goto(record)
    await doctor.locator("main").get_by_role("link", name="Y lệnh").click()
    await doctor.locator(".tabs").get_by_role("link", name="Trẻ sơ sinh").click()
    await shoot(doctor, "newborns-none")
    await doctor.select_option("[id='sex.0']", "female")
    await doctor.get_by_role("button", name="Lưu").click()
    child = doctor.locator(".papers a", has_text="Con bà Phan Thị Sinh")
    await child.wait_for()
    await shoot(doctor, "newborns")
    assert "TAM-S" in await doctor.locator(".papers").inner_text()
    await child.click()
    await doctor.locator("section a", has_text="Phan Thị Sinh").wait_for()
    own = doctor.url
    await doctor.locator(".tabs").get_by_role("link", name="Hồ sơ bệnh án").click()
    await doctor.locator("h1", has_text="Bệnh án sơ sinh").wait_for()
    await doctor.goto(own)
    await doctor.fill("#number", "001326012345")
    await doctor.fill("#name", "Trần Minh An")
    await doctor.get_by_role("button", name="Ghi số định danh").click()
    await doctor.locator(".banner .name", has_text="Trần Minh An").wait_for()
    await shoot(doctor, "newborn-named")
    await doctor.locator("a.button", has_text="Mở đợt điều trị của mẹ").click()
    await doctor.locator(".papers a", has_text="Trần Minh An").wait_for()
    assert "TAM-S" not in await doctor.locator(".papers").inner_text()
