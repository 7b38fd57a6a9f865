"""Why a message or a delivery does not go on. Codes BA-0811 to BA-0819."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Conflict, FaultCode
from benhan.kernel.texts import Text

ALREADY_SETTLED = FaultCode(
    "BA-0811",
    Conflict,
    Text(
        "Thông điệp này đã được nhập hoặc đã để riêng; không nhập lần thứ hai.",
        "This message is applied or set aside already; it is not applied a second time.",
    ),
)
NOT_APPLIED = FaultCode(
    "BA-0812",
    Broken,
    Text(
        "Chương trình gặp lỗi khi nhập thông điệp này; các thông điệp khác vẫn được nhập. Gửi mã theo dõi cho hỗ trợ.",
        "The program failed on this message; the others go on. Send its trace id to support.",
    ),
)
NOT_SENT = FaultCode(
    "BA-0813",
    Broken,
    Text(
        "Chương trình gặp lỗi khi soạn gói gửi này; các gói khác vẫn được gửi. Gửi mã theo dõi cho hỗ trợ.",
        "The program failed on this delivery; the others go on. Send its trace id to support.",
    ),
)
