"""Scopes as people read them: what an app may see and do, one line each."""

from __future__ import annotations

from dataclasses import dataclass

from benhan.access.smart.scopes import OFFLINE, ONLINE, OPENID, Scopes
from benhan.kernel.limits import EVERY_TYPE, Act

_TOLD_WORDS = (OPENID, ONLINE, OFFLINE)
_ACTS = (("read", {Act.READ, Act.SEARCH}), ("create", {Act.CREATE}), ("update", {Act.UPDATE}), ("delete", {Act.DELETE}))


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """A line: keys of the catalogue for whose data, which, and what is done with them; how it is narrowed, as asked."""

    key: str
    type: str = ""
    acts: tuple[str, ...] = ()
    narrowed: str = ""

    @property
    def changes(self) -> bool:
        """Whether the app may change something by it."""
        return bool(set(self.acts) - {"read"})


def scope_lines(scopes: Scopes) -> list[ScopeLine]:
    """The lines of `scopes`: resources first, what changes something before what only reads."""
    lines = [
        ScopeLine(
            each.level.value,
            "every" if each.type == EVERY_TYPE else each.type,
            tuple(name for name, acts in _ACTS if acts & each.acts),
            ", ".join(f"{name} = {value}" for name, value in each.criteria),
        )
        for each in scopes.resources
    ]
    lines.sort(key=lambda line: not line.changes)
    return lines + [ScopeLine(word) for word in _TOLD_WORDS if word in scopes.words]
