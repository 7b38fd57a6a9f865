"""Why a FHIR XML text is refused, or cannot be written."""

from __future__ import annotations

from benhan.kernel.faults import Broken, FaultCode, Incorrect
from benhan.kernel.texts import Text

NOT_XML = FaultCode(
    "BA-2050",
    Incorrect,
    Text("Nội dung không phải XML đúng dạng: {reason}.", "The content is not well-formed XML: {reason}."),
)
HAS_DTD = FaultCode(
    "BA-2051",
    Incorrect,
    Text(
        "XML không được có DOCTYPE: FHIR không dùng DTD và thực thể. Bỏ khai báo đó.",
        "The XML must have no DOCTYPE: FHIR uses neither DTDs nor entities. Remove that declaration.",
    ),
)
NOT_OF_FHIR = FaultCode(
    "BA-2052",
    Incorrect,
    Text(
        "XML có {count} chỗ không theo định nghĩa FHIR; xem từng chỗ dưới đây.",
        "The XML departs from FHIR's definitions in {count} places, listed below.",
    ),
)
WRONG_ROOT = FaultCode(
    "BA-2053",
    Incorrect,
    Text(
        "Phần tử gốc phải là một loại tài nguyên FHIR R4 trong không gian tên http://hl7.org/fhir.",
        "The root element must be a resource type of FHIR R4 in the namespace http://hl7.org/fhir.",
    ),
)
XML_TOO_DEEP = FaultCode(
    "BA-2054",
    Incorrect,
    Text("XML lồng nhau quá sâu (quá {limit} tầng JSON).", "The XML nests too deep (over {limit} levels of JSON)."),
)
NOT_WRITABLE = FaultCode(
    "BA-2055",
    Broken,
    Text(
        "{type} có phần tử {name} mà FHIR R4 không định nghĩa nên không viết được thành XML. Hãy xin JSON.",
        "The {type} has a member {name} that FHIR R4 does not define and cannot be written as XML. Ask for JSON.",
    ),
)
