"""The tablet: a patient, or who stands for them, sees the page and confirms it without a certificate."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.chart.charts import Charts
from benhan.node.patients import Patients
from benhan.node.records.admission import relaxed
from benhan.node.records.faults import NO_SUCH_PAPER
from benhan.node.signatures.confirmations import Confirmations
from benhan.node.signatures.evidence import (
    ASKED_TOO,
    GROWN_UP,
    NAME_CHARACTERS_MAX,
    Confirmation,
    Method,
    Relation,
    Witness,
    stroke_of,
)
from benhan.node.signatures.faults import BAD_CONFIRMATION
from benhan.node.signatures.models import Chosen
from benhan.node.signatures.opening import SigningParts
from benhan.signing.attesting import ASKED_LIFE
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import number_in, whole_number
from benhan.web.sign_in import form_of

DEVICE_CHARACTERS_MAX = 200
RETURN_PATH = "/confirm/answer"
"""Where a provider of identities sends the browser back to."""
ASKED_COOKIE = "benhan_asked"


class ConfirmationPages:
    """What is shown on the tablet, and what is kept of it."""

    def __init__(self, site: Site, parts: SigningParts, patients: Patients, charts: Charts, base_url: str) -> None:
        self._return_url = f"{base_url}{RETURN_PATH}"
        self._site = site
        self._parts = parts
        self._confirmations: Confirmations = parts.confirmations
        self._patients = patients
        self._charts = charts

    def routes(self) -> list[BaseRoute]:
        paper, sign = "/records/{id}/papers/{number}", Permission.RECORD_SIGN
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", f"{paper}/confirm", self.ask, sign),
            ("POST", f"{paper}/confirm", self.take, sign),
            ("GET", f"{paper}/confirm/pictures/{{place}}", self.picture, sign),
            ("POST", f"{paper}/confirm/code", self.send_code, sign),
            ("POST", f"{paper}/confirm/identity", self.identify, sign),
            ("GET", RETURN_PATH, self.identified, sign),
            ("GET", f"{paper}/evidence/{{place}}/{{kind}}", self.evidence, Permission.RECORD_VIEW),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def ask(self, request: Request) -> Response:
        return await self._shown(request)

    async def _shown(
        self,
        request: Request,
        fault: Fault | None = None,
        typed: Mapping[str, str] | None = None,
        code: str = "",
        address: str = "",
    ) -> Response:
        actor = actor_of(request)
        found = await self._confirmations.shown(id_of_path(request), number_in(request), actor)
        opened = await self._parts.signatures.records.opened(found.record, relaxed(actor))
        text = fault.text.in_language(language_of(request.scope)) if fault is not None else ""
        return render(
            request,
            self._site,
            "confirm.html",
            status_of(fault) if fault is not None else 200,
            found=found,
            form=self._parts.signatures.records.forms.by_key(found.paper.form),
            patient=self._patients.line_of_record(opened.patient.read()),
            allergies=await self._charts.allergies(found.record.patient, relaxed(actor)),
            pictures=len(found.pictures),
            relations=[each.value for each in Relation],
            is_child=found.age is not None and found.age < GROWN_UP,
            asks_child=found.age is not None and ASKED_TOO <= found.age < GROWN_UP,
            sends_codes=self._confirmations.sends_codes,
            attests={each.value for each in self._confirmations.attests},
            address=address,
            typed=typed or {},
            code=code,
            fault=fault,
            text=text,
        )

    async def picture(self, request: Request) -> Response:
        """A page of what is to be confirmed, from 1 on."""
        found = await self._confirmations.shown(id_of_path(request), number_in(request), actor_of(request))
        place = whole_number(request.path_params["place"])
        if not 0 < place <= len(found.pictures):
            raise NO_SUCH_PAPER()
        return Response(found.pictures[place - 1], media_type="image/png", headers={"cache-control": "no-store"})

    async def take(self, request: Request) -> Response:
        """Keep what was confirmed; a mistake is told on the page, which keeps what was typed."""
        form, number = form_of(request), number_in(request)
        try:
            chosen = Chosen(id_of_path(request), number, whole_number(form.get("version", "")))
            await self._confirmations.take(
                chosen, form.get("page_hash", ""), _read(form), actor_of(request), _device(request, form),
                form.get("code_typed", "")[:12].strip(),
            )  # fmt: skip
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect", "unavailable"):
                raise
            return await self._shown(request, fault, form, form.get("code", "")[:64])
        return RedirectResponse(f"/records/{id_of_path(request)}/papers/{number}/signatures", 303)

    async def send_code(self, request: Request) -> Response:
        """Send a code to the phone that was typed; the page comes back and asks for it."""
        form = form_of(request)
        chosen = Chosen(id_of_path(request), number_in(request), whole_number(form.get("version", "")))
        code = await self._confirmations.send_code(chosen, form.get("phone", "")[:20].strip(), actor_of(request))
        return await self._shown(request, None, form, code)

    async def identify(self, request: Request) -> Response:
        """Ask a provider of identities: the page comes back with the link there, the browser keeps what is sealed."""
        form, number = form_of(request), number_in(request)
        try:
            chosen = Chosen(id_of_path(request), number, whole_number(form.get("version", "")))
            typed = replace(_read(form), method=Method.IDENTITY)
            begun = await self._confirmations.begin(
                chosen, form.get("page_hash", ""), typed, actor_of(request), _device(request, form), self._return_url
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect", "unavailable"):
                raise
            return await self._shown(request, fault, form)
        answer = await self._shown(request, None, {**form, "method": Method.IDENTITY.value}, address=begun.address)
        answer.set_cookie(
            ASKED_COOKIE, urlsafe_b64encode(begun.sealed).decode(), max_age=int(ASKED_LIFE.total_seconds()),
            httponly=True, secure=self._return_url.startswith("https:"), samesite="lax", path=RETURN_PATH,
        )  # fmt: skip
        return answer

    async def identified(self, request: Request) -> Response:
        """The browser comes back from the provider: keep what it says, once, for who was asked in this browser."""
        try:
            sealed = urlsafe_b64decode(request.cookies.get(ASKED_COOKIE, ""))
        except ValueError:
            sealed = b""
        actor = actor_of(request)
        chosen = self._confirmations.asked_of(sealed, actor)
        here = f"/records/{chosen.record_id}/papers/{chosen.number}"
        try:
            await self._confirmations.finish(sealed, dict(request.query_params), actor)
            answer: Response = RedirectResponse(f"{here}/signatures", 303)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect", "unavailable"):
                raise
            request.scope["path_params"] = {"id": chosen.record_id, "number": str(chosen.number)}
            answer = await self._shown(request, fault)
        answer.delete_cookie(ASKED_COOKIE, path=RETURN_PATH)
        return answer

    async def evidence(self, request: Request) -> Response:
        """The evidence as JSON, or the organisation's signature over it; both together are what verifies."""
        place, kind = whole_number(request.path_params["place"]), request.path_params["kind"]
        found = await self._confirmations.files(id_of_path(request), number_in(request), place, actor_of(request))
        name = f"xac-nhan-{number_in(request)}-{place}.json"
        if kind == "file":
            content, type_ = found[0], "application/json"
        elif kind == "signature" and found[1]:
            content, type_, name = found[1], "application/pkcs7-signature", f"{name}.p7s"
        else:
            raise NO_SUCH_PAPER()
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(content, media_type=type_, headers=headers)


