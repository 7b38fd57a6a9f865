"""The kinds of special secrecy as data: by which security labels they are told, under which clause.

Source: data/README.md; FHIR R4 security-labels.html.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from benhan.kernel.texts import Text

Label = tuple[str, str]
"""System and code of a security label."""

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@dataclass(frozen=True, slots=True)
class SecrecyKind:
    """A kind: its name, the labels that mark it (the first is written), the confidentiality written beside it."""

    id: str
    name: Text
    labels: tuple[Label, ...]
    confidentiality: str
    told_to_patient: bool
    told_to_treating: bool
    clause: str

    @property
    def security(self) -> list[dict[str, str]]:
        """`meta.security` of a resource of this kind."""
        system, code = self.labels[0]
        return [{"system": system, "code": code}, {"system": CONFIDENTIALITY, "code": self.confidentiality}]


@cache
def secrecy_kinds() -> dict[str, SecrecyKind]:
    """All kinds by their id."""
    data = tomllib.loads(resources.files(__package__).joinpath("data", "kinds.toml").read_text(encoding="utf-8"))
    return {row["id"]: _kind(row) for row in data["kind"]}


@dataclass(frozen=True, slots=True)
class TellingCode:
    """Codes of a system that tell a kind by themselves: the code itself, and what is finer where a dot follows it."""

    kind: str
    system: str
    codes: tuple[str, ...]


@cache
def telling_codes() -> tuple[TellingCode, ...]:
    """The codes that make a resource one of a kind, whoever wrote it. Source: data/codes.toml."""
    data = tomllib.loads(resources.files(__package__).joinpath("data", "codes.toml").read_text(encoding="utf-8"))
    return tuple(TellingCode(row["kind"], row["system"], tuple(row["codes"])) for row in data["told"])


def has_label(resource: dict[str, Any], kind: SecrecyKind) -> bool:
    """Whether a resource bears one of the labels of a kind."""
    written = resource.get("meta", {}).get("security", ())
    return any((each.get("system", ""), each.get("code", "")) in kind.labels for each in written)


def labelled(resource: dict[str, Any], kind: SecrecyKind) -> dict[str, Any]:
    """The resource with the labels of a kind besides its own."""
    meta = dict(resource.get("meta", {}))
    there = [*meta.get("security", ())]
    meta["security"] = there + [each for each in kind.security if each not in there]
    return {**resource, "meta": meta}


def _kind(row: dict[str, Any]) -> SecrecyKind:
    labels = tuple((system, code) for system, _, code in (each.rpartition("|") for each in row["labels"]))
    told = row["told_to_patient"], row["told_to_treating"]
    return SecrecyKind(row["id"], Text(row["vi"], row["en"]), labels, row["confidentiality"], *told, row["clause"])
