"""What validation cannot do. Codes BA-2200 to BA-2249, BA-3090 to BA-3109."""

from __future__ import annotations

from benhan.kernel.faults import Busy, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NOT_OF_PROFILE = FaultCode(
    "BA-2200",
    Incorrect,
    Text(
        "Tài nguyên {type} có {count} lỗi so với quy tắc và hồ sơ (profile) của nó; xem từng lỗi dưới đây.",
        "The {type} has {count} errors against its rules and profiles, listed below.",
    ),
)
UNKNOWN_PROFILE = FaultCode(
    "BA-2201",
    NotFound,
    Text(
        "Không biết profile này. Nạp gói có nó bằng `benhan packages load`.",
        "This profile is not known. Load the package that has it with `benhan packages load`.",
    ),
)
BAD_PROFILE = FaultCode(
    "BA-2202",
    Incorrect,
    Text("Định nghĩa của profile không dùng được: {reason}.", "The profile's definition cannot be used: {reason}."),
)
BAD_MODE = FaultCode(
    "BA-2203",
    Incorrect,
    Text("mode phải là create, update, delete hoặc profile.", "mode must be create, update, delete or profile."),
)
BAD_POLICY = FaultCode(
    "BA-2204",
    Incorrect,
    Text(
        "Chính sách kiểm tra ở mục thứ {number} phải có dạng [máy gửi@]profile=off|observe|warn|enforce.",
        "Entry {number} of the validation policy must be [sender@]profile=off|observe|warn|enforce.",
    ),
)
BAD_PACKAGE = FaultCode(
    "BA-2210",
    Incorrect,
    Text("Không đọc được gói FHIR: {reason}.", "The FHIR package cannot be read: {reason}."),
)
PACKAGE_TOO_LARGE = FaultCode(
    "BA-2211",
    Incorrect,
    Text(
        "Gói FHIR lớn hơn giới hạn {members} tệp hoặc {bytes} byte.",
        "The FHIR package is larger than the limit of {members} files or {bytes} bytes.",
    ),
)
TOO_MANY_VALIDATIONS = FaultCode(
    "BA-3090",
    Busy,
    Text(
        "Đang có quá nhiều tài nguyên lớn chờ kiểm tra. Thử lại sau.",
        "Too many large resources are waiting to be validated. Try again later.",
    ),
)
