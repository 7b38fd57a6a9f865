"""The client of the Ministry's hub: sign in, push a signed check-up, read what the hub says of it.

Only hosts that are named may be talked to. A message is tried again with the same `msg_id` where the hub did not
answer or was busy, since it knows a message by that number; what it refused, or has already, is never sent again.
Source: QĐ 1551/QĐ-BYT 2026 PL02, QĐ 2062/QĐ-BYT 2026.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benhan.kernel.clock import Clock, SystemClock
from benhan.kernel.faults import Broken, Busy, Fault, FaultCode, Forbidden, Incorrect, Unavailable
from benhan.kernel.ids import RandomSource, SystemRandom
from benhan.kernel.issues import error
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text
from benhan.vn.emrhub.answers import (
    Acknowledgement,
    Login,
    login_to_bytes,
    parse_acknowledgement,
    parse_login,
    parse_relay_acknowledgement,
    parse_relay_login,
)
from benhan.vn.emrhub.checksum import signed
from benhan.vn.emrhub.envelope import Envelope, Header, envelope_to_bytes, new_msg_id
from benhan.vn.emrhub.faults import NOT_AN_ENVELOPE
from benhan.vn.emrhub.results import Outcome, result_codes
from benhan.vn.ksk.signing_places import Signed

HOSTS = frozenset({"api.emrhub.vn", "api-sandbox.emrhub.vn", "api-hssk.hanoi.gov.vn"})
"""The hubs' own, by the texts of QĐ 1551 and CV 7286; compared whole, since emrhub.vn is not under gov.vn."""
SERVICE_TYPE = "100"
CLAUSE = "QĐ 1551/QĐ-BYT 2026 PL02"
ANSWER_BYTES_MAX = 256 * 1024
TRIES = 3
PAUSE_FIRST_S = 1.0
BETWEEN_MESSAGES_S = 0.6
"""What vendors keep between two messages."""
DURATION_S = 600
"""How long a token is used whose life is not told."""
RENEW_BEFORE_S = 60
"""A token is asked for anew so long before it ends."""

NOT_ALLOWED = FaultCode(
    "BA-3600",
    Forbidden,
    Text(
        "Máy chủ này không phải trục dữ liệu y tế đã được cho phép: kiểm tra địa chỉ.",
        "This host is not a hub that is allowed: check the address.",
    ),
)
NOT_REACHED = FaultCode(
    "BA-3601",
    Unavailable,
    Text("Chưa kết nối được tới trục dữ liệu y tế; gửi lại sau.", "The hub cannot be reached; send again later."),
)
HUB_BUSY = FaultCode(
    "BA-3602",
    Busy,
    Text("Trục dữ liệu y tế đang bận hoặc gặp lỗi; gửi lại sau.", "The hub is busy or failed; send again later."),
)
NOT_LET_IN = FaultCode(
    "BA-3603",
    Unavailable,
    Text(
        "Trục không nhận tài khoản liên thông ({code}): kiểm tra tên, mật khẩu và việc phê duyệt tài khoản.",
        "The hub does not take the account ({code}): check name, password and its approval.",
    ),
)
REFUSED = FaultCode(
    "BA-3604",
    Incorrect,
    Text(
        "Trục từ chối gói tin ({code}); sửa theo chỉ dẫn kèm theo rồi gửi lại.",
        "The hub refused the message ({code}); mend it as told below, then send again.",
    ),
)
NO_ACKNOWLEDGEMENT = FaultCode(
    "BA-3605",
    Broken,
    Text(
        "Trục trả lời mà không có báo nhận đọc được (HTTP {status}).",
        "The hub answered without an acknowledgement that can be read (HTTP {status}).",
    ),
)
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Interface:
    """Where a kind of hub signs in and takes messages, and how its answers are read."""

    login: str
    push: str
    parse_login: Callable[[bytes], tuple[str, Login | None]]
    parse_acknowledgement: Callable[[bytes], Acknowledgement]


