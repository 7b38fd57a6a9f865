from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.store.ledger.branches import Branches, path_above
from benhan.store.ledger.merkle import MerkleTree, leaf_hash, node_hash, root_of_path

# The tree of RFC 9162, 2.1.5 has seven leaves; these eight are the reference inputs of the CT implementations.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree_of(leaves: list[bytes], watched: int | None = None) -> MerkleTree:
    tree = MerkleTree(watched)
    for leaf in leaves:
        tree.add(leaf)
    return tree


def root_by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root_by_definition(leaves[:split]), root_by_definition(leaves[split:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert tree_of(INPUTS[:size]).root().hex() == ROOTS[size - 1]


def test_no_leaves_hash_like_the_empty_string() -> None:
    assert MerkleTree().root() == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 34), 64, 65])
def test_every_leaf_is_proven_at_its_place_and_at_no_other(size: int) -> None:
    leaves = [number.to_bytes(32, "big") for number in range(size)]
    root = root_by_definition(leaves)
    for place, leaf in enumerate(leaves):
        tree = tree_of(leaves, place)
        path = tree.path()
        assert tree.root() == root
        assert root_of_path(leaf, place, size, path) == root
        for other in (place - 1, place + 1, place + 2):
            if 0 <= other < size:
                assert root_of_path(leaf, other, size, path) != root


def test_a_path_that_is_too_long_or_too_short_proves_nothing() -> None:
    leaves = [bytes([number]) for number in range(6)]
    path = tree_of(leaves, 2).path()
    root = tree_of(leaves).root()
    assert root_of_path(leaves[2], 2, 6, path[:-1]) != root
    assert root_of_path(leaves[2], 2, 6, [*path, root]) is None
    assert root_of_path(leaves[2], 6, 6, path) is None
    assert root_of_path(leaves[2], -1, 6, path) is None


@given(
    size=st.integers(min_value=1, max_value=70), place=st.integers(min_value=0), stretch=st.sampled_from([1, 2, 4, 8])
)
def test_a_path_by_stretches_is_the_path_of_the_whole_tree(size: int, place: int, stretch: int) -> None:
    """RFC 9162, 2.1.3: a full stretch is one node of the whole, the last one the tree of its own leaves."""
    leaves = [bytes([number]) for number in range(size)]
    place %= size
    whole = MerkleTree(place)
    branches = Branches(stretch)
    for each in leaves:
        whole.add(each)
        branches.add(each)
    nodes = branches.end()
    first = place // stretch * stretch
    own = MerkleTree(place - first)
    for each in leaves[first : first + stretch]:
        own.add(each)
    above, root = path_above(nodes, place // stretch)
    assert root == whole.root()
    assert own.path() + above == whole.path()
