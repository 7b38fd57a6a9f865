"""Weights out of the data, clusters out of pairs, and a weight in words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hub.identities.people import records

from benhan.hub.identities.matching.bulk import deduplicated
from benhan.hub.identities.matching.clusters import clusters_of
from benhan.hub.identities.matching.explained import LEVEL_WORDS, probability, reasons_of
from benhan.hub.identities.matching.faces import faces_of
from benhan.hub.identities.matching.levels import FIELDS, levels_of
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.hub.identities.matching.weights import Frequencies, Weights, bits_of, shipped_weights


def test_a_poor_first_guess_is_mended_by_the_data() -> None:
    told, _ = records(11, 3_000)
    shipped = shipped_weights()
    half = {name: tuple((np.array(shipped.m[name]) + np.array(shipped.u[name])) / 2) for name in FIELDS}
    found = deduplicated(told, Weights(half, shipped.u, 0.5)).weights
    assert found.bits()["citizen"][3] > Weights(half, shipped.u, 0.5).bits()["citizen"][3]
    assert found.bits()["birth"][0] < -2  # another date of birth speaks against


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_whoever_is_linked_is_one_person_and_nobody_else(pairs: list[tuple[int, int]]) -> None:
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    first, second = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    found = clusters_of(31, first, second, np.ones(len(pairs), np.float32), np.zeros(31, np.int64))
    groups = {row: {row} for row in range(31)}
    for one, other in pairs:
        if groups[one] is not groups[other]:
            groups[one] |= groups[other]
            for row in groups[other]:
                groups[row] = groups[one]
    assert found.tolist() == [min(groups[row]) for row in range(31)]


def test_a_chain_between_two_citizen_numbers_is_cut_at_its_weakest() -> None:
    first, second = np.array([0, 1, 2]), np.array([1, 2, 3])
    bits = np.array([20, 3, 20], np.float32)
    found = clusters_of(4, first, second, bits, np.array([111, 0, 0, 222]))
    assert found.tolist() == [0, 0, 2, 2]


def test_a_number_mistyped_within_a_pair_joins_it() -> None:
    found = clusters_of(2, np.array([0]), np.array([1]), np.array([9], np.float32), np.array([111, 112]))
    assert found.tolist() == [0, 0]


def test_every_level_has_words_in_both_languages() -> None:
    assert {level for levels in FIELDS.values() for level in levels} <= set(LEVEL_WORDS)


def test_reasons_add_up_to_the_weight_and_name_no_value() -> None:
    told, _ = records(11, 600)
    parts = NameParts()
    faces = faces_of(told, parts)
    weights = shipped_weights()
    one, other = faces[:1], faces[1:2]
    levels = levels_of(one, other, parts)
    bits = bits_of(levels, weights.bits(), Frequencies(), parts, one, other)
    reasons = reasons_of(levels[0], bits[0])
    assert abs(sum(reason.bits for reason in reasons) - bits.sum()) < 0.06 * len(FIELDS)
    words = " ".join(reason.text.vi + reason.text.en for reason in reasons)
    assert not any(value and value in words for value in (told[0].citizen_number, told[0].phone, told[0].birth))
    assert probability(0.0) == 0.5
    assert probability(1000.0) <= 1.0
