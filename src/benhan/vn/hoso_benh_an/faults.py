"""Why a file is not read as `HoSoBenhAn`, and what is found wrong with one."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

CLAUSE = "CV 365/TTYQG-GPQLCL, phụ lục"

NOT_HOSO = FaultCode(
    "BA-0751",
    Incorrect,
    Text("Tệp không phải HoSoBenhAn: {reason}.", "The file is not a HoSoBenhAn: {reason}."),
)

MISSING = Text("Thiếu giá trị bắt buộc; bổ sung.", "A required value is missing; add it.")
TOO_LONG = Text(
    "Dài {length} ký tự, trường này chỉ chứa {size}; rút gọn lại.",
    "{length} characters, the field holds {size}; shorten it.",
)
UNKNOWN = Text(
    "Không có trường này trong bảng trường; kiểm tra tên, nội dung được giữ riêng và không dùng.",
    "The field table has no such field; check its name. What it holds is kept apart and not used.",
)
NO_GROUP = Text("Thiếu nhóm này; nhóm rỗng vẫn phải có.", "The group is missing; an empty one must be there too.")
NO_VISIT = Text(
    "Nhóm có nội dung mà thiếu sovaovien; ghi cùng số với nhóm I.",
    "The group holds something but no sovaovien; write that of group I.",
)
OTHER_VISIT = Text(
    "sovaovien khác với nhóm I; mọi nhóm phải cùng một số.", "sovaovien differs from group I; all must be the same."
)
BAD_DATE = Text(
    "Ngày phải có dạng dd/mm/yyyy hoặc dd/mm/yyyy HH:MM:SS.mmm.",
    "A date must be dd/mm/yyyy or dd/mm/yyyy HH:MM:SS.mmm.",
)
NO_SUCH_DAY = Text("Ngày giờ này không có thật; sửa lại.", "There is no such day or time; mend it.")
OUT_OF_ORDER = Text(
    "Phải không sớm hơn {earlier}; xem lại hai ngày.", "Must not be before {earlier}; look at both dates."
)
AFTER_STAY = Text("Sau ngày ra viện; xem lại.", "After the discharge; look again.")
BEFORE_STAY = Text("Trước ngày vào viện; xem lại.", "Before the admission; look again.")
NOT_A_NUMBER = Text("Phải là số, dấu thập phân là dấu chấm.", "Must be a number with a point for its decimals.")
NOT_WHOLE = Text("Phải là số nguyên không âm.", "Must be a whole number, not negative.")
UNLIKELY = Text(
    "Ngoài khoảng có thể ({low}–{high} {unit}); xem lại số và đơn vị.",
    "Outside what can be ({low}–{high} {unit}); look at number and unit.",
)
NOT_A_FLAG = Text("Chỉ được là 0 hoặc 1.", "Must be 0 or 1.")
NOT_DIGITS = Text("Chỉ được gồm chữ số.", "Must be digits only.")
NOT_A_CITIZEN_NUMBER = Text(
    "Số định danh có 12 chữ số (CMND cũ: 9); xem lại.", "A citizen number has 12 digits (an old one 9); look again."
)
NOT_ICD = Text(
    "Không có dạng mã ICD-10 (một chữ cái, hai chữ số, có thể thêm chấm và phần sau: E11.9).",
    "Not of the form of ICD-10 (a letter, two digits, perhaps a point and more: E11.9).",
)
NOT_SNOMED = Text("Không phải mã SNOMED CT: sai chữ số kiểm tra.", "Not a SNOMED CT code: its check digit is wrong.")
NOT_IN_LIST = Text("Mã không có trong danh mục {list}; chọn mã có trong danh mục.", "The list {list} has no such code.")
DISTRICT = Text(
    "Không còn cấp huyện từ 01/07/2025; để trống.", "There are no districts since 01/07/2025; leave it empty."
)
NOT_ORDERED = Text(
    "machidinh không có ở nhóm V; kết quả phải theo một chỉ định.",
    "No order in group V has this machidinh; a result must follow an order.",
)
DOUBLED_NUMBER = Text("Số phiếu này đã có ở mục trước trong nhóm.", "An earlier entry of the group has this number.")
WRONG_COUNT = Text(
    "Không khớp với ngày vào và ngày ra ({count} ngày).", "Does not agree with the days in and out ({count} days)."
)

MISPLACED = Text(
    "Đứng sai thứ tự của bảng trường; xếp lại theo phụ lục.", "Out of the order of the table; order as the annex."
)
DOUBLED = Text(
    "Trường này chỉ có một, tệp ghi nhiều lần; chỉ dùng lần đầu.",
    "The field is there once only, the file has it again; the first one is used.",
)
NOT_PARTS = Text(
    "Trường này gồm các phần con, tệp ghi một giá trị; nội dung được giữ riêng.",
    "The field has parts, the file has one value; it is kept apart.",
)
NOT_TEXT = Text(
    "Trường này là chữ, tệp ghi các phần con; nội dung được giữ riêng.",
    "The field is text, the file has parts; they are kept apart.",
)
NUMBER_FOR_TEXT = Text(
    "Phụ lục ghi mọi giá trị là chuỗi; đặt trong dấu nháy.", "The annex writes every value as text; put it in quotes."
)
ONE_TEXT_HISTORY = Text(
    "Tiền sử ghi thành một chuỗi; đã đọc thành một dòng của danh sách.", "A history as one text; read as one entry."
)
OTHER_NAME = Text("Đã đọc như {name}, tên theo phụ lục.", "Read as {name}, its name in the annex.")
BESIDE = Text(
    "{name} đã có; nội dung này được giữ riêng và không dùng.",
    "{name} is there already; this is kept apart and not used.",
)
