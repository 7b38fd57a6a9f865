"""Who may see what: the rights matrix, grants, emergency access and its review, who looked and why."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.matrix import USES, Matrix
from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.care import kind_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.access.emergency import (
    REASON_WORDS,
    REVIEW_WITHIN,
    VERDICT_WORDS,
    Emergencies,
    Emergency,
    Reason,
    Verdict,
)
from benhan.node.access.faults import NO_SUCH_EMERGENCY
from benhan.node.access.looks import Looks, looks_csv
from benhan.node.patients import Patients
from benhan.web.access_files import looks_pdf, matrix_csv, matrix_pdf
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import number_or
from benhan.web.sealed_text import SealedText
from benhan.web.sign_in import form_of
from benhan.web.words import say


class AccessPages:
    """What officers, keepers of records and people in an emergency see."""

    def __init__(
        self,
        site: Site,
        matrix: Matrix,
        emergencies: Emergencies,
        looks: Looks,
        patients: Patients,
        sealed: SealedText,
    ) -> None:
        self._site = site
        self._matrix = matrix
        self._emergencies = emergencies
        self._looks = looks
        self._patients = patients
        self._sealed = sealed

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/rights", self.rights, Permission.ACCESS_MATRIX),
            ("GET", "/rights.csv", self.rights_csv, Permission.ACCESS_MATRIX),
            ("GET", "/rights.pdf", self.rights_pdf, Permission.ACCESS_MATRIX),
            ("GET", "/emergency", self.emergency, Permission.EMERGENCY),
            ("POST", "/emergency", self.find, Permission.EMERGENCY),
            ("POST", "/emergency/open", self.open, Permission.EMERGENCY),
            ("GET", "/emergencies", self.emergencies, Permission.ACCESS_REVIEW),
            ("GET", "/emergencies/{number}", self.one, Permission.ACCESS_REVIEW),
            ("POST", "/emergencies/{number}", self.judge, Permission.ACCESS_REVIEW),
            ("POST", "/looks", self.looks, Permission.ACCESS_REVIEW),
            ("GET", "/looks", self.looks, Permission.ACCESS_REVIEW),
            ("POST", "/looks/{id}/export", self.looks_file, Permission.ACCESS_REVIEW),
        )
        found: list[BaseRoute] = [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]
        waiting = page(self._site, self.waiting)
        return [route("/emergencies/waiting", waiting, permission=Permission.ACCESS_REVIEW, is_poll=True), *found]

    # ── the matrix ──

    async def rights(self, request: Request) -> Response:
        return render(
            request, self._site, "rights.html", mode=self._matrix.mode, rows=self._matrix.gathered(), uses=USES
        )

    async def rights_csv(self, request: Request) -> Response:
        headers = {"content-disposition": 'attachment; filename="bang-quyen.csv"', "cache-control": "no-store"}
        content = matrix_csv(self._matrix, language_of(request.scope))
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    async def rights_pdf(self, request: Request) -> Response:
        headers = {"content-disposition": 'attachment; filename="bang-quyen.pdf"', "cache-control": "no-store"}
        now, language = self._emergencies.now(), language_of(request.scope)
        content = await matrix_pdf(self._matrix, self._site.name, now, language)
        return Response(content, media_type="application/pdf", headers=headers)

    # ── an emergency ──

    async def emergency(self, request: Request) -> Response:
        return await self._emergency_shown(request, 200, None)

    async def find(self, request: Request) -> Response:
        """The patient with exactly this number; the form for the reason comes with what will happen."""
        try:
            found = await self._emergencies.find(form_of(request).get("number", ""), actor_of(request))
        except Fault as fault:
            if fault.category != "not_found":
                raise
            return await self._emergency_shown(request, status_of(fault), fault)
        return await self._emergency_shown(request, 200, None, found=found)

    async def open(self, request: Request) -> Response:
        form, actor = form_of(request), actor_of(request)
        patient, reason = form.get("patient", ""), _reason(form.get("reason", ""))
        try:
            await self._emergencies.open(patient, reason, form.get("words", ""), actor)
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            found = await self._emergencies.shown(patient)
            return await self._emergency_shown(request, status_of(fault), fault, found=found)
        return RedirectResponse(f"/patients/{patient}", 303)

    async def _emergency_shown(
        self, request: Request, status: int, fault: Fault | None, *, found: object = None
    ) -> Response:
        return render(
            request,
            self._site,
            "emergency.html",
            status,
            found=found,
            reasons=REASON_WORDS,
            minutes=int(self._emergencies.life.total_seconds() // 60),
            days=REVIEW_WITHIN.days,
            form=form_of(request),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    # ── the officer's review ──

    async def emergencies(self, request: Request) -> Response:
        waiting, judged = await self._emergencies.waiting(), await self._emergencies.judged()
        names = await self._patients.names_of({f"account:{each.account}" for each in [*waiting, *judged]})
        now = self._emergencies.now()
        return render(
            request, self._site, "emergencies.html", waiting=waiting, judged=judged, names=names,
            reasons=REASON_WORDS, verdicts=VERDICT_WORDS, late={each.id for each in waiting if each.is_late(now)},
        )  # fmt: skip

    async def waiting(self, _request: Request) -> Response:
        """How many wait, for the shell."""
        count = await self._emergencies.count()
        text = f'<small class="count">{count}</small>' if count else ""
        return Response(text, media_type="text/html", headers={"cache-control": "no-store"})

    async def one(self, request: Request) -> Response:
        number = number_or(request, NO_SUCH_EMERGENCY())
        return await self._one_shown(request, await self._emergencies.read(number, actor_of(request)), 200, None)

    async def judge(self, request: Request) -> Response:
        form, number = form_of(request), number_or(request, NO_SUCH_EMERGENCY())
        verdict = next((each for each in Verdict if each.value == form.get("verdict")), None)
        try:
            await self._emergencies.judge(number, verdict, form.get("words", ""), actor_of(request))
        except Fault as fault:
            if fault.category not in ("incorrect", "conflict", "forbidden"):
                raise
            return await self._one_shown(request, await self._emergencies.again(number), status_of(fault), fault)
        return RedirectResponse("/emergencies", 303)

    async def _one_shown(self, request: Request, found: Emergency, status: int, fault: Fault | None) -> Response:
        words, judged = await self._emergencies.words_of(found)
        looks = [
            each
            for each in await self._looks.of_patient(found.patient)
            if each.actor == f"account:{found.account}" and found.began_at <= each.at < found.until_at
        ]
        names = await self._patients.names_of({f"account:{found.account}", found.judged_by})
        return render(
            request,
            self._site,
            "emergency_one.html",
            status,
            found=found,
            patient=await self._emergencies.shown_of(found.patient),
            words=words,
            judged=judged,
            looks=looks,
            names=names,
            reasons=REASON_WORDS,
            verdicts=VERDICT_WORDS,
            is_late=found.is_late(self._emergencies.now()),
            is_own=actor_of(request).id == f"account:{found.account}",
            form=form_of(request) if fault is not None else {},
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    # ── who looked ──

    async def looks(self, request: Request) -> Response:
        """Who looked at the patient with this number, asked in the body; the address names nobody."""
        number = form_of(request).get("number", "") or self._sealed.read(request.query_params.get("s", ""))
        found = looks = None
        fault: Fault | None = None
        if number:
            try:
                found = await self._emergencies.find_patient(number)
                looks = await self._looks.shown(found.rid, actor_of(request))
            except Fault as told:
                if told.category != "not_found":
                    raise
                fault = told
        return render(
            request,
            self._site,
            "looks.html",
            status_of(fault) if fault is not None else 200,
            asked=number,
            found=found,
            looks=looks,
            kind_of=kind_of,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def looks_file(self, request: Request) -> Response:
        """For a court: the looks as a table with proofs, or as a paper."""
        as_pdf = form_of(request).get("format") == "pdf"
        patient, language = self._rid(request), language_of(request.scope)
        looks = await self._looks.exported(patient, actor_of(request), "pdf" if as_pdf else "csv")
        name = "ai-da-xem.pdf" if as_pdf else "ai-da-xem.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        if as_pdf:
            who = await self._emergencies.shown(id_of_path(request))
            content = await looks_pdf(looks, self._site.name, who, self._emergencies.now(), language)
            return Response(content, media_type="application/pdf", headers=headers)
        header = [say(language, f"looks.{each}") for each in _HEADER]
        return Response(looks_csv(looks, header), media_type="text/csv; charset=utf-8", headers=headers)

    def _rid(self, request: Request) -> int:
        return self._emergencies.rid_of(id_of_path(request))


_HEADER = (
    "seq", "at", "account", "name", "title_of", "role", "event", "by", "related", "detail", "hash", "proof",
)  # fmt: skip


def _reason(text: str) -> Reason | None:
    return next((each for each in Reason if each.value == text), None)
