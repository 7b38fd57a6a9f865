"""What is wrong with a `HoSoBenhAn`: all of it, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benhan.fhir.dates import range_of
from benhan.kernel.issues import Issue, error, warning
from benhan.kernel.texts import Text
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fields import GROUPS, REQUIRED, Field, group_fields

CLAUSE = "CV 365/TTYQG-GPQLCL, phụ lục"

MISSING = Text("Thiếu giá trị bắt buộc.", "A required value is missing.")
TOO_LONG = Text("Dài quá {size} ký tự.", "Longer than {size} characters.")
UNKNOWN = Text("Không có trường này trong bảng trường.", "The field table has no such field.")
NO_GROUP = Text("Thiếu nhóm này; nhóm rỗng vẫn phải có.", "The group is missing; an empty one must be there too.")
OTHER_VISIT = Text("sovaovien khác với nhóm I.", "sovaovien differs from group I.")
BAD_DATE = Text(
    "Ngày phải có dạng dd/mm/yyyy hoặc dd/mm/yyyy HH:MM:SS.mmm.",
    "A date must be dd/mm/yyyy or dd/mm/yyyy HH:MM:SS.mmm.",
)

DATES = frozenset(
    (
        "thoigianvaovien", "ngaysinh", "tungaybhyt", "denngaybhyt", "denkhambenhluc", "ngaynhapkhoa", "ngayravien",
        "tungay", "denngay", "thoidiem", "ngaykedonthuoc", "ngaychidinh", "giogiaomau", "giolaymau", "ngayketqua",
        "ngaythuchien", "ngaygiovaovien", "ngaygiophauthuat", "ngayrutchi", "ngaycatchi",
    )
)  # fmt: skip
_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})(?: (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3})?")


def check_hoso_benh_an(document: HoSoBenhAn) -> list[Issue]:
    """The faults of a document: groups, required values, sizes, dates, the key that joins the groups."""
    issues = [error("required", name, NO_GROUP, CLAUSE) for name in GROUPS if name not in document]
    first = document.get("ThongTinBenhNhan", {})
    issues += [
        error("required", f"ThongTinBenhNhan.{name}", MISSING, CLAUSE) for name in REQUIRED if not first.get(name)
    ]
    for name in GROUPS:
        group = document.get(name)
        if not isinstance(group, dict):
            continue
        issues += _check(group, group_fields()[name], name)
        if group.get("sovaovien") and group["sovaovien"] != first.get("sovaovien"):
            issues.append(error("business-rule", f"{name}.sovaovien", OTHER_VISIT, CLAUSE))
    return issues


def _check(value: Any, field: Field, place: str) -> Iterator[Issue]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _check(each, field, f"{place}[{index}]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in field.inner:
                yield from _check(inner, field.inner[name], f"{place}.{name}")
            else:
                yield warning("structure", f"{place}.{name}", UNKNOWN, CLAUSE)
    elif value:
        if field.size and len(str(value)) > field.size:
            yield error("value", place, TOO_LONG.filled(size=field.size), CLAUSE)
        if field.name in DATES and not _is_date(str(value)):
            yield error("value", place, BAD_DATE, CLAUSE)


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    return match is not None and range_of(f"{match[3]}-{match[2]}-{match[1]}") is not None
