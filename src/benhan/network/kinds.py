"""Kinds of data: what of a record may be asked for and consented to, as data. Source: data/README.md."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from benhan.kernel.texts import Text

OTHER = ""
"""What no kind holds is never exchanged."""


@dataclass(frozen=True, slots=True)
class DataKind:
    """A kind: its name, the types of resources it holds, the categories they must have (none: any)."""

    id: str
    name: Text
    types: frozenset[str]
    categories: frozenset[str]


@cache
def data_kinds() -> dict[str, DataKind]:
    """All kinds by their id; the first that holds a resource is its kind."""
    data = tomllib.loads(resources.files(__package__).joinpath("data", "kinds.toml").read_text(encoding="utf-8"))
    return {
        row["id"]: DataKind(
            row["id"], Text(row["vi"], row["en"]), frozenset(row["types"]), frozenset(row.get("categories", ()))
        )
        for row in data["kind"]
    }


def types_of(kinds: tuple[str, ...]) -> list[str]:
    """The types of resources that some kinds hold."""
    known = data_kinds()
    return sorted({type_ for kind in kinds if kind in known for type_ in known[kind].types})


def kind_of(resource: dict[str, Any]) -> str:
    """The kind of a resource; OTHER for what none holds."""
    codes = {
        str(coding.get("code", ""))
        for category in _several(resource.get("category"))
        for coding in _several(category.get("coding"))
    }
    for kind in data_kinds().values():
        if resource["resourceType"] not in kind.types:
            continue
        if not kind.categories or kind.categories & codes or resource["resourceType"] in ("ImagingStudy", "Media"):
            return kind.id
    return OTHER


def _several(value: Any) -> list[dict[str, Any]]:
    """What is written as one or as a list; a stranger's document may hold anything there."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
