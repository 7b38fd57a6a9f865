"""The demonstration's people and messages: synthetic, repeatable, in order, and all of a kind that is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from benhan.access.accounts import check_password, folded
from benhan.access.roles import PERMISSIONS
from benhan.demo.accounts import ACCOUNTS, shown_accounts
from benhan.demo.people import citizen_number, make_people
from benhan.demo.scenario import HOSPITALS, DemoMessage, in_order, stays
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.mapped import Context
from benhan.mapping.message_to_fhir import message_to_fhir

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
SEED = 20260105


@pytest.fixture(scope="module")
def messages() -> list[DemoMessage]:
    people = make_people(SEED, 25, NOW.date())
    return in_order(stays(HOSPITALS[0], people, NOW, SEED))


def test_the_same_seed_and_day_give_the_same_country(messages: list[DemoMessage]) -> None:
    again = in_order(stays(HOSPITALS[0], make_people(SEED, 25, NOW.date()), NOW, SEED))
    assert [each.content for each in again] == [each.content for each in messages]
    other = in_order(stays(HOSPITALS[0], make_people(SEED + 1, 25, NOW.date()), NOW, SEED + 1))
    assert [each.content for each in other] != [each.content for each in messages]


def test_more_people_do_not_change_the_first(messages: list[DemoMessage]) -> None:
    assert make_people(SEED, 40, NOW.date())[:25] == make_people(SEED, 25, NOW.date())


@pytest.mark.parametrize(
    ("sex", "year", "number"),
    [
        ("M", 1980, "001080000007"),
        ("F", 1980, "001180000007"),
        ("M", 2003, "001203000007"),
        ("F", 2003, "001303000007"),
    ],
)
def test_a_citizen_number_tells_province_century_sex_and_year(sex: str, year: int, number: str) -> None:
    assert citizen_number("001", sex, year, 7) == number


def test_people_are_grown_up_and_no_two_have_one_number() -> None:
    people = make_people(SEED, 500, NOW.date())
    assert len({person.cccd for person in people}) == 500
    assert all(date(1900, 1, 1) < person.born < date(2009, 1, 1) for person in people)
    assert all(len(person.cccd) == 12 and len(person.bhyt) == 13 + 2 for person in people)


def test_each_message_is_mapped_as_the_node_maps_it(messages: list[DemoMessage]) -> None:
    context = Context(HOSPITALS[0].code)
    kinds = set()
    for each in messages:
        message = parse_er7(each.content)
        assert message_to_fhir(message, context) is not None
        kinds.add(message.type)
    assert kinds == {"ADT^A01", "ADT^A03", "ORU^R01"}


def test_no_two_messages_of_a_sender_have_one_control_id(messages: list[DemoMessage]) -> None:
    ids = [parse_er7(each.content).control_id for each in messages]
    assert len(set(ids)) == len(ids)


def test_messages_come_as_time_brought_them_and_none_from_the_future_day(messages: list[DemoMessage]) -> None:
    assert [each.at for each in messages] == sorted(each.at for each in messages)
    assert max(each.at for each in messages).date() <= NOW.date()


def test_every_account_is_of_a_role_and_shown_at_its_own_door_only() -> None:
    assert {folded(each.login) for each in ACCOUNTS} == {each.login for each in ACCOUNTS}
    for each in ACCOUNTS:
        check_password(each.password, each.login)
        assert PERMISSIONS[each.role]
    doors = {site: {login for login, _, _ in shown_accounts(site)} for site in ("node", "book", "repository")}
    assert doors["node"] & doors["book"] == set()
    assert len(doors["node"]) + len(doors["book"]) == len(ACCOUNTS)
    assert doors["repository"] == set()
