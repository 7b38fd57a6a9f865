"""Why the ledger did not give what was asked."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NO_SUCH_ENTRY = FaultCode(
    "BA-0511",
    NotFound,
    Text(
        "Nhật ký không có mục số {seq}. Chạy `benhan ledger verify` nếu mục này từng có.",
        "The ledger has no entry {seq}. Run `benhan ledger verify` if it was there before.",
    ),
)
NOT_YET_SIGNED = FaultCode(
    "BA-0512",
    Conflict,
    Text(
        "Ngày của mục {seq} chưa được ký. Gốc của một ngày được ký sau nửa đêm; hãy thử lại vào ngày mai.",
        "The day of entry {seq} is not signed yet. A day's root is signed after midnight; try again tomorrow.",
    ),
)
BAD_PROOF = FaultCode(
    "BA-0514",
    Incorrect,
    Text(
        "Tệp này không phải bằng chứng nhật ký của benhan. Xin lại tệp từ nơi cấp.",
        "This file is not a ledger proof of benhan. Ask for the file again.",
    ),
)
LEDGER_BROKEN = FaultCode(
    "BA-0513",
    Broken,
    Text(
        "Nhật ký hỏng từ mục {seq} ({damage}). Giữ nguyên hiện trạng, so với bản sao lưu và gốc ngày đã cất, báo người"
        " phụ trách an toàn thông tin.",
        "The ledger is broken from entry {seq} on ({damage}). Leave everything as it is, compare with a backup and with"
        " the stored daily roots, and tell whoever is responsible for security.",
    ),
)
