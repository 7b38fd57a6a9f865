"""What an app's token does not reach."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Forbidden, Incorrect
from benhan.kernel.texts import Text

NOT_GRANTED = FaultCode(
    "BA-2300",
    Forbidden,
    Text(
        "Mã truy cập của ứng dụng không được làm việc “{act}” với {type}. Xin phạm vi {type}.{act}.",
        "The app's token does not reach this: act {act} on {type}. Ask for the scope {type}.{act}.",
    ),
)
NOT_A_RESTRICTION = FaultCode(
    "BA-2301",
    Incorrect,
    Text(
        "Phạm vi của {type} chỉ thu hẹp được bằng tham số kiểu token, reference hoặc uri, không phải {name}.",
        "A scope of {type} can be narrowed by token, reference and uri parameters only, not by {name}.",
    ),
)
