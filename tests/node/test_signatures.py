"""Papers signed in a hospital: order, batches, versions, bad certificates, PINs, time-stamps that come later."""

from __future__ import annotations

import asyncio

import pytest
from tests.node.conftest import DOCTOR, OTHER_DOCTOR
from tests.node.signing import AT, CARE, COURSE, INTERNAL, PIN, House

from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.node.records.models import PaperState, Record
from benhan.node.signatures.models import StepState
from benhan.node.signatures.page import ANSWERS_NAME, FHIR_NAME
from benhan.signing.verdicts import Indication
from benhan.signing.verify_pdf import judge_pdf
from benhan.store.ledger.read import entries_of_patient


async def state_of(hospital: House, record: Record, number: int) -> PaperState:
    return next(each.state for each in await hospital.records.rows.papers(record) if each.number == number)


async def test_a_whole_chart_is_signed_by_one_pin_and_each_paper_holds_its_data(hospital: House) -> None:
    record, papers = await hospital.record_with(COURSE, CARE, INTERNAL, author=DOCTOR)
    batch = await hospital.sign(record, papers, DOCTOR)
    assert [each.state for each in batch.papers] == ["signed"] * 3
    pdf = await hospital.signatures.file(record.id, 1, papers[0].version, DOCTOR)
    (signature, stamp) = await judge_pdf(pdf, hospital.pki.trust, AT)
    assert signature.finding.indication is Indication.PASSED
    assert (signature.role, signature.level, stamp.is_timestamp) == ("Bác sĩ", "B-LTA", True)
    stored = await hospital.store.resources.read(papers[0].type, papers[0].id, DOCTOR)
    from benhan.signing.pades import read_pdf

    files = embedded_files(read_pdf(pdf))
    assert files[FHIR_NAME] == stored.content
    assert ANSWERS_NAME in files


def embedded_files(reader: object) -> dict[str, bytes]:
    """The files inside a PDF, by name."""
    from typing import Any

    root: Any = reader.root  # type: ignore[attr-defined]
    names = root["/Names"]["/EmbeddedFiles"]["/Names"]
    return {str(names[n]): names[n + 1]["/EF"]["/F"].data for n in range(0, len(names), 2)}


