"""What a hospital measures of itself, signs and tells the portal; restores that are proven."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, FORMS, Stay, admit
from tests.postgres import copy_of_template

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.node.deployment.drills import Drills
from benhan.node.deployment.measuring import Measuring
from benhan.node.deployment.reporting import Reporter, Reports, evidence_signer
from benhan.node.records.life import Records
from benhan.node.records.papers import Papers
from benhan.store.database import Database, url_of
from benhan.store.key_encryption import make_kek_file, open_kek
from benhan.store.store import Store
from benhan.transports.portal_client import PortalClient
from benhan.vn.deployment.judging import judge
from benhan.vn.deployment.signals import Part, read_signals
from benhan.vn.deployment.signed import claimed, verified

SETTINGS = Settings(facility_code="01001", http_host="::", security_level=2)


def measuring(store: Store, settings: Settings = SETTINGS) -> Measuring:
    return Measuring(store, settings, FORMS)


async def test_an_empty_hospital_has_nothing_to_show_and_claims_nothing(store: Store) -> None:
    told = await measuring(store).signals()
    assert (told.records_electronic, told.signed, told.patients_numbered) == (Part(0, 0), Part(0, 0), Part(0, 0))
    assert told.ledger_is_whole
    assert told.drill is None
    assert not any(each.is_met for each in judge(told, set(), told.made_at) if each.criterion.set == "tt13")


async def test_what_doctors_do_is_in_the_figures_and_no_name_is(
    store: Store, records: Records, papers: Papers, stay: Stay
) -> None:
    record = await records.open(stay.encounter, "01/BV-01", "K03", DOCTOR)
    await papers.add(record.id, "36/BV-02", DOCTOR)
    told = await measuring(store).signals()
    assert (told.records_opened, told.records_electronic) == (1, Part(1, 1))
    assert told.patients_numbered.all == 1
    assert told.papers_on_forms == Part(told.papers_typed, told.papers_typed)
    assert told.papers_typed >= 1
    assert told.has_ipv6
    assert not told.has_tls


def heard(answers: list[int]) -> tuple[PortalClient, list[str]]:
    """A portal that answers in turn with statuses, and what it heard."""
    told: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(request.content.decode())
        return httpx.Response(answers.pop(0), json={"issue": [{"details": {"coding": [{"code": "BA-6212"}]}}]})

    return PortalClient("http://portal", transport=httpx.MockTransport(answer)), told


async def test_a_report_is_signed_by_the_node_s_own_key_and_noted(store: Store) -> None:
    client, told = heard([201])
    await Reporter(store, measuring(store), client, "01001").send()
    assert claimed(told[0]).facility == "01001"
    assert read_signals(verified(told[0], evidence_signer(store.keyring).public_bytes)).facility == "01001"
    state = await Reports(store.database).state()
    assert state is not None
    assert (state.sent_at, state.fault) == (store.clock.now(), "")
    assert state.signals == read_signals(verified(told[0], evidence_signer(store.keyring).public_bytes))


async def test_a_page_does_not_walk_the_ledger_and_says_what_the_last_report_found(store: Store) -> None:
    assert (await measuring(store).signals(walks=False)).ledger_is_whole is None
    client, _ = heard([201])
    await Reporter(store, measuring(store), client, "01001").send()
    state = await Reports(store.database).state()
    assert state is not None
    assert (await measuring(store).signals(state.signals, walks=False)).ledger_is_whole


async def test_a_portal_that_is_away_or_refuses_is_noted_and_tried_again(store: Store, clock: SetClock) -> None:
    client, told = heard([503, 403, 201])
    reporter = Reporter(store, measuring(store), client, "01001")
    for code in ("BA-6240", "BA-6241"):
        with pytest.raises(Fault) as caught:
            await reporter.send()
        assert caught.value.code == code
        state = await Reports(store.database).state()
        assert state is not None
        assert (state.sent_at, state.fault) == (None, code)
        clock.advance(seconds=1)
    await reporter.send()
    numbers = [read_signals(verified(each, evidence_signer(store.keyring).public_bytes)).number for each in told]
    assert numbers == sorted(set(numbers))


async def opened(url: str, folder: Path, clock: SetClock) -> Store:
    kek = open_kek(Settings(key_file=str(folder / "kek.json")))
    return await Store.open(await Database.connect(url, pool_size=3), kek, clock=clock)


async def copied(server_url: str, url: str, name: str) -> str:
    """The address of a copy of a database nobody is connected to, as a restore makes it."""
    admin = await asyncpg.connect(server_url)
    source = urlsplit(url).path.strip("/")
    await admin.execute(f"create database {name} template {source}")
    await admin.close()
    return url_of(server_url, name)


async def test_a_restore_is_proven_by_opening_it_whole(
    embedded_url: str, fresh_url: str, clock: SetClock, tmp_path: Path
) -> None:
    make_kek_file(tmp_path / "kek.json", SystemRandom())
    before = await opened(fresh_url, tmp_path, clock)
    await admit(before)
    await before.close()
    url = await copied(embedded_url, fresh_url, "restored_whole")
    running, copy = await opened(fresh_url, tmp_path, clock), await opened(url, tmp_path, clock)
    began = clock.now() - timedelta(minutes=30)
    drill = await Drills(running).prove(copy, began, system("cli"))
    assert (drill.seconds, drill.damaged) == (1800, 0)
    assert drill.versions >= 2
    assert await Drills(running).last(5) == [drill]
    assert await Drills(copy).last(5) == []
    assert (await measuring(running).signals()).drill == drill
    for wrong, at, code in ((running, began, "BA-6230"), (copy, clock.now(), "BA-6232")):
        with pytest.raises(Fault) as caught:
            await Drills(running).prove(wrong, at, system("cli"))
        assert caught.value.code == code
    await copy.database.execute("update resource set content = overlay(content placing 'x' from 30)")
    assert (await Drills(running).prove(copy, began, system("cli"))).damaged > 0
    await running.close()
    await copy.close()


async def test_another_hospital_s_database_proves_nothing(
    store: Store, embedded_url: str, clock: SetClock, tmp_path: Path
) -> None:
    kek = make_kek_file(tmp_path / "other.json", SystemRandom())
    url = await copy_of_template(embedded_url, "another_hospital")
    other = await Store.open(await Database.connect(url, pool_size=2), kek, clock=clock)
    with pytest.raises(Fault) as caught:
        await Drills(store).prove(other, clock.now() - timedelta(hours=1), system("cli"))
    assert caught.value.code == "BA-6231"
    await other.close()
