"""The way of a result, from the frame of an analyser to the citizen's book, whatever happens on it."""

from __future__ import annotations

import asyncio
from typing import Any

from benhan.kernel.trace import is_trace_id

CCCD = "001080012345"


async def test_a_result_on_the_line_is_in_the_citizens_book(hospital: Any, repository: Any, frames: Any) -> None:
    await hospital.pass_on(frames.adt(1, cccd=CCCD), frames.oru(1, 1, "5.60"))
    (patient,) = await repository.found("Patient", identifier=CCCD)
    book = await repository.book(patient["id"])
    assert book.name == "NGUYỄN VĂN THỬ"
    (value,) = [value for panel in book.panels for analyte in panel.analytes for value in analyte.values]
    assert (value.number, value.unit, value.low, value.high) == (5.6, "mmol/L", 3.9, 6.4)
    (observation,) = await repository.found("Observation")
    assert str(observation["valueQuantity"]["value"]) == "5.60"
    (visit,) = book.visits
    assert visit.facility == "01234"


async def test_one_trace_leads_from_the_frame_to_the_repository(hospital: Any, repository: Any, frames: Any) -> None:
    await hospital.pass_on(frames.oru(1, 1))
    (message,) = await hospital.rows("select trace, state from inbox")
    trace = message["trace"].hex()
    assert is_trace_id(trace)
    assert message["state"] == "applied"
    (delivery,) = [each for each in await hospital.outbox.of_trace(trace) if each.kind == "resources"]
    (kept,) = await repository.rows(f"select receipt, trace from delivery where delivery_key = '{delivery.key}'")
    assert kept["receipt"] == delivery.receipt
    assert kept["trace"].hex() == trace
    events = {row["event"] for row in await hospital.rows("select event from ledger_pending where trace <> ''")}
    assert {1, 20, 21, 30, 31} <= events  # created, received, applied, put, receipted
    ingested = await repository.rows("select trace from ledger_pending where event = 33")
    assert trace in {row["trace"].hex() for row in ingested}


async def test_the_record_of_the_ministry_reaches_the_patients_compartment(
    hospital: Any, repository: Any, frames: Any
) -> None:
    await hospital.pass_on(frames.adt(1, cccd=CCCD), frames.oru(1, 1), frames.adt(1, "A03", cccd=CCCD))
    (patient,) = await repository.found("Patient")
    (document,) = await repository.found("DocumentReference", patient=patient["id"])
    assert document["content"][0]["attachment"]["contentType"] == "application/xml"


async def test_a_citizen_of_two_hospitals_is_one_patient_of_the_repository(
    make_hospital: Any, repository: Any, make_frames: Any
) -> None:
    for code in ("01234", "79001"):
        hospital, frames = await make_hospital(code), make_frames(code)
        await hospital.pass_on(frames.adt(7, cccd=CCCD), frames.oru(7, 1))
    (patient,) = await repository.found("Patient")
    assert len(await repository.found("Observation", patient=patient["id"])) == 2
    numbers = {each["value"] for each in patient["identifier"] if "ma-benh-nhan" in each["system"]}
    assert numbers == {"BN000007"}
    assert len(await repository.found("Encounter", patient=patient["id"])) == 2


async def test_two_hospitals_bring_the_same_new_citizen_at_once_and_it_is_one_patient(
    make_hospital: Any, repository: Any, make_frames: Any
) -> None:
    hospitals = [await make_hospital(f"{number:05d}") for number in range(4)]
    for hospital in hospitals:
        frames = make_frames(hospital.code)
        await hospital.hear(*(frames.oru(number, number, cccd=f"{number:012d}") for number in range(1, 11)))
        await hospital.apply()
    await asyncio.gather(*(hospital.send() for hospital in hospitals))
    assert len(await repository.found("Patient")) == 10
    assert len(await repository.found("Observation")) == 40


async def test_people_without_a_number_of_the_state_are_told_apart(
    make_hospital: Any, repository: Any, make_frames: Any
) -> None:
    for code in ("01234", "79001"):
        await (await make_hospital(code)).pass_on(make_frames(code).oru(7, 1))
    assert len(await repository.found("Patient")) == 2


async def test_a_corrected_result_replaces_and_never_doubles(hospital: Any, repository: Any, frames: Any) -> None:
    await hospital.pass_on(frames.oru(1, 1, "5.60"))
    await hospital.pass_on(frames.oru(1, 1, "6.50", status="C"))
    for place in (hospital, repository):
        (observation,) = await place.found("Observation")
        assert (str(observation["valueQuantity"]["value"]), observation["status"]) == ("6.50", "corrected")


async def test_the_same_message_again_changes_nothing(hospital: Any, repository: Any, frames: Any) -> None:
    message = frames.oru(1, 1, control_id="SAME")
    await hospital.pass_on(message, message)
    await hospital.pass_on(message)
    assert len(await hospital.rows("select 1 from inbox")) == 1
    assert {row["version"] for row in await hospital.rows("select version from resource")} == {1}
    assert {row["version"] for row in await repository.rows("select version from resource")} == {1}


