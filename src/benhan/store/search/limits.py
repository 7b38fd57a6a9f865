"""How much one search may read, bring along and take; each limit ends in words, none in a wrong answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from benhan.fhir.search_limits import QueryLimits
from benhan.kernel.faults import FaultCode, Incorrect, Unsupported
from benhan.kernel.texts import Text


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """The bounds of one search."""

    scanned_max: int = 20_000
    """Rows opened for one page; beyond them the page ends early and its link goes on from there."""
    sorted_max: int = 5_000
    """Matches that are put into an order that no index has."""
    linked_max: int = 1_000
    """Resources that a chain or `_has` is resolved by; where there are more, the rows are asked one by one."""
    included_max: int = 1_000
    """Resources that come along with a page."""
    include_rounds_max: int = 5
    """How often `:iterate` goes on."""
    list_max: int = 10_000
    """Entries of a List that `_list` looks at."""
    codes_max: int = 20_000
    """Codes of a value set or hierarchy."""
    batch_max: int = 1_000
    seconds_max: float = 30.0
    query: QueryLimits = field(default_factory=QueryLimits)
    """What it may ask."""


TOO_MANY_TO_SORT = FaultCode(
    "BA-2100",
    Incorrect,
    Text(
        "Có hơn {limit} kết quả nên không sắp xếp được theo {name}. Thu hẹp điều kiện, hoặc sắp theo: {offered}.",
        "There are more than {limit} matches, too many to sort by {name}. Narrow the search, or sort by: {offered}.",
    ),
)
TOTAL_TOO_COSTLY = FaultCode(
    "BA-2101",
    Incorrect,
    Text(
        "Không đếm được chính xác: phải mở hơn {limit} tài nguyên. Thu hẹp điều kiện, hoặc bỏ _total.",
        "The total cannot be told: more than {limit} resources would have to be opened. Narrow the search, or"
        " leave out _total.",
    ),
)
NO_TERMINOLOGY = FaultCode(
    "BA-2102",
    Unsupported,
    Text(
        "Máy chủ này chưa có dịch vụ thuật ngữ cho :{modifier}.",
        "This server has no terminology service for :{modifier}.",
    ),
)
UNKNOWN_VALUE_SET = FaultCode(
    "BA-2103",
    Incorrect,
    Text(
        "Không biết hoặc không khai triển được tập giá trị hay hệ mã của :{modifier}. Nạp nó trước, hoặc liệt kê mã.",
        "The value set or code system of :{modifier} is unknown or cannot be expanded. Load it first, or list"
        " the codes.",
    ),
)
TOO_MANY_CODES = FaultCode(
    "BA-2104",
    Incorrect,
    Text("Tập giá trị có hơn {limit} mã.", "The value set has more than {limit} codes."),
)
NO_SYSTEM = FaultCode(
    "BA-2105",
    Incorrect,
    Text("Với :{modifier} hãy viết hệ|mã.", "With :{modifier} write system|code."),
)
LIST_TOO_LONG = FaultCode(
    "BA-2106", Incorrect, Text("Danh sách có hơn {limit} mục.", "The List has more than {limit} entries.")
)
NOT_IN_CONTAINED = FaultCode(
    "BA-2107",
    Incorrect,
    Text(
        "_contained không đi cùng chuỗi tham chiếu, _has, _list, _sort hoặc nhiều loại.",
        "_contained does not go with chains, _has, _list, _sort or several types.",
    ),
)
TOO_LONG = FaultCode(
    "BA-2109",
    Incorrect,
    Text(
        "Câu tìm kiếm này mất hơn {limit} giây và đã bị dừng. Thu hẹp điều kiện.",
        "This search took more than {limit} seconds and was stopped. Narrow it.",
    ),
)
HIERARCHY_TOO_LARGE = FaultCode(
    "BA-3130",
    Incorrect,
    Text(
        "{name} bao gồm hơn {limit} tài nguyên. Hỏi từ một cấp hẹp hơn.",
        "{name} takes in more than {limit} resources. Ask from a narrower level.",
    ),
)
ROUNDS_CUT = Text(
    ":iterate chỉ đi {limit} vòng và còn nữa; phần còn lại hãy tìm riêng.",
    ":iterate was followed for {limit} rounds and there is more; search for the rest by itself.",
)
CUT = Text(
    "Chỉ kèm theo {limit} tài nguyên đầu; phần còn lại hãy tìm riêng.",
    "Only the first {limit} resources come along; search for the rest by itself.",
)
