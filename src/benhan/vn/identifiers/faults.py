"""Why a text is not the identifier it was taken for. What exactly is wrong stands in the issues of the fault."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

NOT_A_CITIZEN_NUMBER = FaultCode(
    "BA-3260",
    Incorrect,
    Text("Không phải số định danh cá nhân. Nhập đủ 12 chữ số.", "Not a personal number. It has 12 digits."),
)
NOT_AN_OLD_IDENTITY_CARD = FaultCode(
    "BA-3261",
    Incorrect,
    Text(
        "Không phải số chứng minh nhân dân. Nhập đủ 9 chữ số.",
        "Not the number of an old identity card. It has 9 digits.",
    ),
)
NOT_A_PASSPORT = FaultCode(
    "BA-3262",
    Incorrect,
    Text("Không phải số hộ chiếu. Nhập đúng như in trên hộ chiếu.", "Not a passport number. Write it as printed."),
)
NOT_AN_INSURANCE_CARD = FaultCode(
    "BA-3263",
    Incorrect,
    Text(
        "Không phải số thẻ BHYT. Nhập 15 ký tự, 10 số BHXH hoặc 12 số định danh.",
        "Not an insurance card number: 15 characters, 10 digits (BHXH) or the 12-digit personal number.",
    ),
)
NOT_A_SOCIAL_INSURANCE_NUMBER = FaultCode(
    "BA-3264",
    Incorrect,
    Text("Không phải mã số BHXH. Nhập đủ 10 chữ số.", "Not a social insurance number. It has 10 digits."),
)
NOT_A_FACILITY_CODE = FaultCode(
    "BA-3265",
    Incorrect,
    Text(
        "Không phải mã cơ sở khám chữa bệnh. Nhập 5 ký tự, 2 số đầu là mã tỉnh.",
        "Not a facility code: 5 characters, the first two the digits of the province.",
    ),
)
NOT_A_GLN = FaultCode(
    "BA-3266",
    Incorrect,
    Text(
        "Không phải mã địa điểm toàn cầu (GLN). Kiểm tra lại 13 chữ số.",
        "Not a Global Location Number. Check its 13 digits.",
    ),
)
NOT_A_PRACTICE_LICENCE = FaultCode(
    "BA-3267",
    Incorrect,
    Text(
        "Không phải số giấy phép hành nghề. Nhập như trên giấy, ví dụ 000123/BYT-GPHN.",
        "Not the number of a practising licence. Write it as on the paper, such as 000123/BYT-GPHN.",
    ),
)
NOT_A_BIRTH_NOTICE = FaultCode(
    "BA-3268",
    Incorrect,
    Text(
        "Không phải số giấy chứng sinh. Dạng đúng: mã cơ sở.GCS.số thứ tự.năm, ví dụ 01901.GCS.00012.26.",
        "Not the number of a birth notice: facility.GCS.serial.year, such as 01901.GCS.00012.26.",
    ),
)
NOT_A_RECORD_NUMBER = FaultCode(
    "BA-3269",
    Incorrect,
    Text("Số hồ sơ không dùng được. Xem từng chỗ sai.", "The record's number cannot be used. See what is wrong."),
)
NOT_A_TEMPORARY_IDENTITY = FaultCode(
    "BA-3270",
    Incorrect,
    Text(
        "Không phải mã tạm của người bệnh. Quét lại vòng tay hoặc nhập lại mã.",
        "Not a temporary identity. Scan the wristband again or type it anew.",
    ),
)
CANNOT_MAKE_TEMPORARY = FaultCode(
    "BA-3271",
    Incorrect,
    Text(
        "Không tạo được mã tạm: cần mã cơ sở 5 ký tự và số thứ tự từ 1 đến 9999.",
        "No temporary identity can be made: it needs a facility code of 5 characters and a serial from 1 to 9999.",
    ),
)
NOT_IN_HISTORY = FaultCode(
    "BA-3272",
    Incorrect,
    Text(
        "Người bệnh không có số này đang dùng. Tải lại hồ sơ rồi thử lại.",
        "The patient holds no such number. Load the record again and retry.",
    ),
)
NOT_CORRECTED = FaultCode(
    "BA-3273",
    Incorrect,
    Text(
        "Số này chưa từng được đính chính nên không hoàn lại được.",
        "The number was never corrected, so there is nothing to take back.",
    ),
)
ENDS_BEFORE_IT_BEGINS = FaultCode(
    "BA-3274",
    Incorrect,
    Text(
        "Thời điểm thay số sớm hơn lúc số cũ bắt đầu có hiệu lực. Kiểm tra lại ngày.",
        "The number would end before it began. Check the date.",
    ),
)
CORRECTED_SINCE = FaultCode(
    "BA-3275",
    Incorrect,
    Text(
        "Số thay vào đã được đính chính sau đó. Hoàn lại lần đính chính sau trước.",
        "The number that took its place has been corrected since. Take back the later correction first.",
    ),
)
