"""A hub to test against: an ASGI app that signs in, takes check-ups and answers as QĐ 1551/2062 describe.

What it looks at, in order: token, `service-type`, envelope, sender, RSA signature, both signatures of the file, and
whether the person had a check-up within six months. Anything else it can be told beforehand (`plan`): any result code,
HTTP status, slowness, an answer that never comes or is no JSON.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benhan.kernel.clock import Clock, SystemClock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource, SystemRandom
from benhan.vn.emrhub.answers import Json
from benhan.vn.emrhub.checksum import is_signed_by
from benhan.vn.emrhub.envelope import ACKNOWLEDGEMENT, PUSH, Envelope, is_msg_id, parse_envelope
from benhan.vn.emrhub.results import Outcome, result_of
from benhan.vn.identifiers import gln
from benhan.vn.identifiers.kind import is_stored_form
from benhan.vn.ksk.document import CheckUp, parse_ksk

RELAY_STATES = ("Thành công", "Thành công 1 phần", "Lỗi", "Đang xử lý")
DUPLICATE_WITHIN = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the hub does with the next push instead of looking at it.

    `code` is answered as res_code, or as data_state where `in_data_state`; `status` is of HTTP; `body` is sent as is.
    `is_kept` says that the message was taken in all the same (a lost answer, a failure after the commit).
    """

    code: str = ""
    status: int = 200
    delay_s: float = 0.0
    body: bytes | None = None
    is_kept: bool = False
    in_data_state: bool = False


@dataclass(slots=True)
class Taken:
    """A message that was taken in."""

    msg_id: str
    txn_id: str
    check: CheckUp
    at: datetime


