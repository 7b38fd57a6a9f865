"""The menu: few heads for everybody, each page that somebody may open within two steps."""

from __future__ import annotations

import pytest

from benhan.access.roles import PERMISSIONS
from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.web.menu import HEADS_MAX, menu


def heads(role: Role, path: str) -> list[tuple[str, list[str]]]:
    found = menu(lambda name: Permission[name] in PERMISSIONS[role], path)
    return [(each.name, [entry.name for entry in each.beneath]) for each in found]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_has_more_heads_than_a_glance_takes_in_and_every_page_is_two_steps_away(role: Role) -> None:
    found = menu(lambda name: Permission[name] in PERMISSIONS[role], "/")
    assert len(found) <= HEADS_MAX
    for head in found:
        there = menu(lambda name: Permission[name] in PERMISSIONS[role], head.address)
        [same] = [each for each in there if each.is_here]
        assert same.name == head.name
        assert len(same.beneath) in (0, len(head.entries))


def test_the_records_department_finds_its_pages_beneath_the_head_it_is_in() -> None:
    found = dict(heads(Role.RECORDS, "/requests"))
    assert found["of_records"] == ["records", "loans", "requests", "packages", "destruction"]
    assert [name for name, beneath in found.items() if beneath] == ["of_records"]


def test_who_has_few_pages_has_them_side_by_side() -> None:
    assert all(not beneath for _, beneath in heads(Role.LAB, "/letters"))
    assert [beneath for name, beneath in heads(Role.NURSE, "/patients") if name == "people"] == [
        ["patients", "emergency"]
    ]


def test_what_waits_is_told_at_the_head_until_its_page_is_shown() -> None:
    def counts(path: str) -> list[str]:
        found = menu(lambda _: True, path)
        return [address for head in found for address, _ in head.counts]

    assert "/emergencies/waiting" in counts("/patients")
    assert "/emergencies/waiting" not in counts("/grants")


def test_a_page_within_another_belongs_to_it_and_home_to_itself() -> None:
    assert [name for name, beneath in heads(Role.RECORDS, "/records/1/papers/2") if beneath] == ["of_records"]
    here = [each.name for each in menu(lambda _: True, "/") if each.is_here]
    assert here == ["home"]
