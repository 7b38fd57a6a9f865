"""`benhan forms`: for records officers and a hospital's own forms."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
from typer.testing import CliRunner, Result

from benhan.cli.main import app
from benhan.vn.forms.load import DATA

OWN = """
number = "99/BVX"
name = "Phiếu của bệnh viện"
title = "PHIẾU"
decision = "QĐ 1/BVX"
effective_from = 2024-01-01
body = "Nguy cơ té ngã: {nguy_co:one thap=Thấp □; cao=Cao □}"
"""


def forms(*words: str) -> Result:
    return CliRunner().invoke(app, ["forms", *words])


def folder(tmp_path: Path, text: str = OWN) -> Path:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_list_marks_what_is_here_and_adds_the_hospitals_own(tmp_path: Path) -> None:
    lines = forms("list", "--folder", str(folder(tmp_path))).stdout.splitlines()
    assert any(line.startswith("✓ 01/BV-01") and "Bệnh án nội khoa" in line for line in lines)
    assert any(line.startswith("  07/BV-02") for line in lines)
    assert lines[-1] == "✓ 99/BVX@2024-01-01  Phiếu của bệnh viện"


def test_a_right_file_is_told_field_by_field() -> None:
    result = forms("check", str(DATA / "01_noi_khoa.toml"))
    assert result.exit_code == 0
    assert "§ A- BỆNH ÁN / III-Khám bệnh" in result.stdout
    assert "mach: number “Mạch” · 0..350 /min · ThongTinVaoVien.mach · LOINC 8867-4" in result.stdout


def test_a_wrong_file_is_told_mistake_by_mistake(tmp_path: Path) -> None:
    file = folder(tmp_path, OWN.replace("□; cao=Cao □", "□; thap=Cao □")) / "own.toml"
    result = forms("check", str(file))
    assert result.exit_code == 2
    assert "nguy_co: hai lựa chọn cùng mã thap" in result.stderr


def test_a_hospital_prints_its_own_form_with_answers(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"nguy_co": "cao"}), encoding="utf-8")
    target = tmp_path / "form.pdf"
    result = forms(
        "print", "99/BVX", "--folder", str(folder(tmp_path)), "--answers", str(answers), "--out", str(target)
    )
    assert result.exit_code == 0, result.output
    with pypdfium2.PdfDocument(target) as pdf:
        assert "".join(pdf[0].get_textpage().get_text_range().split()).startswith("Nguycơténgã:ThấpCaoX")


def test_answers_that_do_not_fit_are_refused_with_their_places(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"nguy_co": "rất cao", "khac": 1}), encoding="utf-8")
    result = forms(
        "print",
        "99/BVX",
        "--folder",
        str(folder(tmp_path)),
        "--answers",
        str(answers),
        "--out",
        str(tmp_path / "x.pdf"),
    )
    assert result.exception is not None
    assert "BA-3361" in str(result.exception)
    assert not (tmp_path / "x.pdf").exists()


def test_a_form_that_is_not_in_force_is_not_printed(tmp_path: Path) -> None:
    result = forms("print", "01/BV-01", "--day", "2020-01-01", "--out", str(tmp_path / "x.pdf"))
    assert "BA-3351" in str(result.exception)


def test_forms_become_questionnaires_to_import(tmp_path: Path) -> None:
    target = tmp_path / "forms.ndjson"
    assert forms("questionnaire", "--folder", str(folder(tmp_path)), "--out", str(target)).exit_code == 0
    titles = [json.loads(line)["title"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert {"Bệnh án nội khoa", "Phiếu của bệnh viện"} <= set(titles)
