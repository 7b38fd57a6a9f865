"""Lines of orders: what must be told, how they read, that a resource holds all of a line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.resource import resource_of
from benhan.node.orders.lines import (
    CARE_LEVELS,
    Ordered,
    OrderKind,
    OrderLine,
    care_level,
    care_level_of,
    check_line,
    group_of,
    is_open_order,
    line_to_resource,
    resource_to_line,
)

ORDERED = Ordered({"reference": "Patient/1"}, {"reference": "Encounter/2"}, "p.2026-11-26T08:00",
                  {"display": "BS. Châu"}, "2026-11-26T08:00:00+07:00")  # fmt: skip
PARACETAMOL = OrderLine(
    OrderKind.DRUG,
    "Paracetamol 500 mg",
    "T0001",
    "N02BE01",
    Decimal("0.5"),
    "viên",
    "uống",
    ("08:00", "20:00"),
    "sau ăn",
)
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20)
TIMES = st.lists(st.times().map(lambda at: at.strftime("%H:%M")), unique=True, max_size=6).map(tuple)
DOSES = st.decimals("0.001", "9999", places=3)


def test_a_line_reads_as_a_doctor_would_write_it() -> None:
    assert PARACETAMOL.text == "Paracetamol 500 mg × 0,5 viên, uống, 08:00 – 20:00 (sau ăn)"
    assert OrderLine(OrderKind.LAB, "Công thức máu").text == "Công thức máu"


@given(
    words=TEXT, code=TEXT, atc=TEXT, dose=DOSES, unit=TEXT, route=TEXT, times=TIMES, note=st.one_of(st.just(""), TEXT)
)
def test_a_drug_comes_back_from_its_resource_whole(
    words: str, code: str, atc: str, dose: Decimal, unit: str, route: str, times: tuple[str, ...], note: str
) -> None:
    line = OrderLine(OrderKind.DRUG, words, code, atc, dose, unit, route, times, note)
    assert resource_to_line(line_to_resource(line, ORDERED)) == line


@pytest.mark.parametrize("kind", [each for each in OrderKind if each is not OrderKind.DRUG])
def test_every_other_kind_comes_back_with_its_words_and_its_group(kind: OrderKind) -> None:
    line = OrderLine(kind, "Việc cần làm", note="sáng mai")
    resource = line_to_resource(line, ORDERED)
    assert resource_to_line(resource) == line
    assert group_of(resource) == ORDERED.group
    assert is_open_order(resource)
    assert resource_of(resource).type == resource["resourceType"]


@pytest.mark.parametrize(("typed", "level"), [("1", "1"), ("cấp II", "2"), ("Chăm sóc cấp III", "3"), ("3", "3")])
def test_a_level_of_care_is_read_however_it_is_written(typed: str, level: str) -> None:
    line = care_level(typed)
    assert (line.code, line.words) == (level, CARE_LEVELS[level])
    assert care_level_of(line_to_resource(line, ORDERED)) == level


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (OrderLine(OrderKind.DRUG, " ", dose=Decimal(1), unit="viên", route="uống"), "0.what"),
        (OrderLine(OrderKind.DRUG, "Paracetamol", unit="viên", route="uống"), "0.dose"),
        (OrderLine(OrderKind.DRUG, "Paracetamol", dose=Decimal(0), unit="viên", route="uống"), "0.dose"),
        (OrderLine(OrderKind.DRUG, "Paracetamol", dose=Decimal(1), route="uống"), "0.unit"),
        (OrderLine(OrderKind.DRUG, "Paracetamol", dose=Decimal(1), unit="viên"), "0.route"),
        (OrderLine(OrderKind.LAB, "Kali", times=("08:00", "08:00")), "0.times"),
        (OrderLine(OrderKind.LAB, "x" * 300), "0.what"),
        (OrderLine(OrderKind.LAB, "Kali", note="x" * 600), "0.note"),
        (care_level("4"), "0.what"),
    ],
)
def test_what_an_order_lacks_is_told_at_its_place(line: OrderLine, place: str) -> None:
    assert [each.place for each in check_line(line, "0")] == [place]


def test_a_whole_order_lacks_nothing() -> None:
    assert list(check_line(PARACETAMOL, "0")) == []
