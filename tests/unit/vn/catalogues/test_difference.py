"""A file changes a list by ending rows and adding rows; what was true of a day before stays true."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.texts import Text
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head
from benhan.vn.catalogues.difference import Difference, difference, difference_to_json, difference_to_lines

HEAD = Head("X", "urn:x", Text("x", "y"), "", Content.WHOLE)
FIRST, DAY, LATER = date(2025, 1, 1), date(2026, 1, 1), date(2026, 6, 1)


def of(*entries: Entry) -> Catalogue:
    return Catalogue(HEAD, entries)


def test_the_four_kinds_of_change() -> None:
    before = of(Entry("A", "a"), Entry("B", "b"), Entry("C", "c"))
    found = difference(before, [Entry("A", "a", DAY), Entry("B", "mới", DAY), Entry("D", "d", DAY)], DAY)
    assert [each.code for each in found.added] == ["D"]
    assert [(each.before.display, each.before.until, each.after.since) for each in found.changed] == [("b", DAY, DAY)]
    assert [(each.code, each.until) for each in found.ended] == [("C", DAY)]
    assert found.unchanged == 1
    after = of(*found.entries)
    assert {code: each.display for code, each in after.on(DAY).items()} == {"A": "a", "B": "mới", "D": "d"}
    assert {code: each.display for code, each in after.on(FIRST).items()} == {"A": "a", "B": "b", "C": "c"}


def test_the_same_file_again_changes_nothing() -> None:
    rows = [Entry("A", "a", DAY), Entry("B", "b", DAY)]
    once = of(*difference(of(), rows, DAY).entries)
    assert difference(once, rows, DAY).is_nothing


def test_a_changed_property_is_a_change() -> None:
    before = of(Entry("A", "a", None, None, {"price": "1"}))
    (change,) = difference(before, [Entry("A", "a", DAY, None, {"price": "2"})], DAY).changed
    assert change.after.properties == {"price": "2"}


def test_changes_alone_end_nothing_else() -> None:
    found = difference(of(Entry("A", "a"), Entry("B", "b")), [Entry("B", "mới", DAY)], DAY, is_partial=True)
    assert found.ended == ()


def test_a_code_whose_row_could_not_be_read_does_not_end() -> None:
    found = difference(of(Entry("A", "a"), Entry("B", "b")), [Entry("A", "a", DAY)], DAY, kept={"B"})
    assert found.is_nothing


def test_a_row_with_its_own_end_ends_the_row_that_is_there() -> None:
    found = difference(of(Entry("A", "a")), [Entry("A", "a", DAY, LATER)], DAY)
    assert [(each.code, each.until) for each in found.ended] == [("A", LATER)]


def test_a_row_that_begins_later_does_not_touch_today() -> None:
    found = difference(of(Entry("A", "a")), [Entry("A", "sẽ đổi", LATER)], DAY)
    after = of(*found.entries)
    assert after.display("A", DAY) == "a"
    assert after.display("A", LATER) == "sẽ đổi"


def test_a_row_of_the_past_ends_before_the_one_that_is_there() -> None:
    found = difference(of(Entry("A", "nay", DAY)), [Entry("A", "xưa", FIRST)], DAY, is_partial=True)
    after = of(*found.entries)
    assert (after.display("A", FIRST), after.display("A", DAY)) == ("xưa", "nay")


def test_a_mistake_of_the_same_day_is_put_right_and_still_there() -> None:
    once = of(*difference(of(), [Entry("A", "sai", DAY)], DAY).entries)
    twice = of(*difference(once, [Entry("A", "đúng", DAY)], DAY).entries)
    assert twice.display("A", DAY) == "đúng"
    assert [each.display for each in twice.rows_of("A")] == ["sai", "đúng"]


def test_the_report_tells_counts_rows_and_what_became_otherwise() -> None:
    found = difference(of(Entry("A", "a"), Entry("C", "c")), [Entry("A", "á", DAY), Entry("B", "b", DAY)], DAY)
    told = difference_to_json(found)
    assert told["counts"] == {"added": 1, "changed": 1, "ended": 1, "unchanged": 0}
    assert told["ended"][0]["last_day"] == "2025-12-31"
    lines = list(difference_to_lines(found))
    assert "  ~ A  a → á" in lines
    assert "  - C  c" in lines


def test_a_long_report_is_cut_in_words_not_in_data() -> None:
    found = difference(of(), [Entry(f"C{n}", "x", DAY) for n in range(100)], DAY)
    assert any("80" in line for line in difference_to_lines(found))
    assert len(difference_to_json(found)["added"]) == 100


CODES = st.sampled_from("ABCDE")
DAYS = st.integers(0, 40).map(lambda days: DAY + timedelta(days=days))
FILES = st.lists(st.tuples(CODES, st.sampled_from(["x", "y", "z"])), max_size=5, unique_by=lambda row: row[0])


@given(st.lists(st.tuples(DAYS, FILES, st.booleans()), max_size=5))
def test_loading_files_day_after_day_keeps_every_day_as_it_was(
    files: list[tuple[date, list[tuple[str, str]], bool]],
) -> None:
    """The law of it: a load from a day on changes no day before, and on its day the list is what the file says."""
    state = of()
    for day, rows, is_partial in sorted(files, key=lambda each: each[0]):
        before = {n: dict(state.on(DAY + timedelta(days=n))) for n in range(45)}
        found: Difference = difference(state, [Entry(c, d, day) for c, d in rows], day, is_partial=is_partial)
        state = of(*found.entries)
        for n, entries in before.items():
            if DAY + timedelta(days=n) < day:
                now = state.on(DAY + timedelta(days=n))
                assert {c: e.display for c, e in now.items()} == {c: e.display for c, e in entries.items()}
        today = {code: each.display for code, each in state.on(day).items()}
        told = dict(rows)
        assert {code: today.get(code) for code in told} == told
        if not is_partial:
            assert today == told
        for each in state.by_code.values():
            assert sum(row.is_on(day) for row in each) <= 1
