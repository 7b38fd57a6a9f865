"""Why an order was not written."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

WRONG_LINES = FaultCode(
    "BA-5360",
    Incorrect,
    Text(
        "{count} chỗ trong y lệnh chưa đúng. Chưa lưu gì; sửa các chỗ được đánh dấu rồi lưu lại.",
        "{count} places of the orders are not right. Nothing was saved; mend what is marked and save again.",
    ),
)
NOTHING_ORDERED = FaultCode(
    "BA-5361",
    Incorrect,
    Text(
        "Chưa có diễn biến, y lệnh mới hay y lệnh ngừng nào để lưu.",
        "There is no course, no new order and none to stop: nothing to save.",
    ),
)
WARNED = FaultCode(
    "BA-5362",
    Conflict,
    Text(
        "{count} cảnh báo cần xem. Chưa lưu gì; đổi y lệnh, hoặc ghi lý do vẫn dùng rồi lưu lại.",
        "{count} warnings to look at. Nothing was saved; change the orders, or write why you order all the same.",
    ),
)
NO_SUCH_ORDER = FaultCode(
    "BA-5363",
    NotFound,
    Text("Không có y lệnh này trong đợt điều trị này.", "There is no such order in this stay."),
)
ALREADY_ENDED = FaultCode(
    "BA-5364",
    Conflict,
    Text(
        "Y lệnh này đã ngừng hoặc đã xong. Mở lại trang để xem y lệnh nào còn hiệu lực.",
        "The order has ended already. Open the page again to see which still hold.",
    ),
)
NO_RECORD = FaultCode(
    "BA-5365",
    Conflict,
    Text(
        "Đợt điều trị này chưa có hồ sơ bệnh án đang viết, nên chưa có tờ điều trị để ghi. Mở hồ sơ trước.",
        "This stay has no record that is being written, so there is no treatment sheet. Open the record first.",
    ),
)
TOO_MANY_LINES = FaultCode(
    "BA-5366",
    Incorrect,
    Text("Nhiều nhất {most} y lệnh một lần. Lưu làm nhiều lần.", "At most {most} orders at once. Save in parts."),
)
NO_SUCH_TEMPLATE = FaultCode(
    "BA-5367", NotFound, Text("Không có mẫu y lệnh này.", "There is no such template of orders.")
)
BAD_TEMPLATE = FaultCode(
    "BA-5368",
    Incorrect,
    Text(
        "Mẫu cần tên (nhiều nhất 80 chữ) và ít nhất một y lệnh.",
        "A template needs a name (80 letters at most) and at least one order.",
    ),
)
