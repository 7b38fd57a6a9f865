"""What a record looks like in FHIR: its Composition, with the papers by section.

Source: FHIR R4 composition.html; TT 32/2023/TT-BYT Đ52 k2 (time and author of every entry).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from benhan.fhir.resource import instant
from benhan.kernel.actors import Actor
from benhan.mapping.mapped import without_empty
from benhan.node.records.lifecycle import State
from benhan.node.records.models import Paper, Record
from benhan.node.records.order import Order
from benhan.vn import systems
from benhan.vn.forms.form import Form

Json = dict[str, Any]

ACCOUNT = "urn:benhan:id:tai-khoan"
"""The system of accounts that wrote something, where no Practitioner is known."""


def composition_of(
    record: Record,
    form: Form,
    papers: Sequence[Paper],
    order: Order,
    facility: tuple[str, str],
    subject: str,
    encounter: str,
    at: datetime,
    named: Mapping[str, str] = MappingProxyType({}),
) -> Json:
    """The Composition of a record; `facility` is code and name, `subject` and `encounter` are references; `named` are
    the references of papers whose ids their senders chose, by the one of their rid."""
    sections = []
    for section in order.section:
        here = [each for each in papers if each.section == section.key and not each.is_cancelled]
        if here:
            entries = [{"reference": named.get(each.reference, each.reference)} for each in here]
            sections.append({"title": section.vi, "code": {"text": section.key}, "entry": entries})
    author = {"identifier": {"system": systems.FACILITY_CODE, "value": facility[0]}, "display": facility[1]}
    number = {"system": systems.STORAGE_NUMBER, "value": record.storage_number} if record.storage_number else None
    return without_empty(
        {
            "resourceType": "Composition",
            "id": record.id if record.rid else None,
            "identifier": number,
            "status": _status(record),
            "type": {"coding": [{"system": systems.LOINC, "code": "34133-9"}], "text": form.name},
            "category": [{"text": form.number}],
            "subject": {"reference": subject},
            "encounter": {"reference": encounter},
            "date": instant(at),
            "author": [author],
            "title": form.name,
            "custodian": author,
            "section": sections,
        }
    )


def _status(record: Record) -> str:
    if record.is_cancelled:
        return "entered-in-error"
    return "final" if record.state.is_archived or record.state is State.SUBMITTED else "preliminary"


def author_of(actor: Actor) -> Json:
    """The reference to an actor by what never changes of it."""
    return {"identifier": {"system": ACCOUNT, "value": actor.id}}
