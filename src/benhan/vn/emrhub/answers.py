"""The hub's answers: to a login, to a push. HTTP 200 does not say that a message was accepted: its codes do.

Source: QĐ 1551/QĐ-BYT 2026 PL02.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from benhan.vn.emrhub.faults import NOT_AN_ENVELOPE
from benhan.vn.emrhub.results import ResultCode, gravest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """What a login gave: the tokens, for how many seconds they hold, and the role ("facility", "department")."""

    token: str
    refresh_token: str
    duration_s: int
    role: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the hub says of a message: `txn_id` is its receipt; `data_state` tells what became of the content."""

    txn_id: str
    msg_id: str
    ref_msg_id: str
    res_code: str
    res_msg: str
    data_state: str
    data_state_msg: str
    message_check_ca: str
    message_notify: str

    @property
    def result(self) -> ResultCode:
        """The code that decides: the graver of `res_code` and `data_state`."""
        return gravest(self.res_code, self.data_state)


def login_to_bytes(account: str, password: str) -> bytes:
    """The body of a login."""
    return orjson.dumps({"username": account, "password": password})


def parse_login(body: bytes) -> tuple[str, Login | None]:
    """The result code of a login, and what it gave where it gave a token. Raises Incorrect BA-3550."""
    header, data = _parts(body)
    code, token = _text(header, "res_code"), _text(data, "token")
    duration = data.get("duration")
    if not token:
        return code, None
    seconds = duration if isinstance(duration, int) and not isinstance(duration, bool) and duration > 0 else 0
    return code, Login(token, _text(data, "refresh_token"), seconds, _text(data, "role"))


def parse_acknowledgement(body: bytes) -> Acknowledgement:
    """The acknowledgement in `body`. Raises Incorrect BA-3550 where it has no result code."""
    header, data = _parts(body)
    if not _text(header, "res_code"):
        raise NOT_AN_ENVELOPE(what="header.res_code")
    return Acknowledgement(
        *(_text(header, name) for name in ("txn_id", "msg_id", "ref_msg_id", "res_code", "res_msg")),
        *(_text(data, name) for name in ("data_state", "data_state_msg", "message_check_ca", "message_notify")),
    )


def parse_relay_login(body: bytes) -> tuple[str, Login | None]:
    """The code of a login at a provincial hub, and the token it gave; how long it holds is not told (0).

    Source: CV 7286/SYT-QLBHYTCNTT Hà Nội. Raises Incorrect BA-3550.
    """
    told = _object(body)
    code, token = told.get("code"), _text(told, "access_token")
    return str(code) if isinstance(code, (str, int)) else "", Login(token, "", 0, "facility") if token else None


def parse_relay_acknowledgement(body: bytes) -> Acknowledgement:
    """What a provincial hub says of a message: its state in words as res_code. Raises Incorrect BA-3550."""
    told = _object(body)
    if not _text(told, "status"):
        raise NOT_AN_ENVELOPE(what="status")
    return Acknowledgement(_text(told, "maGiaoDich"), "", "", told["status"], _text(told, "message"), "", "", "", "")


def _object(body: bytes) -> Json:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise NOT_AN_ENVELOPE(what="JSON") from cause
    if not isinstance(told, dict):
        raise NOT_AN_ENVELOPE(what="JSON")
    return told


def _parts(body: bytes) -> tuple[Json, Json]:
    told = _object(body)
    header = told.get("header")
    if not isinstance(header, dict):
        raise NOT_AN_ENVELOPE(what="header")
    data = told.get("data")
    return header, data if isinstance(data, dict) else {}


def _text(part: Json, name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""