@dataclass(slots=True)
class FakeEmrhub:
    """The hub's state; itself an ASGI app (`httpx.ASGITransport(hub)`)."""

    accounts: dict[str, str]
    """Passwords by account."""
    keys: dict[str, RSAPublicKey]
    """Public keys of those who send, by GLN."""
    clock: Clock = field(default_factory=SystemClock)
    random: RandomSource = field(default_factory=SystemRandom)
    duration_s: int = 6000
    taken: dict[str, Taken] = field(default_factory=dict)
    """What was taken in, by msg_id."""
    plans: deque[Plan] = field(default_factory=deque)
    logins: int = 0
    pushes: int = 0
    headers: list[Json] = field(default_factory=list)
    """The headers of every envelope that was read."""
    _tokens: dict[str, float] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        routes = [
            Route("/api/auth/login", self._login, methods=["POST"]),
            Route("/api/platform/data-sync/push", self._push, methods=["POST"]),
            Route("/api/v1/resource/authentication/login", self._relay_login, methods=["POST"]),
            Route("/api/v1/medical-record/ksk-lien-thong/kham-suc-khoe", self._relay_push, methods=["POST"]),
        ]
        await Starlette(routes=routes)(scope, receive, send)

    def plan(self, *plans: Plan) -> None:
        """Say what is done with the next pushes, one each."""
        self.plans.extend(plans)

    def forget_tokens(self) -> None:
        """End every token, as a restart of the hub does."""
        self._tokens.clear()

    async def _relay_login(self, request: Request) -> Response:
        """A login as the hub of Hà Nội answers it."""
        told = orjson.loads((await self._login(request)).body)
        code, token = told["header"]["res_code"], told["data"].get("token")
        return Response(orjson.dumps({"code": code, "access_token": token}), media_type="application/json")

    async def _relay_push(self, request: Request) -> Response:
        """A push as the hub of Hà Nội answers it: it has the message, and its state is told in words."""
        answer = await self._push(request)
        if answer.status_code != 200 or not answer.body:
            return answer
        header = orjson.loads(answer.body)["header"]
        outcome = result_of(header["res_code"]).outcome
        states = {Outcome.ACCEPTED: "Đang xử lý", Outcome.PARTLY: "Thành công 1 phần"}
        state = header["res_code"] if header["res_code"] in RELAY_STATES else states.get(outcome, "Lỗi")
        told = {"maGiaoDich": header["txn_id"], "message": header["res_msg"], "status": state}
        return Response(orjson.dumps(told), media_type="application/json")

    async def _login(self, request: Request) -> Response:
        self.logins += 1
        try:
            told = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return _answer({"res_code": "CM_INVALID_REQUEST", "success": False}, {}, 400)
        account = told.get("username") if isinstance(told, dict) else None
        known = self.accounts.get(account) if isinstance(account, str) else None
        if known is None or known != told.get("password"):
            return _answer(self._login_header("CM_AUTH_ACCOUNT_FAIL"), {}, 401)
        token = f"t{self.random.bytes(16).hex()}"
        self._tokens[token] = self.clock.monotonic_s() + self.duration_s
        data = {"token": token, "refresh_token": f"r{token}", "duration": self.duration_s, "role": "facility"}
        return _answer(self._login_header("CM_SUCCESS"), data)

    def _login_header(self, code: str) -> Json:
        now = int(self.clock.now().timestamp() * 1000)
        is_right = code == "CM_SUCCESS"
        return {"version": "1.0.6", "success": is_right, "send_datetime": now, "res_datetime": now, "res_code": code}

    async def _push(self, request: Request) -> Response:
        self.pushes += 1
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= self.clock.monotonic_s():
            return Response(status_code=401)
        body = await request.body()
        plan = self.plans.popleft() if self.plans else None
        if plan is not None:
            await asyncio.sleep(plan.delay_s)
            return self._planned(plan, body)
        if request.headers.get("service-type") != "100" and "/platform/" in request.url.path:
            return self._acknowledged("CM_INVALID_REQUEST", None)
        try:
            envelope = parse_envelope(body)
        except Fault:
            return self._acknowledged("CM_INVALID_REQUEST", None)
        return self._acknowledged(self._looked_at(envelope), envelope)

    def _planned(self, plan: Plan, body: bytes) -> Response:
        envelope = None
        if plan.is_kept or plan.code:
            envelope = parse_envelope(body)
        if plan.is_kept and envelope is not None:
            self._keep(envelope, parse_ksk(envelope.payload))
        if plan.body is not None or not plan.code:
            return Response(plan.body or b"", status_code=plan.status)
        if plan.in_data_state:
            return self._acknowledged("CM_SUCCESS", envelope, state=plan.code, status=plan.status)
        return self._acknowledged(plan.code, envelope, status=plan.status)

    def _looked_at(self, envelope: Envelope) -> str:
        """The result code of a message as it stands; takes in what is right, a message sent again only once."""
        header = envelope.header
        self.headers.append({name: getattr(header, name) for name in header.__slots__})
        if (
            header.msg_type != PUSH
            or not is_stored_form(gln, header.sender_id)
            or not is_msg_id(header.msg_id, header.sender_id)
        ):
            return "CM_INVALID_REQUEST"
        key = self.keys.get(header.sender_id)
        if not envelope.signature:
            return "PS_DS_RSA_SIGNATURE_MISSING"
        if key is None or not is_signed_by(envelope, key):
            return "PS_DS_RSA_SIGNATURE_INVALID"
        try:
            check = parse_ksk(envelope.payload)
        except Fault:
            return "CM_INVALID_REQUEST"
        if not check.doctor_signature or not check.facility_signature:
            return "PS_DS_CA_SIGNATURE_MISSING"
        if header.msg_id not in self.taken and self._is_duplicate(check):
            return "PS_CCCD_DUPLICATE_IN_6_MONTHS"
        self._keep(envelope, check)
        return "PS_SYNC_SUCCESS"

    def _is_duplicate(self, check: CheckUp) -> bool:
        number, now = check.value("XML1", "SO_CCCD"), self.clock.now()
        return any(
            number and each.check.value("XML1", "SO_CCCD") == number and now - each.at < DUPLICATE_WITHIN
            for each in self.taken.values()
        )

    def _keep(self, envelope: Envelope, check: CheckUp) -> None:
        header = envelope.header
        uuid = self.random.bytes(16).hex()
        made = Taken(header.msg_id, f"DS-{header.sender_id}-{uuid}", check, self.clock.now())
        self.taken.setdefault(header.msg_id, made)

    def _acknowledged(self, code: str, envelope: Envelope | None, *, state: str = "", status: int = 200) -> Response:
        header = envelope.header if envelope is not None else None
        known = self.taken.get(header.msg_id) if header is not None else None
        now = int(self.clock.now().timestamp() * 1000)
        text = result_of(code).text.vi
        told: Json = {
            "version": header.version if header is not None else "1.0.6",
            "sender_id": "TDLBYT",
            "receiver_id": header.sender_id if header is not None else "",
            "txn_id": known.txn_id if known is not None else f"DS-{self.random.bytes(16).hex()}",
            "txn_type": "sync_checkup",
            "res_code": code,
            "res_msg": text,
            "msg_id": self.random.bytes(16).hex(),
            "msg_type": ACKNOWLEDGEMENT,
            "ref_msg_id": header.msg_id if header is not None else "",
            "send_datetime": now,
            "res_datetime": now,
        }
        is_right = result_of(code).outcome is Outcome.ACCEPTED
        data = {"data_state": state or ("PS_DS_SAVE_SUCCESS" if is_right else code), "data_state_msg": text}
        return _answer(told, data, status)


def _answer(header: Json, data: Json, status: int = 200) -> Response:
    body = orjson.dumps({"header": header, "data": data, "signature": ""})
    return Response(body, status_code=status, media_type="application/json")
