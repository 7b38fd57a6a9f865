"""The door's pages: the cookie, where signing in leads to, how often one may try."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from benhan.access.accounts import Account, Accounts
from benhan.access.middleware import Door
from benhan.access.rates import Rate
from benhan.access.sessions import Sessions
from benhan.kernel.ids import SystemRandom
from benhan.serving.roles import refusing
from benhan.web.pages import Site
from benhan.web.sign_in import SignIn, safe_next

RIGHT, WRONG = "con-ngua-dung-pin-ghim", "con-ngua-sai-pin-ghim"
SITE = Site("node", "Bệnh viện thử")


def client_of(
    accounts: Accounts, sessions: Sessions, clock: Any, *, burst: float = 60, per_s: float = 2
) -> httpx.AsyncClient:
    routes = SignIn(SITE, accounts, sessions, Rate(clock, burst=burst, per_s=per_s)).routes()
    door = Door(routes, sessions, SystemRandom(), refusing(SITE))
    scheme = "https" if sessions.secure else "http"
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=f"{scheme}://house")


async def sign_in(client: httpx.AsyncClient, password: str = RIGHT, **more: str) -> httpx.Response:
    return await client.post("/sign-in", data={"login": "lan", "password": password, **more})


async def test_over_https_the_cookie_is_bound_to_this_host_and_never_sent_in_the_clear(
    accounts: Accounts, open_sessions: Any, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, open_sessions(secure=True), clock) as client:
        answer = await sign_in(client)
    name, _, flags = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-benhan"
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(flags.split("; "))
    assert "Domain" not in flags
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_over_http_on_this_machine_the_cookie_is_kept_from_scripts_and_other_sites(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        answer = await sign_in(client)
    flags = answer.headers["set-cookie"].split("; ")
    assert flags[0].startswith("benhan=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(flags)
    assert "Secure" not in flags
    assert "strict-transport-security" not in answer.headers


async def test_signing_out_ends_the_session_and_takes_the_cookie_back(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        secret = (await sign_in(client)).cookies["benhan"]
        session = await sessions.find(secret)
        assert session is not None
        answer = await client.post("/sign-out", data={"csrf": session.csrf})
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert await sessions.find(secret) is None


async def test_a_wrong_password_gives_no_cookie_and_keeps_the_login_in_its_box(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        answer = await sign_in(client, WRONG)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert 'value="lan"' in answer.text
    assert WRONG not in answer.text
    assert "BA-0903" in answer.text


async def test_what_was_typed_is_shown_escaped(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        answer = await client.post("/sign-in", data={"login": '"><script>x</script>', "password": WRONG})
    assert "<script>x" not in answer.text


async def test_one_asker_who_tries_too_often_waits_before_any_password_is_looked_at(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock, burst=2, per_s=1) as client:
        first = [(await sign_in(client, WRONG)).status_code for _ in range(2)]
        third = await sign_in(client)
        clock.advance(seconds=1)
        later = await sign_in(client)
    assert first == [401, 401]
    assert (third.status_code, "BA-0910" in third.text) == (429, True)
    assert later.status_code == 303


async def test_signing_in_leads_to_where_one_wanted_to_go_on_this_site_only(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        assert (await sign_in(client, next="/patients?s=x")).headers["location"] == "/patients?s=x"
        assert (await sign_in(client, next="https://evil.example/")).headers["location"] == "/"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\nb", "/ă", "/" + "a" * 2000],
)
def test_no_other_site_is_ever_gone_to(wanted: str) -> None:
    assert safe_next(wanted) == "/"


async def test_the_language_of_the_door_goes_on_in_the_session(
    accounts: Accounts, sessions: Sessions, clock: Any, lan: Account
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        page = await client.get("/sign-in?language=en")
        answer = await sign_in(client)
    assert '<html lang="en">' in page.text
    session = await sessions.find(answer.cookies["benhan"])
    assert session is not None
    assert session.language == "en"


async def test_static_files_are_kept_long_and_nothing_outside_their_folder_is_given(
    accounts: Accounts, sessions: Sessions, clock: Any
) -> None:
    async with client_of(accounts, sessions, clock) as client:
        style = await client.get("/static/app.css")
        outside = [
            await client.get(f"/static/{path}") for path in ("..%2fwords.py", "%2e%2e/pages.py", "%2fetc/passwd")
        ]
    assert (style.status_code, "immutable" in style.headers["cache-control"]) == (200, True)
    assert [each.status_code for each in outside] == [404] * 3
