"""Why something of a ward was not done."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect
from benhan.kernel.texts import Text

NOT_STAYING = FaultCode(
    "BA-5351",
    Conflict,
    Text(
        "Người bệnh không còn nằm viện trong đợt này. Mở lại sơ đồ khoa để xem ai đang nằm.",
        "The patient does not stay here any more. Open the ward board again to see who does.",
    ),
)
NO_PLACE = FaultCode(
    "BA-5352",
    Incorrect,
    Text("Chưa ghi khoa chuyển đến, hoặc đang nằm ở chỗ ấy rồi.", "No other place to move to is named."),
)
BAD_LEAVING = FaultCode(
    "BA-5353",
    Incorrect,
    Text(
        "Chưa chọn tình trạng ra viện, hoặc giờ ra viện ở tương lai hay trước khi vào viện.",
        "The outcome is not chosen, or the patient would leave in the future or before coming.",
    ),
)
NO_PAPERS = FaultCode("BA-5354", Incorrect, Text("Chưa chọn giấy nào để lập.", "No paper was chosen."))
