"""Why there is no evidence. Codes BA-5480 to BA-5484."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, NotFound, Unsupported
from benhan.kernel.texts import Text

NO_EVIDENCE_YET = FaultCode(
    "BA-5480",
    NotFound,
    Text(
        "Tệp này chưa có bằng chứng lưu trữ: bằng chứng được lập sau nửa đêm, khi máy chủ dấu thời gian trả lời."
        " Thử lại vào ngày mai, hoặc nhờ phòng CNTT chạy benhan ledger renew.",
        "This file has no evidence record yet: it is made after midnight, once the time-stamp server answers. Try again"
        " tomorrow, or ask IT to run benhan ledger renew.",
    ),
)
NO_STRONGER_DIGEST = FaultCode(
    "BA-5481",
    Unsupported,
    Text(
        "Không còn thuật toán băm nào được tin cậy trong bảng chính sách; cập nhật benhan hoặc bảng thuật toán.",
        "The policy believes no digest any more; update benhan or the table of algorithms.",
    ),
)
