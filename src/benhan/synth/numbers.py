"""Numbers of synthetic people: of the right structure, and never of anybody real.

Citizen numbers count down from the end of their serials, one for each index, so that no two are the same. The telephone
numbers begin with 010, which no operator has. Card numbers hold a 9 where the register has not come to.
Source: NĐ 137/2015/NĐ-CP Đ13 (số định danh cá nhân); QĐ 1351/QĐ-BHXH (structure of the BHYT card).
"""

from __future__ import annotations

from benhan.vn.identifiers.citizen_number import CitizenNumber

PEOPLE_MAX = 1_000_000
"""One serial an index: of more people some would share a number."""


def citizen_number(birth_code: str, sex: str, year: int, index: int) -> str:
    """A số định danh cá nhân: province of birth, century and sex, year, six digits."""
    return str(CitizenNumber(birth_code, "female" if sex == "F" else "male", year, f"{999_999 - index:06d}"))


def old_identity_card(birth_code: str, index: int) -> str:
    """A chứng minh nhân dân of nine digits, as older registers still hold it."""
    return f"{birth_code[1:]}9{index:06d}"


def social_insurance_number(province: str, index: int) -> str:
    """A mã số BHXH of ten digits."""
    return f"{province}9{index:07d}"


def health_card(category: str, level: str, province: str, insurance_number: str) -> str:
    """A BHYT card number of 15 characters: category, level of benefit, province, mã số BHXH."""
    return f"{category}{level}{province}{insurance_number}"


def phone_number(index: int) -> str:
    return f"010{index:07d}"


def facility_code(province: str, serial: int) -> str:
    """A MA_CSKCB of five characters whose third is a 9, or beyond a hundred of a province a letter."""
    hundreds, rest = divmod(serial, 100)
    return f"{province}{'9' if hundreds == 0 else chr(ord('A') + hundreds - 1)}{rest:02d}"


def licence_number(facility: int, staff: int) -> str:
    """A number of giấy phép hành nghề: a 9, the facility, the member of its staff; SYN issues none in life."""
    return f"9{facility:04d}{staff:03d}/SYN-GPHN"
