"""Orders written, stopped and changed: resources and the row of the treatment sheet in one commit.

An act of ordering is a row of slip 36 (tờ điều trị): its time, the course, the orders as words. The same orders are
resources of their own, which name the row by their group; so the sheet shows where a row came from, and what holds is
known without reading it. Source: TT 32/2023/TT-BYT, annex XXIX, form 36; Đ52 k2 (time and author of every entry).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor
from benhan.kernel.care import Use
from benhan.kernel.clock import OFFSET, VIETNAM, day_in_vietnam
from benhan.kernel.faults import Conflict
from benhan.kernel.issues import Issue, error
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.orders.faults import (
    ALREADY_ENDED,
    NO_RECORD,
    NO_SUCH_ORDER,
    NOTHING_ORDERED,
    TOO_MANY_LINES,
    WARNED,
    WRONG_LINES,
)
from benhan.node.orders.lines import (
    ATC,
    ORDER_TYPES,
    Ordered,
    OrderKind,
    OrderLine,
    check_line,
    code_of,
    group_of,
    is_open_order,
    kind_of,
    line_to_resource,
    resource_to_line,
    words_of,
)
from benhan.node.orders.picker import OrderPicker
from benhan.node.orders.warnings import Allergy, Drug, Warned, warnings_of
from benhan.node.records.composed import author_of
from benhan.node.records.content import is_taken_back
from benhan.node.records.drafts import ORDERS, Drafts, Typed
from benhan.node.records.faults import CHANGED_MEANWHILE, EDITED_MEANWHILE
from benhan.node.records.growing import add_row
from benhan.node.records.life import Opened, require
from benhan.node.records.models import Paper
from benhan.node.records.papers import Papers
from benhan.node.records.rows import drop_draft
from benhan.node.ward.stays import Stay, open_stay
from benhan.store.compartment import read_compartment
from benhan.store.faults import STALE_VERSION
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork

Json = dict[str, Any]

SHEET = "36/BV-02"
LINES_MAX = 60
AHEAD = timedelta(hours=24)
COURSE_MAX = 8_000
TRIES = 4

BAD_TIME = Text("Giờ y lệnh không thể sau bây giờ quá một ngày.", "Orders are not written more than a day ahead.")
TOO_LONG = Text("Diễn biến dài quá {most} chữ.", "The course is longer than {most} letters.")


@dataclass(frozen=True, slots=True)
class Written:
    """What a doctor writes at once: when (`2026-11-26T08:00`, Vietnam's time), the course, new orders, those to stop.

    `stops` are references; `why` is why they stop. `answers` say by the key of a warning why it is ordered anyway.
    """

    at: str
    course: str = ""
    lines: tuple[OrderLine, ...] = ()
    stops: tuple[str, ...] = ()
    why: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it is: its reference, its line, when and by whom, whether it goes on, the row it stands in."""

    reference: str
    line: OrderLine
    at: datetime | None
    by: str
    is_open: bool
    group: str


class Orders:
    """The orders of one store."""

    def __init__(self, store: Store, papers: Papers, picker: OrderPicker) -> None:
        self._store = store
        self._papers = papers
        self._records = papers.records
        self._drafts = Drafts(store, self._records.rows)
        self.picker = picker

    def now(self) -> datetime:
        """What time it is where orders are written."""
        return self._store.clock.now()

    async def open(self, encounter_id: str, actor: Actor) -> tuple[Stay, list[Placed]]:
        """A stay and its orders, the newest first. Raises NotFound BA-0401."""
        stay = await open_stay(self._store, encounter_id, actor, "orders", ORDER_TYPES)
        return stay, placed_of(stay)

    async def draft(self, stay: Stay, actor: Actor) -> Typed | None:
        """What the actor typed as orders of a stay and did not write, if there is anything."""
        return await self._drafts.read(stay.record, ORDERS, actor.id) if stay.record is not None else None

    async def keep_draft(self, record_id: str, actor: Actor, inputs: Mapping[str, Any]) -> datetime:
        """Keep what is typed as orders of a stay, by its record; gives when it was kept.

        Raises NotFound BA-5205, Conflict BA-5365 where no orders are written any more, Forbidden BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        record = (await self._records.admitted(record_id, actor, Use.WRITE)).record
        if not record.state.is_written or record.is_cancelled:
            raise NO_RECORD()
        return await self._drafts.keep(record, ORDERS, actor.id, 0, inputs)

    async def drop_draft(self, stay: Stay, actor: Actor) -> None:
        """Throw away what the actor typed."""
        if stay.record is not None:
            await self._records.rows.drop_draft(stay.record, ORDERS, actor.id)

    async def warnings(self, stay: Stay, written: Written) -> list[Warned]:
        """What speaks against what shall be ordered, answered or not."""
        offers = await self.picker.offers()
        gone = {*written.stops, *(each.replaces for each in written.lines)}
        present = [
            Drug(words_of(each), code_of(each.get("medicationCodeableConcept", {}), ATC))
            for each in _contents(stay)
            if is_open_order(each) and kind_of(each) is OrderKind.DRUG and _reference(each) not in gone
        ]
        allergies = [
            Allergy(words_of(each), code_of(each.get("code", {}), ATC))
            for each in _contents(stay)
            if each["resourceType"] == "AllergyIntolerance" and not is_taken_back(each)
        ]
        return warnings_of(written.lines, present, allergies, offers.knowledge)

    async def write(self, encounter_id: str, written: Written, actor: Actor, name: str) -> Paper:
        """Write orders and the row of the sheet; gives the sheet. `name` is the doctor's, as resources show it.

        Nothing is written where it fails. Raises NotFound BA-0401, BA-5363; Incorrect BA-5360 with an issue for each
        place, BA-5361, BA-5366; Conflict BA-5362 (warnings without an answer), BA-5364, BA-5365, BA-5208; Forbidden
        BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        for _ in range(TRIES - 1):
            try:
                return await self._write(encounter_id, written, actor, name)
            except Conflict as fault:
                if fault.code not in (CHANGED_MEANWHILE.code, EDITED_MEANWHILE.code, STALE_VERSION.code):
                    raise
        return await self._write(encounter_id, written, actor, name)

    async def _write(self, encounter_id: str, written: Written, actor: Actor, name: str) -> Paper:
        stay, _ = await self.open(encounter_id, actor)
        if stay.record is None or not stay.is_written:
            raise NO_RECORD()
        self._check(written)
        ended = self._ended(stay, written)
        warned = await self.warnings(stay, written)
        open_ = [each for each in warned if not written.answers.get(each.key, "").strip()]
        if open_:
            raise WARNED(count=len(open_))
        unit = self._store.begin(actor)
        opened = await self._records.opened(stay.record, actor)
        paper = await self._put_row(unit, opened, written, ended)
        ordered = Ordered(
            {"reference": f"Patient/{stay.patient.id}"}, {"reference": stay.reference}, f"{paper.id}.{written.at}",
            {**author_of(actor), "display": name}, f"{written.at}:00{OFFSET}",
        )  # fmt: skip
        references = [self._create(unit, line_to_resource(each, ordered)) for each in written.lines]
        for stored, after in ended:
            unit.update(resource_of(after), if_match=stored.version)
        for each in warned:
            unit.create(resource_of(_issue(each, references[each.row], written.answers[each.key], ordered)))
        unit.also(drop_draft(stay.record, ORDERS, actor.id))
        await self._store.commit(unit)
        return paper

    def _create(self, unit: UnitOfWork, resource: Json) -> str:
        return f"{resource['resourceType']}/{unit.create(resource_of(resource))}"

    def _check(self, written: Written) -> None:
        if not (written.lines or written.stops or written.course.strip()):
            raise NOTHING_ORDERED()
        if len(written.lines) > LINES_MAX:
            raise TOO_MANY_LINES(most=LINES_MAX)
        issues: list[Issue] = []
        at = datetime.fromisoformat(written.at).replace(tzinfo=VIETNAM)
        if at > self._store.clock.now() + AHEAD:
            issues.append(error("value", "at", BAD_TIME))
        if len(written.course) > COURSE_MAX:
            issues.append(error("value", "course", TOO_LONG.filled(most=COURSE_MAX)))
        for row, line in enumerate(written.lines):
            issues += check_line(line, f"{row}")
        if issues:
            raise WRONG_LINES(*issues, count=len(issues))

    def _ended(self, stay: Stay, written: Written) -> list[tuple[Stored, Json]]:
        """What stops or is replaced, as it is afterwards; what is ordered anew on a later day is completed."""
        by_reference = {f"{each.type}/{each.id}": each for each in stay.resources}
        found = []
        replaced = [each.replaces for each in written.lines if each.replaces]
        for reference in dict.fromkeys((*written.stops, *replaced)):
            stored = by_reference.get(reference)
            order = stored.read() if stored is not None else {"resourceType": ""}
            if stored is None or order["resourceType"] not in ORDER_TYPES or _encounter(order) != stay.reference:
                raise NO_SUCH_ORDER()
            if not is_open_order(order):
                raise ALREADY_ENDED()
            is_followed = reference in replaced and _day(order) < written.at[:10]
            found.append((stored, ended_order(order, "" if reference in replaced else written.why, is_followed)))
        return found

    async def _put_row(
        self, unit: UnitOfWork, opened: Opened, written: Written, ended: Sequence[tuple[Stored, Json]]
    ) -> Paper:
        replaced = {each.replaces for each in written.lines}
        gone = [stored.read() for stored, order in ended if _reference(order) not in replaced]
        stopped = [f"Ngừng: {resource_to_line(each).text}" for each in gone]
        why = f" ({written.why.strip()})" if written.why.strip() and stopped else ""
        told = [*(each.text for each in written.lines), *(f"{each}{why}" for each in stopped)]
        row = {"luc": written.at, "dien_bien": written.course.strip(), "y_lenh": "\n".join(told)}
        return await add_row(self._papers, unit, opened, SHEET, row)


def placed_of(stay: Stay) -> list[Placed]:
    """The orders of a stay, newest first; those taken back are none."""
    found = []
    for each in _contents(stay):
        if each["resourceType"] in ORDER_TYPES and _encounter(each) == stay.reference and not is_taken_back(each):
            when = range_of(each.get("authoredOn") or each.get("dateTime") or "")
            author = each.get("requester") or each.get("orderer") or {}
            at = when[0] if when is not None else None
            found.append(
                Placed(
                    _reference(each), resource_to_line(each), at, str(author.get("display", "")), is_open_order(each),
                    group_of(each),
                )
            )  # fmt: skip
    return sorted(found, key=lambda each: each.at.timestamp() if each.at is not None else 0.0, reverse=True)


async def rows_ordered(store: Store, paper: Paper, patient: int, actor: Actor) -> dict[str, int]:
    """How many orders stand behind each row of a sheet, by the row's time (`2026-11-26T08:00`)."""
    found: dict[str, int] = {}
    if paper.form_number == SHEET:
        for each in await read_compartment(store, actor, patient, ORDER_TYPES):
            sheet, _, at = group_of(each.read()).partition(".")
            if sheet == paper.id:
                found[at] = found.get(at, 0) + 1
    return found


REPEATED = (OrderKind.DRUG, OrderKind.NUTRITION, OrderKind.CARE_LEVEL)


def lines_again(placed: Iterable[Placed]) -> list[OrderLine]:
    """The orders of earlier days that go on, as new lines in their place: drugs, diets, the level of care."""
    return [
        replace(each.line, replaces=each.reference)
        for each in sorted(placed, key=lambda one: (list(OrderKind).index(one.line.kind), one.line.words))
        if each.is_open and each.line.kind in REPEATED
    ]


def ended_order(order: Json, why: str, is_followed: bool) -> Json:  # noqa: FBT001
    """An order that goes on no more: completed where the same follows it on a later day, else stopped and why."""
    if is_followed:
        return {**order, "status": "completed"}
    is_drug = order["resourceType"] == "MedicationRequest"
    after = {**order, "status": "stopped" if is_drug else "revoked"}
    if why.strip():
        note = {"text": f"Ngừng: {why.strip()}"}
        after["note"] = [*order.get("note", []), note]
        if is_drug:
            after["statusReason"] = {"text": why.strip()}
    return after


def _issue(warned: Warned, reference: str, answer: str, ordered: Ordered) -> Json:
    """A warning that was answered: what it said, of which order, why it was ordered all the same."""
    severity = "moderate" if warned.severity.value == "moderate" else "high"
    detail = f"{' · '.join(warned.drugs)}: {warned.text.vi}. {warned.remedy.vi}"
    return {
        "resourceType": "DetectedIssue",
        "status": "final",
        "code": {"text": warned.kind.value},
        "severity": severity,
        "patient": ordered.subject,
        "identifiedDateTime": ordered.at,
        "author": ordered.author,
        "implicated": [{"reference": reference}],
        "detail": detail,
        "mitigation": [{"action": {"text": answer.strip()}, "date": ordered.at, "author": ordered.author}],
    }


def _contents(stay: Stay) -> list[Json]:
    return [each.read() for each in stay.resources]


def _reference(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _encounter(order: Json) -> str:
    return str(order.get("encounter", {}).get("reference", ""))


def _day(order: Json) -> str:
    """The day in Vietnam that an order was written on, "" where that is not told."""
    when = range_of(order.get("authoredOn") or order.get("dateTime") or "")
    return day_in_vietnam(when[0]).isoformat() if when is not None else ""
