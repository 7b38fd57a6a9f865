"""A whole record in its order: forms, results, images and scans, by section, as pages with a list of contents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.kernel.actors import Actor
from benhan.node.printing import papers_to_pdf
from benhan.node.records.content import is_taken_back
from benhan.node.records.files import CarriedFile, binaries_of, files_of
from benhan.node.records.laid_pages import PageOf, lay
from benhan.node.records.life import Opened, Records, sight_of
from benhan.node.records.sheets import sheets_of
from benhan.vn.forms.typeset import Leaf, Mark, OutlineItem

Json = dict[str, Any]

JOINED = ("DiagnosticReport", "DocumentReference")
"""What of an episode stands in its record whether or not somebody put it there."""


@dataclass(frozen=True, slots=True)
class Told:
    """A paper as it is read: its number (0: of the episode, in the record by nobody), name, section, content, files."""

    number: int
    name: str
    section: str
    resource: Json
    files: tuple[CarriedFile, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """The leaves of a record, and the pages that are laid onto the places in them."""

    leaves: list[Leaf]
    places: Mapping[str, PageOf]


async def papers_told(records: Records, opened: Opened, actor: Actor) -> list[Told]:
    """The papers of a record that are not cancelled, in the hospital's order, then what else its episode has of
    results and documents; but for what is kept from `actor`. Records no view: the caller does."""
    order = records.order
    there: list[tuple[int, str, Json]] = []
    for paper in opened.papers:
        stored = opened.stored.get(paper.reference)
        if stored is not None and not paper.is_cancelled:
            there.append((paper.number, paper.section, stored.read()))
    known = {_reference(each) for _, _, each in there}
    episode = await records.episode(opened, sight_of(actor))
    for each in episode.resources:
        if each["resourceType"] in JOINED and _reference(each) not in known and not is_taken_back(each):
            there.append((0, order.section_of("", each["resourceType"]), each))
    binaries = await _read(records, [name for _, _, each in there for name in binaries_of(each)], actor)
    forms = {each.number: records.forms.by_key(each.form).name for each in opened.papers if each.form}
    told = [
        Told(number, forms.get(number) or title_of(each), section, each, tuple(files_of(each, binaries)))
        for number, section, each in there
    ]
    return sorted(told, key=lambda each: (order.place(each.section), each.number == 0, each.number))


async def volume_of(records: Records, opened: Opened, actor: Actor) -> Volume:
    """A record as leaves; those of one section follow each other under its name."""
    papers = await papers_told(records, opened, actor)
    filled = {each.paper.number: each for each in records.filled(opened)}
    results = [str(link.get("reference", "")) for each in papers for link in each.resource.get("result", [])]
    resources = await _read(records, results, actor)
    leaves: list[Leaf] = []
    places: dict[str, PageOf] = {}
    section = ""
    for place, each in enumerate(papers):
        if each.section != section:
            section = each.section
            titles = (one.vi for one in records.order.section if one.key == section)
            leaves.append(OutlineItem(1, next(titles, section)))
        leaves.append(OutlineItem(2, each.name))
        form = filled.get(each.number)
        if each.number and form is not None:
            leaves.append((form.form, form.answers))
            continue
        sheets = await asyncio.to_thread(sheets_of, each.name, place, each.resource, resources, each.files)
        leaves += sheets.sheets
        places.update(sheets.places)
    return Volume(leaves, places)


def volume_to_pdf(volume: Volume, printed_at: datetime, mark: Mark | None = None) -> bytes:
    """The volume as one PDF: PDF/A-2b where nothing of other PDFs is laid into it, which may be of any kind."""
    if not volume.places:
        return papers_to_pdf(volume.leaves, printed_at, mark)
    return lay(papers_to_pdf(volume.leaves, printed_at, mark, is_archival=False), volume.places)


def title_of(resource: Json) -> str:
    """What a resource is called: by its code, its type of document, or its own type."""
    concepts: Sequence[Any] = [resource.get(name, {}) for name in ("code", "type", "category") if resource.get(name)]
    for each in concepts:
        told = each[0] if isinstance(each, list) else each
        words = told.get("text") or next((one["display"] for one in told.get("coding", []) if one.get("display")), "")
        if words:
            return str(words)
    return str(resource.get("description") or resource["resourceType"])


async def _read(records: Records, references: Sequence[str], actor: Actor) -> dict[str, Json]:
    """Those of the references that are there for the actor."""
    wanted = sorted({each for each in references if each.count("/") == 1})
    pairs = [(type_, id_) for type_, _, id_ in (each.partition("/") for each in wanted)]
    found = await records.store.resources.read_many(pairs, sight_of(actor)) if pairs else []
    return {reference: each.read() for reference, each in zip(wanted, found, strict=True) if each and not each.deleted}


def _reference(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
