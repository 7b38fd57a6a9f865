"""M: the money. Exact: thousandths as integers, each amount rounded to hundredths, rounded lines summed.

Source: QĐ 3176/QĐ-BYT, columns THANH_TIEN_BV … T_BHTT_GDV. A fault is told once: what follows from an amount that is
already told as wrong may agree with the written amount or with the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.lines import SUPPLIES, WHOLE, Line, Right, after_other_sources
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import cents_of, dong, milli
from benhan.vn.bhyt.rules.view import View


def _inexact(lines: list[Line]) -> Iterator[tuple[Line, Right]]:
    """Lines whose amounts can be read and are not all exactly right, with what they are by the formulas."""
    for line in lines:
        if not line.is_exact and line.has_all_money and line.right is not None:
            yield line, line.right


def _near(view: View, written: int | None, *right: int) -> bool:
    """Whether a written amount is one of the right ones, as far as the policy tolerates."""
    if written is None:
        return False
    tolerance = view.policy.tolerance
    return any(-tolerance <= written - each <= tolerance for each in right)


_other_sources = itemgetter("T_NGUONKHAC_NSNN", "T_NGUONKHAC_VTNN", "T_NGUONKHAC_VTTN", "T_NGUONKHAC_CL")
_NO_SOURCES = ("0", "0", "0", "0")

RETOTAL = Text(
    "Tính lại từ số lượng, đơn giá, tỷ lệ rồi làm tròn 2 chữ số thập phân.",
    "Compute it again from quantity, price and ratio, and round to two decimals.",
)


@rule(
    "M01",
    Text(
        "THANH_TIEN_BV phải bằng SO_LUONG × DON_GIA = {right}.", "THANH_TIEN_BV must be SO_LUONG × DON_GIA = {right}."
    ),
    RETOTAL,
)
def amount_of_drug(view: View) -> Iterator[Found]:
    for line, right in _inexact(view.drugs):
        if not _near(view, line.bv, right.bv):
            yield at(f"{line.at}.THANH_TIEN_BV", right=dong(right.bv))


@rule(
    "M02",
    Text(
        "THANH_TIEN_BH phải bằng SO_LUONG × DON_GIA × TYLE_TT_BH/100 = {right}.",
        "THANH_TIEN_BH must be SO_LUONG × DON_GIA × TYLE_TT_BH/100 = {right}.",
    ),
    RETOTAL,
)
def insured_amount_of_drug(view: View) -> Iterator[Found]:
    for line, right in _inexact(view.drugs):
        if not _near(view, line.bh, right.bh):
            yield at(f"{line.at}.THANH_TIEN_BH", right=dong(right.bh))


@rule(
    "M03",
    Text(
        "THANH_TIEN_BV phải bằng SO_LUONG × DON_GIA_BV × TYLE_TT_DV/100 = {right}.",
        "THANH_TIEN_BV must be SO_LUONG × DON_GIA_BV × TYLE_TT_DV/100 = {right}.",
    ),
    Text(
        "Tính lại; nếu không thu chênh lệch: SO_LUONG × DON_GIA_BV − SO_LUONG × DON_GIA_BH × (100 − TYLE_TT_DV)/100.",
        "Compute it again; where the difference is not charged: SO_LUONG × DON_GIA_BV − SO_LUONG × DON_GIA_BH × "
        "(100 − TYLE_TT_DV)/100.",
    ),
)
def amount_of_service(view: View) -> Iterator[Found]:
    for line, right in _inexact(view.services):
        if not _near(view, line.bv, right.bv, line.right_bv_undiffered):
            yield at(f"{line.at}.THANH_TIEN_BV", right=dong(right.bv))


@rule(
    "M04",
    Text(
        "THANH_TIEN_BH phải bằng SO_LUONG × DON_GIA_BH × TYLE_TT_DV/100 × TYLE_TT_BH/100 = {right} "
        "(vật tư không nhân TYLE_TT_DV).",
        "THANH_TIEN_BH must be SO_LUONG × DON_GIA_BH × TYLE_TT_DV/100 × TYLE_TT_BH/100 = {right} "
        "(supplies without TYLE_TT_DV).",
    ),
    RETOTAL,
)
def insured_amount_of_service(view: View) -> Iterator[Found]:
    for line, right in _inexact(view.services):
        if not _near(view, line.bh, right.bh):
            yield at(f"{line.at}.THANH_TIEN_BH", right=dong(right.bh))


def _plain(view: View) -> Iterator[tuple[Line, Right]]:
    """Lines without other sources that the fund may pay: of the others M07, E09, X06 and M13 tell."""
    for line, right in _inexact(view.lines):
        if (
            not line.other
            and (line.ratio or 0) <= WHOLE
            and line.scope != "2"
            and line.row.get("NGUON_CTRA", "1") in ("", "1")
        ):
            yield line, right


def _funds(line: Line, right: Right) -> tuple[int, int, int]:
    """T_BHTT by the right amount, by the written one, and by THANH_TIEN_BV × TYLE_TT_BH as table 2 words it."""
    benefit = line.benefit or 0
    of_written = cents_of((line.bh or 0) * benefit, WHOLE)
    return right.fund, of_written, cents_of((line.bv or 0) * (line.ratio or 0) * benefit, WHOLE * WHOLE)


@rule(
    "M05",
    Text(
        "T_BHTT phải bằng THANH_TIEN_BH × MUC_HUONG/100 = {right}.",
        "T_BHTT must be THANH_TIEN_BH × MUC_HUONG/100 = {right}.",
    ),
    Text("Tính lại T_BHTT từ THANH_TIEN_BH và MUC_HUONG.", "Compute T_BHTT again from THANH_TIEN_BH and MUC_HUONG."),
)
def paid_by_the_fund(view: View) -> Iterator[Found]:
    for line, right in _plain(view):
        allowed = _funds(line, right)
        if not _near(view, line.fund, *(allowed if line.is_drug else allowed[:2])):
            yield at(f"{line.at}.T_BHTT", right=dong(right.fund))


@rule(
    "M06",
    Text("{column} phải bằng {formula} = {right}.", "{column} must be {formula} = {right}."),
    Text(
        "Tính lại phần người bệnh cùng chi trả và tự trả từ các thành tiền của dòng.",
        "Compute the patient's shares again from the line's amounts.",
    ),
)
def paid_by_the_patient(view: View) -> Iterator[Found]:
    for line, right in _plain(view):
        bv, bh, fund = line.bv or 0, line.bh or 0, line.fund or 0
        if not _near(view, line.copay, right.copay, bh - fund, *(bh - each for each in _funds(line, right))):
            yield at(f"{line.at}.T_BNCCT", column="T_BNCCT", formula="THANH_TIEN_BH − T_BHTT", right=dong(right.copay))
        if not _near(view, line.own, right.own, bv - bh) and not _keeps_a_difference(line):
            yield at(
                f"{line.at}.T_BNTT", column="T_BNTT", formula="THANH_TIEN_BV − THANH_TIEN_BH", right=dong(right.own)
            )


def _keeps_a_difference(line: Line) -> bool:
    """Whether an on-demand price is above the insured one and T_BNTT misses it: M14's."""
    bv, bh, own = line.bv or 0, line.bh or 0, line.own or 0
    return not line.is_drug and (line.price_bv or 0) > (line.price_bh or 0) and own < bv - bh


