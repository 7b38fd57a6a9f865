"""T: the order of times. Source: QĐ 3176/QĐ-BYT, tables 1 to 5; QĐ 4750's portal sheet; public checkers.

Whether NGAY_TH_YL may equal NGAY_YL is open: `Policy.strict_times` demands later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from benhan.kernel.texts import Text
from benhan.vn.bhyt.rules.lines import WHOLE, Line
from benhan.vn.bhyt.rules.rule import Found, at, rule, softly
from benhan.vn.bhyt.rules.values import MINUTES_A_DAY, minute, parts
from benhan.vn.bhyt.rules.view import OUTPATIENT, View

TESTS = ("1", "2", "3")
"""Groups: laboratory, imaging, functional tests."""
EXAM = "13"
ONE_AT_A_TIME = ("2", "3", "8", "18")
"""Groups of which a patient can have only one at a moment; a blood sample serves many tests of group 1."""

REAL_TIMES = Text(
    "Ghi đúng thời điểm thực tế của từng việc; không chép giờ này sang giờ kia.",
    "Record when each thing really happened; do not copy one time into another.",
)


@rule(
    "T01",
    Text(
        "Thứ tự NGAY_VAO ≤ NGAY_VAO_NOI_TRU ≤ NGAY_RA ≤ hiện tại bị sai ở {column}.",
        "NGAY_VAO ≤ NGAY_VAO_NOI_TRU ≤ NGAY_RA ≤ now is broken at {column}.",
    ),
    Text("Sửa giờ vào, vào nội trú, ra.", "Mend the times of arrival, admission and end."),
    uses=("now",),
)
def episode_in_order(view: View) -> Iterator[Found]:
    came, admitted, left = view.came, view.admitted, view.left
    if admitted is not None and ((came is not None and admitted < came) or (left is not None and admitted > left)):
        yield at("XML1.NGAY_VAO_NOI_TRU", column="NGAY_VAO_NOI_TRU")
    if left is not None and ((came is not None and left < came) or (view.now is not None and left > view.now)):
        yield at("XML1.NGAY_RA", column="NGAY_RA")


@rule(
    "T02",
    Text("NGAY_TTOAN trước NGAY_RA hoặc sau hiện tại.", "NGAY_TTOAN is before NGAY_RA or after now."),
    Text(
        "Để trống khi chưa thanh toán; ghi lại giờ thanh toán rồi gửi lại.",
        "Leave it empty until paid; then fill it in and send again.",
    ),
    uses=("now",),
)
def paid_after_the_end(view: View) -> Iterator[Found]:
    paid = minute(view.one["NGAY_TTOAN"])
    if paid is None:
        return
    if (view.left is not None and paid < view.left) or (view.now is not None and paid > view.now):
        yield at("XML1.NGAY_TTOAN")


@rule(
    "T03",
    Text("Y lệnh ngoài thời gian điều trị.", "The order is outside the episode."),
    Text("Sửa NGAY_YL trong khoảng NGAY_VAO đến NGAY_RA.", "Mend NGAY_YL to lie between NGAY_VAO and NGAY_RA."),
)
def ordered_within(view: View) -> Iterator[Found]:
    came, left = view.came, view.left
    if came is None or left is None or left < came:
        return
    for line in view.lines:
        if line.ordered is not None and not came <= line.ordered <= left:
            yield at(f"{line.at}.NGAY_YL")


def _order(earlier: int | None, later: int | None, strict: bool) -> bool:  # noqa: FBT001
    """Whether two times are in order, or one of them is not told."""
    return earlier is None or later is None or (earlier < later if strict else earlier <= later)


@rule(
    "T04",
    Text(
        "NGAY_TH_YL trước NGAY_YL, sau NGAY_RA hoặc sau hiện tại.",
        "NGAY_TH_YL is before NGAY_YL, after NGAY_RA or after now.",
    ),
    REAL_TIMES,
    uses=("now",),
)
def done_after_ordered(view: View) -> Iterator[Found]:
    for line in view.lines:
        if line.done is None:
            continue
        strict = view.policy.strict_times and line.group in (*TESTS, "8", "18")
        in_order = _order(line.ordered, line.done, strict) and _order(line.done, view.left, strict=False)
        if not in_order or not _order(line.done, view.now, strict=False):
            yield at(f"{line.at}.NGAY_TH_YL")


@rule(
    "T05",
    Text(
        "NGAY_KQ trước NGAY_TH_YL, trước NGAY_YL hoặc sau NGAY_RA.",
        "NGAY_KQ is before NGAY_TH_YL or NGAY_YL, or after NGAY_RA.",
    ),
    REAL_TIMES,
)
def result_after_done(view: View) -> Iterator[Found]:
    for line in view.services:
        if line.result is None:
            continue
        strict = view.policy.strict_times and line.group in TESTS
        before = line.done if line.done is not None else line.ordered
        if not _order(before, line.result, strict) or not _order(line.result, view.left, strict=False):
            yield at(f"{line.at}.NGAY_KQ")


def _at_once(line: Line) -> bool:
    return line.done is not None and line.ordered == line.done == line.result


@rule(
    "T06",
    Text("Y lệnh, thực hiện và kết quả trùng một phút.", "Order, execution and result are of one minute."),
    REAL_TIMES,
)
def three_times_apart(view: View) -> Iterator[Found]:
    for line in view.services:
        if _at_once(line):
            yield at(f"{line.at}.NGAY_KQ")


@rule(
    "T07",
    Text("Thời gian từ thực hiện đến kết quả không hợp lý.", "The time from execution to result is implausible."),
    REAL_TIMES,
)
def plausible_duration(view: View) -> Iterator[Found]:
    for group in TESTS:
        for line in view.of_group[group]:
            if line.result is None or line.done is None or line.result < line.done or _at_once(line):
                continue
            too_short = line.result - line.done < view.policy.shortest_test_minutes
            longest = view.policy.longest_result_days * MINUTES_A_DAY
            if too_short or (line.ordered is not None and line.result - line.ordered > longest):
                yield at(f"{line.at}.NGAY_KQ")


@rule(
    "T08",
    Text("Lượt khám ngắn dưới 5 phút.", "The visit is shorter than five minutes."),
    Text("Kiểm tra giờ vào và giờ ra.", "Check the times of arrival and end."),
)
def whole_visit(view: View) -> Iterator[Found]:
    if view.came is None or view.left is None or view.left < view.came:
        return
    length = view.left - view.came
    if length < 5:
        yield at("XML1.NGAY_RA")
    elif length < 15 and view.kind == "01":
        yield softly("XML1.NGAY_RA", Text("Lượt khám ngoại trú dưới 15 phút.", "An outpatient visit under 15 minutes."))


@rule(
    "T09",
    Text("Lượt khám (01) kéo dài hơn một ngày.", "An examination (01) lasts longer than a day."),
    Text("Đổi sang loại điều trị ngoại trú, hoặc sửa giờ ra.", "Use a kind of outpatient treatment, or mend the end."),
)
def exam_of_one_day(view: View) -> Iterator[Found]:
    if view.kind == "01" and view.came is not None and view.left is not None and view.left - view.came > MINUTES_A_DAY:
        yield at("XML1.NGAY_RA")


@rule(
    "T10",
    Text(
        "Hai dịch vụ cùng một thời điểm, cùng người bệnh hoặc cùng người thực hiện.",
        "Two services at one moment, of one patient or by one performer.",
    ),
    REAL_TIMES,
    uses=("done_elsewhere",),
)
def one_thing_at_a_time(view: View) -> Iterator[Found]:
    of_patient: dict[int, Line] = {}
    of_performer: dict[tuple[int, str], Line] = {}
    elsewhere = view.context.done_elsewhere or {}
    for line in view.services:
        if line.done is None or line.is_supply or line.group not in (*ONE_AT_A_TIME, EXAM):
            continue
        performers = parts(line.row["NGUOI_THUC_HIEN"])
        at_once = line.group != EXAM and line.done in of_patient
        shared = any((line.done, performer) in of_performer for performer in performers)
        text = line.row["NGAY_TH_YL"]
        away = any(
            other.at == text and other.ma_lk != view.claim.ma_lk
            for performer in performers
            for other in elsewhere.get(performer, ())
        )
        if at_once or shared or away:
            yield at(f"{line.at}.NGAY_TH_YL")
        if line.group != EXAM:
            of_patient[line.done] = line
        of_performer.update(((line.done, performer), line) for performer in performers)


@rule(
    "T11",
    Text("Ngoài giờ làm việc, không phải cấp cứu.", "Outside working hours, and no emergency."),
    Text("Kiểm tra giờ; nếu là trực, ghi nhận ca trực.", "Check the time; if on duty, record the shift."),
    needs=("hours",),
)
def working_hours(view: View) -> Iterator[Found]:
    if view.kind not in OUTPATIENT or view.route == "2":
        return
    for line in view.lines:
        for column in ("NGAY_YL", "NGAY_TH_YL"):
            if line.row[column] and not _is_working(view, line.row[column]):
                yield at(f"{line.at}.{column}")
    for at_row, row in view.rows("XML4"):
        if row["NGAY_KQ"] and not _is_working(view, row["NGAY_KQ"]):
            yield at(f"{at_row}.NGAY_KQ")


def _is_working(view: View, text: str) -> bool:
    hours, moment = view.context.hours, minute(text)
    if hours is None or moment is None:
        return True
    return (
        date.fromordinal(moment // MINUTES_A_DAY).weekday() in hours.weekdays and hours.begin <= text[8:] <= hours.end
    )


@rule(
    "T12",
    Text(
        "Vật tư không cùng thời gian với dịch vụ dùng nó.", "The supply's order is not within the service that uses it."
    ),
    Text(
        "Đặt NGAY_YL của vật tư trong thời gian của phẫu thuật, thủ thuật.",
        "Set the supply's NGAY_YL within the procedure's time.",
    ),
)
def supply_with_its_service(view: View) -> Iterator[Found]:
    of_code: dict[str, list[Line]] = defaultdict(list)
    supplies = [line for line in view.services if line.is_supply and line.for_service]
    if not supplies:
        return
    for line in view.services:
        if not line.is_supply:
            of_code[line.code].append(line)
    for line in supplies:
        users = of_code.get(line.for_service)
        if users and line.ordered is not None and not any(_during(line.ordered, user) for user in users):
            yield at(f"{line.at}.NGAY_YL")


def _during(moment: int, service: Line) -> bool:
    begin = service.ordered
    end = service.result if service.result is not None else service.done
    return (begin is None or moment >= begin) and (end is None or moment <= end)


@rule(
    "T13",
    Text("NGAY_KQ khác NGAY_KQ của dịch vụ ở XML3.", "NGAY_KQ differs from the service's in XML3."),
    Text("Lấy cùng một giờ trả kết quả cho XML3 và XML4.", "Use one time of the result in XML3 and XML4."),
)
def one_time_of_result(view: View) -> Iterator[Found]:
    of_code: dict[str, set[str]] = defaultdict(set)
    for line in view.services:
        if not line.is_supply and (line.result is not None or not line.row["NGAY_KQ"]):
            of_code[line.code].add(line.row["NGAY_KQ"])
    for at_row, row in view.rows("XML4"):
        times = of_code.get(row["MA_DICH_VU"].strip())
        if times and row["NGAY_KQ"] not in times and minute(row["NGAY_KQ"]) is not None:
            yield at(f"{at_row}.NGAY_KQ")


@rule(
    "T14",
    Text("Diễn biến ngoài thời gian điều trị.", "The note is outside the episode."),
    Text("Sửa THOI_DIEM_DBLS.", "Mend THOI_DIEM_DBLS."),
)
def notes_within(view: View) -> Iterator[Found]:
    for at_row, row in view.rows("XML5"):
        moment = minute(row["THOI_DIEM_DBLS"])
        if moment is not None and not (
            _order(view.came, moment, strict=False) and _order(moment, view.left, strict=False)
        ):
            yield at(f"{at_row}.THOI_DIEM_DBLS")


@rule(
    "T15",
    Text(
        "Chỉ định trước thuốc; khám chính trước khám thêm.", "Tests come before drugs, the main exam before the others."
    ),
    Text(
        "Chỉ định xét nghiệm trước thuốc; khám chính trước khám thêm.",
        "Order tests before drugs, the main exam before the others.",
    ),
)
def tests_before_drugs(view: View) -> Iterator[Found]:
    if view.kind == "01" and view.drugs:
        last_drug = max((line.ordered or 0 for line in view.drugs), default=0)
        late = Text("Chỉ định sau tất cả y lệnh thuốc.", "Ordered after all drugs.")
        for group in TESTS:
            for line in view.of_group[group]:
                if last_drug and line.ordered is not None and line.ordered > last_drug:
                    yield Found(f"{line.at}.NGAY_YL", text=late)
    exams = [line for line in view.of_group[EXAM] if line.ordered is not None]
    main = [line for line in exams if line.ratio_dv == WHOLE]
    if len(exams) > 1 and len(main) == 1 and main[0].ordered != min(line.ordered or 0 for line in exams):
        yield Found(f"{main[0].at}.NGAY_YL", text=Text("Khám chính sau khám thêm.", "The main exam is after another."))
