"""What each verdict means for a person, and what they can do. Source: EN 319 102-1, 5.1.3, table 6."""

from __future__ import annotations

from benhan.kernel.texts import Text

PASSED = Text(
    "Chữ ký hợp lệ: đúng người ký, nội dung không thay đổi từ khi ký.",
    "The signature is valid: by this signer, and nothing changed since.",
)
CHANGED_AFTER = Text(
    "Tệp đã bị sửa sau khi ký: phần được ký còn nguyên nhưng nội dung hiện ra đã khác.",
    "The file was changed after it was signed: the signed part is whole, but what is shown is not what was signed.",
)
UNEXPLAINED = Text("Chưa kết luận được.", "No conclusion is possible.")

SUB_INDICATIONS = {
    "FORMAT_FAILURE": Text(
        "Chữ ký sai định dạng, không kiểm tra được.", "The signature is malformed and cannot be checked."
    ),
    "HASH_FAILURE": Text(
        "Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký này thuộc tệp khác.",
        "The content was changed after signing, or the signature belongs to another file.",
    ),
    "SIG_CRYPTO_FAILURE": Text(
        "Chữ ký không do khoá của chứng thư này tạo ra.", "The signature was not made by this certificate's key."
    ),
    "REVOKED": Text(
        "Chứng thư số đã bị thu hồi trước khi ký.", "The certificate had been revoked before the signature was made."
    ),
    "NOT_YET_VALID": Text(
        "Chữ ký được tạo trước khi chứng thư số có hiệu lực.",
        "The signature was made before the certificate became valid.",
    ),
    "SIG_CONSTRAINTS_FAILURE": Text(
        "Thông tin trong chữ ký không đạt yêu cầu kiểm tra.", "What the signature says does not meet the rules."
    ),
    "CHAIN_CONSTRAINTS_FAILURE": Text(
        "Chứng thư số không được cấp để ký tài liệu.", "The certificate was not issued for signing documents."
    ),
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": Text(
        "Chuỗi chứng thư không kiểm tra được: thiếu hoặc sai thông tin của nhà cung cấp (CA).",
        "The chain of certificates cannot be checked: what the CA says is missing or wrong.",
    ),
    "CRYPTO_CONSTRAINTS_FAILURE": Text(
        "Thuật toán hoặc độ dài khoá không còn được tin cậy.", "An algorithm or a key's length is not believed."
    ),
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE": Text(
        "Thuật toán nay không còn được tin cậy, và không có dấu thời gian chứng minh chữ ký có từ trước đó.",
        "The algorithm is no longer believed, and no time-stamp proves that the signature is older than that.",
    ),
    "EXPIRED": Text(
        "Chữ ký được tạo sau khi chứng thư số hết hạn.", "The signature was made after the certificate had expired."
    ),
    "TIMESTAMP_ORDER_FAILURE": Text(
        "Các dấu thời gian mâu thuẫn về thứ tự.", "The time-stamps contradict each other in their order."
    ),
    "NO_SIGNING_CERTIFICATE_FOUND": Text(
        "Không có chứng thư số của người ký trong tệp.", "The signer's certificate is not in the file."
    ),
    "NO_CERTIFICATE_CHAIN_FOUND": Text(
        "Chứng thư số không dẫn tới nhà cung cấp (CA) nào trong thư mục tin cậy: thêm chứng thư gốc vào --trust.",
        "The certificate leads to no trusted CA: add its root certificate to --trust.",
    ),
    "REVOKED_NO_POE": Text(
        "Chứng thư số đã bị thu hồi, và không có dấu thời gian chứng minh chữ ký có trước lúc thu hồi.",
        "The certificate is revoked, and no time-stamp proves that the signature is older than that.",
    ),
    "REVOKED_CA_NO_POE": Text(
        "Chứng thư của nhà cung cấp (CA) đã bị thu hồi, và không chứng minh được chữ ký có trước lúc đó.",
        "The CA's certificate is revoked, and it is not proven that the signature is older than that.",
    ),
    "OUT_OF_BOUNDS_NO_POE": Text(
        "Chứng thư số hết hạn hoặc chưa có hiệu lực, và không có dấu thời gian chứng minh lúc ký.",
        "The certificate is expired or not yet valid, and no time-stamp proves when the signature was made.",
    ),
    "OUT_OF_BOUNDS_NOT_REVOKED": Text(
        "Chứng thư số hết hạn (không bị thu hồi), và không có dấu thời gian chứng minh lúc ký.",
        "The certificate is expired, not revoked, and no time-stamp proves when the signature was made.",
    ),
    "REVOCATION_OUT_OF_BOUNDS_NO_POE": Text(
        "Thông tin thu hồi được ký bằng chứng thư đã hết hạn, và không chứng minh được nó có từ trước.",
        "The revocation information is signed by an expired certificate, and it is not proven to be older.",
    ),
    "NO_POE": Text(
        "Thiếu dấu thời gian chứng minh tài liệu kiểm tra có từ khi nào.",
        "No time-stamp proves since when the material of the check has been there.",
    ),
    "TRY_LATER": Text(
        "Chưa có thông tin thu hồi (OCSP/CRL) đủ mới: kiểm tra lại sau, hoặc kèm thông tin đó.",
        "There is no revocation information (OCSP/CRL) that is fresh enough: check again later, or bring it.",
    ),
    "SIGNED_DATA_NOT_FOUND": Text(
        "Không có nội dung mà chữ ký này nói tới.", "The content that this signature is about is not there."
    ),
    "POLICY_PROCESSING_ERROR": Text(
        "Không xử lý được chính sách chữ ký nêu trong tệp.", "The signature policy that is named cannot be processed."
    ),
    "SIGNATURE_POLICY_NOT_AVAILABLE": Text(
        "Không có chính sách chữ ký nêu trong tệp.", "The signature policy that is named is not at hand."
    ),
    "GENERIC": UNEXPLAINED,
}
