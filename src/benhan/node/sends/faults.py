"""Why a message to an authority does not go on. Codes BA-3990 to BA-4009."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

BREAKS_RULES = FaultCode(
    "BA-3990",
    Incorrect,
    Text(
        "Hồ sơ vi phạm {count} quy tắc chặn của BHYT nên chưa gửi. Sửa hồ sơ theo các chỗ dưới đây rồi bấm gửi lại.",
        "The claim breaks {count} blocking rules and was not sent. Mend the record as told below, then send again.",
    ),
)
TO_SIGN = FaultCode(
    "BA-3991",
    Incorrect,
    Text(
        "Tệp chưa có chữ ký số của cơ sở: tải tệp về, ký, rồi nộp tệp đã ký ở đây.",
        "The file lacks the facility's signature: download it, sign it, then hand in the signed file here.",
    ),
)
TO_SIGN_BY_DOCTOR = FaultCode(
    "BA-3992",
    Incorrect,
    Text(
        "Tệp chưa có chữ ký của bác sĩ kết luận: ký ở phần mềm khám sức khoẻ rồi nộp tệp đã ký ở đây.",
        "The concluding doctor has not signed: sign it where check-ups are written, then hand in the signed file here.",
    ),
)
CHECK_UP_WRONG = FaultCode(
    "BA-3993",
    Incorrect,
    Text(
        "Hồ sơ khám sức khoẻ sai {count} chỗ nên chưa gửi. Sửa theo các chỗ dưới đây rồi nộp tệp mới.",
        "The check-up is wrong at {count} places and was not sent. Mend them as told below, then hand in a new file.",
    ),
)
PARTLY_TAKEN = FaultCode(
    "BA-3994",
    Incorrect,
    Text(
        "Nơi nhận chỉ nhận được một phần: xem phần còn thiếu ở cổng của nơi nhận.",
        "The receiver took only a part: look at its own pages which part is missing.",
    ),
)
HAS_ANOTHER = FaultCode(
    "BA-3995",
    Incorrect,
    Text(
        "Nơi nhận đã có lần khám của người này trong 6 tháng nên không nhận bản sửa. Liên hệ đầu mối của trục.",
        "The receiver has a check-up of this person within six months; it does not take the corrected one. Ask it.",
    ),
)
NO_SUCH_SEND = FaultCode(
    "BA-3996",
    NotFound,
    Text("Không có gói gửi này.", "There is no such message."),
)
NO_SUCH_DESTINATION = FaultCode(
    "BA-3997",
    NotFound,
    Text(
        "Nơi nhận này chưa được bật. Xem các thiết lập bhxh_… và emrhub_….",
        "This destination is not switched on. See the settings bhxh_… and emrhub_….",
    ),
)
NOT_WAITING = FaultCode(
    "BA-3998",
    Conflict,
    Text(
        "Gói gửi này đang ở trạng thái khác, không làm được việc đó nữa. Tải lại trang.",
        "This message is in another state by now and that cannot be done any more. Load the page again.",
    ),
)
OTHER_SUBJECT = FaultCode(
    "BA-3999",
    Incorrect,
    Text(
        "Tệp nộp không phải của hồ sơ này ({expected}). Chọn đúng tệp rồi nộp lại.",
        "The file handed in is not of this record ({expected}). Choose the right file.",
    ),
)
NO_REASON = FaultCode(
    "BA-4000",
    Incorrect,
    Text(
        "Cần ghi lý do hoặc số biên nhận của nơi nhận.",
        "Write a reason, or the number of the receiver's receipt.",
    ),
)
NO_FILE = FaultCode(
    "BA-4001",
    NotFound,
    Text("Gói gửi này chưa có tệp.", "This message has no file yet."),
)
BAD_CERTIFICATE = FaultCode(
    "BA-4002",
    Incorrect,
    Text(
        "Không mở được chứng thư của cơ sở {path}: phải là tệp PKCS#12 (.p12) có khoá RSA, đúng mật khẩu.",
        "The facility's certificate {path} cannot be opened: a PKCS#12 file (.p12) with an RSA key and its password.",
    ),
)
BAD_SENDS = FaultCode(
    "BA-4003",
    Incorrect,
    Text(
        "Thiết lập {name} sai hoặc thiếu nên chưa gửi được tới {destination}.",
        "The setting {name} is wrong or missing, so that nothing can be sent to {destination}.",
    ),
)
NOT_MADE = FaultCode(
    "BA-4004",
    Broken,
    Text(
        "Chương trình gặp lỗi khi soạn gói gửi này; các gói khác vẫn được gửi. Gửi mã theo dõi cho hỗ trợ.",
        "The program failed on this message; the others go on. Send its trace id to support.",
    ),
)
SILENT = FaultCode(
    "BA-4005",
    Broken,
    Text(
        "Nơi nhận không trả lời trong {seconds} giây; sẽ gửi lại.",
        "The receiver did not answer within {seconds} seconds; it will be tried again.",
    ),
)
NOT_ENDED = FaultCode(
    "BA-4006",
    Incorrect,
    Text(
        "Đợt điều trị này chưa kết thúc hoặc chưa có chi phí nên chưa có hồ sơ để gửi.",
        "This encounter has not ended, or has no costs yet: there is nothing to send.",
    ),
)
