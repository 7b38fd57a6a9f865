"""A stay that goes on elsewhere or ends: consultation, moving to another department, discharge with its papers.

A paper is filled with what the record knows and stays open for writing until its doctor has read it. Ending a stay ends
its orders and the treatment in one commit. Source: TT 32/2023/TT-BYT, annex XXIX, forms 27, 43; TT 25/2025/TT-BYT,
forms 02, 03; TT 01/2025/TT-BYT, annexes V, VI; QĐ 3176/QĐ-BYT, XML7, XML8, XML13, XML14 (their contents).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Actor
from benhan.kernel.clock import OFFSET, VIETNAM, day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.mapping.mapped import without_empty
from benhan.mapping.result_views import value_of
from benhan.node.orders.faults import NO_RECORD
from benhan.node.orders.lines import ORDER_TYPES, OrderKind, is_open_order, words_of
from benhan.node.orders.orders import SHEET, ended_order, placed_of
from benhan.node.records.closing import FilledForm
from benhan.node.records.growing import TABLE
from benhan.node.records.life import Opened, require
from benhan.node.records.lifecycle import Act, State, step_for
from benhan.node.records.models import Paper
from benhan.node.records.papers import Papers
from benhan.node.ward.board import treats_no_more
from benhan.node.ward.faults import BAD_LEAVING, NO_PAPERS, NO_PLACE, NOT_STAYING
from benhan.node.ward.places import Place, moved
from benhan.node.ward.stays import Stay, open_stay
from benhan.store.store import Store
from benhan.store.unit_of_work import UnitOfWork
from benhan.vn.catalogues import shipped
from benhan.vn.forms.answers import check_answers, is_empty
from benhan.vn.forms.form import Form
from benhan.vn.forms.typeset import Answers

Json = dict[str, Any]

MOVE_SLIP = "43/BV-02"
CONSULTATION, SURGERY = "27/BV-02", "06/BV-02"
DISCHARGE, SUMMARY, AGAIN, REFERRAL = "02/TT25", "03/TT25", "PL5/TT01", "PL6/TT01"
PAPERS = (CONSULTATION, SURGERY, DISCHARGE, SUMMARY, AGAIN, REFERRAL)
"""The papers that are made here, filled with what the record knows."""
TYPES = (*ORDER_TYPES, "Observation")
LINES_MAX = 40


def outcomes() -> dict[str, str]:
    """The results of a treatment by their codes. Source: QĐ 130/QĐ-BYT, KET_QUA_DTRI."""
    return {each.code: each.display for each in shipped.catalogue("KET_QUA_DTRI").entries}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a doctor says of a leaving: when (Vietnam's time), by which result, when to come again, to where."""

    at: str = ""
    outcome: str = ""
    again_on: str = ""
    destination: str = ""


