"""Papers of a record: forms added with what is known already, written on, saved as versions, cancelled and restored.

A form's answers are a QuestionnaireResponse, what they say (diagnoses, measures, procedures) resources of their own,
saved together. What is typed and not saved yet is a draft, kept sealed on the server, one a person and paper; it is no
part of the record. Source: TT 32/2023/TT-BYT Đ52; Luật Khám bệnh, chữa bệnh Đ7 k10 (nothing is overwritten).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from benhan.fhir.resource import instant, resource_of, tail_bytes
from benhan.kernel.actors import Actor
from benhan.kernel.care import Use
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Conflict
from benhan.kernel.issues import error
from benhan.kernel.permissions import Permission
from benhan.mapping.answer_sources import mark_sources, sources_of
from benhan.mapping.bhyt.replaced import taken_back
from benhan.mapping.fhir_to_hoso_benh_an import Record as HosoRecord
from benhan.mapping.fhir_to_hoso_benh_an import fhir_to_hoso_benh_an
from benhan.mapping.form_and_hoso import hoso_to_answers
from benhan.mapping.form_answers import answers_to_response, response_to_answers
from benhan.mapping.form_to_resources import Paper as FormPaper
from benhan.mapping.form_to_resources import answers_to_resources
from benhan.node.records import rows
from benhan.node.records.admission import read_admitted
from benhan.node.records.composed import author_of
from benhan.node.records.drafts import Drafts, Typed
from benhan.node.records.faults import (
    CHANGED_MEANWHILE,
    EDITED_MEANWHILE,
    IMPOSSIBLE_ANSWERS,
    IS_CANCELLED,
    IS_NOT_CANCELLED,
    NO_SUCH_PAPER,
    NOT_WRITTEN_NOW,
    ONLY_ONE,
    REASON_MISSING,
)
from benhan.node.records.life import Opened, Records, require
from benhan.node.records.lifecycle import STATE_WORDS
from benhan.node.records.models import Paper, PaperState, Record
from benhan.node.records.order import is_main
from benhan.node.signatures import rows as signing_rows
from benhan.store.faults import STALE_VERSION
from benhan.store.identities import Identities, IdentityKey
from benhan.store.ledger.events import Event
from benhan.store.secrecy import as_labelled
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.vn.forms.answers import Codes, check_answers, is_empty
from benhan.vn.forms.form import Form, Kind
from benhan.vn.forms.typeset import Answers

Json = dict[str, Any]

TRIES = 5
VERSIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown for writing: the saved answers, one's own draft if there is one, who else has one."""

    record: Record
    paper: Paper
    form: Form
    answers: Answers
    draft: Typed | None
    others: list[tuple[str, datetime]]
    is_written: bool
    """Whether it can be written on now."""
    sources: dict[str, Json]
    """Of the fields whose answers were taken from somewhere: from where, as a Reference."""


@dataclass(frozen=True, slots=True)
class Version:
    """A form as it was saved once: by which actor, when, and whether it was being written, done, amended, cancelled."""

    number: int
    at: datetime
    author: str
    status: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Versions:
    """A form and its versions, newest first."""

    record: Record
    paper: Paper
    form: Form
    versions: list[Version]


