"""Why a paper was not signed. Codes BA-5100 to BA-5149, BA-5487, BA-5490, BA-5491."""

from __future__ import annotations

from benhan.kernel.faults import Busy, Conflict, FaultCode, Forbidden, Incorrect, NotFound, Unavailable
from benhan.kernel.texts import Text

NO_SIGNER = FaultCode(
    "BA-5100",
    Forbidden,
    Text(
        "Tài khoản này chưa gắn chứng thư số. Nhờ phòng CNTT gắn (benhan signers set), rồi ký lại.",
        "No certificate belongs to this account. Ask IT to register one (benhan signers set), then sign again.",
    ),
)
WRONG_PIN = FaultCode(
    "BA-5101",
    Forbidden,
    Text(
        "Mã PIN không đúng; còn {left} lần thử trước khi khoá ký tạm thời. Chưa tờ nào được ký.",
        "The PIN is wrong; {left} tries are left before signing is locked for a while. Nothing was signed.",
    ),
)
SIGNING_LOCKED = FaultCode(
    "BA-5102",
    Forbidden,
    Text(
        "Nhập sai mã PIN quá nhiều lần: việc ký bị khoá tạm, thử lại sau {minutes} phút.",
        "Too many wrong PINs: signing is locked for a while; try again in {minutes} minutes.",
    ),
)
NOT_YOUR_TURN = FaultCode(
    "BA-5103",
    Forbidden,
    Text(
        "Tờ này không chờ chữ ký của bạn: chưa đến lượt, đã ký, hoặc thuộc người khác.",
        "This paper does not wait for your signature: not yet your turn, signed already, or somebody else's.",
    ),
)
NOT_DONE = FaultCode(
    "BA-5104",
    Conflict,
    Text(
        "Tờ này còn đang viết, chưa ký được. Lưu và đánh dấu viết xong trước.",
        "This paper is still being written. Save it as done first.",
    ),
)
CHANGED_SINCE = FaultCode(
    "BA-5105",
    Conflict,
    Text(
        "Tờ này có bản mới (bản {version}) sau khi bạn chọn ký. Xem bản mới rồi ký lại.",
        "There is a newer version ({version}) than the one you chose to sign. Look at it, then sign again.",
    ),
)
SIGNED_MEANWHILE = FaultCode(
    "BA-5106",
    Conflict,
    Text(
        "Người khác vừa ký tờ này; ký lại để chữ ký của bạn nối tiếp.",
        "Somebody else has just signed this paper; sign again so that yours follows.",
    ),
)
NOT_SIGNED_YET = FaultCode(
    "BA-5107",
    NotFound,
    Text("Bản này chưa có chữ ký nào.", "Nobody has signed this version."),
)
BAD_CHAINS = FaultCode(
    "BA-5108",
    Incorrect,
    Text(
        "Tệp thứ tự ký {file} không đọc được: {reason}. Sửa theo tệp mẫu trong tài liệu rồi khởi động lại.",
        "The file {file} with the order of signatures cannot be read: {reason}. Mend it as the guide shows.",
    ),
)
UNSIGNED_PAPERS = FaultCode(
    "BA-5109",
    Conflict,
    Text(
        "Còn {count} tờ chưa đủ chữ ký, chưa lưu trữ được. Xem danh sách ai chưa ký, nhắc ký rồi làm lại.",
        "{count} papers lack signatures; the record cannot be archived. See who has not signed, then try again.",
    ),
)
NOTHING_CHOSEN = FaultCode(
    "BA-5110",
    Incorrect,
    Text("Chưa chọn tờ nào để ký. Đánh dấu ít nhất một tờ.", "No paper is chosen. Tick at least one."),
)
PIN_MISSING = FaultCode(
    "BA-5111",
    Incorrect,
    Text("Chưa nhập mã PIN. Nhập mã PIN của thiết bị ký rồi ký lại.", "The PIN is missing. Type it, then sign again."),
)
TOO_MANY_CHOSEN = FaultCode(
    "BA-5112",
    Incorrect,
    Text("Chọn nhiều nhất {limit} tờ một lần ký.", "At most {limit} papers are signed at once."),
)
NO_SUCH_BATCH = FaultCode(
    "BA-5113",
    NotFound,
    Text("Không có lần ký này, hoặc là của người khác.", "There is no such batch, or it is somebody else's."),
)
BATCH_RUNNING = FaultCode(
    "BA-5114",
    Busy,
    Text("Một lần ký của bạn đang chạy. Đợi xong rồi ký tiếp.", "A batch of yours is running. Wait until it ends."),
)
NO_SUCH_DEPUTY = FaultCode(
    "BA-5115",
    Incorrect,
    Text(
        "Không có tài khoản {login} được ký thay. Kiểm tra tên đăng nhập và chứng thư số của người đó.",
        "No account {login} may sign for you. Check the login and that person's certificate.",
    ),
)
BAD_DELEGATION = FaultCode(
    "BA-5116",
    Incorrect,
    Text(
        "Uỷ quyền cần chức danh khi ký và ngày kết thúc trong vòng {days} ngày tới.",
        "A delegation needs the title to sign with and an end within the next {days} days.",
    ),
)
NO_SUCH_DELEGATION = FaultCode("BA-5117", NotFound, Text("Không có uỷ quyền này.", "There is no such delegation."))
BAD_SIGNER = FaultCode(
    "BA-5118",
    Incorrect,
    Text(
        "Thiết lập chữ ký số {name} chưa đúng: {reason}.",
        "The setting {name} of signatures is not right: {reason}.",
    ),
)
NO_SERVICES = FaultCode(
    "BA-5119",
    Unavailable,
    Text(
        "Nút này chưa cấu hình ký số (thư mục chứng thư tin cậy). Xem hướng dẫn ký số.",
        "This node is not set up for signing (the folder of trusted roots). See the guide on signing.",
    ),
)
PAGE_CHANGED = FaultCode(
    "BA-5120",
    Conflict,
    Text(
        "Nội dung đã đổi sau khi đưa cho người bệnh xem. Cho xem lại trang rồi xác nhận lại.",
        "The content changed after it was shown. Show the page again, then confirm again.",
    ),
)
BAD_CONFIRMATION = FaultCode(
    "BA-5121",
    Incorrect,
    Text("Xác nhận chưa đủ: {reason}.", "The confirmation is not complete: {reason}."),
)
WRONG_CODE = FaultCode(
    "BA-5122",
    Incorrect,
    Text(
        "Mã xác nhận không đúng hoặc đã hết hạn. Gửi mã khác rồi nhập lại.",
        "The code is wrong or over. Send another one and type it.",
    ),
)
GUARDIAN_NEEDED = FaultCode(
    "BA-5123",
    Incorrect,
    Text(
        "Người bệnh {age} tuổi: {who} phải xác nhận. Chọn quan hệ cho đúng.",
        "The patient is {age}: {who} must confirm. Choose the relation accordingly.",
    ),
)
NO_CODE_SENDER = FaultCode(
    "BA-5124",
    Conflict,
    Text(
        "Nút này chưa nối dịch vụ gửi mã. Dùng chữ ký tay hoặc hai người làm chứng.",
        "No service that sends codes is connected. Use a handwritten stroke or two witnesses.",
    ),
)
OTHER_IDENTITY = FaultCode(
    "BA-5487",
    Conflict,
    Text(
        "Người vừa xác thực có số định danh khác với người xác nhận. Chưa giữ gì; kiểm tra đúng người rồi làm lại.",
        "Who has just identified has another number than who confirms. Nothing was kept; see who it is, begin again.",
    ),
)
NO_ATTESTER = FaultCode(
    "BA-5490",
    Conflict,
    Text(
        "Nút này chưa nối cách xác nhận này. Dùng chữ ký tay hoặc hai người làm chứng.",
        "This way of confirming is not connected here. Use a handwritten stroke or two witnesses.",
    ),
)
ASKED_TOO_LONG = FaultCode(
    "BA-5491",
    Incorrect,
    Text(
        "Lần xác nhận này đã quá hạn hoặc không phải của máy này. Cho xem lại trang rồi làm lại từ đầu.",
        "This confirmation is over, or not of this device. Show the page again and begin anew.",
    ),
)
BATCH_STOPPED = FaultCode(
    "BA-5125",
    Unavailable,
    Text(
        "Lần ký dừng giữa chừng do lỗi hệ thống. Những tờ đã ký vẫn có hiệu lực; ký lại những tờ còn lại.",
        "Signing stopped half-way by a failure of the system. What is signed stays; sign the rest again.",
    ),
)
