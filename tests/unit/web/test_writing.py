"""How times, numbers, bands and lists are written for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from benhan.kernel.ids import SystemRandom
from benhan.kernel.texts import Language
from benhan.mapping.result_views import Analyte, Panel, Value
from benhan.node.chart.moments import Moment
from benhan.store.sealing import DataKey
from benhan.web import words
from benhan.web.charts import HEIGHT, WIDTH, sparkline, trend_json
from benhan.web.looks import OWN, look_lines
from benhan.web.pages import by_day, static_url
from benhan.web.result_table import result_table
from benhan.web.sealed_text import SealedText
from benhan.web.segments import segments_of

AT = datetime(2026, 1, 5, 17, 30, 15, 250_000, tzinfo=UTC)


def test_times_are_told_in_vietnam_wherever_they_were_written() -> None:
    assert words.clock_and_day(AT) == "00:30 06/01/2026"
    assert (words.clock(AT), words.date_of(AT), words.exact_time(AT)) == ("00:30", "06/01/2026", "00:30:15,250")
    assert (words.clock_and_day(None), words.clock(None), words.exact_time(None)) == ("", "", "")


@pytest.mark.parametrize(
    ("written", "told"), [("2026-01-05", "05/01/2026"), ("2026-01", "01/2026"), ("2026", "2026"), ("", "")]
)
def test_a_date_is_told_as_far_as_it_is_known(written: str, told: str) -> None:
    assert words.day(written) == told


@pytest.mark.parametrize(
    ("text", "vi", "en"),
    [
        ("5.60", "5,60", "5.60"),
        ("<0.5", "<0,5", "<0.5"),
        ("7", "7", "7"),
        ("1.2.3", "1.2.3", "1.2.3"),
        ("A.b", "A.b", "A.b"),
        ("", "", ""),
    ],
)
def test_a_number_keeps_its_digits_and_only_numbers_get_a_comma(text: str, vi: str, en: str) -> None:
    assert (words.number(text, "vi"), words.number(text, "en")) == (vi, en)


def test_counts_and_bands_are_grouped_as_each_language_does() -> None:
    assert (words.count(1234567, "vi"), words.count(1234567, "en")) == ("1.234.567", "1,234,567")
    assert (words.band("3.9-6.4", "vi"), words.band("3.9 - 6.4", "en")) == ("3,9–6,4", "3.9–6.4")
    assert words.band("<5.0 (nam)", "vi") == "<5,0 (nam)"


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (-3, "0,00 s", "0.00 s"),
        (0.068, "0,07 s", "0.07 s"),
        (12.34, "12,3 s", "12.3 s"),
        (185, "3 phút 5 s", "3 min 5 s"),
        (7800, "2 giờ 10 phút", "2 h 10 min"),
        (90000, "1 ngày 1 giờ", "1 d 1 h"),
    ],
)
def test_how_long_something_took_is_told_in_two_units_at_most(seconds: float, vi: str, en: str) -> None:
    told = [words.elapsed(AT, AT + timedelta(seconds=seconds), language) for language in ("vi", "en")]
    assert told == [vi, en]
    assert words.elapsed(None, AT, "vi") == words.elapsed(AT, None, "vi") == ""


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_name_with_braces_stays_a_name(language: Language) -> None:
    assert "{0}{x}" in words.say(language, "book.hello", name="{0}{x}")


# Pictures


def value(number: float | None, *, at: datetime | None = AT, **more: object) -> Value:
    told = {"flag": "", "mark": "", "low": 4.0, "high": 10.0, "band": "4-10", "status": "final"} | more
    return Value(
        id="x", at=at, text=str(number), number=number, unit="G/L", performer="", version="1", received_at="", **told
    )  # type: ignore[arg-type]


def test_a_sparkline_stays_in_its_box_with_the_band_cut_to_it() -> None:
    line = sparkline([1, 5, 3], low=-100, high=2)
    assert line is not None
    points = [tuple(map(float, each.lstrip("ML").split(","))) for each in line.path.split(" ")]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points[1][1] < points[2][1] < points[0][1]
    assert line.band_y + line.band_height <= HEIGHT
    assert (line.last_x, line.last_y) == points[-1]


def test_one_number_is_no_line_and_equal_numbers_are_a_level_one() -> None:
    assert sparkline([5]) is None
    level = sparkline([5, 5])
    assert level is not None
    assert len({each.split(",")[1] for each in level.path.split(" ")}) == 1
    assert level.band_height == 0


def test_the_data_of_a_trend_cannot_end_the_script_it_stands_in() -> None:
    analyte = Analyte("k", "n", "</script><b>&", [value(5.0)])
    told = trend_json(analyte)
    assert "<" not in told
    assert "&" not in told


# Tables, lists, looks


def test_a_table_has_the_newest_columns_and_says_how_many_are_older() -> None:
    times = [AT - timedelta(days=day) for day in range(12)]
    analyte = Analyte("k", "n", "u", [value(5.0, at=at) for at in times])
    table = result_table(Panel("p", [analyte]), columns=8)
    assert table.times == tuple(times[:8])
    assert table.older == 4
    assert [len(cell) for cell in table.rows[0].cells] == [1] * 8


def test_values_without_a_time_come_last_and_two_at_one_time_share_a_cell() -> None:
    analyte = Analyte("k", "n", "u", [value(5.0), value(6.0), value(7.0, at=None)])
    table = result_table(Panel("p", [analyte]))
    assert table.times == (AT, None)
    assert [[each.number for each in cell] for cell in table.rows[0].cells] == [[5.0, 6.0], [7.0]]


def test_the_same_look_within_an_hour_is_one_line() -> None:
    ago = [AT - timedelta(minutes=minutes) for minutes in (0, 30, 80, 300)]
    lines = look_lines((at, "account:1", "doctor", "patient:page:view", "") for at in ago)
    assert [(line.at, line.since, line.times) for line in lines] == [(ago[0], ago[2], 3), (ago[3], ago[3], 1)]


def test_looks_of_others_and_of_other_kinds_stay_apart_and_machines_are_told_by_name() -> None:
    lines = look_lines(
        [
            (AT, "account:1", "citizen", "book:page:view", ""),
            (AT, "machine:node-01234", "machine", "delivery:repository:ingest", ""),
            (AT, "account:1", "citizen", "resource:content:view", ""),
            (AT, "account:12", "doctor", "book:page:view", ""),
        ],
        own="account:1",
    )
    assert [line.who for line in lines] == [OWN, "node-01234", OWN, "account:12"]


def test_moments_stand_under_the_day_they_fall_on_in_vietnam() -> None:
    late, early = AT, AT - timedelta(hours=1)
    moments = [Moment(at, "Condition", "", "", "x") for at in (late, early, None)]
    assert [(day, len(each)) for day, each in by_day(moments)] == [
        ("06/01/2026", 1),
        ("05/01/2026", 1),
        ("", 1),
    ]


# What stands in an address, and a message segment by segment


def test_what_was_typed_is_sealed_for_the_address_and_nothing_else_is_read() -> None:
    sealed = SealedText(DataKey(bytes(32), SystemRandom()))
    written = sealed.write("Nguyễn Văn Thử")
    assert sealed.read(written) == "Nguyễn Văn Thử"
    assert written != sealed.write("Nguyễn Văn Thử")
    assert "Nguy" not in written
    assert [sealed.read(each) for each in ("", "x", "é", written[:-2] + "AA", "A" * 200)] == [""] * 5
    assert SealedText(DataKey(bytes([1]) * 32, SystemRandom())).read(written) == ""
    assert sealed.write("") == ""


MESSAGE = "MSH|^~\\&|LIS\rPID|1||BN1\rOBX|1|NM\rOBX|2|NM||x\r"


def test_a_reason_marks_the_field_it_names() -> None:
    segments = segments_of(MESSAGE, ["OBX[2]-4", "PID-3.1"])
    marked = [field.place for segment in segments for field in segment.fields if field.is_faulty]
    assert marked == ["PID-3", "OBX[2]-4"]
    assert not any(segment.is_faulty for segment in segments)


def test_a_reason_that_names_a_field_beyond_the_end_marks_the_segment() -> None:
    segments = segments_of(MESSAGE, ["PID-8", "PV1"])
    assert [segment.name for segment in segments if segment.is_faulty] == ["PID"]


def test_fields_are_counted_as_the_standard_counts_them() -> None:
    segments = segments_of(MESSAGE, [])
    assert [field.place for field in segments[0].fields] == ["MSH-2", "MSH-3"]
    assert [field.place for field in segments[1].fields] == ["PID-1", "PID-2", "PID-3"]


@pytest.mark.parametrize("text", ["", "\r\r", "x", "MSH", "|||", "MSH|", "\x00"])
def test_what_is_hardly_a_message_is_shown_all_the_same(text: str) -> None:
    assert len(segments_of(text, ["PID-3", "", "???", "OBX[9]-99"])) <= 1


def test_the_address_of_a_static_file_changes_with_its_content_only() -> None:
    assert static_url("app.css") == static_url("app.css")
    assert static_url("app.css").startswith("/static/app.css?v=")


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [(0, "dưới 1 phút", "under 1 min"), (59, "dưới 1 phút", "under 1 min"), (61, "1 phút", "1 min"),
     (3_599, "59 phút", "59 min"), (7_800, "2 giờ 10 phút", "2 h 10 min")],
)  # fmt: skip
def test_how_long_somebody_waits_is_told_in_minutes(seconds: float, vi: str, en: str) -> None:
    told = [words.waited(AT, AT + timedelta(seconds=seconds), language) for language in ("vi", "en")]
    assert told == [vi, en]
