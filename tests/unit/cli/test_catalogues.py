"""What `benhan catalogues` does with a file before it comes to a store, and what it writes."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benhan.cli import catalogues
from benhan.kernel.faults import Incorrect
from benhan.vn.catalogues.catalogue import Catalogue, Entry
from benhan.vn.catalogues.difference import difference
from benhan.vn.catalogues.rows import read_rows
from benhan.vn.catalogues.shipped import catalogue, head_of, names
from benhan.vn.catalogues.table import read_table


def test_a_day_that_is_none_ends_the_command_before_anything_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("Mã,Tên\nA,B\n", encoding="utf-8")
    told = CliRunner().invoke(
        catalogues.app, ["load", str(file), "--list", "X", "--from", "31/02/2026", "--data", str(tmp_path)]
    )
    assert told.exit_code == 2
    assert not (tmp_path / "postgres").exists()


def test_a_file_that_is_no_table_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"PK nothing")
    told = CliRunner().invoke(catalogues.app, ["load", str(file), "--list", "X", "--data", str(tmp_path)])
    assert isinstance(told.exception, Incorrect)
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("name", [each for each in names() if not catalogue(each).is_empty])
def test_what_is_exported_is_loaded_again_without_a_change(name: str) -> None:
    known = catalogue(name)
    text = catalogues.entries_to_csv(known.entries)
    rows = read_rows(read_table(text.encode("utf-8-sig")), known, date(2020, 1, 1))
    assert rows.rejects == ()
    assert difference(known, rows.entries, date(2020, 1, 1)).is_nothing


def test_days_are_written_with_the_last_one_included() -> None:
    known = Catalogue(head_of("X"), (Entry("A", "a, b", date(2026, 1, 1), date(2026, 3, 1), {"x": "1"}),))
    (row,) = csv.DictReader(catalogues.entries_to_csv(known.entries).splitlines())
    assert row == {"code": "A", "display": "a, b", "tu_ngay": "2026-01-01", "den_ngay": "2026-02-28", "x": "1"}
