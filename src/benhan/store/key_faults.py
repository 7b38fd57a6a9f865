"""Why something sealed does not open, or a key does not work."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Conflict, FaultCode, Incorrect, NotFound, Unavailable
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
TOKEN_AWAY = FaultCode(
    "BA-0507",
    Unavailable,
    Text(
        "Token PKCS#11 không dùng được ({reason}). Kiểm tra thiết bị, pkcs11_token, mã PIN (sai nhiều lần sẽ bị khoá).",
        "The PKCS#11 token cannot be used ({reason}). Check the device, pkcs11_token and the PIN; wrong PINs lock it.",
    ),
)
KEK_EXISTS = FaultCode(
    "BA-0508",
    Conflict,
    Text(
        "Đã có khoá bọc ở {place}; không ghi đè. Muốn thay khoá, dùng `benhan keys rotate`.",
        "A key-encryption key is already at {place}; it is not overwritten. To replace it use `benhan keys rotate`.",
    ),
)
NO_PKCS11 = FaultCode(
    "BA-0509",
    Unavailable,
    Text(
        "Chưa cài phần PKCS#11. Chạy: pip install 'benhan[pkcs11]'",
        "PKCS#11 support is not installed. Run: pip install 'benhan[pkcs11]'",
    ),
)
ROTATION_RUNS = FaultCode(
    "BA-0515",
    Conflict,
    Text(
        "Một lần thay khoá khác đang chạy. Đợi nó xong.",
        "Another rotation is running. Wait until it has ended.",
    ),
)
NO_PATIENT_KEY = FaultCode(
    "BA-0516",
    NotFound,
    Text(
        "Không có hồ sơ nào của người bệnh này trong kho, nên không có khoá để huỷ.",
        "The store holds no record of this patient, so there is no key to destroy.",
    ),
)
BAD_KEY_BACKUP = FaultCode(
    "BA-0517",
    Incorrect,
    Text(
        "Dòng {line} của bản sao khoá hỏng hoặc không đúng dạng; chưa có gì được ghi.",
        "Line {line} of the key backup is damaged or not of the form; nothing was written.",
    ),
)
