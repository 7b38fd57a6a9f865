"""A resource as it was written: JSON read without losing a digit, and written back byte for byte the same.

Source: FHIR R4 json.html (decimals keep their precision, names are unique), resource.html.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from benhan.fhir.faults import DOUBLED_NAME, NOT_A_RESOURCE, NOT_JSON, NOT_UTF8, TOO_DEEP, TOO_LARGE
from benhan.kernel.faults import Fault

Json = dict[str, Any]

SIZE_BYTES_MAX = 32 * 1024 * 1024
DEPTH_MAX = 64

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,63})(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?")
_BOM = b"\xef\xbb\xbf"
_OWN = msgspec.json.Decoder(float_hook=orjson.Fragment)
_OWN_DECIMALS = msgspec.json.Decoder(float_hook=Decimal)
_LONG = re.compile(rb"[0-9]{19}")


@dataclass(frozen=True, slots=True)
class ParsedResource:
    """A resource in memory.

    `plain` is for reading: decimals are floats. `body` is for writing: where a float would lose digits, the
    decimal is an `orjson.Fragment` of its own text; otherwise `body` is `plain`. `id` is None where none was given.
    `written` is the compact JSON of `body` where it is at hand, else empty.
    """

    type: str
    id: str | None
    body: Json
    plain: Json
    written: bytes = b""

    @property
    def tail(self) -> bytes:
        """What `tail_bytes` gives of `body`; cut from `written` where the type stands first, the id beside it or last,
        and there is no meta."""
        body, written = self.body, self.written
        if written and "meta" not in body:
            start = f'{{"resourceType":"{self.type}",'.encode()
            id_ = f'"id":"{body["id"]}"'.encode() if "id" in body else b""
            if written.startswith(start):
                if not id_:
                    return b"}," + written[len(start) :]
                if written.startswith(id_ + b",", len(start)):
                    return b"}," + written[len(start) + len(id_) + 1 :]
                inner = written[len(start) : -len(id_) - 2]
                if inner and written.endswith(b"," + id_ + b"}"):  # what the last brace closes is the resource itself
                    return b"}," + inner + b"}"
        return tail_bytes(body)


def parse_resource(data: bytes, *, size_bytes_max: int = SIZE_BYTES_MAX) -> ParsedResource:
    """The resource in `data`, JSON in UTF-8.

    Raises Incorrect: BA-0201 not JSON, BA-0202 not UTF-8, BA-0203 a name twice, BA-0204 not a resource, BA-0205 too
    deep, BA-0206 too large. Nothing else.
    """
    return parsed_resource(*_read(data, size_bytes_max, is_bundle=False))


def resource_of(content: Json) -> ParsedResource:
    """The ParsedResource of a dictionary of our own, whose decimals may be `Decimal`."""
    return parse_resource(to_bytes(content))


def resource_of_own(data: bytes) -> ParsedResource:
    """The resource in compact JSON that we have just written: not held to the bounds of what comes from outside."""
    plain = orjson.loads(data)
    return parsed_resource(plain if orjson.dumps(plain) == data else _exact_own(data), plain, data)


def parse_json(data: bytes, *, size_bytes_max: int = SIZE_BYTES_MAX, is_bundle: bool = False) -> tuple[Any, Any]:
    """`data` twice: for writing (exact) and for reading (plain); the same object where nothing would be lost.

    The depth of a bundle's entries is left to those who read them one by one (`check_depth`).
    """
    body, plain, _ = _read(data, size_bytes_max, is_bundle=is_bundle)
    return body, plain


def _read(data: bytes, size_bytes_max: int, *, is_bundle: bool) -> tuple[Any, Any, bytes]:
    """`data` for writing and for reading; and the compact JSON of the former where it is at hand."""
    if len(data) > size_bytes_max:
        raise TOO_LARGE(limit=size_bytes_max)
    data = data.removeprefix(_BOM)
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError as cause:
        raise _reason(data, cause) from cause
    if not is_bundle:
        check_depth(data, plain)
    try:
        written = orjson.dumps(plain)
    except orjson.JSONEncodeError as cause:  # it reads deeper than it writes
        raise TOO_DEEP(limit=DEPTH_MAX) from cause
    if written == data or written == (compact := _compact(data)):
        return plain, plain, written
    return _exact(data, compact), plain, b""


def check_depth(data: bytes, plain: Any) -> None:
    """Raises Incorrect BA-0205 where `plain`, read from `data`, nests too deep."""
    if data.count(b"{") + data.count(b"[") > DEPTH_MAX:
        check_levels(plain, DEPTH_MAX)


def check_levels(plain: Any, levels_max: int) -> None:
    """Raises Incorrect BA-0205 where `plain` nests deeper than `levels_max`."""
    if _is_too_deep(plain, levels_max):
        raise TOO_DEEP(limit=levels_max)


def exact_json(data: bytes) -> Any:
    """`data` of our own for writing: every number in its digits, without the bounds of what comes from outside."""
    plain = orjson.loads(data)
    return plain if orjson.dumps(plain) == data else _exact_own(data)


def read_own(data: bytes) -> Json:
    """The resource in JSON that we wrote, its decimals as `Decimal` in their digits."""
    found: Json = _OWN_DECIMALS.decode(data)
    return found


def to_bytes(value: Any) -> bytes:
    """Compact JSON of `value`; a Decimal is written as its own digits."""
    return orjson.dumps(value, default=_decimal)


def tail_bytes(body: Json) -> bytes:
    """The JSON text of a resource from the end of its head on: the rest of meta, then every other member.

    It begins with `}` or with `,"profile"…}`; together with `head_bytes` it is the whole resource.
    """
    meta = {name: value for name, value in (body.get("meta") or {}).items() if name not in _HEAD_OF_META}
    rest = {name: value for name, value in body.items() if name not in _HEAD}
    inner = orjson.dumps(meta)
    outer = orjson.dumps(rest)
    return (b"," + inner[1:] if meta else b"}") + (b"," + outer[1:] if rest else b"}")


def head_bytes(type_: str, id_: str, version: int, updated_at: datetime) -> bytes:
    """The JSON text of a resource up to and with meta.lastUpdated."""
    return _head_start(type_) + (
        f'{id_}","meta":{{"versionId":"{version}","lastUpdated":"{instant(updated_at)}"'.encode()
    )


@lru_cache(maxsize=4_096)
def instant(at: datetime) -> str:
    """`at` as a FHIR instant in UTC with milliseconds."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def is_id(text: object) -> bool:
    """Whether `text` is a logical id. Source: datatypes.html#id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


_HEAD = frozenset({"resourceType", "id", "meta"})
_HEAD_OF_META = frozenset({"versionId", "lastUpdated"})


@lru_cache(maxsize=256)
def _head_start(type_: str) -> bytes:
    return f'{{"resourceType":"{type_}","id":"'.encode()


def parsed_resource(body: Any, plain: Any, written: bytes = b"") -> ParsedResource:
    """The ParsedResource of JSON as read. Raises Incorrect BA-0204."""
    if not isinstance(plain, dict):
        raise NOT_A_RESOURCE(reason="not an object")
    type_ = plain.get("resourceType")
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        raise NOT_A_RESOURCE(reason="resourceType")
    id_ = plain.get("id")
    if id_ is not None and not is_id(id_):
        raise NOT_A_RESOURCE(reason="id")
    meta = plain.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise NOT_A_RESOURCE(reason="meta")
    return ParsedResource(type_, id_, body, plain, written)


def _exact(data: bytes, compact: bytes) -> Any:
    """`data` with every decimal as its own text; refuses what orjson lets pass. `compact` is it without white space."""
    quick = _quickly(compact)
    if quick is not None:
        return quick
    try:
        return json.loads(
            data,
            parse_float=_fragment,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except RecursionError as cause:
        raise TOO_DEEP(limit=DEPTH_MAX) from cause
    except UnicodeDecodeError as cause:
        raise NOT_UTF8(position=cause.start) from cause
    except json.JSONDecodeError as cause:
        raise NOT_JSON(reason=f"line {cause.lineno}, column {cause.colno}") from cause


def _exact_own(data: bytes) -> Any:
    """As `_exact`, of JSON that we wrote: no name is there twice. Integers beyond 64 bits go the longer way."""
    return _exact(data, data) if _LONG.search(data) else _OWN.decode(data)


def _compact(data: bytes) -> bytes:
    """`data` without the white space between its tokens, which is all that usually parts it from what we write."""
    try:
        return msgspec.json.format(data, indent=-1)
    except msgspec.DecodeError:
        return b""  # it has what orjson forgives: it is read again, slowly, and refused there if need be


def _quickly(compact: bytes) -> Any:
    """What `_exact` would give, by a reader that does not mind names that come twice; None where it might differ.

    Such a name is gone when it is written again: there are fewer ends of names (`":`) then. A quotation mark inside of
    a text is `\\"` in both; where it may be written otherwise the two cannot be counted against each other.
    """
    try:
        body = _QUICK_READER.decode(compact)
        again = orjson.dumps(body)
    except (msgspec.DecodeError, orjson.JSONEncodeError, RecursionError):  # the slow reader tells what it is
        return None
    if again == compact or (b"\\u0022" not in compact and again.count(b'":') == compact.count(b'":')):
        return body
    return None


def _fragment(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        raise NOT_JSON(reason="a number of too many digits")
    return orjson.Fragment(text)


_QUICK_READER = msgspec.json.Decoder(float_hook=_fragment)


def _integer(text: str) -> Any:
    return int(text) if len(text) < 19 else _fragment(text)


def _constant(name: str) -> Any:
    raise NOT_JSON(reason=name)


def _object(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DOUBLED_NAME(name=name if name.isidentifier() and name.isascii() else "?")
            seen.add(name)
    return members


def _is_too_deep(value: Any, levels_max: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels_max):
        if not level:
            return False
        deeper: list[Any] = []
        for each in level:
            inner = each.values() if isinstance(each, dict) else each
            deeper += [child for child in inner if isinstance(child, dict | list)]
        level = deeper
    return bool(level)


def _reason(data: bytes, cause: orjson.JSONDecodeError) -> Fault:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as broken:
        return NOT_UTF8(position=broken.start)
    return NOT_JSON(reason=f"line {cause.lineno}, column {cause.colno}")


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError
