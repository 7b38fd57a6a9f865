"""LIEU_DUNG of XML2 as QĐ 3176 prints it: `2 viên/lần * 2 lần/ngày * 7 ngày [4 viên/ngày]`."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_AMOUNT = r"(?P<{name}>\d+(?:[.,]\d+)?(?:/\d+)?)"
_BY_MOUTH = re.compile(
    _AMOUNT.format(name="dose") + r"\s*(?P<unit>[^\d*\[\]/]+?)\s*/\s*lần\s*\*\s*(?P<times>\d+)\s*lần\s*/\s*ngày"
    r"\s*\*\s*(?P<days>\d+)\s*ngày"
    r"(?:\s*\[\s*" + _AMOUNT.format(name="daily") + r"\s*(?P<daily_unit>[^\d\[\]/]+?)\s*/\s*ngày\s*\])?",
    re.IGNORECASE,
)
_HERBAL = re.compile(
    _AMOUNT.format(name="dose")
    + r"\s*(?P<unit>[^\d*\[\]/]+?)\s*/\s*thang\s*\*\s*(?P<times>\d+)\s*thang(?:\s*/\s*ngày)?"
    r"(?:\s*\*\s*(?P<days>\d+)\s*ngày)?(?:\s*\[[^\]]*\])?",
    re.IGNORECASE,
)
_TIMES_ONLY = re.compile(
    r"(?P<times>\d+)\s*lần\s*/\s*ngày\s*\*\s*(?P<days>\d+)\s*ngày(?:\s*\[[^\]]*\])?", re.IGNORECASE
)
_FLOW = re.compile(
    _AMOUNT.format(name="dose")
    + r"\s*(?P<unit>[^\d*\[\]/]+?)\s*/\s*(?:phút|giờ)\s*\*\s*(?P<times>\d+)\s*lần\s*/\s*ngày"
    r"\s*\*\s*(?P<days>\d+)\s*ngày(?:\s*\[[^\]]*\])?",
    re.IGNORECASE,
)


class Dose(NamedTuple):
    """A dose: how much at a time (None: to be applied, or by flow), times a day, days; what the text says of a day."""

    amount: Fraction | None
    unit: str
    times: int
    days: int
    daily: Fraction | None
    daily_unit: str
    counted: bool
    """Whether amount × times × days is a number of the drug's unit."""


@lru_cache(maxsize=4096)
def parse_dose(text: str) -> Dose | None:
    """The dose, or None where the text follows none of the printed patterns."""
    text = text.strip()
    if match := _BY_MOUTH.fullmatch(text):
        daily = _amount(match["daily"]) if match["daily"] else None
        return Dose(
            _amount(match["dose"]), _unit(match["unit"]), int(match["times"]), int(match["days"]),
            daily, _unit(match["daily_unit"] or ""), counted=True,
        )  # fmt: skip
    if match := _HERBAL.fullmatch(text):
        return Dose(
            _amount(match["dose"]),
            _unit(match["unit"]),
            int(match["times"]),
            int(match["days"] or 1),
            None,
            "",
            counted=False,
        )
    if match := _TIMES_ONLY.fullmatch(text):
        return Dose(None, "", int(match["times"]), int(match["days"]), None, "", counted=False)
    if match := _FLOW.fullmatch(text):
        return Dose(
            _amount(match["dose"]),
            _unit(match["unit"]),
            int(match["times"]),
            int(match["days"]),
            None,
            "",
            counted=False,
        )
    return None


def _amount(text: str) -> Fraction:
    whole, _, under = text.replace(",", ".").partition("/")
    return Fraction(Decimal(whole)) / int(under or 1) if (not under or int(under)) else Fraction(0)


def _unit(text: str) -> str:
    return " ".join(text.casefold().split())
