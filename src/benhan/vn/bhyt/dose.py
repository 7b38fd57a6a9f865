"""The dose text LIEU_DUNG in its printed patterns, and written from its numbers.

Source: QĐ 130/QĐ-BYT, bảng 2, LIEU_DUNG, with the herbal pattern of 4750 and the topical one of 3176:

    2 viên/lần * 2 lần/ngày * 5 ngày [4 viên/ngày]
    Sáng: 3 viên, Chiều: 2 viên, Tối: 1 viên [6 viên/ngày]
    12g * 1 thang * 5 ngày
    2 lần/ngày * 5 ngày
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = r"[0-9]{1,6}(?:[.,][0-9]{1,4}|/[1-9][0-9]?)?"
_UNIT = r"[^\d\s*/\[\],;:][^\d*/\[\],;:]{0,30}?"
_BY = r"\s*[*x×,]\s*"
_DAYS = rf"(?:{_BY}(?P<days>[0-9]{{1,4}})\s*ngày)?"
_TOTAL = rf"\s*(?:\[\s*(?P<total>{_NUMBER})\s*(?P<total_unit>{_UNIT})\s*/\s*ngày\s*\])?\s*"
_PLAIN = re.compile(
    rf"\s*(?P<each>{_NUMBER})\s*(?P<unit>{_UNIT})\s*/\s*(?P<per>lần|phút|giờ)"
    rf"{_BY}(?P<times>[0-9]{{1,3}})\s*lần\s*/\s*ngày{_DAYS}{_TOTAL}",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    rf"\s*(?P<name>[^\W\d]+(?: [^\W\d]+)?)\s*:?\s*(?P<each>{_NUMBER})\s*(?P<unit>{_UNIT})\s*", re.IGNORECASE
)
_TAIL = re.compile(rf"(?P<moments>[^\[\]*]+?){_DAYS}{_TOTAL}", re.IGNORECASE)
_HERBAL = re.compile(
    rf"\s*(?P<each>{_NUMBER})\s*(?P<unit>{_UNIT}){_BY}(?P<packets>[0-9]{{1,3}})\s*thang{_BY}(?P<days>[0-9]{{1,4}})\s*ngày\s*",
    re.IGNORECASE,
)
_TOPICAL = re.compile(rf"\s*(?P<times>[0-9]{{1,3}})\s*lần\s*/\s*ngày{_DAYS}\s*", re.IGNORECASE)
_MOMENTS = ("sáng", "trưa", "chiều", "tối", "đêm", "trước ngủ")


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose: `each` in `unit` per `per`, `times` a day, for `days`; or by `moments` of the day; None: not said.

    `packets` is the number of thang of a herbal recipe. `total_per_day` is what stands in brackets.
    """

    unit: str = ""
    each: Decimal | None = None
    per: str = "lần"
    times: int | None = None
    days: int | None = None
    moments: tuple[tuple[str, Decimal], ...] = ()
    packets: int | None = None
    total_per_day: Decimal | None = None
    total_unit: str = ""

    @property
    def per_day(self) -> Decimal | None:
        """What is taken a day by the parts of the text, whatever stands in brackets; None where it cannot be told."""
        if self.moments:
            return sum((amount for _, amount in self.moments), Decimal(0))
        if self.each is None or self.times is None or self.per != "lần":
            return None
        return self.each * self.times

    @property
    def quantity(self) -> Decimal | None:
        """What is used in all; None where it cannot be told."""
        if self.packets is not None and self.each is not None and self.days is not None:
            return self.each * self.packets * self.days
        return self.per_day * self.days if self.per_day is not None and self.days is not None else None


def parse_dose(text: str) -> Dose | None:
    """The dose of a text in one of the printed patterns, else None."""
    if len(text) > 1024:
        return None
    if match := _PLAIN.fullmatch(text):
        return Dose(
            match["unit"].strip(),
            _number(match["each"]),
            match["per"].lower(),
            int(match["times"]),
            _whole(match["days"]),
            total_per_day=_number(match["total"]),
            total_unit=(match["total_unit"] or "").strip(),
        )
    if match := _HERBAL.fullmatch(text):
        return Dose(
            match["unit"].strip(), _number(match["each"]), "thang", None, int(match["days"]), (), int(match["packets"])
        )
    if match := _TOPICAL.fullmatch(text):
        return Dose(times=int(match["times"]), days=_whole(match["days"]))
    return _by_moments(text)


def _by_moments(text: str) -> Dose | None:
    match = _TAIL.fullmatch(text)
    if match is None:
        return None
    found = [_MOMENT.fullmatch(part) for part in re.split(r"[,;]\s(?=\D)", match["moments"].strip())]
    if not all(each is not None and each["name"].lower() in _MOMENTS for each in found):
        return None
    parts = [each for each in found if each is not None]
    if len({each["unit"].strip().lower() for each in parts}) != 1:
        return None
    return Dose(
        parts[0]["unit"].strip(),
        days=_whole(match["days"]),
        moments=tuple((each["name"].capitalize(), _number(each["each"]) or Decimal(0)) for each in parts),
        total_per_day=_number(match["total"]),
        total_unit=(match["total_unit"] or "").strip(),
    )


def dose_text(dose: Dose) -> str:
    """The printed pattern of a dose."""
    days = f" * {dose.days} ngày" if dose.days is not None else ""
    total = f" [{_digits(dose.total_per_day)} {dose.total_unit}/ngày]" if dose.total_per_day is not None else ""
    if dose.moments:
        return ", ".join(f"{name}: {_digits(amount)} {dose.unit}" for name, amount in dose.moments) + days + total
    if dose.packets is not None:
        return f"{_digits(dose.each)} {dose.unit} * {dose.packets} thang{days}"
    if dose.each is None:
        return f"{dose.times} lần/ngày{days}"
    return f"{_digits(dose.each)} {dose.unit}/{dose.per} * {dose.times} lần/ngày{days}{total}"


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return None
    above, _, below = text.partition("/")
    value = Decimal(above.replace(",", "."))
    return value / Decimal(below) if below else value


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None else None


def _digits(value: Decimal | None) -> str:
    return "" if value is None else format(value.normalize() if value % 1 else value.quantize(Decimal(1)), "f")
