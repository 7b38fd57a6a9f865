"""H: the check-in (XML0). Source: QĐ 3176/QĐ-BYT, table 0; CV 1245/BHXH-CNTT (03/05/2024)."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import minute
from benhan.vn.bhyt.rules.view import View

EMERGENCY = "2"
WARD_KINDS = ("03", "04")


@rule(
    "H01",
    Text(
        "Check-in ở chi phí đầu tiên, và lần nữa ở khoa điều trị.",
        "A check-in at the first cost, and another in the ward.",
    ),
    Text(
        "Gửi check-in ngay khi có chi phí đầu tiên, và lần nữa khi có chi phí đầu tiên ở khoa điều trị.",
        "Send the check-in at the first cost, and again at the first cost in the ward.",
    ),
    needs=("check_ins",),
)
def at_the_first_cost(view: View) -> Iterator[Found]:
    sent = [moment for _, row in view.check_ins or () if (moment := minute(row["NGAY_YL"])) is not None]
    if not sent or view.lacks_summary or view.route in (EMERGENCY, "9"):
        return  # H03 tells of none at all
    first = min((line.ordered for line in view.lines if line.ordered is not None), default=None)
    if first is not None and min(sent) > first + view.policy.check_in_minutes:
        yield Found("XML0", text=Text("Check-in sau chi phí đầu tiên.", "The check-in came after the first cost."))
    if view.kind in WARD_KINDS and view.admitted is not None and max(sent) < view.admitted:
        yield Found("XML0", text=Text("Thiếu check-in khi vào khoa điều trị.", "There was no check-in in the ward."))


@rule(
    "H02",
    Text(
        "Check-in phải nêu đúng một dịch vụ, thuốc hoặc vật tư, kèm tên.",
        "A check-in names one service, drug or supply, with its name.",
    ),
    Text("Ghi mã và tên của chi phí đầu tiên.", "Write code and name of the first cost."),
    needs=("check_ins",),
)
def names_the_cost(view: View) -> Iterator[Found]:
    pairs = (("MA_DICH_VU", "TEN_DICH_VU"), ("MA_THUOC", "TEN_THUOC"), ("MA_VAT_TU", "TEN_VAT_TU"))
    for at_row, row in view.check_ins or ():
        coded = [name for code, name in pairs if row[code]]
        named = [name for _, name in pairs if row[name]]
        if not named or len(coded) > 1 or any(not row[name] for name in coded):
            yield at(f"{at_row}.TEN_DICH_VU")


@rule(
    "H03",
    Text("Không thấy check-in trước với MA_LK này.", "There was no earlier check-in with this MA_LK."),
    Text("Gửi check-in khi tiếp đón, cùng MA_LK.", "Send the check-in at the reception, under the same MA_LK."),
    needs=("check_ins",),
)
def checked_in_before(view: View) -> Iterator[Found]:
    if not view.check_ins and not view.lacks_summary and view.route not in (EMERGENCY, "9"):
        yield at("XML0")
