"""The order of papers in a record and what a record must have, as the hospital sets it. `order.toml` is the usual one.

Source: TT 32/2023/TT-BYT Đ51, annexes XXVIII and XXIX (forms by number); the order is each hospital's own rule.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.vn.forms.form import Form

BAD_ORDER = FaultCode(
    "BA-5217",
    Incorrect,
    Text(
        "Tệp thứ tự hồ sơ {file} không đọc được: {reason}. Sửa theo tệp mẫu trong tài liệu rồi khởi động lại.",
        "The file {file} with the order of papers cannot be read: {reason}. Mend it as the guide shows, start again.",
    ),
)
OUTPATIENT = frozenset(("15/BV-01", "16/BV-01", "17/BV-01", "19/BV-01", "29/BV-01"))
"""Bệnh án of outpatients and of commune stations."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in the order."""

    key: str
    vi: str
    en: str
    forms: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        return Text(self.vi, self.en)

    def takes(self, form: str, type_: str) -> bool:
        """Whether a paper stands here: by the number of its form, or its resource type where it is on none."""
        patterns, name = (self.forms, form) if form else (self.types, type_)
        return any(fnmatchcase(name, pattern) for pattern in patterns)


class Required(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Forms that records of these kinds must have."""

    of: tuple[str, ...]
    forms: tuple[str, ...]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sections in their order, and what must be there."""

    section: tuple[Section, ...]
    required: tuple[Required, ...] = ()

    def section_of(self, form: str, type_: str) -> str:
        """The key of the section of a paper; the last one takes what none takes."""
        return next((each for each in self.section if each.takes(form, type_)), self.section[-1]).key

    def place(self, key: str) -> int:
        """Where a section stands; one that is no longer there stands last."""
        return next((place for place, each in enumerate(self.section) if each.key == key), len(self.section))

    def required_of(self, number: str) -> list[str]:
        """The numbers of the forms that a record of this kind must have."""
        return [form for each in self.required if number in each.of for form in each.forms]


@cache
def usual_order() -> Order:
    """The order that is shipped."""
    return read_order(Path(__file__).with_name("order.toml"))


def read_order(path: Path) -> Order:
    """The order in a file. Raises Incorrect BA-5217."""
    try:
        order = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Order)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as cause:
        raise BAD_ORDER(file=path.name, reason=str(cause)) from cause
    keys = [each.key for each in order.section]
    if not keys or len(keys) != len(set(keys)):
        raise BAD_ORDER(file=path.name, reason="section: khoá trống hoặc trùng (no section, or a key twice)")
    return order


def is_main(form: Form) -> bool:
    """Whether a form is a bệnh án, of which a record has one."""
    return form.number.endswith("/BV-01")


def is_inpatient(number: str) -> bool:
    """Whether a bệnh án of this number is of an inpatient."""
    return number not in OUTPATIENT