@rule(
    "M07",
    Text(
        "T_NGUONKHAC phải bằng tổng bốn nguồn và được trừ lần lượt vào T_BNTT, T_BNCCT, T_BHTT: {right}.",
        "T_NGUONKHAC must be the sum of its four parts, taken off T_BNTT, then T_BNCCT, then T_BHTT: {right}.",
    ),
    Text(
        "Cộng lại NSNN, VTNN, VTTN, CL; trừ nguồn khác vào phần tự trả trước, rồi cùng chi trả, rồi quỹ.",
        "Add up NSNN, VTNN, VTTN, CL; take them off the patient's own part first, then the co-payment, then the fund.",
    ),
)
def other_sources(view: View) -> Iterator[Found]:
    for line in view.lines:
        if line.right is None or not line.has_all_money:
            continue
        right = line.right
        written = _other_sources(line.row)
        if not line.other and written == _NO_SOURCES:
            continue
        total = sum(milli(each) or 0 for each in written)
        if not _near(view, line.other, total):
            yield at(f"{line.at}.T_NGUONKHAC", right=dong(total))
        elif line.other and line.scope != "2" and line.row.get("NGUON_CTRA", "1") in ("", "1"):
            left = after_other_sources(right.own, right.copay, right.fund, line.other)
            told = (line.own, line.copay, line.fund)
            if any(not _near(view, value, wanted) for value, wanted in zip(told, left, strict=True)):
                yield at(f"{line.at}.T_NGUONKHAC", right=" + ".join(dong(each) for each in left))


