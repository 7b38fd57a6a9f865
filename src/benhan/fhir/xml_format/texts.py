"""The sentences and clauses of reading FHIR XML."""

from __future__ import annotations

from benhan.kernel.texts import Text

UNKNOWN_ELEMENT = Text(
    "Không có phần tử này trong định nghĩa. Bỏ đi, sửa tên hoặc không gian tên.",
    "The definition has no such element. Remove it, or mend its name or namespace.",
)
UNKNOWN_ATTRIBUTE = Text(
    "Không có thuộc tính này ở đây. Giá trị nằm ở value, mã ở id, địa chỉ phần mở rộng ở url.",
    "There is no such attribute here. A value stands in value, an id in id, an extension's address in url.",
)
STRAY_TEXT = Text(
    "Có chữ ngoài thuộc tính value. Trong XML của FHIR giá trị nằm ở thuộc tính value.",
    "There is text outside of attributes. In FHIR's XML a value stands in the attribute value.",
)
TWICE = Text("Phần tử này chỉ được có một lần.", "This element may stand only once.")
OUT_OF_ORDER = Text(
    "Phần tử đứng sai thứ tự. XML của FHIR theo đúng thứ tự của định nghĩa.",
    "The element is out of order. FHIR's XML follows the order of the definition.",
)
NO_VALUE = Text(
    "Phần tử không có value và không có phần mở rộng. Bỏ đi hoặc thêm giá trị.",
    "The element has neither a value nor an extension. Remove it or give it one.",
)
ONE_RESOURCE = Text("Ở đây phải có đúng một tài nguyên.", "Exactly one resource must stand here.")
PREFIXED = Text(
    "Trong div không được dùng tiền tố không gian tên. Dùng xmlns mặc định.",
    "Inside the div no namespace prefixes may be used. Use the default xmlns.",
)

XML_CLAUSE = "http://hl7.org/fhir/R4/xml.html"
NARRATIVE_CLAUSE = "http://hl7.org/fhir/R4/narrative.html"
