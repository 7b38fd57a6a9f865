"""The flow as an app does it, and every way in which it is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.smart.conftest import ADDRESS, BACK, BASE, VERIFIER, House, back, observation

from benhan.access.smart.clients import ClientKind
from benhan.kernel.actors import Role

EVIL = "https://evil.example/back"


async def test_an_app_gets_a_code_a_token_and_the_patient_and_no_other(house: House, own: str, other: str) -> None:
    mine, theirs = await house.write(observation(own)), await house.write(observation(other))
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own)
    assert told["token_type"] == "Bearer"
    assert told["patient"] == own
    assert told["scope"] == "launch/patient patient/*.rs"
    assert 0 < told["expires_in"] <= 600
    assert "refresh_token" not in told
    async with app.fhir(told["access_token"]) as fhir:
        found = (await fhir.get("Observation?_total=accurate")).json()
        assert [each["resource"]["id"] for each in found["entry"]] == [mine]
        assert found["total"] == 1
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        for address in (f"Observation/{theirs}", f"Patient/{other}", f"Observation/{theirs}/_history"):
            assert (await fhir.get(address)).status_code == 404
        assert (await fhir.post("Observation", json=observation(own))).status_code == 403
    assert await house.events(app.id) == [
        "smart:client:create", "smart:grant:create", "smart:token:issue", "resource:content:search",
        "resource:content:search", "resource:content:view",
    ]  # fmt: skip


async def test_consent_says_who_asks_what_of_whom_in_both_languages(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    page = await app.ask(person, scope="openid offline_access patient/Observation.rs?category=laboratory user/*.cruds")
    page = await person.press(page, patient=own)
    assert f"App {app.id}" in page.text
    assert "Rieng" in page.text
    assert "Kết quả và chỉ số đo" in page.text
    assert "category = laboratory" in page.text
    assert "Tiếp tục cả khi bạn vắng mặt" in page.text
    assert page.headers["content-security-policy"].count("form-action 'self' https://app.example;") == 1
    csrf = page.text.partition('x-csrf-token":"')[2].partition('"')[0]
    await person.browser.post("/language", data={"csrf": csrf, "next": "/"})
    page = await person.press(await app.ask(person), patient=own)
    assert "wants to act in the name of" in page.text
    assert "xem" not in page.text.partition("<ul>")[2].partition("</ul>")[0]


async def test_a_person_finds_the_patient_without_accents_and_chooses(house: House) -> None:
    id_ = await house.write({"resourceType": "Patient", "name": [{"text": "Đặng Thị Ánh Nguyệt"}]})
    app, person = await house.register(), await house.person()
    page = await person.press(await app.ask(person), act="find", q="dang anh nguyet")
    assert "Đặng Thị Ánh Nguyệt" in page.text
    assert f'name="patient" value="{id_}"' in page.text
    page = await person.press(page, patient=id_)
    assert 'value="allow"' in page.text


async def test_who_is_not_signed_in_comes_back_to_the_question(house: House) -> None:
    app = await house.register()
    async with house.client() as browser:
        answer = await browser.get(app.address())
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")


async def test_no_ends_at_the_app_with_access_denied(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    page = await person.press(await app.ask(person), patient=own)
    assert back(await person.press(page, act="deny"))["error"] == "access_denied"
    assert "smart:grant:refuse" in await house.events(app.id)


async def test_a_yes_without_the_token_of_the_page_is_none(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    page = await person.press(await app.ask(person), patient=own)
    assert (await person.press(page, act="allow", csrf="x")).status_code == 403
    answer = await person.browser.get(app.address() + f"&act=allow&patient={own}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": EVIL},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "?x=1"},
        {"redirect_uri": BACK.upper()},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "a\x00b"},
    ],
)
async def test_a_wrong_client_or_redirect_stays_on_our_page(house: House, changed: dict[str, str | None]) -> None:
    app, person = await house.register(), await house.person()
    answer = await app.ask(person, **changed)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "BA-2330" in answer.text or "BA-2312" in answer.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": "https://other.example/fhir"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"scope": "nothing/of.this patient/Nobody.rs system/*.rs"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"launch": "made-up", "scope": "launch patient/*.rs"}, "invalid_request"),
        ({"state": "x" * 1001}, "invalid_request"),
    ],
)
async def test_what_is_wrong_otherwise_is_told_to_the_app(
    house: House, changed: dict[str, str | None], error: str
) -> None:
    app, person = await house.register(), await house.person()
    told = back(await app.ask(person, **changed))
    assert told["error"] == error
    assert told["error_description"].startswith("BA-23")
    assert told["error_description"].isascii()
    assert "code" not in told


async def test_a_code_is_exchanged_once_and_a_second_time_ends_everything(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    token = (await app.exchange(code)).json()["access_token"]
    async with app.fhir(token) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        again = await app.exchange(code)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    assert "smart:token:reuse" in await house.events(app.id)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": EVIL}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "system/*.rs"}, "unauthorized_client"),
    ],
)
async def test_a_code_is_exchanged_only_as_it_was_asked_for(
    house: House, own: str, changed: dict[str, str], error: str
) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    answer = await app.exchange(code, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"
    assert "smart:token:refuse" in await house.events(app.id)


async def test_a_wrong_verifier_uses_the_code_up(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    await app.exchange(code, code_verifier="w" * 43)
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"


async def test_the_code_of_one_app_is_nothing_to_another(house: House, own: str) -> None:
    app, thief, person = await house.register(), await house.register(), await house.person()
    code = await app.code(person, own)
    assert (await thief.exchange(code)).json()["error"] == "invalid_grant"
    assert (await app.exchange(code)).status_code == 200


async def test_codes_and_tokens_end(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    house.clock.advance(seconds=61)
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"
    told = await app.tokens(person, own)
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        house.clock.advance(seconds=told["expires_in"] + 1)
        answer = await fhir.get(f"Patient/{own}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


# ── clients ──


async def test_a_confidential_client_proves_its_secret(house: House, own: str) -> None:
    app, person = await house.register(ClientKind.SECRET), await house.person()
    code = await app.code(person, own)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    async with house.client() as client:
        for how in (
            {"data": {**fields, "client_id": app.id}},
            {"data": fields, "auth": (app.id, "wrong")},
            {"data": {**fields, "client_id": app.id, "client_secret": ""}},
            {"data": fields, "auth": ("nobody", app.secret)},
            {"data": {**fields, "client_id": "other"}, "auth": (app.id, app.secret)},
        ):
            answer = await client.post("/oauth/token", **how)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), how
        both = {**fields, "client_secret": app.secret}
        answer = await client.post("/oauth/token", data=both, auth=(app.id, app.secret))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        answer = await client.post("/oauth/token", data={**fields, "client_id": app.id, "client_secret": app.secret})
        assert answer.status_code == 200


async def test_a_public_client_has_no_secret_to_prove(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    assert (await app.exchange(code, client_secret="x")).json()["error"] == "invalid_client"


async def test_a_disabled_client_is_out_at_once(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="launch/patient patient/*.rs offline_access")
    await house.access.smart.clients.disable(app.id)
    house.clock.advance(seconds=16)
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    assert (await app.ask(person)).status_code == 400
    assert (await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])).status_code == 401


async def test_asking_too_often_is_told_to_wait(house: House) -> None:
    app = await house.register()
    answers = [await app.exchange("x") for _ in range(70)]
    assert answers[0].status_code == 400
    assert (answers[-1].status_code, answers[-1].json()["error"]) == (429, "temporarily_unavailable")
    assert answers[-1].headers["retry-after"] == "60"


# ── refreshing ──

OFFLINE = "launch/patient patient/*.rs offline_access"


async def test_a_refresh_token_is_used_up_and_the_next_one_goes_on(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    new = (await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])).json()
    assert new["refresh_token"] != told["refresh_token"]
    assert new["patient"] == own
    assert new["scope"] == "launch/patient offline_access patient/*.rs"
    async with app.fhir(new["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
    assert "smart:token:refresh" in await house.events(app.id)


async def test_a_refresh_token_that_comes_twice_ends_all_of_its_line(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    new = (await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])).json()
    stolen = await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    after = await app.post(grant_type="refresh_token", refresh_token=new["refresh_token"])
    assert after.json()["error"] == "invalid_grant"
    async with app.fhir(new["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    assert "smart:token:reuse" in await house.events(app.id)


async def test_refreshing_may_narrow_and_never_widen(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="launch/patient patient/Observation.rs offline_access")
    token = told["refresh_token"]
    for wider in ("patient/*.rs", "patient/Observation.cruds", "user/Observation.rs", "patient/Patient.rs", "openid"):
        answer = await app.post(grant_type="refresh_token", refresh_token=token, scope=wider)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope"), wider
    narrow = await app.post(grant_type="refresh_token", refresh_token=token, scope="patient/Observation.s")
    assert narrow.json()["scope"] == "patient/Observation.s"
    again = await app.post(grant_type="refresh_token", refresh_token=narrow.json()["refresh_token"])
    assert "patient/Observation.rs" in again.json()["scope"]


async def test_a_refresh_token_lets_nobody_in(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    async with app.fhir(told["refresh_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    async with app.fhir("ba_" + told["refresh_token"][3:]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 401


async def test_online_access_ends_with_the_session(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="launch/patient patient/*.rs online_access")
    first = await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert first.status_code == 200
    account = await person.browser.get("/account")
    csrf = account.text.partition('x-csrf-token":"')[2].partition('"')[0]
    await person.browser.post("/sign-out", data={"csrf": csrf})
    answer = await app.post(grant_type="refresh_token", refresh_token=first.json()["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


async def test_a_disabled_account_lets_no_app_on(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    await house.access.accounts.disable(person.login)
    house.clock.advance(seconds=16)
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    answer = await app.post(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


# ── revoking, asking about tokens ──


async def test_a_person_takes_back_what_an_app_was_let_do(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    page = await person.browser.get("/account/apps")
    assert f"App {app.id}" in page.text
    grant = page.text.partition('name="grant" value="')[2].partition('"')[0]
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    stranger = await house.person()
    theirs = (await stranger.browser.get("/account/apps")).text
    their_csrf = theirs.partition('x-csrf-token":"')[2].partition('"')[0]
    await stranger.browser.post("/account/apps", data={"csrf": their_csrf, "grant": grant})
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        await person.browser.post("/account/apps", data={"csrf": csrf, "grant": grant})
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    assert "smart:grant:revoke" in await house.events(app.id)


async def test_an_app_revokes_its_own_tokens_only(house: House, own: str) -> None:
    app, other_app, person = await house.register(), await house.register(), await house.person()
    told = await app.tokens(person, own, scope=OFFLINE)
    assert (await other_app.post("/oauth/revoke", token=told["refresh_token"])).status_code == 200
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        assert (await app.post("/oauth/revoke", token=told["refresh_token"])).status_code == 200
        assert (await fhir.get(f"Patient/{own}")).status_code == 401
    assert (await app.post("/oauth/revoke", token="unknown")).status_code == 200
    assert (await app.post("/oauth/revoke")).json()["error"] == "invalid_request"


async def test_introspection_tells_a_client_of_its_own_tokens(house: House, own: str) -> None:
    app, person = await house.register(ClientKind.SECRET), await house.person()
    asker = await house.register(ClientKind.SECRET, may_introspect=True)
    stranger, public = await house.register(ClientKind.SECRET), await house.register()
    told = await app.tokens(person, own)
    for each in (app, asker):
        state = (await each.post("/oauth/introspect", token=told["access_token"])).json()
        assert state["active"] is True
        assert (state["client_id"], state["patient"], state["scope"]) == (app.id, own, told["scope"])
        assert 0 < state["exp"] - state["iat"] <= 600
    assert (await stranger.post("/oauth/introspect", token=told["access_token"])).json() == {"active": False}
    assert (await app.post("/oauth/introspect", token="unknown")).json() == {"active": False}
    refused = await public.post("/oauth/introspect", token=told["access_token"])
    assert refused.json()["error"] == "unauthorized_client"
    await app.post("/oauth/revoke", token=told["access_token"])
    assert (await app.post("/oauth/introspect", token=told["access_token"])).json() == {"active": False}


# ── who the person is ──


async def test_an_id_token_says_who_the_person_is(house: House, own: str) -> None:
    app, person = await house.register(), await house.person(Role.CITIZEN, own)
    told = await app.tokens(person, scope="openid fhirUser patient/*.rs", nonce="n-1")
    async with house.client() as client:
        keys = KeySet.import_key_set((await client.get("/oauth/jwks")).json())
    token = jwt.decode(told["id_token"], keys, algorithms=["ES256"])
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ADDRESS, app.id, "n-1")
    assert claims["fhirUser"] == f"{BASE}/Patient/{own}"
    assert claims["exp"] > claims["iat"]
    assert "d" not in (await _jwks(house))["keys"][0]


async def _jwks(house: House) -> Any:
    async with house.client() as client:
        return (await client.get("/oauth/jwks")).json()


async def test_fhir_user_is_granted_only_where_it_is_known(house: House, own: str) -> None:
    from benhan.access.smart.people import set_fhir_user

    app, person = await house.register(), await house.person()
    assert (await app.tokens(person, scope="openid fhirUser user/*.rs"))["scope"] == "openid user/*.rs"
    await set_fhir_user(house.store.database, person.login, "Practitioner/p1")
    told = await app.tokens(person, scope="openid fhirUser user/*.rs")
    claims = jwt.decode(told["id_token"], KeySet.import_key_set(await _jwks(house)), algorithms=["ES256"]).claims
    assert claims["fhirUser"] == f"{BASE}/Practitioner/p1"


# ── what the server says of itself ──


async def test_discovery_names_what_is_there(house: House) -> None:
    async with house.client() as client:
        told = (await client.get("/fhir/.well-known/smart-configuration")).json()
        openid = (await client.get("/.well-known/openid-configuration")).json()
        metadata = (await client.get("/fhir/metadata")).json()
        for name in ("token", "introspection", "revocation"):
            assert (await client.post(told[f"{name}_endpoint"])).status_code in (400, 401)
        assert (await client.get(told["jwks_uri"])).status_code == 200
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["issuer"] == ADDRESS
    assert {"launch-ehr", "launch-standalone", "permission-v2", "client-confidential-asymmetric"} <= set(
        told["capabilities"]
    )
    assert openid["id_token_signing_alg_values_supported"] == ["ES256"]
    security = metadata["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = {each["url"]: each["valueUri"] for each in security["extension"][0]["extension"]}
    assert uris["token"] == told["token_endpoint"]


async def test_pages_of_other_sites_may_ask_with_a_token_and_not_with_a_cookie(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    code = await app.code(person, own)
    origin = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    async with house.client(**origin) as client:
        preflight = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        asked = await client.options("/fhir/Observation", headers=preflight)
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in asked.headers
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        answer = await client.post("/oauth/token", data={**fields, "client_id": app.id})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert (await client.options("/account", headers=preflight)).status_code == 405
    crossing = await person.browser.post("/fhir/Observation", json={}, headers=origin)
    assert crossing.status_code == 403
    assert "access-control-allow-origin" not in (await person.browser.get("/account")).headers


async def test_an_app_has_no_way_to_pages_and_other_machines_doors(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.app),
        base_url=ADDRESS,
        headers={"authorization": f"Bearer {told['access_token']}"},
    ) as client:
        for path in ("/account", "/account/apps", "/metrics", app.address(), f"/patients/{own}/apps"):
            assert (await client.get(path)).status_code == 403, path


async def test_what_is_over_is_removed_a_day_later_and_what_lives_stays(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    living = await app.tokens(person, own, scope=OFFLINE)
    await app.tokens(person, own)

    async def grants() -> int:
        return int(await house.store.database.fetchval("select count(*) from oauth_grant where client = $1", app.id))

    house.clock.advance(hours=26)
    later, came = await house.person(), 1
    await app.tokens(later, own)
    while await grants() > came + 1 and came < 10:  # each who comes removes a hundred, and others' are older
        await app.tokens(later, own)
        came += 1
    assert await grants() == came + 1
    assert (await app.post(grant_type="refresh_token", refresh_token=living["refresh_token"])).status_code == 200
