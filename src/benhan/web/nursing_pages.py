"""Nursing: the grid of vital signs of a ward, the care of one patient, the handover of a shift."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.nursing.bedside import Bedside, care_level
from benhan.node.nursing.faults import IMPOSSIBLE_SIGNS, NO_SUCH_DOSE, NO_SUCH_HANDOVER
from benhan.node.nursing.handover import Handovers
from benhan.node.nursing.signs import (
    FLUID_WORDS,
    INS,
    OUTS,
    PRESSURE,
    SIGNS,
    WORDS,
    bounds_of,
    fluid_days,
    signs_by_time,
)
from benhan.node.patients import Patients
from benhan.node.ward.wards import Wards
from benhan.web.form_inputs import Inputs, Unreadable, read_moment
from benhan.web.order_pages import inputs_of_body
from benhan.web.pages import Page, Site, language_of, name_of, page, render
from benhan.web.record_paths import number_or
from benhan.web.ward_pages import DEPARTMENT_MAX
from benhan.web.words import UNITS

LINES_SHOWN = 24
DAYS_SHOWN = 7


class NursingPages:
    """What nurses write and read."""

    def __init__(self, site: Site, wards: Wards, bedside: Bedside, handovers: Handovers, patients: Patients) -> None:
        self._site = site
        self._wards = wards
        self._bedside = bedside
        self._handovers = handovers
        self._patients = patients

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/ward/signs", self.grid, Permission.CARE_WRITE),
            ("POST", "/ward/signs", self.save_signs, Permission.CARE_WRITE),
            ("GET", "/stays/{id}/care", self.care, Permission.RECORD_VIEW),
            ("POST", "/stays/{id}/care", self.write_care, Permission.CARE_WRITE),
            ("GET", "/ward/handover", self.handover, Permission.CARE_WRITE),
            ("POST", "/ward/handover", self.give, Permission.CARE_WRITE),
            ("GET", "/handovers/{number}", self.given, Permission.RECORD_VIEW),
            ("POST", "/handovers/{number}/accept", self.accept, Permission.CARE_WRITE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    def _now(self) -> str:
        return self._bedside.now().astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")

    async def grid(self, request: Request) -> Response:
        return await self._grid_shown(request, {}, {}, None)

    async def save_signs(self, request: Request) -> Response:
        """Save the grid; what cannot be is told beside its cell and everything stays typed."""
        inputs = await inputs_of_body(request)
        cells = {
            (parts[1], parts[2]): values[0]
            for name, values in inputs.items()
            if len(parts := name.split(".")) == 3 and parts[0] == "v" and parts[2] in SIGNS
        }
        problems: dict[str, Text] = {}
        try:
            at = _moment(inputs, problems)
            count = await self._bedside.save_signs(at, cells, actor_of(request), name_of(request))
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            problems |= {issue.place: issue.text for issue in fault.issues}
            return await self._grid_shown(request, inputs, problems, fault)
        department = _department(request)
        return RedirectResponse(str(request.url.include_query_params(department=department, saved=count)), 303)

    async def _grid_shown(
        self, request: Request, inputs: Inputs, problems: dict[str, Text], fault: Fault | None
    ) -> Response:
        actor, department = actor_of(request), _department(request)
        beds = await self._wards.board(department, actor)
        last = await self._bedside.last_signs([each.patient.id for each in beds], actor)
        return render(
            request,
            self._site,
            "signs.html",
            status_of(fault) if fault is not None else 200,
            department=department,
            beds=beds,
            last=last,
            signs=SIGNS,
            sign_words=WORDS,
            units={each: UNITS.get(bounds_of(each).unit, Text(*[bounds_of(each).unit] * 2)) for each in SIGNS},
            typed={name: values[0] for name, values in inputs.items()},
            at=inputs.get("at", [self._now()])[0],
            problems=problems,
            saved=request.query_params.get("saved", ""),
            pressure=PRESSURE,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def care(self, request: Request) -> Response:
        return await self._care_shown(request, {}, {}, None)

    async def write_care(self, request: Request) -> Response:
        """Tell of a dose, save fluids or a note, by what the form says it does."""
        inputs = await inputs_of_body(request)
        what, encounter, actor, name = _first(inputs, "what"), id_of_path(request), actor_of(request), name_of(request)
        problems: dict[str, Text] = {}
        try:
            if what in ("given", "not-given"):
                await self._bedside.tell_dose(
                    encounter, _first(inputs, "order"), _instant(_first(inputs, "dose_at")), actor, name,
                    given=what == "given", why=_first(inputs, "why")[:500],
                )  # fmt: skip
            elif what == "fluids":
                ways = {way: _first(inputs, f"f.{way}") for way in FLUID_WORDS}
                await self._bedside.save_fluids(encounter, _moment(inputs, problems), ways, actor, name)
            else:
                seen, done = (_first(inputs, each).replace("\r\n", "\n")[:4000] for each in ("seen", "done"))
                await self._bedside.note(encounter, _moment(inputs, problems), seen, done, actor)
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            problems |= {issue.place: issue.text for issue in fault.issues}
            return await self._care_shown(request, inputs, problems, fault)
        return RedirectResponse(f"/stays/{encounter}/care?saved", 303)

    async def _care_shown(
        self, request: Request, inputs: Inputs, problems: dict[str, Text], fault: Fault | None
    ) -> Response:
        stay, doses = await self._bedside.open(id_of_path(request), actor_of(request))
        observations = [each.read() for each in stay.resources if each.type == "Observation"]
        return render(
            request,
            self._site,
            "care.html",
            status_of(fault) if fault is not None else 200,
            stay=stay,
            tab="care",
            level=care_level(stay),
            doses=doses,
            lines=signs_by_time(observations)[:LINES_SHOWN],
            signs=SIGNS,
            sign_words=WORDS,
            fluids=fluid_days(observations, day_in_vietnam)[:DAYS_SHOWN],
            ins=INS,
            outs=OUTS,
            fluid_words=FLUID_WORDS,
            typed={name: values[0] for name, values in inputs.items()},
            at=inputs.get("at", [self._now()])[0],
            problems=problems,
            saved="saved" in request.query_params,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    async def handover(self, request: Request) -> Response:
        """What would be handed over now, and the shifts before."""
        actor, department = actor_of(request), _department(request)
        since, lines = await self._handovers.open(department, actor)
        before = await self._handovers.listed(department)
        names = await self._patients.names_of({one for each in before for one in (each.given_by, each.accepted_by)})
        return render(
            request, self._site, "handover.html",
            department=department, since=since, lines=lines, before=before, names=names,
        )  # fmt: skip

    async def give(self, request: Request) -> Response:
        inputs = await inputs_of_body(request)
        notes = {name.removeprefix("n."): values[0] for name, values in inputs.items() if name.startswith("n.")}
        number = await self._handovers.give(_department(request), notes, actor_of(request), name_of(request))
        return RedirectResponse(f"/handovers/{number}", 303)

    async def given(self, request: Request) -> Response:
        """A shift that was handed over, with its notes."""
        handover, lines = await self._handovers.read(number_or(request, NO_SUCH_HANDOVER()), actor_of(request))
        names = await self._patients.names_of({handover.given_by, handover.accepted_by})
        mine = handover.given_by == actor_of(request).id
        return render(
            request, self._site, "handover_given.html", handover=handover, lines=lines, names=names, mine=mine
        )

    async def accept(self, request: Request) -> Response:
        await self._handovers.accept(number_or(request, NO_SUCH_HANDOVER()), actor_of(request))
        return RedirectResponse(f"/handovers/{number_or(request, NO_SUCH_HANDOVER())}", 303)


def _first(inputs: Inputs, name: str) -> str:
    return inputs.get(name, [""])[0]


def _department(request: Request) -> str:
    return request.query_params.get("department", "")[:DEPARTMENT_MAX]


def _moment(inputs: Inputs, problems: dict[str, Text]) -> str:
    """The time that was typed. Raises Incorrect BA-5370."""
    try:
        return read_moment(_first(inputs, "at"))
    except Unreadable as told:
        problems["at"] = told.text
        raise IMPOSSIBLE_SIGNS(count=1) from told


def _instant(text: str) -> datetime:
    """The time of a dose as the page wrote it. Raises NotFound BA-5372."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as cause:
        raise NO_SUCH_DOSE() from cause
    if at.tzinfo is None:
        raise NO_SUCH_DOSE()
    return at
