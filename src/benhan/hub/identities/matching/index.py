"""All faces of a hub in memory: who could be the person that a record tells of, best first.

About 260 bytes a face: 86 of the face itself, the rest its keys. Rows are added; a face that no longer counts is
forgotten, its row stays empty. Nothing here is written to a disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.explained import Reason, probability, reasons_of
from benhan.hub.identities.matching.faces import FACE, Faces, faces_of
from benhan.hub.identities.matching.judging import Thresholds, Verdict, verdicts_of
from benhan.hub.identities.matching.keys import key_of_record, keys_of
from benhan.hub.identities.matching.levels import Levels, levels_of
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.hub.identities.matching.postings import Postings
from benhan.hub.identities.matching.traits import Traits
from benhan.hub.identities.matching.weights import (
    Bits,
    Frequencies,
    Weights,
    bits_of,
    frequencies_of,
    shipped_weights,
)

Numbers = npt.NDArray[np.int64]

COUNTED_ANEW = 1.1
"""By how much the table grows until the frequencies of names are counted anew."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face that may be of the person asked for: its record, and the identity that the record was added with."""

    record: int
    identity: int
    bits: float
    verdict: Verdict
    levels: Levels
    weights: Bits

    @property
    def probability(self) -> float:
        return probability(self.bits)

    @property
    def reasons(self) -> list[Reason]:
        return reasons_of(self.levels, self.weights)


class Index:
    """Faces by record."""

    def __init__(self, weights: Weights | None = None, thresholds: Thresholds | None = None) -> None:
        self._weights = weights = weights or shipped_weights()
        self.thresholds = thresholds or Thresholds()
        self._bits = weights.bits()
        self._prior = np.float32(weights.prior_bits)
        self.parts = NameParts()
        self._postings = Postings()
        self._faces: Faces = np.zeros(1024, FACE)
        self._records = np.zeros(1024, np.int64)
        self._identities = np.zeros(1024, np.int64)
        self._count = self._forgotten = 0
        self._frequencies, self._counted = Frequencies(), 0

    def __len__(self) -> int:
        return self._count - self._forgotten

    def add(self, records: Sequence[int], identities: Sequence[int], traits: Sequence[Traits]) -> None:
        """Faces of records of identities, numbers above 0; a record that is known is told anew."""
        self.add_faces(np.array(records, np.int64), np.array(identities, np.int64), faces_of(traits, self.parts))

    def add_faces(self, records: Numbers, identities: Numbers, faces: Faces) -> None:
        """The same with faces made of this index's name parts."""
        self.forget(records)
        first, self._count = self._count, self._count + len(records)
        while self._count > len(self._faces):
            self._faces = np.concatenate([self._faces, np.zeros_like(self._faces)])
            self._records = np.concatenate([self._records, np.zeros_like(self._records)])
            self._identities = np.concatenate([self._identities, np.zeros_like(self._identities)])
        self._faces[first : self._count] = faces
        self._records[first : self._count] = records
        self._identities[first : self._count] = identities
        self._postings.add(np.column_stack([keys_of(faces), key_of_record(records)]), first)
        if self._count > self._counted * COUNTED_ANEW + 1000:
            self._frequencies = frequencies_of(self._faces[: self._count], self.parts)
            self._counted = self._count

    def forget(self, records: Numbers) -> None:
        """Nobody is found by the faces of these records any more."""
        rows = self._rows_of(records)
        self._records[rows] = 0
        self._faces[rows] = np.zeros((), FACE)
        self._forgotten += len(rows)

    def beside(self, records: Sequence[int], identities: Sequence[int], traits: Sequence[Traits]) -> Index:
        """A small index of other records that weighs as this one does."""
        found = Index(self._weights, self.thresholds)
        found.parts, found._frequencies, found._counted = self.parts, self._frequencies, self._count
        found.add(records, identities, traits)
        return found

    def _rows_of(self, records: Numbers) -> npt.NDArray[np.uint32]:
        if not self._count:
            return np.zeros(0, np.uint32)
        who, rows = self._postings.find(key_of_record(records)[:, None])
        own: npt.NDArray[np.uint32] = rows[self._records[rows] == records[who]]
        return own

    def find(self, asked: Sequence[Traits], limit: int = 20) -> list[list[Candidate]]:
        """For each record asked about the faces that share a key with it and are not OTHER, the likeliest first."""
        if not asked:
            return []
        mine = faces_of(asked, self.parts)
        who, rows = self._postings.find(keys_of(mine))
        is_known = self._records[rows] != 0
        who, rows = who[is_known], rows[is_known]
        ours, theirs = mine[who], self._faces[rows]
        levels = levels_of(ours, theirs, self.parts)
        weights = bits_of(levels, self._bits, self._frequencies, self.parts, ours, theirs)
        bits = weights.sum(axis=1) + self._prior
        verdicts = verdicts_of(levels, bits, self.thresholds)
        found: list[list[Candidate]] = [[] for _ in asked]
        likely = np.flatnonzero(verdicts != Verdict.OTHER)
        for place in likely[np.argsort(-bits[likely], kind="stable")].tolist():
            of_one = found[who[place]]
            if len(of_one) < limit:
                of_one.append(
                    Candidate(
                        int(self._records[rows[place]]),
                        int(self._identities[rows[place]]),
                        float(bits[place]),
                        Verdict(int(verdicts[place])),
                        levels[place],
                        weights[place],
                    )
                )
        return found
