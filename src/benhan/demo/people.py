"""Synthetic people of Vietnam: plausible names, ages, addresses and numbers; nobody real.

Every citizen number uses the century-and-sex digit and birth year as the law orders them; the province part is of a
real province, the rest is random from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

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
    chance = random.Random(seed)  # noqa: S311  # synthetic people repeat on purpose
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