def _sums(view: View) -> Iterator[tuple[str, int, int]]:
    """Each total of XML1 with the sum of what the lines say and of what they should say."""
    lines = view.lines
    supplies = [line for line in view.services if line.group in SUPPLIES]
    written_bv = sum(line.bv or 0 for line in lines)
    right_bv = sum(line.right.bv if line.right else line.bv or 0 for line in lines)
    yield "T_THUOC", *_both_bv(view.drugs)
    yield "T_VTYT", *_both_bv(supplies)
    yield "T_TONGCHI_BV", written_bv, right_bv
    yield (
        "T_TONGCHI_BH",
        sum(line.bh or 0 for line in lines),
        sum(line.right.bh if line.right else line.bh or 0 for line in lines),
    )
    left = [_left(line) for line in lines]
    yield "T_BNTT", sum(line.own or 0 for line in lines), sum(each[0] for each in left)
    yield "T_BNCCT", sum(line.copay or 0 for line in lines), sum(each[1] for each in left)
    others = sum(line.other for line in lines)
    yield "T_NGUONKHAC", others, others


def _all_read(view: View) -> bool:
    """Whether every line has its amounts: where one is missing or ill-formed (F10, R01), the totals are not judged."""
    return not view.lacks_summary and all(line.has_all_money for line in view.lines)


def _both_bv(lines: list[Line]) -> tuple[int, int]:
    return sum(line.bv or 0 for line in lines), sum(line.right.bv if line.right else line.bv or 0 for line in lines)


def _left(line: Line) -> tuple[int, int, int]:
    if line.right is None:
        return line.own or 0, line.copay or 0, line.fund or 0
    if not line.other:
        return line.right.own, line.right.copay, line.right.fund
    return after_other_sources(line.right.own, line.right.copay, line.right.fund, line.other)


@rule(
    "M08",
    Text(
        "{column} phải bằng tổng các dòng XML2, XML3 = {right}.",
        "{column} must be the sum of the lines of XML2 and XML3 = {right}.",
    ),
    Text(
        "Cộng lại từ các dòng chi tiết sau khi đã làm tròn từng dòng.", "Add up the detail lines, each rounded first."
    ),
)
def totals(view: View) -> Iterator[Found]:
    if not _all_read(view):
        return
    for column, written, right in _sums(view):
        total = milli(view.one[column])
        if total is None or (column == "T_TONGCHI_BV" and total == 0):
            continue  # F10, and M11 for a claim without cost
        if not _near(view, total, written, right):
            yield at(f"XML1.{column}", column=column, right=dong(written))


@rule(
    "M09",
    Text(
        "T_BHTT phải bằng T_TONGCHI_BH − T_BNCCT = {right}, hoặc tổng T_BHTT các dòng.",
        "T_BHTT must be T_TONGCHI_BH − T_BNCCT = {right}, or the sum of T_BHTT of the lines.",
    ),
    Text(
        "Tính lại từ các dòng. Khi nguồn khác trừ cả vào cùng chi trả thì hai cách khác nhau: hỏi BHXH tỉnh.",
        "Compute it from the lines. Where other sources reach the co-payment the two differ: ask the provincial BHXH.",
    ),
)
def total_of_the_fund(view: View) -> Iterator[Found]:
    total = milli(view.one["T_BHTT"])
    if total is None or not _all_read(view):
        return
    by_formula = sum((line.bh or 0) - (line.copay or 0) for line in view.lines)
    by_lines = sum(line.fund or 0 for line in view.lines)
    by_right = sum(_left(line)[2] for line in view.lines)
    if not _near(view, total, by_formula, by_lines, by_right):
        yield at("XML1.T_BHTT", right=dong(by_formula))


