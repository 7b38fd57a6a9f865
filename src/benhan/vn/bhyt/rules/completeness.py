"""Q: what must be there. Source: QĐ 3176/QĐ-BYT, conditions of the tables; QĐ 4750's portal sheet."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.times import EXAM
from benhan.vn.bhyt.rules.values import parts
from benhan.vn.bhyt.rules.view import STAY, View

TRANSFERRED = ("2", "5")
DIED, ABSCONDED = ("5", "8"), "3"
WITH_NOTES = ("02", "03", "04", "06", "09")
BIRTH = ("O80", "O81", "O82", "O83", "O84")
STILLBORN = ("Z37.1", "Z37.4", "Z37.7")
HIV = ("B20", "B21", "B22", "B23", "B24")
TUBERCULOSIS = ("A15", "A16", "A17", "A18", "A19")
MATERNITY_REST = "dưỡng thai"


def _empty(view: View, *columns: str) -> Iterator[str]:
    return (column for column in columns if not view.one[column].strip())


@rule(
    "Q01",
    Text(
        "Ngoại trú có công khám; nội trú tối đa một.",
        "An outpatient claim has an exam line; a stay at most one exam fee.",
    ),
    Text(
        "Hồ sơ ngoại trú cần một dòng công khám; nội trú tối đa một công khám.",
        "An outpatient claim needs an exam line; an inpatient one has at most one exam fee.",
    ),
)
def exam_line(view: View) -> Iterator[Found]:
    exams = [line for line in view.of_group[EXAM] if line.price_bh]
    if view.kind in ("01", "05") and not view.of_group[EXAM]:
        yield Found("XML3", text=Text("Thiếu công khám.", "The exam line is missing."))
    elif view.kind in STAY and len(exams) > 1:
        yield Found(
            f"{exams[1].at}.MA_NHOM",
            text=Text("Nội trú có nhiều hơn một công khám.", "More than one exam fee in a stay."),
        )


@rule(
    "Q02",
    Text("Nội trú thiếu {column}.", "An inpatient claim lacks {column}."),
    Text(
        "Bổ sung lý do, giờ vào nội trú, phương pháp điều trị.",
        "Fill in the reason and time of admission, and the treatment.",
    ),
)
def admission_is_told(view: View) -> Iterator[Found]:
    if view.kind in STAY:
        for column in _empty(view, "LY_DO_VNT", "NGAY_VAO_NOI_TRU", "PP_DIEU_TRI"):
            yield at(f"XML1.{column}", column=column)


@rule(
    "Q03",
    Text("Thiếu giấy ra viện (XML7).", "The discharge paper (XML7) is missing."),
    Text("Lập giấy ra viện trước khi xuất hồ sơ.", "Make the discharge paper before exporting."),
)
def discharge_paper(view: View) -> Iterator[Found]:
    ended = view.one["KET_QUA_DTRI"] in DIED or view.one["MA_LOAI_RV"] == ABSCONDED
    if view.kind in view.policy.discharge_paper_kinds and not ended and not view.rows("XML7"):
        yield at("XML7")


@rule(
    "Q04",
    Text("Thiếu tóm tắt hồ sơ bệnh án (XML8).", "The record summary (XML8) is missing."),
    Text("Lập tóm tắt hồ sơ bệnh án cho loại KCB này.", "Make the record summary for this kind of care."),
)
def record_summary(view: View) -> Iterator[Found]:
    if view.kind in view.policy.summary_kinds and not view.rows("XML8"):
        yield at("XML8")


@rule(
    "Q05",
    Text("Chuyển cơ sở KCB nhưng thiếu {column}.", "Transferred, but {column} is missing."),
    Text(
        "Lập phiếu chuyển (XML13), ghi nơi đến và số phiếu.",
        "Make the transfer (XML13) with the destination and its number.",
    ),
)
def transfer(view: View) -> Iterator[Found]:
    if view.one["MA_LOAI_RV"] not in TRANSFERRED:
        return
    if not view.rows("XML13"):
        yield at("XML13", column="XML13")
    if not view.one["MA_NOI_DEN"]:
        yield at("XML1.MA_NOI_DEN", column="MA_NOI_DEN")
    for at_row, row in view.rows("XML13"):
        if not row["GIAY_CHUYEN_TUYEN"]:
            yield at(f"{at_row}.GIAY_CHUYEN_TUYEN", column="GIAY_CHUYEN_TUYEN")


@rule(
    "Q06",
    Text("NGAY_TAI_KHAM và giấy hẹn (XML14) không khớp.", "NGAY_TAI_KHAM and the appointment (XML14) do not agree."),
    Text(
        "Có hẹn thì có cả hai, cùng ngày; xoá hẹn thì bỏ cả hai.",
        "With an appointment both are there, of one day; without, neither.",
    ),
)
def appointment(view: View) -> Iterator[Found]:
    if view.lacks_summary:
        return
    told = set(parts(view.one["NGAY_TAI_KHAM"]))
    written = {row["NGAY_HEN_KL"][:8] for _, row in view.rows("XML14")}
    if bool(told) != bool(written) or not written <= told or (len(view.rows("XML14")) > 1 and written != told):
        yield at("XML1.NGAY_TAI_KHAM")


@rule(
    "Q07",
    Text(
        "Có diễn biến lâm sàng (XML5), không chép y nguyên.",
        "Clinical notes (XML5) are there, none copied word for word.",
    ),
    Text(
        "Ghi diễn biến từng lần thăm khám, không chép lại.", "Write a note for each visit to the patient; do not copy."
    ),
)
def notes(view: View) -> Iterator[Found]:
    rows = view.rows("XML5")
    if view.kind in WITH_NOTES and not rows:
        yield Found("XML5", text=Text("Thiếu diễn biến lâm sàng (XML5).", "Clinical notes (XML5) are missing."))
    seen: set[str] = set()
    for at_row, row in rows:
        if row["DIEN_BIEN_LS"] in seen:
            yield Found(
                f"{at_row}.DIEN_BIEN_LS",
                text=Text("Diễn biến chép y nguyên.", "The note repeats another word for word."),
            )
        seen.add(row["DIEN_BIEN_LS"])


@rule(
    "Q08",
    Text(
        "Xét nghiệm, hình ảnh có kết quả ở XML4, và ngược lại.",
        "Tests and images have results in XML4, and the other way round.",
    ),
    Text(
        "Trả kết quả (XML4) cho mỗi xét nghiệm, chẩn đoán hình ảnh ở XML3.",
        "Give a result (XML4) to each test and image in XML3.",
    ),
)
def results(view: View) -> Iterator[Found]:
    with_result = {row["MA_DICH_VU"].strip() for _, row in view.rows("XML4")}
    for group in ("1", "2"):
        for line in view.of_group[group]:
            if line.code not in with_result and not line.code.endswith("_TB"):
                yield Found(f"{line.at}.MA_DICH_VU", text=Text("Chưa có kết quả ở XML4.", "Without a result in XML4."))
    ordered = {line.for_service for line in view.services}
    for at_row, row in view.rows("XML4"):
        if row["MA_DICH_VU"].strip() not in ordered:
            yield Found(f"{at_row}.MA_DICH_VU", text=Text("Không có dịch vụ này ở XML3.", "XML3 has no such service."))


@rule(
    "Q09",
    Text(
        "Sinh con có CAN_NANG_CON và giấy chứng sinh.",
        "A birth has CAN_NANG_CON and a birth paper for each living child.",
    ),
    Text(
        "Ghi CAN_NANG_CON và lập giấy chứng sinh cho mỗi trẻ sống.",
        "Fill in CAN_NANG_CON and make a birth paper for each living child.",
    ),
)
def birth(view: View) -> Iterator[Found]:
    weights, children = parts(view.one["CAN_NANG_CON"]), view.rows("XML9")
    if view.has_diagnosis(*BIRTH) and not weights and not view.has_diagnosis(*STILLBORN):
        yield Found(
            "XML1.CAN_NANG_CON", text=Text("Đẻ nhưng thiếu cân nặng con.", "A birth without the child's weight.")
        )
    elif len(children) < len(weights) and not view.has_diagnosis(*STILLBORN):
        yield Found("XML9", text=Text("Thiếu giấy chứng sinh (XML9).", "A birth paper (XML9) is missing."))


@rule(
    "Q10",
    Text("Giấy nghỉ (XML10, XML11) khớp với giấy đã cấp.", "Papers of leave (XML10, XML11) agree with those given."),
    Text("Giấy nghỉ phải đi cùng trạng thái giấy trong HIS.", "The papers follow what the hospital gave."),
    uses=("papers",),
)
def leave_papers(view: View) -> Iterator[Found]:
    given = (view.context.papers or {}).get(view.claim.ma_lk)
    rests = MATERNITY_REST in view.one["CHAN_DOAN_RV"].casefold()
    for table, wanted in (("XML10", rests), ("XML11", False)):
        there = bool(view.rows(table))
        if not there and (wanted or (given is not None and table in given)):
            yield Found(
                table, text=Text(f"Đã cấp giấy nhưng thiếu {table}.", f"The paper was given, {table} is missing.")
            )
        elif there and given is not None and table not in given:
            yield Found(
                table, text=Text(f"Giấy đã huỷ nhưng còn {table}.", f"The paper was withdrawn, {table} is still there.")
            )
    if view.rows("XML11") and view.kind in ("03", "04"):
        yield Found(
            "XML11",
            text=Text("Nội trú dùng giấy ra viện, không dùng XML11.", "A stay has a discharge paper, not XML11."),
        )


@rule(
    "Q11",
    Text("XML6 cho HIV, XML15 cho lao, và chỉ cho họ.", "XML6 for HIV, XML15 for tuberculosis, and only for them."),
    Text(
        "XML6 cho người bệnh HIV, XML15 cho người bệnh lao; không gửi cho người khác.",
        "XML6 for HIV, XML15 for tuberculosis, for no one else.",
    ),
)
def hiv_and_tuberculosis(view: View) -> Iterator[Found]:
    for table, codes, treated in (("XML6", HIV, bool(view.drugs)), ("XML15", TUBERCULOSIS, bool(view.drugs))):
        there, has = bool(view.rows(table)), view.has_diagnosis(*codes)
        exposed = any(row["MA_LOAI_BN"] != "1" for _, row in view.rows(table)) if table == "XML6" else False
        latent = any(row["LOAI_DTRI_LAO"] == "1" for _, row in view.rows(table)) if table == "XML15" else False
        if has and treated and not there:
            yield Found(table, text=Text(f"Thiếu {table}.", f"{table} is missing."))
        elif there and not has and not exposed and not latent and not view.has_diagnosis("Z21"):
            yield Found(table, text=Text(f"{table} không hợp chẩn đoán.", f"{table} does not fit the diagnoses."))
