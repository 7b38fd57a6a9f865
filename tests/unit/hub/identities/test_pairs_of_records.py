"""Two records held against each other: what each mistake of life looks like, and what it weighs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.hub.identities.people import records

from benhan.hub.identities.matching.faces import FACE, faces_of
from benhan.hub.identities.matching.judging import Thresholds, Verdict, verdicts_of
from benhan.hub.identities.matching.keys import keys_of
from benhan.hub.identities.matching.levels import FIELDS, levels_of
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.hub.identities.matching.traits import Traits
from benhan.hub.identities.matching.weights import Frequencies, bits_of, shipped_weights

LAN = Traits(
    family="Nguyễn",
    middle="Thị",
    given="Lan",
    birth="1985-03-12",
    sex="female",
    citizen_number="001185012345",
    card="DN4010112345678",
    phone="0912345678",
    commune="00004",
    line="Số 12 đường Lê Lợi",
)
WEIGHTS = shipped_weights()


def _levels(mine: Traits, theirs: Traits) -> dict[str, str]:
    parts = NameParts()
    row = levels_of(faces_of([mine], parts), faces_of([theirs], parts), parts)[0]
    return {name: FIELDS[name][level] for name, level in zip(FIELDS, row, strict=True)}


def _judged(mine: Traits, theirs: Traits) -> tuple[float, Verdict]:
    parts = NameParts()
    one, other = faces_of([mine], parts), faces_of([theirs], parts)
    levels = levels_of(one, other, parts)
    bits = bits_of(levels, WEIGHTS.bits(), Frequencies(), parts, one, other).sum(axis=1) + WEIGHTS.prior_bits
    return float(bits[0]), Verdict(int(verdicts_of(levels, bits, Thresholds())[0]))


def _share_a_key(mine: Traits, theirs: Traits) -> bool:
    parts = NameParts()
    keys = keys_of(faces_of([mine, theirs], parts))
    return bool(((keys[0] == keys[1]) & (keys[0] != 0)).any())


@pytest.mark.parametrize(
    ("change", "field", "level"),
    [
        ({"family": "NGUYEN", "middle": "THI", "given": "LAN"}, "given", "unaccented"),
        ({"given": "Lán"}, "given", "accents"),
        ({"middle": ""}, "middle", "missing"),
        ({"middle": "T."}, "middle", "shortened"),
        ({"middle": "Lan", "given": "Thị"}, "given", "swapped"),
        ({"birth": "1985-12-03"}, "birth", "exchanged"),
        ({"birth": "1986-03-12"}, "birth", "year_wrong"),
        ({"birth": "1958-03-12"}, "birth", "year_wrong"),
        ({"birth": "1985"}, "birth", "year_alone"),
        ({"birth": "1985-01-01"}, "birth", "year_alone"),
        ({"birth": "1985-03-13"}, "birth", "part_wrong"),
        ({"birth": ""}, "birth", "missing"),
        ({"citizen_number": "001186012345"}, "citizen", "slip"),
        ({"citizen_number": "001185012354"}, "citizen", "slip"),
        ({"citizen_number": "079185999999"}, "citizen", "different"),
        ({"citizen_number": "0011 8501 2345"}, "citizen", "same"),
        ({"citizen_number": "000000000000"}, "citizen", "missing"),
        ({"citizen_number": "", "card": "001185012345"}, "citizen", "same"),
        ({"card": "GD4010112345678"}, "card", "same"),
        ({"phone": "+84 912 345 678"}, "phone", "same"),
        ({"phone": "", "kin_phone": "0912345678"}, "phone", "kin"),
        ({"line": "12 Lê Lai"}, "place", "commune"),
        ({"commune": ""}, "place", "missing"),
    ],
)
def test_each_mistake_is_a_level_of_its_own(change: dict[str, str], field: str, level: str) -> None:
    other = LAN._replace(**change)
    assert _levels(LAN, other)[field] == level
    assert _share_a_key(LAN, other)


def test_a_record_without_any_number_is_found_by_name_birth_and_home() -> None:
    bits, verdict = _judged(LAN, LAN._replace(citizen_number="", card="", phone="", given="LAN"))
    assert verdict is Verdict.SAME
    assert bits > 7


def test_two_citizen_numbers_are_never_one_person_by_weight_alone() -> None:
    _, verdict = _judged(LAN, LAN._replace(citizen_number="079185999999"))
    assert verdict is not Verdict.SAME


def test_one_number_under_two_names_and_births_is_a_crossing() -> None:
    other = LAN._replace(family="Trần", middle="Văn", given="Hùng", birth="1960-07-30", sex="male", phone="")
    assert _judged(LAN, other)[1] is Verdict.CROSSING


def test_a_son_of_the_same_name_in_the_same_house_is_asked_about() -> None:
    father = LAN._replace(middle="Văn", given="Hùng", sex="male", citizen_number="", card="")
    son = father._replace(birth="2011-09-30")
    assert _judged(father, son)[1] in (Verdict.REVIEW, Verdict.OTHER)


def test_twins_with_other_names_are_two() -> None:
    one = LAN._replace(birth="2020-05-06", citizen_number="", card="")
    assert _judged(one, one._replace(middle="Thu", given="Hằng"))[1] is not Verdict.SAME


def test_two_children_of_one_mother_are_known_by_their_births() -> None:
    first = Traits(text="Con bà Nguyễn Thị Lan", birth="2026-05-06", sex="female", kin_phone="0912345678")
    assert _levels(first, first)["given"] == "mothers"
    named = LAN._replace(citizen_number="", birth="2026-05-06")
    assert _levels(first, named)["given"] == "unknown"
    assert _judged(first, first._replace(birth="2024-01-20"))[1] is not Verdict.SAME


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_weight_is_the_same_whichever_comes_first(data: st.DataObject) -> None:
    told, _ = records(11, 600)
    places = st.integers(0, len(told) - 1)
    one, other = told[data.draw(places)], told[data.draw(places)]
    parts = NameParts()
    faces = faces_of([one, other], parts)
    forth, back = levels_of(faces[:1], faces[1:], parts), levels_of(faces[1:], faces[:1], parts)
    assert (forth == back).all()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(Traits._fields), st.text(max_size=20))
def test_any_text_makes_a_face_that_agrees_with_itself(field: str, text: str) -> None:
    one = LAN._replace(**{field: text})
    parts = NameParts()
    faces = faces_of([one, one], parts)
    assert faces.dtype == FACE
    levels = levels_of(faces[:1], faces[1:], parts)[0]
    different = {name for name, level in zip(FIELDS, levels, strict=True) if FIELDS[name][level] == "different"}
    assert not different


def test_rare_names_weigh_more_than_common_ones() -> None:
    told, _ = records(11, 600)
    from benhan.hub.identities.matching.weights import frequencies_of

    parts = NameParts()
    frequencies = frequencies_of(faces_of(told, parts), parts)
    pair = faces_of([LAN, LAN._replace(family="Thân")], parts)
    common, rare = frequencies.bits("family", parts, pair, pair)
    assert rare > common


def test_weights_are_read_as_they_were_written() -> None:
    from benhan.hub.identities.matching.weights import weights_of

    again = weights_of(WEIGHTS.as_json())
    assert all(np.allclose(again.m[name], WEIGHTS.m[name]) for name in FIELDS)
