"""Records of many days and configurations of many members go through whole; what is larger than that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.network.people import ANCHOR, ASKER, AT, HUB, Network, member

from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.network import messages
from benhan.network.configuration import read_configuration, sign_configuration
from benhan.network.keys import sealing_key
from benhan.network.sealing import open_sealed, seal


def test_a_record_of_a_long_stay_is_sealed_and_opened_whole() -> None:
    key = sealing_key(SystemRandom().bytes(32))
    content = SystemRandom().bytes(2_000_000)
    assert open_sealed(seal(content, key.public), {key.public.kid: key}) == content


def test_a_configuration_of_the_whole_country_is_read() -> None:
    every = [*Network().members, *(replace(member("99000"), code=f"X{number:04d}", keys=()) for number in range(2_000))]
    found = read_configuration(sign_configuration(1, HUB, every, ANCHOR, AT).text, ANCHOR.key.public, AT)
    assert len(found.members) == len(every)


def test_an_ordinary_message_is_not_as_large_as_a_configuration() -> None:
    signed = ANCHOR.sign("ask", ASKER, {"note": "x" * messages.CHARACTERS_MAX}, AT)
    with pytest.raises(Fault) as told:
        messages.read_message(signed.text, lambda _kid, _at: None)
    assert told.value.code == "BA-6000"
