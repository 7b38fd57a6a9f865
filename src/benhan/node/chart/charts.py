"""A patient's pages: each reads the head and what it shows, writes the view in the ledger, and gives plain values."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benhan.fhir.terms import code_term, system_code_term
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.mapping.result_views import Analyte, Panel, panels_of
from benhan.node.chart.banner import Banner, allergies_of, banner_of
from benhan.node.chart.drugs import Drug, drugs_now, drugs_of
from benhan.node.chart.due import Due, open_papers
from benhan.node.chart.life_line import LifeLine, life_line
from benhan.node.chart.moments import KINDS, Moment, diagnoses_of, moments_of, problems_of, stays_of
from benhan.node.chart.source import Source, source_of
from benhan.node.chart.studies import Study, picture_in, pictures_of, studies_of
from benhan.node.chart.vital_signs import CATEGORY, Sign, is_sign, signs_of
from benhan.node.patients import line_of
from benhan.node.records.content import is_taken_back
from benhan.store.care import reasons
from benhan.store.compartment import ALWAYS
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.ledger.events import Event
from benhan.store.ledger.read import writes_of_resource
from benhan.store.newest import Dated, counted, has_any, newest
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.secrecy import Hides, hidden_terms
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn.forms.catalogue import Catalogue

Json = dict[str, Any]

VITAL_SIGN = system_code_term("Observation.category", *CATEGORY)
_VER_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
TAKEN_BACK = (
    *(code_term(f"{type_}.status", "entered-in-error")
      for type_ in (*KINDS, "Observation", "ImagingStudy") if type_ != "Condition"),
    system_code_term("Condition.verificationStatus", _VER_STATUS, "entered-in-error"),
)  # fmt: skip
"""Index terms of what was entered in error: it is not counted."""
STAYS, DIAGNOSES, SIGNS, RESULTS, DRUGS, ALLERGIES = 200, 500, 100, 160, 100, 50
REPORTS = 50
"""How many of each an overview reads at most; all but the newest are on pages of their own."""
RESULTS_A_PAGE = 400
MOMENTS_A_PAGE = 100
DRUGS_A_PAGE = 60
TREND_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Overview:
    """All that fits one screen."""

    banner: Banner
    problems: list[tuple[Moment, int]]
    stays: list[Moment]
    signs: list[Sign]
    flagged: list[tuple[str, Analyte, bool]]
    """Panel, analyte, whether it is from yesterday or today; these come first, critical ones before the others."""
    has_results: bool
    drugs: list[Drug]
    due: list[Due]
    life: LifeLine | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list that is read from its new end; `next` is where the older ones begin, None for no more."""

    banner: Banner
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline(Page):
    """What happened, newest first."""

    moments: list[Moment]


@dataclass(frozen=True, slots=True)
class Results(Page):
    """Results by panel; vital signs are a list of their own, on the first page."""

    panels: list[Panel]
    signs: list[Sign]


@dataclass(frozen=True, slots=True)
class DrugList(Page):
    """Drug orders, newest first."""

    drugs: list[Drug]


@dataclass(frozen=True, slots=True)
class Trend:
    """One analyte through time, and the drugs of that time; `lower` is a second line (of a blood pressure)."""

    banner: Banner
    analyte: Analyte
    lower: list[float | None]
    drugs: list[Drug]


