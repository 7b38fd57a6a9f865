"""K: the card. Source: QĐ 3176/QĐ-BYT, table 1; QĐ 1351/QĐ-BHXH (2015) and its changes for the letters of a card."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.lines import WHOLE
from benhan.vn.bhyt.rules.rule import Found, at, rule, softly
from benhan.vn.bhyt.rules.values import day, minute, parts
from benhan.vn.bhyt.rules.view import ARMED_CARDS, UNSEARCHED_CARDS, View
from benhan.vn.identifiers import insurance_card
from benhan.vn.identifiers.kind import is_stored_form

_TEMPORARY = re.compile(r"TE1\d{12}", re.ASCII)
REFUSED = frozenset(
    ("003", "010", "050", "051", "052", "053", "060", "061", "070", "110", "120", "121", "122", "123", "124", "130")
)
"""Results of the look-up that stop a claim (docs of public checkers; bhyt-gateway-codes)."""
CHILD_YEARS = 7
"""A child's card serves until 30 September of the year in which the child is six."""


@rule(
    "K01",
    Text("Số giá trị của {column} khác số thẻ.", "{column} does not have as many values as there are cards."),
    Text(
        "Mỗi thẻ có một nơi đăng ký, một ngày đầu, một ngày cuối, cùng thứ tự, cách nhau dấu chấm phẩy.",
        "Each card has one facility, one first and one last day, in the same order, joined by semicolons.",
    ),
)
def as_many_values(view: View) -> Iterator[Found]:
    count = len(parts(view.one["MA_THE_BHYT"]))
    for column in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN"):
        values = view.one[column]
        if column == "GT_THE_DEN" and not values and view.one["MA_THE_BHYT"][:2] in UNSEARCHED_CARDS:
            continue
        if len(parts(values)) != count:
            yield at(f"XML1.{column}", column=column)


@rule(
    "K02",
    Text("Số thẻ không đúng dạng.", "The card number is not of a known form."),
    Text(
        "Ghi 15 ký tự của thẻ, hoặc 10 số BHXH, hoặc 12 số định danh nơi được dùng; tra cứu lại thẻ.",
        "Write the card's 15 characters, or the 10-digit BHXH or 12-digit citizen number where accepted.",
    ),
)
def form_of_card(view: View) -> Iterator[Found]:
    for number in parts(view.one["MA_THE_BHYT"]):
        if not is_stored_form(insurance_card, number):
            yield at("XML1.MA_THE_BHYT")
        elif number[0].isalpha() and number[:2] not in insurance_card.insurance_objects():
            yield softly("XML1.MA_THE_BHYT", Text("Hai chữ đầu của thẻ lạ.", "The card's first letters are unknown."))


@rule(
    "K03",
    Text("Thẻ còn hạn, y lệnh trong thời hạn của thẻ.", "The card is valid, and the orders fall inside its validity."),
    Text(
        "Tra cứu lại thẻ; thêm thẻ mới vào hồ sơ nếu thẻ được cấp trong đợt điều trị.",
        "Look the card up again; add the new card if one was issued during the treatment.",
    ),
    uses=("now",),
)
def validity_of_card(view: View) -> Iterator[Found]:
    cards = view.cards
    for card in cards:
        if card.begin is not None and card.end is not None and card.begin > card.end:
            yield Found(
                "XML1.GT_THE_DEN", text=Text("Thẻ hết hạn trước ngày bắt đầu.", "The card ends before it begins.")
            )
        if card.begin is not None and view.now is not None and card.begin > view.now // 1440:
            yield Found("XML1.GT_THE_TU", text=Text("Thẻ chưa có hiệu lực.", "The card is not valid yet."))
    spans = [
        (card.begin, card.end) for card in cards if card.begin is not None and (card.end or card.begin) >= card.begin
    ]
    if not spans or view.route == "9":
        return
    outside = Text("Y lệnh ngoài thời hạn của các thẻ đã khai.", "The order is outside the validity of the cards told.")
    for line in view.lines:
        on = line.ordered // 1440 if line.ordered is not None else None
        if on is not None and not any(begin is not None and begin <= on <= (end or on) for begin, end in spans):
            yield Found(f"{line.at}.NGAY_YL", text=outside)


