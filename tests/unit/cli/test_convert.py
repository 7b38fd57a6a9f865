"""`benhan convert`: a document becomes one transaction, or its faults are told and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.stays import FACILITY, inpatient_stay
from click.testing import Result
from typer.testing import CliRunner

from benhan.cli.main import app
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml


def document() -> dict[str, Any]:
    patient, encounter, *rest = inpatient_stay()
    return fhir_to_hoso_benh_an(Record(FACILITY, patient, encounter, rest)).document


def converted(file: Path, *options: str) -> tuple[Result, Path]:
    target = file.with_name("bundle.json")
    command = ["convert", str(file), str(target), "--facility", FACILITY, *options]
    return CliRunner().invoke(app, command), target


@pytest.mark.parametrize("write", [hoso_to_xml, hoso_to_json])
def test_a_right_document_becomes_a_transaction_whose_references_are_its_own(tmp_path: Path, write: Any) -> None:
    file = tmp_path / "a.hoso"
    file.write_bytes(write(document()))
    result, target = converted(file)
    assert result.exit_code == 0, result.output
    bundle = json.loads(target.read_bytes())
    entries = bundle["entry"]
    assert (bundle["type"], entries[0]["resource"]["resourceType"]) == ("transaction", "Patient")
    urls = [each["fullUrl"] for each in entries]
    assert len(set(urls)) == len(urls) > 100
    asked = [part.partition('"')[0] for part in json.dumps(entries).split('"reference": "')[1:]]
    assert set(asked) <= set(urls)
    assert "urn:mapped" not in target.read_text("utf-8")
    assert not list(tmp_path.glob("*.part"))


def test_a_document_with_faults_is_told_and_written_only_by_force(tmp_path: Path) -> None:
    wrong = document()
    wrong["ThongTinBenhNhan"]["ngaysinh"] = "31/02/1990"
    file = tmp_path / "a.xml"
    file.write_bytes(hoso_to_xml(wrong))
    result, target = converted(file)
    assert (result.exit_code, target.exists()) == (2, False)
    assert "ThongTinBenhNhan.ngaysinh" in result.output
    result, target = converted(file, "--force")
    assert (result.exit_code, target.exists()) == (0, True)
