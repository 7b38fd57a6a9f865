"""The index of persons on a real database: members tell, one person is one identity, every join can be taken back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.clocks import SetClock
from tests.postgres import fresh

from benhan.fhir.patient_match import Grade
from benhan.hl7v2.er7 import parse_er7
from benhan.hub.identities.answers import Answers
from benhan.hub.identities.loading import load
from benhan.hub.identities.service import Identities
from benhan.hub.identities.told import patient_to_told, patient_to_traits
from benhan.hub.identities.v2_answers import v2_answer
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database
from benhan.store.ids import encode_rid
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.synth.registered import registered, told
from benhan.synth.registration import Registration
from benhan.vn import systems
from benhan.vn.identifiers.fhir_identifier import newborn_to_identifier
from benhan.vn.identifiers.temporary import give_newborns

Json = dict[str, Any]

CLOCK = SetClock()
TODAY = CLOCK.now().date()
DESK = Actor("account:7", Role.RECORDS)
A, B, C = "01001", "01002", "01003"
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
async def store(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """One hub for the module: each test has people of its own."""
    kek = make_kek_file(tmp_path_factory.mktemp("hub") / "kek.json", SystemRandom())
    async with fresh(embedded_url) as url:
        store = await Store.open(await Database.connect(url, pool_size=6), kek, clock=CLOCK)
        yield store
        await store.close()


@pytest.fixture(scope="module")
async def hub(store: Store) -> AsyncIterator[Identities]:
    identities = Identities(store)
    await identities.start()
    yield identities
    await identities.stop()


def _patient(member: str, number: str, name: str, birth: str, sex: str = "female", **more: str) -> Json:
    numbers = [
        (systems.patient_number(member), number),
        *((f"urn:benhan:id:{kind}", each) for kind, each in more.items()),
    ]
    family, *given = name.split()
    return {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": value} for system, value in numbers],
        "name": [{"text": name, "family": family, "given": [" ".join(given[:-1]), given[-1]]}],
        "gender": sex,
        "birthDate": birth,
    }


def _registered(one: Registration) -> Json:
    """A registration as the facility's Patient."""
    texts = told(one)
    parts = [texts[part] for part in ("middle", "given") if texts.get(part)]
    name = {"text": texts["text"], **({"family": texts["family"], "given": parts} if texts.get("family") else {})}
    numbers = [
        (systems.patient_number(one.facility.code), one.number),
        (systems.CCCD, one.citizen_number),
        (systems.CMND, one.old_identity_card),
        (systems.BHYT_CARD, one.card),
    ]
    return {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": value} for system, value in numbers if value],
        "name": [name],
        "gender": texts["sex"],
        "birthDate": texts["birth"],
        "telecom": [{"system": "phone", "value": one.phone}] if one.phone else [],
        "contact": [{"telecom": [{"system": "phone", "value": texts["kin_phone"]}]}] if texts["kin_phone"] else [],
        "address": [{"text": one.person.home.text, "line": [one.person.home.line]}] if one.address else [],
    }


async def _learn(hub: Identities, member: str, patient: Json) -> int:
    return (await hub.learn(member, [patient], DESK))[0].identity


async def test_two_members_records_of_one_person_are_one_identity(hub: Identities) -> None:
    one = await _learn(hub, A, _patient(A, "1", "Phan Thị Diễm", "1981-04-02", cccd="001181000001"))
    other = await _learn(hub, B, _patient(B, "9", "PHAN THI DIEM", "1981-04-02", cccd="001181000001"))
    stranger = await _learn(hub, B, _patient(B, "10", "Phan Thị Hạnh", "1990-09-12", cccd="001190000002"))
    assert one == other != stranger


async def test_a_record_told_again_stays_and_keeps_every_number_it_had(hub: Identities) -> None:
    first = _patient(A, "20", "Vũ Văn Khải", "1958-06-30", "male", cmnd="012345678")
    identity = await _learn(hub, A, first)
    CLOCK.at += timedelta(days=1)
    again = await hub.learn(A, [_patient(A, "20", "Vũ Văn Khải", "1958-06-30", "male", cccd="001058000777")], DESK)
    assert (again[0].identity, again[0].is_new) == (identity, False)
    known = await hub.identifiers_of([(systems.CCCD, "001058000777")])
    assert (systems.CMND, "012345678") in known
    (record,) = await hub.records_of(identity)
    old = next(each for each in record.history if each.system == systems.CMND)
    assert old.successor == (systems.CCCD, "001058000777")
    assert await hub.identity_of([(systems.CMND, "012345678")]) == identity


