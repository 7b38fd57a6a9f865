"""Why a blob was not stored or is not given."""

from __future__ import annotations

from benhan.kernel.faults import Broken, FaultCode, Incorrect, NotFound, Unavailable
from benhan.kernel.texts import Text

NO_SUCH_BLOB = FaultCode("BA-0520", NotFound, Text("Không có tệp này.", "There is no such file."))
BLOB_LOST = FaultCode(
    "BA-0521",
    Broken,
    Text(
        "Tệp {name} có trong sổ nhưng không còn ở nơi lưu. Khôi phục thư mục blobs từ bản sao lưu.",
        "The file {name} is on record but not where files are kept. Restore the blobs folder from a backup.",
    ),
)
BLOB_TOO_LARGE = FaultCode(
    "BA-0522",
    Incorrect,
    Text("Tệp lớn hơn mức cho phép ({size_max} byte).", "The file is larger than allowed ({size_max} bytes)."),
)
BLOB_PLACE_AWAY = FaultCode(
    "BA-0523",
    Unavailable,
    Text(
        "Nơi lưu tệp không dùng được ({reason}). Kiểm tra ổ đĩa hoặc dịch vụ S3 rồi thử lại.",
        "Where files are kept cannot be used ({reason}). Check the disk or the S3 service, then try again.",
    ),
)
