"""Why something sealed does not open, or a key does not work."""

from __future__ import annotations

from benhan.kernel.faults import Broken, FaultCode, Incorrect, NotFound, Unavailable
from benhan.kernel.texts import Text

DAMAGED = FaultCode(
    "BA-0501",
    Broken,
    Text(
        "Nội dung niêm phong không mở được: bị sửa, hỏng, hoặc sai khoá. Khôi phục từ bản sao lưu.",
        "Sealed content does not open: altered, damaged, or the wrong key. Restore it from a backup.",
    ),
)
WRONG_KEK = FaultCode(
    "BA-0502",
    Unavailable,
    Text(
        "Khoá bọc (KEK) hiện dùng không mở được khoá dữ liệu. Kiểm tra key_file hoặc token PKCS#11.",
        "The key-encryption key in use does not open the data keys. Check key_file or the PKCS#11 token.",
    ),
)
SHREDDED = FaultCode(
    "BA-0503",
    NotFound,
    Text("Hồ sơ này đã bị huỷ bằng cách huỷ khoá.", "This record was destroyed by destroying its key."),
)
NO_KEK = FaultCode(
    "BA-0504",
    Unavailable,
    Text(
        "Không có khoá bọc ở {path}. Chạy `benhan keys init`, hoặc chép lại tệp khoá đã cất.",
        "There is no key-encryption key at {path}. Run `benhan keys init`, or bring back the stored key file.",
    ),
)
BAD_KEK_FILE = FaultCode(
    "BA-0505",
    Incorrect,
    Text("Tệp khoá {path} hỏng hoặc không đúng dạng.", "The key file {path} is damaged or not of the form."),
)
KEK_READABLE = FaultCode(
    "BA-0506",
    Incorrect,
    Text(
        "Tệp khoá {path} cho người khác đọc được. Chạy: chmod 600 {path}",
        "Others can read the key file {path}. Run: chmod 600 {path}",
    ),
)
