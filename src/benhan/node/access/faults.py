"""Why a grant or an emergency access is refused."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.texts import Text

NO_RIGHT = FaultCode(
    "BA-5310",
    Forbidden,
    Text(
        "Tài khoản này không được làm việc đó với hồ sơ này. Cần khẩn cấp thì dùng mục Mở khẩn cấp.",
        "This account may not do that with this record. In an emergency use the emergency access.",
    ),
)
BAD_GRANT = FaultCode(
    "BA-5311",
    Incorrect,
    Text(
        "Cần mục đích trong danh sách, quyền đọc, ngày hết hạn sau ngày bắt đầu và trong vòng {days} ngày.",
        "A purpose of the list, at least one right (read among them) and an end after the beginning within {days} days"
        " are needed.",
    ),
)
NO_SUCH_GRANT = FaultCode(
    "BA-5312",
    NotFound,
    Text("Không có quyền tạm thời nào còn hiệu lực với số này.", "No grant in force has this number."),
)
REASON_NEEDED = FaultCode(
    "BA-5313",
    Incorrect,
    Text(
        "Chọn lý do và viết vài lời (ít nhất {least} chữ cái).",
        "Choose a reason and write some words (at least {least} letters).",
    ),
)
NO_SUCH_EMERGENCY = FaultCode(
    "BA-5314",
    NotFound,
    Text("Không có lần mở khẩn cấp nào với số này.", "There is no emergency access with this number."),
)
NOT_READ_YET = FaultCode(
    "BA-5315",
    Conflict,
    Text(
        "Phải mở ra đọc lần mở khẩn cấp này trước khi kết luận.",
        "This emergency access must be opened and read before it is judged.",
    ),
)
JUDGED_ALREADY = FaultCode(
    "BA-5316",
    Conflict,
    Text("Lần mở khẩn cấp này đã được kết luận.", "This emergency access has been judged already."),
)
OWN_EMERGENCY = FaultCode(
    "BA-5317",
    Forbidden,
    Text("Không ai tự kết luận lần mở khẩn cấp của mình.", "Nobody judges an emergency access of their own."),
)
NOBODY_BY_THAT_NUMBER = FaultCode(
    "BA-5318",
    NotFound,
    Text(
        "Không có người bệnh nào đúng số này. Nhập đủ số định danh, số thẻ BHYT hoặc mã người bệnh.",
        "No patient has exactly this number. Type the whole citizen number, card number or patient number.",
    ),
)
NO_SUCH_PERSON = FaultCode(
    "BA-5319",
    NotFound,
    Text("Không có tài khoản nhân viên nào tên như vậy.", "No account of staff has that login."),
)
