"""The hub's message: header, data, signature; three shapes of data, told apart by `header.version`.

A string in QĐ 1551 (1.0.3), an object with `file_content` in QĐ 2062 (1.0.6), one with `content` at the hub of Hà Nội
(1.0, CV 7286/SYT-QLBHYTCNTT). Which version first has the object is not published: 1.0.4 is assumed.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import orjson

from benhan.vn.emrhub.faults import BAD_SENDER, NOT_AN_ENVELOPE
from benhan.vn.identifiers import gln
from benhan.vn.identifiers.kind import is_stored_form

Json = dict[str, Any]

DATA_TYPES = ("xml/base64", "json/base64", "png/base64", "jpg/base64", "pdf/base64")
PUSH, ACKNOWLEDGEMENT = "101", "102"
"""msg_type of what is sent and of its answer."""
SYNC_CHECKUP = "sync_checkup"
_MSG_ID = re.compile(r"(\d{13})(\d{6})([0-9a-f]{32})", re.ASCII)
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,3}", re.ASCII)


class Shape(Enum):
    """How `data` holds the payload: the name of its member, "" for a plain string."""

    STRING = ""
    FILE_CONTENT = "file_content"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Header:
    """Who sends what to whom; `send_datetime` in milliseconds since 1970."""

    version: str
    sender_id: str
    receiver_id: str
    msg_id: str
    data_type: str
    send_datetime: int
    txn_type: str = SYNC_CHECKUP
    msg_type: str = PUSH
    ref_msg_id: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message; `payload` is what `data` carries in Base64, `signature` Base64 or "" where it is not signed yet."""

    header: Header
    payload: bytes
    signature: str = ""


def shape_of(version: str) -> Shape:
    """The shape of `data` in a version. Raises Incorrect BA-3550 where it is none."""
    if not _VERSION.fullmatch(version):
        raise NOT_AN_ENVELOPE(what="header.version")
    numbers = tuple(int(each) for each in version.split("."))
    if len(numbers) == 2:
        return Shape.CONTENT
    return Shape.STRING if numbers < (1, 0, 4) else Shape.FILE_CONTENT


def new_msg_id(sender_id: str, on: date, random: bytes) -> str:
    """sender_id + YYMMDD + a UUID of version 4 without dashes, made of 16 random bytes. Raises Incorrect BA-3551."""
    if not is_stored_form(gln, sender_id):
        raise BAD_SENDER()
    assert len(random) == 16, "a UUID has 16 bytes"
    made = bytearray(random)
    made[6] = made[6] & 0x0F | 0x40
    made[8] = made[8] & 0x3F | 0x80
    return f"{sender_id}{on:%y%m%d}{made.hex()}"


def is_msg_id(text: str, sender_id: str) -> bool:
    """Whether a message number has the form, and is of that sender."""
    match = _MSG_ID.fullmatch(text)
    return match is not None and match[1] == sender_id


def header_bytes(header: Header) -> bytes:
    """The header as minified JSON, which is what its hash is of; what is optional and empty is left out."""
    told: Json = {
        "version": header.version,
        "sender_id": header.sender_id,
        "receiver_id": header.receiver_id,
        "txn_type": header.txn_type,
        "msg_id": header.msg_id,
        "msg_type": header.msg_type,
    }
    if header.ref_msg_id:
        told["ref_msg_id"] = header.ref_msg_id
    return orjson.dumps(told | {"data_type": header.data_type, "send_datetime": header.send_datetime})


def data_text(payload: bytes) -> str:
    """The Base64 of a payload."""
    return base64.b64encode(payload).decode()


def envelope_to_bytes(envelope: Envelope) -> bytes:
    """The message as it is sent, in the shape of its version; the header byte for byte what its hash is of."""
    shape, text = shape_of(envelope.header.version), data_text(envelope.payload)
    data = orjson.dumps({shape.value: text} if shape.value else text)
    signature = orjson.dumps(envelope.signature)
    return b'{"header":' + header_bytes(envelope.header) + b',"data":' + data + b',"signature":' + signature + b"}"


def parse_envelope(body: bytes) -> Envelope:
    """The message in `body`; any of the three shapes whatever the version. Raises Incorrect BA-3550."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise NOT_AN_ENVELOPE(what="JSON") from cause
    if not isinstance(told, dict) or not isinstance(told.get("header"), dict):
        raise NOT_AN_ENVELOPE(what="header")
    signature = told.get("signature") or ""
    if not isinstance(signature, str):
        raise NOT_AN_ENVELOPE(what="signature")
    return Envelope(_header(told["header"]), _payload(told.get("data")), signature)


def _header(told: Json) -> Header:
    for name in ("version", "sender_id", "receiver_id", "txn_type", "msg_id", "msg_type", "data_type"):
        if not isinstance(told.get(name), str) or not told[name]:
            raise NOT_AN_ENVELOPE(what=f"header.{name}")
    sent_at, referred = told.get("send_datetime"), told.get("ref_msg_id") or ""
    if not isinstance(sent_at, int) or isinstance(sent_at, bool) or len(str(sent_at)) != 13:
        raise NOT_AN_ENVELOPE(what="header.send_datetime")
    if told["data_type"] not in DATA_TYPES:
        raise NOT_AN_ENVELOPE(what="header.data_type")
    if not isinstance(referred, str):
        raise NOT_AN_ENVELOPE(what="header.ref_msg_id")
    shape_of(told["version"])
    return Header(
        told["version"],
        told["sender_id"],
        told["receiver_id"],
        told["msg_id"],
        told["data_type"],
        sent_at,
        told["txn_type"],
        told["msg_type"],
        referred,
    )


def _payload(data: Any) -> bytes:
    if isinstance(data, dict):
        data = next((data[shape.value] for shape in Shape if shape.value and shape.value in data), None)
    if not isinstance(data, str) or not data:
        raise NOT_AN_ENVELOPE(what="data")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise NOT_AN_ENVELOPE(what="data (Base64)") from cause
