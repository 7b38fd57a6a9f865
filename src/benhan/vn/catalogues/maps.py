"""From a code of one list to that of another: shipped maps, and a hospital's own codes to the Ministry's.

Where lists do not cut the world at the same places the map says so: `wider` or `narrower`, and may give several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal, NamedTuple

from benhan.vn.catalogues.catalogue import Catalogue, Entry

Equivalence = Literal["equivalent", "wider", "narrower", "inexact"]
"""How the target relates to the source. Source: FHIR R4 concept-map-equivalence."""

MINISTRY = "ministry"
"""The property of a local row that tells the Ministry's code."""


class Target(NamedTuple):
    """A code of the other list, and how near it comes."""

    code: str
    equivalence: Equivalence = "equivalent"


@dataclass(frozen=True, slots=True)
class CodeMap:
    """A map between two lists, by their names."""

    source: str
    target: str
    targets: Mapping[str, tuple[Target, ...]]
    origin: str

    def of(self, code: str) -> tuple[Target, ...]:
        """The codes that `code` means in the other list; none where none does."""
        return self.targets.get(code, ())


def local_map(local: Catalogue, on: date) -> CodeMap:
    """The map of a hospital's list to the Ministry's list that its head names, of the rows of a day."""
    targets = {each.code: (Target(each.properties[MINISTRY]),) for each in local.on(on).values() if _is_mapped(each)}
    return CodeMap(local.head.name, local.head.maps_to, targets, local.head.source)


def unmapped(local: Catalogue, on: date) -> list[Entry]:
    """The rows of a day that tell no code of the Ministry."""
    return [each for each in local.on(on).values() if not _is_mapped(each)]


def _is_mapped(entry: Entry) -> bool:
    return bool(entry.properties.get(MINISTRY))


@cache
def shipped_maps() -> tuple[CodeMap, ...]:
    """Every shipped map."""
    occupations: dict[str, tuple[Target, ...]] = {
        "06": tuple(Target(code, "narrower") for code in ("01", "02", "03")),
        "09": tuple(Target(code, "narrower") for code in ("22", "32")),
        "05": tuple(Target(code, "narrower") for code in ("61", "62", "63", "92")),
        "10": tuple(Target(code, "narrower") for code in ("51", "52", "53", "54")),
        "99": (Target("00", "inexact"),),
    }
    origin = "ours: QĐ 4069/2001/QĐ-BYT and QĐ 34/2020/QĐ-TTg side by side"
    return (CodeMap("NGHENGHIEP_4069", "NGHENGHIEP", occupations, origin),)


def code_map(source: str, target: str) -> CodeMap | None:
    """The shipped map from one list to another, or None."""
    return next((each for each in shipped_maps() if (each.source, each.target) == (source, target)), None)
