"""What is done about an Issue of a format that has no hints of its own, by its kind; and how grave it is, in one word.

The words of the levels are those of the BHYT rules, so that one program reads the reports of every format.
"""

from __future__ import annotations

from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text

LEVELS = {
    Severity.FATAL: "block",
    Severity.ERROR: "block",
    Severity.WARNING: "warn",
    Severity.INFORMATION: "observe",
}
"""What may not be sent, what should be looked at, what is worth knowing."""
_HINTS = {
    "required": Text(
        "Bổ sung giá trị còn thiếu ở phần mềm gốc rồi xuất lại.", "Add what is missing, then export again."
    ),
    "value": Text(
        "Sửa giá trị ở chỗ này cho đúng dạng, có thật, rồi xuất lại.",
        "Mend the value at this place: its form, or that it is real; then export again.",
    ),
    "code-invalid": Text(
        "Chọn mã có trong danh mục của ngày đó; thiếu mã thì nạp danh mục mới.",
        "Choose a code that the list has on that day; where it lacks one, load the newer list.",
    ),
    "incomplete": Text(
        "Nạp danh mục đầy đủ (benhan catalogues load) để kiểm được.",
        "Load the whole list (benhan catalogues load) so that it can be checked.",
    ),
    "structure": Text(
        "Đối chiếu cấu trúc với quy định của định dạng: tên, thứ tự, số lần.",
        "Compare the structure with what the format prescribes: names, order, how often.",
    ),
    "duplicate": Text("Chỉ giữ một lần.", "Leave it there once."),
    "too-long": Text("Rút gọn hoặc chia nhỏ.", "Shorten it, or part it."),
    "business-rule": Text(
        "Đối chiếu với giá trị liên quan rồi sửa bên sai.", "Compare with what it belongs to; mend either."
    ),
    "invariant": Text("Sửa các giá trị mà quy tắc này nói tới.", "Mend the values of which this rule speaks."),
    "not-found": Text("Kiểm tra tham chiếu: thứ được nhắc tới phải có.", "See that what is referred to is there."),
    "security": Text("Bỏ phần không an toàn rồi xuất lại.", "Take out what is not safe, then export again."),
    "not-supported": Text(
        "Dùng dạng được hỗ trợ; xem docs/interfaces.", "Use a form that is supported; see docs/interfaces."
    ),
    "too-costly": Text("Chia tệp nhỏ hơn rồi kiểm lại.", "Part the file, then check again."),
}
_ANY = Text("Sửa chỗ này ở phần mềm gốc rồi xuất lại.", "Mend this place at its source, then export again.")


def hint_of(issue: Issue) -> Text:
    """What to do about an issue."""
    return _HINTS.get(issue.kind, _ANY)
