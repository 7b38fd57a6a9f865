"""Why an app is not let in. `OAUTH_ERRORS` gives the word of RFC 6749 for each."""

from __future__ import annotations

from benhan.access.faults import Unauthenticated
from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.texts import Text

BAD_REQUEST = FaultCode(
    "BA-2310",
    Incorrect,
    Text(
        "Yêu cầu của ứng dụng thiếu hoặc sai tham số {name}.",
        "The app's request lacks the parameter {name}, or it is wrong.",
    ),
)
UNKNOWN_CLIENT = FaultCode(
    "BA-2311",
    Unauthenticated,
    Text(
        "Không có ứng dụng nào đăng ký mã này, hoặc chứng minh của ứng dụng không đúng.",
        "No app is registered under this id, or its proof is wrong.",
    ),
)
WRONG_REDIRECT = FaultCode(
    "BA-2312",
    Incorrect,
    Text(
        "Địa chỉ quay về không phải địa chỉ ứng dụng đã đăng ký, nên không chuyển tới đó.",
        "The redirect address is not one that the app registered, so nobody is sent there.",
    ),
)
NO_PKCE = FaultCode(
    "BA-2313",
    Incorrect,
    Text(
        "Ứng dụng phải gửi code_challenge với code_challenge_method=S256.",
        "The app must send code_challenge with code_challenge_method=S256.",
    ),
)
UNSUPPORTED_RESPONSE = FaultCode(
    "BA-2314", Incorrect, Text("Chỉ nhận response_type=code.", "Only response_type=code is offered.")
)
UNSUPPORTED_GRANT = FaultCode(
    "BA-2315",
    Incorrect,
    Text(
        "grant_type phải là authorization_code, refresh_token hoặc client_credentials.",
        "grant_type must be authorization_code, refresh_token or client_credentials.",
    ),
)
NO_SCOPE = FaultCode(
    "BA-2316",
    Incorrect,
    Text(
        "Không phạm vi nào được xin là có, hoặc được phép cho ứng dụng và tài khoản này.",
        "None of the scopes asked for exists and is allowed for this app and account.",
    ),
)
WRONG_CODE = FaultCode(
    "BA-2317",
    Incorrect,
    Text(
        "Mã trao đổi hoặc mã làm mới không đúng, đã dùng, đã hết hạn hoặc của ứng dụng khác.",
        "The code or refresh token is wrong, used, expired, or another app's.",
    ),
)
WRONG_VERIFIER = FaultCode(
    "BA-2318",
    Incorrect,
    Text("code_verifier không khớp với code_challenge.", "code_verifier does not match code_challenge."),
)
WRONG_ASSERTION = FaultCode(
    "BA-2319",
    Unauthenticated,
    Text(
        "client_assertion không hợp lệ: {reason}.",
        "client_assertion is not valid: {reason}.",
    ),
)
GRANT_NOT_FOR_CLIENT = FaultCode(
    "BA-2320",
    Forbidden,
    Text("Ứng dụng này không được dùng grant_type đó.", "This app may not use that grant_type."),
)
WRONG_AUDIENCE = FaultCode(
    "BA-2321",
    Incorrect,
    Text("aud phải là địa chỉ FHIR của máy chủ này.", "aud must be the FHIR address of this server."),
)
WRONG_LAUNCH = FaultCode(
    "BA-2322",
    Incorrect,
    Text(
        "Mã mở ứng dụng không đúng, đã dùng, đã hết hạn hoặc của người khác.",
        "The launch is wrong, used, expired, or somebody else's.",
    ),
)
DENIED = FaultCode("BA-2323", Forbidden, Text("Người dùng không đồng ý.", "The person did not agree."))
NO_PATIENT = FaultCode(
    "BA-2324",
    Forbidden,
    Text(
        "Chưa chọn người bệnh nào xem được bằng tài khoản này.",
        "No patient was chosen that this account may see.",
    ),
)
CLIENT_TAKEN = FaultCode(
    "BA-2325", Conflict, Text("Mã này đã có ứng dụng hoặc máy dùng.", "An app or a machine has this id already.")
)
BAD_CLIENT = FaultCode(
    "BA-2326",
    Incorrect,
    Text("Đăng ký ứng dụng sai ở {name}: {reason}.", "The registration of the app is wrong at {name}: {reason}."),
)
NO_SUCH_CLIENT = FaultCode(
    "BA-2327", NotFound, Text("Không có ứng dụng đang dùng nào mang mã này.", "No app in use has this id.")
)
TOO_MANY_REQUESTS = FaultCode(
    "BA-2328",
    Forbidden,
    Text(
        "Ứng dụng hỏi quá nhanh. Chờ một phút rồi thử lại.",
        "The app asks too fast. Wait a minute, then try again.",
    ),
)
CLOSED_TO_APPS = FaultCode(
    "BA-2329",
    Forbidden,
    Text("Mã truy cập của ứng dụng không dùng được ở đây.", "An app's token is of no use here."),
)
NO_SUCH_APP = FaultCode(
    "BA-2330",
    Incorrect,
    Text(
        "Không có ứng dụng nào đăng ký mã này, nên không ai được chuyển tới đâu. Báo cho người cung cấp ứng dụng.",
        "No app is registered under this id, so nobody is sent anywhere. Tell who made the app.",
    ),
)

OAUTH_ERRORS: dict[str, str] = {
    BAD_REQUEST.code: "invalid_request",
    UNKNOWN_CLIENT.code: "invalid_client",
    WRONG_ASSERTION.code: "invalid_client",
    NO_PKCE.code: "invalid_request",
    UNSUPPORTED_RESPONSE.code: "unsupported_response_type",
    UNSUPPORTED_GRANT.code: "unsupported_grant_type",
    NO_SCOPE.code: "invalid_scope",
    WRONG_CODE.code: "invalid_grant",
    WRONG_VERIFIER.code: "invalid_grant",
    WRONG_REDIRECT.code: "invalid_grant",
    GRANT_NOT_FOR_CLIENT.code: "unauthorized_client",
    WRONG_AUDIENCE.code: "invalid_request",
    WRONG_LAUNCH.code: "invalid_request",
    DENIED.code: "access_denied",
    NO_PATIENT.code: "access_denied",
    TOO_MANY_REQUESTS.code: "temporarily_unavailable",
}
"""Fault to error. Source: RFC 6749 4.1.2.1, 5.2; OpenID Connect Core 3.1.2.6."""
