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


def _kind(row: dict[str, Any]) -> SecrecyKind:
    labels = tuple((system, code) for system, _, code in (each.rpartition("|") for each in row["labels"]))
    told, clause = row["told_to_patient"], row["clause"]
    return SecrecyKind(row["id"], Text(row["vi"], row["en"]), labels, row["confidentiality"], told, clause)
