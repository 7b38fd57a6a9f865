"""Records: the lists of work, one record, a paper of it for reading and writing."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from benhan.access.rates import Rate
from benhan.access.routes import route
from benhan.fhir_api.requests import actor_of, id_of_path, read_content
from benhan.fhir_api.responses import status_of
from benhan.kernel.faults import Busy, Fault, FaultCode, Incorrect
from benhan.kernel.issues import error
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.chart.charts import Charts
from benhan.node.code_picker import CodePicker
from benhan.node.orders.orders import SHEET, rows_ordered
from benhan.node.patients import PatientLine, Patients
from benhan.node.records.admission import relaxed
from benhan.node.records.faults import IMPOSSIBLE_ANSWERS
from benhan.node.records.life import Opened, Records
from benhan.node.records.lifecycle import ACT_WORDS, STATE_WORDS, STEPS, Act, possible
from benhan.node.records.lists import NEWEST, PAGE, WORK, lines
from benhan.node.records.models import Paper, PaperState
from benhan.node.records.offers import HELD
from benhan.node.records.order import is_main
from benhan.node.records.papers import Filled, Papers
from benhan.node.records.phrases import usable
from benhan.node.records.prints import NO_SUCH_PRINT, Print, Prints
from benhan.web.charts import json_within_page
from benhan.web.form_inputs import (
    Inputs,
    Read,
    answers_of,
    blocks_of,
    changes_between,
    claimed_sources,
    grouped,
    inputs_of,
)
from benhan.web.pages import Page, Site, language_of, name_of, page, render
from benhan.web.patient_pages import head_of
from benhan.web.record_paths import department_in, number_in, whole_number
from benhan.web.sign_in import form_of
from benhan.web.words import exact_time
from benhan.web.writing_pages import Writing, abbreviations_in, drawings_of

BODY_BYTES_MAX = 4 * 1024 * 1024
"""A paper with pictures drawn on it."""
UNKNOWN_ACT = FaultCode(
    "BA-5230",
    Incorrect,
    Text("Không có việc này. Mở lại trang rồi chọn lại.", "There is no such act. Open the page again and choose."),
)


TOO_MANY_LOOK_UPS = FaultCode(
    "BA-5231",
    Busy,
    Text(
        "Tra cứu quá nhiều lần liền nhau. Đợi vài phút rồi thử lại.",
        "Too many codes looked up in a row. Wait some minutes, then try again.",
    ),
)


class RecordPages:
    """What people who write and keep records see."""

    def __init__(
        self, site: Site, records: Records, papers: Papers, prints: Prints, patients: Patients, charts: Charts,
        writing: Writing,
    ) -> None:  # fmt: skip
        self._site = site
        self._records = records
        self._papers = papers
        self._prints = prints
        self._patients = patients
        self._charts = charts
        self._writing = writing
        self._look_ups = Rate(records.store.clock, burst=30, per_s=0.2)
        self._codes = CodePicker(records.store.terminology)

    def routes(self) -> list[BaseRoute]:
        paper = "/records/{id}/papers/{number}"
        table: tuple[tuple[str, str, Page, Permission], ...] = (
            ("GET", "/records", self.listed, Permission.RECORD_VIEW),
            ("GET", "/patients/{id}/records", self.of_patient, Permission.RECORD_VIEW),
            ("POST", "/encounters/{id}/record", self.open, Permission.RECORD_CREATE),
            ("GET", "/records/{id}", self.record, Permission.RECORD_VIEW),
            ("POST", "/records/{id}/act", self.act, Permission.RECORD_VIEW),
            ("POST", "/records/{id}/papers", self.add, Permission.RECORD_EDIT),
            ("GET", paper, self.paper, Permission.RECORD_VIEW),
            ("POST", paper, self.save, Permission.RECORD_EDIT),
            ("GET", f"{paper}/versions", self.versions, Permission.RECORD_VIEW),
            ("POST", f"{paper}/draft", self.draft, Permission.RECORD_EDIT),
            ("POST", f"{paper}/mark", self.mark, Permission.RECORD_VIEW),
            ("POST", "/codes/{list}", self.codes, Permission.RECORD_VIEW),
            ("GET", f"{paper}/pdf", self.pdf, Permission.RECORD_PRINT),
            ("GET", "/records/{id}/pdf", self.whole_pdf, Permission.RECORD_PRINT),
            ("GET", "/p", self.look_up, Permission.PUBLIC),
            ("POST", "/p", self.look_up, Permission.PUBLIC),
            ("GET", "/p/{code}", self.look_up, Permission.PUBLIC),
        )
        return [
            route(path, page(self._site, handler), methods=[method], permission=permission)
            for method, path, handler, permission in table
        ]

    async def listed(self, request: Request) -> Response:
        """Records by where they stand, and how many wait where."""
        wanted = request.query_params.get("list", "treating")
        name = wanted if wanted in WORK else "treating"
        department = department_in(request.query_params.get("department", ""))
        before = _before(request.query_params.get("before", ""))
        found = await self._records.rows.work(WORK[name], department, before, PAGE, actor_of(request))
        waiting = await self._records.rows.waiting()
        counts = {each: sum(one.count for one in waiting if one.state in states) for each, states in WORK.items()}
        last = found[-1] if len(found) == PAGE else None
        return render(
            request,
            self._site,
            "records.html",
            lines=await lines(self._records, found, actor_of(request)),
            name=name,
            names=list(WORK),
            counts=counts,
            department=department,
            departments=sorted({each.department for each in waiting if each.department}),
            next=f"{last.opened_at.timestamp():.6f}-{last.rid}" if last is not None else "",
            states=STATE_WORDS,
        )

    async def of_patient(self, request: Request) -> Response:
        """The records of a patient, and the episodes that have none yet."""
        patient_id, actor = id_of_path(request), actor_of(request)
        banner, stays = await self._charts.banner(patient_id, actor, page="records")
        rid = self._records.store.workshop.ids.rid_of("Patient", patient_id)
        records = await self._records.rows.of_patient(rid, actor)
        covered = {each.encounter for each in records if not each.is_cancelled}
        rid_of = self._records.store.workshop.ids.rid_of
        mains = [each for each in self._records.forms.forms() if is_main(each)]
        return render(
            request,
            self._site,
            "patient_records.html",
            **head_of(banner),
            tab="records",
            records=[(each, self._records.forms.by_key(each.form).name) for each in records],
            without=[each for each in stays if rid_of("Encounter", each.id) not in covered and not each.is_external],
            mains=[(each.number, each.name) for each in mains],
            states=STATE_WORDS,
        )

    async def open(self, request: Request) -> Response:
        form = form_of(request)
        record = await self._records.open(
            id_of_path(request), form.get("form", ""), department_in(form.get("department", "")), actor_of(request)
        )
        return RedirectResponse(f"/records/{record.id}", 303)

    async def record(self, request: Request) -> Response:
        return await self._shown(request, 200, None)

    async def _shown(self, request: Request, status: int, fault: Fault | None) -> Response:
        actor = actor_of(request)
        opened = await self._records.view(id_of_path(request), actor)
        record = opened.record
        findings = await self._records.findings(opened) if not record.state.is_archived else []
        acts = [
            each for each in possible(record.state, is_cancelled=record.is_cancelled)
            if actor.may(STEPS[each].permission)
        ]  # fmt: skip
        return render(
            request,
            self._site,
            "record.html",
            status,
            record=record,
            stay_id=opened.encounter.id,
            patient=self._line(opened),
            allergies=await self._charts.allergies(opened.record.patient, actor),
            form=self._records.forms.by_key(record.form),
            sections=self._sections(opened),
            names=self._names(opened),
            findings=findings,
            acts=acts,
            steps=STEPS,
            act_words=ACT_WORDS,
            states=STATE_WORDS,
            done=await self._records.acts(record),
            holds=await self._records.holds(record),
            addable=self._addable(opened) if record.state.is_written and not record.is_cancelled else [],
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )

    def _line(self, opened: Opened) -> PatientLine:
        """The patient of a record, for the banner."""
        return self._patients.line_of_record(opened.patient.read())

    def _sections(self, opened: Opened) -> list[tuple[Text, list[Paper]]]:
        """The papers by section, in the hospital's order; sections without any are left out."""
        order = self._records.order
        known = {each.key for each in order.section}
        last = order.section[-1].key
        found = []
        for section in order.section:
            here = [
                each for each in opened.papers
                if each.section == section.key or (section.key == last and each.section not in known)
            ]  # fmt: skip
            if here:
                found.append((section.title, here))
        return found

    def _names(self, opened: Opened) -> dict[int, str]:
        """What each paper is called: by its form, or by what its resource says of itself."""
        names = {}
        for each in opened.papers:
            if each.form:
                names[each.number] = self._records.forms.by_key(each.form).name
            else:
                stored = opened.stored.get(each.reference)
                code = stored.read().get("code", {}) if stored is not None else {}
                names[each.number] = code.get("text") or each.type
        return names

    def _addable(self, opened: Opened) -> list[tuple[str, str]]:
        """The forms that may be put into the record, by number and name; its own bệnh án first."""
        here = {each.form_number for each in opened.papers if not each.is_cancelled}
        own = opened.record.form_number
        forms = {each.number: each for each in self._records.forms.forms()}
        found = [(number, each.name) for number, each in forms.items() if not is_main(each)]
        if own in forms and not any(number.endswith("/BV-01") for number in here):
            found.insert(0, (own, forms[own].name))
        return found

    async def act(self, request: Request) -> Response:
        """Do an act on the record; what is refused is told on its page, with what was typed as the reason kept."""
        form = form_of(request)
        act = next((each for each in Act if each.value == form.get("act")), None)
        if act is None:
            raise UNKNOWN_ACT()
        try:
            await self._records.act(id_of_path(request), act, actor_of(request), reason=form.get("reason", "")[:2000])
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, status_of(fault), fault)
        return RedirectResponse(f"/records/{id_of_path(request)}", 303)

    async def add(self, request: Request) -> Response:
        record_id = id_of_path(request)
        paper = await self._papers.add(record_id, form_of(request).get("form", ""), actor_of(request))
        return RedirectResponse(f"/records/{record_id}/papers/{paper.number}", 303)

    async def paper(self, request: Request) -> Response:
        """A paper: what is saved, or the draft where there is one and nothing says `saved`."""
        filled = await self._papers.view(id_of_path(request), number_in(request), actor_of(request))
        use_draft = filled.draft is not None and "saved" not in request.query_params
        inputs: Inputs = (
            filled.draft.inputs if use_draft and filled.draft is not None
            else inputs_of(filled.form, filled.answers)
        )  # fmt: skip
        return await self._paper_shown(request, filled, inputs, Read(), None)

    async def save(self, request: Request) -> Response:
        """Save, or throw the draft away; what cannot be is told beside its field and stays typed."""
        record_id, number, actor = id_of_path(request), number_in(request), actor_of(request)
        inputs = await _inputs(request)
        what = inputs.get("what", [""])[0]
        if what == "drop":
            await self._papers.drop_draft(record_id, number, actor)
            return RedirectResponse(f"/records/{record_id}/papers/{number}", 303)
        filled = await self._papers.view(record_id, number, actor)
        base = _base(inputs)
        read = answers_of(filled.form, inputs, filled.answers)
        try:
            if read.problems:
                raise IMPOSSIBLE_ANSWERS(
                    *(error("value", f"{filled.form.number} {name}", text) for name, text in read.problems.items()),
                    count=len(read.problems),
                )
            await self._papers.save(
                record_id, number, read.answers, base, actor,
                is_done=what == "done", reason=inputs.get("reason", [""])[0][:2000],
                sources=await self._writing.offers.sources(
                    record_id, number, claimed_sources(filled.form, inputs), read.answers, actor
                ),
            )  # fmt: skip
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            if filled.is_written:
                await self._papers.keep_draft(record_id, number, actor, base, inputs)
            for issue in fault.issues:
                read.problems.setdefault(read.input_at(issue.place), issue.text)
            return await self._paper_shown(request, filled, inputs, read, fault)
        if what == "done":
            return RedirectResponse(f"/records/{record_id}", 303)
        return RedirectResponse(f"/records/{record_id}/papers/{number}", 303)

    async def _paper_shown(
        self, request: Request, filled: Filled, inputs: Inputs, read: Read, fault: Fault | None
    ) -> Response:
        actor = relaxed(actor_of(request))
        opened = await self._records.opened(filled.record, actor)
        ordered = await rows_ordered(self._records.store, filled.paper, filled.record.patient, actor)
        phrases = usable(await self._writing.phrases.of(actor, filled.record.department)) if filled.is_written else []
        answer = render(
            request,
            self._site,
            "paper.html",
            status_of(fault) if fault is not None else 200,
            stay_id=opened.encounter.id,
            phrases=phrases,
            shorts=abbreviations_in(filled.form, inputs, self._writing.abbreviations),
            phrases_json=json_within_page([[each.short, each.text] for each in phrases]),
            sources=_sources_shown(filled, inputs),
            refused=inputs.get("refused", []),
            drawings=drawings_of(filled.form),
            is_voiced=self._writing.voice,
            filled=filled,
            patient=self._line(opened),
            allergies=await self._charts.allergies(opened.record.patient, actor),
            blocks=blocks_of(filled.form, inputs, filled.answers, read.problems),
            base=_base(inputs) if fault is not None else filled.paper.version,
            ordered={f"{at[11:]} {'/'.join(reversed(at[:10].split('-')))}": count for at, count in ordered.items()},
            is_sheet=filled.paper.form_number == SHEET,
            reason=inputs.get("reason", [""])[0] if fault is not None else "",
            is_done=filled.paper.state in (PaperState.DONE, PaperState.SIGNED),
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )
        if self._writing.voice:
            answer.headers["permissions-policy"] = "camera=(), geolocation=(), microphone=(self)"
        return answer

    async def draft(self, request: Request) -> Response:
        """Keep what is typed; answers when it was kept."""
        inputs, record_id, number = await _inputs(request), id_of_path(request), number_in(request)
        at = await self._papers.keep_draft(record_id, number, actor_of(request), _base(inputs), inputs)
        form = await self._papers.form_of(record_id, number)
        shorts = abbreviations_in(form, inputs, self._writing.abbreviations)
        kept = {"at": exact_time(at).partition(",")[0], "shorts": shorts}
        return Response(orjson.dumps(kept), media_type="application/json", headers={"cache-control": "no-store"})

    async def versions(self, request: Request) -> Response:
        """What was changed from one version of a form to another, and who saved each."""
        actor = actor_of(request)
        found = await self._papers.versions(id_of_path(request), number_in(request), actor)
        by_number = {each.number: each for each in found.versions}
        newest = found.versions[0]
        after = by_number.get(whole_number(request.query_params.get("after", "")), newest)
        default = by_number.get(after.number - 1, after)
        before = by_number.get(whole_number(request.query_params.get("before", "")), default)
        opened = await self._records.opened(found.record, relaxed(actor))
        return render(
            request,
            self._site,
            "versions.html",
            found=found,
            before=before,
            after=after,
            changes=changes_between(found.form, before.answers, after.answers),
            names=await self._patients.names_of({each.author for each in found.versions}),
            patient=self._line(opened),
            allergies=await self._charts.allergies(opened.record.patient, actor),
        )

    async def codes(self, request: Request) -> Response:
        """The codes of a list that fit what is typed, as options; what is typed comes in the body."""
        found = await self._codes.find(request.path_params["list"], form_of(request).get("q", ""))
        return render(request, self._site, "codes.html", choices=found)

    async def mark(self, request: Request) -> Response:
        """Cancel or restore a paper."""
        form, record_id, number, actor = form_of(request), id_of_path(request), number_in(request), actor_of(request)
        mark = self._papers.restore if form.get("act") == "restore" else self._papers.cancel
        try:
            await mark(record_id, number, actor, form.get("reason", "")[:2000])
        except Fault as fault:
            if fault.category not in ("conflict", "incorrect"):
                raise
            return await self._shown(request, status_of(fault), fault)
        return RedirectResponse(f"/records/{record_id}", 303)

    async def pdf(self, request: Request) -> Response:
        """A paper on the Ministry's form, each page with the mark of a print."""
        number = number_in(request)
        made = await self._prints.paper(id_of_path(request), number, actor_of(request), name_of(request))
        return _pdf(made, f"giay-{number}")

    async def whole_pdf(self, request: Request) -> Response:
        """The whole record as one file."""
        return _pdf(await self._prints.whole(id_of_path(request), actor_of(request), name_of(request)), "benh-an")

    async def look_up(self, request: Request) -> Response:
        """Whether a print is genuine, for anybody who has its code; a few codes a minute for one address."""
        typed = form_of(request).get("code", "") or request.path_params.get("code", "")
        typed = typed[:40].strip()
        found = fault = None
        if typed:
            client = request.client
            try:
                if not self._look_ups.take(client.host if client is not None else ""):
                    raise TOO_MANY_LOOK_UPS()
                found = await self._prints.look_up(typed)
            except Fault as told:
                if told.code not in (NO_SUCH_PRINT.code, TOO_MANY_LOOK_UPS.code):
                    raise
                fault = told
        return render(
            request,
            self._site,
            "print.html",
            status_of(fault) if fault is not None else 200,
            found=found,
            facility=self._records.facility,
            fault=fault,
            text=fault.text.in_language(language_of(request.scope)) if fault is not None else "",
        )


