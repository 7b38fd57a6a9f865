"""Why a hospital gives or takes nothing."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, NotFound, Unavailable
from benhan.kernel.texts import Text

NOT_THE_HUB = FaultCode(
    "BA-6060",
    Forbidden,
    Text("Thư này không do trục điều phối ký.", "This letter is not signed by the hub."),
)
NO_IDENTIFIER = FaultCode(
    "BA-6061",
    Conflict,
    Text(
        "Người bệnh chưa có số định danh, thẻ BHYT hay hộ chiếu nên chưa hỏi được cơ sở khác. Bổ sung số rồi hỏi lại.",
        "The patient has no personal number, insurance card or passport yet: add one, then ask other facilities.",
    ),
)
NOT_ASKED = FaultCode(
    "BA-6062",
    Forbidden,
    Text(
        "Trả lời này không ứng với lần hỏi nào của cơ sở.",
        "This answer belongs to nothing that this facility has asked.",
    ),
)
WRONG_CONTENT = FaultCode(
    "BA-6063",
    Incorrect,
    Text(
        "Nội dung nhận được không phải tài liệu FHIR của đúng người bệnh này.",
        "What was received is no FHIR document of this very patient.",
    ),
)
NOT_HERE_YET = FaultCode(
    "BA-6065",
    Unavailable,
    Text(
        "Người bệnh được chuyển chưa có ở cơ sở này; hồ sơ chờ ở trục cho tới khi tiếp nhận.",
        "The patient of this transfer is not here yet; the record waits at the hub until they are admitted.",
    ),
)
NOTHING_TO_SEND = FaultCode(
    "BA-6066",
    Conflict,
    Text("Không có gì thuộc các loại đã chọn để gửi đi.", "There is nothing of the chosen kinds to be sent."),
)
NOT_TAKEN = FaultCode(
    "BA-6064",
    Forbidden,
    Text(
        "Trục điều phối chưa xác nhận bằng chữ ký là đã nhận.",
        "The hub has not confirmed by its signature what it took.",
    ),
)
NOTHING_KEPT = FaultCode(
    "BA-6067",
    NotFound,
    Text("Không có hồ sơ nào từ cơ sở đó trong lần hỏi này.", "Nothing of that facility is kept from this ask."),
)
NO_NETWORK = FaultCode(
    "BA-6068",
    Conflict,
    Text(
        "Bệnh viện chưa vào mạng trao đổi: phòng CNTT đặt hub_url và hub_anchor rồi khởi động lại.",
        "This hospital is not in the exchange network: IT sets hub_url and hub_anchor, then starts it again.",
    ),
)
