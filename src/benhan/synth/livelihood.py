"""What people work as, by the codes of NGHENGHIEP (00: children, pupils, the retired), and which BHYT card that gives.

Source: QĐ 34/2020/QĐ-TTg level 2; QĐ 1351/QĐ-BHXH.
"""

from __future__ import annotations

from random import Random

from benhan.synth.chance import Weighted
from benhan.synth.places import KINH

_URBAN = {
    "M": "00*6 01*2 02*2 21*8 22*2 23*2 24*8 25*5 33*9 41*5 51*6 52*12 71*10 74*5 82*6 83*9 95*4",
    "F": "00*16 21*3 22*4 23*6 24*9 25*2 33*10 41*8 51*7 52*20 82*9 91*5 95*5",
}
_RURAL = {
    "M": "00*6 01*1 02*1 21*2 23*1 33*3 51*3 52*6 61*40 71*15 74*3 82*8 83*6 95*3",
    "F": "00*14 22*1 23*4 33*3 41*2 51*3 52*12 61*40 82*14 91*3 95*3",
}


def _weighted(text: str) -> Weighted[str]:
    return Weighted((code, float(weight)) for code, _, weight in (pair.partition("*") for pair in text.split()))


_JOBS = {
    (urban, sex): _weighted(text) for urban, lists in ((True, _URBAN), (False, _RURAL)) for sex, text in lists.items()
}
_SALARIED = frozenset(("21", "24", "25", "33", "41", "74", "82"))
_PUBLIC = frozenset(("22", "23"))
_FORCES = {"01": "QN5", "02": "CA5"}


def occupation(chance: Random, age: float, sex: str, *, is_urban: bool) -> str:
    """The code of what somebody works as."""
    retired_at = 62 if is_urban else 72
    if age < 18 or age >= retired_at or (age < 22 and is_urban):
        return "00"
    return _JOBS[is_urban, sex].pick(chance)


def card_category(chance: Random, age: float, job: str, ethnic_group: str) -> tuple[str, str]:
    """Category and level of benefit of a BHYT card."""
    if age < 6:
        return "TE", "1"
    if age < 18:
        return "HS", "4"
    if age >= 80:
        return "BT", "2"
    if job in _FORCES:
        return _FORCES[job][:2], _FORCES[job][2]
    if job in _PUBLIC:
        return "HC", "4"
    if job in _SALARIED:
        return "DN", "4"
    if age >= 60 and chance.random() < 0.45:
        return "HT", "3"
    if ethnic_group != KINH and chance.random() < 0.6:
        return "DT", "2"
    draw = chance.random()
    return ("HN", "2") if draw < 0.05 else ("CN", "3") if draw < 0.11 else ("GD", "4")
