"""Why something was not signed, stamped or read."""

from __future__ import annotations

from benhan.kernel.faults import Broken, Conflict, FaultCode, Forbidden, Incorrect, NotFound, Unavailable, Unsupported
from benhan.kernel.texts import Text

NOT_A_CERTIFICATE = FaultCode(
    "BA-5000",
    Incorrect,
    Text(
        "Không đọc được chứng thư số: cần tệp PEM hoặc DER của chứng thư X.509.",
        "The certificate cannot be read: a PEM or DER file of an X.509 certificate is needed.",
    ),
)
KEY_UNSUPPORTED = FaultCode(
    "BA-5001",
    Unsupported,
    Text(
        "Khoá của chứng thư số này ({algorithm}) chưa dùng được để ký: cần RSA hoặc ECDSA.",
        "The key of this certificate ({algorithm}) cannot be signed with yet: RSA or ECDSA is needed.",
    ),
)
NOT_THE_KEY = FaultCode(
    "BA-5002",
    Broken,
    Text(
        "Chữ ký nhận về không khớp chứng thư số: khoá và chứng thư không phải một cặp. Kiểm tra thiết bị ký.",
        "The signature does not fit the certificate: key and certificate are no pair. Check the signing device.",
    ),
)
PDF_UNREADABLE = FaultCode(
    "BA-5003",
    Incorrect,
    Text(
        "Không đọc được tệp PDF: tệp hỏng, quá lớn khi bung ra, hoặc không phải PDF.",
        "The PDF cannot be read: it is damaged, too large when unpacked, or no PDF.",
    ),
)
PDF_LOCKED = FaultCode(
    "BA-5004",
    Unsupported,
    Text(
        "Tệp PDF có mật khẩu: bỏ mật khẩu rồi mới ký được.",
        "The PDF has a password: take it off before signing.",
    ),
)
PLACE_TAKEN = FaultCode(
    "BA-5005",
    Conflict,
    Text(
        "Chỗ ký {place} đã có chữ ký.",
        "The place {place} is signed already.",
    ),
)
TOO_LARGE = FaultCode(
    "BA-5006",
    Incorrect,
    Text(
        "Tệp lớn hơn {limit_mb} MB: chia nhỏ rồi làm lại.",
        "The file is larger than {limit_mb} MB: divide it and try again.",
    ),
)
SIGNATURE_TOO_LONG = FaultCode(
    "BA-5007",
    Unsupported,
    Text(
        "Chữ ký dài hơn chỗ dành sẵn trong PDF: chuỗi chứng thư hoặc dấu thời gian quá lớn.",
        "The signature is longer than its place in the PDF: certificates or time-stamp are too large.",
    ),
)
NOT_SIGNED = FaultCode(
    "BA-5008",
    Incorrect,
    Text(
        "Tệp chưa có chữ ký nên chưa đóng dấu thời gian được.",
        "The file has no signature, so that there is nothing to time-stamp.",
    ),
)
TSA_UNREACHED = FaultCode(
    "BA-5010",
    Unavailable,
    Text(
        "Máy chủ dấu thời gian không trả lời; chữ ký vẫn được giữ, sẽ đóng dấu khi có lại.",
        "The time-stamp server does not answer; the signature is kept and stamped when it is back.",
    ),
)
TSA_REFUSED = FaultCode(
    "BA-5011",
    Unavailable,
    Text(
        "Máy chủ dấu thời gian từ chối ({reason}).",
        "The time-stamp server refused ({reason}).",
    ),
)
BAD_TOKEN = FaultCode(
    "BA-5012",
    Broken,
    Text(
        "Dấu thời gian nhận về không đúng với yêu cầu ({reason}): không dùng.",
        "The time-stamp does not answer the request ({reason}): it is not used.",
    ),
)
STATUS_UNKNOWN = FaultCode(
    "BA-5013",
    Unavailable,
    Text(
        "Chưa kiểm tra được trạng thái chứng thư số (OCSP/CRL): {reason}. Chưa ký; thử lại sau.",
        "The status of the certificate (OCSP/CRL) cannot be told: {reason}. Nothing is signed; try again later.",
    ),
)
CERTIFICATE_REFUSED = FaultCode(
    "BA-5014",
    Forbidden,
    Text(
        "Chứng thư số không dùng để ký được ({reason}): gia hạn hoặc liên hệ nhà cung cấp chữ ký số.",
        "The certificate cannot be signed with ({reason}): renew it or ask its issuer.",
    ),
)
SIGNER_AWAY = FaultCode(
    "BA-5015",
    Unavailable,
    Text(
        "Chưa dùng được thiết bị hoặc dịch vụ ký ({reason}): cắm lại thiết bị, kiểm tra mạng rồi thử lại.",
        "The signing device or service cannot be used ({reason}): plug it in again, check the network, try again.",
    ),
)
SIGNER_REFUSED = FaultCode(
    "BA-5016",
    Forbidden,
    Text(
        "Thiết bị hoặc dịch vụ ký từ chối ({reason}): kiểm tra mã PIN, mã OTP hoặc việc phê duyệt.",
        "The signing device or service refused ({reason}): check PIN, OTP or approval.",
    ),
)
NO_SUCH_CREDENTIAL = FaultCode(
    "BA-5017",
    NotFound,
    Text(
        "Không có chứng thư số {name} trên thiết bị hoặc dịch vụ ký.",
        "There is no certificate {name} on the signing device or service.",
    ),
)
XML_UNREADABLE = FaultCode(
    "BA-5020",
    Incorrect,
    Text(
        "Không đọc được tệp XML: sai cú pháp, có DTD hoặc thực thể.",
        "The XML cannot be read: it is not well-formed, or has a DTD or entities.",
    ),
)
NO_PLACE = FaultCode(
    "BA-5021",
    Incorrect,
    Text(
        "Tệp XML không có chỗ ký {place} (hoặc có nhiều hơn một).",
        "The XML has no place {place} for the signature (or more than one).",
    ),
)
UNKNOWN_KIND = FaultCode(
    "BA-5022",
    Unsupported,
    Text(
        "Không biết tệp này là loại gì: cần PDF, XML, chữ ký rời .p7s hoặc bằng chứng nhật ký.",
        "The kind of this file is not known: a PDF, an XML, a detached signature .p7s or a ledger proof is needed.",
    ),
)
NO_CONTENT = FaultCode(
    "BA-5023",
    NotFound,
    Text(
        "Chữ ký rời này cần tệp gốc đi kèm: thêm --content TỆP.",
        "This detached signature needs the file it signs: add --content FILE.",
    ),
)
NOT_EVIDENCE = FaultCode(
    "BA-5024",
    Incorrect,
    Text(
        "Không đọc được bằng chứng lưu trữ (RFC 4998).",
        "The evidence record (RFC 4998) cannot be read.",
    ),
)
BAD_POLICY = FaultCode(
    "BA-5025",
    Incorrect,
    Text(
        "Dòng {line} của chính sách thuật toán không đọc được.",
        "Line {line} of the policy of algorithms cannot be read.",
    ),
)
IDENTITY_AWAY = FaultCode(
    "BA-5485",
    Unavailable,
    Text(
        "Dịch vụ định danh điện tử không trả lời ({reason}). Thử lại, hoặc xác nhận bằng cách khác.",
        "The provider of identities does not answer ({reason}). Try again, or confirm in another way.",
    ),
)
IDENTITY_REFUSED = FaultCode(
    "BA-5486",
    Incorrect,
    Text(
        "Dịch vụ định danh điện tử không xác nhận ({reason}). Làm lại từ đầu, hoặc xác nhận bằng cách khác.",
        "The provider of identities did not confirm ({reason}). Begin again, or confirm in another way.",
    ),
)
READER_AWAY = FaultCode(
    "BA-5488",
    Unavailable,
    Text(
        "Đầu đọc vân tay không trả lời hoặc trả lời sai ({reason}). Kiểm tra đầu đọc, hoặc xác nhận bằng cách khác.",
        "The reader of fingerprints gives no good answer ({reason}). Check it, or confirm in another way.",
    ),
)
NOT_MATCHED = FaultCode(
    "BA-5489",
    Incorrect,
    Text(
        "Vân tay không khớp. Đặt lại ngón tay, hoặc xác nhận bằng cách khác.",
        "The finger does not match. Try again, or confirm in another way.",
    ),
)
