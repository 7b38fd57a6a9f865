"""`benhan views run`: a view of a file, to a file; what cannot be read or written is told before a store is opened."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benhan.cli import views
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Incorrect
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store

VIEW = {
    "resource": "Patient",
    "select": [{"column": [{"name": "id", "path": "id"}, {"name": "sex", "path": "gender"}]}],
}


def ran(*arguments: object) -> Any:
    return CliRunner().invoke(views.app, [str(each) for each in arguments])


async def test_a_view_of_a_store_becomes_a_file(fresh_url: str, tmp_path: Path) -> None:
    import asyncio

    settings = Settings(data=tmp_path, database=fresh_url, pool_size=2)
    async with open_store(settings) as store:
        unit = store.begin(system("test"))
        for number in range(3):
            unit.update(resource_of({"resourceType": "Patient", "id": f"p{number}", "gender": "female"}))
        await store.commit(unit)
    (tmp_path / "view.json").write_text(json.dumps(VIEW))
    target = tmp_path / "patients.csv"
    arguments = (tmp_path / "view.json", "--out", target, "--data", tmp_path, "--database", fresh_url)
    done = await asyncio.to_thread(ran, *arguments)
    assert done.exit_code == 0, done.output
    assert "3" in done.output
    head, *rows = csv.reader(target.read_text().splitlines())
    assert (head, sorted(rows)) == (["id", "sex"], [[f"p{number}", "female"] for number in range(3)])


@pytest.mark.parametrize(
    ("text", "target", "code"),
    [
        ("{", "t.csv", "BA-2398"),
        ("{}", "t.csv", "BA-2360"),
        (json.dumps(VIEW), "t.xlsx", "BA-2397"),
        (json.dumps(VIEW), "t", "BA-2397"),
    ],
)
def test_what_cannot_be_done_is_told_first(tmp_path: Path, text: str, target: str, code: str) -> None:
    (tmp_path / "view.json").write_text(text)
    done = ran(tmp_path / "view.json", "--out", tmp_path / target, "--data", tmp_path / "data")
    assert isinstance(done.exception, Incorrect)
    assert done.exception.code == code
    assert not (tmp_path / "data").exists()
