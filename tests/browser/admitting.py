"""People who are admitted for one test: an ADT^A01 over MLLP, as HIS sends it; then their record on a page."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from benhan.kernel.clock import VIETNAM

_NUMBERS = itertools.count(910_001)


async def admitted(country: Any, page: Any, name: str, klass: str = "I", sex: str = "F", born: str = "19840302") -> str:
    """Somebody new, there since yesterday; gives the address of their page."""
    number, at = next(_NUMBERS), datetime.now(VIETNAM) - timedelta(days=1)  # what HIS would say today
    when, given = at.strftime("%Y%m%d%H%M%S"), name.split()
    code = await country.send(
        f"MSH|^~\\&|HIS-THU|01901|BENHAN|01901|{when}||ADT^A01^ADT_A01|ADM{number}|P|2.5.1||||||UNICODE UTF-8",
        f"EVN|A01|{when}",
        f"PID|1||BN{number}^^^01901^PI||{given[0]}^{given[-1]}^{' '.join(given[1:-1])}||{born}|{sex}",
        f"PV1|1|{klass}|NOI^304^12||||GP01^Lê^Tám||||||||||||V{number}^^^01901^VN|||||||||||||||||||||||||{when}",
    )
    assert code == "AA"
    for _ in range(60):  # it is applied a moment after it was acknowledged
        await page.goto("/patients")
        await page.fill(".big-find [name=q]", f"BN{number}")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/patients?s=*")  # the list is of this number now
        links = page.locator("#found tbody a")
        if await links.count() == 1:
            return str(await links.first.get_attribute("href"))
    raise AssertionError("nobody was admitted")


async def record_of(page: Any, patient: str, form: str, department: str = "K01") -> str:
    """A record opened for a stay of a patient; gives its address."""
    await page.goto(f"{patient}/records")
    opening = page.locator("form[action$='/record']").first
    await opening.locator("select").select_option(form)
    await opening.locator("input[name=department]").fill(department)
    await opening.locator("button").click()
    await page.wait_for_url("**/records/*")
    return str(page.url)
