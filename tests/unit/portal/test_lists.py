"""Lists of hospitals as CSV, the counts and the curve that are made of them, the tiles of the country."""

from __future__ import annotations

from datetime import date

import pytest

from benhan.kernel.faults import Fault
from benhan.portal.facilities import Facility, Listed, counted_by, curve, read_list
from benhan.vn.places.units import provinces
from benhan.web.portal_charts import PLACES, curve_of, tiles

TODAY = date(2026, 11, 27)
HEAD = "code,name,province,kind,owner,announced_on,source\n"


def test_good_rows_are_read_and_wrong_ones_told_by_row_and_column() -> None:
    rows = (
        "79001,Bệnh viện Một,79,hospital,public,2025-09-23,Thông báo 12\n"
        "790,Sai mã,79,,,,\n"
        "79002,,79,,,,\n"
        "79003,Sai tỉnh,98,,,,\n"
        "79004,Sai loại,79,castle,,,\n"
        "79005,Sai ngày,79,,,31/02/2025,\n"
        "01001,Bệnh viện Hai,01,,private,,\n"
    )
    found, issues = read_list(("\ufeff" + HEAD + rows).encode(), TODAY)
    assert found == [
        Facility("79001", "Bệnh viện Một", "79", "hospital", "public", date(2025, 9, 23), "Thông báo 12"),
        Facility("01001", "Bệnh viện Hai", "01", "hospital", "private"),
    ]
    assert [(each.place, each.text.vi.split("cột ")[1].split(" thiếu")[0]) for each in issues] == [
        ("3", "code"), ("4", "name"), ("5", "province"), ("6", "kind, owner"), ("7", "announced_on"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"ten,ma\n1,2\n", b'code,name,province\n"79001,x,79\n'])
def test_what_is_no_list_is_refused_whole(data: bytes) -> None:
    with pytest.raises(Fault) as caught:
        read_list(data, TODAY)
    assert caught.value.code == "BA-6224"


def listed(code: str, province: str, announced: date | None = None, published: date | None = None) -> Listed:
    return Listed(Facility(code, code, province, "hospital", "public", announced), "", published, None)


def test_a_hospital_counts_from_the_first_day_that_is_told_of_it() -> None:
    every = [
        listed("1", "79", date(2025, 9, 23)),
        listed("2", "79", date(2025, 9, 23), date(2026, 1, 1)),
        listed("3", "79", None, date(2026, 1, 1)),
        listed("4", "01"),
    ]
    assert counted_by(every, "province") == {"79": (3, 3), "01": (0, 1)}
    assert curve(every) == [(date(2025, 9, 23), 2), (date(2026, 1, 1), 3)]


def test_every_province_has_a_tile_of_its_own() -> None:
    assert set(PLACES) == {each.code for each in provinces(TODAY)}
    assert len(set(PLACES.values())) == len(PLACES)
    drawn = {each.code: each for each in tiles({"79": (3, 4)}, TODAY)}
    assert drawn["79"].percent == 75
    assert drawn["79"].is_dark
    assert (drawn["01"].percent, drawn["01"].fill) == (0, "0.08")


def test_a_curve_rises_in_steps_up_to_today() -> None:
    drawn = curve_of([(date(2025, 1, 1), 1), (date(2026, 1, 1), 4)], date(2026, 12, 31))
    assert drawn is not None
    assert drawn.path.startswith("M34.0,146.0 H34.0 V118.0 H")
    assert drawn.last[1] == 34.0
    assert [year for _, year in drawn.years] == [2026]
    assert curve_of([(TODAY, 1)], TODAY) is None
