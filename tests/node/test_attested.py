"""People who confirm at a provider of identities or a reader of fingerprints: bound to the page, held to the person."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import JWKRegistry
from msgspec.structs import replace as changed
from tests.node.conftest import DOCTOR, OTHER_DOCTOR, admit
from tests.node.signing import COURSE, House

from benhan.kernel.faults import Fault
from benhan.node.records.models import Paper, Record
from benhan.node.signatures.chain import usual_chains
from benhan.node.signatures.confirmations import ToConfirm
from benhan.node.signatures.evidence import Confirmation, Method, Relation
from benhan.node.signatures.models import Chosen
from benhan.signing.attesting import Asked
from benhan.signing.verdicts import Indication
from benhan.signing.verify_cms import judge_cms

BACK = "https://hospital.test/confirm/answer"
BY_IDENTITY = Confirmation(Method.IDENTITY, Relation.SELF, "Trần Thị Mận")
BY_FINGER = replace(BY_IDENTITY, method=Method.FINGERPRINT)


@pytest.fixture(autouse=True)
def wants_patient(monkeypatch: pytest.MonkeyPatch, signing_house: House) -> None:
    chains = usual_chains()
    wanted = changed(chains, chain=(changed(chains.chain[-1], turns=(("patient", "author"),)),))
    monkeypatch.setattr(signing_house.records, "chains", wanted)


async def shown_of(hospital: House) -> tuple[Record, Paper, Chosen, ToConfirm]:
    hospital.stay = await admit(hospital.store)
    record, (paper,) = await hospital.record_with(COURSE, author=DOCTOR)
    shown = await hospital.confirmations.shown(record.id, paper.number, DOCTOR)
    return record, paper, Chosen(record.id, paper.number, paper.version), shown


async def begun(hospital: House, chosen: Chosen, shown: ToConfirm) -> tuple[str, bytes]:
    found = await hospital.confirmations.begin(chosen, shown.page_hash, BY_IDENTITY, DOCTOR, "Tablet", BACK)
    return found.address, found.sealed


async def test_the_providers_signed_token_is_about_the_very_page_and_kept_with_its_key(hospital: House) -> None:
    record, paper, chosen, shown = await shown_of(hospital)
    hospital.identities.claims |= {"name": "TRẦN THỊ MẬN", "acr": "level-2"}
    address, sealed = await begun(hospital, chosen, shown)
    assert await hospital.confirmations.finish(sealed, hospital.identities.agree(address), DOCTOR) == chosen
    await hospital.keeper.seal_evidence()
    evidence, signature = await hospital.confirmations.files(record.id, paper.number, 0, DOCTOR)
    assert (await judge_cms(signature, evidence, hospital.pki.trust, hospital.clock.now())).finding.indication is (
        Indication.PASSED
    )
    told = json.loads(evidence)
    said = told["attested"]
    assert (told["method"], said["name"], said["acr"]) == ("identity", "TRẦN THỊ MẬN", "level-2")
    claims = jwt.decode(said["id_token"], JWKRegistry.import_key(json.loads(said["key"])), algorithms=["ES256"]).claims
    asked = Asked(said["transaction"], "", told["page_sha256"], hospital.clock.now())
    assert claims["nonce"] == asked.nonce


async def test_an_answer_is_good_once(hospital: House) -> None:
    *_, chosen, shown = await shown_of(hospital)
    address, sealed = await begun(hospital, chosen, shown)
    answer = hospital.identities.agree(address)
    await hospital.confirmations.finish(sealed, answer, DOCTOR)
    with pytest.raises(Fault, match="BA-5486"):
        await hospital.confirmations.finish(sealed, answer, DOCTOR)
    with pytest.raises(Fault, match="BA-5103"):
        await hospital.confirmations.finish(sealed, hospital.identities.agree(address), DOCTOR)


@pytest.mark.parametrize(
    "alters",
    [
        {"nonce": "of another page"},
        {"aud": "another"},
        {"aud": ["benhan", "another"]},
        {"iss": "https://another.test"},
        {"exp": 1},
        {"iat": 2_000_000_000},
        {"exp": "soon"},
        {"other_key": True},
    ],
)
async def test_a_token_that_does_not_hold_is_refused(hospital: House, alters: dict[str, object]) -> None:
    *_, chosen, shown = await shown_of(hospital)
    address, sealed = await begun(hospital, chosen, shown)
    answer = hospital.identities.agree(address)
    hospital.identities.alters |= alters
    try:
        with pytest.raises(Fault, match="BA-5486"):
            await hospital.confirmations.finish(sealed, answer, DOCTOR)
    finally:
        hospital.identities.alters.clear()


async def test_who_refuses_there_or_brings_another_answer_confirms_nothing(hospital: House) -> None:
    record, paper, chosen, shown = await shown_of(hospital)
    address, sealed = await begun(hospital, chosen, shown)
    answer = hospital.identities.agree(address)
    for wrong in ({"error": "access_denied", "state": answer["state"]}, answer | {"state": "x"}, {}):
        with pytest.raises(Fault, match="BA-5486"):
            await hospital.confirmations.finish(sealed, wrong, DOCTOR)
    assert await hospital.confirmations.of_paper(record, paper.number) == []


async def test_another_account_a_late_return_and_a_broken_seal_begin_anew(hospital: House) -> None:
    *_, chosen, shown = await shown_of(hospital)
    address, sealed = await begun(hospital, chosen, shown)
    answer = hospital.identities.agree(address)
    for one, actor in ((sealed, OTHER_DOCTOR), (sealed[:-1] + bytes([sealed[-1] ^ 1]), DOCTOR), (b"", DOCTOR)):
        with pytest.raises(Fault, match="BA-5491"):
            await hospital.confirmations.finish(one, answer, actor)
    hospital.clock.advance(minutes=11)
    with pytest.raises(Fault, match="BA-5491"):
        await hospital.confirmations.finish(sealed, answer, DOCTOR)


async def test_another_persons_number_is_not_the_patients(hospital: House) -> None:
    *_, chosen, shown = await shown_of(hospital)
    assert shown.number, "the synthetic patient has a number"
    hospital.identities.claims["national_id"] = "079000000000"
    address, sealed = await begun(hospital, chosen, shown)
    with pytest.raises(Fault, match="BA-5487"):
        await hospital.confirmations.finish(sealed, hospital.identities.agree(address), DOCTOR)


async def test_a_provider_that_is_away_is_told(hospital: House) -> None:
    *_, chosen, shown = await shown_of(hospital)
    hospital.identities.is_down = True
    with pytest.raises(Fault, match="BA-5485"):
        await begun(hospital, chosen, shown)


async def test_a_finger_that_matches_leaves_the_device_and_no_finger(hospital: House) -> None:
    record, paper, chosen, shown = await shown_of(hospital)
    await hospital.confirmations.take(chosen, shown.page_hash, BY_FINGER, DOCTOR, "Tablet")
    told = json.loads((await hospital.confirmations.files(record.id, paper.number, 0, DOCTOR))[0])
    assert set(told["attested"]) == {"name", "number", "at", "device", "reference", "transaction"}
    assert (told["method"], told["attested"]["device"]) == ("fingerprint", "FP-0001")
    assert hospital.reader.asked[-1]["number"] == shown.number


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"matched": False}, "BA-5489"),
        ({"nonce": "of another page"}, "BA-5489"),
        ({"image": "iVBORw0KGgo="}, "BA-5488"),
        ({"matched": "yes"}, "BA-5488"),
        ({"device": "x" * 65}, "BA-5488"),
        ({"at": "2026-11-26T08:30:00"}, "BA-5488"),
    ],
)
async def test_a_reader_that_does_not_match_or_tells_too_much_confirms_nothing(
    hospital: House, answer: dict[str, object], code: str
) -> None:
    record, paper, chosen, shown = await shown_of(hospital)
    hospital.reader.answer |= answer
    with pytest.raises(Fault, match=code):
        await hospital.confirmations.take(chosen, shown.page_hash, BY_FINGER, DOCTOR, "Tablet")
    assert await hospital.confirmations.of_paper(record, paper.number) == []


async def test_what_is_not_connected_is_told(hospital: House, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, chosen, shown = await shown_of(hospital)
    monkeypatch.setattr(hospital.confirmations, "_attesters", {})
    with pytest.raises(Fault, match="BA-5490"):
        await begun(hospital, chosen, shown)
    with pytest.raises(Fault, match="BA-5490"):
        await hospital.confirmations.take(chosen, shown.page_hash, BY_FINGER, DOCTOR, "Tablet")