class Papers:
    """The papers of the records of one store."""

    def __init__(self, records: Records) -> None:
        self.records = self._records = records
        self._store = records.store
        self._rows = records.rows
        self._drafts = Drafts(self._store, self._rows)
        self._identities = Identities(self._store.database, self._store.workshop.tokens, self._store.opener)

    async def add(self, record_id: str, number: str, actor: Actor) -> Paper:
        """A form put into a record, filled with what the record knows already; its author shall look and save.

        Raises NotFound BA-5205, BA-3351; Conflict BA-5202, BA-5208, BA-5209, BA-5214; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_EDIT)
        return await _again(lambda: self._add(record_id, number, actor))

    async def _add(self, record_id: str, number: str, actor: Actor) -> Paper:
        record, seeing, _ = await self._records.admitted(record_id, actor, Use.WRITE)
        _writable(record)
        opened = await self._records.opened(record, seeing)
        now = self._store.clock.now()
        form = self._records.forms.on(number, day_in_vietnam(now))
        if is_main(form) and any(is_main_paper(each) for each in opened.papers if not each.is_cancelled):
            raise ONLY_ONE(form=form.name)
        unit = self._store.begin(actor)
        paper = await self.put_new(unit, opened, form, await self.known(form, opened, seeing))
        await self._store.commit(unit)
        return paper

    async def put_new(self, unit: UnitOfWork, opened: Opened, form: Form, answers: Answers) -> Paper:
        """Add to `unit` a form put into a record with these answers; one act of a record in a unit."""
        (paper,) = await self.put_all_new(unit, opened, [(form, answers)])
        return paper

    async def put_all_new(
        self,
        unit: UnitOfWork,
        opened: Opened,
        filled: Sequence[tuple[Form, Answers]],
        *,
        becomes: Record | None = None,
        act: str = "add",
    ) -> list[Paper]:
        """Add to `unit` forms put into a record, which `becomes` another by the same act; gives the papers."""
        actor, now, record = unit.actor, unit.at, opened.record
        papers = []
        for number, (form, answers) in enumerate(filled, record.papers + 1):
            unit.create(resource_of(self._response(form, answers, opened, actor, now, "in-progress")))
            section = self._records.order.section_of(form.number, "QuestionnaireResponse")
            papers.append(
                Paper(
                    number, "QuestionnaireResponse", unit.writes[-1].rid, 1, PaperState.WRITING, form.key, section,
                    actor.id, now, now, None,
                )
            )  # fmt: skip
        after = replace(becomes or record, papers=record.papers + len(papers))
        first = papers[0].number if papers else 0
        await self._records.write(unit, record, after, opened, act, papers=papers, paper=first)
        return papers

    async def attach(self, record_id: str, references: Iterable[str], actor: Actor) -> list[Paper]:
        """Resources of the patient (results, images, scans) put into a record as they are; those in it are left.

        Raises NotFound BA-5205, BA-0401; Conflict BA-5202, BA-5208; Forbidden BA-5213. An archived record takes them
        too: a late result is an addition. Source: Luật Khám bệnh, chữa bệnh Đ69.
        """
        require(actor, Permission.RECORD_EDIT)
        return await _again(lambda: self._attach(record_id, list(references), actor))

    async def _attach(self, record_id: str, references: list[str], actor: Actor) -> list[Paper]:
        record, seeing, _ = await self._records.admitted(record_id, actor, Use.WRITE)
        if record.is_cancelled:
            raise IS_CANCELLED()
        opened = await self._records.opened(record, seeing)
        now = self._store.clock.now()
        there = {(each.type, each.rid) for each in opened.papers}
        papers: list[Paper] = []
        for reference in references:
            type_, _, id_ = reference.partition("/")
            if (type_, self._store.workshop.ids.rid_of(type_, id_)) in there:
                continue
            stored = await self._store.resources.read(type_, id_, seeing)
            if stored.patient != record.patient:
                raise NO_SUCH_PAPER()
            section = self._records.order.section_of("", type_)
            number = record.papers + len(papers) + 1
            held = Paper(
                number, type_, stored.rid, stored.version, PaperState.HELD, "", section, actor.id, now, now, None
            )
            papers.append(held)
            opened = replace(opened, stored={**opened.stored, held.reference: stored})
        if papers:
            unit = self._store.begin(actor)
            after = replace(record, papers=papers[-1].number)
            await self._records.write(unit, record, after, opened, "attach", papers=papers, paper=papers[0].number)
            await self._store.commit(unit)
        return papers

    async def view(self, record_id: str, number: int, actor: Actor) -> Filled:
        """A form for reading or writing; the view is in the ledger. Raises NotFound BA-5205, BA-5206."""
        record, seeing, by = await self._records.admitted(record_id, actor)
        paper = await self._paper(record, number)
        stored = await self._store.resources.read(paper.type, paper.id, seeing)
        if not paper.form:
            raise NO_SUCH_PAPER()
        form = self._records.forms.by_key(paper.form)
        typed = await self._drafts.read(record, number, actor.id)
        others = await self._rows.drafts_of_others(record, number, actor.id)
        unit = self._store.begin(actor)
        unit.record(Event.PAPER_VIEW, patient=record.patient, type_=paper.type, rid=paper.rid, paper=number, by=by)
        unit.also(signing_rows.see(record, number, actor.id, paper.version, unit.at))
        await self._store.commit(unit)
        is_written = record.state.is_written and not record.is_cancelled and not paper.is_cancelled
        return Filled(
            record, replace(paper, version=stored.version), form, response_to_answers(form, stored.read()), typed,
            others, is_written and actor.may(Permission.RECORD_EDIT) and await self._may_write(record_id, actor),
            sources_of(stored.read()),
        )  # fmt: skip

    async def form_of(self, record_id: str, number: int) -> Form:
        """The form of a paper. Raises NotFound BA-5205, BA-5206."""
        paper = await self._paper(await self._records.read(record_id), number)
        if not paper.form:
            raise NO_SUCH_PAPER()
        return self._records.forms.by_key(paper.form)

    async def versions(self, record_id: str, number: int, actor: Actor) -> Versions:
        """All versions of a form, newest first; that they were looked at is in the ledger.

        Raises NotFound BA-5205, BA-5206.
        """
        record, seeing, _ = await self._records.admitted(record_id, actor)
        paper = await self._paper(record, number)
        if not paper.form:
            raise NO_SUCH_PAPER()
        form = self._records.forms.by_key(paper.form)
        found = await self._store.resources.history(paper.type, paper.id, seeing, count=VERSIONS_MAX)
        told = [_version(form, each.version, each.updated_at, each.read()) for each in found if not each.deleted]
        return Versions(record, paper, form, told)

    async def keep_draft(
        self, record_id: str, number: int, actor: Actor, base: int, inputs: Mapping[str, Any]
    ) -> datetime:
        """Keep what is typed; gives when it was kept. Raises NotFound BA-5205, BA-5206; Conflict BA-5202, BA-5209."""
        require(actor, Permission.RECORD_EDIT)
        record = _writable((await self._records.admitted(record_id, actor, Use.WRITE)).record)
        await self._paper(record, number)
        return await self._drafts.keep(record, number, actor.id, base, inputs)

    async def drop_draft(self, record_id: str, number: int, actor: Actor) -> None:
        """Throw one's own draft away; what is saved stays."""
        await self._rows.drop_draft((await self._records.admitted(record_id, actor)).record, number, actor.id)

    async def save(
        self,
        record_id: str,
        number: int,
        answers: Answers,
        base: int,
        actor: Actor,
        *,
        is_done: bool = False,
        reason: str = "",
        codes: Codes | None = None,
        sources: Mapping[str, Json] | None = None,
    ) -> Paper:
        """Save a form as a version that follows version `base`, together with what its answers say.

        `sources` tell of fields from where their answers were taken; they are kept with them.
        A form that was done before is amended, with a reason. Raises NotFound BA-5205, BA-5206; Incorrect BA-5210 with
        an issue for each answer that cannot be, BA-5204; Conflict BA-5202, BA-5209, BA-5211, BA-5208; Forbidden
        BA-5213.
        """
        require(actor, Permission.RECORD_EDIT)
        record, seeing, _ = await self._records.admitted(record_id, actor, Use.WRITE)
        _writable(record)
        opened = await self._records.opened(record, seeing)
        paper = _of(opened.papers, number)
        if paper.is_cancelled:
            raise IS_CANCELLED()
        form = self._records.forms.by_key(paper.form)
        issues = check_answers(form, answers, codes)
        if issues:
            raise IMPOSSIBLE_ANSWERS(*issues, count=len(issues))
        was_done = paper.state in (PaperState.DONE, PaperState.SIGNED)
        if was_done and not reason.strip():
            raise REASON_MISSING()
        known = _stored(opened, paper)
        if known.version != base:
            raise EDITED_MEANWHILE(version=known.version)
        unit = self._store.begin(actor)
        saved = await self.put(unit, opened, paper, answers, is_done=is_done, reason=reason, sources=sources)
        unit.also(rows.drop_draft(record, number, actor.id))
        try:
            await self._store.commit(unit)
        except STALE_VERSION.fault as fault:
            if fault.code == STALE_VERSION.code:
                raise EDITED_MEANWHILE(version=base + 1) from fault
            raise
        return saved

    async def put(
        self,
        unit: UnitOfWork,
        opened: Opened,
        paper: Paper,
        answers: Answers,
        *,
        is_done: bool = False,
        reason: str = "",
        sources: Mapping[str, Json] | None = None,
    ) -> Paper:
        """Add to `unit` a form saved as the version after the one in `opened`, with what its answers say.

        Whoever calls has checked right, state and answers; one act of a record in a unit. Raises NotFound BA-5206.
        """
        record, actor = opened.record, unit.actor
        form = self._records.forms.by_key(paper.form)
        known = _stored(opened, paper)
        was_done = paper.state in (PaperState.DONE, PaperState.SIGNED)
        status = "amended" if was_done else "completed" if is_done else "in-progress"
        response = self._response(form, answers, opened, actor, unit.at, status)
        mark_sources(response, sources or {})
        unit.update(resource_of({**response, "id": paper.id}), if_match=known.version)
        await self._say(unit, form, response_to_answers(form, known.read()), answers, opened, paper)
        state = PaperState.DONE if is_done or was_done else PaperState.WRITING
        saved = replace(paper, version=known.version + 1, state=state, author=actor.id, changed_at=unit.at)
        act = "amend" if was_done else "done" if is_done else "save"
        await self._records.write(unit, record, record, opened, act, papers=[saved], paper=paper.number, reason=reason)
        unit.also(signing_rows.see(record, paper.number, actor.id, saved.version, unit.at))
        if state is PaperState.DONE:
            unit.also(signing_rows.begin(record, saved, self._records.chains.of(saved.form_number), unit.at))
        return saved

    async def cancel(self, record_id: str, number: int, actor: Actor, reason: str) -> Paper:
        """Mark a paper as cancelled: it stays, shown as such. Raises as `save`."""
        require(actor, Permission.RECORD_CANCEL)
        return await self._mark(record_id, number, actor, reason, is_cancelled=True)

    async def restore(self, record_id: str, number: int, actor: Actor, reason: str) -> Paper:
        """Take the mark away. Raises as `save`, and Conflict BA-5203."""
        require(actor, Permission.RECORD_RESTORE)
        return await self._mark(record_id, number, actor, reason, is_cancelled=False)

    async def known_for(self, record: Record, form: Form, actor: Actor) -> dict[str, Any]:
        """What the record knows already of the fields of a form. Raises NotFound BA-5205."""
        return await self.known(form, await self._records.opened(record, actor), actor)

    async def known(self, form: Form, opened: Opened, actor: Actor) -> dict[str, Any]:
        """What the record knows already of the fields of a form: from HIS, laboratory and other papers."""
        episode = await self._records.episode(opened, actor)
        own = {"Patient": opened.patient, "Encounter": opened.encounter}
        hoso = fhir_to_hoso_benh_an(
            HosoRecord(
                self._records.facility.code,
                opened.patient.read(),
                opened.encounter.read(),
                episode.resources,
                episode.contents | {f"{type_}/{each.id}": each.content for type_, each in own.items()},
            )
        )
        found = hoso_to_answers(form, hoso.document)
        for field in form.fields.values():
            if field.source.fhir == "Organization.name" and field.kind is Kind.TEXT:
                found.setdefault(field.id, self._records.facility.name)
        wrong = {issue.place.rpartition(" ")[2].partition("[")[0] for issue in check_answers(form, found)}
        return {name: value for name, value in found.items() if name not in wrong and not is_empty(value)}

    async def _may_write(self, record_id: str, actor: Actor) -> bool:
        rid = self._store.workshop.ids.rid_of("Composition", record_id)
        return actor.care is None or await read_admitted(self._store.database, rid, actor, Use.WRITE) is not None

    async def _mark(self, record_id: str, number: int, actor: Actor, reason: str, *, is_cancelled: bool) -> Paper:
        record, seeing, _ = await self._records.admitted(record_id, actor, Use.WRITE)
        _writable(record)
        opened = await self._records.opened(record, seeing)
        paper = _of(opened.papers, number)
        if paper.is_cancelled == is_cancelled:
            raise IS_CANCELLED() if is_cancelled else IS_NOT_CANCELLED()
        if not reason.strip():
            raise REASON_MISSING()
        unit = self._store.begin(actor)
        marked = replace(paper, cancelled_at=unit.at if is_cancelled else None)
        if paper.form:
            known = _stored(opened, paper).read()
            status = "entered-in-error" if is_cancelled else _STATUS[paper.state]
            unit.update(resource_of({**known, "status": status}))
            form = self._records.forms.by_key(paper.form)
            answers = response_to_answers(form, known)
            before, now = (answers, {}) if is_cancelled else ({}, answers)
            await self._say(unit, form, before, now, opened, paper)
        if is_cancelled:
            unit.also(signing_rows.lapse(record, number))
        elif paper.form and paper.state is PaperState.DONE:
            unit.also(signing_rows.begin(record, paper, self._records.chains.of(paper.form_number), unit.at))
        act = "cancel-paper" if is_cancelled else "restore-paper"
        await self._records.write(unit, record, record, opened, act, papers=[marked], paper=number, reason=reason)
        await self._store.commit(unit)
        return marked

    async def _say(
        self, unit: UnitOfWork, form: Form, before: Answers, answers: Answers, opened: Opened, paper: Paper
    ) -> None:
        """Add to `unit` the resources that the answers say; what they said before and say no more is taken back."""
        told = FormPaper(
            paper.reference,
            {"reference": f"Patient/{opened.patient.id}"},
            {"reference": f"Encounter/{opened.encounter.id}"},
            instant(paper.added_at),
        )
        now = {_identity(each): each for each in answers_to_resources(form, answers, told)}
        old = {_identity(each): each for each in answers_to_resources(form, before, told)}
        found = await self._identities.find([*now, *old])
        for key, resource in now.items():
            there = found.get(key)
            if there is None:
                unit.create(resource_of(resource))
                continue
            parsed = as_labelled(resource_of({**resource, "id": there.id}))
            if tail_bytes(parsed.body) != there.tail:
                unit.update(parsed)
        for key in old.keys() - now.keys():
            there = found.get(key)
            if there is not None:
                unit.update(resource_of(taken_back({**there.read(), "id": there.id})))

    def _response(self, form: Form, answers: Answers, opened: Opened, actor: Actor, at: datetime, status: str) -> Json:
        return answers_to_response(
            form,
            answers,
            status=status,
            subject={"reference": f"Patient/{opened.patient.id}"},
            encounter={"reference": f"Encounter/{opened.encounter.id}"},
            author=author_of(actor),
            authored=instant(at),
        )

    async def _paper(self, record: Record, number: int) -> Paper:
        return _of(await self._rows.papers(record), number)