async def test_turns_come_one_after_the_other_and_each_signs_on_what_the_others_left(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(INTERNAL, author=DOCTOR)
    assert await hospital.refused(record, [paper], OTHER_DOCTOR) == "BA-5103"
    await hospital.sign(record, [paper], DOCTOR)
    assert await state_of(hospital, record, 1) is PaperState.DONE
    first = await hospital.signatures.file(record.id, 1, paper.version, DOCTOR)
    await hospital.sign(record, [paper], OTHER_DOCTOR)
    assert await state_of(hospital, record, 1) is PaperState.SIGNED
    both = await hospital.signatures.file(record.id, 1, paper.version, DOCTOR)
    assert both.startswith(first)
    judged = [each for each in await judge_pdf(both, hospital.pki.trust, AT) if not each.is_timestamp]
    assert [each.role for each in judged] == ["Bác sĩ", "Trưởng khoa Nội"]
    assert {each.finding.indication for each in judged} == {Indication.PASSED}
    patient = record.patient
    files = await hospital.store.database.fetchval("select count(*) from blob where patient = $1", patient)
    assert files == 1, "a file that another holds as its beginning is not kept twice"


async def test_a_change_after_signing_is_a_new_version_that_wants_new_signatures(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    with pytest.raises(Fault, match="BA-5204"):
        await hospital.papers.save(record.id, 1, {"khoa": "Nội"}, paper.version, DOCTOR)
    later = await hospital.papers.save(record.id, 1, {"khoa": "Nội"}, paper.version, DOCTOR, reason="thiếu khoa")
    assert await hospital.refused(record, [paper], DOCTOR) == "BA-5105"
    assert later.state is PaperState.DONE
    steps = await hospital.signatures.rows.steps(record)
    assert [(each.version, each.state) for each in steps] == [
        (paper.version, StepState.SIGNED),
        (later.version, StepState.WAITING),
    ]
    assert await hospital.signatures.file(record.id, 1, paper.version, DOCTOR), "what was signed stays"
    await hospital.sign(record, [later], DOCTOR)
    assert await state_of(hospital, record, 1) is PaperState.SIGNED


@pytest.mark.parametrize("who", ["expired", "early", "revoked", "encrypts", "stranger"])
async def test_a_bad_certificate_signs_nothing(hospital: House, who: str) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.register(DOCTOR, who)
    assert await hospital.refused(record, [paper], DOCTOR) == "BA-5014"
    assert await hospital.signatures.rows.files(record) == []
    assert await state_of(hospital, record, 1) is PaperState.DONE


async def test_a_wrong_pin_is_told_with_the_tries_left_and_then_locks_for_a_while(hospital: House) -> None:
    record, papers = await hospital.record_with(COURSE, author=DOCTOR)
    told = []
    for _ in range(3):
        with pytest.raises(Fault) as fault:
            await hospital.sign(record, papers, DOCTOR, pin="000000")
        told.append((fault.value.code, "2" in fault.value.text.vi, "1" in fault.value.text.vi))
    assert [each[0] for each in told] == ["BA-5101", "BA-5101", "BA-5102"]
    assert told[0][1]
    assert told[1][2]
    assert await hospital.refused(record, papers, DOCTOR) == "BA-5102", "the right PIN waits too"
    hospital.clock.advance(minutes=16)
    assert await hospital.refused(record, papers, DOCTOR) == ""
    kept = [
        str(dict(row))
        for table in ("account_signer", "signing_batch")
        for row in await hospital.store.database.fetch(f"select * from {table}")
    ]
    assert not any(PIN in row or "000000" in row for row in kept)


async def test_who_has_no_certificate_is_told_so(hospital: House) -> None:
    record, papers = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.store.database.execute("delete from account_signer where account = 1")
    assert await hospital.refused(record, papers, DOCTOR) == "BA-5100"


async def test_of_two_who_sign_a_paper_at_once_both_signatures_are_there(
    hospital: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await hospital.records.open(hospital.stay.encounter, INTERNAL, "K01", DOCTOR)
    chains = hospital.records.chains
    both = replace_turns(chains, (("author", "head"),))
    monkeypatch.setattr(hospital.records, "chains", both)
    paper = await hospital.done(record, COURSE, DOCTOR)
    batches = await asyncio.gather(hospital.sign(record, [paper], DOCTOR), hospital.sign(record, [paper], OTHER_DOCTOR))
    assert [each.papers[0].state for each in batches] == ["signed", "signed"]
    pdf = await hospital.signatures.file(record.id, paper.number, paper.version, DOCTOR)
    judged = [each for each in await judge_pdf(pdf, hospital.pki.trust, AT) if not each.is_timestamp]
    assert len(judged) == 2
    assert await state_of(hospital, record, paper.number) is PaperState.SIGNED


def replace_turns(chains, turns):
    from msgspec.structs import replace as changed

    return changed(chains, chain=(changed(chains.chain[-1], turns=turns),))


async def test_without_a_time_stamp_server_papers_are_signed_and_stamped_when_it_is_back(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    hospital.pki.down.add("tsa")
    assert await hospital.refused(record, [paper], DOCTOR) == ""
    (file,) = await hospital.signatures.rows.files(record)
    assert (file.level, file.missing) == ("B-B", "BA-5010")
    with pytest.raises(Fault, match="BA-5010"):
        await hospital.keeper.stamp_missing()
    hospital.pki.down.clear()
    assert await hospital.keeper.stamp_missing() >= 1
    (file,) = await hospital.signatures.rows.files(record)
    assert (file.level, file.missing) == ("B-LTA", "")
    judged = await judge_pdf(await hospital.signatures.bytes_of(file), hospital.pki.trust, AT)
    assert [each.finding.indication for each in judged] == [Indication.PASSED] * 2


async def test_a_service_of_the_ca_that_is_away_keeps_from_signing_in_words(hospital: House) -> None:
    record, papers = await hospital.record_with(COURSE, author=DOCTOR)
    hospital.pki.down.update({"ocsp", "crl"})
    assert await hospital.refused(record, papers, DOCTOR) == "BA-5013"


async def test_one_paper_that_cannot_be_signed_does_not_keep_the_others(hospital: House) -> None:
    record, papers = await hospital.record_with(COURSE, CARE, author=DOCTOR)
    newer = await hospital.papers.save(record.id, 1, {"khoa": "Nội"}, 2, DOCTOR, reason="thiếu")
    batch = await hospital.sign(record, papers, DOCTOR)
    assert [(each.state, each.fault[:1]) for each in batch.papers] == [("failed", ("BA-5105",)), ("signed", ())]
    assert await hospital.refused(record, [newer], DOCTOR) == ""


async def test_a_signature_is_in_the_ledger_the_acts_and_a_provenance(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    (signed,) = [each for each in await ledger_labels(hospital, record) if each[0] == "record:signature:make"]
    assert signed[1] == DOCTOR.id
    assert next(done.act for done, _ in await hospital.records.acts(record)) == "sign"
    target = [("target", paper.reference)]
    found = await hospital.store.search.search(parse_search("Provenance", target), system("test"))
    (told,) = [each.read() for each in found.matches]
    assert told["target"][0]["reference"] == f"{paper.reference}/_history/{paper.version}"
    (file,) = await hospital.signatures.rows.files(record)
    assert told["entity"][0]["what"]["identifier"]["value"] == file.content_hash.hex()


async def ledger_labels(hospital: House, record: Record) -> list[tuple[str, str]]:
    found = await entries_of_patient(hospital.store.database, record.patient)
    return [(each.label, each.actor) for each in found.entries]


async def test_altered_bytes_are_found_by_whoever_verifies(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    pdf = bytearray(await hospital.signatures.file(record.id, 1, paper.version, DOCTOR))
    place = pdf.index(b"/EmbeddedFile") + 300  # in the data that the page carries
    pdf[place] ^= 1
    judged = await judge_pdf(bytes(pdf), hospital.pki.trust, AT)
    assert judged[0].finding.indication is Indication.FAILED
    assert not judged[0].is_unchanged
