"""The evidence record of a file: its way up the tree, and every time-stamp over it. Source: RFC 4998, 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benhan.node.evidence.faults import NO_EVIDENCE_YET
from benhan.node.evidence.rows import EvidenceRows, Leaf, LinkRow
from benhan.signing.evidence import Tree, joined, tree_of
from benhan.signing.evidence_format import ArchiveStamp, record_to_bytes


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain as it is kept: its tree, which leaf is where in it, and its time-stamps with the trees they are over."""

    digest: str
    tree: Tree
    places: dict[bytes, int]
    stamps: tuple[tuple[LinkRow, Tree, int], ...]

    def of(self, content_hash: bytes) -> list[ArchiveStamp]:
        """The time-stamps of a file; none where it is in this chain no more."""
        if content_hash not in self.places:
            return []
        own = self.tree.way(self.places[content_hash])
        found = []
        for number, (link, above, place) in enumerate(self.stamps):
            way = above.way(place)
            is_alone = number > 0 and way == ((above.root,),)
            found.append(ArchiveStamp(joined(own, way) if number == 0 else () if is_alone else way, link.token))
        return found


@dataclass(frozen=True, slots=True)
class Proofs:
    """All that proves the files of one tree."""

    chains: tuple[_Chain, ...]

    def stamps_of(self, content_hash: bytes) -> list[list[ArchiveStamp]]:
        """The chains of a file by its SHA-256, up to the first that no time-stamp proves; [] where there is none."""
        found = []
        for chain in self.chains:
            stamps = chain.of(content_hash)
            if not stamps:
                break
            found.append(stamps)
        return found

    def record(self, content_hash: bytes) -> bytes:
        """The evidence record of a file as DER. Raises NotFound BA-5480."""
        chains = self.stamps_of(content_hash)
        if not chains:
            raise NO_EVIDENCE_YET()
        return record_to_bytes(chains, [each.digest for each in self.chains[: len(chains)]])


async def proofs_of(rows: EvidenceRows, tree: int) -> Proofs:
    """What proves the files of a tree."""
    leaves, links = await rows.leaves_of(tree), await rows.links_of(tree)
    above: dict[int, list[bytes]] = {each.stamp: await rows.below(each.stamp) for each in links}
    chains = []
    for chain in await rows.chains_of(tree):
        own = leaves.get(chain.chain, [])
        stamps = tuple(
            (link, tree_of(above[link.stamp], chain.digest), link.place) for link in links if link.chain == chain.chain
        )
        chains.append(_Chain(chain.digest, _tree(own, chain.digest), _places(own), stamps))
    return Proofs(tuple(chains))


def _tree(leaves: Sequence[Leaf], digest: str) -> Tree:
    return tree_of([each.leaf_hash for each in leaves], digest)


def _places(leaves: Sequence[Leaf]) -> dict[bytes, int]:
    return {each.content_hash: place for place, each in enumerate(leaves)}
