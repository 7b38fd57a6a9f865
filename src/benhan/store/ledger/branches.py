"""A day's tree in stretches of 256 leaves, so that a proof reads one stretch and what is beside it.

In the tree of RFC 9162 a full stretch of a power of two that begins at a multiple of it is one node, whatever comes
behind; the last, shorter stretch is the tree of its own leaves. Source: RFC 9162, 2.1.1, 2.1.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from benhan.store.ledger.merkle import MerkleTree, node_hash

STRETCH = 256


class Branches:
    """Takes the leaves of a day in order; knows the node of each stretch."""

    def __init__(self, stretch: int = STRETCH) -> None:
        self._stretch = stretch
        self.nodes: list[bytes] = []
        self._tree = MerkleTree()

    def add(self, value: bytes) -> None:
        """Append a leaf."""
        self._tree.add(value)
        if self._tree.size == self._stretch:
            self._close()

    def end(self) -> list[bytes]:
        """The nodes, the last one of what is left."""
        if self._tree.size:
            self._close()
        return self.nodes

    def _close(self) -> None:
        self.nodes.append(self._tree.root())
        self._tree = MerkleTree()


def path_above(nodes: Sequence[bytes], place: int) -> tuple[list[bytes], bytes]:
    """What stands beside the way from stretch `place` up, from its sibling on, and the root of all `nodes`."""
    size = len(nodes)
    if size == 1:
        return [], nodes[0]
    split = 1
    while split * 2 < size:
        split *= 2
    if place < split:
        path, left = path_above(nodes[:split], place)
        right = path_above(nodes[split:], 0)[1]
        return [*path, right], node_hash(left, right)
    left = path_above(nodes[:split], 0)[1]
    path, right = path_above(nodes[split:], place - split)
    return [*path, left], node_hash(left, right)
