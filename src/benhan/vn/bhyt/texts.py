"""What reading and checking a BHYT file says to a person; each sentence says what to mend."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

WRAPPER = "CV 1245/BHXH-CNTT (03/05/2024): GIAMDINHHS"
COLUMNS = "QĐ 130/QĐ-BYT, 4750/QĐ-BYT, 3176/QĐ-BYT, phụ lục"

NOT_BHYT = FaultCode(
    "BA-3400",
    Incorrect,
    Text(
        "Tệp không phải XML BHYT (GIAMDINHHS, bảng XML1–XML15 hoặc check-in). Chọn đúng tệp rồi gửi lại.",
        "The file is not a BHYT XML (GIAMDINHHS, a table XML1 to XML15, or a check-in). Choose the right one.",
    ),
)

OTHER_KINDS = {
    "KHAMSUCKHOE": Text(
        "Tệp là hồ sơ khám sức khoẻ, không phải XML BHYT: nộp ở trang Gửi cơ quan, mục khám sức khoẻ.",
        "The file is a health check-up, not a BHYT XML: hand it in on the page of authorities, at health check-ups.",
    ),
    "HoSoBenhAn": Text(
        "Tệp là hồ sơ bệnh án (HoSoBenhAn), không phải XML BHYT: đổi bằng benhan convert rồi nhập qua FHIR.",
        "The file is a record (HoSoBenhAn), not a BHYT XML: convert it with benhan convert, then post it as FHIR.",
    ),
}
"""Files of other formats by their root, and where each belongs."""
FHIR = Text(
    "Tệp là FHIR, không phải XML BHYT: gửi tới địa chỉ /fhir của máy này.",
    "The file is FHIR, not a BHYT XML: post it to this system's /fhir.",
)
HAS_DTD = Text(
    "Có DOCTYPE: không nhận, vì có thể chứa thực thể nguy hiểm. Bỏ phần DOCTYPE rồi gửi lại.",
    "It has a DOCTYPE, which is refused since it may hold harmful entities. Take it out and send again.",
)
NOT_UTF8 = Text(
    "Không phải UTF-8 (có thể là TCVN3, VNI hoặc Windows-1258). Xuất lại bằng Unicode UTF-8.",
    "Not UTF-8 (perhaps TCVN3, VNI or Windows-1258). Export it again as Unicode UTF-8.",
)
UTF16 = Text(
    "Tệp ở UTF-16; quy định là UTF-8. Xuất lại bằng UTF-8.",
    "The file is in UTF-16; UTF-8 is prescribed. Export it again as UTF-8.",
)
HAS_BOM = Text("Tệp có dấu BOM ở đầu; nên bỏ đi.", "The file begins with a BOM; leave it out.")
OTHER_ENCODING = Text(
    "Khai bảng mã {encoding}; quy định là UTF-8.", "It declares the encoding {encoding}; UTF-8 is prescribed."
)
NOT_XML = Text(
    "Không phải XML đúng: hỏng ở dòng {line}, cột {column}. Xuất lại tệp từ phần mềm.",
    "Not well-formed XML: broken at line {line}, column {column}. Export the file again.",
)
TOO_LARGE = Text("Lớn quá {size} MB.", "Larger than {size} MB.")
CUT_OFF = Text(
    "HOSO không có thẻ đóng (tệp bị cắt?). Xuất lại hồ sơ này.",
    "The HOSO has no end tag (is the file cut off?). Export this record again.",
)
BETWEEN = Text(
    "Có nội dung lạ trước HOSO này; bỏ đi rồi gửi lại.", "Something foreign stands before this HOSO; take it out."
)
NO_HOSO = Text("Tệp không có hồ sơ nào.", "The file holds no record.")
NO_WRAPPER = Text(
    "Không có vỏ GIAMDINHHS; chỉ đọc được, không gửi lên cổng như vậy được.",
    "No GIAMDINHHS wrapper: it can be read, but not be sent like this.",
)
FLAT = Text("Các phần không nằm trong HOSO.", "The parts do not stand in a HOSO.")
NO_FACILITY = Text("Thiếu MACSKCB.", "MACSKCB is missing.")
BAD_MADE_ON = Text("NGAYLAP phải là ngày có thật dạng yyyyMMdd.", "NGAYLAP must be a real day, yyyyMMdd.")
BAD_COUNT = Text("SOLUONGHOSO phải là số.", "SOLUONGHOSO must be a number.")
OTHER_COUNT = Text(
    "SOLUONGHOSO ghi {said} nhưng tệp có {seen} hồ sơ.", "SOLUONGHOSO says {said}, but the file holds {seen} records."
)
UNKNOWN_PART = Text(
    "LOAIHOSO không phải XML1 đến XML15; phần này không đọc được.", "LOAIHOSO is none of XML1 to XML15; not read."
)
TOO_MANY_PARTS = Text("Quá {most} phần trong một HOSO.", "More than {most} parts in a HOSO.")
NOT_BASE64 = Text(
    "NOIDUNGFILE không phải Base64 đúng. Xuất lại phần này.", "NOIDUNGFILE is not valid Base64. Export it again."
)
WRAPPED = Text("Base64 bị ngắt dòng; quy định là một dòng.", "The Base64 is broken into lines; one line is prescribed.")
INLINE = Text(
    "XML đặt thẳng trong NOIDUNGFILE; quy định là Base64.",
    "The XML stands as it is in NOIDUNGFILE; Base64 is prescribed.",
)
OTHER_TABLE = Text(
    "LOAIHOSO ghi {said} nhưng nội dung là {found}.", "LOAIHOSO says {said}, but the content is {found}."
)
NO_TABLE = Text(
    "Không thấy bảng nào của XML1–XML15 trong nội dung này.", "No table of XML1 to XML15 is in this content."
)
OTHER_PATH = Text("Các dòng không nằm dưới {path}.", "The rows do not stand under {path}.")
NO_ROWS = Text("Bảng không có dòng nào.", "The table holds no row.")
DOUBLED_TABLE = Text(
    "Bảng {table} có hai lần trong một hồ sơ; chỉ đọc lần đầu.",
    "{table} is there twice in a record; the first is read.",
)
ONE_ROW = Text("Bảng {table} chỉ được một dòng.", "{table} may hold one row only.")
DOUBLED_COLUMN = Text(
    "Cột có hai lần trong một dòng; chỉ đọc lần đầu.", "The column is there twice in a row; the first is read."
)
MARKUP = Text(
    "Có thẻ XML lẫn trong giá trị; dùng CDATA hoặc thay < bằng &lt;.",
    "XML tags stand within the value; use CDATA or write < as &lt;.",
)
NO_SUMMARY = Text("Hồ sơ thiếu bảng XML1.", "The record lacks XML1.")
NO_MA_LK = Text("Thiếu MA_LK: không biết của đợt điều trị nào.", "MA_LK is missing: the episode is unknown.")
OTHER_MA_LK = Text("MA_LK khác với XML1.", "MA_LK differs from XML1.")

NO_SUCH_TABLE = Text(
    "Bảng {table} chưa có ở QĐ {decision}, là quyết định theo ngày của đợt điều trị.",
    "QĐ {decision}, which governs the day of the episode, has no {table}.",
)
NO_COLUMN = Text(
    "Thiếu cột này; cột không dùng vẫn phải có, để trống.", "The column is missing; unused ones stay empty."
)
NOT_A_COLUMN = Text(
    "QĐ {decision} không có cột này trong bảng {table}.", "QĐ {decision} has no such column in {table}."
)
OTHER_ORDER = Text("Các cột không theo thứ tự của quyết định.", "The columns are not in the order of the decision.")
EMPTY = Text("Thiếu giá trị bắt buộc.", "A required value is missing.")
TOO_LONG = Text("Dài quá {size} ký tự; rút ngắn lại.", "Longer than {size} characters; shorten it.")
NOT_INTEGER = Text("Phải là số nguyên, chỉ gồm chữ số.", "It must be a whole number, digits only.")
NOT_NUMBER = Text(
    "Phải là số: dấu chấm thập phân, không dấu ngăn nghìn, nhiều nhất {digits} chữ số lẻ.",
    "It must be a number: a decimal dot, no thousands mark, at most {digits} decimals.",
)
NOT_DAY = Text("Phải là ngày có thật dạng yyyymmdd (8 chữ số).", "It must be a real day, yyyymmdd (8 digits).")
NOT_MINUTE = Text(
    "Phải là giờ phút có thật dạng yyyymmddHHMM (12 chữ số).", "It must be a real time, yyyymmddHHMM (12 digits)."
)
NOT_DAY_OR_MINUTE = Text(
    "Phải là ngày yyyymmdd hoặc giờ phút yyyymmddHHMM có thật.", "It must be a real yyyymmdd or yyyymmddHHMM."
)
NOT_BIRTH = Text(
    "Ngày sinh phải có dạng yyyymmddHHMM; phần không biết ghi số 0 (yyyy00000000).",
    "A birth is written yyyymmddHHMM, unknown parts as zeros (yyyy00000000).",
)
NOT_IN_LIST = Text(
    "Mã không có trong danh mục {code_list} ở ngày của đợt điều trị.",
    "The code is not in the list {code_list} on the day of the episode.",
)
UNTRIMMED = Text("Mã có khoảng trắng thừa ở đầu hoặc cuối.", "The code has spaces at its start or end.")
CONTROL = Text("Có ký tự điều khiển; xóa đi.", "It holds control characters; take them out.")
EMPTY_ITEM = Text(
    "Có giá trị rỗng giữa các dấu chấm phẩy; bỏ dấu thừa.", "A value between semicolons is empty; drop the extra mark."
)
