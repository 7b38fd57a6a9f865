"""Why a job does not go on. Codes BA-2370 to BA-2379."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Busy, FaultCode, Interrupted, NotFound
from benhan.kernel.texts import Text

NO_SUCH_JOB = FaultCode(
    "BA-2370",
    NotFound,
    Text(
        "Không có việc này: chưa từng có, đã huỷ, đã hết hạn, hoặc của người khác.",
        "There is no such job: it never was, was cancelled, has expired, or is somebody else's.",
    ),
)
TOO_MANY_JOBS = FaultCode(
    "BA-2371",
    Busy,
    Text(
        "Bạn đang có {limit} việc chưa xong. Đợi một việc xong hoặc huỷ bớt.",
        "You have {limit} unfinished jobs. Wait for one to end, or cancel one.",
    ),
)
JOB_TAKEN = FaultCode(
    "BA-2372",
    Interrupted,
    Text("Việc này đã bị huỷ hoặc chuyển sang tiến trình khác.", "The job was cancelled or taken over."),
)
JOB_FAILED = FaultCode(
    "BA-2373",
    Broken,
    Text(
        "Việc đã dừng vì lỗi {code}. Gửi lại yêu cầu; nếu vẫn lỗi, gửi mã theo dõi cho hỗ trợ.",
        "The job ended with {code}. Ask again; where it fails again, send its trace id to support.",
    ),
)
TOO_OFTEN = FaultCode(
    "BA-2374",
    Broken,
    Text("Việc đã thử {count} lần mà không tiến thêm.", "The job was tried {count} times without coming further."),
)
UNEXPECTED = FaultCode(
    "BA-2375", Broken, Text("Chương trình gặp lỗi khi làm việc này.", "The program failed on this job.")
)
