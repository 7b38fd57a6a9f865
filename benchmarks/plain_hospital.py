"""A laboratory's hospital for the benchmarks: few kinds of illness, many results; always the same for a seed.

The numbers of docs/performance.md were measured on these people and messages, so they stay as they are; what a country
looks like is `benhan synth`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

FAMILIES = (
    ("Nguyễn", 32), ("Trần", 11), ("Lê", 10), ("Phạm", 7), ("Hoàng", 5), ("Huỳnh", 5), ("Phan", 5),
    ("Vũ", 4), ("Võ", 4),
    ("Đặng", 3), ("Bùi", 3), ("Đỗ", 3), ("Hồ", 2), ("Ngô", 2), ("Dương", 2), ("Lý", 1), ("Đinh", 1), ("Trịnh", 1),
)  # fmt: skip
MIDDLES = {
    "M": ("Văn", "Đức", "Minh", "Quốc", "Hữu", "Công", "Thanh"),
    "F": ("Thị", "Ngọc", "Thu", "Thanh", "Kim", "Bích"),
}
GIVEN = {
    "M": ("An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hoà", "Hùng", "Khoa",
          "Long", "Nam", "Phúc", "Quân", "Sơn", "Tuấn", "Việt"),
    "F": ("Anh", "Chi", "Dung", "Giang", "Hà", "Hạnh", "Hoa", "Hương", "Lan",
          "Linh", "Mai", "Nga", "Oanh", "Quỳnh", "Thảo", "Yến"),
}  # fmt: skip
PLACES = (
    ("001", "Hà Nội", "phường Hoàn Kiếm", "phố Hàng Bông"),
    ("079", "Thành phố Hồ Chí Minh", "phường Bến Thành", "đường Lê Lợi"),
    ("048", "Đà Nẵng", "phường Hải Châu", "đường Bạch Đằng"),
    ("031", "Hải Phòng", "phường Hồng Bàng", "đường Điện Biên Phủ"),
    ("040", "Nghệ An", "phường Trường Vinh", "đường Quang Trung"),
    ("092", "Cần Thơ", "phường Ninh Kiều", "đường Hoà Bình"),
    ("046", "Huế", "phường Thuận Hoá", "đường Lê Duẩn"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A synthetic person."""

    family: str
    middle: str
    given: str
    sex: str
    born: date
    cccd: str
    bhyt: str
    phone: str
    street: str
    ward: str
    province: str

    @property
    def name(self) -> str:
        return f"{self.family} {self.middle} {self.given}"


def make_people(seed: int, count: int, today: date) -> list[Person]:
    """`count` people, the same for the same seed and day."""
    chance = random.Random(seed)  # synthetic people repeat on purpose
    return [_person(chance, today) for _ in range(count)]


def _person(chance: random.Random, today: date) -> Person:
    sex = chance.choice("MF")
    age_years = min(94, max(18, round(chance.gauss(54, 17))))
    born = today - timedelta(days=age_years * 365 + chance.randrange(365))
    code, province, ward, street = chance.choice(PLACES)
    family = chance.choices([name for name, _ in FAMILIES], [weight for _, weight in FAMILIES])[0]
    return Person(
        family,
        chance.choice(MIDDLES[sex]),
        chance.choice(GIVEN[sex]),
        sex,
        born,
        citizen_number(code, sex, born.year, chance.randrange(1_000_000)),
        f"{chance.choice(('GD', 'HT', 'DN', 'CH'))}4{code[1:]}{chance.randrange(10**10):010d}",
        f"09{chance.randrange(10**8):08d}",
        f"{chance.randrange(1, 200)} {street}",
        ward,
        province,
    )


