"""Where an exchange stands, in the words an operator reads."""

from __future__ import annotations

from benhan.hub.exchange.rows import PartState
from benhan.kernel.texts import Text

WORDS = {
    PartState.WAITING: Text("Chờ nơi giữ hồ sơ nhận và trả lời", "Waits for the holder to collect and answer"),
    PartState.ANSWERED: Text("Đã trả lời, chờ nơi hỏi nhận", "Answered; waits for the asker to collect"),
    PartState.DELIVERED: Text("Đã nhận, có biên nhận", "Delivered, with a receipt"),
    PartState.REJECTED: Text("Nơi hỏi không nhận nội dung", "The asker did not take the content"),
    PartState.NOTHING: Text("Nơi giữ không có gì để đưa", "The holder has nothing to give"),
    PartState.REFUSED: Text("Nơi giữ từ chối", "The holder refused"),
    PartState.STOPPED: Text("Đã dừng giữa đường", "Stopped on its way"),
    PartState.EXPIRED: Text("Hết hạn: một bên không tới nhận", "Expired: a party did not collect in time"),
}
REMEDIES = {
    PartState.WAITING: Text(
        "Cơ sở giữ hồ sơ chưa nối vào trục: gọi đầu mối của cơ sở, hoặc đưa thư lại ngay.",
        "The holder is not connected: call its contact, or offer the letter again now.",
    ),
    PartState.ANSWERED: Text(
        "Cơ sở hỏi chưa nối vào trục: gọi đầu mối của cơ sở, hoặc đưa thư lại ngay.",
        "The asker is not connected: call its contact, or offer the letter again now.",
    ),
    PartState.REJECTED: Text(
        "Xem mã lỗi: khoá sai, nội dung bị sửa hoặc khác người bệnh; hai cơ sở kiểm tra rồi hỏi lại.",
        "See the code: wrong key, altered content or another patient; both check, then it is asked anew.",
    ),
    PartState.EXPIRED: Text(
        "Cơ sở hỏi cần hỏi lại: một lần hỏi chỉ có hiệu lực trong thời hạn đã ký.",
        "The asker must ask anew: an ask counts only in the time it was signed for.",
    ),
}
"""What to do about a state, where there is something to do."""
