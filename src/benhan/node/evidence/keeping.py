"""Evidence kept alive: a tree a day, a time-stamp over what has none, renewal of what will age, by as few as may be.

Each step is a transaction of its own and finds by the rows what is left, so that it may be stopped anywhere and taken
up again; of the trees below one time-stamp all or none are renewed. Source: RFC 4998, 5; Luật Giao dịch điện tử
20/2023/QH15 Đ13 (kept for later reference); requirement 131.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from asn1crypto import algos

from benhan.kernel.actors import system
from benhan.kernel.faults import NotFound
from benhan.kernel.logs import Log
from benhan.node.evidence.faults import NO_STRONGER_DIGEST
from benhan.node.evidence.proofs import proofs_of
from benhan.node.evidence.rows import (
    LEAVES_MAX,
    ChainRow,
    EvidenceRows,
    Kind,
    Leaf,
    Newest,
    Place,
    keep_chain,
    keep_stamp,
    keep_tree,
)
from benhan.node.signatures.models import SignedPaper
from benhan.signing.ageing import Ageing, Weakness, ageing_of
from benhan.signing.algorithms import AlgorithmPolicy, shipped_policy
from benhan.signing.batch import Services
from benhan.signing.certificates import DIGEST
from benhan.signing.cms import SignedCms
from benhan.signing.evidence import to_rehash, token_digest, tree_of
from benhan.signing.timestamps import DIGESTS
from benhan.store.blobs import Blobs
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.ledger.roots import DayRoot, end_of
from benhan.store.store import Store

log = Log("evidence")

ACTOR = system("evidence")
Tell = Callable[[int], None]


def quiet(_done: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is proven: trees, files, time-stamps; what waits; what is due, and what ages next."""

    trees: int
    leaves: int
    stamps: int
    unproven: int
    """Files below no tree yet: those of today, and of a day whose root is not signed."""
    unstamped: int
    """Trees that wait for a time-stamp."""
    due: dict[Weakness, int]
    """Trees whose proof is to be renewed by now, by what ages."""
    next: Ageing | None


@dataclass(frozen=True, slots=True)
class Digested:
    """What became of the files of the trees that were digested anew."""

    files: int = 0
    gone: int = 0
    """Destroyed, or replaced by a file with more signatures, which hangs below a later tree."""
    damaged: int = 0
    """Not what was signed any more: the tree before is the only one that tells."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run of the command did: new files, trees stamped, trees renewed, files digested anew."""

    gathered: int
    stamped: int
    renewed: int
    digested: Digested