async def test_a_repeated_result_under_a_new_number_makes_no_new_version(
    hospital: Any, repository: Any, frames: Any
) -> None:
    await hospital.pass_on(frames.oru(1, 1, control_id="ONE"))
    await hospital.pass_on(frames.oru(1, 1, control_id="TWO"))
    assert {row["version"] for row in await hospital.rows("select version from resource")} == {1}
    assert {row["version"] for row in await repository.rows("select version from resource")} == {1}


async def test_what_cannot_be_read_is_kept_with_its_reason_and_the_rest_goes_on(
    hospital: Any, repository: Any, frames: Any
) -> None:
    answers = await hospital.hear(
        b"nonsense",
        frames.message("ADT^A01", "HIS", "EVN||1", "PV1|1|I"),
        frames.message("ADT^A99", "HIS", "EVN||1"),
        frames.oru(1, 1),
    )
    assert answers == ["AE", "AA", "AR", "AA"]
    await hospital.apply()
    await hospital.send()
    counts = await hospital.rows("select state, count(*) as n from inbox group by state order by state")
    assert [(row["state"], row["n"]) for row in counts] == [("applied", 1), ("parked", 3)]
    assert len(await repository.found("Observation")) == 1


async def test_a_token_of_another_facility_lets_nothing_in_and_loses_nothing(
    make_hospital: Any, repository: Any, frames: Any
) -> None:
    hospital = await make_hospital("01234", token="79001")
    await hospital.pass_on(frames.oru(1, 1))
    assert await repository.found("Patient") == []
    assert (await hospital.outbox.counts())["waiting"] > 0


def order_of(frames: Any, control: str, of: str = "GLU^Glucose^L", number: str = "O77") -> bytes:
    message: bytes = frames.message(
        "ORM^O01", "HIS", frames.pid(1), "PV1|1|I||||||||||||||||||V1", f"ORC|{control}|{number}|||||||20260105070000",
        f"OBR|1|{number}||{of}",
    )  # fmt: skip
    return message


def answer_of(frames: Any) -> bytes:
    message: bytes = frames.message(
        "ORU^R01", "LIS", frames.pid(1), "PV1|1|I||||||||||||||||||V1", "ORC|RE|O77|F77",
        "OBR|1|O77|F77|GLU^Glucose^L|||20260105073000||||||||||||||||||F", "OBX|1|NM|GLU^Glucose^L||5.6|mmol/L|||||F",
    )  # fmt: skip
    return message


async def test_an_order_is_answered_by_its_result_and_ends(hospital: Any, repository: Any, frames: Any) -> None:
    await hospital.pass_on(order_of(frames, "NW"), order_of(frames, "NW", "URE^Urê^L"))
    await hospital.pass_on(answer_of(frames))
    for place in (hospital, repository):
        done, waiting = sorted(await place.found("ServiceRequest"), key=lambda each: str(each["status"] == "active"))
        assert (done["code"]["text"], done["status"], waiting["status"]) == ("Glucose", "completed", "active")
        (report,) = await place.found("DiagnosticReport")
        assert report["basedOn"] == [{"reference": f"ServiceRequest/{done['id']}"}]
    found = await hospital.found("ServiceRequest", identifier="F77")
    assert [each["authoredOn"] for each in found] == ["2026-01-05T07:00:00+07:00"]


async def test_a_cancelled_order_is_a_version_of_it_and_a_result_that_came_first_stays(
    hospital: Any, frames: Any
) -> None:
    await hospital.pass_on(order_of(frames, "NW"), order_of(frames, "CA"))
    (order,) = await hospital.found("ServiceRequest")
    assert (order["status"], order["meta"]["versionId"]) == ("revoked", "2")
    await hospital.pass_on(answer_of(frames), order_of(frames, "NW"))
    (order,) = await hospital.found("ServiceRequest")
    assert order["status"] == "revoked"


async def test_a_result_under_the_laboratorys_number_alone_finds_its_order_and_makes_none(
    hospital: Any, frames: Any
) -> None:
    by_filler = answer_of(frames).replace(b"ORC|RE|O77|F77", b"ORC|RE||F77").replace(b"OBR|1|O77|", b"OBR|1||")
    await hospital.pass_on(by_filler)
    assert await hospital.found("ServiceRequest") == []
    (report,) = await hospital.found("DiagnosticReport")
    assert "basedOn" not in report
    await hospital.pass_on(order_of(frames, "NW").replace(b"ORC|NW|O77|", b"ORC|NW|O77|F77"))
    await hospital.pass_on(by_filler.replace(b"|C0", b"|D0"))
    (order,) = await hospital.found("ServiceRequest")
    assert order["status"] == "completed"
    (report,) = await hospital.found("DiagnosticReport")
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{order['id']}"}]
    (observation,) = await hospital.found("Observation")
    assert observation["basedOn"] == report["basedOn"]


async def test_a_result_that_came_before_its_order_is_joined_to_it(hospital: Any, frames: Any) -> None:
    await hospital.pass_on(answer_of(frames), order_of(frames, "NW"))
    (order,) = await hospital.found("ServiceRequest")
    assert (order["status"], order["authoredOn"]) == ("completed", "2026-01-05T07:00:00+07:00")
