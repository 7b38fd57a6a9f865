"""The sentences and clauses of structural validation."""

from __future__ import annotations

from benhan.kernel.texts import Text

UNKNOWN_TYPE = Text(
    "resourceType không phải một loại tài nguyên của FHIR R4.", "resourceType is not a resource type of FHIR R4."
)
UNKNOWN_ELEMENT = Text(
    "Không có phần tử này trong định nghĩa. Bỏ đi hoặc sửa tên.",
    "The definition has no such element. Remove it or mend its name.",
)
MISSING = Text("Thiếu phần tử bắt buộc.", "A required element is missing.")
EMPTY = Text("Đối tượng hoặc mảng rỗng; bỏ hẳn phần tử này.", "An empty object or array; leave the element out.")
NOT_A_LIST = Text("Phải là mảng JSON.", "Must be a JSON array.")
NOT_AN_OBJECT = Text("Phải là đối tượng JSON.", "Must be a JSON object.")
NOT_A_PRIMITIVE = Text("Phải là một giá trị kiểu {type}.", "Must be one value of type {type}.")
BAD_PRIMITIVE = Text("Giá trị không đúng dạng {type}.", "The value is not of the form of {type}.")
NOT_IN_BINDING = Text("Mã không nằm trong bộ mã bắt buộc.", "The code is not in the required value set.")
ONE_CHOICE = Text(
    "Chỉ được dùng một trong các kiểu của phần tử này.", "Only one of the types of this element may be used."
)
EXTENSION_VALUE = Text(
    "Phần mở rộng phải có giá trị hoặc phần mở rộng con, không cả hai.",
    "An extension has a value or extensions, not both.",
)

JSON_CLAUSE = "http://hl7.org/fhir/R4/json.html"
RESOURCE_CLAUSE = "http://hl7.org/fhir/R4/resourcelist.html"
BINDING_CLAUSE = "http://hl7.org/fhir/R4/terminologies.html#required"
CARDINALITY_CLAUSE = "http://hl7.org/fhir/R4/conformance-rules.html#cardinality"
CHOICE_CLAUSE = "http://hl7.org/fhir/R4/formats.html#choice"
EXTENSION_CLAUSE = "http://hl7.org/fhir/R4/extensibility.html#ext-1"
DATATYPES_CLAUSE = "http://hl7.org/fhir/R4/datatypes.html"
