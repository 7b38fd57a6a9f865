"""The client of the BHYT portal of the social insurance: login, check-in, claims, card look-up.

One client is one facility: the account, its token and the facility's code never come apart, since the portal takes a
token of another account silently and books the record under the wrong facility. Nothing is sent without a signature.
What the portal says of a file stands in maKetQua, with HTTP 200 too.
Source: CV 1245/BHXH-CNTT (03/05/2024), CV 1923/BHXH-CNTT (2024); the result of a sent file has no public interface.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import httpx
import orjson

from benhan.kernel.clock import VIETNAM, Clock
from benhan.kernel.faults import Broken, Fault, FaultCode, Forbidden, Incorrect, Unavailable
from benhan.kernel.issues import error
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text
from benhan.vn.bhyt.gateway_codes import Api, Meaning, Reaction, meaning_of

ANSWER_BYTES_MAX = 8 * 1024 * 1024
"""A card answer holds years of visits."""
RENEW_BEFORE_S = 60
TOKEN_LIFE_S = 900
"""Where the portal does not say when a token ends."""
LOGIN = "/api/token/take"
CHECK_IN = "/api/qd130/checkInKcbQd3176"
CLAIM = "/api/qd130/guiHoSoXmlQD3176"
CARD = "/api/egw/KQNhanLichSuKCB2024"

NOT_REACHED = FaultCode(
    "BA-3410",
    Unavailable,
    Text("Chưa kết nối được tới cổng BHYT; sẽ gửi lại.", "The BHYT portal cannot be reached; it will be tried again."),
)
PORTAL_FAILED = FaultCode(
    "BA-3411",
    Unavailable,
    Text("Cổng BHYT gặp lỗi ({code}); sẽ gửi lại.", "The BHYT portal failed ({code}); it will be tried again."),
)
PORTAL_REFUSED = FaultCode(
    "BA-3412",
    Incorrect,
    Text(
        "Cổng BHYT không nhận (mã {code}); việc cần làm ghi dưới đây.",
        "The BHYT portal refused (code {code}); what to do is told below.",
    ),
)
NOT_LET_IN = FaultCode(
    "BA-3413",
    Forbidden,
    Text(
        "Cổng BHYT từ chối tài khoản của cơ sở (mã {code}). Kiểm tra tên đăng nhập, mật khẩu, quyền trên cổng.",
        "The BHYT portal refuses the facility's account (code {code}). Look at its name, password and rights.",
    ),
)
BAD_ANSWER = FaultCode(
    "BA-3414",
    Broken,
    Text("Cổng BHYT trả lời không đúng dạng.", "The BHYT portal answered in a form that is not known."),
)
NOT_SIGNED = FaultCode(
    "BA-3415",
    Incorrect,
    Text(
        "Tệp chưa ký nên không gửi. Ký bằng chứng thư đã đăng ký trên cổng rồi gửi lại.",
        "The file is not signed and was not sent. Sign it with the certificate registered on the portal.",
    ),
)
OTHER_FACILITY = FaultCode(
    "BA-3416",
    Incorrect,
    Text(
        "Tệp ghi mã cơ sở khác với tài khoản cổng BHYT ({facility}) nên không gửi.",
        "The file names another facility than the portal's account ({facility}) and was not sent.",
    ),
)

_SIGNED = re.compile(rb"<(?:[\w.-]+:)?SignatureValue(?:\s[^>]*)?>\s*[^<\s]")
_FACILITY = {
    CLAIM: re.compile(rb"<MACSKCB>\s*([^<]*?)\s*</MACSKCB>"),
    CHECK_IN: re.compile(rb"<MA_CSKCB>\s*([^<]*?)\s*</"),
}


@dataclass(frozen=True, slots=True)
class BhxhAccount:
    """A facility and its account at the portal."""

    facility: str
    login: str
    password: Secret

    @property
    def password_hash(self) -> str:
        """MD5 in upper-case hex, as the portal wants it."""
        return md5(self.password.reveal(), usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The portal's receipt of a file that it took: the transaction, when, in which words. Keep it."""

    transaction: str
    received_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """A card to look up: its number (or citizen number), whose it should be; and the member of staff who asks."""

    card: str
    name: str
    birth: str
    """dd/MM/yyyy, or yyyy."""
    staff_name: str
    staff_number: str
    """Citizen number of the member of staff, registered on the portal."""


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What the portal says of a card: the code and its meaning, its own note, and all that it told.

    Keep question, answer, time and member of staff: they are evidence when a claim is disputed.
    """

    code: str
    meaning: Meaning
    note: str
    told: dict[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Token:
    access: Secret
    id: Secret
    until: datetime


class BhxhClient:
    """Talks to the portal for one facility."""

    def __init__(
        self,
        base_url: str,
        account: BhxhAccount,
        clock: Clock,
        *,
        connect_s: float = 5.0,
        answer_s: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            timeout=httpx.Timeout(answer_s, connect=connect_s),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )
        self._token: _Token | None = None
        self._login = asyncio.Lock()

    async def check_in(self, file: bytes) -> Accepted:
        """Send a signed check-in (XML0). Raises as `send`."""
        return await self._sent(CHECK_IN, "0", file)

    async def send(self, file: bytes) -> Accepted:
        """Send a signed GIAMDINHHS, byte for byte.

        Raises Incorrect BA-3412 (the portal refuses; its issue says what to mend), BA-3415, BA-3416; Forbidden BA-3413;
        Unavailable BA-3410, BA-3411 (try again: the portal keeps one record of an MA_LK); Broken BA-3414.
        """
        return await self._sent(CLAIM, "130", file)

    async def look_up(self, question: CardQuestion) -> CardAnswer:
        """What the portal says of a card; a wrong card is an answer, not a Fault.

        Raises Unavailable BA-3410, BA-3411; Forbidden BA-3413; Incorrect BA-3412 (the question); Broken BA-3414.
        """
        body = orjson.dumps(
            {
                "maThe": question.card,
                "hoTen": question.name,
                "ngaySinh": question.birth,
                "hoTenCb": question.staff_name,
                "cccdCb": question.staff_number,
            }
        )

        def ask(token: _Token) -> httpx.Request:
            told = {
                "token": token.access.reveal().decode(),
                "id_token": token.id.reveal().decode(),
                "username": self._account.login,
                "password": self._account.password_hash,
            }
            headers = {"content-type": "application/json"}
            return self._client.build_request("POST", CARD, params=told, content=body, headers=headers)

        answer = await self._asked(ask, "card")
        code = str(answer["maKetQua"])
        meaning = meaning_of("card", code)
        if meaning.reaction in (Reaction.MEND, Reaction.RETRY) or code == "401":
            raise _fault("card", code)
        return CardAnswer(code, meaning, str(answer.get("ghiChu") or ""), answer)

    async def close(self) -> None:
        await self._client.aclose()

    async def _sent(self, path: str, kind: str, file: bytes) -> Accepted:
        if not is_signed(file):
            raise NOT_SIGNED()
        named = _FACILITY[path].search(file)
        if named is None or named[1] != self._account.facility.encode():
            raise OTHER_FACILITY(facility=self._account.facility)
        form = {
            "username": self._account.login,
            "loaiHoSo": kind,
            "maTinh": self._account.facility[:2],
            "maCSKCB": self._account.facility,
            "fileHSBase64": b64encode(file).decode(),
        }

        def ask(token: _Token) -> httpx.Request:
            headers = {
                "accessToken": token.access.reveal().decode(),
                "tokenId": token.id.reveal().decode(),
                "passwordHash": self._account.password_hash,
            }
            return self._client.build_request("POST", path, data=form, headers=headers)

        answer = await self._asked(ask, "send")
        code = str(answer["maKetQua"])
        if meaning_of("send", code).reaction is not Reaction.DONE:
            raise _fault("send", code)
        received = _time(str(answer.get("thoiGianTiepNhan") or ""))
        return Accepted(str(answer.get("maGiaoDich") or ""), received, str(answer.get("thongDiep") or ""))

    async def _asked(self, ask: Any, api: Api) -> dict[str, Any]:
        """The answer to a request; where the token is refused, once more with a new one."""
        token = await self._valid_token()
        answer = await self._answer(ask(token), api)
        if str(answer.get("maKetQua", "")) == "401":
            self._token = None if self._token is token else self._token
            answer = await self._answer(ask(await self._valid_token()), api)
        if "maKetQua" not in answer:
            raise BAD_ANSWER()
        return answer

    async def _valid_token(self) -> _Token:
        async with self._login:
            soon = self._clock.now() + timedelta(seconds=RENEW_BEFORE_S)
            if self._token is None or self._token.until <= soon:
                self._token = await self._taken_token()
            return self._token

    async def _taken_token(self) -> _Token:
        form = {"username": self._account.login, "password": self._account.password_hash}
        answer = await self._answer(self._client.build_request("POST", LOGIN, data=form), "send")
        code, key = str(answer.get("maKetQua", "")), answer.get("APIKey")
        if code != "200":
            raise _fault("send", code)
        if not isinstance(key, dict) or not key.get("access_token") or not key.get("id_token"):
            raise BAD_ANSWER()
        until = _instant(str(key.get("expires_in") or "")) or self._clock.now() + timedelta(seconds=TOKEN_LIFE_S)
        return _Token(Secret(str(key["access_token"])), Secret(str(key["id_token"])), until)

    async def _answer(self, request: httpx.Request, api: Api) -> dict[str, Any]:
        """The JSON object that a request is answered with; HTTP 401 counts as maKetQua 401."""
        try:
            answer = await self._client.send(request, stream=True)
            try:
                body = await _bounded(answer)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, OSError, AttributeError) as cause:
            # AttributeError: a peer that dies while the connection is being made leaves anyio without a socket
            raise NOT_REACHED() from cause
        if answer.status_code == 401:
            return {"maKetQua": "401"}
        if answer.status_code == 403:
            raise NOT_LET_IN(code=403)
        if answer.status_code != 200:
            is_ours = 400 <= answer.status_code < 500 and answer.status_code not in (408, 425, 429)
            raise _fault(api, "205") if is_ours else PORTAL_FAILED(code=f"HTTP {answer.status_code}")
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            raise BAD_ANSWER() from cause
        if not isinstance(told, dict):
            raise BAD_ANSWER()
        return told


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise BAD_ANSWER()
    return body


def is_signed(file: bytes) -> bool:
    """Whether a file carries a signature's value; whose it is and whether it holds is the portal's to say."""
    return _SIGNED.search(file) is not None


def _fault(api: Api, code: str) -> Fault:
    """The Fault of a code that is no success."""
    meaning = meaning_of(api, code)
    shown = code if code.isascii() and code.isalnum() and len(code) <= 8 else "?"
    if meaning.reaction is Reaction.RETRY:
        return PORTAL_FAILED(code=shown)
    if meaning.reaction is Reaction.CONFIGURE:
        return NOT_LET_IN(code=shown)
    issue = error("business-rule", "", meaning.text, "maKetQua")
    return PORTAL_REFUSED(issue, code=shown)


def _time(text: str) -> datetime | None:
    """thoiGianTiepNhan, yyyyMMddHHmmss in Vietnam's time."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _instant(text: str) -> datetime | None:
    """expires_in: an instant in UTC, in the forms that are met."""
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
