"""Why `benhan validate` does not look into a file."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

EMPTY_FILE = FaultCode(
    "BA-3700",
    Incorrect,
    Text(
        "Tệp rỗng, không có gì để kiểm tra. Xuất lại tệp từ phần mềm.",
        "The file is empty: there is nothing to check. Export it again.",
    ),
)
UNKNOWN_FILE = FaultCode(
    "BA-3701",
    Incorrect,
    Text(
        "Không nhận ra loại tệp: không phải XML BHYT, HoSoBenhAn, KSK, FHIR (JSON, NDJSON, XML) hay HL7 v2. "
        "Tệp nén thì giải nén trước; sai tệp thì chọn lại.",
        "The kind of the file is not known: no BHYT XML, HoSoBenhAn, KSK, FHIR (JSON, NDJSON, XML) nor HL7 v2. "
        "Unpack an archive first; choose again where it is the wrong file.",
    ),
)
UNREADABLE_FILE = FaultCode(
    "BA-3702",
    Incorrect,
    Text(
        "Không mở được tệp ({reason}). Kiểm tra đường dẫn và quyền đọc rồi chạy lại.",
        "The file cannot be opened ({reason}). Look at its path and permissions, then run again.",
    ),
)
BAD_INSTANT = FaultCode(
    "BA-6250",
    Incorrect,
    Text(
        "Giờ {text} không đúng dạng; ví dụ 2026-11-27T08:00+07:00, có múi giờ.",
        "{text} is no instant; give one like 2026-11-27T08:00+07:00, with its zone.",
    ),
)
NO_PORTAL = FaultCode(
    "BA-6251",
    Incorrect,
    Text(
        "Chưa đặt portal_url: ghi địa chỉ cổng theo dõi rồi chạy lại.", "portal_url is not set: set it and run again."
    ),
)