async def test_numbers_of_two_persons_told_together_are_refused(hub: Identities) -> None:
    await _learn(hub, A, _patient(A, "31", "Hồ Văn Tám", "1970-01-15", "male", cccd="001070000031"))
    await _learn(hub, A, _patient(A, "32", "Tô Thị Chín", "1988-11-20", cccd="001188000032"))
    with pytest.raises(Fault) as raised:
        await hub.identifiers_of([(systems.CCCD, "001070000031"), (systems.CCCD, "001188000032")])
    assert raised.value.code == "BA-6101"


async def test_an_unknown_person_is_what_they_were_called(hub: Identities) -> None:
    told = [(systems.CCCD, "001099999999")]
    assert await hub.identifiers_of(told) == told


async def test_anothers_number_raises_a_question_and_joins_nobody(hub: Identities) -> None:
    one = await _learn(hub, A, _patient(A, "41", "Mạc Thị Én", "1975-08-08", cccd="001175000041"))
    other = await _learn(hub, B, _patient(B, "42", "Khúc Văn Hùng", "1940-12-24", "male", cccd="001175000041"))
    assert one != other
    asked = [each for each in await hub.questions(DESK) if {each.identity, each.other} == {one, other}]
    assert [each.kind for each in asked] == ["crossing"]
    with pytest.raises(Fault):
        await hub.identifiers_of([(systems.CCCD, "001175000041")])
    compared = await hub.compared(asked[0])
    assert any(reason.field == "citizen" and reason.bits > 0 for reason in compared[0].reasons)
    await hub.answer(asked[0].id, DESK, is_one=False)
    await _learn(hub, B, _patient(B, "42", "Khúc Văn Hùng", "1940-12-24", "male", cccd="001175000041"))
    assert not [each for each in await hub.questions(DESK) if {each.identity, each.other} == {one, other}]
    shared = (systems.CCCD, "001175000041")
    assert await hub.identity_of([(systems.patient_number(A), "41"), shared]) == one
    assert await hub.identity_of([(systems.patient_number(B), "42"), shared]) == other


async def test_a_reviewers_yes_joins_and_a_parting_restores_all_that_was(hub: Identities) -> None:
    one = await _learn(hub, A, _patient(A, "51", "Lương Thị Nga", "1969-03-03", cccd="001169000051"))
    other = await _learn(hub, B, _patient(B, "52", "Bế Thị Oanh", "1969-07-07", cccd="001169000052"))
    before = [await hub.identifiers_of([(systems.CCCD, f"00116900005{n}")]) for n in (1, 2)]
    await hub.join(other, one, DESK)
    together = await hub.identifiers_of([(systems.CCCD, "001169000052")])
    assert set(together) == set(before[0]) | set(before[1])
    assert await hub.identity_of([(systems.CCCD, "001169000052")]) == one
    with pytest.raises(Fault) as raised:
        await hub.join(one, other, DESK)
    assert raised.value.code == "BA-6103"
    await hub.part(other, DESK)
    assert [await hub.identifiers_of([(systems.CCCD, f"00116900005{n}")]) for n in (1, 2)] == before
    with pytest.raises(Fault) as raised:
        await hub.part(other, DESK)
    assert raised.value.code == "BA-6104"


