"""L: the papers (XML6 to XML15). Source: QĐ 3176/QĐ-BYT, tables 6 to 15; QĐ 4750's portal sheet; TT 18/2022/TT-BYT."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.rules.catalogue import licensed
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import birth, day, parts, whole
from benhan.vn.bhyt.rules.view import View
from benhan.vn.bhyt.tables import codes_on
from benhan.vn.identifiers import social_insurance_number
from benhan.vn.identifiers.kind import is_stored_form

MOST_MATERNITY_DAYS = 180
LONGEST_SUMMARY = 4000

XML7_NEEDS = (
    "SO_LUU_TRU", "MA_YTE", "MA_KHOA_RV", "NGAY_VAO", "NGAY_RA", "CHAN_DOAN_RV", "PP_DIEUTRI", "MA_BS", "TEN_BS",
    "NGAY_CT",
)  # fmt: skip
XML9_NEEDS = (
    "HO_TEN_NND", "NGAYSINH_NND", "SO_CCCD_NND", "NGAYCAP_CCCD_NND", "NOICAP_CCCD_NND", "NOI_CU_TRU_NND",
    "NGAY_SINH_CON",
    "GIOI_TINH_CON", "NGUOI_DO_DE", "NGAY_CT", "SO", "QUYEN_SO",
)  # fmt: skip
_AS_XML1 = (
    "HO_TEN", "NGAY_SINH", "GIOI_TINH", "MA_QUOCTICH", "MA_DANTOC", "MA_NGHE_NGHIEP", "DIA_CHI", "MA_THE_BHYT",
    "GT_THE_DEN",
    "NGAY_VAO", "NGAY_VAO_NOI_TRU", "NGAY_RA", "CHAN_DOAN_RV", "MA_BENH_CHINH", "MA_BENH_KT", "MA_BENH_YHCT",
    "MA_LOAI_RV",
    "MA_DOITUONG_KCB", "MA_CSKCB", "MA_BN", "SO_CCCD", "MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU",
)  # fmt: skip
"""Columns of a paper that repeat XML1 under the same name."""
_LISTS = ("NGAY_VAO", "NGAY_RA")
"""In XML13 these may list earlier facilities' times; XML1's is among them."""
_OTHER_NAMES = {
    "MA_CSKCB_DI": "MA_NOI_DI",
    "MA_CSKCB_DEN": "MA_NOI_DEN",
    "MA_NOI_DI": "MA_NOI_DI",
    "MA_NOI_DEN": "MA_NOI_DEN",
}

DERIVE = Text("Lấy từ XML1, không gõ lại.", "Take it from XML1, do not type it again.")


def _unlike_xml1(view: View, row: Row) -> Iterator[str]:
    """Columns of a paper whose value is not XML1's; an empty value on either side says nothing."""
    one = view.one
    for column in row:
        source = column if column in _AS_XML1 else _OTHER_NAMES.get(column)
        if source is None or not row[column] or not one[source]:
            continue
        several = column in _LISTS or column in _OTHER_NAMES
        if row[column] != one[source] and not (several and one[source] in parts(row[column])):
            yield column


@rule(
    "L01",
    Text("Giấy ra viện thiếu hoặc sai {column}.", "The discharge paper lacks {column}, or has it wrong."),
    Text(
        "Điền đủ giấy ra viện; giờ vào, giờ ra, mã người bệnh lấy từ XML1.",
        "Fill in the paper; times and patient number come from XML1.",
    ),
)
def discharge_paper(view: View) -> Iterator[Found]:
    one = view.one
    for at_row, row in view.rows("XML7"):
        yield from (at(f"{at_row}.{name}", column=name) for name in XML7_NEEDS if not row[name].strip())
        same = {"MA_YTE": "MA_BN", "NGAY_VAO": "NGAY_VAO", "NGAY_RA": "NGAY_RA"}
        for column, source in same.items():
            if row[column] and one[source] and row[column] != one[source]:
                yield at(f"{at_row}.{column}", column=column)


@rule(
    "L02",
    Text("Đình chỉ thai nghén cần {column}.", "A terminated pregnancy needs {column}."),
    Text("Ghi lý do, thời gian và tuổi thai 1–42 tuần.", "Write reason, time, and weeks from 1 to 42."),
)
def terminated_pregnancy(view: View) -> Iterator[Found]:
    for table, timed in (("XML7", True), ("XML11", False)):
        for at_row, row in view.rows(table):
            if row["MA_DINH_CHI_THAI"] != "1":
                continue
            for column in ("NGUYENNHAN_DINHCHI", *(["THOIGIAN_DINHCHI"] if timed else [])):
                if not row[column].strip():
                    yield at(f"{at_row}.{column}", column=column)
            weeks = whole(row["TUOI_THAI"])
            if weeks is None or not 1 <= weeks <= 42:
                yield at(f"{at_row}.TUOI_THAI", column="TUOI_THAI")


