"""What happens in the synthetic hospitals, as the HL7 v2 messages that a HIS and a LIS would send."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from benhan.demo.laboratory import ANALYTES, DISEASES, PANELS, Disease, measure
from benhan.demo.people import Person
from benhan.kernel.clock import VIETNAM

DOCTORS = (("004512", "Lê", "Thị Minh", "Châu"), ("012873", "Vũ", "Quang", "Huy"), ("020441", "Đặng", "Thu", "Hà"))


@dataclass(frozen=True, slots=True)
class Hospital:
    """A synthetic hospital."""

    code: str
    name: str


HOSPITALS = (
    Hospital("01901", "Bệnh viện Đa khoa Sông Hồng (trình diễn)"),
    Hospital("79902", "Bệnh viện Đa khoa Cửu Long (trình diễn)"),
)


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A message to be sent: when it would have been, its bytes without a frame."""

    at: datetime
    content: bytes


class Stay:
    """One person's stay in one hospital: admission, daily results, a correction, discharge."""

    def __init__(self, hospital: Hospital, person: Person, number: int, now: datetime, chance: random.Random) -> None:
        self._hospital = hospital
        self._person = person
        self._number = number
        self._chance = chance
        self._disease: Disease = chance.choice(DISEASES)
        self._days = chance.randrange(4, 12)
        self._ended = chance.random() < 0.45
        back = self._days + (chance.randrange(1, 40) if self._ended else 0)
        start = now.astimezone(VIETNAM).replace(hour=7, minute=chance.randrange(60), second=0, microsecond=0)
        self._start = start - timedelta(days=back)
        self._doctor = chance.choice(DOCTORS)
        self._place = f"{self._disease.ward}^P{chance.randrange(1, 9)}^G{chance.randrange(1, 30)}"

    def messages(self) -> Iterator[DemoMessage]:
        """The messages of the stay, in order."""
        yield self._adt("A01", self._start)
        for day in range(self._days):
            at = self._start + timedelta(days=day, hours=1, minutes=self._chance.randrange(50))
            for panel in self._disease.panels:
                if day % (7 if panel == "HBA1C" else 1) == 0:
                    yield self._oru(panel, day, at)
        if self._ended:
            yield self._adt("A03", self._start + timedelta(days=self._days, hours=3))

    def _adt(self, event: str, at: datetime) -> DemoMessage:
        ended = at if event == "A03" else None
        lines = [
            self._msh(
                "HIS", f"ADT^{event}^ADT_{'A03' if event == 'A03' else 'A01'}", at, f"H{self._number:05d}{event}"
            ),
            f"EVN|{event}|{_ts(at)}",
            self._pid(),
            self._pv1(ended),
            f"DG1|1||{self._disease.icd}^{self._disease.name}^I10||{_ts(self._start)}|A",
            f"IN1|1|BHYT|BHXH|Bảo hiểm xã hội Việt Nam{'|' * 8}20260101|20261231{'|' * 23}{self._person.bhyt}",
        ]
        return DemoMessage(at, _bytes(lines))

    def _oru(self, panel: str, day: int, at: datetime) -> DemoMessage:
        order = f"{self._hospital.code[:2]}{self._number:05d}{day:02d}{panel}"
        name, codes = PANELS[panel]
        done = at + timedelta(minutes=35)
        lines = [
            self._msh("LIS", "ORU^R01^ORU_R01", done, f"L{order}"),
            self._pid(),
            self._pv1(None),
            f"ORC|RE|{order}|F{order}",
            f"OBR|1|{order}|F{order}|{panel}^{name}^L|||{_ts(at)}|||||||||{self._xcn()}||||||{_ts(done)}||LAB|F",
            f"SPM|1|{order}S||BLD^Máu^L|||||||||||||{_ts(at)}",
        ]
        for index, code in enumerate(codes, 1):
            value, flag = measure(self._disease, code, day, self._chance)
            analyte = ANALYTES[code]
            band = f"{_short(analyte.low)}-{_short(analyte.high)}"
            lines.append(
                f"OBX|{index}|NM|{analyte.loinc}^{analyte.name}^LN||{value}|{analyte.unit}|{band}|{flag}|||F|||{_ts(at)}"
                "||^Trần^Bảo^Quốc"
            )
        return DemoMessage(done, _bytes(lines))

    def _msh(self, application: str, type_: str, at: datetime, control_id: str) -> str:
        code = self._hospital.code
        return (
            f"MSH|^~\\&|{application}|{code}|BENHAN|{code}|{_ts(at)}||{type_}|{control_id}|P|2.5.1||||||UNICODE UTF-8"
        )

    def _pid(self) -> str:
        person, code = self._person, self._hospital.code
        numbers = f"BN{self._number:06d}^^^{code}^MR~{person.cccd}^^^CCCD^NI~{person.bhyt}^^^BHYT^HC"
        address = f"{person.street}^{person.ward}^^{person.province}^^VNM"
        return (
            f"PID|1||{numbers}||{person.family}^{person.given}^{person.middle}||{person.born:%Y%m%d}|{person.sex}"
            f"|||{address}||{person.phone}"
        )

    def _pv1(self, ended: datetime | None) -> str:
        visit = f"{self._hospital.code}{self._start:%y%m%d}{self._number:05d}"
        fields = [""] * 46
        fields[1], fields[2], fields[3], fields[7], fields[19] = "1", "I", self._place, self._xcn(), visit
        fields[36] = "Đỡ, giảm" if ended else ""
        fields[44], fields[45] = _ts(self._start), _ts(ended) if ended else ""
        return "PV1|" + "|".join(fields[1:]).rstrip("|")

    def _xcn(self) -> str:
        licence, family, middle, given = self._doctor
        return f"{licence}^{family}^{given}^{middle}"


def stays(hospital: Hospital, people: list[Person], now: datetime, seed: int) -> list[list[DemoMessage]]:
    """The messages of each person's stay in a hospital."""
    chance = random.Random(f"{seed}-{hospital.code}")  # noqa: S311  # synthetic results repeat on purpose
    return [list(Stay(hospital, person, index, now, chance).messages()) for index, person in enumerate(people, 1)]


def in_order(messages: list[list[DemoMessage]]) -> list[DemoMessage]:
    """All messages of a hospital as time brought them."""
    return sorted((each for stay in messages for each in stay), key=lambda each: each.at)


def _bytes(lines: list[str]) -> bytes:
    return ("\r".join(lines) + "\r").encode()


def _ts(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S") + "+0700"


def _short(number: float) -> str:
    return f"{number:g}"
