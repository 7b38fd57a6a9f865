"""The tablet's page where a provider of identities and a reader are set: there and back by the browser, once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.node.conftest import admit
from tests.postgres import copy_of_template
from tests.processes.conftest import PASSWORD, House

from benhan.access.sessions import Session
from benhan.kernel.actors import Role
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import FaultCode
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import Settings
from benhan.node.records.papers import Papers
from benhan.serving.roles import ROLES
from benhan.store.opening import open_store
from benhan.testing.fake_identities import CLIENT, SECRET, FakeIdentities
from benhan.transports.signing_services import SigningServices
from benhan.vn.forms.catalogue import Catalogue
from benhan.wiring import build_access, build_records

ISSUER = "https://id.test"
CHAINS = '[[chain]]\nforms = ["*"]\nturns = [["patient"]]\n'


@dataclass
class Tablet:
    """A paper that waits for its patient, and the doctor's session that shows it."""

    house: House
    provider: FakeIdentities
    address: str
    headers: dict[str, str]
    session: Session

    async def get(self, path: str, cookie: str = "") -> httpx.Response:
        headers = {**self.headers, "cookie": f"{self.headers['cookie']}; {cookie}"} if cookie else self.headers
        return await self.house.ask("GET", path, headers)

    async def ask_provider(self) -> tuple[str, str]:
        """The link to the provider, and the cookie that waits for the answer."""
        page = (await self.get(f"{self.address}/confirm")).text
        form = {name: _value(page, name) for name in ("version", "page_hash")}
        form |= {"csrf": self.session.csrf, "relation": "self", "name": "Trần Thị Mận", "method": "stroke"}
        answer = await self.house.ask("POST", f"{self.address}/confirm/identity", self.headers, data=form)
        assert answer.status_code == 200
        (link,) = re.findall(r'href="(https://id\.test/[^"]+)"', answer.text)
        return unescape(link), answer.headers["set-cookie"].split(";")[0]


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
async def tablet(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tablet]:
    folder = Path(tmp_path_factory.mktemp("tablet"))
    (folder / "chains.toml").write_text(CHAINS, encoding="utf-8")
    settings = replace(
        Settings(data=folder, database=await copy_of_template(embedded_url, "tablet"), mllp_port=0, pool_size=4),
        identity_issuer=ISSUER, identity_client=CLIENT, identity_secret=Secret(SECRET),
        fingerprint_url="http://reader.test/match", signing_chains=str(folder / "chains.toml"),
    )  # fmt: skip
    provider = FakeIdentities(ISSUER, SystemClock())
    network = SigningServices(frozenset({"id.test"}), transport=httpx.ASGITransport(provider))

    whole = SigningServices.json

    async def asked(
        _self: SigningServices, url: str, body: bytes | None, headers: Mapping[str, str], away: FaultCode
    ) -> dict[str, Any]:
        return await whole(network, url, body, headers, away)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SigningServices, "json", asked)
        async with ROLES["node"](settings) as running, open_store(settings, "node") as store:
            house = House("node", running.app, build_access(store, settings), store=store)
            house.accounts[Role.DOCTOR] = await house.access.accounts.create("bs", "BS", Role.DOCTOR, PASSWORD)
            records, stay = build_records(settings, store, Catalogue()), await admit(store)
            doctor = house.accounts[Role.DOCTOR].actor
            record = await records.open(stay.encounter, "01/BV-01", "K01", doctor)
            paper = await Papers(records).add(record.id, "36/BV-02", doctor)
            await Papers(records).save(record.id, paper.number, {}, 1, doctor, is_done=True)
            headers, session = await house.enter(Role.DOCTOR)
            yield Tablet(house, provider, f"/records/{record.id}/papers/{paper.number}", headers, session)


async def test_the_browser_goes_to_the_provider_and_its_return_keeps_the_evidence_once(tablet: Tablet) -> None:
    page = await tablet.get(f"{tablet.address}/confirm")
    assert "định danh điện tử (VNeID)" in page.text
    assert 'value="fingerprint"' in page.text
    link, cookie = await tablet.ask_provider()
    assert "Tr%E1%BA%A7n" not in link  # who it is stays in the sealed cookie
    back = urlsplit(tablet.provider.address_back(link))
    path = f"{back.path}?{back.query}"
    forgotten = await tablet.get(path)
    assert (forgotten.status_code, "BA-5491" in forgotten.text) == (400, True)
    wrong = await tablet.get(f"{back.path}?state=x&code=y", cookie)
    assert "BA-5486" in wrong.text
    kept = await tablet.get(path, cookie)
    assert (kept.status_code, kept.headers["location"]) == (303, f"{tablet.address}/signatures")
    shown = await tablet.get(f"{tablet.address}/signatures")
    assert "định danh điện tử (VNeID)" in shown.text
    assert 'download="kiem-tra.html"' in shown.text
    again = await tablet.get(path, cookie)
    assert again.status_code >= 400


async def test_a_file_without_evidence_yet_says_when_there_will_be(tablet: Tablet) -> None:
    answer = await tablet.get(f"{tablet.address}/signed/2/evidence")
    assert answer.status_code == 404
