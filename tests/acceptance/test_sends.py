"""What the node sends by itself: claims to the insurance's portal, check-ups to the hub; none lost, none doubled."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from signxml.verifier import XMLVerifier
from tests.acceptance.sending import CLERK, EVENING, FACILITY, Sending, certificate, key, sending_of
from tests.clocks import SetClock
from tests.unit.mapping.check_up_making import check_up_encounter, check_up_findings, check_up_patient
from tests.unit.vn.bhyt.samples import claim_of, sample
from tests.unit.vn.ksk_making import check_up

from benhan.fhir.resource import resource_of
from benhan.kernel.faults import Fault
from benhan.node.sends.bhyt_portal import BhytWishes
from benhan.node.sends.destination import Mode
from benhan.node.sends.sender import Sender
from benhan.store.send_state import SendState
from benhan.store.shredding import shred_patient
from benhan.testing.fake_bhxh_gateway import shape_signed
from benhan.testing.fake_emrhub import Plan
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import claims_to_bytes
from benhan.vn.ksk.document import CheckUp, parse_ksk
from benhan.vn.ksk.signing_places import unsigned

Make = Any


def file_of(claim: Claim) -> bytes:
    return claims_to_bytes(FACILITY, date(2026, 11, 30), [claim], latest())


def outpatient(**columns: str) -> bytes:
    claim = claim_of("A_outpatient")
    claim.tables["XML1"][0] |= columns
    return file_of(claim)


@pytest.fixture
async def sending(make_hospital: Make, clock: SetClock) -> Sending:
    clock.at = EVENING
    made = sending_of(await make_hospital(FACILITY), clock)
    await made.sends.begin("bhxh")
    return made


async def with_(make_hospital: Make, clock: SetClock, **how: Any) -> Sending:
    clock.at = EVENING
    made = sending_of(await make_hospital(FACILITY), clock, **how)
    await made.sends.begin("bhxh")
    return made


async def test_the_claim_of_an_ended_episode_travels_signed_and_its_receipt_is_kept(sending: Sending) -> None:
    await sending.whole_way(sample("B_inpatient"))
    (message,) = await sending.messages()
    assert message.state is SendState.RECEIVED
    assert message.about.label == claim_of("B_inpatient").ma_lk
    facility, taken = sending.gateway.taken[message.receipt]
    assert facility == FACILITY
    _, kept = await sending.desk.file("bhxh", message.key, CLERK)
    assert kept == taken
    assert XMLVerifier().verify(taken, x509_cert=certificate()).signed_xml is not None
    opened = await sending.desk.read("bhxh", message.key)
    assert [each.what for each in opened.history] == ["put", "sent", "received", "file"]
    assert opened.history[2].note == "Thành công"


async def test_what_has_not_changed_is_not_sent_again_and_what_has_becomes_a_new_version(sending: Sending) -> None:
    await sending.whole_way(outpatient())
    await sending.whole_way(outpatient(NGAY_TAI_KHAM="20261130"))
    await sending.plan()
    await sending.send()
    assert [(each.version, each.state.value) for each in await sending.messages()] == [(2, "received"), (1, "received")]
    assert len(sending.gateway.taken) == 2
    (claim,) = sending.gateway.claims.values()
    assert claim.summary["NGAY_TAI_KHAM"] == "20261130"


async def test_a_message_whose_answer_was_lost_is_sent_again_byte_for_byte(sending: Sending) -> None:
    hows = iter(["up", "answer lost"])
    sending.lines["bhxh"].behave = lambda: next(hows, "up")
    await sending.whole_way(outpatient())
    assert await sending.states() == ["sent"]
    sending.clock.advance(seconds=300)
    await sending.send()
    assert await sending.states() == ["received"]
    first, second = sending.gateway.taken.values()
    assert first == second
    assert len(sending.gateway.claims) == 1


async def test_a_kill_between_sending_and_keeping_the_receipt_loses_nothing(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    await sending.take(outpatient())
    await sending.plan()
    with monkeypatch.context() as patch:
        patch.setattr(sending.sends, "settled", killed)
        with pytest.raises(asyncio.CancelledError):
            await sending.send()
    (message,) = await sending.messages()
    assert (message.state, message.receipt) == (SendState.SENT, "")
    await sending.sends.hasten("bhxh")  # as a worker does that begins
    sending.senders["bhxh"] = Sender(sending.hospital.store, sending.sends, sending.portal)
    await sending.send()
    assert await sending.states() == ["received"]
    assert len(set(sending.gateway.taken.values())) == 1


async def test_what_the_portal_refuses_waits_for_a_person_with_the_reason_and_is_not_sent_again(
    sending: Sending,
) -> None:
    sending.gateway.behave = ["", "202"]
    await sending.whole_way(outpatient())
    (refused,) = await sending.messages()
    assert (refused.state, refused.fault) == (SendState.REFUSED, "BA-3412")
    _, (_, hint, _) = refused.about.reasons
    assert "benhan validate" in hint
    sending.clock.advance(hours=5)
    await sending.send()
    assert not sending.gateway.taken
    key_ = await sending.desk.retry("bhxh", refused.key, CLERK)
    await sending.send()
    assert [(each.key, each.state.value) for each in await sending.messages()] == [(key_, "received")]
    assert (await sending.desk.read("bhxh", refused.key)).message.state is SendState.REPLACED
    with pytest.raises(Fault, match="BA-3998"):
        await sending.desk.retry("bhxh", refused.key, CLERK)


async def test_while_the_portal_is_away_one_message_probes_and_none_is_lost(sending: Sending) -> None:
    sending.lines["bhxh"].behave = lambda: "down"
    for case in ("A_outpatient", "B_inpatient", "C_delivery"):
        await sending.take(sample(case))
    await sending.plan()
    sending.portal.side_by_side = 1
    for _ in range(4):
        await sending.send()
        sending.clock.advance(seconds=150)
    standing = (await sending.desk.overview("bhxh")).standing
    assert (standing.fault, standing.failing_since is not None) == ("BA-3410", True)
    sending.lines["bhxh"].behave = lambda: "up"
    for _ in range(4):
        await sending.send()
        sending.clock.advance(seconds=150)
    assert await sending.states() == ["received"] * 3
    assert (await sending.desk.overview("bhxh")).standing.failing_since is None


async def test_an_account_that_is_not_let_in_refuses_no_message(sending: Sending) -> None:
    sending.gateway.accounts = {"cs": (FACILITY, "khac")}
    await sending.whole_way(outpatient())
    assert await sending.states() == ["sent"]
    assert (await sending.desk.overview("bhxh")).standing.fault == "BA-3413"


async def test_a_silent_portal_is_waited_for_within_bounds(sending: Sending) -> None:
    sending.gateway.slow_s, sending.gateway.behave, sending.portal.try_s = 30.0, ["", "slow"], 0.2
    began = asyncio.get_running_loop().time()
    await sending.whole_way(outpatient())
    assert asyncio.get_running_loop().time() - began < 20
    assert await sending.states() == ["sent"]
    assert (await sending.desk.overview("bhxh")).standing.fault == "BA-4005"


async def test_a_claim_that_breaks_a_blocking_rule_is_parked_and_replaced_when_the_record_is_mended(
    sending: Sending,
) -> None:
    await sending.whole_way(outpatient(GIOI_TINH="3", T_BHTT="1"))
    (parked,) = await sending.messages()
    assert (parked.state, parked.fault) == (SendState.PARKED, "BA-3990")
    assert any(place.startswith("XML1") and vi for place, vi, _ in parked.about.reasons)
    assert not sending.gateway.taken
    await sending.whole_way(outpatient())
    assert await sending.states() == ["received"]
    assert [each.state.value for each in await sending.messages(state="replaced")] == ["replaced"]


async def test_a_visit_that_went_under_another_ma_lk_is_not_claimed_twice_by_itself(sending: Sending) -> None:
    await sending.whole_way(outpatient())
    again = claim_of("A_outpatient")
    again.ma_lk = "LAN-HAI"
    for row in (row for rows in again.tables.values() for row in rows):
        row["MA_LK"] = "LAN-HAI"
    await sending.whole_way(file_of(again))
    second, first = await sending.messages()
    assert (first.state, second.state, second.fault) == (SendState.RECEIVED, SendState.PARKED, "BA-3990")
    assert {place for place, *_ in second.about.reasons} == {"", "XML1.MA_LK"}
    assert len(sending.gateway.taken) == 1


async def test_without_a_certificate_a_file_waits_to_be_signed_by_hand(make_hospital: Make, clock: SetClock) -> None:
    sending = await with_(make_hospital, clock, is_signing=False)
    await sending.whole_way(outpatient())
    (parked,) = await sending.messages()
    assert (parked.state, parked.fault) == (SendState.PARKED, "BA-3991")
    _, file = await sending.desk.file("bhxh", parked.key, CLERK)
    with pytest.raises(Fault, match="BA-3999"):
        await sending.desk.mend("bhxh", parked.key, shape_signed(sample("B_inpatient")), CLERK)
    signed = shape_signed(file)
    key_ = await sending.desk.mend("bhxh", parked.key, signed, CLERK)
    await sending.send()
    (message,) = await sending.messages()
    assert (message.key, message.state) == (key_, SendState.RECEIVED)
    assert sending.gateway.taken[message.receipt][1] == signed


async def test_where_people_hand_over_the_files_nothing_is_sent(make_hospital: Make, clock: SetClock) -> None:
    sending = await with_(make_hospital, clock, mode=Mode.FILE)
    await sending.whole_way(outpatient())
    (ready,) = await sending.messages()
    assert ready.state is SendState.READY
    assert b"SignatureValue" in (await sending.desk.file("bhxh", ready.key, CLERK))[1]
    assert not sending.gateway.heard
    with pytest.raises(Fault, match="BA-4000"):
        await sending.desk.by_hand("bhxh", ready.key, " ", "", CLERK)
    await sending.desk.by_hand("bhxh", ready.key, "nộp trên trang của cổng", "HSKCB7", CLERK)
    opened = await sending.desk.read("bhxh", ready.key)
    assert (opened.message.state, opened.message.receipt) == (SendState.BY_HAND, "HSKCB7")
    assert (opened.history[-1].actor, opened.history[-1].note) == (CLERK.id, "nộp trên trang của cổng")
    await sending.plan()
    await sending.send()
    assert await sending.states() == ["by_hand"]


async def test_only_what_ended_since_the_destination_is_on_is_sent_by_itself(
    make_hospital: Make, clock: SetClock
) -> None:
    sending = await with_(make_hospital, clock, wishes=BhytWishes(delay_s=0))
    await sending.whole_way(outpatient())
    assert await sending.states() == []
    (encounter,) = await sending.hospital.found("Encounter")
    assert await sending.desk.ask("bhxh", encounter["id"], CLERK)
    await sending.send()
    assert await sending.states() == ["received"]


async def test_an_episode_of_another_hospital_is_not_sent(sending: Sending) -> None:
    claim = claim_of("A_outpatient")
    claim.tables["XML1"][0]["MA_CSKCB"] = "79001"
    await sending.whole_way(file_of(claim))
    assert await sending.states() == []


async def test_a_visit_of_today_with_a_first_cost_is_checked_in_once(make_hospital: Make, clock: SetClock) -> None:
    wishes = BhytWishes(checkins=True, since=date(2026, 1, 1), delay_s=3600)
    sending = await with_(make_hospital, clock, wishes=wishes)
    await sending.whole_way(sample("B_inpatient"))  # ended weeks ago: a check-in would say nothing
    assert "/api/qd130/checkInKcbQd3176" not in sending.gateway.heard
    clock.at = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    await sending.whole_way(sample("A_outpatient"))
    await sending.whole_way(outpatient(NGAY_TAI_KHAM="20261130"))
    told = {(each.kind, each.state.value) for each in await sending.messages() if each.kind == "checkin"}
    assert told == {("checkin", "received")}
    assert sending.gateway.heard.count("/api/qd130/checkInKcbQd3176") == 1


async def test_a_stretch_of_the_ledger_is_passed_with_its_wishes_or_not_at_all(sending: Sending) -> None:
    await sending.take(outpatient())
    standing = await sending.sends.begin("bhxh")
    await sending.plan()
    assert not await sending.sends.put_passed("bhxh", standing.seq, standing.seq + 1, [])
    assert len(await sending.messages()) == 1


async def test_what_was_sent_of_a_shredded_patient_opens_no_more(sending: Sending) -> None:
    await sending.whole_way(outpatient())
    (patient,) = await sending.hospital.found("Patient")
    store = sending.hospital.store
    rid = store.workshop.ids.rid_of("Patient", patient["id"])
    await shred_patient(store.database, store.keyring, sending.clock, CLERK, rid)
    (message,) = await sending.messages()
    assert (message.about.label, message.state) == ("", SendState.RECEIVED)
    with pytest.raises(Fault, match="BA-4001"):
        await sending.desk.file("bhxh", message.key, CLERK)


async def test_what_waits_of_a_shredded_patient_is_not_sent_and_holds_up_nothing(sending: Sending) -> None:
    await sending.take(outpatient())
    await sending.plan()
    (patient,) = await sending.hospital.found("Patient")
    store = sending.hospital.store
    rid = store.workshop.ids.rid_of("Patient", patient["id"])
    await shred_patient(store.database, store.keyring, sending.clock, CLERK, rid)
    await sending.whole_way(sample("B_inpatient"))
    assert await sending.states() == ["parked", "received"]
    assert len(sending.gateway.taken) == 1


async def test_a_record_that_goes_back_to_what_was_received_is_sent_where_something_may_lie_between(
    sending: Sending,
) -> None:
    await sending.whole_way(outpatient(NGAY_TAI_KHAM="20261130"))
    hows = iter(["answer lost", "down"])
    sending.lines["bhxh"].behave = lambda: next(hows, "up")
    await sending.whole_way(outpatient(NGAY_TAI_KHAM="20261201"))  # it is there, and nobody here knows
    await sending.take(outpatient(NGAY_TAI_KHAM="20261130", NGAY_TTOAN="202611021010"))
    await sending.take(outpatient(NGAY_TAI_KHAM="20261130"))
    await sending.plan()
    await settle(sending)
    (claim,) = sending.gateway.claims.values()
    assert claim.summary["NGAY_TAI_KHAM"] == "20261130"


async def settle(sending: Sending) -> None:
    """Let time pass with the line up until nothing waits."""
    for _ in range(20):
        await sending.send()
        sending.clock.advance(seconds=200)
    assert {"waiting", "sent"}.isdisjoint(await sending.states())


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_to_line_and_node_the_portal_ends_with_what_the_record_says(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    told: dict[str, str] = {}

    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    for _ in range(14):
        act = chance.choice(["change", "change", "send", "send", "lost", "down", "kill"])
        if act == "change":
            case, day = chance.choice(["A_outpatient", "B_inpatient"]), f"202612{chance.randrange(1, 4):02d}"
            claim = claim_of(case)
            claim.tables["XML1"][0]["NGAY_TAI_KHAM"] = told[claim.ma_lk] = day
            await sending.take(file_of(claim))
            await sending.plan()
            continue
        sending.lines["bhxh"].behave = partial({"lost": "answer lost", "down": "down"}.get, act, "up")
        with monkeypatch.context() as patch:
            if act == "kill":
                patch.setattr(sending.sends, "settled", killed)
            with suppress(asyncio.CancelledError):
                await sending.send()
        if act == "kill":
            await sending.sends.hasten("bhxh")
        sending.clock.advance(seconds=chance.choice([1, 40, 200]))
    sending.lines["bhxh"].behave = lambda: "up"
    await settle(sending)
    there = {ma_lk: claim.summary["NGAY_TAI_KHAM"] for ma_lk, claim in sending.gateway.claims.items()}
    assert there == told
    last = {each.subject: each for each in reversed(await sending.messages())}
    assert {each.state for each in last.values()} <= {SendState.RECEIVED}
    for each in last.values():
        assert sending.gateway.taken[each.receipt][1] == (await sending.desk.file("bhxh", each.key, CLERK))[1]


def handed(check: CheckUp, *, doctor: bool = True, facility: bool = False) -> bytes:
    file = unsigned(check)
    if not doctor:
        return file.to_sign
    signed = file.with_doctor(b"<ds:Signature/>")
    return signed.with_facility(b"<ds:Signature/>").content if facility else signed.to_sign


async def hand(sending: Sending, *files: bytes) -> list[Any]:
    return await sending.desk.receive("emrhub", [("kham.xml", each) for each in files], CLERK)


async def test_a_check_up_that_the_doctor_signed_gets_the_facilitys_signature_and_travels(sending: Sending) -> None:
    await hand(sending, handed(check_up()))
    await sending.send("emrhub")
    (message,) = await sending.messages("emrhub")
    assert message.state is SendState.RECEIVED
    (taken,) = sending.hub.taken.values()
    assert (taken.txn_id, taken.msg_id) == (message.receipt, message.number)
    assert taken.check.facility_signature
    again = await hand(sending, handed(check_up()))
    assert again[0].is_known
    assert len(await sending.messages("emrhub")) == 1


async def test_a_check_up_keeps_its_number_when_the_answer_was_lost(sending: Sending) -> None:
    hows = iter(["up", "answer lost"])
    sending.lines["emrhub"].behave = lambda: next(hows, "up")
    await hand(sending, handed(check_up()))
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["sent"]
    sending.clock.advance(minutes=10)
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["received"]
    assert len(sending.hub.taken) == 1
    assert len({each["msg_id"] for each in sending.hub.headers}) == 1


async def test_a_duplicate_that_the_hub_tells_of_is_received_but_not_where_it_is_a_correction(sending: Sending) -> None:
    sending.hub.plan(Plan("PS_CCCD_DUPLICATE_IN_6_MONTHS"))
    await hand(sending, handed(check_up()))
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["received"]
    mended = check_up()
    mended.parts["XML4"]["CAN_NANG"] = "62"
    await hand(sending, handed(mended))
    sending.hub.plan(Plan("PS_CCCD_DUPLICATE_IN_6_MONTHS"))
    await sending.send("emrhub")
    corrected = (await sending.messages("emrhub"))[0]
    assert (corrected.version, corrected.state, corrected.fault) == (2, SendState.REFUSED, "BA-3995")


async def test_what_is_wrong_or_unsigned_is_parked_and_what_is_no_check_up_is_told(sending: Sending) -> None:
    wrong = check_up(2)
    del wrong.parts["XML1"]["HO_TEN"]
    told = await hand(sending, handed(wrong), handed(check_up(3), doctor=False), b"%PDF-1.4")
    assert [each.fault.code for each in told] == ["BA-3993", "BA-3992", "BA-3560"]
    assert await sending.states("emrhub") == ["parked", "parked"]
    parked = (await sending.messages("emrhub"))[1]
    assert any(place == "XML1.HO_TEN" for place, _, _ in parked.about.reasons)
    key_ = await sending.desk.mend("emrhub", parked.key, handed(check_up(2)), CLERK)
    await hand(sending, handed(check_up(3)))
    await sending.send("emrhub")
    assert sorted(await sending.states("emrhub")) == ["received", "received"]
    assert (await sending.desk.read("emrhub", key_)).message.version == 2


async def check_up_written(sending: Sending, *more: dict[str, Any]) -> str:
    """A check-up of this evening as FHIR in the record; its encounter's id."""
    unit = sending.hospital.store.begin(CLERK)
    patient = unit.create(resource_of(check_up_patient()))
    encounter = unit.create(resource_of(check_up_encounter(patient, "13")))
    for each in (*check_up_findings(patient, encounter), *more):
        unit.create(resource_of(each))
    await sending.hospital.store.commit(unit)
    return encounter


