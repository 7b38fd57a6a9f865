"""The catalogues that are shipped: the Ministry's closed lists whole, the parts a synthetic country needs of others.

Source: `data/README.md`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head
from benhan.vn.catalogues.faults import NO_CATALOGUE
from benhan.vn.places.units import Place, provinces_ever, wards_ever

_DATA = Path(__file__).parent / "data"
_URLS = {
    "ICD10": systems.ICD10,
    "DANTOC": systems.ETHNIC_GROUP,
    "NGHENGHIEP": systems.OCCUPATION,
    "MA_KHOA": systems.DEPARTMENT,
}
_OF_ITS_OWN = ("ICD10", "THUOC", "DICH_VU", "TUONG_TAC", "NHOM_DI_UNG")
_DAYS = ("since", "until")
_UNITS = {"TINH": provinces_ever, "XA": wards_ever}


def catalogue(name: str) -> Catalogue:
    """The shipped catalogue of a name (`MA_LOAI_KCB`), empty where its rows are the hospital's to load.

    Raises NotFound BA-3300 for a name that is not known.
    """
    found = _catalogue(name)
    if found is None:
        raise NO_CATALOGUE(name=name)
    return found


def names() -> tuple[str, ...]:
    """The names of all shipped catalogues, in order."""
    return tuple(_heads())


def head_of(name: str) -> Head:
    """The head of a shipped catalogue, or of a list of the hospital's own with this name."""
    known = _heads().get(name)
    if known is not None:
        return known
    return Head(name, url_of(name), Text(name, name), "", Content.WHOLE)


def url_of(name: str) -> str:
    """The address of a catalogue as a code system."""
    return _URLS.get(name) or f"urn:benhan:code:{name.lower().replace('_', '-').replace('.', '-')}"


@cache
def name_of(url: str) -> str:
    """The name of the shipped catalogue with this address, or ""."""
    return next((name for name, head in _heads().items() if head.url == url), "")


@cache
def _catalogue(name: str) -> Catalogue | None:
    head = _heads().get(name)
    if head is None:
        return None
    if name in _UNITS:
        return Catalogue(head, tuple(_of_unit(each) for names in _UNITS[name]().values() for each in names))
    if name in _OF_ITS_OWN:
        return Catalogue(head, tuple(_entry(row, "code", "display") for row in _rows(name)))
    return Catalogue(head, _entries().get(name, ()))


@cache
def _heads() -> dict[str, Head]:
    return {
        row["name"]: Head(
            row["name"], url_of(row["name"]), Text(row["vi"], row["en"]), row["source"], Content(row["content"])
        )
        for row in _rows("lists")
    }


@cache
def _entries() -> dict[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = {}
    for row in _rows("entries"):
        found.setdefault(row.pop("list"), []).append(_entry(row, "code", "vi"))
    return {name: tuple(entries) for name, entries in found.items()}


def _entry(row: dict[str, str], code: str, display: str) -> Entry:
    since, until = (date.fromisoformat(row[name]) if row.get(name) else None for name in _DAYS)
    further = {name: cell for name, cell in row.items() if cell and name not in (code, display, *_DAYS)}
    return Entry(row[code], row[display], since, until, further)


def _of_unit(place: Place) -> Entry:
    further = {"parent_unit": place.parent} if place.parent else {}
    return Entry(place.code, place.full_name, place.since, place.until, further)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
