"""The demonstration's people and messages: synthetic, repeatable, in order, and all of a kind that is taken."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from benhan.access.accounts import check_password, folded
from benhan.access.roles import PERMISSIONS
from benhan.demo.accounts import ACCOUNTS, shown_accounts
from benhan.demo.scenario import HOSPITALS, SHARED_PEOPLE, in_order, make_people, stays
from benhan.fhir.folding import fold
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.synth.as_hl7v2 import Message

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return in_order(stays(HOSPITALS[0], make_people(22, NOW), NOW))


def test_the_same_day_gives_the_same_country(messages: list[Message]) -> None:
    again = in_order(stays(HOSPITALS[0], make_people(22, NOW), NOW))
    assert [each.content for each in again] == [each.content for each in messages]
    assert in_order(stays(HOSPITALS[1], make_people(22, NOW), NOW)) != again


def test_more_people_do_not_change_the_first() -> None:
    assert make_people(37, NOW)[:25] == make_people(22, NOW)
    assert make_people(0, NOW) == make_people(22, NOW)[:SHARED_PEOPLE]


def test_the_people_of_both_hospitals_can_be_told_by_number_and_card() -> None:
    for person in make_people(0, NOW):
        assert len(person.citizen_number) == 12
        assert person.card
        assert 35 < person.age(NOW.date()) < 75


def test_everybody_has_accents_in_their_name() -> None:
    assert all(fold(person.name.text) != person.name.text.lower() for person in make_people(60, NOW))


def test_each_message_is_mapped_as_the_node_maps_it(messages: list[Message]) -> None:
    kinds = set()
    for each in messages:
        message = parse_er7(each.content)
        assert message_to_fhir(message, Context(HOSPITALS[0].code)) is not None
        kinds.add(message.type)
    assert kinds == {"ADT^A01", "ADT^A03", "ORM^O01", "ORU^R01"}


def test_everybody_has_values_of_more_than_one_day(messages: list[Message]) -> None:
    days: dict[str, set[str]] = {}
    for each in messages:
        message = parse_er7(each.content)
        pid, obr = message.first("PID"), message.first("OBR")
        assert pid is not None
        if message.type == "ORU^R01" and obr is not None and obr.text(24) == "LAB":
            days.setdefault(pid.text(3), set()).add(obr.text(7)[:8])
    assert len(days) == 25
    assert all(len(each) > 1 for each in days.values())


def test_who_was_in_both_hospitals_has_one_number_in_both() -> None:
    people = make_people(0, NOW)
    found = [Counter(b"CCCD^NI" in each.content for each in in_order(stays(one, people, NOW))) for one in HOSPITALS]
    assert all(each[True] > 0 == each[False] for each in found)


def test_no_two_messages_of_a_sender_have_one_control_id(messages: list[Message]) -> None:
    ids = [parse_er7(each.content).control_id for each in messages]
    assert len(set(ids)) == len(ids)


def test_messages_come_as_time_brought_them_and_none_from_the_future(messages: list[Message]) -> None:
    assert [each.at for each in messages] == sorted(each.at for each in messages)
    assert max(each.at for each in messages) <= NOW


def test_every_account_is_of_a_role_and_shown_at_its_own_door_only() -> None:
    assert {folded(each.login) for each in ACCOUNTS} == {each.login for each in ACCOUNTS}
    for each in ACCOUNTS:
        check_password(each.password, each.login)
        assert PERMISSIONS[each.role]
    doors = {site: {login for login, _, _ in shown_accounts(site)} for site in ("node", "book", "portal", "repository")}
    assert doors["node"] & doors["book"] == set()
    assert sum(map(len, doors.values())) == len(ACCOUNTS)
    assert doors["repository"] == set()
