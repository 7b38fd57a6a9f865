"""F: the file, its parts, its texts. Source: QĐ 3176/QĐ-BYT; CV 1245/BHXH-CNTT (03/05/2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from typing import Any

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.context import Signature
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import birth, day, milli, minute, parts
from benhan.vn.bhyt.rules.view import View, columns_of
from benhan.vn.bhyt.tables import Column

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
    file = view.context.file
    assert file is not None
    for issue in file.faults:
        yield Found(f"{WRAPPER}/{issue.place}" if issue.place else WRAPPER, text=issue.text)
    if len(file.facility) != 5:
        yield at(f"{WRAPPER}/THONGTINDONVI/MACSKCB", what="MACSKCB")
    if day(file.made_on) is None:
        yield at(f"{WRAPPER}/THONGTINHOSO/NGAYLAP", what="NGAYLAP")
    told = int(file.count) if file.count.isascii() and file.count.isdigit() else None
    if told is None or file.claims_seen < told:
        yield at(f"{WRAPPER}/THONGTINHOSO/SOLUONGHOSO", what="SOLUONGHOSO")


@rule(
    "F02",
    Text("{what}", "{what}"),
    Text(
        "Mỗi HOSO có đúng một XML1; các bảng khác mang cùng MA_LK.",
        "Each HOSO has exactly one XML1; the other tables carry the same MA_LK.",
    ),
)
def one_summary(view: View) -> Iterator[Found]:
    count = len(view.rows("XML1"))
    if count != 1 and not view.is_check_in:
        yield Found(
            "XML1", text=Text(f"Hồ sơ có {count} bảng XML1, phải có đúng một.", f"The claim has {count} XML1, not one.")
        )
    key = view.claim.ma_lk
    for _, rows in view.tables:
        for at_row, row in rows:
            if row["MA_LK"].strip() != key.strip() and "MA_LK" in row:
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
        yield Found(issue.place, text=issue.text)


@rule(
    "F04",
    Text(
        "Các cột không đúng và đủ thứ tự của bảng: {what}.",
        "The columns are not the table's, all and in order: {what}.",
    ),
    Text(
        "Ghi đủ các cột theo thứ tự; cột không dùng để rỗng.", "Write all columns in order; an unused one stays empty."
    ),
)
def columns_in_order(view: View) -> Iterator[Found]:
    for (at_row, row), names in view.misshapen:
        missing = [name for name in names if name not in row]
        unknown = [name for name in row if name not in names]
        yield at(at_row, what=", ".join([*missing, *unknown][:5]) or "thứ tự (order)")


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
    file = view.context.file
    assert file is not None
    if not file.signed or view.context.signature is Signature.FOREIGN:
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
    if view.context.signature is Signature.CHANGED:
        yield at(WRAPPER)


@rule(
    "F07",
    Text("MA_LK này đã dùng cho lượt khám chữa bệnh khác.", "This MA_LK is another episode's already."),
    Text(
        "Cấp MA_LK mới cho lượt này; không dùng lại MA_LK cũ.",
        "Give this episode an MA_LK of its own; never use one again.",
    ),
    needs=("sent|file",),
    uses=("sent",),
)
def key_is_unique(view: View) -> Iterator[Found]:
    key, one = view.claim.ma_lk, view.one
    sent = view.context.sent.visit_of.get(key) if view.context.sent else None
    if key in view.context.repeated or (sent is not None and sent != (one["MA_BN"], one["NGAY_VAO"])):
        yield at("XML1.MA_LK")


@rule(
    "F08",
    Text("{what}", "{what}"),
    Text(
        "Bỏ ký tự điều khiển và khoảng trắng thừa trong mã; ký tự &, <, > chỉ mã hoá một lần.",
        "Take control characters and spaces out of codes; escape &, <, > once.",
    ),
)
def clean_text(view: View) -> Iterator[Found]:
    for table, rows in view.tables:
        spaced = _code_columns(view.generation.name, table)
        for at_row, row in rows:
            whole = "\x1e".join(row.values())
            if _UNCLEAN.search(whole):
                yield from (
                    Found(f"{at_row}.{name}", text=_CONTROL)
                    for name, value in row.items()
                    if _UNCLEAN_VALUE.search(value)
                )
            if spaced is not None and " " in "\x1e".join(spaced(row)):
                yield from (
                    Found(f"{at_row}.{name}", text=_SPACED)
                    for name in _code_names(view.generation.name, table)
                    if " " in row[name]
                )


_CONTROL = Text("Có ký tự điều khiển hoặc mã hoá XML hai lần.", "A control character, or XML escaped twice.")
_SPACED = Text("Mã có khoảng trắng.", "The code has a space.")
_UNCLEAN_VALUE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|&(?:amp|lt|gt|quot|apos|#\d+);")
_UNCLEAN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1d\x1f\x7f-\x9f]|&(?:amp|lt|gt|quot|apos|#\d+);")
_FREE_CODES = frozenset(("MA_HIEU_SP", "MA_PHAC_DO_DIEU_TRI", "MA_PHAC_DO_DIEU_TRI_BD", "MA_CHI_SO", "NHOM_MAU"))


@cache
def _code_names(decision: str, table: str) -> tuple[str, ...]:
    return tuple(
        column.name
        for column in columns_of(decision, table)
        if column.name.startswith("MA_") and column.name not in _FREE_CODES and column.type == "string"
    )


@cache
def _code_columns(decision: str, table: str) -> Any:
    names = _code_names(decision, table)
    return itemgetter(*names) if len(names) > 1 else None


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
    Text("{what}", "{what}"),
    Text(
        "Ngày ghi yyyymmdd hoặc yyyymmddHHMM, số dùng dấu chấm, không dấu ngăn hàng nghìn; rút ngắn giá trị quá dài.",
        "Write days yyyymmdd or yyyymmddHHMM, numbers with a dot and no thousands mark; shorten what is too long.",
    ),
)
def forms(view: View) -> Iterator[Found]:
    for table, rows in view.tables:
        checks = _form_checks(view.generation.name, table)
        for at_row, row in rows:
            for name, longest, fits in checks:
                value = row[name]
                if not value:
                    continue
                if longest and len(value) > longest:
                    yield Found(f"{at_row}.{name}", text=_TOO_LONG.filled(longest=longest))
                elif fits is not None and not fits(value):
                    yield Found(f"{at_row}.{name}", text=_ILL_FORMED)


_TOO_LONG = Text("Dài quá {longest} ký tự.", "Longer than {longest} characters.")
_ILL_FORMED = Text("Ngày hoặc số không đúng dạng.", "Not a day, moment or number of the form asked for.")
_OTHERS = frozenset(
    ("CAN_NANG", "NAM_NAM_LIEN_TUC", "NGAY_MIEN_CCT", "MA_GIUONG", "GOI_VTYT", "VET_THUONG_TP", "TAI_SU_DUNG")
)
"""Columns whose form another rule tells: A05, K07, B01, G11, S07."""


def _is_birth(value: str) -> bool:
    return (
        len(value) in (8, 12)
        and birth(value[:8]) is not None
        and (len(value) == 8 or minute("20000101" + value[8:]) is not None)
    )


def _is_integer(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_number(value: str) -> bool:
    return milli(value) is not None


def _is_day(value: str) -> bool:
    return day(value) is not None


def _is_minute(value: str) -> bool:
    return minute(value) is not None


def _is_either(value: str) -> bool:
    return day(value) is not None or minute(value) is not None


_FORMS = {
    "integer": _is_integer,
    "decimal2": _is_number,
    "decimal3": _is_number,
    "date": _is_day,
    "datetime": _is_minute,
    "date_or_datetime": _is_either,
}


@cache
def _form_checks(decision: str, table: str) -> tuple[tuple[str, int | None, Any], ...]:
    return tuple(
        (column.name, column.max_len, _fits(column))
        for column in columns_of(decision, table)
        if column.name not in _OTHERS and (column.max_len or column.format)
    )


def _fits(column: Column) -> Any:
    if column.name in ("NGAY_SINH", "NGAYSINH_NND"):
        return _is_birth
    single = _FORMS.get(column.format)
    joined = column.multi or (column.format in ("date", "datetime") and (column.max_len or 99) > 12)
    if single is not None and joined:
        return lambda value: all(single(each) for each in parts(value))
    return single
