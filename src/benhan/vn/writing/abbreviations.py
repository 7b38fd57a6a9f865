"""Abbreviations in what is written: only a list that the facility has issued allows any, and papers that are given to
patients take none.

Source: TT 32/2023/TT-BYT Điều 52 khoản 2 điểm c. What looks like an abbreviation is a short word in capitals; which
ones are known and what they mean is data, and the hospital's own list stands beside it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

CLAUSE = "TT 32/2023/TT-BYT Đ52 k2c"
BAD_LIST = FaultCode(
    "BA-5450",
    Incorrect,
    Text(
        "Tệp chữ viết tắt {file} đọc không được: {reason}. Sửa tệp rồi khởi động lại.",
        "The file of abbreviations {file} cannot be read: {reason}. Mend it, then start again.",
    ),
)
LETTERS_MAX = 6
TOLD_MAX = 20
"""Abbreviations of one text that are told; whoever writes so has to be told of some only."""
_WORD = re.compile(r"(?<![\w/.-])[^\W\d_]{2,6}(?![\w/-])")
_ROMAN = re.compile(r"[IVX]+")


class Short(msgspec.Struct, frozen=True):
    """An abbreviation in a text: what it means, "" where that is not known; whether it may stand there."""

    short: str
    meaning: str
    is_allowed: bool


class Abbreviations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of abbreviations: the facility's `allowed` with their meanings, the `meaning` of common ones."""

    given_to_patient: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    allowed: dict[str, str] = {}
    meaning: dict[str, str] = {}

    def found_in(self, text: str, form_number: str = "") -> list[Short]:
        """The abbreviations of a text on a form, each once, in order; those that may stand there are among them."""
        words = dict.fromkeys(_WORD.findall(text))
        if not any(each != each.upper() for each in words):  # written in capitals throughout: nothing is told apart
            words = {each: None for each in words if each in self.meaning or each in self.allowed}
        is_given = form_number in self.given_to_patient
        found = []
        for each in words:
            if each != each.upper() or each in self.names or _ROMAN.fullmatch(each):
                continue
            meaning = self.allowed.get(each) or self.meaning.get(each, "")
            found.append(Short(each, meaning, each in self.allowed and not is_given))
        return found[:TOLD_MAX]


@cache
def usual_abbreviations() -> Abbreviations:
    """What is shipped: meanings, and nothing allowed."""
    return _converted(_read(Path(__file__).parent / "data" / "abbreviations.toml"), "abbreviations.toml")


def read_abbreviations(path: Path) -> Abbreviations:
    """The hospital's own file over what is shipped: `[allowed]`, and what else it tells. Raises Incorrect BA-5450."""
    usual = msgspec.to_builtins(usual_abbreviations())
    own = _read(path)
    merged = {key: {**usual[key], **own.get(key, {})} if isinstance(usual[key], dict) else own.get(key, usual[key])
              for key in usual}  # fmt: skip
    return _converted(merged | {key: value for key, value in own.items() if key not in usual}, path.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise BAD_LIST(file=path.name, reason=str(cause)) from cause


def _converted(told: dict[str, Any], name: str) -> Abbreviations:
    try:
        return msgspec.convert(told, Abbreviations)
    except msgspec.ValidationError as cause:
        raise BAD_LIST(file=name, reason=str(cause)) from cause
