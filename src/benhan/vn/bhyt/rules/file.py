"""F: the file, its parts, its texts. Source: QĐ 3176/QĐ-BYT; CV 1245/BHXH-CNTT (03/05/2024)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from operator import itemgetter

from benhan.kernel.texts import Text
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.rules.column_faults import ColumnFault
from benhan.vn.bhyt.rules.context import Signature
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import day, whole
from benhan.vn.bhyt.rules.view import View, columns_of
from benhan.vn.bhyt.texts import NO_SUMMARY, OTHER_MA_LK

WRAPPER = "GIAMDINHHS"


@rule(
    "F01",
    Text("Đầu tệp sai: {what}.", "The head of the file is wrong: {what}."),
    Text(
        "Xuất lại tệp: MACSKCB 5 ký tự, NGAYLAP yyyyMMdd, SOLUONGHOSO bằng số HOSO.",
        "Write the file again: MACSKCB of 5 characters, NGAYLAP yyyyMMdd, SOLUONGHOSO the number of HOSO.",
    ),
    needs=("file",),
)
def head_of_file(view: View) -> Iterator[Found]:
    file = view.file.head
    assert file is not None
    for issue in file.faults:
        if not issue.place.endswith(("MACSKCB", "NGAYLAP", "SOLUONGHOSO")):
            yield Found(
                f"{WRAPPER}/{issue.place}" if issue.place else WRAPPER, soft=not issue.is_error, text=issue.text
            )
    if not (file.facility or file.made_on or file.count):
        return  # no GIAMDINHHS: a check-in, or a bare table, of which F03 tells
    if len(file.facility) != 5:
        yield at(f"{WRAPPER}/THONGTINDONVI/MACSKCB", what="MACSKCB")
    if day(file.made_on) is None:
        yield at(f"{WRAPPER}/THONGTINHOSO/NGAYLAP", what="NGAYLAP")
    told = whole(file.count)
    if told is None or file.claims_seen < told:
        yield at(f"{WRAPPER}/THONGTINHOSO/SOLUONGHOSO", what="SOLUONGHOSO")


@rule(
    "F02",
    Text(
        "Mỗi hồ sơ có đúng một XML1, mọi bảng cùng MA_LK.", "A claim has exactly one XML1, and one MA_LK in all tables."
    ),
    Text(
        "Mỗi HOSO có đúng một XML1; các bảng khác mang cùng MA_LK.",
        "Each HOSO has exactly one XML1; the other tables carry the same MA_LK.",
    ),
)
def one_summary(view: View) -> Iterator[Found]:
    count = len(view.rows("XML1"))
    is_unread = count == 0 and any(issue.place == "XML1" and issue.is_error for issue in view.claim.faults)  # F03
    if count != 1 and not is_unread and set(view.claim.tables) not in ({"XML0"}, {"XML12"}):
        yield Found(
            "XML1", text=Text(f"Hồ sơ có {count} bảng XML1, phải có đúng một.", f"The claim has {count} XML1, not one.")
        )
    key = view.claim.ma_lk
    for _, rows in view.tables:
        for at_row, row in rows:
            if row.get("MA_LK", key).strip() != key.strip():
                yield Found(f"{at_row}.MA_LK", text=_OTHER_KEY)


_OTHER_KEY = Text("MA_LK khác với MA_LK của hồ sơ.", "MA_LK differs from the claim's.")


@rule(
    "F03",
    Text("Không đọc được nội dung của phần này.", "This part cannot be read."),
    Text(
        "NOIDUNGFILE là Base64 của XML UTF-8, trên một dòng; xuất lại phần này.",
        "NOIDUNGFILE is Base64 of UTF-8 XML on one line; write the part again.",
    ),
)
def readable_parts(view: View) -> Iterator[Found]:
    for issue in view.claim.faults:
        if issue.text not in (NO_SUMMARY, OTHER_MA_LK):  # F02
            yield Found(issue.place, soft=not issue.is_error, text=issue.text)


@rule(
    "F04",
    Text("Các cột không đúng và đủ thứ tự của bảng.", "The columns are not the table's, all and in order."),
    Text(
        "Ghi đủ các cột theo thứ tự; cột không dùng để rỗng.", "Write all columns in order; an unused one stays empty."
    ),
)
def columns_in_order(view: View) -> Iterator[Found]:
    return _of_columns(view, ColumnFault.LAYOUT)


def _of_columns(view: View, fault: ColumnFault) -> Iterator[Found]:
    for issue in view.column_issues.get(fault, ()):
        yield Found(issue.place, soft=not issue.is_error, text=issue.text)


@rule(
    "F05",
    Text(
        "Tệp chưa được ký hợp lệ bằng chứng thư của cơ sở.",
        "The file has no valid signature by the facility's certificate.",
    ),
    Text(
        "Ký bằng chứng thư đã đăng ký trên cổng, sau khi xuất tệp (cổng trả 123, 125).",
        "Sign with the certificate registered on the portal, after writing the file (the portal answers 123, 125).",
    ),
    needs=("file",),
    uses=("signature",),
)
def signed(view: View) -> Iterator[Found]:
    file = view.file.head
    assert file is not None
    if (file.claims_seen and not file.signed) or view.file.signature is Signature.FOREIGN:
        yield at(f"{WRAPPER}/CHUKYDONVI")


@rule(
    "F06",
    Text("Nội dung tệp đã thay đổi sau khi ký.", "The file was changed after it was signed."),
    Text(
        "Gửi đúng các byte đã ký; nếu phải sửa thì ký lại.",
        "Send the very bytes that were signed; sign again after a change.",
    ),
    needs=("signature",),
)
def unchanged(view: View) -> Iterator[Found]:
    if view.file.signature is Signature.CHANGED:
        yield at(WRAPPER)


@rule(
    "F07",
    Text("MA_LK này đã dùng cho lượt khám chữa bệnh khác.", "This MA_LK is another episode's already."),
    Text(
        "Cấp MA_LK mới cho lượt này; không dùng lại MA_LK cũ.",
        "Give this episode an MA_LK of its own; never use one again.",
    ),
    needs=("sent|repeated",),
    uses=("sent",),
)
def key_is_unique(view: View) -> Iterator[Found]:
    key, one = view.claim.ma_lk, view.one
    known = None if view.lacks_summary or view.context.sent is None else view.context.sent.visit_of.get(key)
    if key in (view.file.repeated or ()) or (known is not None and known != (one["MA_BN"], one["NGAY_VAO"])):
        yield at("XML1.MA_LK")


@rule(
    "F08",
    Text(
        "Không có ký tự điều khiển, mã hoá hai lần hay khoảng trắng trong mã.",
        "No control characters, nothing escaped twice, no spaces in codes.",
    ),
    Text(
        "Bỏ ký tự điều khiển và khoảng trắng thừa trong mã; ký tự &, <, > chỉ mã hoá một lần.",
        "Take control characters and spaces out of codes; escape &, <, > once.",
    ),
)
def clean_text(view: View) -> Iterator[Found]:
    yield from _of_columns(view, ColumnFault.TEXT)
    for table, rows in view.tables:
        codes = _code_columns(view.generation.name, table)
        for at_row, row in rows:
            if "&" in "".join(row.values()):
                yield from (
                    Found(f"{at_row}.{name}", text=_TWICE) for name, value in row.items() if _ESCAPED.search(value)
                )
            if codes is not None and " " in "".join(codes[1](row)):
                yield from (Found(f"{at_row}.{name}", text=_SPACED) for name in codes[0] if " " in row[name].strip())


_TWICE = Text("Ký tự XML bị mã hoá hai lần.", "XML was escaped twice.")
_SPACED = Text("Mã có khoảng trắng ở giữa.", "The code has a space in it.")
_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|#[0-9]+);")
_CODES = (
    "MA_LK", "MA_THUOC", "MA_DICH_VU", "MA_VAT_TU", "MA_BENH_CHINH", "MA_BENH_KT", "MA_BENH", "MA_DOITUONG_KCB",
    "MA_CSKCB", "MA_THE_BHYT", "MA_KHOA", "MA_PTTT_QT",
)  # fmt: skip
"""Codes of which none has a space; licence and machine numbers are looked at by their own rules."""


@cache
def _code_columns(decision: str, table: str) -> tuple[tuple[str, ...], Callable[[Row], tuple[str, ...]]] | None:
    names = tuple(column.name for column in columns_of(decision, table) if column.name in _CODES)
    return (names, itemgetter(*names)) if len(names) > 1 else None


@rule(
    "F09",
    Text("Lượt khám này đã gửi với MA_LK khác.", "This visit was sent under another MA_LK."),
    Text(
        "Gửi lại bằng đúng MA_LK cũ để thay thế, không tạo hồ sơ mới.",
        "Send it again under the old MA_LK, so that it replaces.",
    ),
    needs=("sent",),
)
def sent_once(view: View) -> Iterator[Found]:
    assert view.context.sent is not None
    known = view.context.sent.ma_lk_of.get((view.one["MA_BN"], view.one["NGAY_VAO"]))
    if known is not None and known != view.claim.ma_lk:
        yield at("XML1.MA_LK")


@rule(
    "F10",
    Text(
        "Giá trị đúng độ dài; ngày, giờ, số đúng dạng.", "Values keep their length; days, times and numbers their form."
    ),
    Text(
        "Ngày ghi yyyymmdd hoặc yyyymmddHHMM, số dùng dấu chấm, không dấu ngăn hàng nghìn; rút ngắn giá trị quá dài.",
        "Write days yyyymmdd or yyyymmddHHMM, numbers with a dot and no thousands mark; shorten what is too long.",
    ),
)
def forms(view: View) -> Iterator[Found]:
    for found in _of_columns(view, ColumnFault.FORM):
        if found.place.rpartition(".")[2] not in _OTHERS:
            yield found


_OTHERS = frozenset(("CAN_NANG", "NAM_NAM_LIEN_TUC", "NGAY_MIEN_CCT", "MA_GIUONG", "GOI_VTYT"))
"""Columns whose form another rule tells: A05, K07, B01, G11."""
