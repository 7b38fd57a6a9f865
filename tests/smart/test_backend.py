"""Backend services: a machine signs for itself, once for each token."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.smart.conftest import ADDRESS, App, House, observation

from benhan.access.smart.clients import ClientKind
from benhan.access.smart.proofs import ASSERTION_TYPE

TOKEN_URL = f"{ADDRESS}/oauth/token"
EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
SMALL = ECKey.generate_key("P-256", {"kid": "small"})
STRANGER = ECKey.generate_key("P-384", {"kid": "ec"})
JWKS = json.dumps({"keys": [EC.as_dict(private=False), RSA.as_dict(private=False), SMALL.as_dict(private=False)]})
SCOPE = "system/Observation.rs system/Patient.cruds"
Change = Callable[[dict[str, Any]], object]
_numbers = iter(range(10_000))


async def backend(house: House, scopes: str = SCOPE) -> App:
    return await house.register(ClientKind.KEYS, scopes, jwks=JWKS, redirect_uris=())


def claims_of(app: App) -> dict[str, Any]:
    now = int(app.house.clock.now().timestamp())
    return {"iss": app.id, "sub": app.id, "aud": TOKEN_URL, "exp": now + 240, "jti": f"j{next(_numbers)}"}


def signed(claims: dict[str, Any], key: Any = EC, alg: str = "ES384", **header: str) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid or "ec", **header}, claims, key, algorithms=[alg])


async def ask(app: App, assertion: str, **more: str) -> httpx.Response:
    fields = {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **more,
    }
    async with app.house.client() as client:
        return await client.post("/oauth/token", data=fields)


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES384"), (RSA, "RS384")])
async def test_a_machine_gets_a_token_for_itself(house: House, own: str, key: Any, alg: str) -> None:
    mine = await house.write(observation(own))
    app = await backend(house)
    answer = await ask(app, signed(claims_of(app), key, alg))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["scope"], told["expires_in"]) == ("system/Observation.rs system/Patient.cruds", 300)
    assert "refresh_token" not in told
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Observation/{mine}")).status_code == 200
        assert (await fhir.get(f"Observation?subject=Patient/{own}")).json()["entry"]
        assert (await fhir.post("Patient", json={"resourceType": "Patient"})).status_code == 201
        assert (await fhir.put(f"Patient/{app.id}", json={"resourceType": "Patient", "id": app.id})).status_code == 201
        assert (await fhir.post("Observation", json=observation(own))).status_code == 403
        assert (await fhir.get("Condition")).status_code == 403
        house.clock.advance(seconds=301)
        assert (await fhir.get(f"Observation/{mine}")).status_code == 401


async def test_an_assertion_lets_in_once(house: House) -> None:
    app = await backend(house)
    assertion = signed(claims_of(app))
    assert (await ask(app, assertion)).status_code == 200
    again = await ask(app, assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "jti" in again.json()["error_description"]
    assert (await house.events(app.id))[-1] == "smart:token:refuse"


async def test_the_same_jti_of_another_client_is_another(house: House) -> None:
    first, second = await backend(house), await backend(house)
    claims = claims_of(first)
    assert (await ask(first, signed(claims))).status_code == 200
    assert (await ask(second, signed({**claims, "iss": second.id, "sub": second.id}))).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(iss="other"),
        lambda claims: claims.update(sub="other"),
        lambda claims: claims.update(aud="https://other.example/token"),
        lambda claims: claims.pop("aud"),
        lambda claims: claims.update(exp=claims["exp"] - 300),
        lambda claims: claims.update(exp=claims["exp"] + 3600),
        lambda claims: claims.pop("exp"),
        lambda claims: claims.update(exp="soon"),
        lambda claims: claims.update(exp=True),
        lambda claims: claims.update(exp=float("1e300")),
        lambda claims: claims.pop("jti"),
        lambda claims: claims.update(jti=""),
        lambda claims: claims.update(jti="x" * 300),
        lambda claims: claims.update(jti=7),
        lambda claims: claims.update(nbf=claims["exp"] + 1000),
        lambda claims: claims.update(iat=claims["exp"] + 1000),
    ],
)
async def test_every_claim_counts(house: House, change: Change) -> None:
    app = await backend(house)
    claims = claims_of(app)
    change(claims)
    answer = await ask(app, signed(claims))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_only_the_own_keys_and_the_two_algorithms_sign(house: House) -> None:
    app = await backend(house)
    claims = claims_of(app)
    good = signed(claims)
    shared = OctKey.import_key(JWKS.encode(), {"kid": "ec"})
    for assertion in (
        signed(claims, STRANGER),
        signed(claims, SMALL, "ES256"),
        signed(claims, RSA, "RS256"),
        signed(claims, shared, "HS256"),
        good[:-4] + "AAAA",
        ".".join([*good.split(".")[:2], ""]),
        "eyJhbGciOiJub25lIn0." + good.split(".")[1] + ".",
        "x",
        "..",
        "x" * 9000,
        "e30." + "W10." + "x",
    ):
        answer = await ask(app, assertion)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), assertion[:50]
    assert (await ask(app, good)).status_code == 200


async def test_an_assertion_needs_its_type_and_stands_alone(house: House) -> None:
    app = await backend(house)
    wrong = await ask(app, signed(claims_of(app)), client_assertion_type="x")
    assert wrong.json()["error"] == "invalid_request"
    both = await ask(app, signed(claims_of(app)), client_secret="x")
    assert both.json()["error"] == "invalid_request"
    other = await ask(app, signed(claims_of(app)), client_id="other")
    assert other.json()["error"] == "invalid_client"
    async with house.client() as client:
        bare = await client.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": app.id})
    assert bare.json()["error"] == "invalid_client"


@pytest.mark.parametrize("scope", ["system/*.cruds", "system/Condition.rs", "patient/*.rs", "user/*.rs", "openid", "x"])
async def test_a_machine_gets_no_more_than_it_is_registered_for(house: House, scope: str) -> None:
    app = await backend(house)
    answer = await ask(app, signed(claims_of(app)), scope=scope)
    if scope == "system/*.cruds":
        assert answer.json()["scope"] == SCOPE
    else:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_a_machine_whose_people_agree_uses_its_key_too(house: House, own: str) -> None:
    app = await house.register(ClientKind.KEYS, "launch/patient patient/*.rs", jwks=JWKS)
    person = await house.person()
    code = await app.code(person, own)
    more = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://app.example/back"}
    answer = await ask(app, signed(claims_of(app)), code_verifier="v" * 43, **more)
    assert answer.json()["patient"] == own
    assert (await ask(app, signed(claims_of(app)))).json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "jwks",
    [
        "{}", "[]", "x", '{"keys":[]}', '{"keys":[7]}', json.dumps({"keys": [EC.as_dict(private=True)]}),
        json.dumps({"keys": [OctKey.generate_key(256, {"kid": "o"}).as_dict()]}),
    ],
    ids=["object", "array", "no json", "no key", "a number", "private", "symmetric"],
)  # fmt: skip
async def test_only_public_keys_are_registered(house: House, jwks: str) -> None:
    with pytest.raises(Exception, match="BA-2326"):
        await house.register(ClientKind.KEYS, SCOPE, jwks=jwks)


def test_an_assertion_lives_no_longer_than_five_minutes() -> None:
    from benhan.access.smart.proofs import ASSERTION_LIFE

    assert timedelta(minutes=5) == ASSERTION_LIFE


async def test_no_app_has_the_id_of_another_or_of_a_machine(house: House) -> None:
    from benhan.access.smart.clients import Registration

    await house.access.sessions.make_token("lis-77", [])
    app = await backend(house)
    for id_ in ("lis-77", app.id):
        with pytest.raises(Exception, match="BA-2325"):
            await house.access.smart.clients.add(Registration(id_, "x", ClientKind.PUBLIC, "openid"))


async def test_other_keys_take_the_place_of_the_old_ones(house: House) -> None:
    app, public = await backend(house), await house.register()
    clients = house.access.smart.clients
    await clients.set_keys(app.id, json.dumps({"keys": [STRANGER.as_dict(private=False)]}))
    assert (await ask(app, signed(claims_of(app)))).json()["error"] == "invalid_client"
    assert (await ask(app, signed(claims_of(app), STRANGER))).status_code == 200
    assert "smart:client:keys" in await house.events(app.id)
    with pytest.raises(Exception, match="BA-2326"):
        await clients.set_keys(app.id, json.dumps({"keys": [STRANGER.as_dict(private=True)]}))
    with pytest.raises(Exception, match="BA-2327"):
        await clients.set_keys(public.id, JWKS)
