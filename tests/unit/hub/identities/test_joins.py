"""Joins of identities: a forest without loops, of which each join comes off by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.hub.identities.joins import Joins
from benhan.kernel.faults import Fault

PEOPLE = range(1, 9)
steps = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=20)


def _joined(pairs: list[tuple[int, int]]) -> tuple[Joins, list[int]]:
    """The joins that are possible of pairs, and who was joined in which order."""
    joins, gone = Joins(), []
    for one, other in pairs:
        try:
            who, into = joins.joinable(one, other)
        except Fault:
            continue
        joins.put(who, into)
        gone.append(who)
    return joins, gone


@given(steps)
def test_every_identity_leads_to_one_that_stands_for_itself(pairs: list[tuple[int, int]]) -> None:
    joins, _ = _joined(pairs)
    for each in PEOPLE:
        assert joins.root(each) not in joins.into
        assert each in joins.family(each)
        assert {joins.root(one) for one in joins.family(each)} == {joins.root(each)}


@given(steps)
def test_parting_is_the_inverse_of_joining(pairs: list[tuple[int, int]]) -> None:
    joins, gone = _joined(pairs)
    states = []
    again, _ = _joined([])
    for who in gone:
        states.append(dict(again.into))
        again.put(who, joins.into[who])
    for who, before in zip(reversed(gone), reversed(states), strict=True):
        assert again.partable(who) == joins.into[who]
        again.put(who, 0)
        assert again.into == before
    assert [again.family(each) for each in PEOPLE] == [[each] for each in PEOPLE]


@given(steps, st.data())
def test_any_join_comes_off_and_leaves_the_others(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    joins, gone = _joined(pairs)
    if not gone:
        return
    who = data.draw(st.sampled_from(gone))
    others = {each: into for each, into in joins.into.items() if each != who}
    joins.put(who, 0)
    assert joins.into == others
    assert joins.root(who) == who


def test_a_join_back_would_be_a_loop_and_is_refused() -> None:
    joins = Joins()
    joins.put(*joins.joinable(1, 2))
    with pytest.raises(Fault) as raised:
        joins.joinable(2, 1)
    assert raised.value.code == "BA-6103"
