"""Where something on a chart comes from: its sender, times, authors, numbers and versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.node.chart.moments import instant_of
from benhan.store.ledger.canonical import Recorded
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

Json = dict[str, Any]

_TIMES = (
    "effectiveDateTime", "issued", "authoredOn", "recordedDate", "onsetDateTime", "started",
    "performedDateTime", "date",
)  # fmt: skip
_PEOPLE = ("performer", "author", "recorder", "asserter", "requester", "resultsInterpreter", "interpreter")


@dataclass(frozen=True, slots=True)
class Wrote:
    """A version: its number, when it came, which actor in which role wrote it ("" where the ledger is silent), on which
    trace.
    """

    number: int
    at: datetime
    actor: str
    role: str
    trace: str
    is_deletion: bool


@dataclass(frozen=True, slots=True)
class Source:
    """All that is known of the way of a resource; texts are as the sender wrote them."""

    type: str
    id: str
    title: str
    value: str
    status: str
    system: str
    times: list[tuple[str, datetime]]
    people: list[tuple[str, str]]
    numbers: list[tuple[str, str]]
    versions: list[Wrote]


def source_of(one: Stored, versions: Iterable[Stored], writes: Iterable[Recorded]) -> Source:
    """The source of a resource out of itself, its versions (newest first) and what the ledger says of its writes."""
    plain = one.read()
    by_version = {each.version: each for each in writes}
    code = plain.get("code") or plain.get("medicationCodeableConcept") or plain.get("type") or {}
    code = code[0] if isinstance(code, list) else code
    period = plain.get("period", {})
    times = [*((name, plain.get(name, "")) for name in _TIMES), *((f"period.{side}", period[side]) for side in period)]
    numbers = plain.get("identifier", [])
    return Source(
        one.type,
        one.id,
        str(code.get("text") or (code.get("coding") or [{}])[0].get("display", "") or plain.get("description", "")),
        _value(plain),
        str(plain.get("status", "")),
        str(plain.get("meta", {}).get("source", "")),
        [(name, at) for name, text in times if isinstance(text, str) and (at := instant_of(text)) is not None],
        [pair for name in _PEOPLE for pair in _people(name, plain.get(name))],
        [
            (each.get("system", ""), each["value"])
            for each in (numbers if isinstance(numbers, list) else [numbers])
            if "value" in each and each.get("system") != systems.SOURCE_KEY
        ],
        [_wrote(each, by_version.get(each.version)) for each in versions],
    )


def _value(plain: Json) -> str:
    quantity = plain.get("valueQuantity", {})
    if quantity:
        return f"{quantity.get('comparator', '')}{quantity.get('value', '')} {quantity.get('unit', '')}".strip()
    concept = plain.get("valueCodeableConcept", {})
    return str(plain.get("valueString") or concept.get("text", "") or plain.get("conclusion", ""))


def _people(name: str, told: Any) -> list[tuple[str, str]]:
    people = told if isinstance(told, list) else [told] if isinstance(told, dict) else []
    found = [each.get("actor", each) for each in people]
    return [(name, each.get("display") or each.get("identifier", {}).get("value", "")) for each in found if each]


def _wrote(version: Stored, entry: Recorded | None) -> Wrote:
    return Wrote(
        version.version,
        version.updated_at,
        entry.actor if entry is not None else "",
        entry.role if entry is not None else "",
        entry.trace.strip("0") and entry.trace if entry is not None else "",
        version.deleted,
    )