@rule(
    "K04",
    Text("Kết quả tra cứu thẻ khác hồ sơ: {column}.", "The card look-up differs from the claim: {column}."),
    Text(
        "Sửa theo dữ liệu thẻ, hoặc làm thủ tục đổi dữ liệu thẻ.",
        "Mend it after the card's data, or have the card's data changed.",
    ),
    needs=("cards",),
)
def card_as_looked_up(view: View) -> Iterator[Found]:
    one = view.one
    for card in view.cards:
        answer = view.answers.get(card.number)
        if answer is None or card.number[:2] in ARMED_CARDS:
            continue
        if answer.result in REFUSED:
            yield at("XML1.MA_THE_BHYT", column=answer.result)
        same = {
            "HO_TEN": not answer.name or _folded(answer.name) == _folded(one["HO_TEN"]),
            "GIOI_TINH": not answer.sex or answer.sex == one["GIOI_TINH"],
            "NGAY_SINH": not answer.born or one["NGAY_SINH"].startswith(answer.born.removesuffix("0000")),
            "MA_DKBD": not answer.facility or answer.facility == card.facility,
            "GT_THE_TU": not answer.valid_from or day(answer.valid_from) == card.begin,
            "GT_THE_DEN": not answer.valid_to or card.end is None or day(answer.valid_to) == card.end,
        }
        yield from (at(f"XML1.{column}", column=column) for column, agrees in same.items() if not agrees)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@rule(
    "K05",
    Text(
        "Mã cơ sở ở {column} không có trong danh mục hoặc trùng cơ sở này.",
        "The facility in {column} is not in the list, or is this one.",
    ),
    Text("Chọn lại cơ sở KCB theo danh mục của cổng.", "Choose the facility from the portal's list."),
    uses=("facilities",),
)
def other_facilities(view: View) -> Iterator[Found]:
    known, own = view.context.facilities, view.one["MA_CSKCB"]
    for column in ("MA_DKBD", "MA_NOI_DI", "MA_NOI_DEN"):
        for code in parts(view.one[column]):
            is_own = code == own and column != "MA_DKBD"
            if is_own or (known and code not in known and not code.endswith("000")):
                yield at(f"XML1.{column}", column=column)


@rule(
    "K06",
    Text(
        "Thẻ tạm của trẻ đúng dạng; tuổi hợp thẻ trẻ em.",
        "A child's temporary card is well formed; the age fits a child's card.",
    ),
    Text(
        "Thẻ tạm của trẻ: TE1, mã tỉnh, 10 số, chữ hoa, lấy từ cổng; thẻ TE chỉ cho trẻ dưới 6 tuổi.",
        "A child's temporary card is TE1, the province, 10 digits, in capitals; TE cards are for children under six.",
    ),
)
def child_card(view: View) -> Iterator[Found]:
    for table in ("XML7", "XML8", "XML9", "XML11"):
        for at_row, row in view.rows(table):
            if row["MA_THE_TAM"] and not _TEMPORARY.fullmatch(row["MA_THE_TAM"].strip()):
                yield Found(
                    f"{at_row}.MA_THE_TAM", text=Text("Thẻ tạm không đúng dạng.", "The temporary card is ill-formed.")
                )
    is_child = view.one["MA_THE_BHYT"].startswith("TE")
    if is_child and view.age_days is not None and view.age_days > CHILD_YEARS * 365.25:
        yield Found("XML1.MA_THE_BHYT", text=Text("Tuổi không hợp thẻ trẻ em.", "The age does not fit a child's card."))


@rule(
    "K07",
    Text(
        "NAM_NAM_LIEN_TUC, NGAY_MIEN_CCT đúng dạng; đã miễn thì MUC_HUONG 100.",
        "NAM_NAM_LIEN_TUC, NGAY_MIEN_CCT are days; with an exemption MUC_HUONG is 100.",
    ),
    Text(
        "Ghi ngày yyyymmdd (miễn cùng chi trả có thể 12 ký tự); từ ngày miễn, MUC_HUONG là 100.",
        "Write the day yyyymmdd (the exemption may have 12 characters); from the exemption on MUC_HUONG is 100.",
    ),
)
def five_years_and_exemption(view: View) -> Iterator[Found]:
    ill_formed = Text("Ngày không đúng dạng.", "Not a day of the form asked for.")
    five_years, exempt = view.one["NAM_NAM_LIEN_TUC"], view.one["NGAY_MIEN_CCT"]
    if five_years and day(five_years) is None:
        yield Found("XML1.NAM_NAM_LIEN_TUC", text=ill_formed)
    if not exempt:
        return
    since = minute(exempt) if len(exempt) == 12 else (day(exempt) or 0) * 1440
    if not since:
        yield Found("XML1.NGAY_MIEN_CCT", text=ill_formed)
        return
    kept = Text("Đã miễn cùng chi trả nhưng MUC_HUONG khác 100.", "The co-payment is exempt, yet MUC_HUONG is not 100.")
    for line in view.lines:
        if line.scope == "1" and line.ordered is not None and line.ordered >= since and line.benefit != WHOLE:
            yield Found(f"{line.at}.MUC_HUONG", text=kept)
