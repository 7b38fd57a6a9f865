"""A: the person and the ends of the episode. Source: QĐ 3176/QĐ-BYT, table 1; QĐ 4750's portal sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.rule import Found, at, rule, softly
from benhan.vn.bhyt.rules.values import birth, milli, minute, whole
from benhan.vn.bhyt.rules.view import View
from benhan.vn.bhyt.tables import codes_on
from benhan.vn.identifiers import citizen_number, old_identity_card
from benhan.vn.identifiers.kind import is_stored_form

VIETNAMESE = "000"
TWO_LEVELS_FROM = "20250701"
"""Since this day there are no districts (Luật Tổ chức chính quyền địa phương 2025)."""
_OF_A_CITIZEN = (citizen_number, old_identity_card)
_LETTER_AND_DIGITS = re.compile(r"[A-Z]\d{7}", re.ASCII)
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)


def _missing(view: View, *columns: str) -> Iterator[Found]:
    for column in columns:
        if not view.one[column].strip():
            yield at(f"XML1.{column}", column=column)


@rule(
    "A01",
    Text("Thiếu {column}.", "{column} is missing."),
    Text("Bổ sung thông tin hành chính ở nơi tiếp đón.", "Fill it in at the reception."),
)
def person_is_told(view: View) -> Iterator[Found]:
    if not view.lacks_summary:
        yield from _missing(
            view, "MA_BN", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "DIA_CHI", "MA_QUOCTICH", "MA_DANTOC", "MA_NGHE_NGHIEP"
        )


@rule(
    "A02",
    Text("SO_CCCD không đúng dạng.", "SO_CCCD is not of a known form."),
    Text(
        "Ghi 12 số (CCCD, định danh cá nhân), 9 số (CMND) hoặc số hộ chiếu; chỉ để trống khi không thể có.",
        "Write 12 digits, 9 digits of the old card, or a passport number; leave it empty only when it cannot be had.",
    ),
)
def citizen_id(view: View) -> Iterator[Found]:
    number, foreign = view.one["SO_CCCD"], view.one["MA_QUOCTICH"] not in ("", VIETNAMESE)
    known = any(is_stored_form(kind, number) for kind in _OF_A_CITIZEN) or _LETTER_AND_DIGITS.fullmatch(number)
    if number and not (known or (foreign and _PASSPORT.fullmatch(number))):
        yield at("XML1.SO_CCCD")
    elif not number and not view.lacks_summary:
        empty = Text("SO_CCCD để trống.", "SO_CCCD is empty.")
        yield Found("XML1.SO_CCCD", text=empty, soft=not view.policy.citizen_id_needed)


@rule(
    "A03",
    Text("NGAY_SINH sau ngày vào hoặc sau hiện tại.", "NGAY_SINH is after the arrival or after now."),
    Text(
        "Sửa ngày sinh; phần không rõ ghi 0; trẻ sơ sinh ghi đủ giờ phút.",
        "Mend the day of birth; unknown parts are zeros; a newborn's has its hour.",
    ),
    uses=("now",),
)
def birth_before_arrival(view: View) -> Iterator[Found]:
    text, born, came = view.one["NGAY_SINH"], birth(view.one["NGAY_SINH"][:8]), view.came
    if born is None:
        return
    exact = minute(text) if not text.endswith("0000") else born * 1440
    latest = min((each for each in (came, view.now) if each is not None), default=None)
    if latest is not None and exact is not None and exact > latest:
        yield at("XML1.NGAY_SINH")
    elif came is not None and text.endswith("0000") and came // 1440 - born <= 28:
        yield softly("XML1.NGAY_SINH", Text("Trẻ sơ sinh cần giờ sinh.", "A newborn's hour of birth is wanted."))


@rule(
    "A04",
    Text(
        "Tỉnh, xã cư trú có trong danh mục và thuộc nhau; không còn huyện.",
        "Province and commune are in the list and belong together; no district.",
    ),
    Text(
        "Chọn lại tỉnh và xã nơi cư trú theo danh mục; từ 01/07/2025 để trống huyện.",
        "Choose province and commune of residence from the list; leave the district empty since 01/07/2025.",
    ),
    uses=("communes",),
)
def residence(view: View) -> Iterator[Found]:
    if view.lacks_summary:
        return
    province, district, commune = (view.one[name] for name in ("MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU"))
    if not province:
        yield Found("XML1.MATINH_CU_TRU", text=Text("Thiếu tỉnh cư trú.", "The province of residence is missing."))
    if district and view.one["NGAY_VAO"][:8] >= TWO_LEVELS_FROM:
        yield Found("XML1.MAHUYEN_CU_TRU", text=Text("Không còn cấp huyện.", "There are no districts any more."))
    known = view.context.communes
    today = view.one["NGAY_VAO"][:8] >= TWO_LEVELS_FROM  # the list is of two levels
    if known and today and commune and known.get(commune) != province:
        text = Text(
            "Xã không có trong danh mục hoặc không thuộc tỉnh này.",
            "The commune is not in the list, or not of this province.",
        )
        yield Found("XML1.MAXA_CU_TRU", text=text)


@rule(
    "A05",
    Text(
        "CAN_NANG phải lớn hơn 0, không quá 200 kg, tối đa 2 số lẻ.",
        "CAN_NANG must be above 0, at most 200 kg, two decimals.",
    ),
    Text("Cân lại hoặc nhập lại cân nặng theo kg.", "Weigh again, or enter the weight in kg."),
)
def weight(view: View) -> Iterator[Found]:
    text = view.one["CAN_NANG"]
    grams = milli(text)
    if not view.lacks_summary and (grams is None or not 0 < grams <= 200_000 or len(text.partition(".")[2]) > 2):
        yield at("XML1.CAN_NANG")


@rule(
    "A06",
    Text("Thiếu MA_HSBA.", "MA_HSBA is missing."),
    Text("Ghi số bệnh án hoặc số phiếu khám ngoại trú.", "Write the record's or the outpatient slip's number."),
)
def record_number(view: View) -> Iterator[Found]:
    if not view.lacks_summary:
        yield from _missing(view, "MA_HSBA")


@rule(
    "A07",
    Text(
        "MA_TTDV thiếu hoặc không phải người đứng đầu, người được uỷ quyền.",
        "MA_TTDV is missing, or is neither the head nor a delegate.",
    ),
    Text(
        "Ghi số giấy phép hành nghề của thủ trưởng hoặc người được uỷ quyền ký.",
        "Write the licence number of the head, or of the delegate who signs.",
    ),
    uses=("staff",),
)
def signed_by_the_head(view: View) -> Iterator[Found]:
    known = view.context.staff
    for _, rows in view.tables:
        for at_row, row in rows:
            if "MA_TTDV" not in row:
                continue
            number = row["MA_TTDV"].strip()
            person = known.get(number) if known else None
            if not number or (known and (person is None or not person.is_head)):
                yield at(f"{at_row}.MA_TTDV")


@rule(
    "A08",
    Text(
        "Kỳ quyết toán NAM_QT, THANG_QT sai hoặc trước tháng ra viện.",
        "NAM_QT, THANG_QT is no month, or is before the month of discharge.",
    ),
    Text("Chọn kỳ quyết toán từ tháng kết thúc điều trị trở đi.", "Choose the month of discharge or a later one."),
)
def settlement_month(view: View) -> Iterator[Found]:
    if view.lacks_summary:
        return
    year, month = view.one["NAM_QT"], whole(view.one["THANG_QT"])
    if not (len(year) == 4 and whole(year) is not None and month is not None and 1 <= month <= 12) or (
        view.left is not None and f"{year}{month:02}" < view.one["NGAY_RA"][:6]
    ):
        yield at("XML1.THANG_QT")


@rule(
    "A09",
    Text("Thiếu {column}.", "{column} is missing."),
    Text("Bác sĩ ghi lý do vào viện và chẩn đoán.", "The doctor writes the reason of the visit and the diagnoses."),
)
def reason_and_diagnoses(view: View) -> Iterator[Found]:
    if not view.lacks_summary:
        yield from _missing(view, "LY_DO_VV", "CHAN_DOAN_VAO", "CHAN_DOAN_RV")


@rule(
    "A10",
    Text("{column} thiếu hoặc không có trong danh mục.", "{column} is missing or not in its list."),
    Text(
        "Chọn kết quả điều trị và hình thức ra viện theo danh mục.",
        "Choose the result and the kind of discharge from the lists.",
    ),
)
def result_and_discharge(view: View) -> Iterator[Found]:
    if view.lacks_summary:
        return
    for column in ("KET_QUA_DTRI", "MA_LOAI_RV"):
        if view.one[column] not in codes_on(column, view.generation.effective_from):
            yield at(f"XML1.{column}", column=column)
