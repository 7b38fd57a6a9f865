"""A parked message in the character set of an old system: read, mended and applied letter for letter."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.node.dead_letters import MESSAGE_BYTES_SHOWN, DeadLetters

TECHNICIAN = system("technician")
ORU = (
    "MSH|^~\\&|LIS|XN|BENHAN|01234|20260105080000||ORU^R01|M1|P|2.5.1||||||{charset}\r"
    "PID|1||BN000001^^^01234^MR||Núñez^José||19870302|F\r"
    "OBR|1|CD1|XN1|GLU^Glucose^L|||{sampled}\r"
    "OBX|1|ST|GLU^Glucose^L||{value}||||||F\r"
)


def oru(charset: str = "8859/1", sampled: str = "yesterday", value: str = "dương") -> str:
    return ORU.format(charset=charset, sampled=sampled, value=value)


async def parked(hospital: Any, frame: bytes) -> tuple[DeadLetters, int]:
    await hospital.hear(frame)
    await hospital.apply()
    letters = DeadLetters(hospital.store, hospital.inbox)
    (message,) = await letters.listed()
    return letters, message.id


@pytest.mark.parametrize(("charset", "encoding"), [("8859/1", "iso-8859-1"), ("CP1252", "cp1252"), ("", "cp1258")])
async def test_a_mended_name_keeps_its_letters(hospital: Any, charset: str, encoding: str) -> None:
    text = oru(charset, value="positive").replace("Núñez^José", "Müller^Zoë")
    letters, number = await parked(hospital, text.encode(encoding))
    shown = (await letters.read(number, TECHNICIAN)).text
    assert "Müller^Zoë" in shown
    await letters.replay(number, shown.replace("yesterday", "20260105074500"), TECHNICIAN)
    await hospital.apply()
    (patient,) = await hospital.found("Patient")
    assert patient["name"][0]["text"] == "Müller Zoë"
    assert await letters.listed() == []


async def test_letters_that_the_old_character_set_lacks_may_be_typed_in(hospital: Any) -> None:
    letters, number = await parked(hospital, oru(value="positive").encode("iso-8859-1"))
    shown = (await letters.read(number, TECHNICIAN)).text
    mended = shown.replace("yesterday", "20260105074500").replace("positive", "dương tính")
    await letters.replay(number, mended, TECHNICIAN)
    await hospital.apply()
    (observation,) = await hospital.found("Observation")
    assert observation["valueString"] == "dương tính"


async def test_a_mended_text_is_shown_as_it_was_typed(hospital: Any) -> None:
    letters, number = await parked(hospital, oru(value="positive").encode("iso-8859-1"))
    shown = (await letters.read(number, TECHNICIAN)).text
    await letters.replay(number, shown.replace("positive", "dương tính"), TECHNICIAN)
    await hospital.apply()  # the time is still none: it is parked again
    assert "dương tính" in (await letters.read(number, TECHNICIAN)).text


async def test_a_character_set_that_is_not_known_must_be_mended_too(hospital: Any) -> None:
    letters, number = await parked(hospital, oru("KOI8", "20260105074500", "positive").encode("iso-8859-1", "replace"))
    shown = (await letters.read(number, TECHNICIAN)).text
    with pytest.raises(Fault, match="BA-0603"):
        await letters.replay(number, shown, TECHNICIAN)


async def test_a_message_too_long_to_be_shown_whole_is_not_mended_to_a_part_of_it(hospital: Any) -> None:
    frame = oru("UNICODE UTF-8", value="x" * MESSAGE_BYTES_SHOWN).encode()
    letters, number = await parked(hospital, frame)
    shown = (await letters.read(number, TECHNICIAN)).text
    assert len(shown) <= MESSAGE_BYTES_SHOWN
    with pytest.raises(Fault, match="BA-0814"):
        await letters.replay(number, shown.replace("yesterday", "20260105074500"), TECHNICIAN)
    (still,) = await letters.listed()
    assert still.id == number
