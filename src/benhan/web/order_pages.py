"""What is done for a patient who is here: orders and the treatment sheet, templates, the picker."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.middleware import CSRF_FIELD
from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.clock import VIETNAM
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.orders.faults import WRONG_LINES
from benhan.node.orders.lines import OrderKind, OrderLine, care_level, written
from benhan.node.orders.orders import LINES_MAX, Orders, Placed, Written, lines_again
from benhan.node.orders.templates import OrderTemplates
from benhan.node.orders.warnings import Warned
from benhan.web.form_inputs import Inputs, Unreadable, grouped, read_moment, read_number, read_time
from benhan.web.pages import Page, Site, language_of, name_of, page, render
from benhan.web.sign_in import form_of
from benhan.web.words import exact_time

BODY_BYTES_MAX = 512 * 1024
BLANK = 3
"""Empty rows that wait beneath what is typed."""
COLUMNS = ("kind", "what", "code", "dose", "unit", "route", "times", "note", "replaces")

_ROW = re.compile(r"y\.([0-9]{1,3})\.([a-z]+)")
_TIME_PARTS = re.compile(r"[,;–\s]+")


@dataclass(slots=True)
class Typed:
    """What was typed into the order form: by row and column, and what cannot be read, by `row.column`."""

    at: str = ""
    course: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    why: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Text] = field(default_factory=dict)


class OrderPages:
    """Orders of one stay."""

    def __init__(self, site: Site, orders: Orders, templates: OrderTemplates) -> None:
        self._site = site
        self._orders = orders
        self._templates = templates

    def routes(self) -> list[BaseRoute]:
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/stays/{id}/orders", self.orders, Permission.RECORD_VIEW),
            ("POST", "/stays/{id}/orders", self.write, Permission.ORDER_WRITE),
            ("POST", "/records/{id}/orders-draft", self.keep_draft, Permission.ORDER_WRITE),
            ("POST", "/stays/{id}/order-templates", self.keep_template, Permission.ORDER_WRITE),
            ("POST", "/order-offers", self.offers, Permission.ORDER_WRITE),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def orders(self, request: Request) -> Response:
        """What holds and the form for more, filled by one's draft, by what goes on or by a template."""
        typed = Typed(at=_now(self._orders))
        if not {"again", "template"} & set(request.query_params):
            return await self._shown(request, None, None)
        if "again" in request.query_params:
            _, placed = await self._orders.open(id_of_path(request), actor_of(request))
            typed.rows = [_cells(each) for each in lines_again(placed)]
        number = request.query_params.get("template", "")
        if number.isascii() and number.isdecimal() and len(number) < 10:
            stay, _ = await self._orders.open(id_of_path(request), actor_of(request))
            template = await self._templates.use(int(number), actor_of(request), stay.place.department)
            typed.rows = [_cells(each) for each in template.lines]
        return await self._shown(request, typed, None)

    async def write(self, request: Request) -> Response:
        """Write, or tell what is wrong or warned of beside what was typed."""
        inputs = await inputs_of_body(request)
        if inputs.get("what") == ["drop"]:
            stay, _ = await self._orders.open(id_of_path(request), actor_of(request))
            await self._orders.drop_draft(stay, actor_of(request))
            return RedirectResponse(f"/stays/{id_of_path(request)}/orders", 303)
        typed = typed_of(inputs)
        try:
            written_ = await self._written(typed)
            paper = await self._orders.write(id_of_path(request), written_, actor_of(request), name_of(request))
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            for issue in fault.issues:
                typed.problems.setdefault(issue.place, issue.text)
            return await self._shown(request, typed, fault)
        return RedirectResponse(f"/stays/{id_of_path(request)}/orders?saved={paper.number}", 303)

    async def keep_draft(self, request: Request) -> Response:
        """Keep what is typed; answers when it was kept."""
        inputs = {name: values for name, values in (await inputs_of_body(request)).items() if name != CSRF_FIELD}
        at = await self._orders.keep_draft(id_of_path(request), actor_of(request), inputs)
        kept = {"at": exact_time(at).partition(",")[0]}
        return Response(orjson.dumps(kept), media_type="application/json", headers={"cache-control": "no-store"})

    async def keep_template(self, request: Request) -> Response:
        """Keep the rows that were typed as a template, one's own or the department's."""
        inputs = await inputs_of_body(request)
        typed = typed_of(inputs)
        actor = actor_of(request)
        stay, _ = await self._orders.open(id_of_path(request), actor)
        department = stay.place.department if inputs.get("shared") else ""
        try:
            lines = (await self._written(typed)).lines
            name = inputs.get("name", [""])[0]
            await self._templates.keep(
                name, [replace(each, replaces="") for each in lines], actor, department=department
            )
        except Fault as fault:
            if fault.category != "incorrect":
                raise
            for issue in fault.issues:
                typed.problems.setdefault(issue.place, issue.text)
            return await self._shown(request, typed, fault)
        return await self._shown(request, typed, None, kept=True)

    async def offers(self, request: Request) -> Response:
        """What can be ordered that fits what is typed, as options; what is typed comes in the body."""
        found = (await self._orders.picker.offers()).find(form_of(request).get("q", ""))
        return render(request, self._site, "offers.html", offers=found)

    async def _written(self, typed: Typed) -> Written:
        """What was typed as orders. Raises Incorrect BA-5360 where it cannot be read."""
        offers = await self._orders.picker.offers()
        lines: list[OrderLine] = []
        for number, cells in enumerate(typed.rows):
            line = _line(cells, number, typed.problems)
            offer = offers.by_code.get((line.kind, line.code))
            if offer is not None and offer.words == line.words:
                lines.append(replace(line, atc=offer.atc))
            else:
                lines.append(line if line.kind is OrderKind.CARE_LEVEL else replace(line, code=""))
        at = _read(typed.at, "at", typed.problems)
        if typed.problems:
            raise WRONG_LINES(count=len(typed.problems))
        return Written(at, typed.course, tuple(lines), tuple(typed.stops), typed.why, typed.answers)

    async def _shown(
        self, request: Request, typed: Typed | None, fault: Fault | None, *, kept: bool = False
    ) -> Response:
        """The page; where nothing is given that was typed, with one's draft."""
        actor = actor_of(request)
        stay, placed = await self._orders.open(id_of_path(request), actor)
        draft = await self._orders.draft(stay, actor) if typed is None and actor.may(Permission.ORDER_WRITE) else None
        if typed is None:
            typed = typed_of(draft.inputs) if draft is not None else Typed(at=_now(self._orders))
        warned: Sequence[Warned] = ()
        if fault is not None and not typed.problems:
            warned = await self._orders.warnings(stay, await self._written(typed))
        rows = [*typed.rows, *([{}] * BLANK)][:LINES_MAX]
        return render(
            request,
            self._site,
            "orders.html",
            status_of(fault) if fault is not None else 200,
            stay=stay,
            tab="orders",
            open_orders=_by_kind([each for each in placed if each.is_open]),
            changes={
                each.reference: orjson.dumps(_cells(replace(each.line, replaces=each.reference))).decode()
                for each in placed
                if each.is_open
            },
            ended=[each for each in placed if not each.is_open][:40],
            typed=typed,
            rows=[{**dict.fromkeys(COLUMNS, ""), **each} for each in rows],
            kinds=list(OrderKind),
            warned=warned,
            templates=await self._templates.listed(actor, stay.place.department),
            saved=request.query_params.get("saved", ""),
            kept=kept,
            draft=draft,
            placed=len(placed),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )


