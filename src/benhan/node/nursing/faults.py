"""Why something of nursing was not written."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

IMPOSSIBLE_SIGNS = FaultCode(
    "BA-5370",
    Incorrect,
    Text(
        "{count} ô không thể đúng. Chưa lưu gì; sửa các ô được đánh dấu rồi lưu lại.",
        "{count} cells cannot be right. Nothing was saved; mend what is marked and save again.",
    ),
)
NOTHING_TYPED = FaultCode("BA-5371", Incorrect, Text("Chưa nhập ô nào.", "Nothing was typed."))
NO_SUCH_DOSE = FaultCode(
    "BA-5372",
    NotFound,
    Text(
        "Không có liều này, hoặc y lệnh đã ngừng. Mở lại trang để xem các liều của hôm nay.",
        "There is no such dose, or its order has ended. Open the page again to see the doses of today.",
    ),
)
TOLD_ALREADY = FaultCode(
    "BA-5373",
    Conflict,
    Text(
        "Liều này đã có người ghi. Mở lại trang để xem ai ghi và lúc nào.",
        "Somebody has told of this dose already. Open the page again to see who and when.",
    ),
)
WHY_NOT = FaultCode(
    "BA-5374",
    Incorrect,
    Text("Không dùng thuốc thì cần lý do. Ghi lý do rồi làm lại.", "A dose that is not given needs a reason."),
)
NO_SUCH_HANDOVER = FaultCode("BA-5375", NotFound, Text("Không có lần bàn giao này.", "There is no such handover."))
ACCEPTED_ALREADY = FaultCode(
    "BA-5376",
    Conflict,
    Text("Ca này đã có người nhận.", "This shift was accepted already."),
)
OWN_HANDOVER = FaultCode(
    "BA-5377",
    Conflict,
    Text("Người bàn giao không tự nhận ca của mình.", "Who hands a shift over does not accept it."),
)
