"""E: why the patient comes and what the fund pays. Source: QĐ 3276/QĐ-BYT (17/10/2025), annex 1; Luật BHYT điều 22."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.lines import WHOLE
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import dong, milli
from benhan.vn.bhyt.rules.view import STAY, View

LIST_FROM = date(2025, 10, 17)
HALF_FROM = date(2026, 7, 1)
_OLDER = re.compile(r"\d{1,2}(\.\d{1,2})?", re.ASCII)


class Share(NamedTuple):
    """Percent of the card's benefit for outpatients and inpatients; `half`: 0 until 30/06/2026, then 50."""

    outpatient: int = 100
    inpatient: int = 100
    half: bool = False


_HALF = Share(half=True)
ROUTES: dict[str, Share | None] = {
    **{
        code: Share()
        for code in ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.11", "1.12", "1.15", "1.16", "1.17")
    },
    **dict.fromkeys(("1.13", "1.14", "1.18"), _HALF),
    "2": Share(),
    "3.1": Share(0, 40),
    **{code: Share() for code in ("3.2", "3.3", "3.6")},
    **dict.fromkeys(("7", "7.2", "7.3", "7.4", "8", "10")),
    "9": Share(0, 0),
}
"""The codes of QĐ 3276 with their shares; None: by the case."""
HERE_ONLY_BY_CHOICE = ("1.11", "1.12", "1.13", "1.14", "1.15", "1.16", "1.17", "1.18", "3.1", "3.2", "3.3", "3.6")
"""Codes of those who come by themselves to where they are not registered."""
BENEFITS = {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}
"""Percent by the third character of a card."""


@rule(
    "E01",
    Text("MA_DOITUONG_KCB không có trong danh mục của QĐ 3276.", "MA_DOITUONG_KCB is not in the list of QĐ 3276."),
    Text(
        "Chọn mã đầu tiên phù hợp, từ trên xuống, khi kết thúc lượt khám.",
        "Choose the first that fits, from the top, when the visit ends.",
    ),
)
def known_route(view: View) -> Iterator[Found]:
    if view.lacks_summary:
        return
    listed = view.ended_on is None or view.ended_on >= LIST_FROM
    if view.route not in ROUTES and (listed or not _OLDER.fullmatch(view.route)):
        yield at("XML1.MA_DOITUONG_KCB")


@rule(
    "E02",
    Text(
        "MA_DOITUONG_KCB không hợp nơi đăng ký ban đầu.",
        "MA_DOITUONG_KCB does not fit where the patient is registered.",
    ),
    Text(
        "Đăng ký tại đây: mã đúng tuyến (1.1, …); đăng ký nơi khác: không dùng 1.1.",
        "Registered here: an on-route code (1.1, …); registered elsewhere: not 1.1.",
    ),
)
def route_and_registration(view: View) -> Iterator[Found]:
    if not view.cards:
        return
    here = view.one["MA_CSKCB"] in [card.facility for card in view.cards]
    if (view.route == "1.1" and not here) or (here and view.route in HERE_ONLY_BY_CHOICE):
        yield at("XML1.MA_DOITUONG_KCB")


@rule(
    "E03",
    Text("Mã 1.3 cần {column}.", "Code 1.3 needs {column}."),
    Text("Ghi cơ sở chuyển đến và số phiếu chuyển.", "Write the referring facility and the referral's number."),
)
def referral(view: View) -> Iterator[Found]:
    if view.route == "1.3":
        for column in ("MA_NOI_DI", "GIAY_CHUYEN_TUYEN"):
            if not view.one[column].strip():
                yield at(f"XML1.{column}", column=column)


@rule(
    "E04",
    Text("Mã đối tượng {route} không dùng cho loại KCB {kind}.", "Code {route} is not for kind of care {kind}."),
    Text("1.14 chỉ cho 01, 02, 05, 08; 1.15 chỉ cho 03, 09.", "1.14 is only for 01, 02, 05, 08; 1.15 only for 03, 09."),
)
def route_and_kind(view: View) -> Iterator[Found]:
    allowed = {"1.14": ("01", "02", "05", "08"), "1.15": ("03", "09")}.get(view.route)
    if allowed and view.kind not in allowed:
        yield at("XML1.MA_DOITUONG_KCB", route=view.route, kind=view.kind)


@rule(
    "E05",
    Text(
        "Mã 1.7 chỉ cho trẻ sơ sinh chưa có thẻ, đến 5 ngày tuổi.",
        "Code 1.7 is only for newborns without a card, up to five days old.",
    ),
    Text(
        "Chọn mã đối tượng khác khi trẻ đã có thẻ hoặc lớn hơn.",
        "Choose another code when the child has a card or is older.",
    ),
)
def newborn_route(view: View) -> Iterator[Found]:
    card = view.one["MA_THE_BHYT"]
    if view.route == "1.7" and ((view.age_days or 0) > 5 or (card and not card.startswith("TE1"))):
        yield at("XML1.MA_DOITUONG_KCB")


