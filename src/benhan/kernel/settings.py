"""Every setting: one documented file, the environment, flags; a later one wins.

`benhan.toml` holds the settings at its top level, and a table named after a role (`[node]`, `[repository]`,
`[healthbook]`, `[hub]`) that wins for that role. `BENHAN_HTTP_PORT` sets `http_port`. `docs/settings.md` is generated
from here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text

ROLES = ("node", "repository", "healthbook", "portal", "hub")

UNKNOWN_SETTING = FaultCode(
    "BA-0101",
    Incorrect,
    Text(
        "Không có thiết lập tên {name} (trong {source}). Xem danh sách ở docs/settings.md.",
        "There is no setting named {name} (in {source}). docs/settings.md lists them.",
    ),
)
BAD_SETTING = FaultCode(
    "BA-0102",
    Incorrect,
    Text(
        "Thiết lập {name} (trong {source}) phải là {wanted}.",
        "The setting {name} (in {source}) must be {wanted}.",
    ),
)
UNREADABLE_SETTINGS = FaultCode(
    "BA-0103",
    Incorrect,
    Text(
        "Không đọc được tệp thiết lập {path}: {reason}.",
        "The settings file {path} cannot be read: {reason}.",
    ),
)


def _setting(default: Any, vi: str, en: str) -> Any:
    return field(default=default, metadata={"text": Text(vi, en)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one running role. Units stand last in the names; sizes are bytes, times seconds."""

    data: Path = _setting(
        Path("data"),
        "Thư mục dữ liệu: cơ sở dữ liệu nhúng, khoá, tệp lớn.",
        "Data folder: the embedded database, keys, blobs.",
    )
    database: str = _setting(
        "",
        "Địa chỉ PostgreSQL (15 trở lên); để trống thì dùng cơ sở dữ liệu nhúng.",
        "PostgreSQL URL (15 or newer); empty means the embedded one.",
    )
    facility_code: str = _setting(
        "00000", "Mã cơ sở khám bệnh, chữa bệnh (5 ký tự).", "Facility code MA_CSKCB (5 characters)."
    )
    facility_name: str = _setting("Cơ sở chưa đặt tên", "Tên cơ sở.", "Name of the facility.")
    http_host: str = _setting(
        "127.0.0.1", "Địa chỉ nghe của trang web và API.", "Address the pages and the API listen on."
    )
    http_port: int = _setting(8080, "Cổng của trang web và API.", "Port of the pages and the API.")
    public_url: str = _setting(
        "",
        "Địa chỉ công khai (https://…), dùng trong liên kết và cookie; để trống thì theo http_host và http_port.",
        "Public address (https://…) for links and cookies; empty means http_host and http_port.",
    )
    tls_certificate: str = _setting("", "Tệp chứng thư TLS (PEM).", "TLS certificate file (PEM).")
    tls_key: str = _setting("", "Tệp khoá TLS (PEM).", "TLS key file (PEM).")
    mllp_host: str = _setting("127.0.0.1", "Địa chỉ nghe HL7 v2 (MLLP).", "Address the HL7 v2 (MLLP) listener binds.")
    mllp_port: int = _setting(2575, "Cổng HL7 v2 (MLLP); 0 thì tắt.", "HL7 v2 (MLLP) port; 0 turns it off.")
    mllp_frame_bytes_max: int = _setting(
        16 * 1024 * 1024, "Cỡ lớn nhất của một thông điệp HL7 v2.", "Largest HL7 v2 message."
    )
    mllp_connections_max: int = _setting(256, "Số kết nối MLLP tối đa.", "Most MLLP connections at once.")
    mllp_charset: str = _setting(
        "utf-8",
        "Bảng mã của thông điệp HL7 v2 không ghi MSH-18.",
        "Character set of HL7 v2 messages that leave MSH-18 empty.",
    )
    bhyt_folder: str = _setting(
        "",
        "Thư mục nhận tệp XML BHYT (XML1–XML15, check-in); để trống thì không theo dõi.",
        "Folder that BHYT XML files (XML1 to XML15, check-in) are dropped into; empty watches none.",
    )
    hl7v2_folder: str = _setting(
        "",
        "Thư mục nhận tệp HL7 v2 (.hl7, .mllp; nhiều thông điệp, FHS/BHS); để trống thì không theo dõi.",
        "Folder that HL7 v2 files (.hl7, .mllp; many messages, FHS/BHS) are dropped into; empty watches none.",
    )
    bhyt_look_s: float = _setting(
        5.0, "Bao lâu xem các thư mục BHYT, HL7 v2 một lần.", "How often the folders of BHYT and HL7 v2 are looked at."
    )
    forms_folder: str = _setting(
        "",
        "Thư mục biểu mẫu riêng của bệnh viện (tệp TOML), thêm vào các mẫu có sẵn.",
        "Folder of the hospital's own forms (TOML files), besides those that are shipped.",
    )
    record_order: str = _setting(
        "",
        "Tệp TOML về thứ tự giấy tờ trong hồ sơ và giấy tờ bắt buộc; để trống thì theo thứ tự có sẵn.",
        "TOML file with the order of papers in a record and what it must have; empty takes the usual one.",
    )
    access_mode: str = _setting(
        "open",
        "Ai đọc được hồ sơ: open (mọi người làm lâm sàng), department (theo khoa), relation (theo người điều trị).",
        "Who reads records: open (all clinical staff), department (by department), relation (who treats).",
    )
    access_matrix: str = _setting(
        "",
        "Tệp TOML về quyền theo vai trò, quan hệ và trạng thái hồ sơ; để trống thì theo bảng có sẵn.",
        "TOML file of rights by role, relation and state of the record; empty takes the usual table.",
    )
    access_grace_days: int = _setting(
        30,
        "Số ngày khoa và người điều trị còn quyền sau khi người bệnh ra viện hoặc chuyển khoa.",
        "Days for which departments and those who treat keep their right after the patient has left them.",
    )
    emergency_s: float = _setting(
        3600.0, "Một lần mở khẩn cấp có hiệu lực bao lâu.", "How long an emergency access lasts."
    )
    abbreviations: str = _setting(
        "",
        "Tệp TOML danh mục chữ viết tắt mà cơ sở ban hành (bảng [allowed]); để trống thì chữ nào cũng nhắc.",
        "TOML file of the abbreviations that the facility has issued (table [allowed]); empty tells of every one.",
    )
    voice_typing: bool = _setting(
        False,
        "Cho gõ bằng giọng nói ở phiếu. Trình duyệt có thể gửi tiếng nói ra ngoài bệnh viện; mặc định tắt.",
        "Typing by voice on papers. The browser may send what is said out of the hospital; off by default.",
    )
    timezone: str = _setting("+07:00", "Múi giờ của giờ không ghi múi.", "Zone of times written without one.")
    key_file: str = _setting(
        "",
        "Tệp khoá bọc khoá (KEK); để trống là <data>/keys/kek.json. Bỏ qua khi dùng PKCS#11.",
        "Key-encryption key file; empty means <data>/keys/kek.json. Ignored with PKCS#11.",
    )
    pkcs11_module: str = _setting("", "Thư viện PKCS#11 của HSM hoặc token.", "PKCS#11 library of the HSM or token.")
    pkcs11_token: str = _setting("", "Nhãn của token.", "Label of the token.")
    pkcs11_key: str = _setting("benhan-kek", "Nhãn của khoá trên token.", "Label of the key on the token.")
    pkcs11_pin: Secret = _setting(
        Secret(b""),
        "Mã PIN của token (chỉ đặt bằng biến môi trường).",
        "PIN of the token (set by the environment only).",
    )
    repository_url: str = _setting(
        "",
        "Địa chỉ kho dữ liệu quốc gia; để trống thì không gửi.",
        "Address of the national repository; empty sends nothing.",
    )
    repository_client: str = _setting("", "Tên máy khách khi gửi tới kho.", "Client name shown to the repository.")
    repository_token: Secret = _setting(Secret(b""), "Mã truy cập của máy khách.", "Bearer token of the client.")
    facility_certificate: str = _setting(
        "",
        "Tệp chứng thư số của cơ sở (PKCS#12) để ký tệp gửi đi; để trống thì ký bằng tay.",
        "The facility's certificate (PKCS#12) that signs what is sent; empty means files are signed by hand.",
    )
    facility_certificate_password: Secret = _setting(
        Secret(b""), "Mật khẩu của tệp chứng thư.", "Password of the certificate's file."
    )
    portal_url: str = _setting(
        "",
        "Địa chỉ cổng theo dõi triển khai; để trống thì không gửi số liệu.",
        "Address of the portal of deployment; empty sends no figures.",
    )
    security_level: int = _setting(
        0,
        "Cấp độ an toàn hệ thống thông tin đã được phê duyệt (1–5); 0: chưa có.",
        "The approved security level of the information system (1-5); 0: none.",
    )
    trust_folder: str = _setting(
        "",
        "Thư mục chứng thư gốc tin cậy (.pem, .crt, .cer, .der) để kiểm tra chữ ký; để trống thì chưa tin gốc nào.",
        "Folder of trusted roots (.pem, .crt, .cer, .der) that signatures are judged by; empty trusts none.",
    )
    bhxh_send: str = _setting(
        "off",
        "Gửi hồ sơ tới cổng BHYT: off (không), file (chỉ soạn tệp, gửi tay), auto (tự gửi).",
        "Claims to the insurance's portal: off, file (files are made, people hand them over), auto (sent).",
    )
    bhxh_url: str = _setting("", "Địa chỉ cổng BHYT (https://…).", "Address of the insurance's portal (https://…).")
    bhxh_login: str = _setting("", "Tài khoản của cơ sở trên cổng BHYT.", "The facility's account at the portal.")
    bhxh_password: Secret = _setting(Secret(b""), "Mật khẩu của tài khoản đó.", "Password of that account.")
    bhxh_checkin: bool = _setting(
        False, "Gửi cả check-in (XML0) của mỗi lần khám BHYT.", "Send the check-in (XML0) of each insured visit too."
    )
    bhxh_since: str = _setting(
        "",
        "Gửi các đợt kết thúc từ ngày này (yyyy-mm-dd); để trống: từ khi bật.",
        "Send episodes that ended from this day on (yyyy-mm-dd); empty means since it was switched on.",
    )
    bhxh_delay_s: float = _setting(
        600.0,
        "Chờ bao lâu sau khi đợt kết thúc rồi mới gửi, để đủ kết quả và giấy tờ.",
        "How long an ended episode rests before it is sent, for the last results and papers to come in.",
    )
    emrhub_send: str = _setting(
        "off",
        "Gửi hồ sơ khám sức khoẻ tới trục dữ liệu Bộ Y tế: off, file, auto.",
        "Health check-ups to the Ministry's hub: off, file, auto.",
    )
    emrhub_url: str = _setting("https://api.emrhub.vn", "Địa chỉ trục dữ liệu.", "Address of the hub.")
    emrhub_hosts: str = _setting(
        "",
        "Máy khác được phép làm trục (máy thử), cách nhau bằng dấu phẩy.",
        "Further hosts that may be the hub (for trials), parted by commas.",
    )
    emrhub_gln: str = _setting("", "Mã GLN 13 chữ số của cơ sở.", "The facility's GLN of 13 digits.")
    emrhub_login: str = _setting("", "Tài khoản liên thông của cơ sở.", "The facility's account at the hub.")
    emrhub_password: Secret = _setting(Secret(b""), "Mật khẩu của tài khoản đó.", "Password of that account.")
    emrhub_key: str = _setting(
        "", "Tệp khoá RSA (PEM) ký gói tin của trục.", "RSA key file (PEM) that signs the hub's messages."
    )
    signing_trust: str = _setting(
        "",
        "Thư mục chứng thư gốc và chứng thư CA tin cậy (PEM, DER) để ký và kiểm tra; để trống thì nút không ký số.",
        "Folder of trusted roots and CA certificates (PEM, DER) for signing; empty means that the node signs nothing.",
    )
    signing_hosts: str = _setting(
        "",
        "Máy chủ OCSP, CRL, dấu thời gian, ký từ xa, định danh, đầu đọc vân tay được phép hỏi, cách bằng dấu phẩy.",
        "Hosts of OCSP, CRL, time-stamps, remote signing, identities and readers that may be asked, parted by commas.",
    )
    signing_tsa_url: str = _setting(
        "", "Địa chỉ máy chủ dấu thời gian (RFC 3161).", "Address of the time-stamp server."
    )
    signing_module: str = _setting(
        "",
        "Thư viện PKCS#11 của token ký; để trống là pkcs11_module.",
        "PKCS#11 library of the signing tokens; empty means pkcs11_module.",
    )
    signing_csc_url: str = _setting(
        "", "Địa chỉ dịch vụ ký từ xa (CSC API v2).", "Address of the remote signing service (CSC API v2)."
    )
    signing_csc_token: Secret = _setting(
        Secret(b""), "Mã truy cập dịch vụ ký từ xa.", "Access token of the remote signing service."
    )
    identity_issuer: str = _setting(
        "",
        "Địa chỉ (issuer) dịch vụ định danh điện tử OpenID Connect (VNeID hoặc khác) để người bệnh xác nhận.",
        "Issuer of the OpenID Connect provider (VNeID or another) by which patients confirm.",
    )
    identity_client: str = _setting("", "Mã ứng dụng ở dịch vụ định danh đó.", "Our client id at that provider.")
    identity_secret: Secret = _setting(
        Secret(b""), "Mật khẩu của ứng dụng ở đó; để trống nếu không có.", "Our client's secret there, if it has one."
    )
    identity_number_claim: str = _setting(
        "national_id",
        "Tên trường (claim) chứa số định danh cá nhân trong ID token.",
        "Claim of the ID token that has the person's number of identity.",
    )
    fingerprint_url: str = _setting(
        "",
        "Địa chỉ dịch vụ của đầu đọc vân tay; chỉ nhận kết quả, không nhận ảnh hay mẫu vân tay.",
        "Address of the fingerprint reader's service; only its result comes in, no image, no template.",
    )
    signing_chains: str = _setting(
        "",
        "Tệp TOML về thứ tự ký từng loại giấy tờ; để trống thì theo thứ tự có sẵn.",
        "TOML file with the order of signatures by paper; empty takes the usual one.",
    )
    signing_policy: str = _setting(
        "warn",
        "Hồ sơ còn giấy chưa ký: warn (nhắc khi nộp), enforce (không cho nộp và lưu trữ).",
        "A record with unsigned papers: warn (told before it is submitted), enforce (neither submitted nor archived).",
    )
    seal_token: str = _setting(
        "", "Nhãn token giữ chữ ký số của cơ sở.", "Label of the token with the organisation's key."
    )
    seal_key: str = _setting("", "Nhãn khoá trên token đó.", "Label of the key on that token.")
    seal_file: str = _setting(
        "",
        "Tệp PKCS#12 của chữ ký số cơ sở, khi không có token (chỉ để thử).",
        "PKCS#12 file of the organisation's key where there is no token (for trials).",
    )
    seal_pin: Secret = _setting(
        Secret(b""),
        "Mã PIN của token (hoặc mật khẩu tệp) đó; chỉ đặt bằng biến môi trường.",
        "PIN of that token (or password of that file); set by the environment only.",
    )
    hub_code: str = _setting("hub", "Mã của trục điều phối trong mạng trao đổi.", "The hub's own code in the network.")
    hub_url: str = _setting(
        "",
        "Địa chỉ trục điều phối mà nút này trao đổi qua; để trống thì không trao đổi.",
        "Address of the hub that this node exchanges by; empty means none.",
    )
    hub_anchor: str = _setting(
        "",
        "Tệp khoá đăng ký công khai (JWK) của mạng: cấu hình mạng phải do khoá này ký.",
        "File of the network's public registry key (JWK): the configuration must be signed by it.",
    )
    hub_key_generation: int = _setting(
        1,
        "Thế hệ khoá của cơ sở trong mạng; tăng thêm một để thay khoá, rồi đăng ký khoá mới ở trục.",
        "Generation of the facility's keys in the network; one more replaces them, once registered at the hub.",
    )
    body_bytes_max: int = _setting(32 * 1024 * 1024, "Cỡ lớn nhất của một yêu cầu HTTP.", "Largest HTTP request body.")
    bundle_entries_max: int = _setting(5_000, "Số mục tối đa trong một Bundle.", "Most entries of one Bundle.")
    conditional_deletes_max: int = _setting(
        1,
        "Số tài nguyên tối đa mà một lệnh xoá có điều kiện được xoá; 1: chỉ xoá khi khớp đúng một.",
        "Most resources that one conditional delete may delete; 1: only where exactly one matches.",
    )
    resource_depth_max: int = _setting(
        64,
        "Số tầng lồng nhau tối đa của một tài nguyên được ghi; nhiều nhất 64.",
        "Most levels of nesting of a resource that is written; 64 at most.",
    )
    search_count_max: int = _setting(
        1_000,
        "Số kết quả tối đa trên một trang tìm kiếm.",
        "Most matches on a page of a search.",
    )
    search_criteria_max: int = _setting(
        50,
        "Số điều kiện tối đa của một câu tìm kiếm.",
        "Most criteria of one search.",
    )
    search_values_max: int = _setting(
        200,
        "Số giá trị tối đa của một tham số (cách nhau bằng dấu phẩy).",
        "Most values of one parameter (parted by commas).",
    )
    search_chain_max: int = _setting(
        6,
        "Số bước tối đa của chuỗi tham chiếu và _has.",
        "Most steps of a chain and of _has.",
    )
    search_includes_max: int = _setting(
        20,
        "Số tham số _include và _revinclude tối đa.",
        "Most parameters _include and _revinclude.",
    )
    search_included_max: int = _setting(
        1_000,
        "Số tài nguyên tối đa kèm theo một trang.",
        "Most resources that come along with a page.",
    )
    search_include_rounds_max: int = _setting(
        5,
        "Số vòng tối đa của :iterate.",
        "Most rounds of :iterate.",
    )
    search_sorted_max: int = _setting(
        5_000,
        "Số kết quả tối đa được sắp theo thứ tự không có chỉ mục.",
        "Most matches that are put into an order without an index.",
    )
    search_scanned_max: int = _setting(
        20_000,
        "Số tài nguyên tối đa được mở cho một trang hay một lần đếm.",
        "Most resources opened for one page or one total.",
    )
    search_linked_max: int = _setting(
        1_000,
        "Số tài nguyên tối đa mà một chuỗi tham chiếu được giải qua.",
        "Most resources that a chain is resolved by at once.",
    )
    search_list_max: int = _setting(
        10_000,
        "Số mục tối đa của một List cho _list.",
        "Most entries of a List for _list.",
    )
    search_codes_max: int = _setting(
        20_000,
        "Số mã tối đa của một tập giá trị cho :in, :below và tương tự.",
        "Most codes of a value set for :in, :below and kin.",
    )
    search_timeout_s: float = _setting(
        30.0,
        "Thời gian tối đa của một câu tìm kiếm.",
        "Longest one search may take.",
    )
    statement_timeout_s: float = _setting(
        20.0, "Thời gian tối đa của một câu lệnh SQL.", "Longest one SQL statement may take."
    )
    page_life_s: float = _setting(
        900.0, "Liên kết trang kết quả sống bao lâu.", "How long a link to a result page lives."
    )
    write_timeout_s: float = _setting(
        60.0,
        "Máy hỏi không nhận thêm gì của câu trả lời trong thời gian này thì bị ngắt.",
        "Who takes nothing of an answer for this long is let go.",
    )
    workers: int = _setting(
        0,
        "Số tiến trình của một nút; 0 thì mỗi lõi một, nhiều nhất hai.",
        "Processes of a node; 0 means one a core, two at most.",
    )
    bulk_life_s: float = _setting(
        86400.0,
        "Một lần xuất, nhập hàng loạt và các tệp của nó sống bao lâu.",
        "How long a bulk export or import and its files live.",
    )
    import_hosts: str = _setting(
        "",
        "Máy chủ https mà $import được lấy tệp (tên, hoặc tên:cổng), cách nhau bằng dấu phẩy; để trống thì không.",
        "Hosts that $import may fetch files from by https (name, or name:port), parted by commas; empty means none.",
    )
    import_folder: str = _setting(
        "",
        "Thư mục mà $import được đọc tệp (file://); để trống thì không.",
        "Folder that $import may read files from (file://); empty means none.",
    )
    import_workers: int = _setting(
        2,
        "Số tiến trình đọc dòng cho một lần $import dài, ngoài tiến trình của nút; nhiều nhất bằng số lõi,"
        " máy một lõi thì không có.",
        "Processes that read the lines of a long $import beside the node's own; as many as cores at most,"
        " none where there is one.",
    )
    validation_policy: str = _setting(
        "",
        "Kiểm tra theo profile khi ghi: các mục [máy gửi@]profile=off|observe|warn|enforce, cách nhau bằng dấu phẩy;"
        " profile có thể là *, R4, references, extensions. Để trống: không kiểm tra.",
        "Validation against profiles on write: entries [sender@]profile=off|observe|warn|enforce, comma separated;"
        " profile may be *, R4, references, extensions. Empty: none.",
    )
    pool_size: int = _setting(12, "Số kết nối tới cơ sở dữ liệu.", "Connections to the database.")
    session_idle_s: float = _setting(
        1800.0, "Phiên làm việc hết hạn sau bao lâu không dùng.", "A session ends after this long unused."
    )
    session_life_s: float = _setting(43200.0, "Phiên làm việc dài nhất.", "A session ends after this long at most.")
    subscription_hosts: str = _setting(
        "",
        "Máy nhận thông báo (Subscription) được phép dù ở mạng nội bộ hoặc http://, cách nhau bằng dấu phẩy.",
        "Receivers of notifications (Subscription) that may be inside or on http://, parted by commas.",
    )
    app_hosts: str = _setting(
        "",
        "Máy giữ khoá của ứng dụng (jwks_uri) được phép dù ở mạng nội bộ, cách nhau bằng dấu phẩy.",
        "Hosts of apps' keys (jwks_uri) that may be inside, parted by commas.",
    )
    app_token_life_s: float = _setting(
        600.0, "Mã truy cập của ứng dụng (SMART) sống bao lâu.", "How long an app's (SMART) access token lives."
    )
    app_refresh_life_s: float = _setting(
        2_592_000.0,
        "Ứng dụng được truy cập ngoại tuyến bao lâu sau khi người dùng đồng ý.",
        "How long an app keeps offline access after a person agreed.",
    )
    log_level: str = _setting(
        "info", "Mức nhật ký: debug, info, warning, error.", "Log level: debug, info, warning, error."
    )
    demo: bool = _setting(
        False,
        "Chế độ trình diễn: có tài khoản mẫu. Không bật ở bệnh viện thật.",
        "Demonstration: sample accounts exist. Never in a real hospital.",
    )

    @property
    def base_url(self) -> str:
        """The address of this role as others reach it, without a slash at its end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return f"{'https' if self.tls_certificate else 'http'}://{self.http_host}:{self.http_port}"

    @property
    def kek_path(self) -> Path:
        return Path(self.key_file) if self.key_file else self.data / "keys" / "kek.json"


def load_settings(
    role: str = "",
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of `role`: defaults, then the file, its table for the role, the environment, the flags.

    Flags that are None count as not given. Without `file`, `benhan.toml` in the working folder is read where it exists.
    Raises Incorrect: BA-0101 unknown name, BA-0102 wrong kind of value, BA-0103 unreadable file.
    """
    values: dict[str, Any] = {}
    for source, layer in _layers(role, file, os.environ if environment is None else environment, flags or {}):
        for name, value in layer.items():
            values[name] = _converted(name, value, source)
    return Settings(**values)


