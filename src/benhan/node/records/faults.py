"""Why an act on a record was not done."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.texts import Text

NOT_NOW = FaultCode(
    "BA-5201",
    Conflict,
    Text(
        "Hồ sơ đang ở trạng thái chưa làm được việc này. Mở lại trang để xem việc nào làm được bây giờ.",
        "The state of the record does not allow this. Open the page again to see what it allows now.",
    ),
)
IS_CANCELLED = FaultCode(
    "BA-5202",
    Conflict,
    Text(
        "Đã huỷ, nên không sửa được nữa. Người có quyền khôi phục phải khôi phục trước.",
        "It is cancelled and takes no change. Somebody with the right to restore must restore it first.",
    ),
)
IS_NOT_CANCELLED = FaultCode(
    "BA-5203", Conflict, Text("Chưa bị huỷ, không có gì để khôi phục.", "It is not cancelled: nothing to restore.")
)
REASON_MISSING = FaultCode(
    "BA-5204",
    Incorrect,
    Text("Việc này cần lý do. Ghi lý do rồi làm lại.", "This needs a reason. Write it down and try again."),
)
NO_SUCH_RECORD = FaultCode("BA-5205", NotFound, Text("Không có hồ sơ bệnh án này.", "There is no such record."))
NO_SUCH_PAPER = FaultCode("BA-5206", NotFound, Text("Hồ sơ không có giấy tờ này.", "The record has no such paper."))
ALREADY_OPEN = FaultCode(
    "BA-5207",
    Conflict,
    Text(
        "Đợt điều trị này đã có hồ sơ bệnh án. Mở hồ sơ đó, hoặc huỷ nó trước nếu mở nhầm.",
        "This episode has a record already. Open that one, or cancel it first if it was opened by mistake.",
    ),
)
CHANGED_MEANWHILE = FaultCode(
    "BA-5208",
    Conflict,
    Text(
        "Người khác vừa thay đổi hồ sơ này. Mở lại trang, xem thay đổi đó rồi làm lại.",
        "Somebody else has just changed this record. Open the page again, look at the change, and try again.",
    ),
)
NOT_WRITTEN_NOW = FaultCode(
    "BA-5209",
    Conflict,
    Text(
        "Hồ sơ đang chờ duyệt hoặc đã lưu trữ, không ghi thêm được. Khi đang duyệt: nhờ phòng KHTH trả lại.",
        "The record is under review or archived: nothing is written on it. Under review: ask for it to be returned.",
    ),
)
IMPOSSIBLE_ANSWERS = FaultCode(
    "BA-5210",
    Incorrect,
    Text(
        "Có {count} chỗ chưa đúng, chưa lưu vào hồ sơ; bản nháp vẫn còn. Sửa từng chỗ dưới đây rồi lưu lại.",
        "{count} places are not right; nothing was saved, the draft is kept. Mend each below and save again.",
    ),
)
EDITED_MEANWHILE = FaultCode(
    "BA-5211",
    Conflict,
    Text(
        "Người khác vừa lưu phiếu này (bản {version}). Điều bạn gõ vẫn còn trong bản nháp; xem hai bản rồi lưu lại.",
        "Somebody else has just saved this paper (version {version}). What you typed is kept in your draft; compare, "
        "then save again.",
    ),
)
NOT_TO_BE_CLOSED = FaultCode(
    "BA-5212",
    Conflict,
    Text(
        "Hồ sơ còn {count} chỗ thiếu, chưa nộp được. Bổ sung theo danh sách rồi nộp lại.",
        "The record lacks {count} things and cannot be submitted. Complete what the list names, then submit again.",
    ),
)
NO_RIGHT = FaultCode(
    "BA-5213",
    Forbidden,
    Text(
        "Tài khoản này không có quyền làm việc đó. Nhờ người có quyền, hoặc xin cấp quyền.",
        "This account may not do that. Ask somebody who may, or ask for the right.",
    ),
)
ONLY_ONE = FaultCode(
    "BA-5214",
    Conflict,
    Text(
        "Hồ sơ đã có {form}, loại này chỉ có một bản. Mở bản đó để ghi tiếp.",
        "The record has a {form} already, of which there is one only. Open it and go on writing.",
    ),
)
NOT_A_RECORD_FORM = FaultCode(
    "BA-5215",
    Incorrect,
    Text(
        "{form} không phải là mẫu bệnh án. Chọn một trong 29 mẫu bệnh án.",
        "{form} is not a form of a record. Choose one of the 29.",
    ),
)
NO_SUCH_HOLD = FaultCode(
    "BA-5216",
    NotFound,
    Text(
        "Hồ sơ không bị giữ theo văn bản số này. Kiểm tra lại số văn bản.",
        "The record is under no hold by an order of this number. Check the number.",
    ),
)
IS_DESTROYED = FaultCode(
    "BA-5440",
    NotFound,
    Text(
        "Hồ sơ đã tiêu huỷ theo quyết định; chỉ còn số lưu trữ và biên bản.",
        "The record was destroyed by a decision; its storage number and the minutes are all that is left.",
    ),
)
IS_EXTERNAL = FaultCode(
    "BA-5419",
    Incorrect,
    Text(
        "Lượt điều trị này là của cơ sở khác, chỉ để đọc: không mở hồ sơ ở đây.",
        "This stay is another facility's, to be read only: no record is opened for it here.",
    ),
)
