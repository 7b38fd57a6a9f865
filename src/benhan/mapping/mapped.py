"""What a message becomes: resources with names of their own, to be matched with what is there or made anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from benhan.kernel.clock import OFFSET
from benhan.vn.systems import SOURCE_KEY

Json = dict[str, Any]
IdentifierKey = tuple[str, str]
"""System and value."""


class Policy(Enum):
    """What happens where the resource is there already."""

    KEEP = "keep"  # what is there is richer: leave it
    FILL = "fill"  # what is there stays; what it lacks is added, and an order that is answered ends
    FIND = "find"  # the same where it is there; where it is not, it is not made and nothing names it
    MERGE = "merge"  # what is sent replaces, what is not sent stays
    REPLACE = "replace"  # what is sent is the whole


@dataclass(slots=True)
class Mapped:
    """One resource: `identities` find it in the store, most telling first; others refer to it by `reference`."""

    key: str
    resource: Json
    identities: list[IdentifierKey]
    policy: Policy = Policy.REPLACE

    @property
    def reference(self) -> Json:
        """A reference to it, to be made real when its id is known."""
        return {"reference": f"urn:mapped:{self.key}"}


@dataclass(slots=True)
class MappedMessage:
    """Everything a message says, patient first; each resource stands after those it refers to, but for an Encounter,
    which may name Conditions that come after it."""

    resources: list[Mapped] = field(default_factory=list)

    def add(self, mapped: Mapped) -> Mapped:
        self.resources.append(mapped)
        return mapped

    @property
    def patient(self) -> Mapped:
        return self.resources[0]


@dataclass(frozen=True, slots=True)
class Context:
    """What the message does not say: the facility that receives it, its time zone, its name."""

    facility: str
    zone: str = OFFSET
    facility_name: str = ""


def source_key(*parts: str) -> IdentifierKey:
    """The identity of a thing by what its sender calls it; a digest, since the parts may be personal."""
    digest = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return SOURCE_KEY, digest


def identifier(key: IdentifierKey) -> Json:
    """The FHIR Identifier of a key."""
    return {"system": key[0], "value": key[1]}


def without_empty(content: Json) -> Json:
    """`content` without members that are None, "", [] or {}."""
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}
