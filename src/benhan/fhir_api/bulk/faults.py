"""What a bulk request got wrong. Codes BA-2380 to BA-2399."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Forbidden, Incorrect, NotFound, Unavailable, Unsupported
from benhan.kernel.texts import Text

NOT_ASYNC = FaultCode(
    "BA-2380",
    Incorrect,
    Text("Phải gửi Prefer: respond-async.", "Send Prefer: respond-async."),
)
BAD_OUTPUT_FORMAT = FaultCode(
    "BA-2381",
    Incorrect,
    Text(
        "_outputFormat phải là application/fhir+ndjson (hoặc application/ndjson, ndjson).",
        "_outputFormat must be application/fhir+ndjson (or application/ndjson, ndjson).",
    ),
)
BAD_TYPE_FILTER = FaultCode(
    "BA-2382",
    Incorrect,
    Text(
        "_typeFilter phải là Loại?tham-số=giá-trị, của một loại có trong _type, không có tham số kết quả.",
        "_typeFilter must be Type?parameter=value, of a type that is in _type, without result parameters.",
    ),
)
NOT_A_MEMBER = FaultCode(
    "BA-2383",
    Incorrect,
    Text("Có bệnh nhân ở tham số patient không thuộc nhóm.", "A patient of the parameter patient is not in the group."),
)
NO_SUCH_FILE = FaultCode("BA-2384", NotFound, Text("Việc này không có tệp đó.", "The job has no such file."))
NO_BULK = FaultCode(
    "BA-2385",
    Unsupported,
    Text("Máy chủ này không nhận xuất, nhập hàng loạt.", "This server does no bulk export or import."),
)
TOO_MANY_FILTERED = FaultCode(
    "BA-2386",
    Incorrect,
    Text(
        "Nhiều _typeFilter của {type} cùng cho hơn {limit} tài nguyên. Xuất từng bộ lọc một.",
        "Several _typeFilter of {type} give more than {limit} resources together. Export them one by one.",
    ),
)
BAD_IMPORT = FaultCode(
    "BA-2390",
    Incorrect,
    Text(
        "Yêu cầu nhập phải có inputFormat application/fhir+ndjson và từ 1 đến {limit} input (type, url).",
        "An import needs inputFormat application/fhir+ndjson and 1 to {limit} input (type, url).",
    ),
)
URL_NOT_ALLOWED = FaultCode(
    "BA-2391",
    Forbidden,
    Text(
        "Không được lấy tệp ở địa chỉ này. Chỉ nhận https của máy chủ có trong thiết lập import_hosts, "
        "hoặc tệp trong thư mục import_folder.",
        "This address may not be fetched. Only https of a host in the setting import_hosts, "
        "or a file in the folder import_folder.",
    ),
)
NOT_FETCHED = FaultCode(
    "BA-2392",
    Unavailable,
    Text("Không lấy được tệp thứ {number} ({reason}).", "File {number} cannot be fetched ({reason})."),
)
FILE_TOO_LARGE = FaultCode(
    "BA-2393",
    Incorrect,
    Text("Tệp thứ {number} lớn hơn giới hạn {limit} byte.", "File {number} is larger than the limit of {limit} bytes."),
)
LINE_TOO_LONG = FaultCode(
    "BA-2394",
    Incorrect,
    Text(
        "Một dòng của tệp thứ {number} dài hơn giới hạn {limit} byte.",
        "A line of file {number} is longer than the limit of {limit} bytes.",
    ),
)
FETCH_REFUSED = FaultCode(
    "BA-2395",
    Incorrect,
    Text("Máy chủ không cho lấy tệp thứ {number} (HTTP {status}).", "File {number} was refused (HTTP {status})."),
)
