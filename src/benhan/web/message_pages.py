"""Messages that wait for a person, and deliveries to the national repository."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.dead_letters import DeadLetters
from benhan.store.inbox import State
from benhan.store.outbox import Outbox
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.segments import segments_of
from benhan.web.sign_in import form_of

LISTED = 50
NEWEST = 2**62


class MessagePages:
    """Dead letters and deliveries."""

    def __init__(self, site: Site, letters: DeadLetters, outbox: Outbox) -> None:
        self._site = site
        self._letters = letters
        self._outbox = outbox

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/letters", self.letters, Permission.MESSAGE_VIEW),
            ("GET", "/letters/{id:int}", self.letter, Permission.MESSAGE_VIEW),
            ("POST", "/letters/{id:int}", self.replay, Permission.MESSAGE_MEND),
            ("GET", "/deliveries", self.deliveries, Permission.DELIVERY_VIEW),
            ("POST", "/deliveries/retry", self.retry, Permission.DELIVERY_VIEW),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def letters(self, request: Request) -> Response:
        listed = await self._letters.listed(before=before_of(request))
        return render(request, self._site, "letters.html", listed=listed, next=next_of([each.id for each in listed]))

    async def letter(self, request: Request) -> Response:
        return await self._shown(request, 200, None, None)

    async def replay(self, request: Request) -> Response:
        """Try it again, mended or as it is; what was typed is kept where it is no message."""
        form, message_id = form_of(request), request.path_params["id"]
        typed = form.get("message", "") if form.get("act") == "mend" else None
        try:
            await self._letters.replay(message_id, typed, actor_of(request))
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._shown(request, status_of(fault), fault, typed)
        return RedirectResponse(f"/letters/{message_id}", 303)

    async def _shown(self, request: Request, status: int, fault: Fault | None, typed: str | None) -> Response:
        letter = await self._letters.read(request.path_params["id"], actor_of(request))
        is_parked = letter.message.state is State.PARKED
        places = [place for place, _vi, _en in letter.message.report.reasons if place and is_parked]
        return render(
            request,
            self._site,
            "letter.html",
            status,
            letter=letter,
            segments=[] if letter.is_xml else segments_of(letter.text, places),
            typed=letter.text if typed is None else typed,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def deliveries(self, request: Request) -> Response:
        listed = await self._outbox.listed(before=before_of(request))
        return render(request, self._site, "deliveries.html", listed=listed, next=next_of([each.id for each in listed]))

    async def retry(self, request: Request) -> Response:
        bucket, _, number = form_of(request).get("delivery", "").partition("-")
        if bucket.isdecimal() and number.isdecimal() and len(bucket) < 5 and len(number) < 19:
            await self._outbox.retry(int(bucket), int(number))
        return RedirectResponse("/deliveries", 303)


def before_of(request: Request) -> int:
    """The id that a list goes on before."""
    asked = request.query_params.get("before", "")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else NEWEST


def next_of(ids: list[int]) -> int:
    """What continues a list, 0 at its end."""
    return min(ids) if len(ids) >= LISTED else 0