def _pdf(made: Print, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store"}
    return Response(made.pdf, media_type="application/pdf", headers=headers)


def _sources_shown(filled: Filled, inputs: Inputs) -> dict[str, dict[str, str]]:
    """By field from where its value was taken: what the inputs claim, else what is saved where nothing was typed."""
    saved = {
        name: {"reference": each.get("reference", HELD), "display": each.get("display", "")}
        for name, each in filled.sources.items()
    }
    if "base" not in inputs:  # nothing typed: these are the saved answers
        return saved
    told = claimed_sources(filled.form, inputs)
    known = {name: saved[name] for name in told if name in saved and saved[name]["reference"] == told[name]}
    return {name: known.get(name, {"reference": each, "display": ""}) for name, each in told.items()}


async def _inputs(request: Request) -> dict[str, list[str]]:
    """What was typed, by name, each as often as it was sent."""
    body = await read_content(request, BODY_BYTES_MAX)
    return grouped(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _base(inputs: Inputs) -> int:
    """The version that was written on; 0 where it is none."""
    return whole_number(inputs.get("base", [""])[0])


def _before(text: str) -> tuple[datetime, int]:
    """A place in the list of records, the beginning where it is none."""
    at, _, rid = text.partition("-")
    try:
        place = datetime.fromtimestamp(float(at), NEWEST[0].tzinfo), int(rid)
        return place if 0 <= place[1] < 1 << 63 else NEWEST
    except (ValueError, OverflowError, OSError):
        return NEWEST
