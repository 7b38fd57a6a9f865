"""What a request to /fhir got wrong."""

from __future__ import annotations

from benhan.kernel.faults import Busy, Conflict, FaultCode, Incorrect, NotFound, Unsupported
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
EMPTY_CONDITION = FaultCode(
    "BA-2151",
    Incorrect,
    Text(
        "Điều kiện phải nêu ít nhất một tham số tìm kiếm, và không nêu tham số về cách trả lời ({name}).",
        "A condition must name at least one search parameter, and none about how to answer ({name}).",
    ),
)
MANY_MATCHES = FaultCode(
    "BA-2152",
    PreconditionFailed,
    Text(
        "Điều kiện khớp với nhiều hơn một {type}. Nêu điều kiện hẹp hơn; không có gì được ghi.",
        "The condition matches more than one {type}. Narrow it; nothing was written.",
    ),
)
NO_MATCH = FaultCode(
    "BA-2153",
    NotFound,
    Text("Điều kiện không khớp với {type} nào.", "The condition matches no {type}."),
)
CONDITION_MOVED = FaultCode(
    "BA-2154",
    Busy,
    Text(
        "Kết quả của điều kiện đổi liên tục trong lúc ghi. Không có gì được ghi; thử lại sau.",
        "What the condition finds kept changing while it was to be written. Nothing was written; try again.",
    ),
)
OTHER_ID = FaultCode(
    "BA-2155",
    Incorrect,
    Text(
        "Điều kiện khớp với một {type} có id khác id trong nội dung. Bỏ id, hoặc sửa điều kiện.",
        "The condition matches a {type} of another id than the body's. Leave the id out, or mend the condition.",
    ),
)
BAD_IF_NONE_MATCH = FaultCode(
    "BA-2156",
    Incorrect,
    Text("If-None-Match khi ghi phải là *.", "If-None-Match of a write must be *."),
)
BAD_INSTANT = FaultCode(
    "BA-2157",
    Incorrect,
    Text("{name} không phải một thời điểm đúng dạng.", "{name} is not a point in time of the right form."),
)
WRONG_PATCH_TYPE = FaultCode(
    "BA-2158",
    WrongMediaType,
    Text(
        "Content-Type của bản vá phải là application/json-patch+json, hoặc application/fhir+json với một Parameters.",
        "The Content-Type of a patch must be application/json-patch+json, or application/fhir+json with Parameters.",
    ),
)
PATCH_CHANGES_IDENTITY = FaultCode(
    "BA-2159",
    Incorrect,
    Text(
        "Bản vá không được đổi resourceType hay id.",
        "A patch must change neither resourceType nor id.",
    ),
)
TOO_CONTESTED = FaultCode(
    "BA-2160",
    Busy,
    Text(
        "Tài nguyên bị ghi liên tục bởi nơi khác. Không có gì được ghi; thử lại sau.",
        "The resource is being written by others all the time. Nothing was written; try again.",
    ),
)
TOO_MANY_TO_DELETE = FaultCode(
    "BA-2161",
    PreconditionFailed,
    Text(
        "Điều kiện khớp với hơn {limit} {type}, nhiều hơn số được xoá một lần. Thu hẹp, hoặc nêu _count. "
        "Không có gì bị xoá.",
        "The condition matches more than {limit} {type}, more than may be deleted at once. Narrow it, or say _count. "
        "Nothing was deleted.",
    ),
)
BAD_HISTORY_PARAMETER = FaultCode(
    "BA-2162",
    Incorrect,
    Text(
        "Lịch sử không nhận tham số {name} hoặc giá trị của nó sai. Nhận: _count, _since, _at.",
        "A history does not take the parameter {name}, or its value is wrong. It takes: _count, _since, _at.",
    ),
)
REFERENCE_UNRESOLVED = FaultCode(
    "BA-2163",
    PreconditionFailed,
    Text(
        "Mục thứ {number}: tham chiếu có điều kiện tới {type} khớp {found}; phải khớp đúng một.",
        "Entry {number}: a conditional reference to {type} matches {found}; it must match exactly one.",
    ),
)
SAME_TWICE = FaultCode(
    "BA-2164",
    Incorrect,
    Text(
        "Mục thứ {number} và mục thứ {other} nói về cùng một tài nguyên. Gộp lại thành một.",
        "Entries {number} and {other} are about the same resource. Make them one.",
    ),
)
BATCH_REFERENCE = FaultCode(
    "BA-2165",
    Incorrect,
    Text(
        "Mục thứ {number} tham chiếu tới mục khác của batch. Dùng transaction.",
        "Entry {number} refers to another entry of the batch. Send a transaction.",
    ),
)
LOST_REFERENCE = FaultCode(
    "BA-2166",
    Incorrect,
    Text(
        "Mục thứ {number} tham chiếu tới một urn mà không mục nào mang trong fullUrl.",
        "Entry {number} refers to a urn that no entry bears as its fullUrl.",
    ),
)
NO_COMPARTMENT = FaultCode(
    "BA-2167",
    NotFound,
    Text(
        "Không có ngăn dữ liệu nào như vậy, hoặc loại này không thuộc ngăn ấy. Các ngăn có: {valid}.",
        "There is no such compartment, or the type does not belong to it. There are: {valid}.",
    ),
)
AT_ENTRY = Text("Lỗi ở mục thứ {number} của Bundle.", "The fault is in entry {number} of the Bundle.")
