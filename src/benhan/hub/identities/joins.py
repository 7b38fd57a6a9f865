"""Which identities were found to be one person: a forest of joins, each of which can be taken back by itself.

Nothing that refers to an identity is ever rewritten: a reference leads to the identity it names, and from there to the
one that stands for the person now. So taking a join back restores every reference exactly, and in any order.
"""

from __future__ import annotations

from collections.abc import Iterable

from benhan.hub.identities.faults import NOT_JOINED, ONE_ALREADY


class Joins:
    """`into` of each joined identity: the one it was joined to."""

    def __init__(self) -> None:
        self.into: dict[int, int] = {}
        self._from: dict[int, set[int]] = {}

    def root(self, identity: int) -> int:
        """The identity that stands for the person."""
        while (next_ := self.into.get(identity)) is not None:
            identity = next_
        return identity

    def family(self, identity: int) -> list[int]:
        """All identities that are one person with this one, itself among them, sorted."""
        found = {self.root(identity)}
        new = list(found)
        while new:
            new = [each for one in new for each in self._from.get(one, ()) if each not in found]
            found.update(new)
        return sorted(found)

    def joinable(self, one: int, other: int) -> tuple[int, int]:
        """Who is to be joined to whom so that two are one person; the person of `other` stays.

        Raises Conflict BA-6103 where they are one already.
        """
        gone, kept = self.root(one), self.root(other)
        if gone == kept:
            raise ONE_ALREADY()
        return gone, kept

    def partable(self, identity: int) -> int:
        """What an identity is joined to. Raises Conflict BA-6104 where it is joined to nothing."""
        kept = self.into.get(identity)
        if kept is None:
            raise NOT_JOINED()
        return kept

    def put(self, identity: int, into: int) -> None:
        """An identity is joined to another; 0: it stands for itself."""
        before = self.into.pop(identity, None)
        if before is not None:
            self._from[before].discard(identity)
        if into:
            self.into[identity] = into
            self._from.setdefault(into, set()).add(identity)

    def roots(self, identities: Iterable[int]) -> set[int]:
        """The persons that identities are."""
        return {self.root(each) for each in identities}
