"""Why a patch is refused. Each names the operation by its number, counted from 1; none holds what the patch says."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect
from benhan.kernel.texts import Text

BAD_PATCH = FaultCode(
    "BA-2030",
    Incorrect,
    Text(
        "Bản vá không đúng dạng: {reason}. Xem RFC 6902 (JSON Patch) hoặc fhirpatch.html (FHIRPath Patch).",
        "The patch is malformed: {reason}. See RFC 6902 (JSON Patch) or fhirpatch.html (FHIRPath Patch).",
    ),
)
BAD_OPERATION = FaultCode(
    "BA-2031",
    Incorrect,
    Text(
        "Thao tác thứ {number} của bản vá không đúng dạng: {reason}.",
        "Operation {number} of the patch is malformed: {reason}.",
    ),
)
NO_SUCH_PLACE = FaultCode(
    "BA-2032",
    Incorrect,
    Text(
        "Thao tác thứ {number} của bản vá trỏ tới chỗ không có trong tài nguyên. Đọc lại tài nguyên rồi sửa đường dẫn.",
        "Operation {number} of the patch points to what the resource does not have. Read it again and mend the path.",
    ),
)
TEST_FAILED = FaultCode(
    "BA-2033",
    Conflict,
    Text(
        "Phép thử ở thao tác thứ {number} không đúng với tài nguyên hiện tại. Đọc lại tài nguyên rồi làm lại bản vá.",
        "The test in operation {number} does not hold for the resource as it is. Read it again and renew the patch.",
    ),
)
TOO_MANY_OPERATIONS = FaultCode(
    "BA-2034",
    Incorrect,
    Text("Bản vá có hơn {limit} thao tác; hãy chia nhỏ.", "The patch has more than {limit} operations; split it."),
)
OUTGROWN = FaultCode(
    "BA-2035",
    Incorrect,
    Text(
        "Thao tác thứ {number} của bản vá làm tài nguyên vượt giới hạn {limit} {what}.",
        "Operation {number} of the patch makes the resource exceed the limit of {limit} {what}.",
    ),
)
INTO_ITSELF = FaultCode(
    "BA-2036",
    Incorrect,
    Text(
        "Thao tác thứ {number} của bản vá chuyển một phần tử vào trong chính nó, hoặc xoá hay thay cả tài nguyên.",
        "Operation {number} of the patch moves an element into itself, or deletes or replaces the whole resource.",
    ),
)
NO_LONGER_A_RESOURCE = FaultCode(
    "BA-2037",
    Incorrect,
    Text(
        "Thao tác thứ {number} của bản vá thay cả tài nguyên bằng thứ không phải đối tượng JSON.",
        "Operation {number} of the patch puts what is no JSON object in the place of the resource.",
    ),
)
SEVERAL_PLACES = FaultCode(
    "BA-2038",
    Incorrect,
    Text(
        "Đường dẫn của thao tác thứ {number} tìm thấy {count} phần tử; phải đúng một. Thêm chỉ số hoặc where(…).",
        "The path of operation {number} finds {count} elements; it must find one. Add an index or where(…).",
    ),
)
PLACE_TAKEN = FaultCode(
    "BA-2039",
    Incorrect,
    Text(
        "Thao tác thứ {number} thêm vào một phần tử chỉ được có một giá trị mà nay đã có. Dùng replace.",
        "Operation {number} adds to an element that may be there once and is there already. Use replace.",
    ),
)
NO_SUCH_ELEMENT = FaultCode(
    "BA-2040",
    Incorrect,
    Text(
        "Thao tác thứ {number} nêu một phần tử mà định nghĩa không có, hoặc giá trị không thuộc kiểu của phần tử ấy.",
        "Operation {number} names an element that the definition does not have, or a value not of the element's type.",
    ),
)
BAD_INDEX = FaultCode(
    "BA-2041",
    Incorrect,
    Text(
        "Chỉ số ở thao tác thứ {number} nằm ngoài danh sách {count} phần tử.",
        "The index in operation {number} lies outside the list of {count} elements.",
    ),
)
