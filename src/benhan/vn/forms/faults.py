"""Why a form cannot be used."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

FORM_WRONG = FaultCode(
    "BA-3350",
    Incorrect,
    Text(
        "Tệp biểu mẫu {file} có {count} chỗ sai, chỗ đầu ở {place}: {reason} Sửa tệp rồi nạp lại.",
        "The form file {file} is wrong in {count} places, the first at {place}: {reason} Mend it and load it again.",
    ),
)
SAME_FORM = FaultCode(
    "BA-3352",
    Incorrect,
    Text(
        "Hai tệp {one} và {other} cùng là biểu mẫu {form}. Đổi effective_from hay variant của một tệp.",
        "The files {one} and {other} are both form {form}. Change effective_from or variant of one of them.",
    ),
)
NO_PICTURE = FaultCode(
    "BA-3357",
    Incorrect,
    Text(
        "Hình trong biểu mẫu phải là tệp PNG hay JPEG. Chọn tệp khác.",
        "A picture in a form must be a PNG or JPEG file. Choose another file.",
    ),
)
NO_FORM = FaultCode(
    "BA-3351",
    NotFound,
    Text(
        "Không có biểu mẫu {form} dùng được cho ngày {day}. Xem danh mục biểu mẫu rồi chọn lại.",
        "No form {form} is in force on {day}. Look at the catalogue of forms and choose again.",
    ),
)
