"""A small country in its own processes, and a real browser that looks at it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benhan.demo.accounts import PASSWORD
from benhan.demo.country import MLLP_ABOVE
from benhan.transports.mllp_client import MllpClient

SCREENSHOTS = Path(__file__).parent / "screenshots"
READY_LINE = "Ctrl-C stops"
START_S = 300


@dataclass
class Country:
    """Where the running demonstration answers."""

    port: int
    said: list[str] = field(default_factory=list)

    @property
    def hospital(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def book(self) -> str:
        return f"http://127.0.0.1:{self.port + 3}"

    def site_of(self, login: str) -> str:
        """At whose door somebody signs in."""
        if login in ("benhvien", "boyte"):
            return self.portal
        return self.book if login.startswith("nguoidan") else self.hospital

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.port + 7}"

    async def send(self, *lines: str) -> str:
        """A message to the first hospital's listener; gives MSA-1 of its answer."""
        client = MllpClient("127.0.0.1", self.port + MLLP_ABOVE)
        answer = (await client.send("\r".join([*lines, ""]).encode())).first("MSA")
        await client.close()
        assert answer is not None
        return answer.text(1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base() -> int:
    """A first port such that all ports of the demonstration are free; runs beside each other look elsewhere first."""
    needed = (*range(9), MLLP_ABOVE, MLLP_ABOVE + 1)
    first = 20000 + os.getpid() % 300 * 20
    return next(base for base in range(first, 28000, 10) if all(_is_free(base + each) for each in needed))


def _skip_without_chromium() -> str:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    return path


@pytest.fixture(scope="session")
async def country(session_folder: Path) -> AsyncIterator[Country]:
    """`benhan demo` with few people, ready and fed; ended afterwards."""
    _skip_without_chromium()
    found = Country(free_base())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benhan.cli.main", "demo", "--people", "4", "--data", str(session_folder / "data")),
        *("--port", str(found.port)),
        cwd=session_folder,
        env={**os.environ, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reading = asyncio.create_task(_read(process, found))
    try:
        async with asyncio.timeout(START_S):
            while not any(READY_LINE in line for line in found.said):
                assert process.returncode is None, found.said
                await asyncio.sleep(0.1)
        yield found
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
        await reading


async def _read(process: asyncio.subprocess.Process, country: Country) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        country.said.append(line.decode("utf-8", "replace"))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Any]:
    """The system's Chromium."""
    path = _skip_without_chromium()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        await started.close()


OpenPage = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def kept_sessions() -> dict[str, Any]:
    """The cookies of who has signed in already, so that each test need not do it anew."""
    return {}


@pytest.fixture
def errors() -> list[str]:
    """What pages told the console; a test that makes an error on purpose empties it."""
    return []


@pytest.fixture
async def open_page(
    country: Country, browser: Any, kept_sessions: dict[str, Any], errors: list[str]
) -> AsyncIterator[OpenPage]:
    """Opens a page as somebody ("" for nobody); a test fails where a page told the console an error."""
    async with AsyncExitStack() as open_:

        async def make(login: str = "", **options: Any) -> Any:
            site = country.site_of(login)
            options = {"viewport": {"width": 1280, "height": 800}, **options}
            state = kept_sessions.get(login) if login else None
            context = await browser.new_context(base_url=site, storage_state=state, **options)
            open_.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(15_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            if login and state is None:
                await page.goto("/sign-in")
                await page.fill("#login", login)
                await page.fill("#password", PASSWORD)
                await page.click("form button.main")
                await page.wait_for_url(lambda url: "/sign-in" not in url)
                kept_sessions[login] = await context.storage_state()
            return page

        yield make
    assert errors == []


Shoot = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
def shoot() -> Shoot:
    """Keeps a picture of a page, for people to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)

    async def take(page: Any, name: str) -> None:
        await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


async def first_patient(page: Any) -> tuple[str, str]:
    """The address and the name of a patient on the list."""
    await page.goto("/patients")
    link = page.locator("#found tbody a").first
    return await link.get_attribute("href"), await link.inner_text()


@pytest.fixture(scope="session")
def find_patient() -> Callable[[Any], Awaitable[tuple[str, str]]]:
    return first_patient