MINISTRY = Interface("/api/auth/login", "/api/platform/data-sync/push", parse_login, parse_acknowledgement)
HANOI_RELAY = Interface(
    "/api/v1/resource/authentication/login",
    "/api/v1/medical-record/ksk-lien-thong/kham-suc-khoe",
    parse_relay_login,
    parse_relay_acknowledgement,
)
"""A provincial hub that passes check-ups on to the Ministry's. Source: CV 7286/SYT-QLBHYTCNTT Hà Nội."""


@dataclass(frozen=True, slots=True)
class Target:
    """One environment of a hub: its address, by which name it is told to, the version of the messages."""

    base_url: str
    receiver_id: str = "TDLBYT"
    version: str = "1.0.6"
    interface: Interface = MINISTRY


PRODUCTION = Target("https://api.emrhub.vn")
SANDBOX = Target("https://api-sandbox.emrhub.vn")
HANOI = Target("https://api-hssk.hanoi.gov.vn", "VTS", "1.0", HANOI_RELAY)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the facility's GLN, its account at the hub, the key that signs its messages."""

    gln: str
    account: str
    password: Secret
    key: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message that the hub has: how it has it, and how often it was sent.

    A duplicate after more than one try may be the message's own first copy, whose answer was lost.
    """

    msg_id: str
    acknowledgement: Acknowledgement
    outcome: Outcome
    """ACCEPTED, PENDING, PARTLY or DUPLICATE."""
    tries: int


class EmrhubClient:
    """Sends to one environment of the hub, one message after another. `hosts` are allowed besides the hub's own."""

    def __init__(
        self,
        target: Target,
        sender: Sender,
        *,
        hosts: frozenset[str] = frozenset(),
        timeout_s: float = 30.0,
        clock: Clock | None = None,
        random: RandomSource | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        tries: int = TRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`tries` of one push: 1 for who tries again by himself, under the same number.

        Raises Forbidden BA-3600 where the target's host is not allowed, or is not https and not among `hosts`.
        """
        _hold_to(target.base_url, hosts)
        self._target = target
        self._sender = sender
        self._timeout_s = timeout_s
        self._tries = tries
        self._clock = clock or SystemClock()
        self._random = random or SystemRandom()
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            base_url=target.base_url, timeout=timeout_s, transport=transport, trust_env=False, follow_redirects=False
        )
        self._turn = asyncio.Lock()
        self._token: Secret | None = None
        self._token_ends_s = 0.0
        self._next_s = 0.0

    def new_number(self) -> str:
        """A msg_id for a message: what it is known by at every try."""
        return new_msg_id(self._sender.gln, self._clock.now().date(), self._random.bytes(16))

    async def push(self, file: Signed, number: str = "") -> Pushed:
        """What the hub says of a check-up that both signed, sent under `number` (a new one where it is "").

        Raises Incorrect BA-3604 (mend it), Unavailable BA-3601, BA-3603, Busy BA-3602 (send it later), Broken BA-3605.
        """
        async with self._turn:
            envelope = self._envelope(file.content, number or self.new_number())
            body = envelope_to_bytes(envelope)
            for attempt in range(1, self._tries):
                try:
                    return await self._sent(body, envelope.header.msg_id, attempt)
                except Fault as fault:
                    if fault.code not in (NOT_REACHED.code, HUB_BUSY.code):
                        raise
                    await self._sleep(PAUSE_FIRST_S * 2 ** (attempt - 1))
            return await self._sent(body, envelope.header.msg_id, self._tries)

    async def close(self) -> None:
        await self._client.aclose()

    def _envelope(self, content: bytes, number: str) -> Envelope:
        now = self._clock.now()
        header = Header(
            version=self._target.version,
            sender_id=self._sender.gln,
            receiver_id=self._target.receiver_id,
            msg_id=number,
            data_type="xml/base64",
            send_datetime=int(now.timestamp() * 1000),
        )
        return signed(Envelope(header, content), self._sender.key)

    async def _sent(self, body: bytes, msg_id: str, number: int) -> Pushed:
        """One try, with a fresh token where the hub does not take the one there is."""
        await self._wait_turn()
        push = self._target.interface.push
        status, answer = await self._post(push, body, await self._signed_in())
        acknowledgement = self._acknowledgement(status, answer)
        if acknowledgement is None or acknowledgement.result.outcome is Outcome.SIGN_IN:
            self._token = None
            status, answer = await self._post(push, body, await self._signed_in())
            acknowledgement = self._acknowledgement(status, answer)
            if acknowledgement is None:
                raise NOT_LET_IN(code=f"HTTP {status}")
        return _pushed(acknowledgement, msg_id, number)

    async def _wait_turn(self) -> None:
        now = self._clock.monotonic_s()
        if now < self._next_s:
            await self._sleep(self._next_s - now)
        self._next_s = max(now, self._next_s) + BETWEEN_MESSAGES_S

    async def _signed_in(self) -> Secret:
        """A token that still holds. Raises Unavailable BA-3603 where the account is not taken."""
        if self._token and self._clock.monotonic_s() < self._token_ends_s:
            return self._token
        began_s = self._clock.monotonic_s()
        password = self._sender.password.reveal().decode()
        interface = self._target.interface
        status, answer = await self._post(interface.login, login_to_bytes(self._sender.account, password), None)
        try:
            code, login = interface.parse_login(answer)
        except Fault as fault:
            raise NOT_LET_IN(code=f"HTTP {status}") from fault
        if login is None or status != 200:
            raise NOT_LET_IN(code=_shown(code) or f"HTTP {status}")
        self._token = Secret(login.token)
        self._token_ends_s = began_s + (login.duration_s or DURATION_S) - RENEW_BEFORE_S
        return self._token

    async def _post(self, path: str, body: bytes, token: Secret | None) -> tuple[int, bytes]:
        """Status and body of an answer. Raises Unavailable BA-3601 (none comes), Busy BA-3602 (it must wait)."""
        headers = {"content-type": "application/json; charset=utf-8", "accept": "application/json"}
        if token:
            headers |= {"authorization": f"Bearer {token.reveal().decode()}", "service-type": SERVICE_TYPE}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream("POST", path, content=body, headers=headers) as answer,
            ):
                told = await _bounded(answer)
        except (TimeoutError, httpx.HTTPError, OSError) as cause:
            raise NOT_REACHED() from cause
        if answer.status_code in _BUSY and not self._has_code(told):
            raise HUB_BUSY()
        return answer.status_code, told

    def _acknowledgement(self, status: int, answer: bytes) -> Acknowledgement | None:
        """What the hub says; None where it asks to sign in. Raises Broken BA-3605."""
        try:
            return self._target.interface.parse_acknowledgement(answer)
        except Fault as fault:
            if status in (401, 403):
                return None
            raise NO_ACKNOWLEDGEMENT(status=status) from fault

    def _has_code(self, answer: bytes) -> bool:
        """Whether an answer of a busy status says itself what became of the message."""
        try:
            return bool(self._target.interface.parse_acknowledgement(answer).res_code)
        except Fault as fault:
            if fault.code != NOT_AN_ENVELOPE.code:
                raise
            return False


def _hold_to(base_url: str, hosts: frozenset[str]) -> None:
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in HOSTS and parts.scheme == "https" and parts.port in (None, 443) and parts.username is None:
        return
    if host not in hosts or parts.scheme not in ("https", "http") or parts.username is not None:
        raise NOT_ALLOWED()


def _pushed(acknowledgement: Acknowledgement, msg_id: str, tries: int) -> Pushed:
    result = acknowledgement.result
    if result.outcome is Outcome.SIGN_IN:
        raise NOT_LET_IN(code=result.code)
    if result.outcome is Outcome.AGAIN:
        raise HUB_BUSY()
    if result.outcome is Outcome.REFUSED:
        code = _shown(result.code)
        raise REFUSED(error("business-rule", code, result.text, CLAUSE), code=code)
    if not acknowledgement.txn_id and result.outcome is Outcome.ACCEPTED:
        raise NO_ACKNOWLEDGEMENT(status=200)
    return Pushed(msg_id, acknowledgement, result.outcome, tries)


def _shown(code: str) -> str:
    """A code as it may be shown: known, or of the hub's form only, so that no text of its answer comes along."""
    if code in result_codes():
        return code
    return code if len(code) <= 64 and code.replace("_", "").isalnum() and code.isascii() else "?"


async def _bounded(answer: httpx.Response) -> bytes:
    """The body, as far as ANSWER_BYTES_MAX."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            break
    return body