class Leaving:
    """Moves and discharges on one store."""

    def __init__(self, store: Store, papers: Papers) -> None:
        self._store = store
        self._papers = papers
        self._records = papers.records

    def now(self) -> datetime:
        """What time it is on the ward."""
        return self._store.clock.now()

    async def open(self, encounter_id: str, actor: Actor) -> tuple[Stay, list[Paper]]:
        """A stay and the papers of leaving that its record has, those cancelled left out. Raises NotFound BA-0401."""
        stay = await open_stay(self._store, encounter_id, actor, "leaving", TYPES)
        papers = await self._records.rows.papers(stay.record) if stay.record is not None else []
        return stay, [each for each in papers if each.form_number in (*PAPERS, MOVE_SLIP) and not each.is_cancelled]

    async def make(self, encounter_id: str, numbers: Sequence[str], wish: Wish, actor: Actor, name: str) -> list[Paper]:
        """Papers put into the record, filled with what it knows and what was wished; their doctor reads and saves them.

        Raises NotFound BA-0401; Incorrect BA-5354; Conflict BA-5365, BA-5208; Forbidden BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        wanted = [each for each in dict.fromkeys(numbers) if each in PAPERS]
        if not wanted:
            raise NO_PAPERS()
        stay, _ = await self.open(encounter_id, actor)
        opened = await self._opened(stay, actor)
        more = self._told(stay, opened, wish, name)
        unit = self._store.begin(actor)
        filled = [await self._filled(each, opened, more, unit) for each in wanted]
        papers = await self._papers.put_all_new(unit, opened, filled)
        await self._store.commit(unit)
        return papers

    async def move(self, encounter_id: str, place: Place, why: str, actor: Actor, name: str) -> Paper:
        """Move a patient to another place: one location ends, the next begins, the record goes along with a slip.

        Who treated here treats no more. Raises NotFound BA-0401; Incorrect BA-5352; Conflict BA-5351, BA-5365,
        BA-5208; Forbidden BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        stay, _ = await self.open(encounter_id, actor)
        if not stay.is_open:
            raise NOT_STAYING()
        if not place.department.strip() or place == stay.place:
            raise NO_PLACE()
        opened = await self._opened(stay, actor)
        unit = self._store.begin(actor)
        now = unit.at.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M")
        more = self._told(stay, opened, Wish(), name) | {
            "tu_khoa": stay.place.department, "den_khoa": place.department, "chuyen_luc": now,
            "ly_do_chuyen": why.strip(),
        }  # fmt: skip
        encounter = treats_no_more(moved(stay.encounter.read(), place, unit.at), instant(unit.at))
        unit.update(resource_of(encounter), if_match=stay.encounter.version)
        becomes = replace(opened.record, department=place.department)
        slip = await self._filled(MOVE_SLIP, opened, more, unit)
        (paper,) = await self._papers.put_all_new(unit, opened, [slip], becomes=becomes)
        await self._store.commit(unit)
        return paper

    async def leave(self, encounter_id: str, wish: Wish, actor: Actor) -> None:
        """End a stay: the patient leaves, orders end, the treatment of the record ends; papers are still written on.

        Raises NotFound BA-0401; Incorrect BA-5353; Conflict BA-5351, BA-5365, BA-5201, BA-5208; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_CLOSE)
        require(actor, Permission.ORDER_WRITE)
        stay, _ = await self.open(encounter_id, actor)
        if not stay.is_open:
            raise NOT_STAYING()
        encounter = stay.encounter.read()
        if wish.outcome not in outcomes() or not self._can_leave_at(wish.at, encounter):
            raise BAD_LEAVING()
        opened = await self._opened(stay, actor)
        record = opened.record
        step_for(Act.CLOSE, record.state, is_cancelled=record.is_cancelled, reason="")
        end = f"{wish.at}:00{OFFSET}"
        unit = self._store.begin(actor)
        disposition = {"coding": [{"system": shipped.url_of("KET_QUA_DTRI"), "code": wish.outcome}]}
        left = without_empty(
            {
                **encounter.get("hospitalization", {}),
                "dischargeDisposition": {**disposition, "text": outcomes()[wish.outcome]},
                "destination": {"display": wish.destination.strip()} if wish.destination.strip() else None,
            }
        )
        told = encounter.get("location", [])
        places = [each if "end" in each.get("period", {}) else _ended(each, end) for each in told]
        content = {**encounter, "status": "finished", "period": {**encounter.get("period", {}), "end": end}}
        content |= without_empty({"hospitalization": left, "location": places})
        unit.update(resource_of(content), if_match=stay.encounter.version)
        for stored in stay.resources:
            order = stored.read()
            if is_open_order(order) and order.get("encounter", {}).get("reference") == stay.reference:
                unit.update(resource_of(ended_order(order, "", is_followed=True)), if_match=stored.version)
        closed = replace(record, state=State.CLOSED, closed_at=unit.at)
        await self._records.write(unit, record, closed, opened, Act.CLOSE.value)
        await self._store.commit(unit)

    def _can_leave_at(self, at: str, encounter: Json) -> bool:
        when = datetime.fromisoformat(f"{at}:00{OFFSET}")
        came = range_of(encounter.get("period", {}).get("start", ""))
        return when <= self.now() and (came is None or came[0] <= when)

    async def _opened(self, stay: Stay, actor: Actor) -> Opened:
        if stay.record is None or not stay.is_written:
            raise NO_RECORD()
        return await self._records.opened(stay.record, actor)

    async def _filled(
        self, number: str, opened: Opened, more: Mapping[str, str], unit: UnitOfWork
    ) -> tuple[Form, Answers]:
        """A form with what the record knows and `more`; what its fields do not take is left out."""
        form = self._records.forms.on(number, day_in_vietnam(unit.at))
        known = await self._papers.known(form, opened, unit.actor)
        told = {name: text for name, text in more.items() if name in form.fields and text}
        answers: dict[str, Any] = {**told, **known}
        for name in ("ra_vien_luc", "chuyen_luc"):
            if name in told:
                answers[name] = told[name]
        wrong = {issue.place.rpartition(" ")[2].partition("[")[0] for issue in check_answers(form, answers)}
        return form, {name: value for name, value in answers.items() if name not in wrong and not is_empty(value)}

    def _told(self, stay: Stay, opened: Opened, wish: Wish, name: str) -> dict[str, str]:
        """What the data of the stay tell of the fields of these papers, in words."""
        placed = placed_of(stay)
        drugs = list(dict.fromkeys(each.line.words for each in placed if each.line.kind is OrderKind.DRUG))
        came = range_of(stay.encounter.read().get("period", {}).get("start", ""))
        courses = _courses(self._records.filled(opened))
        at = wish.at or self.now().astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M")
        return {
            "khoa": stay.place.department, "khoa_dieu_tri": stay.place.department, "buong": stay.place.room,
            "giuong": stay.place.bed, "bac_sy_dieu_tri": name, "bac_sy": name,
            "vao_vien_luc": came[0].astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M") if came is not None else "",
            "ra_vien_luc": at, "chuyen_luc": at, "hoi_chan_luc": at, "hen_ngay": wish.again_on,
            "noi_den": wish.destination.strip(), "ket_qua": wish.outcome,
            "b_phuong_phap": "\n".join(drugs[:LINES_MAX]), "b_can_lam_sang": "\n".join(_results(stay)[:LINES_MAX]),
            "b_qua_trinh": courses, "tom_tat": courses, "dau_hieu": courses,
            "y_lenh": "\n".join(each.line.text for each in placed if each.is_open)[:8_000],
        }  # fmt: skip


def _courses(filled: Sequence[FilledForm]) -> str:
    """The courses that the treatment sheets tell, by time."""
    rows = [row for each in filled if each.form.number == SHEET for row in each.answers.get(TABLE, ())]
    told = [f"{_day(row['luc'])}: {row['dien_bien']}" for row in rows if row.get("luc") and row.get("dien_bien")]
    return "\n".join(told[-LINES_MAX:])[:8_000]


def _results(stay: Stay) -> list[str]:
    """The results out of their range, the last of each, as `Kali 6,8 mmol/L (26/11/2026)`."""
    found: dict[str, str] = {}
    for each in stay.resources:
        if each.type != "Observation":
            continue
        observation = each.read()
        value = value_of(observation)
        if value.is_abnormal:
            day = f" ({day_in_vietnam(value.at).strftime('%d/%m/%Y')})" if value.at is not None else ""
            found[words_of(observation)] = f"{words_of(observation)} {value.text} {value.unit}".strip() + day
    return list(found.values())


def _day(luc: str) -> str:
    return "/".join(reversed(luc[:10].split("-")))


def _ended(entry: Json, end: str) -> Json:
    return {**entry, "status": "completed", "period": {**entry.get("period", {}), "end": end}}