def citizen_number(province: str, sex: str, year: int, serial: int) -> str:
    """A số định danh cá nhân: province, century and sex, year, six digits. Source: NĐ 137/2015/NĐ-CP Đ13."""
    century = (year // 100 - 19) * 2 + (sex == "F")
    return f"{province}{century}{year % 100:02d}{serial:06d}"


@dataclass(frozen=True, slots=True)
class Analyte:
    """An analyte: LOINC, Vietnamese name, unit, reference range of women and men, how it scatters, its decimals."""

    loinc: str
    name: str
    unit: str
    low: float
    high: float
    scatter: float
    decimals: int


ANALYTES = {
    "WBC": Analyte("6690-2", "Bạch cầu (WBC)", "G/L", 4.0, 10.0, 0.9, 2),
    "RBC": Analyte("789-8", "Hồng cầu (RBC)", "T/L", 3.9, 5.6, 0.2, 2),
    "HGB": Analyte("718-7", "Huyết sắc tố (HGB)", "g/L", 120, 165, 5, 0),
    "HCT": Analyte("4544-3", "Hematocrit (HCT)", "%", 36, 49, 1.5, 1),
    "MCV": Analyte("787-2", "Thể tích trung bình hồng cầu (MCV)", "fL", 80, 98, 2, 1),
    "PLT": Analyte("777-3", "Tiểu cầu (PLT)", "G/L", 150, 400, 18, 0),
    "GLU": Analyte("14771-0", "Glucose máu lúc đói", "mmol/L", 3.9, 6.4, 0.35, 2),
    "HBA1C": Analyte("4548-4", "HbA1c", "%", 4.0, 5.9, 0.1, 1),
    "CREA": Analyte("14682-9", "Creatinin", "µmol/L", 53, 115, 5, 0),
    "UREA": Analyte("22664-7", "Urê", "mmol/L", 2.5, 7.5, 0.5, 1),
    "AST": Analyte("1920-8", "AST (GOT)", "U/L", 5, 37, 4, 0),
    "ALT": Analyte("1742-6", "ALT (GPT)", "U/L", 5, 40, 4, 0),
    "NA": Analyte("2951-2", "Natri", "mmol/L", 135, 145, 1.2, 0),
    "K": Analyte("2823-3", "Kali", "mmol/L", 3.5, 5.0, 0.15, 2),
    "CRP": Analyte("1988-5", "CRP", "mg/L", 0, 5, 0.8, 1),
}
PANELS = {
    "CTM": ("Công thức máu", ("WBC", "RBC", "HGB", "HCT", "MCV", "PLT")),
    "SHM": ("Sinh hoá máu", ("GLU", "CREA", "UREA", "AST", "ALT", "NA", "K", "CRP")),
    "HBA1C": ("HbA1c", ("HBA1C",)),
}


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease: ICD-10, name, how it begins (factor on an analyte) and how far a day of treatment brings it back."""

    icd: str
    name: str
    panels: tuple[str, ...]
    begins: dict[str, float]
    recovery: float
    ward: str


DISEASES = (
    Disease("E11.9", "Đái tháo đường típ 2", ("SHM", "HBA1C"), {"GLU": 2.1, "HBA1C": 1.7}, 0.08, "Nội tiết"),
    Disease(
        "A97.1", "Sốt xuất huyết Dengue có dấu hiệu cảnh báo", ("CTM",),
        {"PLT": 0.22, "WBC": 0.5, "HCT": 1.12}, 0.22, "Truyền nhiễm",
    ),
    Disease("J18.9", "Viêm phổi", ("CTM", "SHM"), {"WBC": 2.0, "CRP": 34.0}, 0.25, "Nội hô hấp"),
    Disease("N18.3", "Bệnh thận mạn giai đoạn 3", ("SHM",), {"CREA": 2.2, "UREA": 2.1, "K": 1.2}, 0.04, "Thận"),
    Disease(
        "D50.9", "Thiếu máu thiếu sắt", ("CTM",),
        {"HGB": 0.58, "MCV": 0.82, "RBC": 0.85, "HCT": 0.66}, 0.05, "Nội tổng hợp",
    ),
    Disease("K74.6", "Xơ gan", ("SHM", "CTM"), {"AST": 3.4, "ALT": 2.6, "PLT": 0.45, "NA": 0.95}, 0.05, "Tiêu hoá"),
    Disease("I10", "Tăng huyết áp", ("SHM",), {"CREA": 1.1}, 0.05, "Tim mạch"),
)  # fmt: skip


def measure(disease: Disease, code: str, day: int, chance: random.Random) -> tuple[str, str]:
    """The value of an analyte on a day of treatment as text, and its flag (N, L, H, LL, HH)."""
    analyte = ANALYTES[code]
    middle = (analyte.low + analyte.high) / 2 or 1.0
    pull = (disease.begins.get(code, 1.0) - 1.0) * (1.0 - disease.recovery) ** day
    value = max(analyte.low * 0.05, middle * (1.0 + pull) + chance.gauss(0, analyte.scatter))
    return f"{value:.{analyte.decimals}f}", flag(value, analyte)


def flag(value: float, analyte: Analyte) -> str:
    """How a value lies to its range; far beyond it is critical."""
    if value > analyte.high:
        return "HH" if value > analyte.high * 2 else "H"
    if value < analyte.low:
        return "LL" if value < analyte.low * 0.45 else "L"
    return "N"


VIETNAM = timezone(timedelta(hours=7))
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
    chance = random.Random(f"{seed}-{hospital.code}")  # synthetic results repeat on purpose
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
