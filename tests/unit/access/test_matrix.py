"""The rights matrix: every role, relation, state and use against a table written by hand, and what a file may say."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from benhan.access.matrix import (
    MODES,
    RELATIONS,
    ROLES,
    STATES,
    USES,
    Matrix,
    Person,
    parse_rights,
    read_rights,
    usual_rights,
)
from benhan.kernel.actors import Role
from benhan.kernel.care import ARCHIVE_KEY, REVIEW_KEY, Use
from benhan.kernel.faults import Incorrect

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ALL = {"read", "copy", "print", "export", "share", "write"}
GIVEN = {"read", "copy", "print", "export"}
CLINICAL = ("doctor", "nurse")
IN_ALL_MODES = {
    **{(role, relation, "treatment"): {"secrets"} for role in CLINICAL for relation in ("person", "department")},
    **{(role, "grant", state): GIVEN for role in ROLES for state in STATES},
    **{(role, "emergency", state): {"read", "print", "write"} for role in CLINICAL for state in STATES},
}
KEEPERS = {
    ("records", "review", "treatment"): GIVEN | {"write"},
    ("records", "hospital", "archived"): GIVEN | {"write"},
    ("records", "archive", "archived"): GIVEN | {"write"},
}
EXPECTED: dict[str, dict[tuple[str, str, str], set[str]]] = {
    "open": {(role, "hospital", state): ALL for role in ROLES for state in STATES},
    "department": KEEPERS
    | {(role, relation, "treatment"): ALL for role in CLINICAL for relation in ("person", "department")}
    | {("lab", "hospital", "treatment"): {"read", "print"}},
    "relation": KEEPERS
    | {(role, "person", "treatment"): ALL for role in CLINICAL}
    | {("nurse", "department", "treatment"): {"read", "print", "write"}}
    | {("lab", "department", "treatment"): {"read", "print"}},
}


@pytest.mark.parametrize("mode", MODES)
def test_each_role_by_each_relation_in_each_state_does_what_the_table_says_and_nothing_else(mode: str) -> None:
    matrix = Matrix(usual_rights(), mode)
    wrong = []
    for role, relation, state, use in product(ROLES, RELATIONS, STATES, USES):
        cell = (role, relation, state)
        expected = use in EXPECTED[mode].get(cell, set()) | IN_ALL_MODES.get(cell, set())
        if matrix.allows(role, relation, state, use) != expected:
            wrong.append((*cell, use, expected))
    assert wrong == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["student", "outside"])
def test_students_and_practitioners_from_elsewhere_have_nothing_but_what_is_granted(mode: str, kind: str) -> None:
    matrix = Matrix(usual_rights(), mode)
    allowed = {
        (relation, use)
        for role, relation, state, use in product(ROLES, RELATIONS, STATES, USES)
        if matrix.allows(role, relation, state, use, kind=kind)
    }
    assert allowed == {("grant", use) for use in GIVEN}


def test_a_person_becomes_the_keys_of_their_relations() -> None:
    doctor = Person(7, Role.DOCTOR, departments=("K02", "k 01"), names=("001/HNO-CCHN", "Practitioner/a"))
    care = Matrix(usual_rights(), "department").care_of(doctor, NOW)
    treats = ("person/account:7", "person/001/HNO-CCHN", "person/PRACTITIONER/A", "department/K02", "department/K01")
    assert care.treats == treats
    reading = care.of(Use.READ)
    assert reading.treatment == (*treats, "grant/account:7", "emergency/account:7")
    assert reading.archived == ("grant/account:7", "emergency/account:7")
    assert not reading.is_free
    assert Matrix(usual_rights(), "open").care_of(doctor, NOW).of(Use.READ).is_free


def test_who_keeps_records_reaches_what_is_submitted_and_what_is_archived() -> None:
    care = Matrix(usual_rights(), "relation").care_of(Person(9, Role.RECORDS), NOW)
    assert REVIEW_KEY in care.of(Use.READ).treatment
    assert ARCHIVE_KEY in care.of(Use.READ).archived
    assert (care.of(Use.READ).any_treatment, care.of(Use.READ).any_archived) == (False, True)


def test_who_manages_machines_reaches_nobody() -> None:
    for mode in MODES:
        care = Matrix(usual_rights(), mode).care_of(Person(1, Role.IT_ADMIN, departments=("K01",)), NOW)
        assert all(not each.treatment and not each.archived and not each.is_free for each in care.reaches)


def test_a_right_may_be_for_one_department_only(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[[right]]\nroles = ["lab"]\ndepartments = ["K39"]\nrelations = ["hospital"]\nstates = ["treatment"]\n'
        'uses = ["read"]\n',
        encoding="utf-8",
    )
    matrix = Matrix(read_rights(tmp_path / "own.toml"), "relation")
    assert matrix.care_of(Person(1, Role.LAB, departments=("K39",)), NOW).of(Use.READ).is_free
    assert not matrix.care_of(Person(1, Role.LAB, departments=("K40",)), NOW).of(Use.READ).is_free


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"roles": ["king"], "relations": ["grant"], "states": ["archived"], "uses": ["read"]}, "BA-5301"),
        ({"roles": ["doctor"], "relations": ["grant"], "states": ["archived"], "uses": []}, "BA-5301"),
        ({"roles": ["doctor"], "relations": ["grant"], "states": ["archived"]}, "BA-5301"),
        ({"roles": "doctor", "relations": ["grant"], "states": ["archived"], "uses": ["read"]}, "BA-5301"),
        (
            {"rolls": [], "roles": ["doctor"], "relations": ["grant"], "states": ["archived"], "uses": ["read"]},
            "BA-5301",
        ),
        (
            {"roles": ["doctor"], "relations": ["grant"], "states": ["archived"], "uses": ["read"], "departments": [1]},
            "BA-5301",
        ),
    ],
)
def test_a_file_with_words_that_mean_nothing_is_refused_by_its_row(row: dict[str, object], code: str) -> None:
    with pytest.raises(Incorrect, match=code):
        parse_rights({"right": [row]}, "own.toml")


def test_a_file_that_cannot_be_read_and_a_mode_that_there_is_not_are_told(tmp_path: Path) -> None:
    with pytest.raises(Incorrect, match="BA-5302"):
        read_rights(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("[[right", encoding="utf-8")
    with pytest.raises(Incorrect, match="BA-5302"):
        read_rights(tmp_path / "broken.toml")
    with pytest.raises(Incorrect, match="BA-5303"):
        Matrix(usual_rights(), "closed")


@pytest.mark.parametrize("mode", MODES)
def test_the_gathered_table_says_the_same_in_fewer_lines(mode: str) -> None:
    matrix = Matrix(usual_rights(), mode)
    told = {(kind, role, relation, state): given for kind, role, relation, state, given in matrix.table()}
    gathered = matrix.gathered()
    again = {
        cell: given for kinds, roles, relations, states, given in gathered
        for cell in product(kinds, roles, relations, states)
    }  # fmt: skip
    assert again == told
    assert len(gathered) < len(told) / 3