async def inputs_of_body(request: Request) -> Inputs:
    """What was typed, by name, each as often as it was sent."""
    body = await read_content(request, BODY_BYTES_MAX)
    return grouped(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _now(orders: Orders) -> str:
    return orders.now().astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")


def typed_of(inputs: Inputs) -> Typed:
    """What stands in the inputs of the form; rows with nothing in them but a kind are none."""
    rows: dict[int, dict[str, str]] = {}
    answers: dict[str, str] = {}
    for name, values in inputs.items():
        if found := _ROW.fullmatch(name):
            if found[2] in COLUMNS:
                rows.setdefault(int(found[1]), {})[found[2]] = values[0].strip()
        elif name.startswith("answer."):
            answers[name.removeprefix("answer.")] = values[0].strip()
    kept = [cells for _, cells in sorted(rows.items()) if any(text for name, text in cells.items() if name != "kind")]
    first = {name: inputs.get(name, [""])[0] for name in ("at", "course", "why")}
    return Typed(
        first["at"], first["course"].replace("\r\n", "\n"), kept, list(inputs.get("stop", [])), first["why"], answers
    )


def _line(cells: Mapping[str, str], number: int, problems: dict[str, Text]) -> OrderLine:
    kind = next((each for each in OrderKind if each.value == cells.get("kind")), OrderKind.DRUG)
    what = cells.get("what", "")
    if kind is OrderKind.CARE_LEVEL:
        return replace(care_level(what), note=cells.get("note", ""), replaces=cells.get("replaces", ""))
    dose: Decimal | None = None
    if cells.get("dose"):
        try:
            dose = read_number(cells["dose"])
        except Unreadable as told:
            problems[f"{number}.dose"] = told.text
    times: list[str] = []
    for part in filter(None, _TIME_PARTS.split(cells.get("times", ""))):
        try:
            times.append(read_time(f"{part.removesuffix('h')}:00" if len(part.removesuffix("h")) <= 2 else part))
        except Unreadable as told:
            problems[f"{number}.times"] = told.text
    return OrderLine(
        kind, what, cells.get("code", ""), "", dose, cells.get("unit", ""), cells.get("route", ""), tuple(times),
        cells.get("note", ""), cells.get("replaces", ""),
    )  # fmt: skip


def _read(text: str, place: str, problems: dict[str, Text]) -> str:
    try:
        return read_moment(text)
    except Unreadable as told:
        problems[place] = told.text
        return ""


def _cells(line: OrderLine) -> dict[str, str]:
    """A line as it stands in the inputs."""
    return {
        "kind": line.kind.value, "what": line.words, "code": line.code,
        "dose": written(line.dose) if line.dose is not None else "", "unit": line.unit, "route": line.route,
        "times": " ".join(line.times), "note": line.note, "replaces": line.replaces,
    }  # fmt: skip


def _by_kind(placed: Sequence[Placed]) -> list[tuple[OrderKind, list[Placed]]]:
    """Orders by their kind, in its order; kinds without any are left out."""
    found = [(kind, [each for each in placed if each.line.kind is kind]) for kind in OrderKind]
    return [(kind, own) for kind, own in found if own]
