"""Why somebody is not let in, or not allowed."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Busy, Conflict, FaultCode, Forbidden, Incorrect, NotFound, Unsupported
from benhan.kernel.texts import Text


class Unauthenticated(Forbidden):
    """Nobody knows who asks."""

    category = "unauthenticated"


class MethodNotAllowed(Unsupported):
    """The address is right, the method is not (HTTP 405)."""


class TooMany(Busy):
    """One asker asks too often (HTTP 429)."""


SIGN_IN_NEEDED = FaultCode(
    "BA-0901", Unauthenticated, Text("Cần đăng nhập hoặc mã truy cập.", "Sign in, or send an access token.")
)
NOT_ALLOWED = FaultCode(
    "BA-0902", Forbidden, Text("Tài khoản này không có quyền làm việc đó.", "This account may not do that.")
)
WRONG_PASSWORD = FaultCode(
    "BA-0903", Unauthenticated, Text("Tên đăng nhập hoặc mật khẩu không đúng.", "The login or the password is wrong.")
)
LOCKED = FaultCode(
    "BA-0904",
    Forbidden,
    Text(
        "Tài khoản tạm khoá vì sai mật khẩu nhiều lần. Thử lại sau {minutes} phút.",
        "The account is locked after too many wrong passwords. Try again in {minutes} min.",
    ),
)
BAD_CSRF = FaultCode(
    "BA-0905", Forbidden, Text("Trang đã cũ. Tải lại trang rồi làm lại.", "The page is old. Reload it and try again.")
)
LOGIN_TAKEN = FaultCode("BA-0906", Conflict, Text("Tên đăng nhập này đã có người dùng.", "This login is taken."))
WEAK_PASSWORD = FaultCode(
    "BA-0907",
    Incorrect,
    Text(
        "Mật khẩu phải có từ {least} đến {most} ký tự và không trùng tên đăng nhập.",
        "A password has {least} to {most} characters and is not the login.",
    ),
)
NOT_OWN_BOOK = FaultCode(
    "BA-0908", Forbidden, Text("Chỉ xem được sổ của chính mình.", "Only your own book may be seen.")
)
UNKNOWN_ROUTE = FaultCode(
    "BA-0909",
    Forbidden,
    Text("Đường dẫn này không khai báo quyền nên bị từ chối.", "This route names no permission and is denied."),
)
TOO_MANY_SIGN_INS = FaultCode(
    "BA-0910",
    TooMany,
    Text(
        "Quá nhiều lần đăng nhập cùng lúc. Chờ một phút rồi thử lại.",
        "Too many sign-ins at once. Wait a minute, then try again.",
    ),
)
NO_SUCH_PAGE = FaultCode(
    "BA-0911", NotFound, Text("Không có trang nào ở địa chỉ này.", "There is no page at this address.")
)
WRONG_METHOD = FaultCode(
    "BA-0912",
    MethodNotAllowed,
    Text("Địa chỉ này không nhận phương thức {method}.", "This address does not take {method}."),
)
BAD_FORM = FaultCode(
    "BA-0913",
    Incorrect,
    Text(
        "Biểu mẫu gửi lên quá lớn hoặc không đọc được (nhiều nhất {limit} byte).",
        "The form sent is too large or cannot be read (at most {limit} bytes).",
    ),
)
NO_SUCH_ACCOUNT = FaultCode(
    "BA-0914", NotFound, Text("Không có tài khoản đang dùng nào tên như vậy.", "No account in use has that login.")
)
NO_SUCH_TOKEN = FaultCode(
    "BA-0915", NotFound, Text("Không có mã truy cập còn hiệu lực nào tên như vậy.", "No valid token has that name.")
)
REPEATED_OTHERWISE = FaultCode(
    "BA-0916",
    Incorrect,
    Text("Hai lần gõ mật khẩu mới không giống nhau.", "The new password was not typed the same twice."),
)
NOT_NOW_OPEN = FaultCode(
    "BA-5304",
    Forbidden,
    Text(
        "Tài khoản này không dùng được vào ngày hoặc giờ này. Hỏi người quản trị tài khoản.",
        "This account is not open on this day or at this hour. Ask who manages accounts.",
    ),
)
UNEXPECTED = FaultCode(
    "BA-0999",
    Broken,
    Text(
        "Hệ thống gặp lỗi chưa biết. Dữ liệu đã nhận vẫn an toàn; gửi mã theo dõi cho người hỗ trợ.",
        "Something unexpected failed. What was accepted is safe; tell support the trace id.",
    ),
)