@rule(
    "M10",
    Text(
        "T_BHTT_GDV phải bằng tổng T_BHTT các dòng có MA_PTTT = 1: {right}.",
        "T_BHTT_GDV must be the sum of T_BHTT of the lines with MA_PTTT 1: {right}.",
    ),
    Text(
        "Cộng lại các dòng thanh toán theo giá dịch vụ (MA_PTTT = 1).", "Add up the lines paid by service (MA_PTTT 1)."
    ),
)
def total_by_service(view: View) -> Iterator[Found]:
    total = milli(view.one["T_BHTT_GDV"])
    if total is None or view.is_armed or not _all_read(view):
        return
    by_service = [line for line in view.lines if line.row["MA_PTTT"] == "1"]
    written, right = sum(line.fund or 0 for line in by_service), sum(_left(line)[2] for line in by_service)
    # the total by formula too, where every line is paid by service (M09's two ways)
    of_all = milli(view.one["T_BHTT"]) if len(by_service) == len(view.lines) else None
    if not _near(view, total, written, right, *([of_all] if of_all is not None else [])):
        yield at("XML1.T_BHTT_GDV", right=dong(written))


@rule(
    "M11",
    Text("T_TONGCHI_BV phải lớn hơn 0.", "T_TONGCHI_BV must be above 0."),
    Text(
        "Hồ sơ không có chi phí thì không gửi; nếu có, cộng lại tổng.",
        "Do not send a claim without cost; if there is one, add it up.",
    ),
)
def some_cost(view: View) -> Iterator[Found]:
    if milli(view.one["T_TONGCHI_BV"]) == 0:
        yield at("XML1.T_TONGCHI_BV")


@rule(
    "M12",
    Text("T_BHTT vượt trần thanh toán của vật tư: {cap}.", "T_BHTT is above the cap of the supply: {cap}."),
    Text(
        "Đặt DON_GIA_BH bằng trần khi giá mua cao hơn; phần vượt vào T_BNTT.",
        "Set DON_GIA_BH to the cap where the purchase price is higher; what is above goes to T_BNTT.",
    ),
)
def capped_supply(view: View) -> Iterator[Found]:
    for line in view.services:
        cap = milli(line.row["T_TRANTT"])
        if cap and line.is_supply and line.fund is not None and line.quantity is not None:
            allowed = cents_of(cap * max(line.quantity, 1000), 1000)
            if line.fund > allowed + view.policy.tolerance:
                yield at(f"{line.at}.T_BHTT", cap=dong(allowed))


@rule(
    "M13",
    Text("Tỷ lệ phải từ 0 đến 100.", "The ratio must be between 0 and 100."),
    Text(
        "Sửa TYLE_TT_BH, TYLE_TT_DV theo quy định thanh toán.", "Set TYLE_TT_BH, TYLE_TT_DV as the payment rules say."
    ),
)
def ratios(view: View) -> Iterator[Found]:
    for line in view.lines:
        if line.ratio is not None and line.ratio > WHOLE:
            yield at(f"{line.at}.TYLE_TT_BH")
        if line.ratio_dv is not None and line.ratio_dv > WHOLE:
            yield at(f"{line.at}.TYLE_TT_DV")


@rule(
    "M14",
    Text(
        "Chênh lệch giá theo yêu cầu phải vào T_BNTT: {right}.",
        "The difference of an on-demand price must be in T_BNTT: {right}.",
    ),
    Text("Đặt T_BNTT = THANH_TIEN_BV − THANH_TIEN_BH.", "Set T_BNTT to THANH_TIEN_BV − THANH_TIEN_BH."),
)
def difference_is_the_patients(view: View) -> Iterator[Found]:
    for line, right in _plain(view):
        if _keeps_a_difference(line) and not _near(view, line.own, right.own, (line.bv or 0) - (line.bh or 0)):
            yield at(f"{line.at}.T_BNTT", right=dong(right.own))
