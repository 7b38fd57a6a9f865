"""`benhan validate`: files of every format, right and wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.vn.bhyt.samples import FOLDER, claim_of
from tests.unit.vn.ksk_making import check_up
from typer.testing import CliRunner, Result

from benhan.cli import checking, checks
from benhan.cli.main import app
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import claims_to_bytes
from benhan.vn.hoso_benh_an.document import hoso_to_json, hoso_to_xml
from benhan.vn.ksk.document import ksk_to_xml
from benhan.vn.systems import patient_number

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": patient_number("01234"), "value": "BN1"}],
    "name": [{"text": "Nguyễn Văn Thử"}],
    "gender": "male",
    "birthDate": "1980-02-15",
}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "IMP", "display": "Nội trú"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2026-01-05T08:00:00+07:00", "end": "2026-01-08T10:00:00+07:00"},
}
ORU = (
    "MSH|^~\\&|LIS|01234|BENHAN|01234|20260105080000||ORU^R01^ORU_R01|C1|P|2.5.1||||||UNICODE UTF-8\r"
    "PID|1||BN1^^^01234^PI||NGUYỄN^VĂN THỬ||19800215|M\rOBR|1|O1|F1|GLU^Đường huyết^L|||20260105080000\r"
    "OBX|1|NM|2345-7^Glucose^LN||5.60|mmol/L|3.9-6.4|N|||F|||{time}\r"
)


def checked(*paths: Path) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, paths), "--json"])


def places(result: Result) -> list[str]:
    return [json.loads(line)["place"] for line in result.stdout.splitlines()]


def test_a_right_resource_is_valid_and_a_wrong_one_is_named_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(PATIENT), encoding="utf-8")
    assert checked(file).exit_code == 0
    file.write_text(json.dumps({**PATIENT, "gender": "nam", "born": "1980"}), encoding="utf-8")
    result = checked(file)
    assert result.exit_code == 2
    assert sorted(places(result)) == ["Patient.born", "Patient.gender"]


def test_each_wrong_line_of_ndjson_is_told_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "many.ndjson"
    lines = [json.dumps(PATIENT), '{"resourceType":"Patient","gender":7}', "", "no json"]
    file.write_text("\n".join(lines), encoding="utf-8")
    result = checked(file)
    assert result.exit_code == 2
    assert [json.loads(line)["file"].rpartition(":")[2] for line in result.stdout.splitlines()] == ["2", "4"]


def test_what_the_house_exports_is_valid_in_both_forms(tmp_path: Path) -> None:
    exported = fhir_to_hoso_benh_an(Record("01234", PATIENT, ENCOUNTER))
    (tmp_path / "a.xml").write_bytes(hoso_to_xml(exported.document))
    (tmp_path / "a.json").write_bytes(hoso_to_json(exported.document))
    (tmp_path / "a.xml.manifest.json").write_bytes(b"{}")
    assert checked(tmp_path).exit_code == 0


def test_a_hoso_benh_an_with_a_wrong_date_or_a_missing_group_is_told(tmp_path: Path) -> None:
    document = fhir_to_hoso_benh_an(Record("01234", PATIENT, ENCOUNTER)).document
    document["ThongTinBenhNhan"]["ngaysinh"] = "1980-02-15"
    del document["HoSoCapCuu"]
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"HoSoBenhAn": document}, default=str), encoding="utf-8")
    result = checked(file)
    assert result.exit_code == 2
    assert {"HoSoCapCuu", "ThongTinBenhNhan.ngaysinh"} <= set(places(result))


def test_xml_with_an_entity_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "evil.xml"
    file.write_text('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><HoSoBenhAn>&a;</HoSoBenhAn>')
    result = checked(file)
    assert result.exit_code == 2
    assert "root:" not in result.output


def test_a_message_is_checked_as_the_node_would_read_it(tmp_path: Path) -> None:
    file = tmp_path / "a.hl7"
    file.write_text(ORU.format(time="20260105080000"), encoding="utf-8", newline="")
    assert checked(file).exit_code == 0
    file.write_text("\x0b" + ORU.format(time="20261305080000") + "\x1c\r", encoding="utf-8", newline="")
    result = checked(file)
    assert result.exit_code == 2
    assert places(result) == ["OBX-14"]


def test_each_message_of_a_file_is_checked_and_the_counts_of_a_batch(tmp_path: Path) -> None:
    file, good, bad = tmp_path / "b.hl7", ORU.format(time="20260105080000"), ORU.format(time="20261305080000")
    file.write_text(f"FHS|^~\\&\rBHS|^~\\&\r{good}\r{bad}\rBTS|2\rFTS|1\r", encoding="utf-8", newline="")
    assert places(checked(file)) == ["message[2] OBX-14"]
    file.write_text(f"BHS|^~\\&\r{good}\rkhông phải\rBTS|3\r", encoding="utf-8", newline="")
    assert checked(file).exit_code == 2
    stream = tmp_path / "c.mllp"
    stream.write_text(f"\x0b{good}\x1c\r\x0b{bad}\x1c\r\x0brubbish\x1c\r", encoding="utf-8", newline="")
    assert places(checked(stream)) == ["message[2] OBX-14", "message[3] BA-0601"]


def test_a_health_check_up_is_checked_field_by_field(tmp_path: Path) -> None:
    check, file = check_up(), tmp_path / "ksk.xml"
    file.write_bytes(ksk_to_xml(check))
    assert checked(file).exit_code == 0
    check.parts["XML1"]["SO_CCCD"] = "12"
    file.write_bytes(ksk_to_xml(check))
    result = checked(file)
    assert (result.exit_code, places(result)) == (2, ["XML1.SO_CCCD"])


def test_what_another_exporter_writes_otherwise_is_told_and_no_error(tmp_path: Path) -> None:
    written = hoso_to_json(fhir_to_hoso_benh_an(Record("01234", PATIENT, ENCOUNTER)).document)
    document = json.loads(written)["HoSoBenhAn"]
    document["ThongTinBenhNhan"]["tiensubenhtatcuagiadinh"] = "Bố tăng huyết áp"
    document["ThongTinBenhNhan"]["la"] = "1"
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"HoSoBenhAn": document}), encoding="utf-8")
    result = checked(file)
    assert result.exit_code == 0
    assert places(result) == ["ThongTinBenhNhan.la", "ThongTinBenhNhan.tiensubenhtatcuagiadinh[0]"]


def bhyt(tmp_path: Path, name: str = "b.xml", **changed: str) -> Path:
    claim = claim_of("A_outpatient")
    claim.summary.update(changed)
    file = tmp_path / name
    file.write_bytes(claims_to_bytes("99001", date(2026, 11, 2), [claim], latest()))
    return file


def test_a_right_bhyt_file_passes_and_a_wrong_one_is_told_by_claim_rule_and_place(tmp_path: Path) -> None:
    assert checked(bhyt(tmp_path)).exit_code == 0
    result = checked(bhyt(tmp_path, NGAY_VAO="202602310730"))
    assert result.exit_code == 2
    [told] = [each for each in map(json.loads, result.stdout.splitlines()) if each["is_error"]]
    assert (told["ma_lk"], told["rule"], told["place"]) == ("SYN-A-0001", "F10", "XML1.NGAY_VAO")
    assert told["hint"]


def test_a_bhyt_file_is_told_in_words_and_as_a_page(tmp_path: Path) -> None:
    file = bhyt(tmp_path, NGAY_VAO="202602310730")
    pages = tmp_path / "pages"
    result = CliRunner().invoke(app, ["validate", str(file), "--html", str(pages)])
    assert "SYN-A-0001" in result.stderr
    page = (pages / "b.xml.html").read_text(encoding="utf-8")
    assert "XML1.NGAY_VAO" in page
    assert "NGUYỄN VĂN MẪU" not in page


def test_a_policy_lowers_what_a_rule_weighs(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[levels]\nF05 = "off"\nF10 = "warn"\n', encoding="utf-8")
    file = bhyt(tmp_path, NGAY_VAO="202602310730")
    result = CliRunner().invoke(app, ["validate", str(file), "--json", "--policy", str(policy)])
    assert result.exit_code == 0


def test_a_table_and_a_check_in_are_known_by_their_roots(tmp_path: Path) -> None:
    for name in ("xml0_checkin_exam", "xml12_record_UNCERTAIN_ROOT"):
        result = checked(FOLDER / f"{name}.xml")
        assert all("rule" in each for each in map(json.loads, result.stdout.splitlines()))


def words(*paths: Path) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, paths)])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "BA-3700"),
        (b" \r\n", "BA-3700"),
        (b"%PDF-1.4 x", "BA-3701"),
        (b"\x1f\x8b\x08\x00\x00", "BA-3701"),
        (bytes(range(256)) * 20, "BA-3701"),
        (b"[1, 2]", "BA-3701"),
        (b"PID|1||BN1", "BA-3701"),
        (b"<html></html>", "BA-3701"),
        ("<html/>".encode("utf-16"), "BA-3701"),
        (b'{"resourceType":"Patient",', "BA-0201"),
        (b'{"a":' + b"[" * 50_000, "BA-0751"),
        (b"<HoSoBenhAn><", "BA-0751"),
        (b"<KHAMSUCKHOE><", "BA-3560"),
        (b'<Patient xmlns="http://hl7.org/fhir"><', "BA-2050"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir">&a;</Patient>', "BA-2051"),
        (b"MSH|", "BA-0601"),
    ],
)
@pytest.mark.parametrize("suffix", ["json", "xml", "hl7"])
def test_a_file_that_cannot_be_read_is_told_by_what_is_wrong_with_it(
    tmp_path: Path, content: bytes, code: str, suffix: str
) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(content)
    result = checked(file)
    assert (result.exit_code, places(result)) == (2, [code])


def test_an_empty_ndjson_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("\n\n")
    assert places(checked(file)) == ["BA-3700"]


def test_fhir_xml_is_checked_like_json(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text('<Patient xmlns="http://hl7.org/fhir"><birthDate value="2026-02-31"/></Patient>')
    assert places(checked(file)) == ["Patient.birthDate"]
    file.write_text('<Patient xmlns="http://hl7.org/fhir"><birthDate value="2026-02-28"/></Patient>')
    assert checked(file).exit_code == 0


def test_hoso_benh_an_in_utf_16_is_read(tmp_path: Path) -> None:
    written = hoso_to_xml(fhir_to_hoso_benh_an(Record("01234", PATIENT, ENCOUNTER)).document).decode()
    file = tmp_path / "a.xml"
    file.write_bytes(written.replace("utf-8", "utf-16").replace("UTF-8", "utf-16").encode("utf-16"))
    assert checked(file).exit_code == 0


def test_a_file_that_cannot_be_opened_is_told_and_the_others_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"resourceType":"Patient","gender":"nam"}')
    opened = Path.open

    def refusing(self: Path, *args: Any, **named: Any) -> Any:
        if self.name == "a.json":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **named)

    monkeypatch.setattr(Path, "open", refusing)
    assert places(checked(tmp_path)) == ["BA-3702", "Patient.gender"]


def test_files_of_a_folder_that_are_not_checked_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(PATIENT), encoding="utf-8")
    (tmp_path / "notes.docx").write_bytes(b"PK")
    assert "1 tệp có đuôi khác không được kiểm tra" in words(tmp_path).stderr
    assert words(tmp_path / "notes.docx").exit_code == 2


def test_every_kind_of_file_has_its_page_and_the_index_names_the_wrong_ones_first(tmp_path: Path) -> None:
    right, wrong, pages = tmp_path / "1", tmp_path / "2", tmp_path / "pages"
    right.mkdir()
    wrong.mkdir()
    (right / "a.json").write_text(json.dumps(PATIENT), encoding="utf-8")
    (wrong / "a.json").write_text(json.dumps({**PATIENT, "gender": "<b>"}), encoding="utf-8")
    (wrong / "m.ndjson").write_text('\n{"resourceType":"Patient","born":1}', encoding="utf-8")
    bhyt(wrong, NGAY_VAO="202602310730")
    result = CliRunner().invoke(app, ["validate", str(right), str(wrong), "--html", str(pages)])
    assert str(pages / "index.html") in result.stderr
    assert sorted(each.name for each in pages.iterdir()) == [
        "a.json.2.html",
        "a.json.html",
        "b.xml.html",
        "index.html",
        "m.ndjson.html",
    ]
    assert "Đúng." in (pages / "a.json.html").read_text(encoding="utf-8")
    told = (pages / "a.json.2.html").read_text(encoding="utf-8")
    assert "Patient.gender" in told
    assert "<b>" not in told
    assert "2 Patient.born" in (pages / "m.ndjson.html").read_text(encoding="utf-8")
    index = (pages / "index.html").read_text(encoding="utf-8")
    assert "4 tệp, 3 tệp có lỗi" in index
    assert index.index("b.xml.html") < index.index('"a.json.html"')


def test_a_line_without_end_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checking, checks):
        monkeypatch.setattr(module, "SIZE_MAX", 300)
    file = tmp_path / "a.ndjson"
    file.write_bytes(
        b'{"resourceType":"Patient","gender":"x"}\n' + b"x" * 1_500 + b'\n{"resourceType":"Patient","b":1}\n'
    )
    told = [json.loads(line) for line in checked(file).stdout.splitlines()]
    assert [(each["file"].rpartition(":")[2], each["place"]) for each in told] == [
        ("1", "Patient.gender"),
        ("2", "BA-0206"),
        ("3", "Patient.b"),
    ]


def test_a_report_as_json_tells_level_and_hint_of_every_format(tmp_path: Path) -> None:
    wrong = check_up()
    del wrong.parts["XML1"]["HO_TEN"]
    wrong.parts["XML1"]["LA"] = "x"
    (tmp_path / "kham.xml").write_bytes(ksk_to_xml(wrong))
    (tmp_path / "nguoi.json").write_text(json.dumps({**PATIENT, "gender": "nam"}), encoding="utf-8")
    told = [json.loads(line) for line in checked(tmp_path).stdout.splitlines()]
    assert {each["level"] for each in told} == {"block", "warn"}
    assert all((each["level"] == "block") == each["is_error"] for each in told)
    assert all(len(each["hint"]) > 10 for each in told)
