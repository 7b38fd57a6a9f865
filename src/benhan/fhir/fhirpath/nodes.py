"""What a FHIRPath expression is made of, as the parser gives it. Source: FHIRPath 2.0.0, grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a system value, or nothing (`{}`)."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index`, `$total`."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """An element by name; `source` None at the beginning of an expression."""

    source: Node | None
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function; `source` None at the beginning of an expression."""

    source: Node | None
    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    """`source[index]`."""

    source: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Sign:
    """`+operand` or `-operand`."""

    sign: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """A binary operator."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is Type` and `operand as Type`; `namespace` "" where none was written."""

    operator: str
    operand: Node
    namespace: str
    name: str


Node = Literal | Variable | Special | Member | Call | Index | Sign | Operation | TypeTest
