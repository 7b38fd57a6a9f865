"""The portal's pages: public map, curve and list; a hospital's own page with what to do next; lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.portal.deployments import Deployments, Standing, require_own
from benhan.portal.evidence import Evidence
from benhan.portal.facilities import KINDS, OWNERS, Facilities, TakenIn, counted_by, curve
from benhan.portal.faults import BAD_FILE, NO_SUCH_PAPER, NOT_FILLED
from benhan.portal.letters import NEEDS, Letter, letter_to_pdf
from benhan.portal.papers import BYTES_MAX, Papers
from benhan.portal.workflow import STATE_WORDS, Act
from benhan.vn.deployment.criteria import SETS
from benhan.vn.deployment.judging import counted, next_things
from benhan.web.charts import sparkline
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.portal_charts import curve_of, tiles
from benhan.web.record_paths import whole_number
from benhan.web.sign_in import form_of
from benhan.web.uploads import uploaded_files, uploaded_form

LIST_BYTES_MAX = 8 * 1024 * 1024
SHOWN = 300
"""Rows of the public list on one page; the rest by province or kind."""


@dataclass(frozen=True, slots=True)
class PortalParts:
    """What the pages stand on."""

    facilities: Facilities
    evidence: Evidence
    papers: Papers
    deployments: Deployments
    clock: Clock


class PortalPages:
    """The pages of the portal."""

    def __init__(self, site: Site, parts: PortalParts) -> None:
        self._site = site
        self._parts = parts

    def routes(self) -> list[BaseRoute]:
        own = "/own/{code}"
        view, write = Permission.DEPLOYMENT_VIEW, Permission.DEPLOYMENT_WRITE
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/", self.country, Permission.PUBLIC),
            ("GET", "/facilities/{code}", self.facility, Permission.PUBLIC),
            ("GET", "/own", self.home, view),
            ("GET", own, self.own, view),
            ("POST", f"{own}/steps", self.step, view),
            ("POST", f"{own}/papers", self.put_paper, write),
            ("GET", f"{own}/papers/{{number}}", self.paper, view),
            ("POST", f"{own}/papers/{{number}}", self.withdraw_paper, write),
            ("GET", f"{own}/letters/{{letter}}", self.letter, view),
            ("POST", f"{own}/tickets", self.ticket, write),
            ("POST", f"{own}/keys", self.revoke, write),
            ("GET", "/lists", self.lists, Permission.DEPLOYMENT_OVERSEE),
            ("POST", "/lists", self.take_list, Permission.DEPLOYMENT_OVERSEE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def country(self, request: Request) -> Response:
        """How far the country is, to everybody."""
        parts, asked = self._parts, request.query_params
        today = day_in_vietnam(parts.clock.now())
        every = await parts.facilities.listed()
        province, kind = asked.get("province", "")[:2], asked.get("kind", "")
        wanted = [each for each in every if not province or each.facility.province == province]
        wanted = [each for each in wanted if not kind or each.facility.kind == kind]
        drawn = tiles(counted_by(every, "province"), today)
        return render(
            request,
            self._site,
            "portal.html",
            done=sum(each.deployed_on is not None for each in every),
            every=len(every),
            live=sum(each.told_on is not None and (today - each.told_on).days <= 3 for each in every),
            tiles=drawn,
            names={each.code: each.name for each in drawn},
            curve=curve_of(curve(every), today),
            by_owner=counted_by(every, "owner"),
            by_kind=counted_by(every, "kind"),
            listed=wanted[:SHOWN],
            wanted=len(wanted),
            province=province,
            kind=kind,
            kinds=KINDS,
            owners=OWNERS,
        )

    async def facility(self, request: Request) -> Response:
        """One hospital, to everybody: how it stands, not its papers."""
        standing = await self._parts.deployments.standing(request.path_params["code"], reports=1)
        return render(request, self._site, "portal_facility.html", **_shown(standing), standing=standing)

    async def home(self, request: Request) -> Response:
        actor = actor_of(request)
        if actor.facility:
            return RedirectResponse(f"/own/{actor.facility}", 303)
        return RedirectResponse("/lists" if actor.may(Permission.DEPLOYMENT_OVERSEE) else "/", 303)

    async def own(self, request: Request) -> Response:
        return await self._own(request)

    async def _own(self, request: Request, fault: Fault | None = None, ticket: str = "") -> Response:
        """All of one hospital, to its officer and to authorities."""
        code = request.path_params["code"]
        require_own(code, actor_of(request))
        standing = await self._parts.deployments.standing(code)
        electronic = [each.signals.signed.percent or 0 for each in reversed(standing.reports)]
        return render(
            request,
            self._site,
            "portal_own.html",
            status_of(fault) if fault is not None else 200,
            standing=standing,
            **_shown(standing),
            next=next_things(standing.judged),
            acts=standing.deployment.allowed(),
            letters=[each for each in Letter if standing.deployment.state in NEEDS[each]],
            line=sparkline(electronic),
            ticket=ticket,
            limit_mb=BYTES_MAX >> 20,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def step(self, request: Request) -> Response:
        """A step on the way; what is refused is told on the page."""
        form, code = dict(form_of(request)), request.path_params["code"]
        try:
            act = Act(form.get("act", ""))
        except ValueError:
            raise NOT_FILLED(what="act") from None
        actor = actor_of(request)
        try:
            await self._parts.deployments.act(code, act, form, _version(form.get("version", "")), actor)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._own(request, fault)
        return RedirectResponse(f"/own/{code}", 303)

    async def put_paper(self, request: Request) -> Response:
        code, actor = request.path_params["code"], actor_of(request)
        require_own(code, actor)
        body = await read_content(request, BYTES_MAX + 65_536)
        fields, files = await uploaded_form(request, body, BYTES_MAX + 65_536)
        try:
            if not files:
                raise BAD_FILE(limit=BYTES_MAX >> 20)
            told = fields.get("criterion", ""), fields.get("number", ""), fields.get("on", "")
            await self._parts.papers.put(code, *told, files[0][1], actor)
        except Fault as fault:
            if fault.category not in ("not_found", "incorrect"):
                raise
            return await self._own(request, fault)
        return RedirectResponse(f"/own/{code}", 303)

    async def paper(self, request: Request) -> Response:
        """A document as it came."""
        code = request.path_params["code"]
        require_own(code, actor_of(request))
        paper, content = await self._parts.papers.content(code, _number(request))
        headers = {
            "content-disposition": f'attachment; filename="{paper.criterion}-{paper.id}"',
            "cache-control": "no-store",
            "content-security-policy": "sandbox; default-src 'none'",
        }
        return Response(content, media_type=paper.media_type, headers=headers)

    async def withdraw_paper(self, request: Request) -> Response:
        code, actor = request.path_params["code"], actor_of(request)
        require_own(code, actor)
        await self._parts.papers.withdraw(code, _number(request), actor)
        return RedirectResponse(f"/own/{code}", 303)

    async def letter(self, request: Request) -> Response:
        """A paper of the way as PDF."""
        code = request.path_params["code"]
        require_own(code, actor_of(request))
        try:
            letter = Letter(request.path_params["letter"])
        except ValueError:
            raise NO_SUCH_PAPER() from None
        standing = await self._parts.deployments.standing(code, reports=1)
        content = letter_to_pdf(letter, standing.facility, standing.deployment, self._parts.clock.now())
        headers = {"content-disposition": f'inline; filename="{letter.value}.pdf"', "cache-control": "no-store"}
        return Response(content, media_type="application/pdf", headers=headers)

    async def ticket(self, request: Request) -> Response:
        """A code to enrol the node by, shown once."""
        code, actor = request.path_params["code"], actor_of(request)
        require_own(code, actor)
        await self._parts.facilities.read(code)
        return await self._own(request, ticket=await self._parts.evidence.ticket(code, actor))

    async def revoke(self, request: Request) -> Response:
        code, actor = request.path_params["code"], actor_of(request)
        require_own(code, actor)
        await self._parts.evidence.revoke(code, form_of(request).get("key", ""), actor)
        return RedirectResponse(f"/own/{code}", 303)

    async def lists(self, request: Request) -> Response:
        return await self._lists(request, None, None)

    async def _lists(self, request: Request, taken: TakenIn | None, fault: Fault | None) -> Response:
        """Every hospital with its state, and the door for lists."""
        return render(
            request,
            self._site,
            "portal_lists.html",
            status_of(fault) if fault is not None else 200,
            listed=await self._parts.facilities.listed(),
            state_words=STATE_WORDS,
            taken=taken,
            limit_mb=LIST_BYTES_MAX >> 20,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def take_list(self, request: Request) -> Response:
        body = await read_content(request, LIST_BYTES_MAX)
        files = await uploaded_files(request, body, LIST_BYTES_MAX)
        try:
            taken = await self._parts.facilities.take_in(files[0][1] if files else b"", actor_of(request))
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            return await self._lists(request, None, fault)
        return await self._lists(request, taken, None)


def _shown(standing: Standing) -> dict[str, Any]:
    """What both pages of a hospital show."""
    return {
        "facility": standing.facility,
        "judged": {name: [each for each in standing.judged if each.criterion.set == name] for name in SETS},
        "counts": {name: counted(standing.judged, name) for name in SETS},
        "state": STATE_WORDS[standing.deployment.state],
    }


def _version(text: str) -> int:
    """The version that a page was made of; -1, which none is, for what is no number of one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _number(request: Request) -> int:
    number = whole_number(request.path_params["number"])
    if not 0 < number < 2**63:
        raise NO_SUCH_PAPER()
    return number
