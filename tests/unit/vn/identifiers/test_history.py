"""The history of a person's numbers: what holds when, and that nothing is ever lost."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.vn import systems
from benhan.vn.identifiers import registry, temporary
from benhan.vn.identifiers.fhir_identifier import (
    current_value,
    held_to_identifier,
    history_of,
    identifier_to_held,
    newborn_to_identifier,
)
from benhan.vn.identifiers.history import (
    Held,
    History,
    State,
    add,
    cancel,
    correct,
    current,
    known,
    replace,
    uncorrect,
)
from benhan.vn.identifiers.temporary import Reason

START = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2024, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 26, tzinfo=UTC)
CMND = Held(systems.CMND, "012345678", "desk", START)
CCCD = Held(systems.CCCD, "001090000001", "desk", START)
OTHER = Held(systems.CCCD, "001090000002", "QR")


def value_at(history: History, system: str, instant: datetime) -> str | None:
    held = current(history, system, instant)
    return held.value if held else None


def test_a_replaced_number_held_until_the_other_did() -> None:
    history = replace((CMND,), CMND.key, CCCD, LATER)
    assert value_at(history, systems.CMND, START) == "012345678"
    assert value_at(history, systems.CMND, LATER) is None
    assert value_at(history, systems.CCCD, LATER) == "001090000001"
    assert value_at(history, systems.CCCD, LATER - timedelta(seconds=1)) is None
    assert history[0].state is State.REPLACED
    assert history[0].successor == CCCD.key


def test_a_cancelled_number_ends_without_a_successor_and_is_still_known() -> None:
    history = cancel((CCCD,), CCCD.key, LATER)
    assert value_at(history, systems.CCCD, NOW) is None
    assert value_at(history, systems.CCCD, START) == "001090000001"
    assert CCCD.key in known(history)


def test_a_corrected_number_never_held_and_the_right_one_always_did() -> None:
    history = correct((CCCD,), CCCD.key, OTHER)
    for instant in (START, LATER, NOW):
        assert value_at(history, systems.CCCD, instant) == "001090000002"
    assert known(history) == {CCCD.key, OTHER.key}


def test_correcting_a_number_that_was_replaced_leaves_the_present_one() -> None:
    before = replace((CCCD,), CCCD.key, Held(systems.CCCD, "001090000003", "desk"), LATER)
    history = correct(before, CCCD.key, OTHER)
    assert value_at(history, systems.CCCD, START) == "001090000002"
    assert value_at(history, systems.CCCD, NOW) == "001090000003"
    assert uncorrect(history, CCCD.key)[: len(before)] == before


def test_a_number_taken_back_is_ended_as_what_stood_in_its_place() -> None:
    third = Held(systems.CCCD, "001090000003", "desk")
    history = uncorrect(replace(correct((CCCD,), CCCD.key, OTHER), OTHER.key, third, LATER), CCCD.key)
    assert value_at(history, systems.CCCD, START) == CCCD.value
    assert value_at(history, systems.CCCD, NOW) == third.value
    assert history[0].state is State.REPLACED


def test_a_correction_whose_outcome_was_corrected_is_not_taken_back_before_the_later_one() -> None:
    third = Held(systems.CCCD, "001090000003", "desk")
    history = correct(correct((CCCD,), CCCD.key, OTHER), OTHER.key, third)
    with pytest.raises(Incorrect, match="BA-3275"):
        uncorrect(history, CCCD.key)
    assert value_at(uncorrect(uncorrect(history, OTHER.key), CCCD.key), systems.CCCD, NOW) == CCCD.value


def test_a_number_held_twice_is_wrong_both_times() -> None:
    again = Held(systems.CCCD, CCCD.value, "desk")
    history = replace(replace((CCCD,), CCCD.key, OTHER, LATER), OTHER.key, again, NOW)
    right = Held(systems.CCCD, "001090000009", "desk")
    corrected = correct(history, CCCD.key, right)
    assert [value_at(corrected, systems.CCCD, at) for at in (START, LATER, NOW)] == [
        right.value,
        OTHER.value,
        right.value,
    ]
    assert uncorrect(corrected, CCCD.key)[:3] == history


def test_a_correction_to_a_number_held_anyway_leaves_it_when_taken_back() -> None:
    before = (CCCD, OTHER)
    history = uncorrect(correct(before, CCCD.key, OTHER), CCCD.key)
    assert history == before


def test_what_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(Incorrect, match="BA-3272"):
        replace((), CCCD.key, OTHER, NOW)
    with pytest.raises(Incorrect, match="BA-3272"):
        correct((), CCCD.key, OTHER)
    with pytest.raises(Incorrect, match="BA-3272"):
        cancel(cancel((CCCD,), CCCD.key, LATER), CCCD.key, NOW)
    with pytest.raises(Incorrect, match="BA-3273"):
        uncorrect((CCCD,), CCCD.key)
    with pytest.raises(Incorrect, match="BA-3274"):
        cancel((CCCD,), CCCD.key, START - timedelta(days=1))


def test_a_number_told_twice_stands_once() -> None:
    assert add(add((), CCCD), CCCD) == (CCCD,)


INSTANTS = st.integers(0, 3000).map(lambda days: START + timedelta(days=days))
NUMBERS = st.sampled_from(["001090000001", "001090000002", "001090000003", "001090000004"])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """What any sequence of changes makes of nothing; a change that is refused leaves it as it was."""
    history: History = ()
    for _ in range(draw(st.integers(1, 8))):
        one, other, at = draw(NUMBERS), draw(NUMBERS), draw(INSTANTS)
        new = Held(systems.CCCD, other, "desk", draw(st.none() | INSTANTS))
        change = draw(st.sampled_from(["add", "replace", "cancel", "correct", "uncorrect"]))
        with contextlib.suppress(Incorrect):
            match change:
                case "add":
                    history = add(history, new)
                case "replace":
                    history = replace(history, (systems.CCCD, one), new, at)
                case "cancel":
                    history = cancel(history, (systems.CCCD, one), at)
                case "correct":
                    history = correct(history, (systems.CCCD, one), new)
                case _:
                    history = uncorrect(history, (systems.CCCD, one))
    return history


@given(histories(), NUMBERS, NUMBERS, INSTANTS)
def test_no_change_loses_a_number_and_a_correction_taken_back_leaves_what_held(
    history: History, one: str, other: str, at: datetime
) -> None:
    wrong = (systems.CCCD, one)
    try:
        corrected = correct(history, wrong, Held(systems.CCCD, other, "desk"))
    except Incorrect:
        return
    assert known(history) <= known(corrected)
    if one == other:
        assert corrected == history
        return
    back = uncorrect(corrected, wrong)
    assert known(corrected) <= known(back)
    assert value_at(back, systems.CCCD, at) == value_at(history, systems.CCCD, at)
    assert back[: len(history)] == history


@given(histories())
def test_a_history_goes_to_fhir_and_back_unchanged(history: History) -> None:
    patient = {"resourceType": "Patient", "identifier": [held_to_identifier(each) for each in history]}
    assert history_of(patient) == history


def test_a_former_number_is_marked_so_that_any_reader_sees_it() -> None:
    former, present = (held_to_identifier(each) for each in replace((CMND,), CMND.key, CCCD, LATER))
    assert (former["use"], former["period"]["end"]) == ("old", "2024-06-01T00:00:00+00:00")
    assert "use" not in present
    assert present["type"]["coding"][0]["code"] == "NI"


def test_a_page_shows_the_number_that_holds_not_a_former_one() -> None:
    history = replace((OTHER,), OTHER.key, CCCD, LATER)
    patient = {"identifier": [held_to_identifier(each) for each in history]}
    assert current_value(patient, systems.CCCD) == CCCD.value
    assert current_value({}, systems.CCCD) == ""


def test_an_identifier_of_others_is_active_or_replaced_by_its_use() -> None:
    told = {"system": systems.CCCD, "value": "001090000001", "period": {"start": "2020"}}
    active, former = identifier_to_held(told), identifier_to_held({**told, "use": "old"})
    assert active is not None
    assert former is not None
    assert (active.state, former.state) == (State.ACTIVE, State.REPLACED)
    assert active.from_at == datetime(2019, 12, 31, 17, tzinfo=UTC)
    assert identifier_to_held({"value": "1"}) is None


# temporary identities


def test_a_temporary_identity_is_no_number_of_any_other_kind_than_a_record() -> None:
    text = str(temporary.give(Reason.UNIDENTIFIED, "01901", date(2026, 11, 26), 3))
    assert temporary.is_temporary(text.lower())
    assert registry.recognised(text) == ["tam"]
    assert not temporary.is_temporary("001090000001")


@given(
    st.sampled_from(Reason), st.integers(1, 9999), st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(4, 22),
    st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)  # fmt: skip
def test_one_wrong_character_in_a_temporary_identity_is_found(
    reason: Reason, serial: int, day: date, place: int, other: str
) -> None:
    identity = temporary.give(reason, "01901", day, serial)
    text = str(identity)
    assert temporary.parse(text) == identity
    wrong = text[:place] + other + text[place + 1 :]
    assert wrong == text or temporary.check(wrong)


def test_twins_are_two_identities_under_one_mother_in_the_order_of_birth() -> None:
    mother = (systems.patient_number("01901"), "BN7")
    first, second = temporary.give_newborns("01901", date(2026, 11, 26), 4, mother, 2)
    assert (first.birth_order, second.birth_order) == (1, 2)
    assert first.identity != second.identity
    told = newborn_to_identifier(second)
    assert told["use"] == "temp"
    assert told["extension"][0]["extension"][0]["valueIdentifier"]["value"] == "BN7"
    assert "BN7" not in told["value"]


@pytest.mark.parametrize(("facility", "serial"), [("1901", 1), ("01901", 0), ("01901", 10_000)])
def test_no_temporary_identity_is_made_of_a_wrong_facility_or_serial(facility: str, serial: int) -> None:
    with pytest.raises(Incorrect, match="BA-3271"):
        temporary.give(Reason.NEWBORN, facility, date(2026, 11, 26), serial)


def test_the_real_number_supersedes_a_temporary_identity_and_both_are_known() -> None:
    identity = Held(
        systems.TEMPORARY_IDENTITY, str(temporary.give(Reason.UNIDENTIFIED, "01901", date(2026, 1, 1), 1)), ""
    )
    assert held_to_identifier(identity)["use"] == "temp"
    history = replace((identity,), identity.key, CCCD, NOW)
    assert current(history, systems.TEMPORARY_IDENTITY, NOW) is None
    assert value_at(history, systems.CCCD, NOW) == CCCD.value
    assert identity.key in known(history)
