"""Why an identity is not found, joined or parted."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NO_OWN_NUMBER = FaultCode(
    "BA-6100",
    Incorrect,
    Text(
        "Patient thiếu mã bệnh nhân của chính cơ sở gửi ({system}): trục cần mã ấy để biết lần sau là cùng hồ sơ.",
        "The Patient lacks the sender's own number ({system}), by which the hub knows the record again.",
    ),
)
CROSSING = FaultCode(
    "BA-6101",
    Conflict,
    Text(
        "Các số gửi lên thuộc về nhiều người khác nhau. Đối chiếu giấy tờ; người rà soát định danh đã được báo.",
        "The numbers told are of different persons. Compare the papers; the reviewers of identities were told.",
    ),
)
NO_SUCH_IDENTITY = FaultCode("BA-6102", NotFound, Text("Không có định danh này.", "There is no such identity."))
ONE_ALREADY = FaultCode(
    "BA-6103",
    Conflict,
    Text(
        "Hai định danh này đã là một người, gộp nữa sẽ thành vòng.",
        "These identities are one person already; to join them again would make a loop.",
    ),
)
NOT_JOINED = FaultCode(
    "BA-6104", Conflict, Text("Định danh này không được gộp vào ai.", "This identity is joined to nobody.")
)
NO_SUCH_QUESTION = FaultCode(
    "BA-6105",
    NotFound,
    Text("Không có câu hỏi này, hoặc đã có người trả lời.", "There is no such question, or it is answered."),
)
NOT_ENOUGH = FaultCode(
    "BA-6106",
    Incorrect,
    Text(
        "Cần ít nhất một số giấy tờ, hoặc họ tên cùng ngày sinh, để tìm một người.",
        "Finding a person takes an identifier, or the name with the date of birth.",
    ),
)
NOT_EMPTY = FaultCode(
    "BA-6107",
    Conflict,
    Text(
        "Đã có hồ sơ trong kho định danh: nạp lần đầu chỉ làm được khi kho trống. Gửi từng hồ sơ như thường lệ.",
        "There are records already: the first filling is for an empty index. Tell records one by one, as usual.",
    ),
)
