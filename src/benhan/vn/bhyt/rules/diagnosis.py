"""D: diagnoses. Source: QĐ 3176/QĐ-BYT, table 1; QĐ 4469/QĐ-BYT (ICD-10), QĐ 7603/QĐ-BYT (traditional medicine)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.context import Icd10
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import parts
from benhan.vn.bhyt.rules.view import View

_ICD10 = re.compile(r"[A-Z]\d\d(\.\d{1,3})?[*†+]?", re.ASCII)
_YHCT = re.compile(r"U\d\d\.\d{3}(\.\d)?", re.ASCII)
"""Traditional medicine has three digits after the dot; the U codes of ICD-10 have one."""
MOST_OTHERS, MOST_YHCT = 12, 13
SELDOM_PAID = ("Z00", "R53")
_FEMALE = (
    "O",
    "C51",
    "C52",
    "C53",
    "C54",
    "C55",
    "C56",
    "C57",
    "C58",
    "N70",
    "N71",
    "N72",
    "N73",
    "N80",
    "N81",
    "N83",
    "N91",
    "N92",
)
_MALE = ("C60", "C61", "C62", "C63", "N40", "N41", "N42", "N43", "N44", "N45", "N46", "N47", "N48", "N49", "N50", "N51")


def _is_icd10(view: View, code: str) -> bool:
    if not _ICD10.fullmatch(code) or len(code) > 7 or _YHCT.fullmatch(code):
        return False
    known = view.context.icd10
    if not known:
        return True
    row, on = known.get(code), view.one["NGAY_RA"][:8]
    return row is not None and row.valid_from <= on <= (row.valid_to or on)


@rule(
    "D01",
    Text(
        "MA_BENH_CHINH phải là đúng một mã ICD-10 còn hiệu lực.", "MA_BENH_CHINH must be exactly one valid ICD-10 code."
    ),
    Text("Chọn lại bệnh chính theo danh mục ICD-10.", "Choose the main disease from the ICD-10 list."),
    uses=("icd10",),
)
def main_disease(view: View) -> Iterator[Found]:
    if not view.lacks_summary and not _is_icd10(view, view.one["MA_BENH_CHINH"].strip()):
        yield at("XML1.MA_BENH_CHINH")


@rule(
    "D02",
    Text(
        "MA_BENH_KT có quá 12 mã hoặc có mã không thuộc ICD-10.",
        "MA_BENH_KT has more than 12 codes, or one that is not ICD-10.",
    ),
    Text(
        "Giữ tối đa 12 mã ICD-10, cách nhau dấu chấm phẩy; mã y học cổ truyền để ở MA_BENH_YHCT.",
        "Keep at most 12 ICD-10 codes joined by semicolons; traditional medicine belongs to MA_BENH_YHCT.",
    ),
    uses=("icd10",),
)
def other_diseases(view: View) -> Iterator[Found]:
    codes = parts(view.one["MA_BENH_KT"])
    if len(codes) > MOST_OTHERS or any(not _is_icd10(view, code.strip()) for code in codes):
        yield at("XML1.MA_BENH_KT")


@rule(
    "D03",
    Text(
        "MA_BENH_YHCT có mã ngoài QĐ 7603 hoặc quá 13 mã.",
        "MA_BENH_YHCT has a code that is not of QĐ 7603, or more than 13.",
    ),
    Text(
        "Chọn mã y học cổ truyền theo danh mục, mã chính trước.",
        "Choose codes of traditional medicine from the list, the main one first.",
    ),
    uses=("yhct",),
)
def traditional_diseases(view: View) -> Iterator[Found]:
    codes, known = parts(view.one["MA_BENH_YHCT"]), view.context.yhct
    wrong = any(not _YHCT.fullmatch(code) or (known and code not in known) for code in codes)
    if wrong or len(codes) > MOST_YHCT or (codes and not view.one["MA_BENH_CHINH"]):
        yield at("XML1.MA_BENH_YHCT")


@rule(
    "D04",
    Text("Mã này không được dùng làm bệnh chính.", "This code may not be the main disease."),
    Text(
        "Chọn bệnh chính khác; để mã này ở MA_BENH_KT.", "Choose another main disease; put this code into MA_BENH_KT."
    ),
    needs=("icd10",),
)
def may_be_main(view: View) -> Iterator[Found]:
    row = (view.context.icd10 or {}).get(view.one["MA_BENH_CHINH"])
    if row is not None and row.not_main:
        yield at("XML1.MA_BENH_CHINH")


@rule(
    "D05",
    Text("Mã bệnh không hợp giới hoặc tuổi.", "The code does not fit sex or age."),
    Text("Kiểm tra lại mã bệnh, giới, ngày sinh.", "Check the code, the sex and the day of birth."),
    uses=("icd10",),
)
def sex_and_age(view: View) -> Iterator[Found]:
    sex, days = view.one["GIOI_TINH"], view.age_days
    years = None if days is None else days / 365.25
    for column, code in view.diagnoses:
        told = (view.context.icd10 or {}).get(code) or Icd10()
        only = told.sex or ("2" if code.startswith(_FEMALE) else "1" if code.startswith(_MALE) else "")
        oldest = told.age_to if told.age_to is not None else 1.0 if code.startswith("P") else None
        youngest = told.age_from if told.age_from is not None else 9.0 if code.startswith("O") else None
        wrong_age = years is not None and (
            (oldest is not None and years > oldest) or (youngest is not None and years < youngest)
        )
        if (only and sex in ("1", "2") and sex != only) or wrong_age:
            yield at(f"XML1.{column}")


@rule(
    "D06",
    Text(
        "Bệnh chính thuộc nhóm thường không được thanh toán.", "The main disease is of a kind that is seldom paid for."
    ),
    Text(
        "Xem lại bệnh chính: khám sức khỏe, mệt mỏi thường bị từ chối.",
        "Look again: check-ups and tiredness are usually refused.",
    ),
)
def seldom_paid(view: View) -> Iterator[Found]:
    if view.one["MA_BENH_CHINH"].startswith(SELDOM_PAID):
        yield at("XML1.MA_BENH_CHINH")


@rule(
    "D07",
    Text("MA_BENH của dòng không phải mã ICD-10.", "The line's MA_BENH is not an ICD-10 code."),
    Text(
        "Sửa mã bệnh của chỉ định; mã y học cổ truyền để ở MA_BENH_YHCT.",
        "Mend the order's code; traditional medicine belongs to MA_BENH_YHCT.",
    ),
    uses=("icd10",),
)
def disease_of_line(view: View) -> Iterator[Found]:
    seen: dict[str, bool] = {}
    for line in view.services:
        codes = line.row["MA_BENH"]
        if codes not in seen:
            seen[codes] = all(_is_icd10(view, code.strip()) for code in parts(codes))
        if not seen[codes]:
            yield at(f"{line.at}.MA_BENH")
