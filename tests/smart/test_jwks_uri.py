"""Backend services whose keys are fetched from their `jwks_uri`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from tests.smart.conftest import App, House
from tests.smart.test_backend import SCOPE, ask, claims_of, signed

from benhan.access.smart.client_keys import AGAIN_S, KEPT_S, KEPT_S_MOST
from benhan.access.smart.clients import ClientKind
from benhan.transports.key_fetch import KEYS_AWAY

ADDRESS = "https://app.example/jwks.json"
FIRST, SECOND = (ECKey.generate_key("P-384", {"kid": kid}) for kid in ("first", "second"))


class Published:
    """What stands at the address of an app's keys."""

    def __init__(self) -> None:
        self.text, self.age_s, self.asked = "", None, 0
        self.publish(FIRST)

    def publish(self, *keys: Any, private: bool = False) -> None:
        self.text = json.dumps({"keys": [each.as_dict(private=private) for each in keys]})

    async def brought(self, address: str) -> tuple[str, int | None]:
        assert address == ADDRESS
        self.asked += 1
        if not self.text:
            raise KEYS_AWAY(reason="no answer")
        return self.text, self.age_s


@pytest.fixture
def published(house: House, monkeypatch: pytest.MonkeyPatch) -> Published:
    found = Published()
    monkeypatch.setattr(house.access.smart.proofs.keys, "fetcher", found)
    return found


@pytest.fixture
async def app(house: House, published: Published) -> App:
    return await house.register(ClientKind.KEYS, SCOPE, jwks=ADDRESS, redirect_uris=())


async def status(app: App, key: Any) -> int:
    return (await ask(app, signed(claims_of(app), key))).status_code


async def test_the_keys_are_fetched_once_and_kept(app: App, published: Published) -> None:
    assert [await status(app, FIRST) for _ in range(3)] == [200, 200, 200]
    assert published.asked == 1


async def test_a_key_that_is_new_is_found_at_once_and_nobody_makes_us_ask_without_end(
    app: App, published: Published, house: House
) -> None:
    assert await status(app, FIRST) == 200
    published.publish(FIRST, SECOND)
    assert await status(app, SECOND) == 401
    house.clock.advance(seconds=AGAIN_S)
    assert await status(app, SECOND) == 200
    unknown = ECKey.generate_key("P-384", {"kid": "unknown"})
    assert [await status(app, unknown) for _ in range(5)] == [401] * 5
    assert published.asked == 2


async def test_a_key_that_is_taken_out_signs_nothing_when_the_set_is_over(
    app: App, published: Published, house: House
) -> None:
    assert await status(app, FIRST) == 200
    published.publish(SECOND)
    house.clock.advance(seconds=KEPT_S)
    assert await status(app, FIRST) == 401
    assert await status(app, SECOND) == 200


@pytest.mark.parametrize(("told_s", "kept_s"), [(0, AGAIN_S), (1000, 1000), (10**8, KEPT_S_MOST)])
async def test_a_set_is_kept_as_long_as_its_sender_says_within_bounds(
    app: App, published: Published, house: House, told_s: int, kept_s: int
) -> None:
    published.age_s = told_s  # type: ignore[assignment]
    assert await status(app, FIRST) == 200
    house.clock.advance(seconds=kept_s - 1)
    assert await status(app, FIRST) == 200
    assert published.asked == 1
    house.clock.advance(seconds=2)
    assert await status(app, FIRST) == 200
    assert published.asked == 2


async def test_a_set_that_is_over_and_cannot_be_fetched_lets_nobody_in(
    app: App, published: Published, house: House
) -> None:
    assert await status(app, FIRST) == 200
    published.text = ""
    house.clock.advance(seconds=KEPT_S)
    answer = await ask(app, signed(claims_of(app), FIRST))
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert "BA-3120" in answer.text


@pytest.mark.parametrize(
    "text", ["x", "[]", "{}", '{"keys":7}', '{"keys":[]}', '{"keys":[7,{"kty":"EC","kid":"first"}]}']
)
async def test_what_is_no_set_of_keys_lets_nobody_in(app: App, published: Published, text: str) -> None:
    published.text = text
    assert await status(app, FIRST) == 401


async def test_keys_of_other_kinds_and_private_ones_are_passed_over(app: App, published: Published) -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"}).as_dict()
    published.text = json.dumps({"keys": [shared, SECOND.as_dict(private=True), FIRST.as_dict(private=False)]})
    assert await status(app, FIRST) == 200
    assert await status(app, SECOND) == 401


@pytest.mark.parametrize("address", ["http://app.example/", "https://", "https://a:b@app.example/", "https://x/#y"])
async def test_only_an_address_that_can_be_asked_is_registered(house: House, address: str) -> None:
    with pytest.raises(Exception, match="BA-2326"):
        await house.register(ClientKind.KEYS, SCOPE, jwks=address, redirect_uris=())


async def test_an_app_may_change_from_keys_to_an_address(house: House, published: Published) -> None:
    jwks = json.dumps({"keys": [SECOND.as_dict(private=False)]})
    app = await house.register(ClientKind.KEYS, SCOPE, jwks=jwks, redirect_uris=())
    assert await status(app, SECOND) == 200
    await house.access.smart.clients.set_keys(app.id, ADDRESS)
    assert [await status(app, key) for key in (FIRST, SECOND)] == [200, 401]
