"""The citizen's pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of
from benhan.healthbook.book import Books, in_words
from benhan.kernel.permissions import Permission
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.web.charts import trend_json
from benhan.web.looks import look_lines
from benhan.web.pages import Site, page, render


class BookPages:
    """The book, a trend, who has looked."""

    def __init__(self, site: Site, books: Books) -> None:
        self._site = site
        self._books = books

    def routes(self) -> list[BaseRoute]:
        return [
            route("/", page(self._site, self.book), permission=Permission.BOOK_READ),
            route("/trend/{analyte}", page(self._site, self.trend), permission=Permission.BOOK_READ),
            route("/looked", page(self._site, self.looked), permission=Permission.BOOK_READ),
        ]

    async def book(self, request: Request) -> Response:
        actor = actor_of(request)
        if not actor.patient:
            return render(request, self._site, "book_none.html")
        book = await self._books.open(actor)
        return render(request, self._site, "book.html", book=book, in_words=in_words)

    async def trend(self, request: Request) -> Response:
        book = await self._books.open(actor_of(request), page="trend")
        analyte = book.analyte(request.path_params["analyte"])
        if analyte is None:
            raise NO_SUCH_RESOURCE(type="Observation", id="?")
        data = trend_json(analyte)
        return render(request, self._site, "book_trend.html", analyte=analyte, data=data, in_words=in_words)

    async def looked(self, request: Request) -> Response:
        actor = actor_of(request)
        if not actor.patient:
            return render(request, self._site, "book_none.html")
        looked = await self._books.looked(actor)
        lines = look_lines(((each.at, each.who, each.role, each.event, "") for each in looked), actor.id)
        notices = await self._books.notices(actor)
        return render(request, self._site, "looked.html", looks=lines, notices=notices)
