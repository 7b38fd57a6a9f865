"""A temporary identity: the number of a patient whose own is not there yet or cannot be known now.

`TAM-<kind><facility>-<yymmdd>-<serial><check>`, such as `TAM-S01901-261126-00018`: a newborn (`S`) under the mother's
number, an unidentified person (`V`), a foreigner without an account (`N`). It begins like no real number, has a check
character against slips of the pen, tells nothing of the person, and is never sent as SO_CCCD. When the real number is
known, `history.replace` closes it and keeps it. The form is ours: no text orders one.
Source: TT 13/2025/TT-BYT Đ1 k3; Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ72–73 (unidentified persons).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers import facility_code
from benhan.vn.identifiers.faults import CANNOT_MAKE_TEMPORARY, NOT_A_TEMPORARY_IDENTITY
from benhan.vn.identifiers.kind import Part, misread, same

LABEL = Text("Mã tạm", "Temporary identity")
SYSTEM = systems.TEMPORARY_IDENTITY
CLAUSE = "TT 13/2025/TT-BYT Đ1 k3"
SERIAL_MAX = 9999

FORM = Text(
    "Mã tạm có dạng TAM-S01901-261126-00018. Quét lại vòng tay hoặc nhập lại.",
    "A temporary identity looks like TAM-S01901-261126-00018. Scan the wristband again or type it anew.",
)
WRONG_CHECK = Text(
    "Ký tự kiểm tra của mã tạm không khớp: có ký tự bị nhập sai.",
    "The check character of the temporary identity does not fit: a character is wrong.",
)

_FORM = re.compile(r"TAM-([SVN])(\d{2}[0-9A-Z]{3})-(\d{6})-(\d{4})([0-9A-Z])", re.ASCII)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Reason(Enum):
    """Why a person has no number of their own."""

    NEWBORN = "S"
    UNIDENTIFIED = "V"
    FOREIGNER = "N"


REASONS = {
    Reason.NEWBORN: Text("trẻ sơ sinh, theo số của mẹ", "newborn, under the mother's number"),
    Reason.UNIDENTIFIED: Text("người chưa rõ danh tính", "unidentified person"),
    Reason.FOREIGNER: Text("người nước ngoài chưa có số định danh", "foreigner without a personal number"),
}


@dataclass(frozen=True, slots=True)
class TemporaryIdentity:
    """Why, by which facility, on which day, as which of that day (1 to 9999)."""

    reason: Reason
    facility: str
    given_on: date
    serial: int

    def __str__(self) -> str:
        body = f"{self.reason.value}{self.facility}-{self.given_on:%y%m%d}-{self.serial:04d}"
        return f"TAM-{body}{_check_character(body)}"


@dataclass(frozen=True, slots=True)
class Newborn:
    """A newborn's identity under the mother's: her number (system, value) and the order of birth, from 1."""

    identity: TemporaryIdentity
    mother: tuple[str, str]
    birth_order: int


def give(reason: Reason, facility: str, given_on: date, serial: int) -> TemporaryIdentity:
    """The identity of the `serial`-th such person of a day at a facility. Raises Incorrect BA-3271."""
    if not 1 <= serial <= SERIAL_MAX or any(issue.is_error for issue in facility_code.check(facility)):
        raise CANNOT_MAKE_TEMPORARY()
    return TemporaryIdentity(reason, str(facility_code.parse(facility)), given_on, serial)


def give_newborns(
    facility: str, born_on: date, first_serial: int, mother: tuple[str, str], count: int
) -> list[Newborn]:
    """The identities of the `count` children of one birth, in the order of birth. Raises Incorrect BA-3271."""
    return [
        Newborn(give(Reason.NEWBORN, facility, born_on, first_serial + place), mother, place + 1)
        for place in range(count)
    ]


def is_temporary(text: str) -> bool:
    """Whether a value is meant as a temporary identity, even one that was misspelt."""
    return text.strip().upper().startswith("TAM-")


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a temporary identity."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None or _day(match[3]) is None or match[4] == "0000":
        return misread(place, FORM, CLAUSE)
    if _check_character(f"{match[1]}{match[2]}-{match[3]}-{match[4]}") != match[5]:
        return misread(place, WRONG_CHECK, CLAUSE)
    return []


def parse(text: str) -> TemporaryIdentity:
    """The identity; its year is of this century. Raises Incorrect BA-3270."""
    match = _FORM.fullmatch(text.strip().upper())
    day = _day(match[3]) if match else None
    issues = check(text)
    if match is None or day is None or issues:
        raise NOT_A_TEMPORARY_IDENTITY(*issues)
    return TemporaryIdentity(Reason(match[1]), match[2], day, int(match[4]))


def explain(text: str) -> list[Part]:
    """Why it was given, where, when."""
    identity = parse(text)
    of_day = Text(f"người thứ {identity.serial} trong ngày", f"number {identity.serial} of the day")
    facility = facility_code.explain(identity.facility)[0].meaning
    return [
        Part(Text("Lý do", "Reason"), identity.reason.value, REASONS[identity.reason]),
        Part(Text("Cơ sở cấp", "Given by"), identity.facility, facility),
        Part(Text("Ngày cấp", "Day"), f"{identity.given_on:%y%m%d}", same(f"{identity.given_on:%d/%m/%Y}")),
        Part(Text("Số thứ tự", "Serial"), f"{identity.serial:04d}", of_day),
    ]


def _day(written: str) -> date | None:
    try:
        return date(2000 + int(written[:2]), int(written[2:4]), int(written[4:]))
    except ValueError:
        return None


def _check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over letters and digits: it finds every single wrong character."""
    product = 36
    for each in body.replace("-", ""):
        product = ((product + int(each, 36)) % 36 or 36) * 2 % 37
    return _ALPHABET[(37 - product) % 36]