T = TypeVar("T")


async def _again(act: Callable[[], Awaitable[T]]) -> T:
    """Do once more what another's act on the record delays and does not forbid."""
    for _ in range(TRIES - 1):
        try:
            return await act()
        except Conflict as fault:
            if fault.code != CHANGED_MEANWHILE.code:
                raise
    return await act()


_STATUS = {PaperState.WRITING: "in-progress", PaperState.DONE: "completed", PaperState.SIGNED: "completed"}


def is_main_paper(paper: Paper) -> bool:
    """Whether a paper is the bệnh án of its record."""
    return paper.form_number.endswith("/BV-01")


def _version(form: Form, number: int, at: datetime, response: Json) -> Version:
    author = response.get("author", {}).get("identifier", {}).get("value", "")
    return Version(number, at, author, response.get("status", ""), response_to_answers(form, response))


def _identity(resource: Json) -> IdentityKey:
    first = resource["identifier"][0]
    return resource["resourceType"], first["system"], first["value"]


def _stored(opened: Opened, paper: Paper) -> Stored:
    """The content of a paper. Raises NotFound BA-5206 where it is kept from who asks, or its key was destroyed."""
    found = opened.stored.get(paper.reference)
    if found is None:
        raise NO_SUCH_PAPER()
    return found


def _of(papers: list[Paper], number: int) -> Paper:
    """Raises NotFound BA-5206."""
    for each in papers:
        if each.number == number:
            return each
    raise NO_SUCH_PAPER()


def _writable(record: Record) -> Record:
    """Raises Conflict BA-5202, BA-5209."""
    if record.is_cancelled:
        raise IS_CANCELLED()
    if not record.state.is_written:
        raise NOT_WRITTEN_NOW(error("business-rule", "", STATE_WORDS[record.state]))
    return record
