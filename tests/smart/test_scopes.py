"""Scopes as they are spelt, old and new, and what of them is granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.access.smart.ceilings import ceiling_of, permissions_of
from benhan.access.smart.scopes import Scopes, granted, parse_scopes
from benhan.kernel.actors import Role
from benhan.kernel.limits import Act, Rule
from benhan.kernel.permissions import Permission


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("patient/Observation.rs", "patient/Observation.rs"),
        ("patient/*.cruds", "patient/*.cruds"),
        ("user/Patient.c", "user/Patient.c"),
        ("patient/*.read", "patient/*.rs"),
        ("patient/Observation.write", "patient/Observation.cud"),
        ("user/*.*", "user/*.cruds"),
        ("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory"),
        (
            "patient/Observation.rs?category=http://x.example/cs|laboratory",
            "patient/Observation.rs?category=http://x.example/cs|laboratory",
        ),
        ("patient/Observation.cruds?category=laboratory", "patient/Observation.rs?category=laboratory"),
        (
            "patient/Observation.s?code=718-7&status=final",
            "patient/Observation.s?code=718-7&status=final",
        ),
        ("openid fhirUser launch launch/patient online_access", "openid fhirUser launch launch/patient online_access"),
    ],
)
def test_a_scope_is_understood(text: str, told: str) -> None:
    scopes = parse_scopes(text)
    assert str(scopes) == told
    assert parse_scopes(str(scopes)) == scopes


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.sr", "patient/Observation.", "patient/Observation", "patient/Nobody.rs",
        "group/Observation.rs", "patient/observation.rs", "patient/Observation.rsx", "patient/Observation.read.write",
        "patient/*.rs?category=x", "patient/Observation.rs?date=2026", "patient/Observation.rs?",
        "patient/Observation.cud?category=x", "patient/Observation.rs?_count=1", "Patient/Observation.rs",
        "patient/Observation.rs?x", "patient/**.rs",
        "patient/Observation.rs?subject:Patient.name=x",
    ],
)  # fmt: skip
def test_what_is_no_scope_of_ours_is_left_out(text: str) -> None:
    assert not parse_scopes(text)
    assert str(parse_scopes(f"{text} openid")) == "openid"


def allowed(asked: str, *ceilings: str) -> str:
    return str(Scopes((), granted(parse_scopes(asked), *(parse_scopes(each).resources for each in ceilings))))


@pytest.mark.parametrize(
    ("asked", "ceiling", "told"),
    [
        ("patient/*.cruds", "patient/*.rs", "patient/*.rs"),
        ("patient/*.rs", "patient/Observation.rs", "patient/Observation.rs"),
        ("patient/Observation.rs", "patient/*.s", "patient/Observation.s"),
        ("patient/Observation.rs", "user/*.cruds", ""),
        ("patient/Observation.r", "patient/Observation.s", ""),
        ("patient/Observation.rs", "patient/Condition.rs", ""),
        (
            "patient/Observation.rs",
            "patient/Observation.rs?category=laboratory",
            "patient/Observation.rs?category=laboratory",
        ),
        (
            "patient/Observation.rs?status=final",
            "patient/Observation.cruds?category=laboratory",
            "patient/Observation.rs?status=final&category=laboratory",
        ),
        (
            "patient/*.rs",
            "patient/Observation.rs patient/Condition.r",
            "patient/Observation.rs patient/Condition.r",
        ),
    ],
)
def test_nothing_beyond_a_ceiling_is_granted(asked: str, ceiling: str, told: str) -> None:
    assert allowed(asked, ceiling) == told


def test_a_role_gives_what_its_permissions_give() -> None:
    def under(role: Role, asked: str) -> str:
        return str(Scopes((), granted(parse_scopes(asked), ceiling_of(role))))

    assert under(Role.DOCTOR, "patient/*.cruds user/*.cruds system/*.rs") == "patient/*.rs user/*.rs"
    assert under(Role.CITIZEN, "patient/*.cruds user/*.rs system/*.rs") == "patient/*.rs user/*.rs"
    assert under(Role.IT_ADMIN, "patient/*.rs user/*.rs system/*.rs") == ""
    assert under(Role.LAB, "patient/*.rs user/*.rs") == ""
    assert under(Role.MACHINE, "patient/*.rs system/*.cruds") == "system/*.cruds"


def test_a_token_has_the_permissions_of_its_acts_and_the_ledger_only_by_name_or_role() -> None:
    reading = frozenset({Act.READ, Act.SEARCH})
    every = Rule("*", reading)
    assert permissions_of(Role.DOCTOR, [every]) == {Permission.FHIR_READ, Permission.FHIR_SEARCH}
    assert Permission.LEDGER_VIEW in permissions_of(Role.RECORDS, [every])
    assert Permission.LEDGER_VIEW not in permissions_of(Role.MACHINE, [every])
    assert Permission.LEDGER_VIEW in permissions_of(Role.MACHINE, [Rule("AuditEvent", reading)])
    assert permissions_of(Role.DOCTOR, []) == set()


LETTERS = st.lists(st.sampled_from("cruds"), unique=True).map(
    lambda found: "".join(each for each in "cruds" if each in found)
)
ONE = st.builds(
    "{}/{}.{}".format,
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from(["*", "Observation", "Patient", "Condition"]),
    LETTERS.filter(bool),
)
SCOPES = st.lists(ONE, max_size=4).map(" ".join)


@given(SCOPES, SCOPES)
def test_what_is_granted_was_asked_for_and_stands_under_the_ceiling(asked: str, ceiling: str) -> None:
    found = granted(parse_scopes(asked), parse_scopes(ceiling).resources)
    for each in found:
        for wider in (parse_scopes(asked), parse_scopes(ceiling)):
            assert any(
                one.level is each.level and one.type in ("*", each.type) and each.acts <= one.acts
                for one in wider.resources
            )
    assert granted(Scopes((), found), parse_scopes(ceiling).resources) == found or len(found) > 1


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_scopes(text: str) -> None:
    scopes = parse_scopes(text)
    assert parse_scopes(str(scopes)) == scopes