async def test_a_check_up_of_the_record_waits_for_the_doctor_and_travels_signed(sending: Sending) -> None:
    await sending.sends.begin("emrhub")
    encounter = await check_up_written(sending)
    await sending.plan()
    await sending.send("emrhub")
    (message,) = await sending.messages("emrhub")
    assert (message.state, message.fault, message.subject) == (SendState.PARKED, "BA-3992", f"Encounter/{encounter}")
    assert message.due_at == datetime(2026, 11, 27, 3, 30, tzinfo=UTC)
    _, file = await sending.desk.file("emrhub", message.key, CLERK)
    with pytest.raises(Fault, match="BA-3999"):
        await sending.desk.mend("emrhub", message.key, handed(check_up()), CLERK)
    await sending.desk.mend("emrhub", message.key, handed(parse_ksk(file)), CLERK)
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["received"]
    (taken,) = sending.hub.taken.values()
    assert (taken.check.value("XML8", "PHAN_LOAI_SK"), bool(taken.check.facility_signature)) == ("2", True)
    (stored,) = await sending.hospital.found("Condition")
    unit = sending.hospital.store.begin(CLERK)
    unit.update(resource_of({**stored, "recordedDate": "2026-11-26"}), if_match=1)  # nothing that the file says
    await sending.hospital.store.commit(unit)
    await sending.plan()
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["received"]


