"""People without certificates: what is shown, what must be there, codes, witnesses, evidence that anybody verifies."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from msgspec.structs import replace as changed
from tests.node.conftest import DOCTOR, admit
from tests.node.signing import AT, COURSE, House

from benhan.cli.verify_files import verify_files
from benhan.kernel.faults import Fault
from benhan.node.records.models import Paper, PaperState, Record
from benhan.node.signatures.chain import usual_chains
from benhan.node.signatures.evidence import Confirmation, Method, Relation, Stroke, Witness, checked, stroke_of
from benhan.node.signatures.models import Chosen
from benhan.signing.verdicts import Indication
from benhan.signing.verify_cms import judge_cms

LINE: Stroke = (tuple((n * 10, n * n % 97) for n in range(40)),)
BY_HAND = Confirmation(Method.STROKE, Relation.SELF, "Trần Thị Mận", stroke=LINE)
DEVICE = "Tablet 1280x800"


@pytest.fixture(autouse=True)
def wants_patient(monkeypatch: pytest.MonkeyPatch, signing_house: House) -> None:
    """Papers of treatment want the patient and the author, in any order."""
    chains = usual_chains()
    wanted = changed(chains, chain=(changed(chains.chain[-1], turns=(("patient", "author"),)),))
    monkeypatch.setattr(signing_house.records, "chains", wanted)


async def paper_of(hospital: House) -> tuple[Record, Paper, Chosen]:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    return record, paper, Chosen(record.id, paper.number, paper.version)


async def test_a_confirmed_page_is_kept_with_its_hash_and_signed_by_the_organisation(hospital: House) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    await hospital.confirmations.take(chosen, shown.page_hash, BY_HAND, DOCTOR, DEVICE)
    assert await hospital.keeper.seal_evidence() >= 1
    evidence, signature = await hospital.confirmations.files(record.id, paper.number, 0, DOCTOR)
    verdict = await judge_cms(signature, evidence, hospital.pki.trust, AT)
    assert (verdict.finding.indication, verdict.level) == (Indication.PASSED, "B-LT")
    told = json.loads(evidence)
    assert told["method"] == "stroke"
    assert told["stroke"][0][1] == list(LINE[0][1])
    assert told["pictures_sha256"] == [hashlib.sha256(each).hexdigest() for each in shown.pictures]
    assert (told["device"], told["taken_by"], told["person"]["relation"]) == (DEVICE, DOCTOR.id, "self")
    changed = await judge_cms(signature, evidence.replace(b"self", b"wife"), hospital.pki.trust, AT)
    assert changed.finding.indication is Indication.FAILED


async def test_the_confirmed_page_is_the_beginning_of_the_signed_file(hospital: House) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    await hospital.confirmations.take(chosen, shown.page_hash, BY_HAND, DOCTOR, DEVICE)
    (state,) = [each.state for each in await hospital.records.rows.papers(record)]
    assert state is PaperState.SIGNED
    pdf = await hospital.signatures.file(record.id, 1, paper.version, DOCTOR)
    ends = [place + 5 for place in range(len(pdf)) if pdf.startswith(b"%%EOF", place)]
    hashes = {hashlib.sha256(pdf[:end]).hexdigest() for end in (*ends, *(each + 1 for each in ends))}
    assert shown.page_hash in hashes


async def test_what_is_taken_from_the_pages_is_verified_by_the_command_offline(
    hospital: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    await hospital.confirmations.take(chosen, shown.page_hash, BY_HAND, DOCTOR, DEVICE)
    await hospital.keeper.seal_evidence()
    await hospital.sign(record, [paper], DOCTOR)
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.crt").write_bytes(hospital.pki.certificate("root").dump())
    evidence, signature = await hospital.confirmations.files(record.id, paper.number, 0, DOCTOR)
    pdf, kept, signed = (tmp_path / name for name in ("to.pdf", "xac-nhan.json", "xac-nhan.json.p7s"))
    pdf.write_bytes(await hospital.signatures.file(record.id, 1, paper.version, DOCTOR))
    kept.write_bytes(evidence)
    signed.write_bytes(signature)
    await asyncio.to_thread(verify_files, [pdf], trust, None, "", as_json=True, html=None)
    (told,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told["indication"] == "TOTAL-PASSED"
    altered = bytearray(pdf.read_bytes())
    altered[len(altered) // 3] ^= 1
    pdf.write_bytes(bytes(altered))
    with pytest.raises((typer.Exit, Fault)):
        await asyncio.to_thread(verify_files, [pdf], trust, None, "", as_json=True, html=None)


async def test_a_page_that_changed_meanwhile_is_not_confirmed(hospital: House) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    with pytest.raises(Fault, match="BA-5120"):
        await hospital.confirmations.take(chosen, "00" * 32, BY_HAND, DOCTOR, DEVICE)
    await hospital.papers.save(record.id, 1, {"khoa": "Nội"}, paper.version, DOCTOR, reason="thiếu")
    with pytest.raises(Fault, match="BA-5105"):
        await hospital.confirmations.take(chosen, shown.page_hash, BY_HAND, DOCTOR, DEVICE)


async def test_a_code_is_good_for_one_page_one_time_and_few_tries(hospital: House) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    id_ = await hospital.confirmations.send_code(chosen, "0900000001", DOCTOR)
    by_code = Confirmation(Method.CODE, Relation.SELF, "Trần Thị Mận", code=id_)
    right = hospital.codes.sent["0900000001"]
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(2):
        with pytest.raises(Fault, match="BA-5122"):
            await hospital.confirmations.take(chosen, shown.page_hash, by_code, DOCTOR, DEVICE, wrong)
    await hospital.confirmations.take(chosen, shown.page_hash, by_code, DOCTOR, DEVICE, right)
    told = json.loads((await hospital.confirmations.files(record.id, 1, 0, DOCTOR))[0])
    assert told["code"] == {"transaction": id_, "phone": "0900000001"}
    kept = await hospital.store.database.fetch("select * from confirmation_code")
    assert not any(b"0900000001" in bytes(row["phone"]) for row in kept)


async def test_a_late_code_is_over(hospital: House) -> None:
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    id_ = await hospital.confirmations.send_code(chosen, "0900000002", DOCTOR)
    hospital.clock.advance(minutes=6)
    by_code = Confirmation(Method.CODE, Relation.SELF, "Trần Thị Mận", code=id_)
    with pytest.raises(Fault, match="BA-5122"):
        await hospital.confirmations.take(
            chosen, shown.page_hash, by_code, DOCTOR, DEVICE, hospital.codes.sent["0900000002"]
        )


@pytest.mark.parametrize(
    ("confirmation", "age", "code"),
    [
        (BY_HAND, 40, ""),
        (BY_HAND, None, ""),
        (BY_HAND, 12, "BA-5123"),
        (replace(BY_HAND, relation=Relation.SPOUSE), 12, "BA-5123"),
        (replace(BY_HAND, relation=Relation.PARENT), 12, "BA-5121"),
        (replace(BY_HAND, relation=Relation.PARENT, child_agrees=True), 12, ""),
        (replace(BY_HAND, relation=Relation.GUARDIAN), 5, ""),
        (replace(BY_HAND, relation=Relation.CHILD), 80, "BA-5121"),
        (replace(BY_HAND, relation=Relation.CHILD, reason="hôn mê"), 80, ""),
        (replace(BY_HAND, name=" "), 40, "BA-5121"),
        (replace(BY_HAND, stroke=(((1, 1), (2, 2)),)), 40, "BA-5121"),
        (replace(BY_HAND, method=Method.WITNESSES, witnesses=(Witness("A", "1"), Witness("a", "2"))), 40, "BA-5121"),
        (replace(BY_HAND, method=Method.WITNESSES, witnesses=(Witness("A", "1"), Witness("B", ""))), 40, "BA-5121"),
        (replace(BY_HAND, method=Method.WITNESSES, witnesses=(Witness("A", "1"), Witness("B", "2"))), 40, ""),
    ],
)
def test_who_may_confirm_how_is_held_to_age_and_method(confirmation: Confirmation, age: int | None, code: str) -> None:
    try:
        found = "" if checked(confirmation, age) == confirmation else "changed"
    except Fault as fault:
        found = fault.code
    assert found == code


@pytest.mark.parametrize(
    "text", ["[[[1]]]", "[[[1,2,3]]]", "[[[-1,2]]]", "[[[1,1001]]]", "[[[1.5,2]]]", "{", '"x"', "[" * 9000]
)
def test_what_is_no_stroke_is_refused(text: str) -> None:
    with pytest.raises(Fault, match="BA-5121"):
        stroke_of(text)


async def test_nobody_confirms_what_waits_for_no_patient(hospital: House) -> None:
    hospital.stay = await admit(hospital.store)
    record, paper, chosen = await paper_of(hospital)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    await hospital.confirmations.take(chosen, shown.page_hash, BY_HAND, DOCTOR, DEVICE)
    with pytest.raises(Fault, match="BA-5103"):
        await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
