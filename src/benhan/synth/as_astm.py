"""The synthetic country as analysers send it: ASTM E1394 records in the frames of E1381.

Source: CLSI LIS2-A2 (E1394) 6–10, LIS1-A (E1381) 6.3. Names are written without accents, as analysers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from benhan.synth.catalogue import Analyte
from benhan.synth.life import Life
from benhan.synth.registration import bare
from benhan.synth.visit import LabOrder, Visit

ENQ, EOT, STX, ETX, ETB = b"\x05", b"\x04", b"\x02", b"\x03", b"\x17"
TEXT_MAX = 240
"""Bytes of a record that one frame holds. Source: LIS1-A 6.3.1.2."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """What an analyser sends of one sample: when, where, which analyser, all bytes from ENQ to EOT."""

    at: datetime
    facility: str
    analyser: str
    content: bytes


def life_transmissions(life: Life) -> Iterator[Transmission]:
    """What analysers sent of a person's samples."""
    for visit in life.visits:
        for order in visit.laboratory:
            if order.results and order.panel.analyser:
                records = order_records(visit, order)
                yield Transmission(order.issued_at, visit.facility.code, order.panel.analyser, framed(records))


def order_records(visit: Visit, order: LabOrder) -> list[str]:
    """Header, patient, order, results with what they were before they were corrected, terminator."""
    registration = visit.registration
    name = registration.name
    parts = "^".join(bare(part) for part in (name.family, name.given, name.middle))
    born = registration.birth.replace("-", "")
    at = _ts(order.issued_at)
    asked = f"{'S' if visit.is_urgent else 'R'}|{_ts(order.ordered_at)}|{_ts(order.sampled_at)}"
    records = [
        f"H|\\^&|||{order.panel.analyser}^{visit.facility.code}^1.0|||||LIS||P|LIS2-A2|{at}",
        f"P|1||{registration.number}||{parts}||{born}|{registration.sex}",
        f"O|1|{order.number}B||^^^{order.panel.code}|{asked}||||N||||{bare(order.panel.specimen)}||||||||||F",
    ]
    for place, result in enumerate(order.results, 1):
        assert isinstance(result.of, Analyte)
        low, high = f"{result.low:g}", f"{result.high:g}"
        records.append(
            f"R|{place}|^^^{result.of.code}|{result.first or result.text}|{bare(result.of.unit).replace('µ', 'u')}"
            f"|{low} to {high}|{result.flag}||F||{order.performer.licence}||{at}"
        )
    return [*records, "L|1|N"]


def framed(records: list[str]) -> bytes:
    """Records in frames numbered 1 to 7, 0, 1 …; a long record takes several, its last ends in ETX."""
    out = bytearray(ENQ)
    number = 1
    for record in records:
        text = record.encode("ascii", "replace") + b"\r"
        pieces = [text[at : at + TEXT_MAX] for at in range(0, len(text), TEXT_MAX)]
        for place, piece in enumerate(pieces):
            body = str(number).encode() + piece + (ETX if place == len(pieces) - 1 else ETB)
            out += STX + body + f"{checksum(body):02X}".encode() + b"\r\n"
            number = (number + 1) % 8
    return bytes(out + EOT)


def checksum(body: bytes) -> int:
    """The sum of the bytes from the frame's number to ETX or ETB, modulo 256. Source: LIS1-A 6.3.1.4."""
    return sum(body) % 256


def _ts(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S")
