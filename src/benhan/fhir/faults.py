"""Why a FHIR text is refused."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NOT_JSON = FaultCode(
    "BA-0201",
    Incorrect,
    Text("Nội dung không phải JSON hợp lệ: {reason}.", "The content is not valid JSON: {reason}."),
)
NOT_UTF8 = FaultCode(
    "BA-0202",
    Incorrect,
    Text("Nội dung không phải UTF-8 (byte thứ {position}).", "The content is not UTF-8 (at byte {position})."),
)
DOUBLED_NAME = FaultCode(
    "BA-0203",
    Incorrect,
    Text("Tên {name} có hai lần trong cùng một đối tượng JSON.", "The name {name} stands twice in one JSON object."),
)
NOT_A_RESOURCE = FaultCode(
    "BA-0204",
    Incorrect,
    Text("Nội dung không phải một tài nguyên FHIR: {reason}.", "The content is not a FHIR resource: {reason}."),
)
TOO_DEEP = FaultCode(
    "BA-0205",
    Incorrect,
    Text("JSON lồng nhau quá {limit} tầng.", "The JSON nests deeper than {limit} levels."),
)
TOO_LARGE = FaultCode(
    "BA-0206",
    Incorrect,
    Text("Nội dung lớn hơn giới hạn {limit} byte.", "The content is larger than the limit of {limit} bytes."),
)
INVALID = FaultCode(
    "BA-0210",
    Incorrect,
    Text(
        "Tài nguyên {type} có {count} lỗi cấu trúc; xem từng lỗi dưới đây.",
        "The {type} has {count} structural errors, listed below.",
    ),
)
BAD_QUERY = FaultCode(
    "BA-0220",
    Incorrect,
    Text(
        "Câu tìm kiếm có {count} chỗ sai; xem từng chỗ dưới đây.",
        "The search has {count} mistakes, listed below.",
    ),
)
UNKNOWN_TYPE = FaultCode(
    "BA-0221",
    NotFound,
    Text("{type} không phải một loại tài nguyên của FHIR R4.", "{type} is not a resource type of FHIR R4."),
)
BAD_SUMMARY = FaultCode(
    "BA-2060",
    Incorrect,
    Text(
        "_summary phải là một trong true, text, data, count, false, và chỉ một lần.",
        "_summary must be one of true, text, data, count, false, and stand only once.",
    ),
)
SUMMARY_AND_ELEMENTS = FaultCode(
    "BA-2061",
    Incorrect,
    Text(
        "Không dùng _summary={summary} cùng với {other}. Bỏ một trong hai.",
        "_summary={summary} does not go with {other}. Leave one of them out.",
    ),
)
UNKNOWN_ELEMENTS = FaultCode(
    "BA-2062",
    Incorrect,
    Text(
        "_elements nêu {count} phần tử mà {type} không có ở cấp đầu; xem dưới đây.",
        "_elements names {count} elements that {type} has not at its first level, listed below.",
    ),
)
COUNT_OF_A_SEARCH = FaultCode(
    "BA-2063",
    Incorrect,
    Text("_summary=count chỉ dùng khi tìm kiếm.", "_summary=count is for searches only."),
)
