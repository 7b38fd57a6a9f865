"""What speaks against orders, by the sample lists that are shipped and by lists of one's own."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from benhan.node.orders.lines import OrderKind, OrderLine
from benhan.node.orders.warnings import Allergy, Drug, Knowledge, Severity, WarningKind, knowledge_of, warnings_of
from benhan.vn.catalogues import shipped
from benhan.vn.catalogues.catalogue import Entry

DAY = date(2026, 11, 26)
LISTS = [shipped.catalogue(name).on(DAY) for name in ("TUONG_TAC", "NHOM_DI_UNG")]
KNOWN = knowledge_of(*LISTS)
ATC = {each.display: each.properties["atc"] for each in shipped.catalogue("THUOC").on(DAY).values()}


def drug(words: str, atc: str) -> OrderLine:
    return OrderLine(OrderKind.DRUG, words, atc=atc, dose=Decimal(1), unit="viên", route="uống")


WARFARIN, SIMVASTATIN, IBUPROFEN = ("Warfarin", "B01AA03"), ("Simvastatin", "C10AA01"), ("Ibuprofen", "M01AE01")
CLARITHROMYCIN, AMOXICILLIN = ("Clarithromycin", "J01FA09"), ("Amoxicilin", "J01CA04")


def told(
    *new: tuple[str, str], present: tuple[tuple[str, str], ...] = (), allergies: tuple[str, ...] = ()
) -> list[tuple[WarningKind, Severity]]:
    found = warnings_of(
        [drug(*each) for each in new], [Drug(*each) for each in present], [Allergy(each) for each in allergies], KNOWN
    )
    return [(each.kind, each.severity) for each in found]


def test_two_new_drugs_that_interact_are_told_whichever_stands_first() -> None:
    expected = [(WarningKind.INTERACTION, Severity.SEVERE)]
    assert told(WARFARIN, IBUPROFEN) == told(IBUPROFEN, WARFARIN) == expected


def test_a_new_drug_is_held_against_those_that_are_given() -> None:
    assert told(CLARITHROMYCIN, present=(SIMVASTATIN,)) == [(WarningKind.INTERACTION, Severity.CONTRAINDICATED)]


def test_what_is_given_already_is_not_told_again() -> None:
    assert told(("Omeprazol", "A02BC01"), present=(SIMVASTATIN, CLARITHROMYCIN)) == []


def test_the_same_substance_twice_is_told() -> None:
    assert told(("Paracetamol 500 mg", "N02BE01"), present=(("Paracetamol truyền", "N02BE01"),)) == [
        (WarningKind.DOUBLE, Severity.SEVERE)
    ]


@pytest.mark.parametrize("words", ["Penicillin", "dị ứng PENICILIN", "amoxicilin (nổi mẩn)", "Augmentin"])
def test_an_allergy_of_the_class_forbids_the_drug(words: str) -> None:
    assert (WarningKind.ALLERGY, Severity.CONTRAINDICATED) in told(AMOXICILLIN, allergies=(words,))


def test_what_may_cross_is_told_as_such() -> None:
    assert told(("Ceftriaxon", "J01DD04"), allergies=("Penicillin",)) == [(WarningKind.CROSS_ALLERGY, Severity.SEVERE)]


def test_an_allergy_to_a_substance_that_no_class_knows_is_found_by_its_name() -> None:
    assert told(("Allopurinol 100 mg", "M04AA01"), allergies=("Allopurinol",)) == [
        (WarningKind.ALLERGY, Severity.CONTRAINDICATED)
    ]


@pytest.mark.parametrize("words", ["tôm, cua", "phấn hoa", "thuốc", "không rõ", "vitamin"])
def test_an_allergy_to_something_else_forbids_nothing(words: str) -> None:
    assert told(AMOXICILLIN, WARFARIN, ("Vitamin B1", "A11DA01"), allergies=(words,)) == []


def test_what_is_no_drug_is_not_held_against_anything() -> None:
    lines = [OrderLine(OrderKind.LAB, "Kali", atc="B01AA03"), drug(*IBUPROFEN)]
    assert warnings_of(lines, [], [], KNOWN) == []


def test_the_worst_stands_first_and_names_the_row_of_the_new_drug() -> None:
    lines = [drug(*IBUPROFEN), drug(*WARFARIN), drug(*CLARITHROMYCIN)]
    found = warnings_of(lines, [Drug(*SIMVASTATIN)], [], KNOWN)
    assert [(each.severity, each.row) for each in found] == [
        (Severity.CONTRAINDICATED, 2), (Severity.SEVERE, 1), (Severity.MODERATE, 2),
    ]  # fmt: skip
    assert len({each.key for each in found}) == 3


def test_a_row_that_cannot_be_read_is_left_out() -> None:
    rows = {"x": Entry("x", "Không rõ", properties={"a": "A", "severity": "huge", "b": "B"}), "y": Entry("y", "Thiếu")}
    assert knowledge_of(rows, {}) == Knowledge()


def test_every_row_of_the_sample_is_read_names_its_origin_and_says_what_to_do() -> None:
    assert len(KNOWN.pairs) == len(LISTS[0]) >= 40
    assert all(each.origin and each.remedy.vi and each.remedy.en != each.remedy.vi for each in KNOWN.pairs)
    codes = [code for pair in KNOWN.pairs for code in (pair.a, pair.b)]
    codes += [code for each in KNOWN.classes for code in (*each.atc, *each.cross)]
    assert [code for code in codes if not re.fullmatch(r"[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?", code)] == []
    assert all(each.words and each.atc and each.origin for each in KNOWN.classes)


@pytest.mark.parametrize("name", ["TUONG_TAC", "NHOM_DI_UNG"])
def test_no_cell_of_the_sample_slipped_into_another_column(name: str) -> None:
    path = Path(shipped.__file__).parent / "data" / f"{name}.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_drugs_that_are_shipped_meet_the_sample() -> None:
    starts = {code for pair in KNOWN.pairs for code in (pair.a, pair.b)}
    assert sum(any(atc.startswith(each) for each in starts) for atc in ATC.values()) >= 40
