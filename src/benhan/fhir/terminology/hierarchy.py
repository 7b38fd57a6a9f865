"""The hierarchy of a code system: who is above whom. Cycles end where they began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Parents = Mapping[str, Sequence[str]]


def ancestors_of(code: str, parents: Parents) -> list[str]:
    """Every code above `code`, nearest first, without itself even where the hierarchy is a cycle."""
    return _reached(code, parents)


def children_of(parents: Parents) -> dict[str, list[str]]:
    """The hierarchy turned round: the codes right below each code."""
    found: dict[str, list[str]] = {}
    for code, above in parents.items():
        for each in above:
            found.setdefault(each, []).append(code)
    return found


def descendants_of(code: str, children: Parents) -> list[str]:
    """Every code below `code`, nearest first."""
    return _reached(code, children)


def _reached(code: str, next_: Parents) -> list[str]:
    seen: dict[str, None] = {}
    level: Iterable[str] = next_.get(code, ())
    while level:
        fresh = [each for each in dict.fromkeys(level) if each not in seen and each != code]
        seen.update(dict.fromkeys(fresh))
        level = [above for each in fresh for above in next_.get(each, ())]
    return list(seen)
