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
BARE_NULL = Text(
    "null chỉ được đứng ở chỗ mà mảng kia (có hoặc không có dấu _) có giá trị.",
    "null may stand only where the array beside it (with or without _) has something.",
)
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

RULE = Text("Quy tắc {key} không được thoả: {human}", "The rule {key} is not met: {human}")
RULE_UNKNOWN = Text("Không tính được quy tắc {key} ({reason}).", "The rule {key} could not be evaluated ({reason}).")
TOO_FEW = Text("Phải có ít nhất {min} {name}, mới có {count}.", "At least {min} {name} must be there, found {count}.")
TOO_MANY = Text(
    "Chỉ được có nhiều nhất {max} {name}, đang có {count}.", "At most {max} {name} may be there, found {count}."
)
WRONG_TYPE = Text(
    "Kiểu {type} không được phép ở đây; được phép: {valid}.", "The type {type} is not allowed here; allowed: {valid}."
)
NOT_FIXED = Text(
    "Giá trị phải đúng như giá trị cố định trong profile.", "The value must be exactly the one the profile fixes."
)
NOT_PATTERN = Text(
    "Giá trị không chứa mẫu mà profile đòi hỏi.", "The value does not hold the pattern that the profile asks for."
)
TOO_LONG = Text("Dài hơn {limit} ký tự.", "Longer than {limit} characters.")
OUT_OF_RANGE = Text("Giá trị nằm ngoài khoảng cho phép.", "The value is outside of the allowed range.")
NO_CODE = Text("Phải có một mã trong bộ mã {set}.", "A code of the value set {set} must be there.")
OUTSIDE_REQUIRED = Text("Không mã nào nằm trong bộ mã bắt buộc {set}.", "No code is in the required value set {set}.")
OUTSIDE_EXTENSIBLE = Text(
    "Không mã nào nằm trong bộ mã {set}; chỉ dùng mã khác khi bộ mã không có khái niệm ấy.",
    "No code is in the value set {set}; another may be used only where the set lacks the concept.",
)
OUTSIDE_PREFERRED = Text("Nên dùng mã trong bộ mã {set}.", "A code of the value set {set} is preferred.")
SET_UNKNOWN = Text(
    "Chưa kiểm tra được mã: chưa nạp bộ mã {set} hoặc hệ thống mã của nó.",
    "The code was not checked: the value set {set}, or a system it takes from, is not loaded.",
)
WRONG_TARGET = Text("Không được trỏ tới {type}; được phép: {valid}.", "May not refer to {type}; allowed: {valid}.")
NO_TARGET = Text("Không tìm thấy tài nguyên được trỏ tới.", "The resource that is referred to is not there.")
TARGET_NOT_OF_PROFILE = Text(
    "Tài nguyên được trỏ tới không theo profile nào trong số {valid}.",
    "The resource referred to follows none of {valid}.",
)
NOT_CONTAINED = Text("Phải trỏ tới tài nguyên nằm trong ({modes}).", "The reference must be {modes}.")
UNKNOWN_EXTENSION = Text(
    "Không biết định nghĩa của phần mở rộng này.", "The definition of this extension is not known."
)
UNKNOWN_MODIFIER = Text(
    "Không biết định nghĩa của phần mở rộng đổi nghĩa này; người đọc có thể hiểu sai.",
    "The definition of this modifier extension is not known; who reads it may be misled.",
)
MODIFIER_MISPLACED = Text(
    "Phần mở rộng này {wanted} phần mở rộng đổi nghĩa (modifierExtension).",
    "By its definition this {wanted} a modifier extension.",
)
WRONG_CONTEXT = Text(
    "Phần mở rộng này không được dùng ở đây; được dùng ở: {valid}.",
    "This extension may not stand here; it may stand at: {valid}.",
)
NOT_IN_SLICE = Text(
    "Không thuộc nhóm (slice) nào của profile, mà danh sách này đã đóng.",
    "Belongs to no slice of the profile, and the list is closed.",
)
NOT_AT_END = Text(
    "Phần tử ngoài các nhóm phải đứng cuối danh sách.", "What belongs to no slice must stand at the end of the list."
)
WRONG_ORDER = Text(
    "Các nhóm (slice) phải theo thứ tự của profile.", "The slices must stand in the order of the profile."
)
SLICE_UNDECIDED = Text(
    "Profile không cho biết cách nhận ra nhóm {name}.", "The profile does not say how to tell the slice {name}."
)
MUST_SUPPORT = Text(
    "Profile yêu cầu hỗ trợ phần tử này (mustSupport); ở đây không có.",
    "The profile marks this element mustSupport; it is not there.",
)
NOT_OF_TYPE = Text("Profile này dành cho {wanted}, không phải {type}.", "The profile is for {wanted}, not {type}.")
NOT_OF_PROFILE = Text("Không theo profile nào trong số: {valid}.", "Follows none of the profiles: {valid}.")
PROFILE_UNKNOWN = Text(
    "Không biết profile {url}; chưa kiểm tra theo nó.", "The profile {url} is not known; it was not checked."
)
PROFILE_BROKEN = Text(
    "Định nghĩa của profile {url} không dùng được: {reason}.",
    "The definition of the profile {url} cannot be used: {reason}.",
)
DOUBLED_ID = Text("Hai tài nguyên con có cùng id.", "Two contained resources have the same id.")
FULL_URL_FORM = Text(
    "fullUrl phải là địa chỉ tuyệt đối, urn:uuid hoặc urn:oid.",
    "fullUrl must be an absolute address, urn:uuid or urn:oid.",
)
FULL_URL_ID = Text("fullUrl không khớp với id của tài nguyên.", "fullUrl does not agree with the id of the resource.")
FULL_URL_MISSING = Text(
    "Mục này cần fullUrl để mục khác trỏ tới.", "The entry needs a fullUrl so that others can refer to it."
)
NOT_IN_BUNDLE = Text("Tài nguyên được trỏ tới không có trong Bundle.", "The resource referred to is not in the Bundle.")
NOT_REACHED = Text(
    "Không được trỏ tới từ mục đầu của tài liệu.", "Nothing leads to it from the first entry of the document."
)
UNKNOWN_LINK_ID = Text("Bảng hỏi không có câu nào mang linkId này.", "The questionnaire has no item of this linkId.")
LINK_ID_MISPLACED = Text(
    "Câu này không nằm dưới câu cha của nó trong bảng hỏi.",
    "The item does not stand under its parent of the questionnaire.",
)
ANSWER_MISSING = Text("Thiếu câu trả lời bắt buộc cho {link}.", "The required answer to {link} is missing.")
NOT_REPEATED = Text("Câu này chỉ được trả lời một lần.", "This item may be answered once only.")
WRONG_ANSWER = Text("Câu trả lời phải có kiểu {type}.", "The answer must be of type {type}.")
NOT_AN_OPTION = Text("Câu trả lời không nằm trong các lựa chọn.", "The answer is not among the options.")
NO_ANSWERS_HERE = Text("Nhóm và dòng hiển thị không có câu trả lời.", "Groups and display items have no answers.")
NOT_ENABLED = Text(
    "Câu này không được hỏi với các câu trả lời hiện có (enableWhen).",
    "The item is not enabled by the other answers (enableWhen).",
)
QUESTIONNAIRE_UNKNOWN = Text(
    "Không biết bảng hỏi; chưa kiểm tra theo nó.",
    "The questionnaire is not known; the answers were not held against it.",
)
LINK_ID_TWICE = Text("linkId này có hai lần.", "This linkId stands twice.")
LINK_ID_NOWHERE = Text("enableWhen hỏi một linkId không có.", "enableWhen asks for a linkId that is not there.")

PROFILE_CLAUSE = "http://hl7.org/fhir/R4/profiling.html"
SLICING_CLAUSE = "http://hl7.org/fhir/R4/profiling.html#slicing"
REFERENCE_CLAUSE = "http://hl7.org/fhir/R4/references.html"
EXTENSIONS_CLAUSE = "http://hl7.org/fhir/R4/extensibility.html"
STRENGTH_CLAUSE = "http://hl7.org/fhir/R4/terminologies.html#strength"
CONTAINED_CLAUSE = "http://hl7.org/fhir/R4/references.html#contained"
BUNDLE_CLAUSE = "http://hl7.org/fhir/R4/bundle.html"
QUESTIONNAIRE_CLAUSE = "http://hl7.org/fhir/R4/questionnaire.html"
RESPONSE_CLAUSE = "http://hl7.org/fhir/R4/questionnaireresponse.html"
MUST_SUPPORT_CLAUSE = "http://hl7.org/fhir/R4/conformance-rules.html#mustSupport"
RULES_CLAUSE = "http://hl7.org/fhir/R4/conformance-rules.html#constraints"

ALL_WELL = Text("Không thấy lỗi nào.", "No fault was found.")
