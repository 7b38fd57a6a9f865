"""B: beds and days. Source: QĐ 3176/QĐ-BYT, tables 1 and 3; TT 39/2018, TT 22/2023/TT-BYT (bed days)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.drugs import dose_of
from benhan.vn.bhyt.rules.lines import Line
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.services import SURGERY
from benhan.vn.bhyt.rules.values import MINUTES_A_DAY, milli, minute
from benhan.vn.bhyt.rules.view import OUTPATIENT, View

_BED = re.compile(r"[HTCK]\d{3}", re.ASCII)
SURGICAL_BED = ("ngoại khoa", "sau phẫu thuật")
SURGICAL_BED_DAYS = 10
SHARED = (50_000, 33_000)
"""TYLE_TT_DV of a bed in which two lie, or three, in thousandths of a percent."""
FOUR_HOURS, ONE_DAY = 240, MINUTES_A_DAY


def _beds(view: View) -> list[Line]:
    return view.of_group["14"] + view.of_group["15"] + view.of_group["16"]


def _bed_days(view: View) -> int:
    """Bed days billed, in thousandths."""
    return sum(line.quantity or 0 for line in _beds(view))


@rule(
    "B01",
    Text(
        "MA_GIUONG phải là một mã: một chữ H, T, C, K và 3 số.",
        "MA_GIUONG must be one code: a letter H, T, C, K and three digits.",
    ),
    Text("Ghi mã giường của dòng ngày giường; mỗi giường một dòng.", "Write the bed of the line; one line a bed."),
)
def bed_code(view: View) -> Iterator[Found]:
    for line in _beds(view):
        if not _BED.fullmatch(line.row["MA_GIUONG"]):
            yield at(f"{line.at}.MA_GIUONG")


@rule(
    "B02",
    Text(
        "Số ngày giường quá số ngày của dòng hoặc không tròn nửa ngày.",
        "More bed days than the line has days, or not in halves.",
    ),
    Text(
        "Tách ngày giường theo từng giường; ngày chuyển khoa 0,5.",
        "Split bed days by bed; 0.5 on the day of a transfer.",
    ),
)
def bed_days_of_line(view: View) -> Iterator[Found]:
    return (at(f"{line.at}.SO_LUONG") for line in _beds(view) if _is_lumped(view, line))


def _is_lumped(view: View, line: Line) -> bool:
    if line.quantity is None:
        return False
    begin, end = line.ordered, line.result if line.result is not None else view.left
    days = None if begin is None or end is None else max(end // MINUTES_A_DAY - begin // MINUTES_A_DAY + 1, 1)
    return bool(line.quantity % 500) or (days is not None and line.quantity > days * 1000)


@rule(
    "B03",
    Text("Giường này có người bệnh khác cùng thời gian.", "Another patient is in this bed at that time."),
    Text(
        "Sửa giường hoặc thời gian; nếu nằm ghép, ghi TYLE_TT_DV 50 hoặc 33.",
        "Mend bed or time; where it is shared, TYLE_TT_DV is 50 or 33.",
    ),
    needs=("beds",),
)
def one_patient_a_bed(view: View) -> Iterator[Found]:
    for line in _beds(view):
        end = line.result if line.result is not None else view.left
        if line.ordered is None or end is None or line.ratio_dv in SHARED:
            continue
        for other in (view.context.beds or {}).get((line.row["MA_KHOA"], line.row["MA_GIUONG"]), ()):
            begins, ends = minute(other.begin), minute(other.end)
            if other.ma_lk != view.claim.ma_lk and begins is not None and begins < end and (ends or end) > line.ordered:
                yield at(f"{line.at}.MA_GIUONG")
                break


@rule(
    "B04",
    Text("Tổng ngày giường {days} không hợp số ngày điều trị.", "{days} bed days do not fit the days of treatment."),
    Text(
        "Ngày giường bằng ngày ra trừ ngày vào, cộng 1 khi được tính thêm.",
        "Bed days are end minus arrival, plus one where it may be added.",
    ),
)
def bed_days_and_treatment_days(view: View) -> Iterator[Found]:
    days, length = milli(view.one["SO_NGAY_DTRI"]), _length(view)
    if view.kind not in ("03", "04") or days is None or length is None or length < ONE_DAY:
        return
    if any(_is_lumped(view, line) for line in _beds(view)):
        return  # B02
    billed = _bed_days(view)
    if not days - 1000 <= billed <= days and _own_days(view) == days // 1000:
        yield at("XML1.SO_NGAY_DTRI", days=f"{billed / 1000:g}")


def _length(view: View) -> int | None:
    begin = view.admitted if view.admitted is not None else view.came
    return None if begin is None or view.left is None else view.left - begin


def _own_days(view: View) -> int | None:
    if view.came is None or view.left is None:
        return None
    return view.left // MINUTES_A_DAY - view.came // MINUTES_A_DAY + 1


@rule(
    "B05",
    Text(
        "Điều trị dưới 4 giờ không có ngày giường; dưới 24 giờ tối đa một.",
        "Under 4 hours there is no bed day; under 24 hours at most one.",
    ),
    Text("Bỏ ngày giường thừa.", "Take the extra bed days out."),
)
def short_stay(view: View) -> Iterator[Found]:
    length, beds = _length(view), _beds(view)
    if view.kind not in ("03", "09") or length is None or not beds:
        return
    allowed = 0 if view.kind == "09" or length < FOUR_HOURS else 1000 if length < ONE_DAY else None
    if allowed is not None and _bed_days(view) > allowed:
        yield at(f"{beds[-1].at}.SO_LUONG")


@rule(
    "B06",
    Text("Ngoại trú không có ngày giường.", "Outpatients have no bed days."),
    Text("Bỏ dòng ngày giường, hoặc sửa loại KCB.", "Take the bed line out, or mend the kind of care."),
)
def no_bed_for_outpatients(view: View) -> Iterator[Found]:
    if view.kind in OUTPATIENT:
        yield from (at(f"{line.at}.MA_NHOM") for line in _beds(view))


@rule(
    "B07",
    Text(
        "Giường ngoại khoa chỉ sau phẫu thuật và tối đa 10 ngày.",
        "A surgical bed is only after surgery, for at most ten days.",
    ),
    Text(
        "Dùng loại giường nội khoa trước mổ và sau 10 ngày.", "Use a medical bed before the surgery and after ten days."
    ),
)
def surgical_bed(view: View) -> Iterator[Found]:
    for line in _beds(view):
        name = line.row["TEN_DICH_VU"].casefold()
        if not any(word in name for word in SURGICAL_BED) or line.ordered is None:
            continue
        begins = [each.done for each in view.of_group[SURGERY] if each.done is not None]
        after = any(begin <= line.ordered for begin in begins)
        if not after or (line.quantity or 0) > SURGICAL_BED_DAYS * 1000:
            yield at(f"{line.at}.MA_DICH_VU")


@rule(
    "B08",
    Text("SO_NGAY_DTRI phải là {days}.", "SO_NGAY_DTRI must be {days}."),
    Text(
        "Ngày ra − ngày vào + 1; 02, 08: số ngày có dịch vụ; 05, 07: số ngày thuốc; 09: 0.",
        "End − arrival + 1; 02, 08: days with a service; 05, 07: days of drugs; 09: 0.",
    ),
)
def treatment_days(view: View) -> Iterator[Found]:
    told = milli(view.one["SO_NGAY_DTRI"])
    allowed = _allowed_days(view)
    if told is not None and allowed and told not in [days * 1000 for days in allowed]:
        yield at("XML1.SO_NGAY_DTRI", days=" / ".join(str(days) for days in allowed))


def _allowed_days(view: View) -> list[int]:
    """The days that the kind of care allows; none where they do not follow from the claim."""
    own = _own_days(view)
    if view.kind == "09":
        return [0]
    if view.kind in ("02", "08"):
        return [
            len({line.row["NGAY_TH_YL"][:8] or line.row["NGAY_YL"][:8] for line in view.services if not line.is_supply})
        ]
    if view.kind in ("05", "07"):
        told = [each.days for line in view.drugs if (each := dose_of(line.row["LIEU_DUNG"])) and each.days is not None]
        return [max(told)] if told else []
    if own is None or view.kind not in ("01", "03", "04", "06"):
        return []
    return [own, 0] if view.kind == "01" and view.policy.zero_days_of_exam else [own]
