"""Keys are enrolled once by a code; reports are taken when signed, new and on time."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from tests.portal.conftest import AUTHORITY, OWN, House
from tests.unit.vn.deployment.test_judging import signals

from benhan.kernel.faults import Fault
from benhan.vn.deployment.signals import Drill, signals_to_bytes
from benhan.vn.deployment.signed import EvidenceSigner, thumbprint_of, verified

NODE = EvidenceSigner(b"n" * 32)
STRANGER = EvidenceSigner(b"s" * 32)


async def enrolled(house: House) -> str:
    return await house.evidence.enrol("79001", await house.evidence.ticket("79001", OWN), NODE.public_bytes)


def report(house: House, signer: EvidenceSigner = NODE, named: str = "79001", **changed: object) -> str:
    now = house.clock.now().replace(microsecond=0)
    proven = Drill(now - timedelta(days=3), 900, 1_000, 0, now - timedelta(days=4))
    told = msgspec.structs.replace(signals(made_at=now, number=int(now.timestamp()), drill=proven), **changed)
    return signer.sign(signals_to_bytes(told), named)


async def code_of(house: House, signed: str) -> str:
    with pytest.raises(Fault) as caught:
        await house.evidence.take(signed)
    return caught.value.code


async def test_an_enrolled_node_is_heard_and_its_words_are_kept_as_they_came(house: House) -> None:
    thumbprint = await enrolled(house)
    signed = report(house)
    await house.evidence.take(signed)
    kept = (await house.evidence.last("79001"))[0]
    assert (kept.signed, kept.thumbprint) == (signed, thumbprint)
    assert verified(kept.signed, NODE.public_bytes) == signals_to_bytes(kept.signals)
    assert await house.entries("deployment:evidence:take") == 1


async def test_a_code_enrols_one_key_of_its_own_facility_within_a_week(house: House) -> None:
    await house.facilities.take_in(b"code,name,province\n79002,Hai,79\n", AUTHORITY)
    code = await house.evidence.ticket("79001", OWN)
    for facility, given in (("79002", code), ("79001", "sai"), ("79009", code)):
        with pytest.raises(Fault):
            await house.evidence.enrol(facility, given, NODE.public_bytes)
    await house.evidence.enrol("79001", code, NODE.public_bytes)
    with pytest.raises(Fault) as caught:
        await house.evidence.enrol("79001", code, STRANGER.public_bytes)
    assert caught.value.code == "BA-6211"
    late = await house.evidence.ticket("79001", OWN)
    house.clock.advance(days=7, seconds=1)
    with pytest.raises(Fault):
        await house.evidence.enrol("79001", late, STRANGER.public_bytes)


async def test_a_key_of_one_facility_is_not_another_s(house: House) -> None:
    await enrolled(house)
    await house.facilities.take_in(b"code,name,province\n79002,Hai,79\n", AUTHORITY)
    code = await house.evidence.ticket("79002", OWN)
    with pytest.raises(Fault) as caught:
        await house.evidence.enrol("79002", code, NODE.public_bytes)
    assert caught.value.code == "BA-6211"


async def test_forged_foreign_altered_replayed_and_late_reports_are_refused(house: House) -> None:
    thumbprint = await enrolled(house)
    good = report(house)
    head, body, signature = good.split(".")
    assert await code_of(house, report(house, STRANGER)) == "BA-6212"
    assert await code_of(house, report(house, facility="79002")) == "BA-6212"
    assert await code_of(house, report(house, named="79002")) == "BA-6212"
    assert await code_of(house, ".".join((head, body[:-2] + "AA", signature))) == "BA-6212"
    assert await code_of(house, "x" * 100_000) == "BA-6212"
    assert await code_of(house, "a.b.c") == "BA-6212"
    await house.evidence.take(good)
    assert await code_of(house, good) == "BA-6213"
    ago = house.clock.now().replace(microsecond=0) - timedelta(minutes=11)
    assert await code_of(house, report(house, made_at=ago, number=10**12)) == "BA-6214"
    await house.evidence.revoke("79001", thumbprint, OWN)
    house.clock.advance(minutes=1)
    assert await code_of(house, report(house)) == "BA-6212"
    assert thumbprint == thumbprint_of(NODE.public_bytes)
    assert len(await house.evidence.last("79001", 10)) == 1
