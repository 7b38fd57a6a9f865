"""Turns, the tray, refusing, signing for others, the organisation's seal, and the check before the archive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.node.conftest import ARCHIVIST, DOCTOR, FORMS, NURSE, OTHER_DOCTOR
from tests.node.signing import AT, COURSE, INTERNAL, PIN, House
from tests.node.test_record_life import finished
from tests.softhsm import PIN as TOKEN_PIN
from tests.softhsm import new_token, put_key, softhsm_module

from benhan.kernel.faults import Conflict, Fault
from benhan.kernel.secrets import Secret
from benhan.node.records.closing import Lack
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act
from benhan.node.records.models import PaperState
from benhan.node.records.order import usual_order
from benhan.node.records.papers import Papers
from benhan.node.signatures.batches import Batches
from benhan.node.signatures.chain import read_chains, usual_chains
from benhan.node.signatures.delegations import Delegations
from benhan.node.signatures.keeper import Seal, SignatureKeeper
from benhan.node.signatures.keys import Devices, SignerPlace, Signers
from benhan.node.signatures.models import Chosen, StepState
from benhan.node.signatures.shown import shown
from benhan.node.signatures.signing import Signatures
from benhan.node.signatures.tray import Trays
from benhan.signing.remote import Approval
from benhan.signing.verdicts import Indication
from benhan.signing.verify_pdf import judge_pdf
from benhan.testing.fake_csc import PIN as CSC_PIN
from benhan.testing.fake_csc import TOKEN, FakeCsc
from benhan.transports.signing_services import SigningServices

SUMMARY = "03/TT25"


async def test_the_tray_tells_what_waits_since_when_and_what_changed_since_it_was_seen(hospital: House) -> None:
    trays = Trays(hospital.signatures)
    record, (paper,) = await hospital.record_with(INTERNAL, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    (line,) = (await trays.of(OTHER_DOCTOR)).waiting
    assert (line.paper.number, line.seen, line.is_late) == (paper.number, 0, False)
    await hospital.papers.view(record.id, 1, OTHER_DOCTOR)
    later = await hospital.papers.save(record.id, 1, {"tuan_hoan": "T1 T2 rõ"}, paper.version, DOCTOR, reason="thiếu")
    assert (await trays.of(OTHER_DOCTOR)).waiting == [], "the new version waits for its author first"
    await hospital.sign(record, [later], DOCTOR)
    hospital.clock.advance(hours=73)
    (line,) = (await trays.of(OTHER_DOCTOR)).waiting
    assert (line.seen, line.is_late) == (paper.version, True)
    assert line.before is not None
    assert line.after is not None
    assert (line.before.get("tuan_hoan"), line.after["tuan_hoan"]) == (None, "T1 T2 rõ")
    assert await trays.count(OTHER_DOCTOR) == (1, 1)
    (unsigned,) = await trays.unsigned(ARCHIVIST, "K01")
    assert unsigned.step.duty == "head"
    assert await trays.unsigned(ARCHIVIST, "K99") == []


async def test_a_refused_paper_goes_back_to_its_author_with_the_reason(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(INTERNAL, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    chosen = Chosen(record.id, 1, paper.version)
    with pytest.raises(Fault, match="BA-5204"):
        await hospital.signatures.refuse(chosen, OTHER_DOCTOR, " ")
    await hospital.signatures.refuse(chosen, OTHER_DOCTOR, "thiếu chẩn đoán phân biệt")
    tray = await Trays(hospital.signatures).of(DOCTOR)
    assert [(each.reason, each.step.signer) for each in tray.returned] == [
        ("thiếu chẩn đoán phân biệt", OTHER_DOCTOR.id)
    ]
    assert await hospital.refused(record, [paper], OTHER_DOCTOR) == "BA-5103"
    rows = await hospital.store.database.fetch("select reason from signing_step where reason is not null")
    assert not any("phân biệt".encode() in row["reason"] for row in rows)
    later = await hospital.papers.save(record.id, 1, {"tuan_hoan": "x"}, paper.version, DOCTOR, reason="bổ sung")
    assert (await Trays(hospital.signatures).of(DOCTOR)).returned == []
    told = await shown(hospital.signatures, record.id, 1, NURSE)
    assert [each.version for each in told.versions] == [later.version, paper.version]
    assert told.versions[1].indication is Indication.PASSED
    assert told.versions[0].indication is None


async def test_a_deputy_signs_for_the_head_as_the_title_says_until_the_day_ends(hospital: House) -> None:
    delegations = Delegations(hospital.store, hospital.signers)
    until = AT + timedelta(days=2)
    for login, title, ends in (("kh", "PHÓ", until), ("dd", " ", until), ("dd", "PHÓ", AT), ("khongai", "PHÓ", until)):
        with pytest.raises(Fault, match=r"BA-5115|BA-5116"):
            await delegations.give(OTHER_DOCTOR, login, title, ends)
    await delegations.give(OTHER_DOCTOR, "dd", "KT. TRƯỞNG KHOA, PHÓ TRƯỞNG KHOA", until)
    record, (paper,) = await hospital.record_with(INTERNAL, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    assert await hospital.refused(record, [paper], NURSE) == ""
    pdf = await hospital.signatures.file(record.id, 1, paper.version, DOCTOR)
    roles = [each.role for each in await judge_pdf(pdf, hospital.pki.trust, AT) if not each.is_timestamp]
    assert roles == ["Bác sĩ", "KT. TRƯỞNG KHOA, PHÓ TRƯỞNG KHOA"]
    steps = await hospital.signatures.rows.steps(record)
    assert (steps[1].signer, steps[1].on_behalf) == (NURSE.id, OTHER_DOCTOR.id)
    (given,) = await delegations.given(OTHER_DOCTOR)
    await delegations.take_back(OTHER_DOCTOR, given.id)
    with pytest.raises(Fault, match="BA-5117"):
        await delegations.take_back(OTHER_DOCTOR, given.id)
    other = await hospital.done(record, COURSE, DOCTOR)
    assert await hospital.refused(record, [other], NURSE) == "BA-5103"


async def test_the_organisation_seals_by_itself_what_people_have_signed(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(SUMMARY, author=DOCTOR)
    assert await hospital.keeper.seal_waiting() == 0
    await hospital.sign(record, [paper], DOCTOR)
    await hospital.sign(record, [paper], OTHER_DOCTOR)
    assert await hospital.keeper.step() == 0.0, "there was something to seal"
    assert await hospital.keeper.step() > 0.0
    (state,) = [each.state for each in await hospital.records.rows.papers(record)]
    assert state is PaperState.SIGNED
    pdf = await hospital.signatures.file(record.id, 1, paper.version, DOCTOR)
    judged = [each for each in await judge_pdf(pdf, hospital.pki.trust, AT) if not each.is_timestamp]
    assert [each.signer.holder.name for each in judged if each.signer][-1] == "Bệnh viện Thử nghiệm"
    assert {each.finding.indication for each in judged} == {Indication.PASSED}


async def test_a_signed_paper_may_be_countersigned_once_by_each(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    assert await hospital.refused(record, [paper], OTHER_DOCTOR) == ""
    assert await hospital.refused(record, [paper], OTHER_DOCTOR) == "BA-5103"
    steps = await hospital.signatures.rows.steps(record)
    assert [(each.duty, each.state) for each in steps] == [
        ("author", StepState.SIGNED),
        ("countersign", StepState.SIGNED),
    ]


async def test_where_the_hospital_wants_signatures_an_unsigned_paper_keeps_a_record_from_the_archive(
    hospital: House,
) -> None:
    strict = Records(hospital.store, hospital.records.facility, FORMS, usual_order(), must_sign=True)
    record = await hospital.records.open(hospital.stay.encounter, INTERNAL, "K01", DOCTOR)
    submitted = await finished(hospital.records, Papers(hospital.records), record)
    findings = await strict.findings(await strict.opened(submitted, DOCTOR))
    assert [each.blocks for each in findings if each.lack is Lack.UNSIGNED] == [True, True]
    with pytest.raises(Conflict, match="BA-5109"):
        await strict.act(record.id, Act.ARCHIVE, ARCHIVIST)
    papers = await hospital.records.rows.papers(submitted)
    assert await hospital.refused(submitted, papers, DOCTOR) == ""
    await hospital.sign(submitted, [each for each in papers if each.form_number == INTERNAL], OTHER_DOCTOR)
    archived = await strict.act(record.id, Act.ARCHIVE, ARCHIVIST)
    assert archived.storage_number
    assert await hospital.refused(archived, papers, OTHER_DOCTOR) == "BA-5209"


async def test_a_cancelled_paper_waits_for_nobody_until_it_is_restored(hospital: House) -> None:
    trays = Trays(hospital.signatures)
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    await hospital.papers.cancel(record.id, 1, DOCTOR, "nhầm người bệnh")
    assert (await trays.of(DOCTOR)).waiting == []
    assert await hospital.refused(record, [paper], DOCTOR) == "BA-5202"
    await hospital.papers.restore(record.id, 1, ARCHIVIST, "huỷ nhầm")
    assert len((await trays.of(DOCTOR)).waiting) == 1
    assert await hospital.refused(record, [paper], DOCTOR) == ""


async def test_a_chart_is_signed_on_a_token_with_one_pin(hospital: House) -> None:
    module = softhsm_module()
    label = new_token(module)
    put_key(module, label, "doctor", hospital.pki.key("doctor"), hospital.pki.certificate("doctor"))
    own = hospital.pki.identity("doctor").issuers
    trust = type(hospital.pki.trust)(hospital.pki.trust.roots, own[:1])
    signers = Signers(hospital.store.database, hospital.clock, Devices(str(module), trust=trust))
    await signers.set(1, SignerPlace("token", label, "doctor"))
    record, papers = await hospital.record_with(COURSE, INTERNAL, author=DOCTOR)
    told: list[str] = []

    async def hear(outcome: object) -> None:
        told.append(str(outcome))

    chosen = [Chosen(record.id, each.number, each.version) for each in papers]
    with pytest.raises(Fault, match="BA-5101"):
        async with signers.opened(DOCTOR, Approval(Secret("999999"))):
            pass
    async with signers.opened(DOCTOR, Approval(Secret(TOKEN_PIN))) as signer:
        await hospital.signatures.sign(chosen, DOCTOR, signer, hear)
    assert len(told) == 2
    assert all(each.endswith("None)") for each in told)
    assert await hospital.store.database.fetchval("select failures from account_signer where account = 1") == 0


async def test_a_chart_is_signed_by_one_remote_approval_and_a_refusal_is_told(hospital: House) -> None:
    identity, key = hospital.pki.identity("doctor"), hospital.pki.key("doctor")
    provider = FakeCsc({"cred-1": (identity, key)}, at_once=100)
    network = SigningServices(frozenset({"csc.test"}), transport=httpx.ASGITransport(provider))
    devices = Devices(services=network, csc_url="https://csc.test", csc_token=Secret(TOKEN), trust=hospital.pki.trust)
    signers = Signers(hospital.store.database, hospital.clock, devices)
    await signers.set(1, SignerPlace("remote", "", "cred-1"))
    record, papers = await hospital.record_with(COURSE, INTERNAL, author=DOCTOR)
    remote = Signatures(hospital.records, hospital.signatures.blobs, signers, hospital.signatures.services)
    batches = Batches(remote)

    async def codes(pin: str) -> list[str]:
        chosen = [Chosen(record.id, each.number, each.version) for each in papers]
        id_ = await batches.start(chosen, DOCTOR, Approval(Secret(pin)))
        await batches.finished()
        batch = await batches.read(id_, DOCTOR)
        return [each.state for each in batch.papers] + list(batch.fault[:1])

    assert await codes("000000") == ["waiting", "waiting", "BA-5016"]
    provider.asked.clear()
    assert await codes(CSC_PIN) == ["signed", "signed"]
    assert provider.asked.count("credentials/authorize") == 1
    await network.close()


async def test_a_seal_whose_pin_is_refused_is_not_tried_again(hospital: House) -> None:
    record, (paper,) = await hospital.record_with(SUMMARY, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    await hospital.sign(record, [paper], OTHER_DOCTOR)
    place = SignerPlace("file", str(hospital.folder / "hospital.p12"), "")
    wrong = Seal(place, Secret("000000"))
    keeper = SignatureKeeper(
        hospital.signatures, hospital.batches, hospital.confirmations, Devices(), wrong, hospital.evidence
    )
    with pytest.raises(Fault, match="BA-5016"):
        await keeper.seal_waiting()
    await keeper.step()
    assert not keeper.seals
    assert await keeper.seal_waiting() == 0


def test_the_usual_order_fits_every_form_and_a_bad_file_is_told_by_name(tmp_path: Path) -> None:
    chains = usual_chains()
    assert all(chains.of(each.number) is not None for each in FORMS.forms())
    consent = chains.of("01/BV-02")
    assert consent is not None
    assert consent.turns == (("patient", "author"),)
    for text in (
        "chain = 1",
        "[[chain]]\nforms = []\nturns = [['stranger']]",
        "[[chain]]\nforms = ['*']\nturns = [[]]",
    ):
        bad = tmp_path / "ky.toml"
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(Fault, match="BA-5108"):
            read_chains(bad)
    none = tmp_path / "none.toml"
    none.write_text("[[chain]]\nforms = ['36/BV-02']\nturns = []", encoding="utf-8")
    assert read_chains(none).of("36/BV-02") is None


async def test_a_registration_that_cannot_be_is_refused(hospital: House) -> None:
    for place in (SignerPlace("token", "", "x"), SignerPlace("token", "x", ""), SignerPlace("magic", "x", "x")):
        with pytest.raises(Fault, match="BA-5118"):
            await hospital.signers.set(1, place)
    with pytest.raises(Fault, match="BA-5118"):
        await hospital.signers.set(1, SignerPlace("file", PIN, ""), duties=frozenset({"king"}))
