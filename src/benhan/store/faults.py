"""Why the store did not do what was asked."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Busy, Conflict, FaultCode, Incorrect, Interrupted, NotFound, Unavailable
from benhan.kernel.texts import Text

NO_SUCH_RESOURCE = FaultCode("BA-0401", NotFound, Text("Không có {type}/{id}.", "There is no {type}/{id}."))


class Gone(NotFound):
    """It was here and has been deleted."""

    category = "gone"


DELETED = FaultCode("BA-0402", Gone, Text("{type}/{id} đã bị xoá.", "{type}/{id} has been deleted."))
NO_SUCH_VERSION = FaultCode(
    "BA-0403", NotFound, Text("{type}/{id} không có phiên bản {version}.", "{type}/{id} has no version {version}.")
)
STALE_VERSION = FaultCode(
    "BA-0412",
    Conflict,
    Text(
        "{type}/{id} đã đổi: bạn sửa từ phiên bản {expected}, nay là {found}. Đọc lại rồi sửa.",
        "{type}/{id} has changed: you edited version {expected}, it is now {found}. Read it again, then edit.",
    ),
)
ALREADY_THERE = FaultCode("BA-0413", Conflict, Text("{type}/{id} đã có.", "{type}/{id} exists already."))
NOT_ABSENT = FaultCode(
    "BA-2150",
    Conflict,
    Text(
        "{type}/{id} đã có, mà yêu cầu chỉ ghi khi chưa có. Không có gì được ghi.",
        "{type}/{id} exists, and the request was to write it only where it does not. Nothing was written.",
    ),
)
TWICE_IN_ONE = FaultCode(
    "BA-0414",
    Incorrect,
    Text(
        "{type}/{id} có hai lần trong cùng một giao dịch. Gộp lại thành một.",
        "{type}/{id} stands twice in one transaction. Make it one.",
    ),
)
DATABASE_AWAY = FaultCode(
    "BA-0420",
    Unavailable,
    Text(
        "Cơ sở dữ liệu hiện không trả lời. Thử lại sau ít giây.",
        "The database does not answer now. Try again in a few seconds.",
    ),
)
DISK_FULL = FaultCode(
    "BA-0421",
    Unavailable,
    Text(
        "Ổ đĩa của cơ sở dữ liệu đã đầy. Giải phóng chỗ rồi thử lại; dữ liệu đã nhận vẫn an toàn.",
        "The database's disk is full. Free space and try again; what was accepted is safe.",
    ),
)
TOO_SLOW = FaultCode(
    "BA-0422",
    Busy,
    Text(
        "Câu hỏi này mất quá nhiều thời gian và đã bị dừng. Thu hẹp điều kiện.",
        "This query took too long and was stopped. Narrow it.",
    ),
)
OUTCOME_UNKNOWN = FaultCode(
    "BA-0423",
    Interrupted,
    Text(
        "Mất kết nối đúng lúc ghi: chưa biết đã ghi hay chưa. Đọc lại trước khi gửi lại.",
        "The connection was lost while committing: it is not known whether it was written. Read before you send again.",
    ),
)
TOO_MANY_WAITING = FaultCode(
    "BA-0424",
    Busy,
    Text("Đang có quá nhiều yêu cầu ghi. Thử lại sau.", "Too many writes are waiting. Try again later."),
)
NO_SUCH_CHARACTER = FaultCode(
    "BA-0426",
    Incorrect,
    Text(
        "Có ký tự không lưu được (ký tự rỗng, mã 0). Xoá ký tự đó rồi gửi lại.",
        "There is a character that cannot be kept (NUL, code 0). Take it out, then send it again.",
    ),
)
DATABASE_REFUSED = FaultCode(
    "BA-0425",
    Broken,
    Text(
        "Cơ sở dữ liệu từ chối câu lệnh (SQLSTATE {sqlstate}).",
        "The database refused a statement (SQLSTATE {sqlstate}).",
    ),
)
SCHEMA_CHANGED = FaultCode(
    "BA-0430",
    Broken,
    Text(
        "Bước cấu trúc {number} trong cơ sở dữ liệu khác với chương trình này. Dùng đúng phiên bản chương trình.",
        "Migration {number} in the database differs from this program's. Use the matching program.",
    ),
)
MIGRATION_FAILED = FaultCode(
    "BA-3951",
    Broken,
    Text(
        "Bước cấu trúc {number} ({name}) không áp dụng được (SQLSTATE {sqlstate}); các bước trước nó đã xong. Giữ bản "
        "sao lưu, báo lỗi này cho nơi cung cấp chương trình.",
        "Migration {number} ({name}) cannot be applied (SQLSTATE {sqlstate}); those before it are done. Keep the "
        "backup and report this to where the program comes from.",
    ),
)
SCHEMA_NEWER = FaultCode(
    "BA-0431",
    Conflict,
    Text(
        "Cơ sở dữ liệu do một phiên bản mới hơn tạo ra. Nâng cấp chương trình này.",
        "The database was made by a newer version. Upgrade this program.",
    ),
)
EMBEDDED_FAILED = FaultCode(
    "BA-0440",
    Unavailable,
    Text(
        "Không khởi động được cơ sở dữ liệu nhúng trong {folder}: {reason}. Kiểm tra quyền, đĩa, tệp log ở đó.",
        "The embedded database in {folder} does not start: {reason}. Check permissions, space, and the log there.",
    ),
)