async def test_a_check_up_that_its_program_handed_in_is_not_made_of_the_record_too(sending: Sending) -> None:
    await sending.sends.begin("emrhub")
    own = check_up()
    own.facility = own.parts["XML2"]["MA_CSKCB"] = FACILITY
    own.parts["XML2"]["MA_LK"] = "KSK-0001"
    await hand(sending, handed(own))
    await sending.send("emrhub")
    await check_up_written(sending)
    await sending.plan()
    await sending.send("emrhub")
    assert await sending.states("emrhub") == ["received"]


async def test_a_check_up_that_is_not_there_within_24_hours_is_late(sending: Sending) -> None:
    fresh = check_up()
    fresh.parts["XML2"] |= {"NGAY_VAO": "202611261800", "NGAY_RA": "202611261900"}
    sending.lines["emrhub"].behave = lambda: "down"
    await hand(sending, handed(fresh))
    assert (await sending.desk.overview("emrhub")).counts.late == 0
    sending.clock.advance(hours=24)
    await sending.send("emrhub")
    assert (await sending.desk.overview("emrhub")).counts.late == 1
    sending.lines["emrhub"].behave = lambda: "up"
    sending.clock.advance(minutes=5)
    await sending.send("emrhub")
    assert (await sending.desk.overview("emrhub")).counts.late == 0


