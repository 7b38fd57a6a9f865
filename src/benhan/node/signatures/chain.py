"""Which signatures a paper needs, in which order: the hospital's rule as data. `chain.toml` is the usual one.

Source: TT 32/2023/TT-BYT (who signs a form stands on the form); Luật Giao dịch điện tử 2023 Đ23 k3 (documents of the
organisation carry its signature); the order is each hospital's own rule.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from benhan.node.signatures.faults import BAD_CHAINS

Duty = Literal["author", "nurse", "doctor", "head", "records", "organisation", "patient"]
LATE_H = 24


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The turns of a kind of paper, and after how many hours a signature is late."""

    forms: tuple[str, ...]
    turns: tuple[tuple[Duty, ...], ...]
    late_h: int = LATE_H

    def takes(self, form: str) -> bool:
        return any(fnmatchcase(form, pattern) for pattern in self.forms)


class Chains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All chains, the first that fits counts."""

    chain: tuple[Chain, ...]

    def of(self, form: str) -> Chain | None:
        """The chain of a form by its number; None where it needs no signature."""
        found = next((each for each in self.chain if each.takes(form)), None)
        return found if found is not None and found.turns else None


@cache
def usual_chains() -> Chains:
    """The chains that are shipped."""
    return read_chains(Path(__file__).with_name("chain.toml"))


def read_chains(path: Path) -> Chains:
    """The chains in a file. Raises Incorrect BA-5108."""
    try:
        chains = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Chains)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as cause:
        raise BAD_CHAINS(file=path.name, reason=str(cause)) from cause
    if any(not turn for each in chains.chain for turn in each.turns):
        raise BAD_CHAINS(file=path.name, reason="turns: lượt trống (a turn without anybody)")
    return chains
