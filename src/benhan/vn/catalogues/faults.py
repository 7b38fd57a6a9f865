"""Why a catalogue is not read or not changed."""

from __future__ import annotations

from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text

NO_CATALOGUE = FaultCode(
    "BA-3300",
    NotFound,
    Text(
        "Không có danh mục {name}. Xem các danh mục: benhan catalogues list.",
        "There is no catalogue {name}. See them all: benhan catalogues list.",
    ),
)
BAD_TABLE = FaultCode(
    "BA-3301",
    Incorrect,
    Text("Tệp danh mục không đọc được: {reason}.", "The file of the catalogue cannot be read: {reason}."),
)
TABLE_TOO_LARGE = FaultCode(
    "BA-3302",
    Incorrect,
    Text(
        "Tệp danh mục quá lớn: tối đa {bytes} byte, {rows} dòng, {columns} cột.",
        "The file of the catalogue is too large: at most {bytes} bytes, {rows} rows, {columns} columns.",
    ),
)
NO_COLUMN = FaultCode(
    "BA-3303",
    Incorrect,
    Text(
        "Tệp danh mục thiếu cột {column}. Cột có trong tệp: {found}. Chỉ tên cột bằng --code hoặc --display.",
        "The file of the catalogue has no column for {column}. It has: {found}. Name it by --code or --display.",
    ),
)
TOO_MANY_END = FaultCode(
    "BA-3304",
    Conflict,
    Text(
        "Nạp tệp này sẽ làm {ended} trong {all} mã hết hiệu lực. Nếu tệp chỉ có phần thay đổi, thêm --partial; "
        "nếu đúng là danh mục đầy đủ, thêm --allow-ends.",
        "Loading this file would end {ended} of {all} codes. If it holds changes only, add --partial; if it is the "
        "whole list, add --allow-ends.",
    ),
)
NO_GOOD_ROW = FaultCode(
    "BA-3305",
    Incorrect,
    Text(
        "Tệp không có dòng nào dùng được ({bad} dòng sai); danh mục giữ nguyên.",
        "No row of the file can be used ({bad} are bad); the catalogue stays as it is.",
    ),
)
BAD_NAME = FaultCode(
    "BA-3306",
    Incorrect,
    Text(
        "Tên danh mục chỉ gồm chữ hoa không dấu, số, dấu _ và dấu chấm, tối đa 64 ký tự.",
        "The name of a catalogue is capital letters, digits, _ and dots, 64 characters at most.",
    ),
)
