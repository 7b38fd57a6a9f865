"""What an actor is limited to, as data: the store compiles it into its SQL.

Source: SMART App Launch 2.2, scopes v2 (c create, r read, u update, d delete, s search).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

EVERY_TYPE = "*"


class Act(Enum):
    """What is done with resources of a type; its history of versions is read, that of a type is searched."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


@dataclass(frozen=True, slots=True)
class Rule:
    """Leave to do `acts` with the resources of `type` (EVERY_TYPE: of all).

    `patient` is the logical id of the one Patient in whose compartment they must be, "" for any. `criteria` are search
    parameters of the type that they must satisfy, all of them.
    """

    type: str
    acts: frozenset[Act]
    patient: str = ""
    criteria: tuple[tuple[str, str], ...] = ()

    def grants(self, type_: str, act: Act) -> bool:
        """Whether the rule gives leave to do `act` with some resources of `type_`."""
        return act in self.acts and self.type in (type_, EVERY_TYPE)
