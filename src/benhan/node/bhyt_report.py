"""What became of a BHYT file, for people and for machines. Names no patient; an episode is named by its MA_LK."""

from __future__ import annotations

from typing import Any

import orjson

from benhan.kernel.texts import Text
from benhan.node.bhyt_intake import Problem, Reception
from benhan.node.report_lines import issue_line, issue_told

_COUNTS = Text(
    "Hồ sơ nhập: {taken}; đã có từ trước: {repeated}; để riêng chờ sửa: {parked}.",
    "Records taken: {taken}; known before: {repeated}; parked to be mended: {parked}.",
)
_WHERE = Text(
    "Hồ sơ để riêng ở trang Thông điệp chờ xử lý: sửa rồi cho chạy lại, hoặc sửa ở phần mềm gốc rồi gửi lại cả tệp.",
    "Parked records are on the page of messages that wait: mend and run them there, or at their source and send again.",
)
_NOTHING = Text("Không hồ sơ nào được nhập.", "No record was taken.")
_MORE = Text("… còn {count} hồ sơ có chỗ cần xem.", "… {count} more records have something to look at.")


def report_text(name: str, found: Reception) -> str:
    """The report as plain text, Vietnamese."""
    lines = [name, _COUNTS.filled(taken=found.taken, repeated=found.repeated, parked=found.parked).vi]
    if not found.total:
        lines.append(_NOTHING.vi)
    if found.parked:
        lines.append(_WHERE.vi)
    lines += [issue_line("", issue) for issue in found.faults]
    for problem in found.problems:
        head = f"HOSO[{problem.number}] {problem.ma_lk}".rstrip()
        if problem.fault is not None:
            lines.append(f"✗ {head}: {problem.fault.text.vi} ({problem.fault.code})")
            lines += [issue_line(head, issue) for issue in problem.fault.issues]
        lines += [issue_line(head, issue) for issue in problem.issues]
    if found.problems_seen > len(found.problems):
        lines.append(_MORE.filled(count=found.problems_seen - len(found.problems)).vi)
    return "\n".join(lines) + "\n"


def report_json(name: str, found: Reception) -> bytes:
    """The report as JSON."""
    told = {
        "file": name,
        "facility": found.facility,
        "taken": found.taken,
        "repeated": found.repeated,
        "parked": found.parked,
        "issues": [issue_told(issue) for issue in found.faults],
        "records": [_record(problem) for problem in found.problems],
        "records_with_issues": found.problems_seen,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


def _record(problem: Problem) -> dict[str, Any]:
    fault = problem.fault
    return {
        "number": problem.number,
        "ma_lk": problem.ma_lk,
        "fault": fault.code if fault is not None else "",
        "issues": [issue_told(issue) for issue in (*(fault.issues if fault is not None else ()), *problem.issues)],
    }
