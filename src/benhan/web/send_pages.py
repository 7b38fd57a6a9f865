"""What goes to the authorities: destinations, their messages, one message, and what a person may do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.sends.desk import Desk
from benhan.node.sends.faults import NO_FILE
from benhan.node.sends.ministry_hub import Handed
from benhan.store.send_state import SendState
from benhan.web.message_pages import before_of, next_of
from benhan.web.pages import Page, Site, page, render
from benhan.web.sign_in import form_of
from benhan.web.uploads import is_form, uploaded_files

STATES = tuple(state.value for state in SendState)


class SendPages:
    """The pages of the desk."""

    def __init__(self, site: Site, desk: Desk, bytes_max: int) -> None:
        self._site = site
        self._desk = desk
        self._bytes_max = bytes_max

    def routes(self) -> list[BaseRoute]:
        view, manage, upload = Permission.DELIVERY_VIEW, Permission.SEND_MANAGE, Permission.CHECK_UP_UPLOAD
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/sends", self.destinations, view),
            ("GET", "/sends/{name}", self.listed, view),
            ("POST", "/sends/{name}", self.upload, upload),
            ("GET", "/sends/{name}/{key}", self.one, view),
            ("POST", "/sends/{name}/{key}/retry", self.retry, view),
            ("GET", "/sends/{name}/{key}/file", self.file, manage),
            ("POST", "/sends/{name}/{key}/mend", self.mend, manage),
            ("POST", "/sends/{name}/{key}/by-hand", self.by_hand, manage),
        )
        # what a page asks by itself while its message waits does not keep a session from ending
        polled = route("/sends/{name}/{key}/state", page(self._site, self.one), permission=view, is_poll=True)
        return [
            polled,
            *(
                route(path, page(self._site, handler), methods=[method], permission=permission)
                for method, path, handler, permission in table
            ),
        ]

    async def destinations(self, request: Request) -> Response:
        return render(request, self._site, "sends.html", views=await self._desk.overviews())

    async def listed(self, request: Request) -> Response:
        return await self._list(request, [])

    async def upload(self, request: Request) -> Response:
        """Check-ups of a form, answered as a page; or one file as it is, answered as JSON: 422 where it is not kept."""
        name = request.path_params["name"]
        body = await read_content(request, self._bytes_max)
        if is_form(request):
            files = await uploaded_files(request, body, self._bytes_max)
            return await self._list(request, await self._desk.receive(name, files, actor_of(request)))
        (handed,) = await self._desk.receive(name, [("", body)], actor_of(request))
        return Response(_handed_json(handed), 200 if handed.key else 422, media_type="application/json")

    async def _list(self, request: Request, handed: list[Handed]) -> Response:
        name, asked = request.path_params["name"], request.query_params.get("state", "")
        asked = asked if asked in STATES else ""
        listed = await self._desk.listed(name, asked, before=before_of(request))
        return render(
            request,
            self._site,
            "send_list.html",
            view=await self._desk.overview(name),
            states=STATES,
            asked=asked,
            listed=listed,
            next=next_of([each.id for each in listed]),
            handed=handed,
            limit_mb=self._bytes_max >> 20,
            now=self._desk.clock.now(),
        )

    async def one(self, request: Request) -> Response:
        return await self._shown(request)

    async def _shown(
        self, request: Request, fault: Fault | None = None, typed: Mapping[str, str] | None = None
    ) -> Response:
        name, key = _names(request)
        by_htmx = "hx-request" in request.headers
        answer = render(
            request,
            self._site,
            "send.html",
            200 if fault is None or by_htmx else status_of(fault),  # htmx swaps in no error
            opened=await self._desk.read(name, key),
            title=self._desk.destination(name).title,
            fault=fault,
            typed=typed or {},
        )
        if by_htmx:  # the address says which message is shown, also after another act
            answer.headers["hx-replace-url"] = f"/sends/{name}/{key}"
        return answer

    async def file(self, request: Request) -> Response:
        name, content = await self._desk.file(*_names(request), actor_of(request))
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(content, media_type="application/xml", headers=headers)

    async def retry(self, request: Request) -> Response:
        name, key = _names(request)
        return await self._done(request, lambda: self._desk.retry(name, key, actor_of(request)))

    async def mend(self, request: Request) -> Response:
        """The first file of the form takes the place of the message's."""
        name, key = _names(request)
        body = await read_content(request, self._bytes_max)
        files = await uploaded_files(request, body, self._bytes_max)
        if not files:
            return await self._shown(request, NO_FILE())
        return await self._done(request, lambda: self._desk.mend(name, key, files[0][1], actor_of(request)))

    async def by_hand(self, request: Request) -> Response:
        name, key = _names(request)
        form = form_of(request)
        reason, receipt = form.get("reason", ""), form.get("receipt", "")

        async def noted() -> str:
            await self._desk.by_hand(name, key, reason, receipt, actor_of(request))
            return key

        return await self._done(request, noted, {"reason": reason, "receipt": receipt})

    async def _done(
        self, request: Request, act: Callable[[], Awaitable[str]], typed: Mapping[str, str] | None = None
    ) -> Response:
        """To the message that came of an act; a mistake is told on the page, which keeps what was typed."""
        try:
            key = await act()
        except Fault as fault:
            if fault.category not in ("incorrect", "conflict"):
                raise
            return await self._shown(request, fault, typed)
        return RedirectResponse(f"/sends/{request.path_params['name']}/{key}", 303)


def _names(request: Request) -> tuple[str, str]:
    return request.path_params["name"], request.path_params["key"]


def _handed_json(handed: Handed) -> bytes:
    told: dict[str, Any] = {"key": handed.key, "known": handed.is_known}
    if handed.fault is not None:
        told |= {"code": handed.fault.code, "vi": handed.fault.text.vi, "en": handed.fault.text.en}
        told["issues"] = [{"place": each.place, "vi": each.text.vi, "en": each.text.en} for each in handed.fault.issues]
    return orjson.dumps(told)
