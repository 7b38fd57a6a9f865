"""What an exchange may rest on, as data: consent, or a basis of law with its clause. Source: data/README.md."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from benhan.kernel.texts import Text

CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A basis: its clause, the purposes it is good for, whether a refusal ends it, whether a reason must be given.

    `secrets` are the kinds of special secrecy that it opens by itself.
    """

    id: str
    name: Text
    clause: str
    purposes: frozenset[str]
    is_refusable: bool
    needs_note: bool
    secrets: frozenset[str]
    is_enabled: bool


@cache
def legal_bases() -> dict[str, LegalBasis]:
    """All bases by their id."""
    data = tomllib.loads(resources.files(__package__).joinpath("data", "bases.toml").read_text(encoding="utf-8"))
    return {
        row["id"]: LegalBasis(
            row["id"],
            Text(row["vi"], row["en"]),
            row["clause"],
            frozenset(row["purposes"]),
            row["refusable"],
            row["note"],
            frozenset(row["secrets"]),
            row["enabled"],
        )
        for row in data["basis"]
    }