class Charts:
    """Reads the charts of one store; `forms` tell what papers are called."""

    def __init__(self, store: Store, forms: Catalogue) -> None:
        self._store = store
        self._forms = forms

    async def banner(self, patient_id: str, actor: Actor, *, page: str) -> tuple[Banner, list[Moment]]:
        """The head alone, and the newest stays; the view is in the ledger. Raises as all pages do: NotFound BA-0401,
        BA-0402, BA-0503.
        """
        patient = await self._patient(patient_id, actor, page)
        head, encounters = await self._head(patient, actor)
        return head, stays_of(encounters)

    async def allergies(self, patient: int, actor: Actor) -> list[str]:
        """What a patient (a rid) is allergic to, for the head of other pages; the caller records the view."""
        found = await newest(self._store, actor, patient, ["AllergyIntolerance"], ALLERGIES)
        return allergies_of([each.stored.read() for each in found])

    async def overview(self, patient_id: str, actor: Actor) -> Overview:
        """One screen of everything. Raises NotFound."""
        patient = await self._patient(patient_id, actor, "overview")
        head, encounters = await self._head(patient, actor)
        now = self._store.clock.now()
        conditions = await self._read(patient, actor, ["Condition"], DIAGNOSES)
        signs = await self._read(patient, actor, ["Observation"], SIGNS, any_of=[VITAL_SIGN])
        results = await self._read(patient, actor, ["Observation"], RESULTS, none_of=[VITAL_SIGN, *TAKEN_BACK])
        results += await self._read(patient, actor, ["DiagnosticReport"], REPORTS, none_of=TAKEN_BACK)
        drugs = drugs_of(await self._read(patient, actor, ["MedicationRequest"], DRUGS))
        orders = await self._read(
            patient, actor, ["ServiceRequest"], 20, any_of=[code_term("ServiceRequest.status", "active")]
        )
        due = [Due("order", each.title, each.at, "") for each in moments_of(orders)]
        due += await open_papers(self._store.database, self._forms, patient.rid)
        stays = stays_of(encounters)
        panels = panels_of(results)
        return Overview(
            head,
            problems_of(diagnoses_of([*conditions, *encounters])),
            stays,
            signs_of([each for each in signs if not is_taken_back(each)]),
            _flagged(panels, now),
            bool(panels),
            drugs_now(drugs, frozenset(each.id for each in stays if each.is_open), now),
            due,
            life_line(stays, now),
        )

    async def timeline(self, patient_id: str, actor: Actor, before: datetime | None = None) -> Timeline:
        """What happened before an instant, newest first. Raises NotFound."""
        patient = await self._patient(patient_id, actor, "timeline")
        head, encounters = await self._head(patient, actor)
        types = [each for each in KINDS if each != "Condition"]
        found = await self._read(patient, actor, types, MOMENTS_A_PAGE + 1, before=before)
        found += await self._read(patient, actor, ["Condition"], DIAGNOSES)
        known = {each["id"] for each in found if each["resourceType"] == "Encounter"}
        moments = moments_of([*found, *(each for each in encounters if each["id"] not in known)])
        within = [each for each in moments if each.at is not None and (before is None or each.at < before)]
        shown, rest = within[:MOMENTS_A_PAGE], within[MOMENTS_A_PAGE:]
        shown += [each for each in rest if each.at == shown[-1].at]
        return Timeline(head, shown[-1].at if len(shown) < len(within) else None, shown)

    async def results(self, patient_id: str, actor: Actor, before: datetime | None = None) -> Results:
        """Results sampled before an instant, by panel. Raises NotFound."""
        patient = await self._patient(patient_id, actor, "results")
        head, _ = await self._head(patient, actor)
        none_of = [VITAL_SIGN, *TAKEN_BACK]
        found = await self._newest(patient, actor, ["Observation"], RESULTS_A_PAGE + 1, none_of=none_of, before=before)
        kept, next_ = _whole_times(found, RESULTS_A_PAGE)
        times = [each.at for each in kept if each.at is not None]
        since = min(times) - timedelta(days=1) if times and next_ is not None else ALWAYS
        reports = await self._read(
            patient, actor, ["DiagnosticReport"], RESULTS_A_PAGE, none_of=TAKEN_BACK, since=since,
            before=before + timedelta(days=1) if before is not None else None,
        )  # fmt: skip
        signs = await self._read(patient, actor, ["Observation"], SIGNS, any_of=[VITAL_SIGN]) if before is None else []
        panels = panels_of([*(each.stored.read() for each in kept), *reports])
        return Results(head, next_, panels, signs_of([each for each in signs if not is_taken_back(each)]))

    async def trend(self, patient_id: str, actor: Actor, observation_id: str) -> Trend:
        """All values of what an observation measures, in its unit. Raises NotFound, also where it is of another."""
        patient = await self._patient(patient_id, actor, "trend")
        head, _ = await self._head(patient, actor)
        one = await self._of_patient(patient, "Observation", observation_id, actor)
        plain = one.read()
        coded = [each for each in plain.get("code", {}).get("coding", [])[:1] if "code" in each]
        terms = [system_code_term("Observation.code", each.get("system", ""), each["code"]) for each in coded]
        found = await self._read(patient, actor, ["Observation"], TREND_MAX, any_of=terms, none_of=TAKEN_BACK)
        drugs = drugs_of(await self._read(patient, actor, ["MedicationRequest"], DRUGS))
        if is_sign(plain) and (signs := signs_of([plain])):
            sign = next(each for each in signs_of(found) if (each.code, each.unit) == (signs[0].code, signs[0].unit))
            return Trend(head, sign.analyte, [*reversed(sign.lower)] if any(sign.lower) else [], drugs)
        (wanted,) = (each for panel in panels_of([plain]) for each in panel.analytes)
        same = (each for panel in panels_of(found) for each in panel.analytes if each.key == wanted.key)
        return Trend(head, next(same, wanted), [], drugs)

    async def drugs(self, patient_id: str, actor: Actor, before: datetime | None = None) -> DrugList:
        """Drug orders before an instant. Raises NotFound."""
        patient = await self._patient(patient_id, actor, "drugs")
        head, _ = await self._head(patient, actor)
        types = ["MedicationRequest"]
        found = await self._newest(patient, actor, types, DRUGS_A_PAGE + 1, none_of=TAKEN_BACK, before=before)
        kept, next_ = _whole_times(found, DRUGS_A_PAGE)
        return DrugList(head, next_, drugs_of([each.stored.read() for each in kept]))

    async def images(self, patient_id: str, actor: Actor) -> tuple[Banner, list[Study], list[str]]:
        """The imaging studies with what was read in them and the pictures that are here, by their documents; and the
        documents with pictures that name no study. Raises NotFound.
        """
        patient = await self._patient(patient_id, actor, "images")
        head, _ = await self._head(patient, actor)
        types = ["ImagingStudy", "DiagnosticReport", "DocumentReference"]
        found = await self._read(patient, actor, types, STAYS, none_of=TAKEN_BACK)
        studies = studies_of(found)
        shown = {each for study in studies for each in study.here}
        others = {each: None for ids in pictures_of(found).values() for each in ids if each not in shown}
        return head, studies, [*others]

    async def picture(self, patient_id: str, document_id: str, actor: Actor) -> tuple[str, bytes]:
        """The picture that a document of the patient holds: its type and its bytes; the view is in the ledger.

        Raises NotFound, also where the document is of another patient or holds no picture.
        """
        patient = await self._patient(patient_id, actor, "picture")
        document = await self._of_patient(patient, "DocumentReference", document_id, actor)
        attachment = picture_in(document.read())
        if attachment is None:
            raise NO_SUCH_RESOURCE(type="DocumentReference", id=document_id)
        data = attachment.get("data", "")
        if not data:
            where, _, id_ = str(attachment.get("url", "")).rpartition("/")
            if where.rpartition("/")[2] != "Binary":
                raise NO_SUCH_RESOURCE(type="Binary", id="?")
            data = (await self._store.resources.read("Binary", id_, actor)).read().get("data", "")
        return str(attachment["contentType"]), b64decode(data)

    async def source(self, patient_id: str, type_: str, id_: str, actor: Actor) -> tuple[Banner, Source]:
        """Where a resource of the patient comes from. Raises NotFound, also where it is of another patient."""
        patient = await self._patient(patient_id, actor, "source")
        head, _ = await self._head(patient, actor)
        if type_ not in TYPE_NUMBERS:
            raise NO_SUCH_RESOURCE(type="Resource", id="?")
        one = await self._of_patient(patient, type_, id_, actor)
        versions = await self._store.resources.history(type_, id_, actor)
        writes = await writes_of_resource(self._store.database, patient.rid, TYPE_NUMBERS[type_], one.rid)
        return head, source_of(one, versions, writes)

    async def _patient(self, patient_id: str, actor: Actor, page: str) -> Stored:
        """The patient; that a page of theirs is looked at is in the ledger."""
        stored = await self._store.resources.read("Patient", patient_id, actor)
        async with self._store.database.connection() as connection:
            by = (await reasons(connection, actor, [stored.rid])).get(stored.rid, "")
        unit = self._store.begin(actor)
        unit.record(Event.PATIENT_VIEW, patient=stored.rid, type_="Patient", rid=stored.rid, page=page, by=by)
        await self._store.commit(unit)
        return stored

    async def _head(self, patient: Stored, actor: Actor) -> tuple[Banner, list[Json]]:
        """The banner, and the newest encounters that it was made of."""
        today = day_in_vietnam(self._store.clock.now())
        encounters = await self._read(patient, actor, ["Encounter"], STAYS)
        others = await self._read(patient, actor, ["AllergyIntolerance", "Coverage"], ALLERGIES)
        counts = await counted(
            self._store, actor, patient.rid, (*KINDS, "Observation", "ImagingStudy"), (VITAL_SIGN, *TAKEN_BACK)
        )
        may_see = not self._store.workshop.rules.hidden(actor)
        secret = may_see and await has_any(self._store, patient.rid, hidden_terms(Hides.SECRETS))
        line = line_of(patient.read(), today.isoformat())
        return banner_of(line, [*encounters, *others], today, counts, secret=secret), encounters

    async def _of_patient(self, patient: Stored, type_: str, id_: str, actor: Actor) -> Stored:
        stored = await self._store.resources.read(type_, id_, actor)
        if patient.rid not in (stored.patient, stored.rid):
            raise NO_SUCH_RESOURCE(type=type_, id=id_)
        return stored

    async def _newest(self, patient: Stored, actor: Actor, types: Sequence[str], count: int, **how: Any) -> list[Dated]:
        return await newest(self._store, actor, patient.rid, types, count, **how)

    async def _read(self, patient: Stored, actor: Actor, types: Sequence[str], count: int, **how: Any) -> list[Json]:
        return [each.stored.read() for each in await self._newest(patient, actor, types, count, **how)]


def _whole_times(found: list[Dated], count: int) -> tuple[list[Dated], datetime | None]:
    """About `count` of a list of `count + 1` at most, cut where the time changes; and where the next page begins."""
    dated = [each for each in found if each.at is not None]
    if len(dated) <= count:
        return found, None
    last = dated[-1].at
    kept = [each for each in found if each.at != last] or found
    return kept, next(each.at for each in reversed(kept) if each.at is not None)


def _flagged(panels: list[Panel], now: datetime) -> list[tuple[str, Analyte, bool]]:
    """The newest values that are out of their range: those since yesterday first, then by weight."""
    yesterday = (now.astimezone(VIETNAM) - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    found = [
        (panel.name, each, each.latest.at is not None and each.latest.at >= yesterday)
        for panel in panels
        for each in panel.analytes
        if each.latest.is_abnormal
    ]
    return sorted(found, key=lambda each: (not each[2], not each[1].latest.is_critical, -_seconds(each[1].latest.at)))


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0
