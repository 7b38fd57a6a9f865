"""Why the portal refuses."""

from __future__ import annotations

from benhan.kernel.faults import Busy, Conflict, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.texts import Text

NO_SUCH_FACILITY = FaultCode(
    "BA-6210",
    NotFound,
    Text(
        "Cổng chưa có cơ sở này. Kiểm tra mã năm ký tự; thiếu thì nhờ quản trị cổng thêm.",
        "The portal does not know this facility. Check its code of five characters, or have it added.",
    ),
)
BAD_TICKET = FaultCode(
    "BA-6211",
    Forbidden,
    Text(
        "Mã ghi danh sai, đã dùng hoặc quá hạn. Vào trang của cơ sở trên cổng lấy mã mới.",
        "The enrolment code is wrong, used or out of date. Take a new one from the facility's page at the portal.",
    ),
)
NOT_NEWER = FaultCode(
    "BA-6213",
    Conflict,
    Text("Bản số liệu số {number} cũ hơn bản đã có.", "Report {number} is not newer than what is there."),
)
WRONG_CLOCK = FaultCode(
    "BA-6214",
    Incorrect,
    Text(
        "Giờ lập bản số liệu lệch giờ của cổng {minutes} phút. Chỉnh đồng hồ máy chủ bệnh viện.",
        "The report's time is {minutes} minutes from the portal's. Set the clock of the hospital's server.",
    ),
)
TOO_MANY_REPORTS = FaultCode(
    "BA-6215",
    Busy,
    Text("Gửi quá dày; sẽ nhận lại sau.", "Sent too often; it will be taken later."),
)
NOT_ONES_FACILITY = FaultCode(
    "BA-6216",
    Forbidden,
    Text("Tài khoản này không thuộc cơ sở đó.", "This account is not of that facility."),
)
NOT_THIS_STEP = FaultCode(
    "BA-6217",
    Conflict,
    Text(
        "Việc này không làm được ở bước hiện tại ({state}). Mở lại trang để xem bước tiếp theo.",
        "This cannot be done at the present step ({state}). Open the page again to see the next.",
    ),
)
CHANGED_MEANWHILE = FaultCode(
    "BA-6218",
    Conflict,
    Text(
        "Người khác vừa đổi hồ sơ công bố. Mở lại trang rồi làm lại.",
        "Somebody has changed this meanwhile. Open the page again, then do it again.",
    ),
)
NOT_FILLED = FaultCode(
    "BA-6219",
    Incorrect,
    Text("Còn thiếu hoặc sai: {what}. Điền rồi gửi lại.", "Missing or wrong: {what}. Fill it in and send it again."),
)
BAD_FILE = FaultCode(
    "BA-6220",
    Incorrect,
    Text(
        "Chỉ nhận tệp PDF, PNG hoặc JPEG không quá {limit} MB.", "Only PDF, PNG or JPEG of {limit} MB at most is taken."
    ),
)
NO_SUCH_CRITERION = FaultCode("BA-6221", NotFound, Text("Không có tiêu chí này.", "There is no such criterion."))
NO_SUCH_PAPER = FaultCode("BA-6222", NotFound, Text("Không có văn bản này.", "There is no such paper."))
NOT_READY = FaultCode(
    "BA-6223",
    Conflict,
    Text(
        "Chưa công bố được: {count} điểm bắt buộc của Thông tư 13 chưa đạt ({names}). Làm xong rồi bấm lại.",
        "Not yet to be published: {count} points of TT 13 are not met ({names}). Meet them, then do it again.",
    ),
)
BAD_LIST = FaultCode(
    "BA-6224",
    Incorrect,
    Text(
        "Danh sách không đọc được: {why}. Không dòng nào được nhập.", "The list cannot be read: {why}. Nothing is in."
    ),
)
