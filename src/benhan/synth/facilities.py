"""The facilities of the country: hospitals of three levels and commune stations, with departments and staff.

Source: Luật KCB 15/2023 Đ104 (levels of technique); QĐ 1804/QĐ-BYT PL02 (codes of departments).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

from benhan.synth import numbers
from benhan.synth.chance import Weighted, chance_of
from benhan.synth.names import Name, family_name, name_of
from benhan.synth.places import KINH, Province, by_population, provinces

COMMUNE, DISTRICT, PROVINCIAL, CENTRAL = 1, 2, 3, 4
"""The levels: a commune station, then hospitals of the three levels."""
LEVELS = (PROVINCIAL, COMMUNE, DISTRICT, CENTRAL, COMMUNE, DISTRICT, PROVINCIAL, COMMUNE, DISTRICT, COMMUNE)
"""The level of each facility in turn, over and over."""
LEVEL_NAMES = {
    COMMUNE: "Trạm Y tế {commune}",
    DISTRICT: "Bệnh viện Đa khoa khu vực {commune}",
    PROVINCIAL: "Bệnh viện Đa khoa tỉnh {province} số {serial}",
    CENTRAL: "Bệnh viện Trung ương {province} {serial}",
}
CITY_NAMES = {PROVINCIAL: "Bệnh viện Đa khoa thành phố {province} số {serial}"}

_CITIES = frozenset(("01", "31", "46", "48", "79", "92"))

DEPARTMENTS = {
    "K01": "Khoa Khám bệnh",
    "K02": "Khoa Hồi sức cấp cứu",
    "K03": "Khoa Nội tổng hợp",
    "K04": "Khoa Nội tim mạch",
    "K05": "Khoa Nội tiêu hóa",
    "K07": "Khoa Nội thận - tiết niệu",
    "K08": "Khoa Nội tiết",
    "K10": "Khoa Huyết học lâm sàng",
    "K11": "Khoa Truyền nhiễm",
    "K12": "Khoa Lao",
    "K14": "Khoa Thần kinh",
    "K15": "Khoa Tâm thần",
    "K18": "Khoa Nhi",
    "K19": "Khoa Ngoại tổng hợp",
    "K24": "Khoa Chấn thương chỉnh hình",
    "K25": "Khoa Bỏng",
    "K27": "Khoa Phụ sản",
    "K28": "Khoa Tai - Mũi - Họng",
    "K30": "Khoa Mắt",
    "K33": "Khoa Ung bướu (điều trị tia xạ)",
    "K39": "Khoa Chẩn đoán hình ảnh",
    "K47": "Khoa Xét nghiệm",
}
_OF_LEVEL = {
    COMMUNE: ("K01",),
    DISTRICT: ("K01", "K02", "K03", "K11", "K18", "K19", "K27", "K39", "K47"),
    PROVINCIAL: tuple(DEPARTMENTS),
    CENTRAL: tuple(DEPARTMENTS),
}
_INSTEAD = {"K24": "K19", "K25": "K19", "K30": "K01", "K28": "K01", "K12": "K11"}
"""Where a smaller hospital treats what it has no department for; else K03."""
_DOCTORS = {COMMUNE: 2, DISTRICT: 3, PROVINCIAL: 5, CENTRAL: 8}
_NURSES = {COMMUNE: 3, DISTRICT: 4, PROVINCIAL: 6, CENTRAL: 8}

DOCTOR, NURSE, TECHNICIAN = "BS", "ĐD", "KTV"
WRITING = ("full", "full", "full", "short", "short", "bare")
"""How doctors type: in full, in abbreviations, without accents."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff: licence number, role (BS, ĐD, KTV), how they type."""

    licence: str
    name: Name
    sex: str
    role: str
    department: str
    writing: str

    @property
    def display(self) -> str:
        return f"{self.role}. {self.name.text}"


