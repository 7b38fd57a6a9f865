"""G: lines against the facility's approved lists. Source: TT 12/2026/TT-BTC (catalogues 01–06/DM), QĐ 3176/QĐ-BYT.

A code may have several approved rows: one that agrees is enough. Without the list nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.context import Approved, Staff
from benhan.vn.bhyt.rules.lines import Line
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import dong, milli, parts
from benhan.vn.bhyt.rules.view import View
from benhan.vn.bhyt.tables import codes_on

_DETAILS = re.compile(r"\s*\[[^\]]*\]\s*$")
_SUFFIX = re.compile(r"(_GT|_TB|_TT|\.K\.\w{5})$")
_MACHINE = re.compile(r"[A-Z]{2,3}\.[0-9](\[[^\];.]+\])?(\.[\w-]+){1,2}")
_PACKAGE = re.compile(r"G[1-9]\d{0,2}", re.ASCII)
_TENDER_GROUP = re.compile(r"[GN](\d{1,2})(?:\.\d\d)?", re.ASCII)
"""`G1`, or `G1.02` for the second winner of a group."""
BLOOD = ("7", "17")
WITHOUT_REGISTRATION = ("40.17", "40.573")
"""Oxygen, nitric oxide."""

AFTER_THE_LIST = Text(
    "Chọn lại theo danh mục đã duyệt còn hiệu lực vào ngày y lệnh, hoặc cập nhật danh mục.",
    "Choose from the approved list as of the day of the order, or update the list.",
)


def _rows(known: Mapping[str, Sequence[Approved]] | None, code: str, line: Line) -> list[Approved]:
    """The approved rows of a code that are valid when the line was ordered."""
    on = line.row["NGAY_YL"][:8]
    return [row for row in (known or {}).get(code, ()) if row.valid_from <= on <= (row.valid_to or on)]


def _agree(approved: str, written: str) -> bool:
    return not approved or approved == written or _folded(approved) == _folded(written)


@lru_cache(maxsize=1 << 14)
def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _below(row: Approved, price: int | None) -> bool:
    approved = milli(row.price_dong)
    return approved is not None and price is not None and price < approved


@rule(
    "G01",
    Text("Thuốc không khớp dòng nào của danh mục đã duyệt.", "The drug agrees with no approved row."),
    AFTER_THE_LIST,
    needs=("drugs",),
)
def approved_drug(view: View) -> Iterator[Found]:
    for line in view.drugs:
        if not line.code or "+" in line.code:
            continue
        row = line.row
        if not any(
            _agree(known.name, row["TEN_THUOC"] or known.name)
            and _agree(known.unit, row["DON_VI_TINH"] or known.unit)
            and _agree(known.registration, row["SO_DANG_KY"] or known.registration)
            and _agree(known.tender, row["TT_THAU"] or known.tender)
            and not _below(known, line.price_bv)
            for known in _rows(view.context.drugs, line.code, line)
        ):
            yield at(f"{line.at}.MA_THUOC")


@rule(
    "G02",
    Text("Vật tư không khớp dòng nào của danh mục đã duyệt.", "The supply agrees with no approved row."),
    AFTER_THE_LIST,
    needs=("supplies",),
)
def approved_supply(view: View) -> Iterator[Found]:
    for line in view.services:
        row = line.row
        if not line.is_supply or not line.code:
            continue
        if not any(
            _agree(known.name, row["TEN_VAT_TU"] or known.name)
            and _agree(known.unit, row["DON_VI_TINH"] or known.unit)
            and _agree(known.tender, row["TT_THAU"] or known.tender)
            and (not known.price_dong or milli(known.price_dong) == line.price_bv)
            for known in _rows(view.context.supplies, line.code, line)
        ):
            yield at(f"{line.at}.MA_VAT_TU")


@rule(
    "G03",
    Text(
        "Dịch vụ không có trong danh mục đã duyệt hoặc khác tên.", "The service is not approved, or has another name."
    ),
    AFTER_THE_LIST,
    needs=("services",),
)
def approved_service(view: View) -> Iterator[Found]:
    for line in view.services:
        if line.is_supply or not line.code or line.scope == "2":
            continue
        name = _DETAILS.sub("", line.row["TEN_DICH_VU"])
        approved = _rows(view.context.services, _SUFFIX.sub("", line.code), line)
        if not any(_agree(known.name, name or known.name) for known in approved):
            yield at(f"{line.at}.MA_DICH_VU")


@rule(
    "G04",
    Text("Đơn giá cao hơn giá đã duyệt: {approved}.", "The price is above the approved one: {approved}."),
    Text("Lấy giá đã duyệt còn hiệu lực vào ngày y lệnh.", "Use the price approved as of the day of the order."),
    needs=("drugs|services",),
    uses=("drugs", "services"),
)
def not_above_the_price(view: View) -> Iterator[Found]:
    for line in view.lines:
        if line.is_supply or line.scope == "2" or line.price_bh is None:
            continue
        known = view.context.drugs if line.is_drug else view.context.services
        code = line.code if line.is_drug else _SUFFIX.sub("", line.code)
        prices = [price for row in _rows(known, code, line) if (price := milli(row.price_dong)) is not None]
        if prices and line.price_bh > max(prices):
            yield at(f"{line.at}.{'DON_GIA' if line.is_drug else 'DON_GIA_BH'}", approved=dong(max(prices)))


def licensed(known: Mapping[str, Staff], number: str, on: str, code: str = "") -> bool:
    """Whether a licence (without its `.TX.`, `.HD.`, `.CG.` tail) is in the list on a day, for a service."""
    if number.isascii() and number.isdigit() and len(number) == 12:
        return True  # a citizen number stands where no licence is needed
    person = known.get(number) or known.get(number.partition(".")[0])
    if person is None or not person.valid_from <= on <= (person.valid_to or on):
        return False
    return not code or not person.scope or code.startswith(person.scope)


@rule(
    "G05",
    Text(
        "{column}: không có trong danh sách hành nghề, hết hạn hoặc ngoài phạm vi.",
        "{column}: not in the list of practitioners, not valid, or outside the scope.",
    ),
    Text(
        "Kiểm tra số giấy phép hành nghề và phạm vi; cập nhật danh sách.",
        "Check licence number and scope; update the list.",
    ),
    needs=("staff",),
)
def practitioners(view: View) -> Iterator[Found]:
    known = view.context.staff or {}
    seen: dict[tuple[str, str, str], bool] = {}

    def all_licensed(numbers: str, on: str, code: str) -> bool:
        key = (numbers, on, code)
        if key not in seen:
            seen[key] = all(not each or licensed(known, each, on, code) for each in parts(numbers))
        return seen[key]

    for line in view.lines:
        on = line.row["NGAY_YL"][:8]
        if not all_licensed(line.row["MA_BAC_SI"], on, ""):
            yield at(f"{line.at}.MA_BAC_SI", column="MA_BAC_SI")
        code = "" if line.is_supply else line.code
        if not line.is_drug and not all_licensed(line.row["NGUOI_THUC_HIEN"], on, code):
            yield at(f"{line.at}.NGUOI_THUC_HIEN", column="NGUOI_THUC_HIEN")
    for at_row, row in view.rows("XML5"):
        if not all_licensed(row["NGUOI_THUC_HIEN"], row["THOI_DIEM_DBLS"][:8], ""):
            yield at(f"{at_row}.NGUOI_THUC_HIEN", column="NGUOI_THUC_HIEN")


@rule(
    "G06",
    Text(
        "MA_KHOA không có trong danh mục khoa, hoặc K01 chỉ định cho nội trú trái tuyến.",
        "MA_KHOA is not a department of the list, or K01 orders for an off-route inpatient.",
    ),
    Text("Chọn khoa theo danh mục của cơ sở.", "Choose a department of the facility's list."),
    uses=("departments",),
)
def departments(view: View) -> Iterator[Found]:
    known = view.context.departments
    off_route = view.kind == "03" and view.route.startswith("3.")
    for line in view.lines:
        code = line.row["MA_KHOA"]
        by_exam = off_route and code == "K01" and line.ordered is not None and line.ordered > (view.admitted or 0)
        if by_exam or (known and any(each not in known for each in parts(code))):
            yield at(f"{line.at}.MA_KHOA")


@rule(
    "G07",
    Text(
        "MA_MAY thiếu, sai dạng hoặc không có trong danh mục máy.",
        "MA_MAY is missing, ill-formed or not in the list of machines.",
    ),
    Text(
        "Ghi XX.n.Z theo danh mục máy (dạng cũ XX.n.YYYYY.Z còn đọc được).",
        "Write XX.n.Z as in the list (the older XX.n.YYYYY.Z is read too).",
    ),
    uses=("machines", "services"),
)
def machine(view: View) -> Iterator[Found]:
    known = view.context.machines
    for line in view.services:
        codes = parts(line.row["MA_MAY"])
        if codes and not line.is_supply:
            if any(not _MACHINE.fullmatch(code) or (known and code not in known) for code in codes):
                yield at(f"{line.at}.MA_MAY")
        elif line.group in ("1", "2", "3") and not codes:
            rows = _rows(view.context.services, _SUFFIX.sub("", line.code), line)
            if any(row.machine for row in rows):
                yield at(f"{line.at}.MA_MAY")


@rule(
    "G08",
    Text("TT_THAU không đúng dạng quyết định;gói;nhóm;năm.", "TT_THAU is not decision;package;group;year."),
    Text("Ghi như danh mục: 57/QĐ-…;G1;N4;2026.", "Write as in the list: 57/QĐ-…;G1;N4;2026."),
)
def form_of_tender(view: View) -> Iterator[Found]:
    for line in view.lines:
        text = line.row["TT_THAU"]
        if text and not _is_tender(text, 0 if line.is_supply else 1):
            yield at(f"{line.at}.TT_THAU")


@lru_cache(maxsize=4096)
def _is_tender(text: str, least: int) -> bool:
    """decision;package;group;year and more, the numbers of package and group not below `least`."""
    pieces = text.split(";")
    groups = [_TENDER_GROUP.fullmatch(piece) for piece in pieces[1:3]]
    year = pieces[3][:4] if len(pieces) > 3 else ""
    numbered = len(groups) == 2 and all(each is not None and int(each[1]) >= least for each in groups)
    return bool(pieces[0]) and numbered and year.isdigit() and len(year) == 4


@rule(
    "G09",
    Text("Thiếu TT_THAU.", "TT_THAU is missing."),
    Text("Ghi thông tin thầu (trừ máu, chế phẩm máu).", "Fill in the tender (not for blood and its products)."),
)
def tender_is_told(view: View) -> Iterator[Found]:
    for line in view.drugs:
        if line.group not in BLOOD and line.scope != "2" and not line.row["TT_THAU"]:
            yield at(f"{line.at}.TT_THAU")
    for line in view.of_group["10"]:
        if not line.row["TT_THAU"]:
            yield at(f"{line.at}.TT_THAU")


@rule(
    "G10",
    Text("Nhóm 11 không dùng cho vật tư trong phạm vi chi trả.", "Group 11 is not for covered supplies."),
    Text("Đặt MA_NHOM 10 cho vật tư được chi trả.", "Set MA_NHOM to 10 for a covered supply."),
)
def old_group(view: View) -> Iterator[Found]:
    for line in view.of_group["11"]:
        if line.scope == "1":
            yield at(f"{line.at}.MA_NHOM")


@rule(
    "G11",
    Text(
        "GOI_VTYT sai dạng hoặc gói không có đủ dịch vụ và vật tư.",
        "GOI_VTYT is ill-formed, or the package lacks its service or its supplies.",
    ),
    Text(
        "Ghi cùng G1…G999 ở dòng dịch vụ và các vật tư của gói.",
        "Write the same G1…G999 on the service and its supplies.",
    ),
)
def package(view: View) -> Iterator[Found]:
    tagged = [line for line in view.services if line.row["GOI_VTYT"]]
    services = {(line.row["GOI_VTYT"], line.for_service) for line in tagged if not line.is_supply}
    supplies = {(line.row["GOI_VTYT"], line.for_service) for line in tagged if line.is_supply}
    nameless = {tag for tag, code in services | supplies if not code}  # G13
    for line in tagged:
        key = (line.row["GOI_VTYT"], line.for_service)
        others = services if line.is_supply else supplies
        if not _PACKAGE.fullmatch(key[0]) or (key not in others and key[0] not in nameless):
            yield at(f"{line.at}.GOI_VTYT")


@rule(
    "G12",
    Text(
        "Vận chuyển (nhóm 12) cần MA_XANG_DAU trong danh mục.", "Transport (group 12) needs a MA_XANG_DAU of the list."
    ),
    Text("Chọn loại xăng dầu theo QĐ 3276 phụ lục 2.", "Choose the fuel from QĐ 3276, annex 2."),
)
def fuel(view: View) -> Iterator[Found]:
    for line in view.of_group["12"]:
        if line.row["MA_XANG_DAU"] not in codes_on("MA_XANG_DAU", view.ended_on or view.generation.effective_from):
            yield at(f"{line.at}.MA_XANG_DAU")


@rule(
    "G13",
    Text(
        "Thiếu mã dịch vụ, mã vật tư hoặc tên đi kèm: {column}.",
        "A code of service or supply, or its name, is missing: {column}.",
    ),
    Text(
        "Ghi mã và tên; vật tư trong gói ghi cả mã dịch vụ.",
        "Write code and name; a supply of a package also names its service.",
    ),
)
def coded(view: View) -> Iterator[Found]:
    for line in view.services:
        row = line.row
        if line.is_supply:
            wanted = ["TEN_VAT_TU"] + (["MA_DICH_VU"] if row["GOI_VTYT"] else [])
            wanted += [] if row["MA_VAT_TU"] else ["MA_VAT_TU"]
        else:
            wanted = ["MA_DICH_VU", "TEN_DICH_VU"]
        for column in wanted:
            if not row[column].strip():
                yield at(f"{line.at}.{column}", column=column)


@rule(
    "G14",
    Text("{column} khác danh mục đã duyệt.", "{column} differs from the approved list."),
    AFTER_THE_LIST,
    needs=("drugs",),
)
def strength_route_form(view: View) -> Iterator[Found]:
    for line in view.drugs:
        approved = _rows(view.context.drugs, line.code, line)
        for column, field in (("HAM_LUONG", "strength"), ("DUONG_DUNG", "route"), ("DANG_BAO_CHE", "form")):
            if approved and not any(_agree(getattr(row, field), line.row[column]) for row in approved):
                yield at(f"{line.at}.{column}", column=column)


@rule(
    "G15",
    Text("SO_DANG_KY thiếu hoặc có khoảng trắng.", "SO_DANG_KY is missing or has a space."),
    Text(
        "Ghi số đăng ký như danh mục; chỉ để trống với oxy, NO, máu, thuốc thang, thuốc phóng xạ chưa đăng ký.",
        "Write the registration number as in the list; only oxygen, NO, blood, herbal packets and unregistered "
        "radiopharmaceuticals have none.",
    ),
)
def registration(view: View) -> Iterator[Found]:
    for line in view.drugs:
        text = line.row["SO_DANG_KY"]
        exempt = (
            line.code in WITHOUT_REGISTRATION
            or line.group in BLOOD
            or line.scope == "2"
            or not line.code
            or line.code.startswith(("BB.", "VM."))
            or bool(line.row["MA_PP_CHEBIEN"])
        )
        if " " in text or (not text and not exempt):
            yield at(f"{line.at}.SO_DANG_KY")
