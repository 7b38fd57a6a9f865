"""Merkle trees over hashes, in constant memory. Source: RFC 9162 (Certificate Transparency 2.0), 2.1."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(value: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + value).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """Takes leaves one by one; knows the root of those it has, and the path of the one it was told to watch."""

    def __init__(self, watched: int | None = None) -> None:
        self.size = 0
        self._watched = watched
        self._stack: list[tuple[int, int, bytes]] = []  # height, first leaf, hash; full subtrees, largest first
        self._path: list[bytes] = []

    def add(self, value: bytes) -> None:
        """Append a leaf."""
        height, first, node = 0, self.size, leaf_hash(value)
        self.size += 1
        while self._stack and self._stack[-1][0] == height:
            _, left_first, left = self._stack.pop()
            self._watch(left_first, left, first, node, self.size)
            height, first, node = height + 1, left_first, node_hash(left, node)
        self._stack.append((height, first, node))

    def root(self) -> bytes:
        """The tree's hash; that of the empty string for no leaves."""
        return self._folded()[0]

    def path(self) -> list[bytes]:
        """The inclusion proof of the watched leaf, from its sibling up; the tree is complete then."""
        assert self._watched is not None
        assert self._watched < self.size
        return self._path + self._folded()[1]

    def _folded(self) -> tuple[bytes, list[bytes]]:
        if not self._stack:
            return hashlib.sha256(b"").digest(), []
        _, first, node = self._stack[-1]
        path: list[bytes] = []
        for _, left_first, left in reversed(self._stack[:-1]):
            path += self._sibling(left_first, left, first, node, self.size)
            first, node = left_first, node_hash(left, node)
        return node, path

    def _watch(self, left_first: int, left: bytes, first: int, node: bytes, end: int) -> None:
        self._path += self._sibling(left_first, left, first, node, end)

    def _sibling(self, left_first: int, left: bytes, first: int, node: bytes, end: int) -> list[bytes]:
        if self._watched is None or not left_first <= self._watched < end:
            return []
        return [node] if self._watched < first else [left]


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that `path` leads to from leaf number `index` of `size`; None where the path does not fit the tree."""
    if not 0 <= index < size:
        return None
    node, place, last = leaf_hash(leaf), index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return node if last == 0 else None
