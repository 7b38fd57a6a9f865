"""The checker finds what it is there for: each case is a server that did one thing wrong."""

from __future__ import annotations

import pytest
from tests.crashes.recorded import Op, Versions, check

ONE = "Basic/a"


def write(mark: str, version: int | None, began: float, ended: float = 1e9, **more: object) -> Op:
    outcome = "ok" if version else "unknown"
    return Op("write", ONE, began, ended, outcome, mark, version, **more)  # type: ignore[arg-type]


def saw(version: int, mark: str, began: float, ended: float) -> Op:
    return Op("see", ONE, began, ended, "ok", version=version, marks=(mark,) if version else ())


def searched(version: int, mark: str, began: float, ended: float) -> Op:
    return Op("see", ONE, began, ended, "ok", mark, version)


def deletion(version: int, began: float, ended: float) -> Op:
    return Op("delete", ONE, began, ended, "ok", version=version)


RIGHT: list[tuple[str, list[Op], Versions]] = [
    ("two writes", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), saw(2, "m2", 4, 5)], ["m1", "m2"]),
    ("two at once", [write("m1", 2, 0, 4), write("m2", 1, 1, 3), saw(1, "m2", 2, 3)], ["m2", "m1"]),
    ("an unknown one that came late", [write("m1", 1, 0, 1), write("m2", None, 2), saw(1, "m1", 5, 6)], ["m1", "m2"]),
    ("an unknown one that never came", [write("m1", 1, 0, 1), write("m2", None, 2)], ["m1"]),
    ("a deletion", [write("m1", 1, 0, 1), deletion(2, 2, 3), saw(0, "", 4, 5)], ["m1", None]),
    ("a search for what was overwritten", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), searched(0, "m1", 4, 5)],
     ["m1", "m2"]),
    ("a refusal", [write("m1", 1, 0, 1), write("m2", 2, 2, 3),
                   Op("write", ONE, 4, 5, "refused", "m3", expected=1)], ["m1", "m2"]),
    ("a history", [write("m1", 1, 0, 1), Op("history", ONE, 2, 3, "ok", marks=("m1",)), write("m2", 2, 4, 5)],
     ["m1", "m2"]),
]  # fmt: skip
WRONG: list[tuple[str, list[Op], Versions]] = [
    ("lost", [write("m1", 1, 0, 1), write("m2", 2, 2, 3)], ["m1"]),
    ("lost in the middle", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), write("m3", 3, 4, 5)], ["m1", "m3"]),
    ("done twice", [write("m1", None, 0)], ["m1", "m1"]),
    ("written by nobody", [write("m1", 1, 0, 1)], ["m1", "mx"]),
    ("refused and done", [Op("write", ONE, 0, 1, "refused", "m1")], ["m1"]),
    ("out of order", [write("m1", 2, 0, 1), write("m2", 1, 2, 3)], ["m2", "m1"]),
    ("a stale read", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), saw(1, "m1", 4, 5)], ["m1", "m2"]),
    ("a read that goes back", [write("m1", 1, 0, 1), write("m2", None, 2), saw(2, "m2", 3, 4), saw(1, "m1", 5, 6)],
     ["m1", "m2"]),
    ("a read of the future", [saw(1, "m1", 0, 1), write("m1", 1, 2, 3)], ["m1"]),
    ("a read of other content", [write("m1", 1, 0, 1), saw(1, "m9", 2, 3)], ["m1"]),
    ("a read that misses", [write("m1", 1, 0, 1), saw(0, "", 2, 3)], ["m1"]),
    ("a search that misses", [write("m1", 1, 0, 1), searched(0, "m1", 2, 3)], ["m1"]),
    ("a search for what is gone", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), searched(1, "m1", 4, 5)],
     ["m1", "m2"]),
    ("a deletion undone", [write("m1", 1, 0, 1), deletion(2, 2, 3)], ["m1"]),
    ("a deletion that nobody asked for", [write("m1", 1, 0, 1)], ["m1", None]),
    ("a deletion that did nothing", [write("m1", 1, 0, 1), deletion(0, 2, 3)], ["m1"]),
    ("a lost update", [write("m1", 1, 0, 1), write("m2", 2, 2, 3), write("m3", 3, 4, 5, expected=1)],
     ["m1", "m2", "m3"]),
    ("a wrong refusal", [write("m1", 1, 0, 1), Op("write", ONE, 2, 3, "refused", "m2", expected=1)], ["m1"]),
    ("half a transaction", [write("m1", None, 0, group=1), write("m2", None, 0, group=1)], ["m1"]),
    ("a history with a gap", [write("m1", 1, 0, 1), write("m2", 2, 2, 3),
                              Op("history", ONE, 4, 5, "ok", marks=("m2",))], ["m1", "m2"]),
    ("a history that is stale", [write("m1", 1, 0, 1), write("m2", 2, 2, 3),
                                 Op("history", ONE, 4, 5, "ok", marks=("m1",))], ["m1", "m2"]),
]  # fmt: skip


@pytest.mark.parametrize(("ops", "final"), [case[1:] for case in RIGHT], ids=[case[0] for case in RIGHT])
def test_what_can_be_explained_is_right(ops: list[Op], final: Versions) -> None:
    assert check(ops, {ONE: final}) == []


@pytest.mark.parametrize(("ops", "final"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_no_order_explains_is_wrong(ops: list[Op], final: Versions) -> None:
    assert check(ops, {ONE: final})


def test_a_write_whose_place_was_not_told_is_found_by_its_mark() -> None:
    op = Op("write", "", 0.0, mark="m1")
    stale = Op("see", ONE, 5.0, 6.0, "ok", version=0)
    assert check([op, stale], {ONE: ["m1"]}) == []
    assert op.about == ONE
