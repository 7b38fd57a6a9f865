"""Why the hub does not do what it was asked."""

from __future__ import annotations

from benhan.kernel.faults import Busy, Conflict, FaultCode, Forbidden, Incorrect, NotFound, Unavailable
from benhan.kernel.texts import Text

REPLAYED = FaultCode(
    "BA-6030",
    Conflict,
    Text(
        "Thông điệp này đã nhận rồi: mỗi thông điệp chỉ dùng một lần. Ký thông điệp mới nếu muốn gửi lại.",
        "This message was taken before: each counts once. Sign a new one to send again.",
    ),
)
TOO_OFTEN = FaultCode(
    "BA-6031",
    Busy,
    Text(
        "Cơ sở gửi quá nhiều thông điệp trong thời gian ngắn; chờ vài giây rồi gửi tiếp.",
        "The member sends too many messages at once; wait some seconds and go on.",
    ),
)
NOT_CAPABLE = FaultCode(
    "BA-6032",
    Forbidden,
    Text(
        "Cơ sở chưa được cấp khả năng {capability} trên trục.",
        "The member was not given the capability {capability} on the hub.",
    ),
)
NO_EVIDENCE = FaultCode(
    "BA-6033",
    Unavailable,
    Text(
        "Trục chưa ghi được bằng chứng nên không chuyển gì cả; hãy gửi lại sau.",
        "The hub cannot write its evidence, so that nothing was handed on; send again later.",
    ),
)
NO_SUCH_EXCHANGE = FaultCode(
    "BA-6034",
    NotFound,
    Text("Không có lần trao đổi này.", "There is no such exchange."),
)
NOT_A_PARTY = FaultCode(
    "BA-6035",
    Forbidden,
    Text("Cơ sở không phải một bên của lần trao đổi này.", "The member is no party to this exchange."),
)
STOPPED = FaultCode(
    "BA-6036",
    Conflict,
    Text(
        "Lần trao đổi đã dừng: {reason}. Nội dung không được chuyển.",
        "The exchange was stopped: {reason}. The content was not handed on.",
    ),
)
MEMBER_EXISTS = FaultCode(
    "BA-6037", Conflict, Text("Đã có thành viên mang mã {member}.", "There is a member {member} already.")
)
NO_SUCH_MEMBER = FaultCode(
    "BA-6038", NotFound, Text("Không có thành viên mang mã {member}.", "There is no member {member}.")
)
BAD_REQUEST_FILE = FaultCode(
    "BA-6039",
    Incorrect,
    Text(
        "Không đọc được yêu cầu chứng thư (CSR), hoặc chữ ký của nó sai, hoặc khoá quá yếu.",
        "The certificate request (CSR) cannot be read, is not signed by its own key, or that key is too weak.",
    ),
)
NO_SUCH_CONSENT = FaultCode("BA-6040", NotFound, Text("Không có giấy đồng ý này.", "There is no such consent."))
NOT_THE_TAKER = FaultCode(
    "BA-6041",
    Forbidden,
    Text(
        "Chỉ nơi đã nhận giấy đồng ý, hoặc sổ sức khoẻ của người dân, được thu hồi giấy.",
        "Only who took the consent, or the citizen's health book, may revoke it.",
    ),
)
NOT_SETTLED = FaultCode(
    "BA-6042",
    Conflict,
    Text("Lần trao đổi ở trạng thái này không chạy lại được.", "An exchange in this state cannot be run again."),
)
UNKNOWN_TYPE = FaultCode(
    "BA-6043",
    Incorrect,
    Text("Trục không nhận loại thông điệp {type}.", "The hub takes no message of type {type}."),
)