def _layers(
    role: str, file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> list[tuple[str, Mapping[str, Any]]]:
    path = file or Path("benhan.toml")
    written = _read_file(path) if file or path.is_file() else {}
    common = {name: value for name, value in written.items() if name not in ROLES}
    names = {f"BENHAN_{setting.name.upper()}": setting.name for setting in fields(Settings)}
    return [
        (str(path), common),
        (f"{path} [{role}]", written.get(role, {})),
        ("environment", {names[key]: value for key, value in environment.items() if key in names}),
        ("flags", {name: value for name, value in flags.items() if value is not None}),
    ]


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise UNREADABLE_SETTINGS(path=path, reason=cause.strerror) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise UNREADABLE_SETTINGS(path=path, reason=cause) from cause


_WANTED = {int: "an integer", float: "a number", bool: "true or false", str: "text", Path: "a path", Secret: "text"}


def _converted(name: str, value: Any, source: str) -> Any:
    setting = next((each for each in fields(Settings) if each.name == name), None)
    if setting is None:
        raise UNKNOWN_SETTING(name=name, source=source)
    wanted = type(setting.default) if not isinstance(setting.default, Path) else Path
    try:
        return _as(wanted, value)
    except (TypeError, ValueError, KeyError) as cause:
        raise BAD_SETTING(name=name, source=source, wanted=_WANTED[wanted]) from cause


def _as(wanted: type, value: Any) -> Any:
    if isinstance(value, wanted) and (wanted is bool) == isinstance(value, bool):
        return value
    if wanted is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[_text(value).lower()]
    if wanted in (Path, Secret):
        return wanted(_text(value))
    if isinstance(value, bool):
        raise TypeError
    if wanted is str:
        return _text(value)
    return wanted(value)


def _text(value: Any) -> str:
    if not isinstance(value, (str, Path)):
        raise TypeError
    return str(value)