async def test_no_secret_and_no_person_is_in_the_rows_or_the_logs(
    sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    sending.gateway.behave = ["", "202"]
    await sending.whole_way(outpatient())
    await hand(sending, handed(check_up()))
    await sending.send("emrhub")
    rows = await sending.hospital.rows("select * from send")
    events = await sending.hospital.rows("select * from send_event")
    ledger = await sending.hospital.rows("select detail, actor from ledger_pending")
    shown = " ".join(str(value) for row in [*rows, *events, *ledger] for value in row.values()) + caplog.text
    person = claim_of("A_outpatient").summary
    for word in (person["HO_TEN"], person["MA_LK"], person["SO_CCCD"], "mat-khau", "NGUYỄN VĂN THỬ", "001090000001"):
        assert word not in shown, word
    assert not re.search(r"Bearer|access_token|BEGIN", shown)


async def test_the_certificate_of_a_file_opens_with_its_password_alone(tmp_path: Any) -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

    from benhan.kernel.secrets import Secret
    from benhan.node.sends.facility_signer import FacilitySigner

    path = tmp_path / "co-so.p12"
    path.write_bytes(serialize_key_and_certificates(b"x", key(), certificate(), None, BestAvailableEncryption(b"m")))
    file = b"<GIAMDINHHS><CHUKYDONVI></CHUKYDONVI></GIAMDINHHS>"
    signed = FacilitySigner.load(path, Secret("m")).in_place(file)
    assert XMLVerifier().verify(signed, x509_cert=certificate()).signed_xml is not None
    for bad in (Secret("sai"), Secret("")):
        with pytest.raises(Fault, match="BA-4002"):
            FacilitySigner.load(path, bad)


async def test_late_is_told_by_the_clock_of_the_store(sending: Sending) -> None:
    await hand(sending, handed(check_up()))
    (message,) = await sending.messages("emrhub")
    assert message.due_at is not None
    assert message.is_late(message.due_at + timedelta(seconds=1))
    assert not message.is_late(message.due_at)
