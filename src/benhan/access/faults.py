"""Why somebody is not let in, or not allowed."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect
from benhan.kernel.texts import Text


class Unauthenticated(Forbidden):
    """Nobody knows who asks."""

    category = "unauthenticated"


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
        "The account is locked after too many wrong passwords. Try again in {minutes} minutes.",
    ),
)
BAD_CSRF = FaultCode(
    "BA-0905", Forbidden, Text("Trang đã cũ. Tải lại trang rồi làm lại.", "The page is old. Reload it and try again.")
)
LOGIN_TAKEN = FaultCode("BA-0906", Conflict, Text("Tên đăng nhập này đã có người dùng.", "This login is taken."))
WEAK_PASSWORD = FaultCode(
    "BA-0907",
    Incorrect,
    Text("Mật khẩu phải có ít nhất {least} ký tự.", "A password needs at least {least} characters."),
)
NOT_OWN_BOOK = FaultCode(
    "BA-0908", Forbidden, Text("Chỉ xem được sổ của chính mình.", "Only your own book may be seen.")
)
UNKNOWN_ROUTE = FaultCode(
    "BA-0909",
    Forbidden,
    Text("Đường dẫn này không khai báo quyền nên bị từ chối.", "This route names no permission and is denied."),
)
