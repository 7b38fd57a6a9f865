"""A node takes the configuration from the registry alone, keeps it to its end, and lets the hub only take away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.network.people import ANCHOR, ASKER, AT, HOLDER, HUB, Network, member, signer

from benhan.kernel.faults import Fault
from benhan.network.configuration import (
    LIFE,
    REGISTRY,
    Environment,
    Status,
    read_configuration,
    read_status,
    sign_configuration,
    sign_status,
)
from benhan.network.messages import Signer


def refused(text: str, *, later: timedelta = timedelta(), known: object = None) -> str:
    with pytest.raises(Fault) as told:
        read_configuration(text, ANCHOR.key.public, AT + later, known)  # type: ignore[arg-type]
    return told.value.code


def test_what_the_registry_signed_is_read_back_whole() -> None:
    network = Network()
    found = network.configuration()
    assert list(found.members.values()) == network.members
    assert found.hub == HUB


def test_a_hub_cannot_make_a_configuration() -> None:
    forged = Signer(REGISTRY, signer(HUB).key, ANCHOR.random)
    assert refused(sign_configuration(2, HUB, Network().members, forged, AT).text) == "BA-6008"


def test_it_is_good_to_its_end_and_no_older_one_takes_its_place() -> None:
    network = Network()
    assert read_configuration(network.signed(), ANCHOR.key.public, AT + LIFE - timedelta(hours=1))
    assert refused(network.signed(), later=LIFE + timedelta(minutes=2)) == "BA-6008"
    assert refused(network.signed(1), known=network.configuration(2)) == "BA-6008"


def test_no_key_is_of_two_members() -> None:
    network = Network()
    network.members.append(member("99999"))
    from dataclasses import replace

    network.members[-1] = replace(network.members[-1], keys=network.members[1].keys)
    assert refused(network.signed()) == "BA-6008"


def test_the_hub_takes_away_and_nobody_else_does() -> None:
    configuration = Network().configuration()
    told = Status(AT, members=frozenset({HOLDER}))
    status = read_status(sign_status(told, signer(HUB)).text, configuration, AT)
    with pytest.raises(Fault) as fault:
        configuration.with_status(status).member(HOLDER)
    assert fault.value.code == "BA-6006"
    for text, at in (
        (sign_status(told, signer(ASKER)).text, AT),
        (sign_status(told, signer(HUB)).text, AT + timedelta(minutes=3)),
    ):
        with pytest.raises(Fault) as fault:
            read_status(text, configuration, at)
        assert fault.value.code == "BA-6008"
    assert configuration.with_status(status).with_status(Status(AT - timedelta(hours=1))).status == status


def test_trial_and_live_never_meet() -> None:
    network = Network()
    network.members.append(member("00099", environment=Environment.SANDBOX))
    with pytest.raises(Fault) as told:
        network.configuration().peers(ASKER, "00099")
    assert told.value.code == "BA-6007"
