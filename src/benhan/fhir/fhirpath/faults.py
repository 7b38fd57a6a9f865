"""Why a FHIRPath expression is refused or ends without a result. None holds the expression or what it read."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect, Unsupported
from benhan.kernel.texts import Text

TOO_LONG = FaultCode(
    "BA-2000",
    Incorrect,
    Text(
        "Biểu thức FHIRPath dài hơn {limit} ký tự; hãy viết ngắn lại.",
        "The FHIRPath expression is longer than {limit} characters; shorten it.",
    ),
)
SYNTAX = FaultCode(
    "BA-2001",
    Incorrect,
    Text(
        "Biểu thức FHIRPath sai cú pháp ở ký tự thứ {position}: {reason}.",
        "The FHIRPath expression is wrong at character {position}: {reason}.",
    ),
)
TOO_NESTED = FaultCode(
    "BA-2002",
    Incorrect,
    Text(
        "Biểu thức FHIRPath lồng nhau quá {limit} tầng.",
        "The FHIRPath expression nests deeper than {limit} levels.",
    ),
)
UNKNOWN_FUNCTION = FaultCode(
    "BA-2003",
    Incorrect,
    Text("FHIRPath không có hàm {name}().", "FHIRPath has no function {name}()."),
)
WRONG_COUNT = FaultCode(
    "BA-2004",
    Incorrect,
    Text(
        "Hàm {name}() nhận từ {low} đến {high} tham số.",
        "The function {name}() takes from {low} to {high} arguments.",
    ),
)
UNKNOWN_VARIABLE = FaultCode(
    "BA-2005",
    Incorrect,
    Text(
        "Biến %… ở ký tự thứ {position} không được định nghĩa.",
        "The variable %… at character {position} is not defined.",
    ),
)
UNKNOWN_TYPE = FaultCode(
    "BA-2006",
    Incorrect,
    Text(
        "Tên kiểu không có trong FHIR R4 lẫn FHIRPath.",
        "The type is neither one of FHIR R4 nor one of FHIRPath.",
    ),
)
NOT_ONE = FaultCode(
    "BA-2010",
    Incorrect,
    Text(
        "Biểu thức FHIRPath cần một giá trị ở chỗ có {count} ({what}).",
        "The FHIRPath expression needs one value where there are {count} ({what}).",
    ),
)
WRONG_OPERANDS = FaultCode(
    "BA-2011",
    Incorrect,
    Text(
        "{what} của FHIRPath không dùng được cho kiểu {types}.",
        "FHIRPath's {what} cannot be used on {types}.",
    ),
)
TOO_MANY_STEPS = FaultCode(
    "BA-2012",
    Incorrect,
    Text(
        "Biểu thức FHIRPath cần hơn {limit} bước; hãy viết đơn giản hơn.",
        "The FHIRPath expression takes more than {limit} steps; simplify it.",
    ),
)
TOO_LARGE = FaultCode(
    "BA-2013",
    Incorrect,
    Text(
        "Kết quả của biểu thức FHIRPath lớn hơn {limit} {what}.",
        "The result of the FHIRPath expression is larger than {limit} {what}.",
    ),
)
BAD_PATTERN = FaultCode(
    "BA-2014",
    Incorrect,
    Text(
        "Biểu thức chính quy trong FHIRPath không dùng được: {reason}.",
        "The regular expression inside FHIRPath cannot be used: {reason}.",
    ),
)
NO_SERVICE = FaultCode(
    "BA-2015",
    Unsupported,
    Text(
        "Ở đây không tính được {name}() của FHIRPath: {reason}.",
        "FHIRPath's {name}() cannot be answered here: {reason}.",
    ),
)
NO_SUCH_ELEMENT = FaultCode(
    "BA-2016",
    Incorrect,
    Text(
        "Biểu thức FHIRPath không hợp với kiểu {type}: {reason}.",
        "The FHIRPath expression does not fit the type {type}: {reason}.",
    ),
)
