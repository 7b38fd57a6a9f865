"""Why a question of terminology is not answered."""

from __future__ import annotations

from benhan.kernel.faults import Busy, FaultCode, Incorrect, NotFound, Unsupported
from benhan.kernel.texts import Text

NO_CODE_SYSTEM = FaultCode(
    "BA-2250",
    NotFound,
    Text(
        "Ở đây không có hệ mã {url}. Nạp nó: POST CodeSystem, hoặc lệnh benhan terminology load.",
        "The code system {url} is not known here. Load it: POST a CodeSystem, or benhan terminology load.",
    ),
)
NO_VALUE_SET = FaultCode(
    "BA-2251",
    NotFound,
    Text("Ở đây không có ValueSet {url}. Nạp nó rồi hỏi lại.", "The ValueSet {url} is not known here. Load it first."),
)
NO_CONCEPT_MAP = FaultCode(
    "BA-2252",
    NotFound,
    Text(
        "Ở đây không có ConceptMap cho câu hỏi này. Nạp nó rồi hỏi lại.",
        "No ConceptMap for this question is known here. Load it first.",
    ),
)
NO_CODE = FaultCode(
    "BA-2253",
    NotFound,
    Text("Hệ mã {url} không có mã này.", "The code system {url} has no such code."),
)
BAD_COMPOSE = FaultCode(
    "BA-2254",
    Incorrect,
    Text("ValueSet không dùng được: {reason}.", "The ValueSet cannot be used: {reason}."),
)
VALUE_SET_CYCLE = FaultCode(
    "BA-2255",
    Incorrect,
    Text(
        "ValueSet {url} gọi lại chính nó qua các ValueSet khác. Bỏ vòng lặp.",
        "The ValueSet {url} imports itself through others. Break the cycle.",
    ),
)
TOO_COSTLY = FaultCode(
    "BA-2256",
    Incorrect,
    Text(
        "Tập mã có hơn {limit} mã. Hỏi từng trang bằng count và offset, hoặc thu hẹp bằng filter.",
        "There are more than {limit} codes. Ask page by page with count and offset, or narrow it with filter.",
    ),
)
NOT_ENUMERABLE = FaultCode(
    "BA-2257",
    Unsupported,
    Text(
        "Không liệt kê được các mã của {url}: mã được viết theo quy tắc, không theo danh sách.",
        "The codes of {url} cannot be listed: they are written by a grammar, not taken from a list.",
    ),
)
BAD_FILTER = FaultCode(
    "BA-2258",
    Incorrect,
    Text(
        "Bộ lọc {property} {op} của ValueSet không hợp lệ. Phép lọc có: {valid}.",
        "The ValueSet's filter {property} {op} is not valid. Operators: {valid}.",
    ),
)
BAD_REGEX = FaultCode(
    "BA-2259",
    Incorrect,
    Text(
        "Biểu thức chính quy của bộ lọc sai, quá dài hoặc có tham chiếu ngược.",
        "The filter's regular expression is wrong, too long, or has back references.",
    ),
)
BEING_LOADED = FaultCode(
    "BA-2263",
    Busy,
    Text(
        "Hệ mã {url} đang được nạp. Hỏi lại sau ít giây.",
        "The code system {url} is being loaded. Ask again in a few seconds.",
    ),
)
BAD_LIST = FaultCode(
    "BA-2264",
    Incorrect,
    Text("Danh mục sai ở dòng {line}: {reason}.", "The list is wrong at line {line}: {reason}."),
)
BAD_CODE_SYSTEM = FaultCode(
    "BA-2265",
    Incorrect,
    Text("CodeSystem không dùng được: {reason}.", "The CodeSystem cannot be used: {reason}."),
)
OTHER_VERSION = FaultCode(
    "BA-3952",
    Incorrect,
    Text(
        "Tập mã dùng phiên bản {used} của hệ mã {url}, không phải {demanded} như check-system-version đòi.",
        "The value set uses version {used} of the code system {url}, not {demanded} as check-system-version demands.",
    ),
)
