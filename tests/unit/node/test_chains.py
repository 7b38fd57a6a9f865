from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from benhan.mapping.mapped import Mapped, MappedMessage
from benhan.node.apply import Work, chains, patient_keys
from benhan.store.inbox import InboxMessage, Report, State


def work(number: int, numbers: list[int]) -> Work:
    identities = [("urn:numbers", str(each)) for each in numbers]
    at = datetime(2026, 1, 5, tzinfo=UTC)
    message = InboxMessage(number, "ADT^A01", State.RECEIVED, "", at, None, 0, "1" * 32, Report("HIS", str(number)))
    return Work(message, MappedMessage([Mapped("patient", {"resourceType": "Patient"}, identities)]))


messages = st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=3), max_size=40)


@given(messages)
def test_every_message_is_in_one_chain_and_in_order(numbers: list[list[int]]) -> None:
    works = [work(number, each) for number, each in enumerate(numbers)]
    found = chains(works)
    assert sorted(each.message.id for chain in found for each in chain) == list(range(len(works)))
    for chain in found:
        ids = [each.message.id for each in chain]
        assert ids == sorted(ids)


@given(messages)
def test_messages_that_share_an_identity_of_a_patient_are_in_one_chain(numbers: list[list[int]]) -> None:
    found = chains([work(number, each) for number, each in enumerate(numbers)])
    for place, chain in enumerate(found):
        for other in found[place + 1 :]:
            assert patient_keys(chain).isdisjoint(patient_keys(other))


def test_strangers_are_in_chains_of_their_own() -> None:
    assert len(chains([work(1, [1]), work(2, [2]), work(3, [3])])) == 3


def test_a_message_that_names_two_known_numbers_joins_their_chains() -> None:
    found = chains([work(1, [1]), work(2, [2]), work(3, [1, 2]), work(4, [2])])
    assert [[each.message.id for each in chain] for chain in found] == [[1, 2, 3, 4]]
