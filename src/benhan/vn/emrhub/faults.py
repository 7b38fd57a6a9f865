"""Why a message of the hub is not read, or not made."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

NOT_AN_ENVELOPE = FaultCode(
    "BA-3550",
    Incorrect,
    Text(
        "Không phải gói tin của trục dữ liệu y tế: thiếu hoặc sai {what}.",
        "Not a message of the hub: {what} is missing or wrong.",
    ),
)
BAD_SENDER = FaultCode(
    "BA-3551",
    Incorrect,
    Text(
        "Mã cơ sở gửi phải là mã GLN 13 chữ số do trục cấp, đúng chữ số kiểm tra.",
        "The sender must be the facility's GLN of 13 digits with its check digit.",
    ),
)
