"""Why a message cannot be mapped."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

NOT_MAPPABLE = FaultCode(
    "BA-0701",
    Incorrect,
    Text(
        "Thông điệp thiếu hoặc sai {count} chỗ cần để nhập vào bệnh án; xem từng chỗ dưới đây.",
        "The message lacks or garbles {count} places that the record needs, listed below.",
    ),
)

NO_PATIENT_NUMBER = Text(
    "Thiếu mã bệnh nhân (PID-3). Bổ sung mã rồi gửi lại.",
    "The patient number (PID-3) is missing. Add it and send again.",
)
NO_PID = Text("Thiếu đoạn PID: không biết của bệnh nhân nào.", "No PID segment: it is not known whose this is.")
NO_OBR = Text("Thiếu đoạn OBR: không biết xét nghiệm nào.", "No OBR segment: it is not known which test this is.")
NO_ORDER = Text(
    "Không có chỉ định nào (ORC kèm OBR). Mỗi chỉ định là một ORC và một OBR; đơn thuốc, suất ăn, vật tư chưa nhận.",
    "No order (ORC with OBR). Send an ORC and an OBR for each; drugs, diets and supplies are not taken.",
)
NO_ORDER_NUMBER = Text(
    "Thiếu số chỉ định (ORC-2, ORC-3 hoặc ORC-4): sau này không huỷ, sửa hay trả kết quả được. Bổ sung rồi gửi lại.",
    "The order has no number (ORC-2, ORC-3 or ORC-4): it could not be cancelled or answered. Add one, send again.",
)
NO_SERVICE = Text(
    "Thiếu dịch vụ được chỉ định (OBR-4), kể cả khi huỷ: một số phiếu thường có nhiều dịch vụ. Bổ sung rồi gửi lại.",
    "The service ordered (OBR-4) is missing; a cancellation needs it too, as one number often orders several.",
)
NOT_AN_ORDER_CONTROL = Text(
    "ORC-1 không đổi chỉ định. Dùng NW (mới), XO (sửa), CA, DC (huỷ, ngừng), HD (hoãn), SC (trạng thái), RU (thay).",
    "ORC-1 changes no order. Use NW (new), XO (change), CA, DC (cancel, stop), HD (hold), SC (status), RU (replace).",
)
NO_PV1 = Text(
    "Thiếu đoạn PV1: không biết lượt điều trị nào.", "No PV1 segment: it is not known which encounter this is."
)
NO_VISIT = Text(
    "Thiếu số vào viện (PV1-19). Bổ sung rồi gửi lại.",
    "The visit number (PV1-19) is missing. Add it and send again.",
)
NO_TEST_CODE = Text("Thiếu mã chỉ số (OBX-3).", "The observation code (OBX-3) is missing.")
NOT_A_NUMBER = Text("Kết quả kiểu số (NM) không phải là số (OBX-5).", "A numeric result (NM) is not a number (OBX-5).")
NOT_A_DATE = Text(
    "Không phải ngày giờ có thật theo dạng năm-tháng-ngày-giờ-phút (YYYYMMDDHHMM). Sửa rồi chạy lại.",
    "Not a real date or time of the form YYYYMMDDHHMM. Mend it and run it again.",
)
NO_QUERY = FaultCode(
    "BA-6149",
    Incorrect,
    Text(
        "Không có câu hỏi về người: cần QBP^Q22 với tiêu chí @PID… trong QPD-3, hoặc QBP^Q23 với mã và nơi cấp (CX-4).",
        "No question about a person: QBP^Q22 with criteria @PID… in QPD-3, or QBP^Q23 with a number and who gave it.",
    ),
)
