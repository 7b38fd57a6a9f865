"""Why a synthetic country is not made. Codes BA-3500 to BA-3549."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text

FOLDER_IN_USE = FaultCode(
    "BA-3500",
    Conflict,
    Text(
        "Thư mục {folder} đã có. Chọn tên khác, hoặc thêm --force để thay đất nước tổng hợp cũ.",
        "The folder {folder} exists. Choose another, or add --force to replace the synthetic country in it.",
    ),
)
NOT_A_COUNTRY = FaultCode(
    "BA-3501",
    Conflict,
    Text(
        "Thư mục {folder} không phải do lệnh này tạo ra nên không bị thay, kể cả với --force. Chọn tên khác.",
        "The folder {folder} was not made by this command and is not replaced, even with --force. Choose another.",
    ),
)
WRONG_DAYS = FaultCode(
    "BA-3502",
    Incorrect,
    Text(
        "Ngày đầu {first} phải không sau ngày cuối {last}, và cách nhau không quá {days} ngày.",
        "The first day {first} must not be after the last one {last}, and they may be {days} days apart at most.",
    ),
)
NOT_WRITTEN = FaultCode(
    "BA-3503",
    Unavailable,
    Text(
        "Không ghi được vào {folder} ({reason}). Kiểm tra chỗ trống và quyền ghi.",
        "The country cannot be written to {folder} ({reason}). Check space and permissions.",
    ),
)
UNKNOWN_FORMAT = FaultCode(
    "BA-3504",
    Incorrect,
    Text("Không có dạng {format}. Có: {valid}.", "There is no format {format}. There are: {valid}."),
)
