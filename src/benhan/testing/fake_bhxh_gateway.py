"""A BHYT portal that behaves as documented: accounts, tokens, result codes, signatures, slowness, failures.

An ASGI application: `httpx.ASGITransport(FakeBhxhGateway())` or any server. It keeps what it took, by transaction.
Of a signature it checks that it is there (else 123) and that its digest is that of the document (else 125), not whose
it is. Source: CV 1245/BHXH-CNTT (03/05/2024), CV 1923/BHXH-CNTT (2024).
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from benhan.kernel.clock import VIETNAM, SystemClock
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.read import ClaimReader

DIGITAL_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
Json = dict[str, Any]


@dataclass(slots=True)
class Card:
    """What is known of a card: the code that a look-up gives, and the data told with it."""

    code: str = "000"
    told: Json = field(default_factory=dict)


@dataclass
class FakeBhxhGateway:
    """Set `accounts` (user name → facility, password), `cards`, `staff`; `behave` queues what the next requests meet.

    A behaviour is a code (`"500"`: that maKetQua), `"http 503"`, `"slow"` (waits `slow_s`), `"html"`, `"expired"` (the
    token is taken back first). `heard` lists the paths that were asked.
    """

    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)
    token_life_s: int = 900
    slow_s: float = 5.0
    now: Callable[[], datetime] = SystemClock().now
    behave: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    taken: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Transaction → facility, the bytes of the file."""
    refused: dict[str, str] = field(default_factory=dict)
    """MA_LK → the code with which its first file is answered."""
    claims: dict[str, Claim] = field(default_factory=dict)
    """MA_LK → the claim that counts: a later one replaces it."""

    def __post_init__(self) -> None:
        self._tokens: dict[str, tuple[str, str, datetime]] = {}
        routes: list[tuple[str, Callable[[Request, Json], Awaitable[Response]]]] = [
            ("/api/token/take", self._take),
            ("/api/qd130/checkInKcbQd3176", self._check_in),
            ("/api/qd130/guiHoSoXmlQD3176", self._claim),
            ("/api/egw/KQNhanLichSuKCB2024", self._card),
        ]
        self._app = Starlette(routes=[Route(path, self._behaving(act), methods=["POST"]) for path, act in routes])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def _behaving(
        self, act: Callable[[Request, Json], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.heard.append(request.url.path)
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
            how = self.behave.pop(0) if self.behave else ""
            if how.startswith("http "):
                return PlainTextResponse("", int(how[5:]))
            if how == "html":
                return PlainTextResponse("<html>bảo trì</html>")
            if how == "slow":
                await asyncio.sleep(self.slow_s)
            if how == "expired":
                self._tokens.clear()
            if how.isdigit():
                return _result(how)
            return await act(request, form)

        return answer

    async def _take(self, _request: Request, form: Json) -> Response:
        login = form.get("username", "")
        if login not in self.accounts or form.get("password") != _hash(self.accounts[login][1]):
            return _result("401")
        access, id_ = (hashlib.sha256(f"{each}{len(self.heard)}{login}".encode()).hexdigest() for each in "ai")
        until = self.now() + timedelta(seconds=self.token_life_s)
        self._tokens[access] = (id_, login, until)
        key = {
            "access_token": access,
            "id_token": id_,
            "token_type": "bearer",
            "username": login,
            "expires_in": until.isoformat().replace("+00:00", "Z"),
        }
        return JSONResponse({"maKetQua": "200", "APIKey": key})

    def _whose(self, access: str, id_: str) -> str:
        """Whose token this is, "" for nobody's."""
        found = self._tokens.get(access)
        return found[1] if found is not None and found[0] == id_ and found[2] > self.now() else ""

    async def _check_in(self, request: Request, form: Json) -> Response:
        return self._file(request, form, "0")

    async def _claim(self, request: Request, form: Json) -> Response:
        return self._file(request, form, "130")

    def _file(self, request: Request, form: Json, kind: str) -> Response:
        login = self._whose(request.headers.get("accesstoken", ""), request.headers.get("tokenid", ""))
        if not login or request.headers.get("passwordhash") != _hash(self.accounts[login][1]):
            return _result("401")
        facility = self.accounts[login][0]
        if form.get("loaiHoSo") != kind or form.get("maCSKCB") != facility or form.get("maTinh") != facility[:2]:
            return _result("205")
        try:
            file = b64decode(form.get("fileHSBase64", ""), validate=True)
        except Error:
            return _result("205")
        code = _signature_code(file)
        if code != "200":
            return _result(code)
        reader = ClaimReader([file])
        claims = list(reader)
        if not claims or any(issue.is_error for claim in claims for issue in claim.faults):
            return _result("202")
        codes = [self.refused.pop(each.ma_lk) for each in claims if kind != "0" and each.ma_lk in self.refused]
        if codes:
            return _result(codes[0])
        transaction = f"HSKCB{len(self.taken) + 1:08d}"
        self.taken[transaction] = (facility, file)
        if kind != "0":
            self.claims |= {claim.ma_lk: claim for claim in claims}
        at = f"{self.now().astimezone(VIETNAM):%Y%m%d%H%M%S}"
        return JSONResponse(
            {"maKetQua": "200", "maGiaoDich": transaction, "thoiGianTiepNhan": at, "thongDiep": "Thành công"}
        )

    async def _card(self, request: Request, _form: Json) -> Response:
        query = request.query_params
        login = self._whose(query.get("token", ""), query.get("id_token", ""))
        if not login or query.get("username") != login:
            return _result("401")
        asked = await request.json()
        if set(asked) != {"maThe", "hoTen", "ngaySinh", "hoTenCb", "cccdCb"}:
            return _result("205")
        if asked["cccdCb"] not in self.staff:
            return _result("054")
        card = self.cards.get(asked["maThe"], Card("050"))
        return JSONResponse({"maKetQua": card.code, "ghiChu": f"Mã {card.code}", **card.told})


def shape_signed(file: bytes) -> bytes:
    """`file` with a signature in CHUKYDONVI whose digest holds; by nobody, for tests alone."""
    digest = b64encode(hashlib.sha256(_canonical(etree.fromstring(file))).digest())
    return file.replace(
        b"<CHUKYDONVI></CHUKYDONVI>",
        b'<CHUKYDONVI><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference URI=""><DigestValue>'
        + digest
        + b"</DigestValue></Reference></SignedInfo><SignatureValue>AA==</SignatureValue></Signature></CHUKYDONVI>",
    )


def _canonical(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n", exclusive=False)


def _hash(password: str) -> str:
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest().upper()


def _result(code: str) -> Response:
    return JSONResponse({"maKetQua": code, "maGiaoDich": None, "thongDiep": f"Mã {code}"})


def _signature_code(file: bytes) -> str:
    """200 for a file with a signature over it as it is, 123 for one without, 125 for one that was changed."""
    try:
        root = etree.fromstring(file, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return "201"
    signature = root.find(f".//{DIGITAL_SIGNATURE}Signature")
    if signature is None:
        return "123"
    said = "".join((signature.findtext(f".//{DIGITAL_SIGNATURE}DigestValue") or "").split())
    parent = signature.getparent()
    if parent is None:
        return "125"
    parent.remove(signature)
    digest = b64encode(hashlib.sha256(_canonical(root)).digest()).decode()
    return "200" if digest == said else "125"
