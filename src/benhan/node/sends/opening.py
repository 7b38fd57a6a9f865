"""The destinations that the settings switch on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benhan.kernel.settings import Settings
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.node.loaded_lists import LoadedLists
from benhan.node.sends.bhyt_portal import BhytPortal, BhytWishes
from benhan.node.sends.check_ups import CheckUps
from benhan.node.sends.destination import Destination, Mode
from benhan.node.sends.facility_signer import FacilitySigner
from benhan.node.sends.faults import BAD_SENDS
from benhan.node.sends.ministry_hub import MinistryHub
from benhan.store.catalogues import Catalogues
from benhan.store.sends import Sends
from benhan.store.store import Store
from benhan.transports.bhxh_client import BhxhAccount, BhxhClient
from benhan.transports.emrhub_client import HANOI, PRODUCTION, EmrhubClient, Sender, Target
from benhan.vn.identifiers import gln
from benhan.vn.identifiers.kind import is_stored_form
from benhan.vn.ksk.check import CATALOGUES


@asynccontextmanager
async def open_destinations(
    settings: Settings, store: Store, sends: Sends, known: BhytKnowledge
) -> AsyncIterator[list[Destination]]:
    """Every destination that is on, closed afterwards. Raises Incorrect BA-4002, BA-4003, Forbidden BA-3600."""
    opened: list[Destination] = []
    try:
        signer = _signer(settings)
        bhxh = _mode(settings.bhxh_send, "bhxh_send", BhytPortal.name)
        if bhxh is not Mode.OFF:
            opened.append(_portal(settings, store, sends, known, bhxh, signer))
        hub = _mode(settings.emrhub_send, "emrhub_send", MinistryHub.name)
        if hub is not Mode.OFF:
            client = _hub_client(settings, store) if hub is Mode.AUTO else None
            tokens, lists = store.workshop.tokens, LoadedLists(Catalogues(store.database, store.clock), CATALOGUES)
            check_ups = CheckUps(store, settings.facility_code, settings.emrhub_gln) if settings.emrhub_gln else None
            opened.append(
                MinistryHub(
                    sends,
                    tokens,
                    store.clock,
                    store.random,
                    hub,
                    lists,
                    client=client,
                    signer=signer,
                    check_ups=check_ups,
                )
            )
        yield opened
    finally:
        for each in opened:
            await each.close()


def _signer(settings: Settings) -> FacilitySigner | None:
    if not settings.facility_certificate or settings.bhxh_send == settings.emrhub_send == Mode.OFF.value:
        return None
    return FacilitySigner.load(Path(settings.facility_certificate), settings.facility_certificate_password)


def _mode(text: str, name: str, destination: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        _bad(name, destination)


def _portal(
    settings: Settings,
    store: Store,
    sends: Sends,
    known: BhytKnowledge,
    mode: Mode,
    signer: FacilitySigner | None,
) -> BhytPortal:
    client = None
    if mode is Mode.AUTO:
        _hold_to_https(settings.bhxh_url, "bhxh_url", BhytPortal.name)
        _need(settings.bhxh_login, "bhxh_login", BhytPortal.name)
        account = BhxhAccount(settings.facility_code, settings.bhxh_login, settings.bhxh_password)
        client = BhxhClient(settings.bhxh_url, account, store.clock)
    try:
        since = date.fromisoformat(settings.bhxh_since) if settings.bhxh_since else None
    except ValueError:
        _bad("bhxh_since", BhytPortal.name)
    wishes = BhytWishes(settings.bhxh_checkin, since, settings.bhxh_delay_s)
    return BhytPortal(store, sends, known, settings.facility_code, mode, client=client, signer=signer, wishes=wishes)


def _hub_client(settings: Settings, store: Store) -> EmrhubClient:
    if not is_stored_form(gln, settings.emrhub_gln):
        _bad("emrhub_gln", MinistryHub.name)
    _need(settings.emrhub_login, "emrhub_login", MinistryHub.name)
    try:
        key = load_pem_private_key(Path(settings.emrhub_key).read_bytes(), None)
    except (OSError, ValueError, TypeError):
        _bad("emrhub_key", MinistryHub.name)
    if not isinstance(key, RSAPrivateKey):
        _bad("emrhub_key", MinistryHub.name)
    sender = Sender(settings.emrhub_gln, settings.emrhub_login, settings.emrhub_password, key)
    hosts = frozenset(host.strip() for host in settings.emrhub_hosts.split(",") if host.strip())
    return EmrhubClient(
        _target(settings.emrhub_url), sender, hosts=hosts, clock=store.clock, random=store.random, tries=1
    )


def _target(url: str) -> Target:
    """A provincial hub is known by its address; every other speaks as the Ministry's."""
    if urlsplit(url).hostname == urlsplit(HANOI.base_url).hostname:
        return HANOI
    return Target(url.rstrip("/"), PRODUCTION.receiver_id, PRODUCTION.version)


def _hold_to_https(url: str, name: str, destination: str) -> None:
    """Passwords travel by https, or to this very machine."""
    parts = urlsplit(url)
    is_own = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or (parts.scheme != "https" and not is_own):
        _bad(name, destination)


def _need(value: str, name: str, destination: str) -> None:
    if not value:
        _bad(name, destination)


def _bad(name: str, destination: str) -> NoReturn:
    raise BAD_SENDS(name=name, destination=destination)
