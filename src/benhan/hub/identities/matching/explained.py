"""A pair's weight in words: what each field says for or against it."""

from __future__ import annotations

import math
from typing import NamedTuple

from benhan.hub.identities.matching.levels import FIELDS, Levels
from benhan.hub.identities.matching.weights import Bits
from benhan.kernel.texts import Text

FIELD_WORDS = {
    "given": Text("Tên", "Given name"),
    "middle": Text("Tên đệm", "Middle name"),
    "family": Text("Họ", "Family name"),
    "birth": Text("Ngày sinh", "Date of birth"),
    "sex": Text("Giới tính", "Sex"),
    "citizen": Text("Số định danh cá nhân", "Personal number"),
    "card": Text("Thẻ BHYT", "Insurance card"),
    "old_card": Text("Chứng minh nhân dân", "Old identity card"),
    "paper": Text("Hộ chiếu, mã tạm", "Passport, temporary identity"),
    "phone": Text("Điện thoại", "Telephone"),
    "place": Text("Nơi ở", "Home"),
}
LEVEL_WORDS = {
    "different": Text("khác nhau", "differ"),
    "missing": Text("một bên không có", "one of them has none"),
    "slip": Text("lệch một phím hoặc một chữ số", "one key or digit apart"),
    "shortened": Text("một bên viết tắt", "one is shortened"),
    "accents": Text("khác dấu", "other accents"),
    "unaccented": Text("một bên không dấu", "one without accents"),
    "spelling": Text("khác i và y", "i for y"),
    "same": Text("giống nhau", "the same"),
    "neither": Text("cả hai không có", "neither has one"),
    "swapped": Text("cùng các tiếng, khác thứ tự", "the same words in another order"),
    "mothers": Text("cùng tên mẹ (trẻ chưa có tên)", "the same mother's name (a child without one)"),
    "unknown": Text("một bên còn mang tên mẹ", "one still bears the mother's name"),
    "same_year": Text("cùng năm, khác ngày tháng", "the same year, another day and month"),
    "year_wrong": Text("cùng ngày tháng, năm lệch một chữ số", "the same day and month, the year a digit apart"),
    "part_wrong": Text("cùng năm, ngày hoặc tháng khác", "the same year, another day or month"),
    "year_alone": Text("cùng năm, một bên chỉ có năm", "the same year, of which one tells no more"),
    "exchanged": Text("đảo ngày và tháng", "day and month exchanged"),
    "kin": Text("số của người thân", "a relative's number"),
    "commune": Text("cùng xã, phường", "the same commune"),
    "home": Text("cùng nhà", "the same house"),
}


class Reason(NamedTuple):
    """What one field says: `bits` above 0 for one person, below for two."""

    field: str
    level: str
    bits: float

    @property
    def text(self) -> Text:
        """`Ngày sinh: đảo ngày và tháng (+5,1)`: names no value."""
        field, level = FIELD_WORDS[self.field], LEVEL_WORDS[self.level]
        told = f"{self.bits:+.1f}"
        return Text(f"{field.vi}: {level.vi} ({told.replace('.', ',')})", f"{field.en}: {level.en} ({told})")


def reasons_of(levels: Levels, bits: Bits) -> list[Reason]:
    """What the fields of one pair say, the weightiest first; `levels` and `bits` are its rows."""
    found = [
        Reason(name, FIELDS[name][level], round(float(weight), 1))
        for name, level, weight in zip(FIELDS, levels.tolist(), bits.tolist(), strict=True)
    ]
    return sorted((each for each in found if each.bits), key=lambda each: -abs(each.bits))


def probability(bits: float) -> float:
    """How likely it is that a pair of that weight (with the prior) is of one person."""
    return 1 / (1 + math.exp2(-max(-60.0, min(60.0, bits))))
