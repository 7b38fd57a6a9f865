"""Why a message, a key, a configuration or a consent is not taken."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, Unavailable
from benhan.kernel.texts import Text

BAD_MESSAGE = FaultCode(
    "BA-6000",
    Incorrect,
    Text("Thông điệp không đúng dạng: {what}.", "The message is not of the form: {what}."),
)
UNKNOWN_KEY = FaultCode(
    "BA-6001",
    Forbidden,
    Text(
        "Cấu hình mạng không có khoá ký này, hoặc khoá chưa tới hay đã hết hạn. Tải lại cấu hình, xem khoá đã đăng ký.",
        "The configuration has no such signing key, or not at this time. Fetch it again; check what is registered.",
    ),
)
BAD_SIGNATURE = FaultCode(
    "BA-6002",
    Forbidden,
    Text(
        "Chữ ký của thông điệp không đúng: nội dung đã bị sửa hoặc ký bằng khoá khác.",
        "The signature of the message is wrong: it was altered, or signed by another key.",
    ),
)
CLOCK_WRONG = FaultCode(
    "BA-6003",
    Incorrect,
    Text(
        "Đồng hồ máy gửi lệch {seconds} giây ({direction}) so với máy nhận. Bật đồng bộ giờ (NTP) rồi gửi lại.",
        "The sender's clock is wrong: the message is {seconds} seconds off ({direction}). Turn on NTP and send again.",
    ),
)
TOO_LATE = FaultCode(
    "BA-6004",
    Incorrect,
    Text("Thông điệp đã hết hạn; hãy ký và gửi lại.", "The message has expired; sign and send it anew."),
)
NOT_FOR_US = FaultCode(
    "BA-6005",
    Incorrect,
    Text("Thông điệp gửi cho nơi khác ({audience}).", "The message is meant for somebody else ({audience})."),
)
NOT_A_MEMBER = FaultCode(
    "BA-6006",
    Forbidden,
    Text(
        "Cơ sở {member} không phải thành viên đang hoạt động của mạng, hoặc đã bị thu hồi. Liên hệ nơi vận hành trục.",
        "{member} is no active member of the network, or was revoked. Turn to the operator of the hub.",
    ),
)
OTHER_ENVIRONMENT = FaultCode(
    "BA-6007",
    Forbidden,
    Text("Cơ sở thử nghiệm và cơ sở thật không trao đổi với nhau.", "Members on trial and live ones do not exchange."),
)
BAD_CONFIGURATION = FaultCode(
    "BA-6008",
    Forbidden,
    Text(
        "Cấu hình mạng không dùng được: {what}. Giữ cấu hình cũ còn hạn.",
        "The configuration of the network cannot be used: {what}. The former one stays while it lasts.",
    ),
)
NO_CONFIGURATION = FaultCode(
    "BA-6009",
    Unavailable,
    Text(
        "Chưa có cấu hình mạng còn hạn: chưa trao đổi được. Kiểm tra kết nối tới trục.",
        "There is no configuration of the network in force: nothing can be exchanged. Check the way to the hub.",
    ),
)
NOT_SEALED_TO_US = FaultCode(
    "BA-6010",
    Forbidden,
    Text(
        "Không mở được nội dung: không mã hoá cho khoá của cơ sở này, hoặc đã bị sửa trên đường.",
        "The content cannot be opened: it is not sealed to this facility's key, or was altered on its way.",
    ),
)
CONTENT_ALTERED = FaultCode(
    "BA-6011",
    Forbidden,
    Text(
        "Nội dung không khớp mã băm mà nơi gửi đã ký: đã bị thay trên đường.",
        "The content does not match the digest its sender signed: it was replaced on its way.",
    ),
)
BAD_CONSENT = FaultCode(
    "BA-6012",
    Incorrect,
    Text("Giấy đồng ý không dùng được: {what}.", "The consent cannot be used: {what}."),
)
NO_BASIS = FaultCode(
    "BA-6013",
    Forbidden,
    Text(
        "Không có căn cứ để trao đổi: {reason}.",
        "There is no basis for this exchange: {reason}.",
    ),
)
NOT_ATTESTER = FaultCode(
    "BA-6014",
    Forbidden,
    Text(
        "Thành viên {member} không được chứng nhận giấy đồng ý theo cách {way}.",
        "Member {member} may not attest consents given by way of {way}.",
    ),
)
BAD_KEY_FILE = FaultCode(
    "BA-6016",
    Incorrect,
    Text("Không đọc được tệp khoá {path}: cần một JWK.", "The key file {path} cannot be read: a JWK is needed."),
)
NO_SEALING_KEY = FaultCode(
    "BA-6015",
    Conflict,
    Text(
        "Cơ sở {member} chưa đăng ký khoá nhận nội dung (X25519) còn hạn.",
        "{member} has registered no sealing key (X25519) that is in force.",
    ),
)
