"""The table of functions. Each chapter of the specification adds its own when it is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Implementation = Callable[..., Any]
Declared = TypeVar("Declared", bound=Implementation)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how many arguments it takes, and whether they are collections or expressions run for each item.

    `implementation(env, items, *arguments)` gives a collection.
    """

    name: str
    low: int
    high: int
    implementation: Implementation
    is_lazy: bool


FUNCTIONS: dict[str, Function] = {}


def function(name: str, low: int = 0, high: int | None = None) -> Callable[[Declared], Declared]:
    """Declare a function whose arguments are collections, computed before it is called."""
    return _declared(name, low, high, is_lazy=False)


def lazy_function(name: str, low: int = 0, high: int | None = None) -> Callable[[Declared], Declared]:
    """Declare a function whose arguments are expressions that it runs itself, with the items as `$this`."""
    return _declared(name, low, high, is_lazy=True)


def _declared(name: str, low: int, high: int | None, *, is_lazy: bool) -> Callable[[Declared], Declared]:
    def declare(implementation: Declared) -> Declared:
        assert name not in FUNCTIONS, name
        FUNCTIONS[name] = Function(name, low, low if high is None else high, implementation, is_lazy)
        return implementation

    return declare