@dataclass(frozen=True, slots=True)
class Department:
    """A department with its people, doctors first."""

    code: str
    name: str
    staff: tuple[Staff, ...]

    @property
    def doctors(self) -> list[Staff]:
        return [each for each in self.staff if each.role == DOCTOR]


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility; `departments` by their codes."""

    number: int
    code: str
    name: str
    level: int
    province: Province
    departments: dict[str, Department]

    def department(self, wanted: str) -> Department:
        """The department of a code, or the one that stands in for it here."""
        for code in (wanted, _INSTEAD.get(wanted, "K03"), "K03", "K01"):
            if code in self.departments:
                return self.departments[code]
        raise AssertionError(f"{self.code} has no department")

    @property
    def own_test_codes(self) -> bool:
        """Whether its laboratory sends codes of its own beside LOINC: two of three do."""
        return self.number % 3 != 0


@cache
def facilities_of(seed: int, count: int) -> tuple[Facility, ...]:
    """The first `count` facilities of a seed; the first are the same for every count."""
    serials: Counter[str] = Counter()
    found = []
    for number in range(count):
        chance = chance_of(seed, "facility", number)
        level = LEVELS[number % len(LEVELS)]
        province = (_big() if level == CENTRAL else by_population()).pick(chance)
        serials[province.code] += 1
        found.append(make_facility(seed, number, level, province, serials[province.code], chance))
    return tuple(found)


def _big() -> Weighted[Province]:
    """The cities in which hospitals of the highest level are."""
    return Weighted((each, each.thousands) for each in provinces() if each.code in _CITIES)


def make_facility(
    seed: int, number: int, level: int, province: Province, serial: int, chance: Random, name: str = ""
) -> Facility:
    """A facility of a level in a province, the `serial`th there."""
    pattern = name or (CITY_NAMES if province.code in _CITIES else {}).get(level, LEVEL_NAMES[level])
    commune = province.communes.pick(chance)
    commune_name = commune.name if level == COMMUNE else commune.name.partition(" ")[2]
    written = pattern.format(commune=commune_name, province=province.name, serial=serial)
    departments = {}
    for place, code in enumerate(_OF_LEVEL[level]):
        places = range(place * 20, place * 20 + _staff_count(code, level))
        staff = tuple(_staff(seed, number, member, code, level, province) for member in places)
        departments[code] = Department(code, DEPARTMENTS[code], staff)
    return Facility(number, numbers.facility_code(province.code, serial), written, level, province, departments)


def _staff_count(code: str, level: int) -> int:
    """How many a department has: doctors, then nurses (in the laboratory technicians)."""
    return _DOCTORS[level] + (4 if code == "K47" else _NURSES[level])


def _staff(seed: int, facility: int, member: int, department: str, level: int, province: Province) -> Staff:
    chance = chance_of(seed, "staff", facility, member)
    is_doctor = member % 20 < _DOCTORS[level]
    sex = "M" if chance.random() < (0.55 if is_doctor else 0.2) else "F"
    family = family_name(chance, KINH, province.region)
    name = name_of(chance, family, sex, chance.randrange(1965, 2000), KINH)
    role = DOCTOR if is_doctor else TECHNICIAN if department == "K47" else NURSE
    return Staff(numbers.licence_number(facility, member), name, sex, role, department, chance.choice(WRITING))


class Network:
    """Facilities as people find them: by level, those near home first."""

    def __init__(self, facilities: tuple[Facility, ...]) -> None:
        self.facilities = facilities
        self._near: dict[tuple[str, int], list[Facility]] = {}
        for province in provinces():
            for level in (COMMUNE, DISTRICT, PROVINCIAL, CENTRAL):
                self._near[province.code, level] = self._nearest(province, level)

    def _nearest(self, home: Province, level: int) -> list[Facility]:
        """Those of a level in the province, else in its part of the country, else all; none where there is none."""
        of_level = [each for each in self.facilities if each.level == level]
        for near in (
            [each for each in of_level if each.province.code == home.code],
            [each for each in of_level if each.province.region == home.region],
        ):
            if near:
                return near
        return of_level

    def usual(self, home: Province, level: int, habit: int) -> Facility:
        """Where somebody of a province goes for care of a level: the same for the same `habit`.

        Where no facility has that level, the next one that can do more, else the one that can do most.
        """
        for wanted in (*range(level, CENTRAL + 1), *range(level - 1, 0, -1)):
            near = self._near[home.code, wanted]
            if near:
                return near[habit % len(near)]
        raise AssertionError("a country without facilities")
