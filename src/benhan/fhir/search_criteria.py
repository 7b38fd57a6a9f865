"""What a search asks for, as data: single criteria, chains, reverse chains, and what joins them.

Source: FHIR R4 search.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benhan.fhir.search_parameters import SearchParameter
from benhan.fhir.search_values import Value


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of the query: any of its values must match; a `modifier` changes how."""

    parameter: SearchParameter
    modifier: str
    values: tuple[Value, ...]

    @property
    def code(self) -> str:
        return self.parameter.code


@dataclass(frozen=True, slots=True)
class Chain:
    """`subject:Patient.name=…`: what the reference points to is one of the types and meets that type's criterion."""

    parameter: SearchParameter
    inner: tuple[tuple[str, Wanted], ...]

    @property
    def code(self) -> str:
        return self.parameter.code


@dataclass(frozen=True, slots=True)
class Has:
    """`_has:Observation:patient:code=…`: some resource of a type points here and meets a criterion."""

    type: str
    parameter: SearchParameter
    inner: Wanted

    @property
    def code(self) -> str:
        return "_has"


@dataclass(frozen=True, slots=True)
class FullText:
    """`_text` or `_content`: each value's words all stand in the narrative, or anywhere."""

    code: Literal["_text", "_content"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InList:
    """`_list`: the resource is an entry of one of these Lists."""

    ids: tuple[str, ...]

    @property
    def code(self) -> str:
        return "_list"


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts hold."""

    parts: tuple[Wanted, ...]
    code: str = "_filter"


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds."""

    parts: tuple[Wanted, ...]
    code: str = "_filter"


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold."""

    part: Wanted
    code: str = "_filter"


Wanted = Criterion | Chain | Has | FullText | InList | Both | Either | Negated
"""Anything that a resource either meets or not."""


@dataclass(frozen=True, slots=True)
class Include:
    """`_include=Type:parameter[:target]`, or `_revinclude` where `reverse`.

    `parameter` None stands for all of the type's, `type` "" for all types; `again`: also for what was included
    (`:iterate`).
    """

    type: str
    parameter: SearchParameter | None
    target: str
    reverse: bool = False
    again: bool = False
