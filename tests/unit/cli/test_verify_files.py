"""`benhan verify FILE…` tells a court what a signature is worth: in Vietnamese, as data, as a page."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import pem
from tests.clocks import SetClock
from tests.unit.cli.test_keys_and_ledger import KEY, proof_in
from typer.testing import CliRunner, Result

from benhan.cli.main import app
from benhan.kernel.faults import Incorrect
from benhan.kernel.ids import SystemRandom
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.cms import detached
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.testing.pki import TestPki

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed page, one that was altered, a detached signature, and the root to trust."""
    import typst

    folder = tmp_path_factory.mktemp("signed")
    pki = TestPki(tmp_path_factory.mktemp("pki"), SetClock(AT))
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    page = typst.Compiler().compile({"main.typ": "Tờ điều trị".encode()}, pdf_standards=["a-3b"])
    assert isinstance(page, bytes)

    async def sign() -> tuple[bytes, bytes]:
        place = Place("BacSi", "Bác sĩ <điều trị>")
        (signed,) = [each async for each in sign_pdfs([(page, place)], pki.signer("doctor"), services, AT)]
        waiting = detached(b"{}", pki.identity("doctor"), claimed_at=AT)
        (signature,) = await pki.signer("doctor").sign([waiting.attributes])
        return signed.pdf, waiting.with_signature(signature).der

    pdf, beside = asyncio.run(sign())
    (folder / "signed.pdf").write_bytes(pdf)
    (folder / "altered.pdf").write_bytes(pdf.replace(b"/Type/Page", b"/Type/Paqe", 1))
    (folder / "plain.pdf").write_bytes(page)
    (folder / "doc.json.p7s").write_bytes(beside)
    (folder / "doc.json").write_bytes(b"{}")
    (folder / "trust").mkdir()
    (folder / "trust" / "root.pem").write_bytes(pem.armor("CERTIFICATE", pki.certificate("root").dump()))
    return folder


def verify(folder: Path, *names: str) -> Result:
    paths = [str(folder / name) if (folder / name).exists() else name for name in names]
    return CliRunner().invoke(app, ["verify", *paths], env={"LANG": "vi_VN.UTF-8", "LC_ALL": ""})


def test_who_as_what_when_and_that_nothing_changed_are_told(folder: Path) -> None:
    told = verify(folder, "signed.pdf", "--trust", "trust")
    assert told.exit_code == 0, told.output
    for words in (
        "HỢP LỆ",
        "TOTAL-PASSED",
        "Nguyễn Thị Bác Sĩ",
        "Bác sĩ <điều trị>",
        "15:30:00 26/11/2026",
        "không thay đổi",
    ):
        assert words in told.output


def test_an_altered_file_is_not_valid(folder: Path) -> None:
    told = verify(folder, "altered.pdf", "--trust", "trust")
    assert told.exit_code == 70
    assert "KHÔNG HỢP LỆ" in told.output


def test_without_roots_there_is_no_conclusion_and_a_word_what_to_do(folder: Path) -> None:
    told = verify(folder, "signed.pdf")
    assert told.exit_code == 10
    assert "CHƯA KẾT LUẬN ĐƯỢC" in told.output
    assert "--trust" in told.output


def test_what_nobody_signed_says_so(folder: Path) -> None:
    told = verify(folder, "plain.pdf", "--trust", "trust")
    assert (told.exit_code, "KHÔNG CÓ CHỮ KÝ" in told.output) == (10, True)


def test_programs_read_it_as_json(folder: Path) -> None:
    told = verify(folder, "signed.pdf", "altered.pdf", "--trust", "trust", "--json")
    first, second = (json.loads(line) for line in told.stdout.splitlines())
    assert (first["indication"], second["indication"]) == ("TOTAL-PASSED", "TOTAL-FAILED")
    assert first["signatures"][0]["signer"]["name"] == "Nguyễn Thị Bác Sĩ"
    assert first["signatures"][0]["proven_at"] == "2026-11-26T08:30:00+00:00"


def test_a_page_for_a_person_needs_no_network_and_runs_no_text(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "verdict.html"
    assert verify(folder, "signed.pdf", "--trust", "trust", "--html", str(page)).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "Bác sĩ &lt;điều trị&gt;" in html
    assert "http" not in html.replace("https://", "http").split("<main>")[0]
    assert "<script" not in html


def test_the_page_that_verifies_in_a_browser_is_copied(tmp_path: Path) -> None:
    page = tmp_path / "kiem-tra.html"
    assert CliRunner().invoke(app, ["verify", "--page", str(page)]).exit_code == 0
    assert "Kiểm tra ngoại tuyến" in page.read_text(encoding="utf-8")


def test_a_detached_signature_finds_the_file_beside_it(folder: Path) -> None:
    told = verify(folder, "doc.json.p7s", "--trust", "trust", "--json")
    (signature,) = json.loads(told.stdout)["signatures"]
    assert (told.exit_code, signature["is_unchanged"]) == (10, True)
    other = verify(folder, "doc.json.p7s", "--trust", "trust", "--content", "plain.pdf", "--json")
    assert json.loads(other.stdout)["signatures"][0]["sub_indication"] == "HASH_FAILURE"


def test_a_proof_of_the_ledger_is_joined_in(tmp_path: Path) -> None:
    proof_in(tmp_path)
    key = KEY.public_key().public_bytes_raw().hex()
    told = verify(tmp_path, "proof.json", "--key", key)
    assert (told.exit_code, "proven" in told.output) == (0, True)
    assert verify(tmp_path, "proof.json", "--key", "00" * 32).exit_code == 70


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.pdf").open("wb") as file:
        file.truncate(300 * 2**20)
    told = verify(tmp_path, "huge.pdf").exception
    assert isinstance(told, Incorrect)
    assert told.code == "BA-5006"


def test_json_that_is_no_proof_of_the_ledger_is_refused(folder: Path) -> None:
    assert isinstance(verify(folder, "doc.json").exception, Incorrect)
