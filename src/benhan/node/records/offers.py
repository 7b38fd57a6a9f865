"""Values that the house knows already for the fields of a paper: offered with their source, taken or refused by who
writes.

Measured values come from vital signs and results by their LOINC codes, the rest from what HIS and other papers of the
episode say. What is taken stays marked with where it is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from benhan.fhir.terms import system_code_term
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM
from benhan.mapping.fhir_to_hoso_benh_an.values import digits
from benhan.mapping.form_to_resources import DIASTOLIC, PANEL, SYSTOLIC
from benhan.node.chart.moments import instant_of
from benhan.node.records.content import is_taken_back
from benhan.node.records.papers import Papers
from benhan.store.newest import newest
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.forms.answers import check_answers, is_empty
from benhan.vn.forms.form import Field, Form, Kind
from benhan.vn.forms.typeset import Answers

Json = dict[str, Any]

LATELY = timedelta(days=7)
"""A measured value older than this is offered no more."""
READ_MAX = 200
NOT_OFFERED = frozenset((Kind.TABLE, Kind.MANY, Kind.PICTURE, Kind.SIGNATURE))
HELD = "record"
"""The reference of what the record says as a whole, of no one resource."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A value for a field: as an answer, the resource that it is from (or HELD), who told it, when it was measured."""

    field: str
    value: Any
    reference: str
    by: str
    at: datetime | None

    @property
    def source(self) -> Json:
        """The Reference that stays with the answer."""
        when = self.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y") if self.at is not None else ""
        words = " · ".join(part for part in (self.by, when) if part)
        return {"display": words or HELD, **({"reference": self.reference} if self.reference != HELD else {})}


class Offers:
    """Finds what can be offered for the papers of one store."""

    def __init__(self, store: Store, papers: Papers) -> None:
        self._store = store
        self._papers = papers

    async def of(self, record_id: str, number: int, actor: Actor) -> list[Offer]:
        """The offers for a paper whose answers are not so yet, in the order of the form; the view is in the ledger.

        Raises NotFound BA-5205, BA-5206.
        """
        filled = await self._papers.view(record_id, number, actor)
        measured = await self._measured(filled.form, filled.record.patient, actor)
        known = await self._papers.known_for(filled.record, filled.form, actor)
        found = []
        for field in filled.form.fields.values():
            offer = measured.get(field.id)
            if offer is None and field.id in known and field.kind not in NOT_OFFERED:
                offer = Offer(field.id, known[field.id], HELD, "", None)
            if offer is not None and not _same(filled.answers.get(field.id), offer.value):
                found.append(offer)
        return found

    async def sources(
        self, record_id: str, number: int, claimed: Mapping[str, str], answers: Answers, actor: Actor
    ) -> dict[str, Json]:
        """The sources that are true of `claimed` (field to reference): the answer is still what the source says."""
        if not claimed:
            return {}
        filled = await self._papers.view(record_id, number, actor)
        kept = {name: filled.sources[name] for name in filled.sources.keys() & claimed.keys()}
        found = {
            name: source for name, source in kept.items()
            if source.get("reference", HELD) == claimed[name] and _same(filled.answers.get(name), answers.get(name))
        }  # fmt: skip
        for offer in await self.of(record_id, number, actor):
            if claimed.get(offer.field) == offer.reference and _same(answers.get(offer.field), offer.value):
                found[offer.field] = offer.source
        return found

    async def _measured(self, form: Form, patient: int, actor: Actor) -> dict[str, Offer]:
        """The newest measured value of each field that names a LOINC code."""
        wanted = {field.source.loinc: field for field in form.fields.values() if _is_measure(field)}
        if not wanted:
            return {}
        codes = {PANEL if code in (SYSTOLIC, DIASTOLIC) else code for code in wanted} | wanted.keys()
        terms = [system_code_term("Observation.code", systems.LOINC, code) for code in sorted(codes)]
        since = self._store.clock.now() - LATELY
        found = await newest(self._store, actor, patient, ["Observation"], READ_MAX, any_of=terms, since=since)
        offers: dict[str, Offer] = {}
        for each in found:
            plain = each.stored.read()
            if is_taken_back(plain):
                continue
            for code, quantity in _quantities(plain):
                field = wanted.get(code)
                if field is not None and field.id not in offers and _fits(form, field, quantity):
                    offers[field.id] = _offer(field, plain, quantity)
        return offers


def _is_measure(field: Field) -> bool:
    return field.kind is Kind.NUMBER and bool(field.source.loinc)


def _quantities(observation: Json) -> list[tuple[str, Json]]:
    """Each code with its quantity, of the whole and of its components."""
    found = []
    for each in (observation, *observation.get("component", [])):
        for coding in each.get("code", {}).get("coding", []):
            if coding.get("system") == systems.LOINC and "valueQuantity" in each:
                found.append((coding.get("code", ""), each["valueQuantity"]))
    return found


def _fits(form: Form, field: Field, quantity: Json) -> bool:
    """Whether a quantity can stand in a field: a plain number within its bounds, in its unit where both name one."""
    if "value" not in quantity or quantity.get("comparator"):
        return False
    unit = quantity.get("code", "")
    is_other_unit = unit and field.unit and unit != field.unit and quantity.get("system") == systems.UCUM
    return not is_other_unit and not check_answers(form, {field.id: Decimal(digits(quantity["value"]))})


def _offer(field: Field, observation: Json, quantity: Json) -> Offer:
    performers = [each.get("display", "") for each in observation.get("performer", [])]
    return Offer(
        field.id,
        Decimal(digits(quantity["value"])),
        f"Observation/{observation['id']}",
        ", ".join(filter(None, performers)) or str(observation.get("meta", {}).get("source", "")),
        instant_of(observation.get("effectiveDateTime", "") or observation.get("issued", "")),
    )


def _same(one: Any, other: Any) -> bool:
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)
