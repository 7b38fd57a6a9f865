"""What an operation was asked wrongly. Codes BA-2350 to BA-2369."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound, Unsupported
from benhan.kernel.texts import Text

NO_SUCH_OPERATION = FaultCode(
    "BA-2350",
    NotFound,
    Text(
        "Không có thao tác {name} ở địa chỉ này. Có: {valid}.",
        "There is no {name} at this address. There are: {valid}.",
    ),
)
UNKNOWN_PARAMETER = FaultCode(
    "BA-2351",
    Incorrect,
    Text(
        "Thao tác {operation} không nhận tham số {name}. Nhận: {valid}.",
        "{operation} takes no parameter {name}. It takes: {valid}.",
    ),
)
BAD_PARAMETER = FaultCode(
    "BA-2352",
    Incorrect,
    Text("Tham số {name} phải là {wanted}.", "The parameter {name} must be {wanted}."),
)
MISSING_PARAMETER = FaultCode(
    "BA-2353", Incorrect, Text("Thiếu tham số {name} ({wanted}).", "The parameter {name} ({wanted}) is missing.")
)
NOT_PARAMETERS = FaultCode(
    "BA-2354",
    Incorrect,
    Text(
        "Nội dung gửi cho một thao tác phải là tài nguyên Parameters.",
        "The body sent to an operation must be a Parameters resource.",
    ),
)
TOO_MANY_PARAMETERS = FaultCode(
    "BA-2355", Incorrect, Text("Có quá {limit} tham số.", "There are more than {limit} parameters.")
)
NOT_TAKEN = FaultCode(
    "BA-2356",
    Unsupported,
    Text("Tham số {name} chưa được hỗ trợ. Bỏ tham số này.", "The parameter {name} is not offered. Leave it out."),
)
DOCUMENT_TOO_LARGE = FaultCode(
    "BA-2357",
    Incorrect,
    Text(
        "Tài liệu dẫn tới hơn {limit} tài nguyên. Chia thành nhiều Composition.",
        "The document refers to more than {limit} resources. Part it into several Compositions.",
    ),
)
MISSING_IN_DOCUMENT = FaultCode(
    "BA-2358",
    Conflict,
    Text(
        "Composition dẫn tới tài nguyên không có ở đây: {references}. Nạp vào hoặc bỏ tham chiếu rồi làm lại.",
        "The Composition refers to what is not here: {references}. Store it or take the reference out, then ask again.",
    ),
)
NOT_A_PATIENT = FaultCode(
    "BA-2359",
    Incorrect,
    Text(
        "Tham số resource phải là một Patient có định danh, hoặc có họ tên và ngày sinh.",
        "The parameter resource must be a Patient with an identifier, or with a name and a birth date.",
    ),
)
TOO_MANY_LABELLED = FaultCode(
    "BA-3961",
    Unsupported,
    Text(
        "Có hơn {limit} tài nguyên mang {name}. Hỏi từng loại tài nguyên, hoặc tìm theo giá trị.",
        "More than {limit} resources have a {name}. Ask type by type, or search by a value.",
    ),
)