@rule(
    "E06",
    Text(
        "MUC_HUONG không hợp thẻ và mã đối tượng; được phép: {allowed}.",
        "MUC_HUONG does not fit card and route; allowed: {allowed}.",
    ),
    Text(
        "Lấy mức hưởng của thẻ vào ngày y lệnh × tỷ lệ của mã đối tượng; 100 khi tổng chi dưới 15% lương cơ sở, "
        "tại trạm y tế hoặc được miễn cùng chi trả.",
        "Take the card's benefit on the day of the order × the route's share; 100 below 15 % of the base salary, at a "
        "commune station, or with an exemption.",
    ),
    uses=("cards",),
)
def benefit(view: View) -> Iterator[Found]:
    share = ROUTES.get(view.route)
    if share is None or view.route == "9" or not view.cards:
        return
    percent = _share_now(view, share)
    paid_whole = view.route == "1.2" or view.one["NGAY_MIEN_CCT"] != "" or _is_low(view)
    by_day: dict[int | None, set[int]] = {}
    for line in view.lines:
        on = line.ordered // 1440 if line.ordered is not None else None
        if on not in by_day:
            by_day[on] = _benefits_on(view, on)
        of_cards = by_day[on]
        if line.scope == "2" or line.benefit is None or not of_cards:
            continue
        allowed = {share for each in of_cards for share in _shares(each, percent)}
        if paid_whole and percent:
            allowed.add(WHOLE)
        if line.benefit not in allowed:
            yield at(f"{line.at}.MUC_HUONG", allowed=", ".join(dong(each) for each in sorted(allowed)))


def _shares(benefit: int, percent: int) -> set[int]:
    """A share of a benefit, in thousandths of a percent: half of 95 is 47.5, or whole where three digits fit."""
    exact = benefit * percent * 10
    return {exact, exact // 1000 * 1000, -(-exact // 1000) * 1000}


def _share_now(view: View, share: Share) -> int:
    if share.half:
        return 50 if view.ended_on is None or view.ended_on >= HALF_FROM else 0
    return share.inpatient if view.kind in STAY else share.outpatient


def _is_low(view: View) -> bool:
    total = milli(view.one["T_TONGCHI_BH"])
    return total is not None and total * 100 < view.policy.base_salary_dong * 1000 * 15


def _benefits_on(view: View, on: int | None) -> set[int]:
    """The benefits of the cards valid on a day (None: any); none where they are not known."""
    valid = [card for card in view.cards if on is None or ((card.begin or on) <= on <= (card.end or on))]
    found = set()
    for card in valid:
        answer = view.answers.get(card.number)
        told = BENEFITS.get(card.number[2:3]) if card.number[:1].isalpha() else None
        known = answer.benefit if answer and answer.benefit is not None else told
        if known is not None:
            found.add(known)
    return found


@rule(
    "E07",
    Text(
        "Người bệnh tự trả (mã 9) nhưng có đề nghị quỹ thanh toán.",
        "A paying patient (code 9), yet the fund is to pay.",
    ),
    Text("Bỏ T_BHTT, hoặc sửa mã đối tượng.", "Take T_BHTT out, or mend the code."),
)
def paying_patient(view: View) -> Iterator[Found]:
    if view.route == "9" and ((milli(view.one["T_BHTT"]) or 0) or any(line.fund for line in view.lines)):
        yield at("XML1.T_BHTT")


@rule(
    "E08",
    Text("PHAM_VI 3 chỉ cho thẻ CA, QN, CY.", "PHAM_VI 3 is only for cards CA, QN, CY."),
    Text("Đặt PHAM_VI 1 hoặc 2 cho thẻ khác.", "Set PHAM_VI to 1 or 2 for other cards."),
)
def scope_of_the_armed(view: View) -> Iterator[Found]:
    if not view.is_armed:
        for line in view.lines:
            if line.scope == "3":
                yield at(f"{line.at}.PHAM_VI")


@rule(
    "E09",
    Text("PHAM_VI 2 thì TYLE_TT_BH và T_BHTT phải là 0.", "With PHAM_VI 2, TYLE_TT_BH and T_BHTT must be 0."),
    Text("Đặt TYLE_TT_BH = 0, T_BHTT = 0, hoặc sửa PHAM_VI.", "Set TYLE_TT_BH and T_BHTT to 0, or mend PHAM_VI."),
)
def outside_the_scope(view: View) -> Iterator[Found]:
    for line in view.lines:
        if line.scope == "2" and (line.ratio or line.fund):
            yield at(f"{line.at}.TYLE_TT_BH")


@rule(
    "E10",
    Text(
        "MA_KHUVUC không có trong danh mục hoặc khác trên thẻ.", "MA_KHUVUC is not in its list, or is not the card's."
    ),
    Text("Chỉ ghi K1, K2, K3 đúng như trên thẻ.", "Write K1, K2 or K3 only as printed on the card."),
    uses=("cards",),
)
def area(view: View) -> Iterator[Found]:
    told = view.one["MA_KHUVUC"]
    printed = {answer.area for answer in view.answers.values()}
    if told and (told not in ("K1", "K2", "K3") or (printed and told not in printed)):
        yield at("XML1.MA_KHUVUC")