async def test_a_newborn_is_its_own_person_under_the_mothers_number_until_it_has_one(hub: Identities) -> None:
    mother = await _learn(hub, A, _patient(A, "61", "Đinh Thị Quế", "1998-05-05", cccd="001198000061"))
    (newborn,) = give_newborns("01001", TODAY, 1, (systems.CCCD, "001198000061"), 1)
    child = {
        "resourceType": "Patient",
        "identifier": [
            {"system": systems.patient_number(A), "value": "62"},
            newborn_to_identifier(newborn),
        ],
        "name": [{"use": "temp", "text": "Con bà Đinh Thị Quế"}],
        "gender": "male",
        "birthDate": TODAY.isoformat(),
    }
    identity = await _learn(hub, A, child)
    assert identity != mother
    assert await hub.children_of(mother) == [identity]
    assert (systems.CCCD, "001198000061") not in await hub.identifiers_of(
        [(systems.TEMPORARY_IDENTITY, str(newborn.identity))]
    )
    named = _patient(A, "62", "Lê Minh Quân", TODAY.isoformat(), "male", cccd="001226000062")
    assert await _learn(hub, A, named) == identity
    assert (systems.TEMPORARY_IDENTITY, str(newborn.identity)) in await hub.identifiers_of(
        [(systems.CCCD, "001226000062")]
    )


async def test_a_record_of_the_wrong_person_is_moved(hub: Identities) -> None:
    one = await _learn(hub, A, _patient(A, "71", "Cao Thị Rin", "1983-02-14", cccd="001183000071"))
    await _learn(hub, B, _patient(B, "72", "Cao Thị Rin", "1983-02-14", cccd="001183000071"))
    await hub.move(B, "72", 0, DESK)
    assert len(await hub.records_of(one)) == 1


async def test_a_match_tells_how_sure_and_why(hub: Identities) -> None:
    identity = await _learn(hub, A, _patient(A, "81", "Triệu Thị Sen", "1979-10-10", cccd="001179000081"))
    asked = patient_to_traits(_patient(B, "x", "Trieu Thi Sen", "1979-10-10", cccd="001179000081"), TODAY)
    found = (await hub.match(asked, DESK))[0]
    assert (found.identity, found.grade) == (identity, Grade.CERTAIN)
    assert found.probability > 0.999
    assert {reason.field for reason in found.reasons} >= {"citizen", "birth"}
    assert "001179000081" not in " ".join(reason.text.vi for reason in found.reasons)
    with pytest.raises(Fault) as raised:
        await hub.match(asked._replace(citizen_number="", birth=""), DESK)
    assert raised.value.code == "BA-6106"


async def test_the_index_answers_in_fhir(hub: Identities) -> None:
    identity = await _learn(hub, A, _patient(A, "83", "Lò Thị Piêng", "1972-12-01", cccd="014172000083"))
    await _learn(hub, B, _patient(B, "84", "Lo Thi Pieng", "1972-12-01", cccd="014172000083"))
    answers = Answers(hub, CLOCK)
    asked = _patient(C, "x", "Lò Thị Piêng", "1972-12-01", cccd="014172000083")
    bundle = await answers.match(asked, C, DESK, certain_only=True)
    (entry,) = bundle["entry"]
    assert entry["resource"]["id"] == encode_rid(identity)
    assert entry["resource"]["name"][0]["text"] == "Lò Thị Piêng"
    assert entry["search"]["extension"][0]["valueCode"] == "certain"
    source = (systems.patient_number(A), "83")
    parameters = (await answers.cross_references(source, ["urn:benhan:member:01002"]))["parameter"]
    assert [each["valueIdentifier"]["value"] for each in parameters if each["name"] == "targetIdentifier"] == ["84"]
    with pytest.raises(Fault) as raised:
        await answers.cross_references((systems.CCCD, "000000000001"))
    assert raised.value.code == "BA-6102"


async def test_the_index_answers_in_v2(hub: Identities) -> None:
    await _learn(hub, A, _patient(A, "85", "Giàng Thị Mỷ", "1991-02-03", cccd="015191000085"))
    head = "MSH|^~\\&|HIS|01002|TRUC|HUB|20260105080000||QBP^{event}^QBP_Q21|M1|P|2.5.1||||||UNICODE UTF-8\r"
    pdq = head.format(event="Q22") + "QPD|IHE PDQ Query|T|@PID.5.1^Giàng~@PID.5.2^Thị Mỷ~@PID.7^19910203\rRCP|I\r"
    answer = parse_er7(await v2_answer(hub, CLOCK, pdq.encode(), B, DESK, "1"))
    pid = answer.first("PID")
    assert pid is not None
    assert "015191000085^^^CCCD^NI" in pid.repetitions(3)
    pix = head.format(event="Q23") + "QPD|IHE PIX Query|T|015191000085^^^CCCD^NI|^^^01001\rRCP|I\r"
    pid = parse_er7(await v2_answer(hub, CLOCK, pix.encode(), B, DESK, "2")).first("PID")
    assert pid is not None
    assert pid.repetitions(3) == ["85^^^01001^PI"]
    unknown = await v2_answer(hub, CLOCK, pix.replace("015191000085", "000000000001").encode(), B, DESK, "3")
    assert parse_er7(unknown).segments[1].text(1) == "AE"


