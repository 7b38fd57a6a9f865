"""What a request to /fhir got wrong."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, Unsupported
from benhan.kernel.texts import Text


class TooLarge(Incorrect):
    """Answered 413."""

    category = "incorrect"


class WrongMediaType(Incorrect):
    """Answered 415."""


class NotAcceptable(Incorrect):
    """Answered 406."""


class PreconditionFailed(Conflict):
    """Answered 412."""


BODY_TOO_LARGE = FaultCode(
    "BA-0301",
    TooLarge,
    Text("Nội dung gửi lên lớn hơn giới hạn {limit} byte.", "The body is larger than the limit of {limit} bytes."),
)
WRONG_CONTENT_TYPE = FaultCode(
    "BA-0302",
    WrongMediaType,
    Text(
        "Content-Type phải là application/fhir+json hoặc application/fhir+xml, phiên bản FHIR 4.0.",
        "Content-Type must be application/fhir+json or application/fhir+xml, FHIR version 4.0.",
    ),
)
WRONG_ACCEPT = FaultCode(
    "BA-0303",
    NotAcceptable,
    Text(
        "Chỉ trả lời bằng application/fhir+json hoặc application/fhir+xml, phiên bản FHIR 4.0.",
        "Answers come as application/fhir+json or application/fhir+xml, FHIR version 4.0.",
    ),
)
TYPE_MISMATCH = FaultCode(
    "BA-0304",
    Incorrect,
    Text(
        "resourceType trong nội dung khác với {type} ở địa chỉ.",
        "resourceType of the body is not the {type} of the address.",
    ),
)
ID_MISMATCH = FaultCode(
    "BA-0305",
    Incorrect,
    Text("id trong nội dung khác với id ở địa chỉ.", "The id of the body is not that of the address."),
)
BAD_IF_MATCH = FaultCode(
    "BA-0306", Incorrect, Text('If-Match phải có dạng W/"số".', 'If-Match must be of the form W/"number".')
)
VERSION_MISMATCH = FaultCode(
    "BA-0307",
    PreconditionFailed,
    Text(
        "Tài nguyên đã đổi từ khi bạn đọc. Đọc lại rồi sửa.",
        "The resource has changed since you read it. Read it again, then edit.",
    ),
)
NOT_A_BUNDLE = FaultCode(
    "BA-0310",
    Incorrect,
    Text("Phải gửi một Bundle kiểu batch hoặc transaction.", "Send a Bundle of type batch or transaction."),
)
BAD_ENTRY = FaultCode(
    "BA-0311",
    Incorrect,
    Text("Mục thứ {number} của Bundle sai: {reason}.", "Entry {number} of the Bundle is wrong: {reason}."),
)
TOO_MANY_ENTRIES = FaultCode(
    "BA-0312", Incorrect, Text("Bundle có quá {limit} mục.", "The Bundle has more than {limit} entries.")
)
NOT_OFFERED = FaultCode("BA-0313", Unsupported, Text("Chưa hỗ trợ: {what}.", "Not offered yet: {what}."))
BAD_ID = FaultCode("BA-0314", Incorrect, Text("id không đúng dạng.", "The id is not of the form."))
CLIENT_LEFT = FaultCode(
    "BA-0315", Incorrect, Text("Kết nối bị ngắt trước khi gửi xong.", "The connection ended before the body did.")
)
BAD_PRETTY = FaultCode("BA-2070", Incorrect, Text("_pretty phải là true hoặc false.", "_pretty must be true or false."))
WRONG_ENCODING = FaultCode(
    "BA-2071",
    WrongMediaType,
    Text("Content-Encoding phải là gzip hoặc zstd.", "Content-Encoding must be gzip or zstd."),
)
BAD_COMPRESSION = FaultCode(
    "BA-2072",
    Incorrect,
    Text(
        "Nội dung nén bị hỏng hoặc không đúng Content-Encoding.",
        "The compressed body is damaged or not what Content-Encoding says.",
    ),
)
