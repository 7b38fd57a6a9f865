"""Faults of the rules' settings."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

POLICY_UNREADABLE = FaultCode(
    "BA-3650",
    Incorrect,
    Text("Tệp chính sách kiểm tra không phải TOML đúng cú pháp.", "The policy file is not well-formed TOML."),
)
UNKNOWN_RULE = FaultCode(
    "BA-3651",
    Incorrect,
    Text(
        "Tệp chính sách nêu quy tắc {rule}, không có trong bảng quy tắc.",
        "The policy names rule {rule}; there is none.",
    ),
)
UNKNOWN_LEVEL = FaultCode(
    "BA-3652",
    Incorrect,
    Text(
        "Mức của {rule} phải là off, observe, warn hoặc block, có thể kèm ngày bắt đầu (from).",
        "The level of {rule} must be off, observe, warn or block, perhaps with a first day (from).",
    ),
)
BAD_POLICY_VALUE = FaultCode(
    "BA-3653",
    Incorrect,
    Text(
        "Giá trị {name} trong tệp chính sách không có hoặc sai kiểu; xem docs/interfaces/bhyt-rules.md.",
        "The policy's value {name} is unknown or of the wrong type; see docs/interfaces/bhyt-rules.md.",
    ),
)
