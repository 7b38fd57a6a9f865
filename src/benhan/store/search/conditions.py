"""SQL conditions with their parameters. Values never stand in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Parameters:
    """The parameters of one statement, numbered as they are added."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """`$n` of a value."""
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(slots=True)
class Conditions:
    """What the rows must satisfy.

    `tokens` holds alternatives: of each inner list at least one token must be there. `texts` are further conditions on
    the row `r`. `patient` is the compartment where it is known, `rids` the only resources where ids were asked for.
    `verify` are folded texts that the opened content must contain.
    """

    parameters: Parameters = field(default_factory=Parameters)
    tokens: list[list[int]] = field(default_factory=list)
    without: list[list[int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    patient: int | None = None
    rids: list[int] | None = None
    verify: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    impossible: bool = False
