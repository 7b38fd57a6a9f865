"""Why a delivery is refused."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Forbidden, Incorrect
from benhan.kernel.texts import Text

BAD_DELIVERY = FaultCode(
    "BA-0801", Incorrect, Text("Gói gửi thiếu hoặc sai: {what}.", "The delivery lacks or garbles: {what}.")
)
WRONG_SENDER = FaultCode(
    "BA-0802",
    Forbidden,
    Text(
        "Mã truy cập này không thuộc cơ sở ghi trong gói gửi.",
        "The token is not that of the facility the delivery names.",
    ),
)
NO_PATIENT = FaultCode(
    "BA-0803",
    Incorrect,
    Text(
        "Gói gửi phải có đúng một Patient: phải biết hồ sơ là của ai.",
        "A delivery must hold exactly one Patient: it must be known whose it is.",
    ),
)
