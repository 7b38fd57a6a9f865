"""Why a file is no health check-up file, and what is found wrong with one."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect
from benhan.kernel.texts import Text

CLAUSE = "QĐ 1551/QĐ-BYT 2026 PL01, QĐ 2062/QĐ-BYT 2026"

NOT_KSK = FaultCode(
    "BA-3560",
    Incorrect,
    Text("Tệp không phải hồ sơ khám sức khoẻ: {reason}.", "The file is no health check-up file: {reason}."),
)
SIGNED_ALREADY = FaultCode(
    "BA-3561",
    Conflict,
    Text(
        "Chỗ ký {place} đã có chữ ký hoặc không có trong tệp; tạo lại tệp chưa ký rồi ký theo thứ tự bác sĩ, cơ sở.",
        "The place {place} is signed already or not in the file; make it anew and sign in order: doctor, facility.",
    ),
)

NO_PART = Text("Thiếu phần này; bắt buộc.", "The part is missing; it must be there.")
DOUBLED_PART = Text("Phần này có nhiều lần; chỉ để một.", "The part is there more than once; leave one.")
UNKNOWN_PART = Text("Không có phần này trong quy định.", "There is no such part.")
MISSING = Text("Thiếu giá trị bắt buộc; bổ sung.", "A required value is missing; add it.")
NO_CITIZEN = Text(
    "Thiếu số định danh; trẻ dưới 6 tuổi chưa có thì ghi SO_CCCD_NGH của người giám hộ.",
    "The citizen number is missing; for a child under 6 without one write the guardian's (SO_CCCD_NGH).",
)
NO_GUARDIAN = Text("Người dưới 18 tuổi phải có người giám hộ.", "Who is under 18 must have a guardian.")
TOO_LONG = Text(
    "Dài {length} ký tự, trường này chỉ chứa {size}; rút gọn lại.",
    "{length} characters, the field holds {size}; shorten it.",
)
UNKNOWN = Text("Không có trường này trong bảng trường; kiểm tra tên.", "There is no such field; check its name.")
NOT_UPPER = Text("Họ tên phải viết hoa có dấu như trên căn cước.", "The name must be in capitals with its accents.")
BAD_MINUTE = Text("Phải có dạng yyyymmddHHMM và có thật.", "Must be a real time of the form yyyymmddHHMM.")
BAD_DAY = Text("Phải có dạng yyyymmdd và có thật.", "Must be a real day of the form yyyymmdd.")
BAD_BIRTH = Text(
    "Ngày sinh phải có dạng yyyymmddHHMM (chưa rõ ghi 0) hoặc YYYY-MM-DD.",
    "A birth date must be yyyymmddHHMM (zeros where unknown) or YYYY-MM-DD.",
)
BAD_CITIZEN = Text("Số định danh có 12 chữ số.", "A citizen number has 12 digits.")
BAD_GLN = Text("Phải là mã GLN 13 chữ số, đúng chữ số kiểm tra.", "Must be a GLN of 13 digits with its check digit.")
NOT_A_NUMBER = Text("Phải là số, dấu thập phân là dấu chấm.", "Must be a number with a point for its decimals.")
NOT_DIGITS = Text("Phải gồm đúng {count} chữ số.", "Must be exactly {count} digits.")
NOT_IN_LIST = Text("Mã không có trong danh mục {list}.", "The list {list} has no such code.")
NOT_ICD = Text("Không có dạng mã ICD-10.", "Not of the form of ICD-10.")
OUT_OF_ORDER = Text("Không được trước {earlier}.", "Must not be before {earlier}.")
OTHER_GROUP = Text("Không khớp với tuổi: phải là {group}.", "Does not agree with the age: must be {group}.")
OTHER_FACILITY = Text("Khác với MACSKCB của tệp.", "Differs from the file's MACSKCB.")
