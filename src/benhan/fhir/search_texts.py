"""What a mistaken search is told, in words that name what is valid; values are never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

CLAUSE = "http://hl7.org/fhir/R4/search.html"

UNKNOWN_PARAMETER = Text(
    "Không có tham số {name} cho {type}.{hint} Các tham số có: {valid}.",
    "There is no parameter {name} for {type}.{hint} Valid ones: {valid}.",
)
UNKNOWN_MODIFIER = Text(
    "Tham số {name} không nhận :{modifier}. Nhận: {valid}.",
    "The parameter {name} does not take :{modifier}. It takes: {valid}.",
)
BAD_VALUE = Text("Giá trị của {name} không đúng dạng {kind}.", "The value of {name} is not of the form of a {kind}.")
BAD_PREFIX = Text(
    "Giá trị của {name} không đúng dạng {kind}. Tiền tố có: eq ne gt lt ge le sa eb ap.",
    "The value of {name} is not of the form of a {kind}. Valid prefixes: eq ne gt lt ge le sa eb ap.",
)
BAD_SORT = Text(
    "Không sắp xếp được theo {name}. Sắp được theo: {valid}.", "Sorting by {name} is not offered. Offered: {valid}."
)
BAD_INCLUDE = Text(
    "{name} phải là Loại:tham-số[:loại-đích] của một tham số tham chiếu, hoặc *. Tham số của {type}: {valid}.",
    "{name} must be Type:parameter[:target] of a reference parameter, or *. Those of {type}: {valid}.",
)
TOO_MANY = Text("Quá nhiều điều kiện hoặc giá trị.", "Too many criteria or values.")
TOO_DEEP = Text("Chuỗi tham chiếu dài quá {limit} bước.", "The chain is longer than {limit} steps.")
NO_CHAIN = Text(
    "{name} không phải tham chiếu nên không nối tiếp được.", "{name} is no reference, so nothing can be chained to it."
)
BAD_HAS = Text(
    "_has phải là _has:Loại:tham-số-tham-chiếu:tham-số.", "_has must be _has:Type:reference-parameter:parameter."
)
NO_QUERIES = Text("Không có câu truy vấn đặt tên (_query) nào.", "No named query (_query) is offered.")
NO_FUNCTIONAL_LIST = Text(
    "Danh sách hàm ($current-…) chưa có; hãy nêu id của một List.",
    "Functional lists ($current-…) are not offered; name the id of a List.",
)
BUILDING = Text(
    "Chỉ mục của {name} đang được dựng; thử lại khi $reindex xong.",
    "The index of {name} is still being built; try again when $reindex has ended.",
)
BAD_FILTER = Text(
    "_filter sai ở ký tự thứ {position}: {reason}.", "_filter is wrong at character {position}: {reason}."
)


def unknown_parameter(type_: str, code: str, valid: Iterable[str]) -> Issue:
    """There is no such parameter; the nearest name is offered."""
    names = sorted(valid)
    near = get_close_matches(code[:64], names, 1)
    hint = Text(f" Có phải {near[0]}?", f" Did you mean {near[0]}?") if near else Text("", "")
    told = Text(
        UNKNOWN_PARAMETER.vi.format(name=safe(code), type=type_, hint=hint.vi, valid=", ".join(names)),
        UNKNOWN_PARAMETER.en.format(name=safe(code), type=type_, hint=hint.en, valid=", ".join(names)),
    )
    return error("not-supported", safe(code), told, CLAUSE)


def bad_value(name: str, kind: str) -> Issue:
    """The value is not of the form; where a kind has prefixes they are told."""
    text = BAD_PREFIX if kind in ("date", "number", "quantity") else BAD_VALUE
    return error("value", name, text.filled(name=name, kind=kind), CLAUSE)


def safe(name: str) -> str:
    """A name as it may be repeated, "?" where it is not of the form of one."""
    return name if re.fullmatch(r"[A-Za-z0-9_:.-]{1,64}", name) else "?"
