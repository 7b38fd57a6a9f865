"""Why a package is not taken, or not made."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NOT_A_PACKAGE = FaultCode(
    "BA-5400",
    Incorrect,
    Text(
        "Tệp này không phải gói hồ sơ (ZIP) hoặc đã hỏng: {reason}. Xin nơi gửi xuất lại gói.",
        "This file is no record package (ZIP), or it is damaged: {reason}. Ask the sender to make it again.",
    ),
)
TOO_MUCH = FaultCode(
    "BA-5401",
    Incorrect,
    Text(
        "Gói hồ sơ vượt giới hạn: {what}, nhiều nhất {limit}. Nếu gói là thật, nhờ quản trị nâng giới hạn.",
        "The package is beyond a limit: {what}, {limit} at most. Where it is genuine, have the limit raised.",
    ),
)
BOMB = FaultCode(
    "BA-5402",
    Incorrect,
    Text(
        "Tệp {path} trong gói bung ra lớn bất thường (bom nén). Không mở gói; báo cho nơi gửi.",
        "The file {path} in the package unpacks to an abnormal size (a zip bomb). It was not opened; tell the sender.",
    ),
)
BAD_PATH = FaultCode(
    "BA-5403",
    Incorrect,
    Text(
        "Gói có tên tệp không được phép ({path}): đường dẫn lạ, trùng hoặc lên thư mục trên. Không mở gói.",
        "The package has a name that is not allowed ({path}): a strange path, one that comes twice or leads upwards.",
    ),
)
SPECIAL_FILE = FaultCode(
    "BA-5404",
    Incorrect,
    Text(
        "Tệp {path} trong gói không phải tệp thường (liên kết, khoá mật khẩu, cách nén lạ). Không mở gói.",
        "The file {path} in the package is no plain file (a link, locked, a strange compression). It was not opened.",
    ),
)
BAD_MANIFEST = FaultCode(
    "BA-5405",
    Incorrect,
    Text(
        "Bảng kê manifest.json của gói thiếu hoặc sai: {reason}.",
        "The package's manifest.json is missing or wrong: {reason}.",
    ),
)
PART_MISSING = FaultCode(
    "BA-5406",
    Incorrect,
    Text(
        "Gói thiếu tệp {path} mà bảng kê có ghi. Xin nơi gửi gửi lại trọn gói.",
        "The package lacks {path}, which its manifest lists. Ask the sender for the whole package.",
    ),
)
PART_CHANGED = FaultCode(
    "BA-5407",
    Incorrect,
    Text(
        "Tệp {path} trong gói không khớp bảng kê (SHA-256, cỡ): đã bị sửa hoặc hỏng khi truyền.",
        "The file {path} does not match the manifest (SHA-256, size): it was altered, or damaged on its way.",
    ),
)
PART_UNLISTED = FaultCode(
    "BA-5408",
    Incorrect,
    Text(
        "Gói có tệp {path} không ghi trong bảng kê. Không nhận tệp thêm vào.",
        "The package holds {path}, which its manifest does not list. What was put in later is not taken.",
    ),
)
BAD_DOCUMENT = FaultCode(
    "BA-5409",
    Incorrect,
    Text(
        "Tài liệu FHIR trong gói có {count} chỗ sai, xem dưới đây. Xin nơi gửi sửa rồi xuất lại.",
        "The FHIR document in the package has {count} faults, listed below. Ask the sender to mend and make it again.",
    ),
)
OTHER_PERSON = FaultCode(
    "BA-5410",
    Incorrect,
    Text(
        "Gói có dữ liệu của người khác ({place}). Không nhận phần nào; báo cho nơi gửi.",
        "The package holds data of another person ({place}). Nothing of it is taken; tell the sender.",
    ),
)
BAD_HOSO = FaultCode(
    "BA-5411",
    Incorrect,
    Text(
        "Tệp HoSoBenhAn trong gói không đọc được: {reason}.",
        "The HoSoBenhAn in the package cannot be read: {reason}.",
    ),
)
ACTIVE_CONTENT = FaultCode(
    "BA-5412",
    Incorrect,
    Text(
        "Phần {place} của gói chứa mã lệnh (script) trong văn bản. Không nhận; báo cho nơi gửi.",
        "{place} of the package holds a script in its text. It is not taken; tell the sender.",
    ),
)
NOT_THE_PATIENT = FaultCode(
    "BA-5413",
    Conflict,
    Text(
        "Người trong gói không phải người bệnh đã chọn: {what} khác nhau. Chọn đúng người, hoặc đối chiếu giấy tờ.",
        "The person in the package is not the chosen patient: {what} differ. Choose the right one, or compare papers.",
    ),
)
NO_SUCH_PACKAGE = FaultCode(
    "BA-5414",
    NotFound,
    Text("Không có gói hồ sơ này.", "There is no such package."),
)
ALREADY_THERE = FaultCode(
    "BA-5415",
    Conflict,
    Text(
        "Gói này đã được nhận trước đây, không cần nhận lại.",
        "This very package has arrived before; there is no need to take it again.",
    ),
)
IS_SETTLED = FaultCode(
    "BA-5416",
    Conflict,
    Text(
        "Gói này đã được xử lý hoặc không nhận được. Mở lại trang để xem.",
        "This package is settled already, or cannot be taken. Open the page again.",
    ),
)
NO_SUCH_PART = FaultCode("BA-5417", NotFound, Text("Gói không có tệp này.", "The package has no such file."))
SIGNATURE_FAILED = FaultCode(
    "BA-5418",
    Conflict,
    Text(
        "Có {count} chữ ký hoặc bằng chứng trong gói KHÔNG hợp lệ nên không nhận vào hồ sơ. Gói vẫn được giữ ở đây.",
        "{count} signatures or proofs in the package are NOT valid, so that it is not taken. The package is kept here.",
    ),
)