async def test_a_patient_without_the_members_own_number_is_refused_and_nothing_is_kept(hub: Identities) -> None:
    good = _patient(C, "91", "Hà Văn Tư", "1966-06-06", "male", cccd="001066000091")
    bad = {**good, "identifier": good["identifier"][1:]}
    with pytest.raises(Fault) as raised:
        await hub.learn(C, [good, bad], DESK)
    assert raised.value.code == "BA-6100"
    assert await hub.identity_of([(systems.CCCD, "001066000091")]) is None


async def test_the_members_of_a_small_country_tell_and_its_truth_is_found(hub: Identities) -> None:
    by_member: dict[str, list[Registration]] = {}
    for one in registered(9, range(150), facilities=6):
        by_member.setdefault(one.facility.code, []).append(one)
    found, truth = [], []
    for member, registrations in by_member.items():
        learned = await hub.learn(member, [_registered(each) for each in registrations], DESK)
        found += [each.identity for each in learned]
        truth += [each.person.key for each in registrations]
    both, wanted, made = (
        sum(count * (count - 1) // 2 for count in Counter(groups).values())
        for groups in (zip(found, truth, strict=True), truth, found)
    )
    assert both / wanted >= 0.98  # a record that came early cannot know of what comes late
    assert both == made


async def test_an_empty_index_is_filled_at_once_and_a_filled_one_is_not(
    fresh_database: Database, tmp_path: Path, store: Store, hub: Identities
) -> None:
    registrations = list(registered(9, range(150), facilities=6))
    records = [patient_to_told(_registered(each), each.facility.code, TODAY) for each in registrations]
    other = await Store.open(fresh_database, make_kek_file(tmp_path / "kek.json", SystemRandom()), clock=CLOCK)
    loaded = await load(other, records, DESK)
    assert loaded.records == len(records) > loaded.identities >= 150
    index = Identities(other)
    await index.start()
    same = [each for each in registrations if each.person.key == registrations[0].person.key]
    found = {await index.identity_of([(systems.patient_number(one.facility.code), one.number)]) for one in same}
    assert len(found) == 1
    assert None not in found
    assert len(await index.questions(DESK, 1_000)) == loaded.questions
    await index.stop()
    await other.close()
    await _learn(hub, A, _patient(A, "97", "Vi Thị Pang", "1980-01-09", cccd="014180000097"))
    with pytest.raises(Fault) as raised:
        await load(store, records[:1], DESK)
    assert raised.value.code == "BA-6107"


async def test_another_process_sees_what_was_committed_and_two_at_once_make_one_person(
    store: Store, hub: Identities
) -> None:
    other = Identities(store)
    await other.start()
    told = [_patient(member, "95", "Sầm Thị Uyên", "1993-01-23", cccd="001193000095") for member in (A, B)]
    first, second = await asyncio.gather(_learn(hub, A, told[0]), _learn(other, B, told[1]))
    assert first == second
    assert len(await other.records_of(first)) == 2
    await other.stop()


async def test_what_is_at_rest_names_nobody(store: Store, hub: Identities) -> None:
    await _learn(hub, A, _patient(A, "99", "Tống Thị Xuân", "1977-07-17", cccd="001177000099"))
    rows = await store.database.fetch("select r::text as line from hub_identity_record r where bucket >= 0")
    written = "\n".join(row["line"] for row in rows)
    assert "001177000099" not in written
    assert "Tống".encode().hex() not in written
