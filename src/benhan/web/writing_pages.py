"""What helps who writes on a paper: phrases, values that are known already, abbreviations told, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.node.drawings import DRAWINGS, drawing_svg
from benhan.node.records.faults import NO_SUCH_PAPER
from benhan.node.records.offers import Offer, Offers
from benhan.node.records.papers import Papers
from benhan.node.records.phrases import CHARACTERS_MAX, Phrases
from benhan.vn.forms.form import Form, Grid, Kind, Picture
from benhan.vn.writing.abbreviations import Abbreviations
from benhan.web.form_inputs import Inputs, shown, text_of
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.sign_in import form_of
from benhan.web.words import clock_and_day, number

TEXTS = (Kind.TEXT, Kind.LONG_TEXT)


@dataclass(frozen=True, slots=True)
class Writing:
    """What helps who writes, for all pages that papers are written on; `voice` lets the browser listen."""

    phrases: Phrases
    offers: Offers
    abbreviations: Abbreviations
    voice: bool = False


class WritingPages:
    """Phrases, offers and pictures."""

    def __init__(self, site: Site, papers: Papers, writing: Writing) -> None:
        self._site = site
        self._papers = papers
        self._phrases = writing.phrases
        self._offers = writing.offers

    def routes(self) -> list[BaseRoute]:
        paper = "/records/{id}/papers/{number}"
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/phrases", self.phrases, Permission.RECORD_EDIT),
            ("POST", "/phrases", self.keep, Permission.RECORD_EDIT),
            ("GET", f"{paper}/offers", self.offers, Permission.RECORD_EDIT),
            ("GET", f"{paper}/pictures/{{field}}", self.picture, Permission.RECORD_VIEW),
            ("GET", "/drawings/{name}", self.drawing, Permission.SIGNED_IN),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def phrases(self, request: Request) -> Response:
        return await self._shown(request, {}, None)

    async def keep(self, request: Request) -> Response:
        """Keep a phrase or delete one; what cannot be is told, and stays typed."""
        form, actor = form_of(request), actor_of(request)
        drop = form.get("drop", "")
        try:
            if drop.isascii() and drop.isdecimal() and len(drop) < 19:
                await self._phrases.drop(actor, int(drop))
            else:
                department = form.get("department", "").strip()[:20]
                is_own = form.get("whose", "own") == "own"
                await self._phrases.put(
                    actor, form.get("short", ""), form.get("text", ""), is_own=is_own, department=department
                )
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._shown(request, form, fault)
        return RedirectResponse("/phrases", 303)

    async def _shown(self, request: Request, typed: Mapping[str, str], fault: Fault | None) -> Response:
        return render(
            request,
            self._site,
            "phrases.html",
            status_of(fault) if fault is not None else 200,
            phrases=await self._phrases.of(actor_of(request)),
            typed=typed,
            limit=CHARACTERS_MAX,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def offers(self, request: Request) -> Response:
        """The values that are known for a paper, as the page puts them beside its fields."""
        number_ = request.path_params["number"]
        if not (number_.isascii() and number_.isdecimal() and len(number_) < 9):
            raise NO_SUCH_PAPER()
        actor = actor_of(request)
        found = await self._offers.of(id_of_path(request), int(number_), actor)
        filled = await self._papers.view(id_of_path(request), int(number_), actor)
        language = language_of(request.scope)
        return _json([_offered(each, filled.form, language) for each in found])

    async def picture(self, request: Request) -> Response:
        """The picture that stands in a field of a paper as it is saved."""
        number_ = request.path_params["number"]
        if not (number_.isascii() and number_.isdecimal() and len(number_) < 9):
            raise NO_SUCH_PAPER()
        filled = await self._papers.view(id_of_path(request), int(number_), actor_of(request))
        kept = filled.answers.get(request.path_params["field"])
        if not isinstance(kept, bytes):
            raise NO_SUCH_PAPER()
        kind = "image/png" if kept.startswith(b"\x89PNG") else "image/jpeg"
        return Response(kept, media_type=kind, headers={"cache-control": "no-store"})

    async def drawing(self, request: Request) -> Response:
        """The printed outline of a place to draw on."""
        name = request.path_params["name"].removesuffix(".svg")
        if name not in DRAWINGS:
            raise NO_SUCH_PAPER()
        return Response(
            drawing_svg(name), media_type="image/svg+xml", headers={"cache-control": "private, max-age=86400"}
        )


def _offered(offer: Offer, form: Form, language: Language) -> dict[str, Any]:
    field = form.fields[offer.field]
    return {
        "field": offer.field,
        "value": text_of(field, offer.value),
        "text": number(shown(field, offer.value), language)[:200],
        "reference": offer.reference,
        "by": " · ".join(part for part in (offer.by, clock_and_day(offer.at)) if part),
    }


def drawings_of(form: Form) -> dict[str, str]:
    """By field the outline that is printed in a place to draw on, "" for an empty place."""
    found: dict[str, str] = {}
    waiting: list[Any] = [*form.body]
    while waiting:
        block = waiting.pop()
        if isinstance(block, Picture):
            found[block.field] = block.drawing
        elif isinstance(block, Grid):
            waiting += [inner for cell in block.cells for inner in cell.blocks]
    return found


def abbreviations_in(form: Form, inputs: Inputs, known: Abbreviations) -> dict[str, list[dict[str, Any]]]:
    """By field the abbreviations that may not stand there, with what they mean."""
    found = {}
    for each in form.fields.values():
        told = [
            {"short": one.short, "meaning": one.meaning}
            for one in known.found_in((inputs.get(each.id) or [""])[0], form.number)
            if not one.is_allowed
        ] if each.kind in TEXTS else []  # fmt: skip
        if told:
            found[each.id] = told
    return found


def _json(told: Any) -> Response:
    return Response(orjson.dumps(told), media_type="application/json", headers={"cache-control": "no-store"})
