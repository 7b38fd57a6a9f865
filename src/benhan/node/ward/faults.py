"""Why something of a ward was not done."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode
from benhan.kernel.texts import Text

NOT_STAYING = FaultCode(
    "BA-5351",
    Conflict,
    Text(
        "Người bệnh không còn nằm viện trong đợt này. Mở lại sơ đồ khoa để xem ai đang nằm.",
        "The patient does not stay here any more. Open the ward board again to see who does.",
    ),
)
