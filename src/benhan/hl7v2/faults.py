"""Why an HL7 v2 message is refused, in words a laboratory technician can act on."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect, Unsupported
from benhan.kernel.texts import Text

NOT_A_MESSAGE = FaultCode(
    "BA-0601",
    Incorrect,
    Text(
        "Không phải thông điệp HL7 v2: phải bắt đầu bằng MSH và dấu phân cách.",
        "Not an HL7 v2 message: it must begin with MSH and its delimiters.",
    ),
)
FRAME_TOO_LONG = FaultCode(
    "BA-0602",
    Incorrect,
    Text("Thông điệp dài quá {limit} byte.", "The message is longer than {limit} bytes."),
)
UNKNOWN_CHARSET = FaultCode(
    "BA-0603",
    Unsupported,
    Text(
        "Không biết bảng mã {charset} ghi ở MSH-18. Dùng UNICODE UTF-8.",
        "The character set {charset} in MSH-18 is not known. Use UNICODE UTF-8.",
    ),
)
WRONG_CHARSET = FaultCode(
    "BA-0604",
    Incorrect,
    Text(
        "Thông điệp không đúng bảng mã {charset} (byte thứ {position}).",
        "The message is not written in {charset} (at byte {position}).",
    ),
)
BAD_SEGMENT = FaultCode(
    "BA-0605",
    Incorrect,
    Text("Dòng thứ {number} không phải một đoạn HL7 v2.", "Line {number} is not an HL7 v2 segment."),
)
NO_CONTROL_ID = FaultCode(
    "BA-0606", Incorrect, Text("Thiếu mã thông điệp (MSH-10).", "The message control id (MSH-10) is missing.")
)
UNSUPPORTED_MESSAGE = FaultCode(
    "BA-0607",
    Unsupported,
    Text(
        "Hệ thống chưa nhận loại thông điệp {type}. Nhận: {supported}.",
        "Messages of type {type} are not taken yet. Taken: {supported}.",
    ),
)
TOO_MANY_SEGMENTS = FaultCode(
    "BA-0608", Incorrect, Text("Thông điệp có quá {limit} đoạn.", "The message has more than {limit} segments.")
)
NO_ANSWER = FaultCode(
    "BA-0610",
    Incorrect,
    Text("Nơi nhận trả lời không đúng HL7 v2.", "The receiver's answer is not HL7 v2."),
)
