"""S: services and their results. Source: QĐ 3176/QĐ-BYT, tables 3 and 4; TT 39/2018, TT 22/2023/TT-BYT (ratios)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.catalogue import licensed
from benhan.vn.bhyt.rules.lines import BEDS, Line
from benhan.vn.bhyt.rules.rule import Found, at, rule, softly
from benhan.vn.bhyt.rules.times import EXAM, TESTS
from benhan.vn.bhyt.rules.values import MINUTES_A_DAY, milli, minute, parts
from benhan.vn.bhyt.rules.view import View

PERFORMED = ("1", "2", "3", "8", "18")
SURGERY = "8"
EXAM_RATIOS = (100, 30, 30, 30, 10, 0)
FURTHER_SURGERY = (50, 80)
BED_RATIOS = (100, 50, 33, 30)


@rule(
    "S01",
    Text(
        "Thiếu {column} hoặc danh sách người thực hiện có chỗ trống.",
        "{column} is missing, or the list of performers has a gap.",
    ),
    Text("Ghi người thực hiện và giờ thực hiện của từng dịch vụ.", "Record who did each service, and when."),
)
def performed(view: View) -> Iterator[Found]:
    for group in PERFORMED:
        for line in view.of_group[group]:
            if ".K." in line.code:
                continue  # the sample went to another facility
            performers = line.row["NGUOI_THUC_HIEN"]
            if not performers or any(not each.strip() for each in parts(performers)):
                yield at(f"{line.at}.NGUOI_THUC_HIEN", column="NGUOI_THUC_HIEN")
            if not line.row["NGAY_TH_YL"]:
                yield at(f"{line.at}.NGAY_TH_YL", column="NGAY_TH_YL")


@rule(
    "S02",
    Text("Người chỉ định cũng là người thực hiện.", "Who ordered it also did it."),
    Text("Ghi đúng người thực hiện xét nghiệm, chẩn đoán.", "Record who really did the test."),
)
def orderer_and_performer(view: View) -> Iterator[Found]:
    for group in TESTS:
        for line in view.of_group[group]:
            performers = parts(line.row["NGUOI_THUC_HIEN"])
            if performers and set(performers) == {line.row["MA_BAC_SI"]}:
                yield at(f"{line.at}.NGUOI_THUC_HIEN")


@rule(
    "S03",
    Text(
        "PP_VO_CAM thiếu, sai hoặc không hợp tên dịch vụ.",
        "PP_VO_CAM is missing, wrong, or does not fit the service's name.",
    ),
    Text("1 gây mê, 2 gây tê, 3 châm tê, 4 khác.", "1 general, 2 local or regional, 3 acupuncture, 4 other."),
)
def anaesthesia(view: View) -> Iterator[Found]:
    for group in (SURGERY, "18"):
        for line in view.of_group[group]:
            method, name = line.row["PP_VO_CAM"], line.row["TEN_DICH_VU"].casefold()
            missing = group == SURGERY and not method
            if (
                missing
                or (method and method not in ("1", "2", "3", "4"))
                or ("gây tê" in name and method == "1")
                or ("gây mê" in name and method == "2")
            ):
                yield at(f"{line.at}.PP_VO_CAM")


@rule(
    "S04",
    Text("Kết quả thiếu {column}.", "The result lacks {column}."),
    Text(
        "Chẩn đoán hình ảnh cần mô tả và kết luận; xét nghiệm cần giá trị, đơn vị và giờ trả kết quả.",
        "Imaging needs description and conclusion; a test needs value, unit and the time of the result.",
    ),
)
def content_of_results(view: View) -> Iterator[Found]:
    group_of = {line.code: line.group for line in view.services if not line.is_supply}
    for at_row, row in view.rows("XML4"):
        group = group_of.get(row["MA_DICH_VU"].strip())
        if group == "2":
            yield from (at(f"{at_row}.{name}", column=name) for name in ("MO_TA", "KET_LUAN") if not row[name].strip())
        elif group == "1" and not any(row[name].strip() for name in ("GIA_TRI", "KET_LUAN", "MO_TA")):
            yield at(f"{at_row}.GIA_TRI", column="GIA_TRI")
        if row["GIA_TRI"] and not row["NGAY_KQ"]:
            yield at(f"{at_row}.NGAY_KQ", column="NGAY_KQ")
        if milli(row["GIA_TRI"]) is not None and not row["DON_VI_DO"]:
            yield softly(f"{at_row}.DON_VI_DO", Text("Giá trị số không có đơn vị.", "A number without a unit."))


@rule(
    "S05",
    Text("MA_BS_DOC_KQ không có trong danh sách hành nghề.", "MA_BS_DOC_KQ is not in the list of practitioners."),
    Text("Ghi số giấy phép hành nghề của người đọc kết quả.", "Write the licence number of who read the result."),
    needs=("staff",),
)
def reader(view: View) -> Iterator[Found]:
    for at_row, row in view.rows("XML4"):
        on = row["NGAY_KQ"][:8] or view.one["NGAY_RA"][:8]
        if any(each and not licensed(view.context.staff or {}, each, on) for each in parts(row["MA_BS_DOC_KQ"])):
            yield at(f"{at_row}.MA_BS_DOC_KQ")


@rule(
    "S06",
    Text("TYLE_TT_DV không theo thứ tự thanh toán.", "TYLE_TT_DV does not follow the order of payment."),
    Text(
        "Khám lần lượt 100, 30, 30, 30, 10, 0; phẫu thuật thêm 50 hoặc 80; giường ghép 50 hoặc 33.",
        "Exams in turn 100, 30, 30, 30, 10, 0; further surgery 50 or 80; a shared bed 50 or 33.",
    ),
)
def ratio_of_service(view: View) -> Iterator[Found]:
    for lines in _by_day(view.of_group[EXAM]):
        told = sorted((line.ratio_dv or 0 for line in lines), reverse=True)
        for line, ratio, wanted in zip(lines, told, [*EXAM_RATIOS, *[0] * len(lines)], strict=False):
            if ratio != wanted * 1000:
                yield at(f"{line.at}.TYLE_TT_DV")
    for lines in _by_day(view.of_group[SURGERY]):
        whole = [line for line in lines if line.ratio_dv == 100_000]
        allowed = [ratio * 1000 for ratio in (100, *FURTHER_SURGERY)]
        yield from (at(f"{line.at}.TYLE_TT_DV") for line in whole[1:])
        yield from (at(f"{line.at}.TYLE_TT_DV") for line in lines if line.ratio_dv not in allowed)
    for group in BEDS:
        for line in view.of_group[group]:
            if line.ratio_dv not in [ratio * 1000 for ratio in BED_RATIOS]:
                yield at(f"{line.at}.TYLE_TT_DV")


def _by_day(lines: list[Line]) -> Iterator[list[Line]]:
    if not lines:
        return
    days: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.ratio_dv is not None and line.ratio_dv <= 100_000:  # above: M13
            days[line.row["NGAY_YL"][:8]].append(line)
    yield from days.values()


@rule(
    "S07",
    Text("{column} chỉ được để trống hoặc bằng 1.", "{column} may only be empty or 1."),
    Text("Xoá giá trị, hoặc ghi 1.", "Clear it, or write 1."),
)
def flags(view: View) -> Iterator[Found]:
    for line in view.lines:
        for column in ("VET_THUONG_TP", "TAI_SU_DUNG"):
            if line.row.get(column, "") not in ("", "1"):
                yield at(f"{line.at}.{column}", column=column)


@rule(
    "S08",
    Text("Dòng vật tư không có giờ kết quả và máy.", "A supply has neither a time of result nor a machine."),
    Text("Xoá NGAY_KQ, MA_MAY ở dòng vật tư.", "Clear NGAY_KQ and MA_MAY on supply lines."),
)
def plain_supplies(view: View) -> Iterator[Found]:
    for line in view.services:
        if line.is_supply:
            for column in ("NGAY_KQ", "MA_MAY"):
                if line.row[column]:
                    yield at(f"{line.at}.{column}")


@rule(
    "S09",
    Text(
        "Thuốc cản quang và chụp có cản quang không đi cùng trong ngày.",
        "Contrast drug and contrast scan are not on the same day.",
    ),
    Text(
        "Thêm dòng còn thiếu, hoặc chọn dịch vụ không cản quang.",
        "Add what is missing, or choose the scan without contrast.",
    ),
    needs=("contrast",),
)
def contrast(view: View) -> Iterator[Found]:
    known = view.context.contrast
    assert known is not None
    drugs = [line for line in view.drugs if line.code in known.drugs]
    scans = [line for line in view.services if line.code in known.services]
    drug_days, scan_days = ({line.row["NGAY_YL"][:8] for line in lines} for lines in (drugs, scans))
    yield from (at(f"{line.at}.MA_THUOC") for line in drugs if line.row["NGAY_YL"][:8] not in scan_days)
    yield from (at(f"{line.at}.MA_DICH_VU") for line in scans if line.row["NGAY_YL"][:8] not in drug_days)


@rule(
    "S10",
    Text(
        "Dịch vụ trùng hoặc lặp lại sớm hơn {days} ngày.",
        "A service combined with another, or repeated within {days} days.",
    ),
    Text(
        "Bỏ dịch vụ trùng, hoặc ghi lý do chỉ định lại.", "Take the duplicate out, or give the reason for repeating it."
    ),
    needs=("apart",),
    uses=("earlier",),
)
def kept_apart(view: View) -> Iterator[Found]:
    done = [
        (line.code, line.ordered, line.at) for line in view.services if not line.is_supply and line.ordered is not None
    ]
    before = [
        (each.code, moment, "")
        for each in (view.context.earlier or {}).get(view.one["MA_BN"], ())
        if each.ma_lk != view.claim.ma_lk and (moment := minute(each.at)) is not None
    ]
    here = {code for code, _, _ in done}
    for pair in view.context.apart or ():
        if pair.second not in here:
            continue
        for code, moment, place in done:
            if code != pair.second or moment is None:
                continue
            for other, then, elsewhere in [*before, *done]:
                if (
                    other == pair.first
                    and then is not None
                    and elsewhere != place
                    and _too_near(then, moment, pair.days)
                ):
                    yield at(f"{place}.MA_DICH_VU", days=pair.days)
                    break


def _too_near(then: int, moment: int, days: int) -> bool:
    between = moment // MINUTES_A_DAY - then // MINUTES_A_DAY
    return 0 <= between <= days
