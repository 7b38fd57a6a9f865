"""Loans of archived records, their paper parts, the report of those that are late."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.node.patients import Patients
from benhan.node.records.late import late_report
from benhan.node.records.life import Records
from benhan.node.records.loans import DAYS_MAX, DAYS_USUAL, Loans
from benhan.node.records.models import Medium
from benhan.node.records.parts import Parts
from benhan.web.pages import Page, Site, language_of, page, render
from benhan.web.record_paths import whole_number
from benhan.web.sign_in import form_of


class LoanPages:
    """What borrowers and the archive see."""

    def __init__(self, site: Site, records: Records, patients: Patients) -> None:
        self._site = site
        self._records = records
        self._loans = Loans(records)
        self._parts = Parts(records)
        self._patients = patients

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/loans", self.listed, Permission.RECORD_VIEW),
            ("POST", "/loans/{key}", self.act, Permission.RECORD_VIEW),
            ("GET", "/records/{id}/archive", self.record, Permission.RECORD_VIEW),
            ("POST", "/records/{id}/loans", self.ask, Permission.RECORD_VIEW),
            ("POST", "/records/{id}/parts", self.part, Permission.RECORD_ARCHIVE),
            ("GET", "/late-records.csv", self.late, Permission.RECORD_ARCHIVE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def listed(self, request: Request) -> Response:
        return await self._listed(request, None)

    async def _listed(self, request: Request, fault: Fault | None) -> Response:
        """Loans that are asked for or lent, overdue ones first."""
        actor = actor_of(request)
        now = self._records.store.clock.now()
        loans = sorted(await self._loans.open(actor), key=lambda each: not each.is_overdue(now))
        forms = {each.record: await self._records.rows.read(each.record) for each in loans}
        return render(
            request,
            self._site,
            "loans.html",
            status_of(fault) if fault is not None else 200,
            loans=loans,
            records=forms,
            form_names={rid: self._records.forms.by_key(each.form).name for rid, each in forms.items()},
            people=await self._patients.names_of({each.borrower for each in loans}),
            now=now,
            own=actor.id,
            days=DAYS_USUAL,
            days_max=DAYS_MAX,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def act(self, request: Request) -> Response:
        """Lend, refuse, take back, revoke; what is refused is told on the list."""
        form, key, actor = form_of(request), request.path_params["key"], actor_of(request)
        try:
            match form.get("act", ""):
                case "lend":
                    days, sheets = whole_number(form.get("days", "")), whole_number(form.get("sheets", ""))
                    await self._loans.lend(key, actor, days=days, sheets=sheets)
                case "refuse":
                    await self._loans.refuse(key, form.get("reason", ""), actor)
                case "revoke":
                    await self._loans.revoke(key, form.get("reason", ""), actor)
                case _:
                    await self._loans.give_back(key, actor)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._listed(request, fault)
        return RedirectResponse("/loans", 303)

    async def record(self, request: Request) -> Response:
        return await self._shown(request, None)

    async def _shown(self, request: Request, fault: Fault | None) -> Response:
        """What the archive knows of a record: where its paper stands, who has borrowed it."""
        record = await self._records.read(id_of_path(request))
        loans = await self._loans.of_record(record)
        return render(
            request,
            self._site,
            "archive.html",
            status_of(fault) if fault is not None else 200,
            record=record,
            form=self._records.forms.by_key(record.form),
            parts=await self._parts.of(record),
            is_paper=record.medium is not Medium.ELECTRONIC,
            loans=loans,
            people=await self._patients.names_of({each.borrower for each in loans}),
            now=self._records.store.clock.now(),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def ask(self, request: Request) -> Response:
        try:
            await self._loans.ask(id_of_path(request), form_of(request).get("purpose", ""), actor_of(request))
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, fault)
        return RedirectResponse("/loans", 303)

    async def part(self, request: Request) -> Response:
        """A paper part: a new one, or where one stands now."""
        form = form_of(request)
        sheets = whole_number(form.get("sheets", ""))
        number = whole_number(form.get("number", "")) or None
        try:
            await self._parts.put(
                id_of_path(request), form.get("what", ""), form.get("place", ""), sheets, actor_of(request), number
            )
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, fault)
        return RedirectResponse(f"/records/{id_of_path(request)}/archive", 303)

    async def late(self, request: Request) -> Response:
        """The report as a file for a spreadsheet."""
        department = request.query_params.get("department", "")[:20]
        content = await late_report(self._records, actor_of(request), department)
        headers = {"content-disposition": 'attachment; filename="ho-so-cham.csv"', "cache-control": "no-store"}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