@rule(
    "L03",
    Text(
        "Nghỉ sau ra viện: {column} thiếu hoặc không khớp.",
        "Leave after discharge: {column} is missing or does not agree.",
    ),
    Text(
        "Ghi cả số ngày, từ ngày, đến ngày, hoặc không ghi; bắt đầu ngày ra hoặc hôm sau.",
        "Write days, from and to, or none of them; it begins on the day of discharge or the next.",
    ),
)
def leave_after_discharge(view: View) -> Iterator[Found]:
    for at_row, row in view.rows("XML7"):
        columns = ("SO_NGAY_NGHI", "NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY")
        filled = [column for column in columns if row[column]]
        if 0 < len(filled) < 3:
            yield from (at(f"{at_row}.{column}", column=column) for column in columns if column not in filled)
            continue
        begin, end = day(row["NGOAITRU_TUNGAY"]), day(row["NGOAITRU_DENNGAY"])
        if begin is None or end is None:
            continue
        days = whole(row["SO_NGAY_NGHI"])
        if end < begin or (days is not None and days != end - begin + 1):
            yield at(f"{at_row}.SO_NGAY_NGHI", column="SO_NGAY_NGHI")
        if view.left is not None and not view.left // 1440 <= begin <= view.left // 1440 + 1:
            yield at(f"{at_row}.NGOAITRU_TUNGAY", column="NGOAITRU_TUNGAY")


@rule(
    "L04",
    Text("Nghỉ dưỡng thai: {column} sai.", "Maternity rest: {column} is wrong."),
    Text(
        "Tối đa 180 ngày; số ngày khớp từ ngày, đến ngày (tính cả hai đầu hoặc không); người ký có trong danh sách.",
        "At most 180 days; they agree with from and to (counted with both ends or not); who signs is in the list.",
    ),
    uses=("staff",),
)
def maternity_rest(view: View) -> Iterator[Found]:
    known = view.context.staff
    for at_row, row in view.rows("XML10"):
        begin, end, days = day(row["TU_NGAY"]), day(row["DEN_NGAY"]), whole(row["SO_NGAY"])
        length = None if begin is None or end is None else end - begin
        if days is not None and (
            days > MOST_MATERNITY_DAYS or (length is not None and days not in (length, length + 1))
        ):
            yield at(f"{at_row}.SO_NGAY", column="SO_NGAY")
        if known and not licensed(known, row["MA_BS"], row["NGAY_CT"]):
            yield at(f"{at_row}.MA_BS", column="MA_BS")


@rule(
    "L05",
    Text("Giấy nghỉ hưởng BHXH: {column} sai.", "Sick leave: {column} is wrong."),
    Text(
        "MAU_SO là CT07 hoặc trống; MA_BHXH 10 số; từ ngày ≤ ngày ra ≤ đến ngày.",
        "MAU_SO is CT07 or empty; MA_BHXH has 10 digits; from ≤ discharge ≤ to.",
    ),
)
def sick_leave(view: View) -> Iterator[Found]:
    for at_row, row in view.rows("XML11"):
        if row["MAU_SO"] not in ("", "CT07"):
            yield at(f"{at_row}.MAU_SO", column="MAU_SO")
        if not is_stored_form(social_insurance_number, row["MA_BHXH"].strip()):
            yield at(f"{at_row}.MA_BHXH", column="MA_BHXH")
        begin, end = day(row["TU_NGAY"]), day(row["DEN_NGAY"])
        left = view.left // 1440 if view.left is not None else None
        if begin is not None and end is not None and (begin > end or (left is not None and not begin <= left <= end)):
            yield at(f"{at_row}.TU_NGAY", column="TU_NGAY")


@rule(
    "L06",
    Text("Giấy chứng sinh: {column} thiếu hoặc sai.", "Birth paper: {column} is missing or wrong."),
    Text(
        "Điền đủ người nuôi dưỡng, mã 2/3/5 số, cân nặng gam.",
        "Fill in the carer, codes of 2/3/5 digits, the weight in grams.",
    ),
    uses=("now",),
)
def birth_paper(view: View) -> Iterator[Found]:
    now = None if view.now is None else view.now // 1440
    for at_row, row in view.rows("XML9"):
        wrong = [name for name in XML9_NEEDS if not row[name].strip()]
        for column, size in (("MA_DANTOC_NND", 2), ("MA_QUOCTICH", 3), ("MAXA_CU_TRU", 5)):
            if not (row[column].isascii() and row[column].isdigit() and len(row[column]) == size):
                wrong.append(column)
        days = {
            "NGAYSINH_NND": birth(row["NGAYSINH_NND"]),
            "NGAYCAP_CCCD_NND": day(row["NGAYCAP_CCCD_NND"]),
            "NGAY_SINH_CON": day(row["NGAY_SINH_CON"][:8]),
            "NGAY_CT": day(row["NGAY_CT"]),
        }
        wrong += [name for name, value in days.items() if value is not None and now is not None and value > now]
        grams = whole(row["CAN_NANG_CON"])
        if grams is None or not 200 <= grams <= 9999:
            wrong.append("CAN_NANG_CON")
        yield from (at(f"{at_row}.{column}", column=column) for column in wrong)