def _read(form: Mapping[str, str]) -> Confirmation:
    """What was typed and drawn. Raises Incorrect BA-5121."""
    try:
        method, relation = Method(form.get("method", "")), Relation(form.get("relation", ""))
    except ValueError as cause:
        raise BAD_CONFIRMATION(reason="cách xác nhận, quan hệ (method, relation)") from cause
    witnesses = tuple(Witness(_line(form, f"witness{n}"), _line(form, f"witness{n}_number")) for n in (1, 2))
    return Confirmation(
        method,
        relation,
        _line(form, "name"),
        _line(form, "number"),
        form.get("child_agrees") == "1",
        _line(form, "reason"),
        stroke_of(form.get("stroke", "")) if method is Method.STROKE else (),
        witnesses if method is Method.WITNESSES else (),
        form.get("code", "")[:64] if method is Method.CODE else "",
    )


def _line(form: Mapping[str, str], name: str) -> str:
    return " ".join(form.get(name, "").split())[:NAME_CHARACTERS_MAX]


def _device(request: Request, form: Mapping[str, str]) -> str:
    """The browser as it names itself, and the size of its screen."""
    told = f"{request.headers.get('user-agent', '')} {form.get('screen', '')[:12]}"
    return "".join(letter for letter in told if letter.isprintable()).strip()[:DEVICE_CHARACTERS_MAX]
