"""Why something of a ward was not done."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect
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
BAD_BIRTH = FaultCode(
    "BA-5460",
    Incorrect,
    Text(
        "Ghi giới tính, giờ sinh của từng trẻ (1 đến {most} trẻ); giờ sinh đã qua, không quá 60 ngày trước.",
        "Tell sex and time of birth of each child (1 to {most}); not in the future, not more than 60 days ago.",
    ),
)
BORN_MEANWHILE = FaultCode(
    "BA-5461",
    Conflict,
    Text(
        "Người khác vừa khai trẻ của người mẹ này. Xem danh sách dưới đây rồi khai tiếp nếu còn thiếu.",
        "Somebody else has just told of children of this mother. Look at the list below, then tell of those missing.",
    ),
)
HAS_OWN_NUMBER = FaultCode(
    "BA-5462",
    Conflict,
    Text("Người bệnh này không còn mang mã tạm.", "This patient bears no temporary identity any more."),
)
NO_USE_OF_MOTHER = FaultCode(
    "BA-5463",
    Forbidden,
    Text("Bạn không có quyền ghi vào hồ sơ của người bệnh này.", "You may not write on the records of this patient."),
)