@rule(
    "L07",
    Text(
        "{table}: {column} khác XML1 hoặc sai thứ tự thời gian.",
        "{table}: {column} differs from XML1, or is out of order.",
    ),
    DERIVE,
)
def transfer_and_appointment(view: View) -> Iterator[Found]:
    one = view.one
    for table in ("XML13", "XML14"):
        for at_row, row in view.rows(table):
            wrong = list(_unlike_xml1(view, row))
            if table == "XML13" and row["MA_LYDO_CT"] not in codes_on("MA_LYDO_CT", view.generation.effective_from):
                wrong.append("MA_LYDO_CT")
            if table == "XML14":
                wrong += ["NGAY_HEN_KL"] if row["NGAY_HEN_KL"] and row["NGAY_HEN_KL"][:8] < one["NGAY_RA"][:8] else []
                wrong += ["NGAY_CT"] if row["NGAY_CT"] and row["NGAY_CT"] < one["NGAY_VAO"][:8] else []
            yield from (at(f"{at_row}.{column}", table=table, column=column) for column in wrong)


@rule(
    "L08",
    Text(
        "Tóm tắt hồ sơ bệnh án: {column} thiếu hoặc khác ngày ra.",
        "Record summary: {column} is missing, or is not the day of discharge.",
    ),
    Text(
        "Ghi NGAY_CT là ngày ra viện và tóm tắt kết quả.", "Set NGAY_CT to the day of discharge and sum up the results."
    ),
)
def record_summary(view: View) -> Iterator[Found]:
    for at_row, row in view.rows("XML8"):
        if row["NGAY_CT"] and view.left is not None and row["NGAY_CT"] != view.one["NGAY_RA"][:8]:
            yield at(f"{at_row}.NGAY_CT", column="NGAY_CT")
        if not row["TOMTAT_KQ"].strip() or len(row["TOMTAT_KQ"]) > LONGEST_SUMMARY:
            yield at(f"{at_row}.TOMTAT_KQ", column="TOMTAT_KQ")


@rule(
    "L09",
    Text("{table}: {column} thiếu hoặc không khớp.", "{table}: {column} is missing or does not agree."),
    Text(
        "Lấy phần hành chính từ XML1; trẻ phơi nhiễm cần PCR; điều trị lao cần phác đồ, ngày; ARV cần đợt cấp thuốc.",
        "Take the person from XML1; an exposed child needs PCR, TB treatment a regimen and day, ARV its course.",
    ),
)
def hiv_and_tuberculosis(view: View) -> Iterator[Found]:
    for table in ("XML6", "XML15"):
        for at_row, row in view.rows(table):
            wrong = list(_unlike_xml1(view, row))
            wrong += _hiv(row) if table == "XML6" else _tuberculosis(row)
            yield from (at(f"{at_row}.{column}", table=table, column=column) for column in wrong)


def _hiv(row: Row) -> Iterator[str]:
    if "1" in parts(row["MA_TINH_TRANG_DK"]):
        yield from (name for name in ("LAN_XN_PCR", "NGAY_XN_PCR", "NGAY_KQ_XN_PCR", "MA_KQ_XN_PCR") if not row[name])
    if row["LOAI_DTRI_LAO"] not in ("", "0"):
        yield from (name for name in ("PHACDO_DTRI_LAO", "NGAYBD_DTRI_LAO") if not row[name])
    if "1" in parts(row["MA_XU_TRI"]):
        begin, end, days = (
            day(row["NGAY_BAT_DAU_XU_TRI"]),
            day(row["NGAY_KET_THUC_XU_TRI"]),
            whole(row["SO_NGAY_CAP_THUOC_ARV"]),
        )
        if begin is None:
            yield "NGAY_BAT_DAU_XU_TRI"
        if end is None or (begin is not None and end < begin):
            yield "NGAY_KET_THUC_XU_TRI"
        longest = None if begin is None or end is None else end - begin + 1
        if days is None or days < 1 or (longest is not None and days > longest):
            yield "SO_NGAY_CAP_THUOC_ARV"


def _tuberculosis(row: Row) -> Iterator[str]:
    if row["LOAI_DTRI_LAO"] not in ("", "0"):
        yield from (name for name in ("PHACDO_DTRI_LAO", "NGAYBD_DTRI_LAO") if not row[name])
    begin, end = day(row["NGAYBD_DTRI_LAO"]), day(row["NGAYKT_DTRI_LAO"])
    if begin is not None and end is not None and end < begin:
        yield "NGAYKT_DTRI_LAO"
    if row["PHANLOAI_LAO_HIV"] == "1" and not row["NGAYKD_HIV"]:
        yield "NGAYKD_HIV"
