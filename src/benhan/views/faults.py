"""Why a table is not written. Codes BA-2396 to BA-2399."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect, Unavailable
from benhan.kernel.texts import Text

TABLE_NOT_WRITTEN = FaultCode(
    "BA-2396",
    Unavailable,
    Text(
        "Không ghi được bảng ({reason}). Kiểm tra chỗ trống, quyền ghi và kiểu của các cột.",
        "The table cannot be written ({reason}). Check space, permissions and the types of the columns.",
    ),
)
UNKNOWN_FORMAT = FaultCode(
    "BA-2397",
    Incorrect,
    Text("Không ghi được dạng {format}. Ghi được: {valid}.", "There is no format {format}. There are: {valid}."),
)
UNREADABLE_VIEW = FaultCode(
    "BA-2398",
    Incorrect,
    Text("Không đọc được ViewDefinition ở {path}: {reason}.", "The ViewDefinition at {path} cannot be read: {reason}."),
)