class Evidence:
    """The evidence of one store. Without `services` nothing is stamped."""

    def __init__(self, store: Store, blobs: Blobs, services: Services | None) -> None:
        self._store = store
        self._blobs = blobs
        self._services = services
        self.rows = EvidenceRows(store.database)

    async def record_of(self, tree: int, content_hash: bytes) -> bytes:
        """The evidence record of a file below a tree, by its SHA-256. Raises NotFound BA-5480."""
        return (await proofs_of(self.rows, tree)).record(content_hash)

    async def of_files(self, files: Sequence[SignedPaper]) -> list[bytes]:
        """The evidence records of signed files; b"" where there is none yet. Each tree is read once."""
        trees = {each.evidence_tree for each in files if each.evidence_tree is not None}
        proofs = {tree: await proofs_of(self.rows, tree) for tree in sorted(trees)}
        return [
            proofs[each.evidence_tree].record(each.content_hash)
            if each.evidence_tree is not None and proofs[each.evidence_tree].stamps_of(each.content_hash)
            else b""
            for each in files
        ]

    async def standing(self) -> Standing:
        """How things stand by the policy of algorithms, at this moment."""
        now = self._store.clock.now()
        newest = await self.rows.newest()
        ageings = self._ageings(newest)
        due = {weakness: sum(each.by is weakness and each.is_due(now) for each in ageings) for weakness in Weakness}
        trees, leaves, stamps, unproven = await self.rows.counts()
        unstamped = len(await self.rows.unstamped())
        later = min((each for each in ageings if not each.is_due(now)), key=lambda each: each.at, default=None)
        return Standing(trees, leaves, stamps, unproven, unstamped, due, later)

    async def gather(self) -> int:
        """Make the tree of every day of the ledger that is over; gives how many leaves there are."""
        return sum([await self._gather(root) for root in await self.rows.new_roots()])

    async def stamp(self) -> int:
        """Put a time-stamp over every chain that has none; gives how many. Raises Unavailable while no server answers.

        All chains of one digest hang below one time-stamp.
        """
        waiting = await self.rows.unstamped()
        for digest in sorted({each.digest for each in waiting}):
            over = [(each.tree, each.chain, 0, each.root) for each in waiting if each.digest == digest]
            await self._stamp(over, digest)
        return len(waiting)

    async def renew(self) -> int:
        """Put one more time-stamp over all whose time-stamp will age; gives how many trees that proves again.

        Raises Unavailable while no server answers.
        """
        now = self._store.clock.now()
        due = [each for each, ageing in self._aged(await self.rows.newest()) if ageing.by is Weakness.CERTIFICATE
               and ageing.is_due(now)]  # fmt: skip
        for digest in sorted({each.digest for each in due}):
            over = [(each.tree, each.chain, each.number + 1, token_digest(each.token)) for each in due
                    if each.digest == digest]  # fmt: skip
            await self._stamp(over, digest)
        return len(due)

    async def to_digest(self) -> list[Newest]:
        """The trees whose digest will age, and that have no chain under another yet."""
        now = self._store.clock.now()
        aged = self._aged(await self.rows.newest())
        return [each for each, ageing in aged if ageing.by is Weakness.DIGEST and ageing.is_due(now)]

    async def digest_anew(self, tell: Tell = quiet) -> Digested:
        """Digest every file below trees whose digest will age by a stronger one; a tree at a time, then one stamp.

        Stopped anywhere, it goes on with the next tree. Raises Unsupported BA-5481, Unavailable as `stamp`.
        """
        total = Digested()
        due = await self.to_digest()
        digest = self._stronger() if due else DIGEST
        for done, each in enumerate(due, 1):
            found = await self._digest_anew(each, digest)
            total = Digested(total.files + found.files, total.gone + found.gone, total.damaged + found.damaged)
            tell(done)
        await self.stamp()
        return total

    async def _gather(self, root: DayRoot) -> int:
        content = root.signed_bytes()
        digest = hashlib.sha256(content).digest()
        first = [Leaf(0, 0, 0, 0, None, Kind.ROOT, digest, digest)]
        count = 0
        while True:
            papers = await self.rows.new_papers(end_of(root.day))
            taken = await self._confirmations(end_of(root.day))
            leaves = [replace(each, place=place) for place, each in enumerate([*first, *papers, *taken])]
            if not leaves:
                return count
            await self._keep(root.day, leaves)
            count, first = count + len(leaves), []
            if len(papers) < LEAVES_MAX and len(taken) < LEAVES_MAX:
                return count

    async def _confirmations(self, before: datetime) -> list[Leaf]:
        found = []
        for row in await self.rows.new_confirmations(before):
            for kind, address in ((Kind.CONFIRMATION, row["evidence"]), (Kind.SIGNATURE, row["signature"])):
                digest = hashlib.sha256(await self._bytes(address, row["patient"])).digest()
                found.append(
                    Leaf(row["bucket"], row["record"], row["number"], row["version"], row["confirmed_at"], kind,
                         digest, digest)
                )  # fmt: skip
        return found

    async def _keep(self, day: date, leaves: Sequence[Leaf]) -> None:
        tree = tree_of([each.leaf_hash for each in leaves])
        unit = self._store.begin(ACTOR)

        async def keep(connection: Connection) -> None:
            number = await keep_tree(connection, unit.at, day, leaves)
            await keep_chain(connection, unit.at, ChainRow(number, 0, DIGEST, tree.root), leaves)

        unit.also(keep)
        unit.record(Event.EVIDENCE_MAKE, day=day.isoformat(), count=len(leaves), root=tree.root.hex())
        await self._store.commit(unit)

    async def _stamp(self, over: Sequence[tuple[int, int, int, bytes]], digest: str) -> None:
        """One time-stamp over the roots or time-stamps of many trees: each digest once, in order."""
        assert self._services is not None, "nothing is stamped without services"
        leaves = list(dict.fromkeys(each for *_, each in over))
        above = tree_of(leaves, digest)
        token = await self._services.stamp(above.root)
        now = self._store.clock.now()
        token = SignedCms(token, b"").with_status(await self._services.server_status(token, now)).der
        numbers = {each: place for place, each in enumerate(leaves)}
        places = [Place(tree, chain, number, numbers[each], each) for tree, chain, number, each in over]
        unit = self._store.begin(ACTOR)

        async def keep(connection: Connection) -> None:
            await keep_stamp(connection, unit.at, token, places)

        unit.also(keep)
        unit.record(Event.EVIDENCE_STAMP, count=len(places))
        await self._store.commit(unit)

    async def _digest_anew(self, newest: Newest, digest: str) -> Digested:
        proofs = await proofs_of(self.rows, newest.tree)
        leaves, found = (await self.rows.leaves_of(newest.tree)).get(newest.chain, []), []
        gone = damaged = 0
        for leaf in leaves:
            content = await self._content(newest.tree, leaf)
            if content is None:
                gone += 1
            elif hashlib.sha256(content).digest() != leaf.content_hash:
                damaged += 1
                log.warning("evidence.damaged", count=damaged)
            else:
                chains = proofs.stamps_of(leaf.content_hash)
                value = to_rehash(chains, hashlib.new(digest, content).digest(), digest)
                found.append(replace(leaf, leaf_hash=value))
        assert found, "the ledger's root is always there"
        root = tree_of([each.leaf_hash for each in found], digest).root
        chain = ChainRow(newest.tree, newest.chain + 1, digest, root)
        unit = self._store.begin(ACTOR)

        async def keep(connection: Connection) -> None:
            await keep_chain(connection, unit.at, chain, found)

        unit.also(keep)
        unit.record(Event.EVIDENCE_DIGEST, tree=newest.tree, count=len(found), gone=gone, damaged=damaged)
        await self._store.commit(unit)
        return Digested(len(found), gone, damaged)

    async def _content(self, tree: int, leaf: Leaf) -> bytes | None:
        """The bytes of a leaf; None where they are there no more."""
        if leaf.kind is Kind.ROOT:
            root = await self.rows.root_of(tree)
            return root.signed_bytes() if root is not None else None
        address = await self.rows.address_of(leaf)
        if address is None:
            return None
        try:
            return await self._bytes(*address)
        except NotFound:  # the patient's key, or the file itself, was destroyed since
            return None

    async def _bytes(self, address: str, patient: int) -> bytes:
        return b"".join([piece async for piece in self._blobs.read(address, patient)])

    def _aged(self, newest: Sequence[Newest]) -> list[tuple[Newest, Ageing]]:
        policy = self._policy
        return [(each, ageing_of(each.token, policy)) for each in newest if each.token]

    def _ageings(self, newest: Sequence[Newest]) -> list[Ageing]:
        return [ageing for _, ageing in self._aged(newest)]

    @property
    def _policy(self) -> AlgorithmPolicy:
        return self._services.trust.algorithms if self._services is not None else shipped_policy()

    def _stronger(self) -> str:
        """The longest digest that is believed without an end in sight. Raises Unsupported BA-5481."""
        for name in sorted(DIGESTS.values(), reverse=True):
            if self._policy.digest_algorithm_allowed(algos.DigestAlgorithm({"algorithm": name}), None).allowed:
                return name
        raise NO_STRONGER_DIGEST()
