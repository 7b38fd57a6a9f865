"""BHYT XML into the record: taken once, replaced by MA_LK, parked and mended, dropped into a folder."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.vn.bhyt.samples import FOLDER, claim_of, file_of, sample, summary

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.fhir_to_bhyt import fhir_to_bhyt
from benhan.mapping.mapped import Context
from benhan.node.bhyt_episodes import KnownEpisodes
from benhan.node.bhyt_folder import bhyt_folder
from benhan.node.bhyt_intake import BhytIntake
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.node.chart.charts import Charts
from benhan.node.dead_letters import DeadLetters
from benhan.node.records.content import read_record
from benhan.store.catalogues import Catalogues, Load
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import claims_to_bytes
from benhan.vn.catalogues.catalogue import Entry
from benhan.vn.forms.catalogue import Catalogue

CLERK = system("clerk")


def written(*claims: Claim) -> bytes:
    from datetime import date

    return claims_to_bytes("99001", date(2026, 11, 30), claims, latest())


@pytest.fixture
async def here(make_hospital: Any) -> Any:
    return await make_hospital("99001")


def intake_of(hospital: Any) -> BhytIntake:
    known = BhytKnowledge(Catalogues(hospital.store.database, hospital.clock), hospital.clock)
    return BhytIntake(
        hospital.inbox,
        hospital.clock,
        hospital.store.random,
        Context("99001"),
        known,
        KnownEpisodes(hospital.store, "99001"),
    )


async def take(hospital: Any, data: bytes) -> Any:
    found = await intake_of(hospital).receive([data], CLERK)
    await hospital.apply()
    return found


async def test_a_file_of_two_episodes_becomes_two_records(here: Any) -> None:
    found = await take(here, sample("multi_A_E"))
    assert (found.taken, found.repeated, found.parked, found.is_whole) == (2, 0, 0, True)
    assert len(await here.found("Patient")) == 2
    assert {each["status"] for each in await here.found("Encounter")} == {"finished"}
    assert len(await here.found("MedicationRequest")) == 2


async def test_the_same_file_again_changes_nothing(here: Any) -> None:
    await take(here, sample("B_inpatient"))
    before = await here.rows("select count(*) from resource")
    again = await take(here, sample("B_inpatient"))
    assert (again.taken, again.repeated) == (0, 1)
    assert await here.rows("select count(*) from resource") == before


async def test_what_was_taken_can_be_written_again(here: Any) -> None:
    await take(here, sample("B_inpatient"))
    (encounter,) = await here.found("Encounter")
    record = await read_record(here.store, "99001", encounter["id"])
    assert fhir_to_bhyt(record) == claim_of("B_inpatient")


async def test_a_later_file_of_the_episode_makes_versions_and_takes_back_what_it_no_longer_says(here: Any) -> None:
    claim = claim_of("A_outpatient")
    await take(here, written(claim))
    claim.tables["XML2"] = claim.tables["XML2"][:1]
    claim.tables["XML2"][0]["LIEU_DUNG"] = "1 viên/lần * 2 lần/ngày * 7 ngày [2 viên/ngày]"
    claim.summary["MA_BENH_KT"] = ""
    await take(here, written(claim))
    requests = {each["status"]: each for each in await here.found("MedicationRequest")}
    assert requests["completed"]["dosageInstruction"][0]["text"].startswith("1 viên/lần")
    assert requests["completed"]["meta"]["versionId"] == "2"
    assert "entered-in-error" in requests
    verified = [each["verificationStatus"]["coding"][0]["code"] for each in await here.found("Condition")]
    assert sorted(verified) == ["confirmed", "entered-in-error", "provisional"]
    (encounter,) = await here.found("Encounter")
    assert fhir_to_bhyt(await read_record(here.store, "99001", encounter["id"])) == claim


async def test_what_is_taken_back_stands_on_no_page(here: Any) -> None:
    claim = claim_of("A_outpatient")
    await take(here, written(claim))
    claim.tables["XML2"] = claim.tables["XML2"][:1]
    await take(here, written(claim))
    (patient,) = await here.found("Patient")
    chart = await Charts(here.store, Catalogue()).timeline(patient["id"], CLERK)
    assert [each.title for each in chart.moments if each.kind == "MedicationRequest"] == ["Thuốc mẫu A 500mg"]
    assert {each.title for each in chart.moments if each.kind == "Composition"} == {
        "Giấy hẹn khám lại", "Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội",
    }  # fmt: skip


async def test_a_name_in_capitals_does_not_replace_the_same_name_in_small_letters(here: Any) -> None:
    claim = claim_of("A_outpatient")
    for written_name, shown in (("Nguyễn Văn Mẫu",) * 2, ("NGUYỄN VĂN MẪU", "Nguyễn Văn Mẫu"), ("NGUYỄN VĂN MÃO",) * 2):
        claim.summary["HO_TEN"] = written_name
        await take(here, written(claim))
        (patient,) = await here.found("Patient")
        assert patient["name"][0]["text"] == shown


async def test_an_encounter_names_its_diagnoses_by_their_roles(here: Any) -> None:
    for _ in range(2):
        claim = claim_of("A_outpatient")
        await take(here, written(claim))
        (encounter,) = await here.found("Encounter")
        by_id = {f"Condition/{each['id']}": each for each in await here.found("Condition")}
        named = {
            each["use"]["coding"][0]["code"]: by_id[each["condition"]["reference"]] for each in encounter["diagnosis"]
        }
        assert named["AD"]["verificationStatus"]["coding"][0]["code"] == "provisional"
        assert named["DD"]["code"]["coding"][0]["code"] == "J20"
        assert all(each["encounter"]["reference"] == f"Encounter/{encounter['id']}" for each in by_id.values())


async def test_a_check_in_opens_the_encounter_that_the_claim_ends(here: Any) -> None:
    await take(here, (FOLDER / "xml0_checkin_exam.xml").read_bytes())
    (opened,) = await here.found("Encounter")
    assert opened["status"] == "in-progress"
    await take(here, sample("A_outpatient"))
    (ended,) = await here.found("Encounter")
    assert (ended["id"], ended["status"]) == (opened["id"], "finished")
    assert len(await here.found("Patient")) == 1


async def test_an_episode_of_another_facility_is_kept_under_its_code_and_told(here: Any) -> None:
    claim = claim_of("A_outpatient")
    known = BhytKnowledge(Catalogues(here.store.database, here.clock), here.clock)
    for facility, is_told, name in (("99001", False, "Bệnh viện Mẫu"), ("99002", True, None)):
        claim.summary["MA_CSKCB"] = facility
        context = Context("99001", facility_name="Bệnh viện Mẫu")
        episodes = KnownEpisodes(here.store, "99001")
        intake = BhytIntake(here.inbox, here.clock, here.store.random, context, known, episodes)
        found = await intake.receive([written(claim)], CLERK)
        said = [issue.text.vi for problem in found.problems for issue in problem.issues]
        assert any("cơ sở 99002, không phải cơ sở 99001" in each for each in said) is is_told
        mapped = bhyt_to_fhir(claim, context)
        (encounter,) = [each.resource for each in mapped.resources if each.resource["resourceType"] == "Encounter"]
        assert encounter["serviceProvider"].get("display") == name
        assert encounter["serviceProvider"]["identifier"]["value"] == facility


async def test_the_good_part_of_a_file_is_kept_and_the_bad_part_parked(here: Any) -> None:
    good, bad = claim_of("A_outpatient"), claim_of("B_inpatient")
    bad.summary["NGAY_VAO"] = "202602310815"
    found = await take(here, written(bad, good))
    assert (found.taken, found.parked, found.is_whole) == (1, 1, False)
    (problem,) = [each for each in found.problems if each.fault is not None]
    assert (problem.number, problem.ma_lk) == (1, "SYN-B-0001")
    assert [issue.place for issue in problem.fault.issues] == ["XML1[1].NGAY_VAO"]
    assert len(await here.found("Encounter")) == 1


async def test_a_parked_episode_is_shown_as_xml_mended_and_applied(here: Any) -> None:
    claim = claim_of("A_outpatient")
    claim.summary["NGAY_VAO"] = "202602310730"
    claim.summary["HO_TEN"] = "NGUYỄN <b> & MẪU"
    await take(here, written(claim))
    letters = DeadLetters(here.store, here.inbox)
    (message,) = await letters.listed()
    letter = await letters.read(message.id, CLERK)
    assert letter.is_xml
    assert "<NGAY_VAO>202602310730</NGAY_VAO>" in letter.text
    await letters.replay(message.id, letter.text.replace("202602310730", "202611020730"), CLERK)
    await here.apply()
    assert await letters.listed() == []
    (patient,) = await here.found("Patient")
    assert patient["name"][0]["text"] == "NGUYỄN <b> & MẪU"


async def test_a_part_that_is_no_xml_is_shown_and_can_be_mended(here: Any) -> None:
    claim = claim_of("A_outpatient")
    whole = written(claim).replace(b"<LOAIHOSO>XML1</LOAIHOSO>", b"<LOAIHOSO>XML1</LOAIHOSO>")
    data = file_of(summary("LK1", "<MA_BN>BN9</MA_BN><HO_TEN>A < B</HO_TEN>"))
    assert whole != data
    found = await take(here, data)
    assert found.parked == 1
    letters = DeadLetters(here.store, here.inbox)
    (message,) = await letters.listed()
    text = (await letters.read(message.id, CLERK)).text
    assert "A < B" in text
    await letters.replay(message.id, text.replace("A < B", "A B"), CLERK)
    await here.apply()
    assert [each["name"][0]["text"] for each in await here.found("Patient")] == ["A B"]


async def test_what_is_mended_to_no_claim_is_refused(here: Any) -> None:
    await take(here, file_of(summary("")))
    letters = DeadLetters(here.store, here.inbox)
    (message,) = await letters.listed()
    with pytest.raises(Fault, match="BA-3400"):
        await letters.replay(message.id, "không phải XML", CLERK)


async def test_who_brought_a_file_is_in_the_ledger(here: Any) -> None:
    await take(here, sample("A_outpatient"))
    rows = await here.rows(
        "select actor from ledger_pending where event = 20 union select actor from ledger_entry where event = 20"
    )
    assert {row["actor"] for row in rows} == {CLERK.id}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "drop"
    found.mkdir()
    return found


async def test_a_dropped_file_is_taken_when_it_has_stopped_growing(here: Any, folder: Path) -> None:
    watch = bhyt_folder(here.store.database, intake_of(here), folder, 1.0)
    data = sample("A_outpatient")
    (folder / "a.xml").write_bytes(data[:1000])
    assert await watch.look() == 0
    (folder / "a.xml").write_bytes(data)
    assert await watch.look() == 0
    assert await watch.look() == 1
    await here.apply()
    assert sorted(each.name for each in (folder / "done").iterdir()) == [
        "a.xml", "a.xml.report.json", "a.xml.report.txt",
    ]  # fmt: skip
    assert (folder / "done/a.xml").read_bytes() == data
    assert json.loads((folder / "done/a.xml.report.json").read_bytes())["taken"] == 1
    assert len(await here.found("Encounter")) == 1


async def test_a_file_with_something_wrong_is_rejected_with_a_report_that_says_where(here: Any, folder: Path) -> None:
    watch = bhyt_folder(here.store.database, intake_of(here), folder, 1.0)
    claim = claim_of("B_inpatient")
    claim.tables["XML2"][1]["NGAY_YL"] = "31/02/2026"
    (folder / "b.xml").write_bytes(written(claim, claim_of("A_outpatient")))
    (folder / "c.xml").write_bytes(b"no xml")
    (folder / "d.txt").write_bytes(b"not looked at")
    (folder / ".e.xml").symlink_to(folder / "d.txt")
    await watch.look()
    assert await watch.look() == 2
    report = (folder / "rejected/b.xml.report.txt").read_text(encoding="utf-8")
    assert "SYN-B-0001 XML2[2].NGAY_YL" in report
    assert "TRẦN" not in report
    assert "BHYT" in (folder / "rejected/c.xml.report.txt").read_text(encoding="utf-8")
    assert (folder / "d.txt").exists()


async def test_a_second_file_of_the_same_name_does_not_replace_the_first(here: Any, folder: Path) -> None:
    watch = bhyt_folder(here.store.database, intake_of(here), folder, 1.0)
    for _ in range(2):
        (folder / "a.xml").write_bytes(sample("A_outpatient"))
        await watch.look()
        assert await watch.look() == 1
    assert {"a.xml", "a-2.xml"} <= {each.name for each in (folder / "done").iterdir()}


async def test_the_watch_ends_when_it_is_told(here: Any, folder: Path) -> None:
    watch = bhyt_folder(here.store.database, intake_of(here), folder, 0.02)
    (folder / "a.xml").write_bytes(sample("A_outpatient"))
    stop = asyncio.Event()
    running = asyncio.create_task(watch.run(stop))
    async with asyncio.timeout(20):
        while not (folder / "done/a.xml").exists():  # noqa: ASYNC110  # a folder has no event
            await asyncio.sleep(0.02)
        stop.set()
        await running


async def test_a_file_is_checked_by_the_lists_that_the_hospital_loaded(here: Any) -> None:
    catalogues = Catalogues(here.store.database, here.clock)
    intake = intake_of(here)

    async def told(data: bytes) -> str:
        found = await intake.receive([data], CLERK)
        return " ".join(issue.text.vi for problem in found.problems for issue in problem.issues)

    assert "D01" not in await told(sample("A_outpatient"))
    today = here.clock.now().date()
    await catalogues.load("ICD10", [Entry("I10", "Tăng huyết áp", today)], Load(today, "digest", may_end=True))
    assert "D01: MA_BENH_CHINH phải là đúng một mã ICD-10" in await told(sample("A_outpatient"))


async def rules_told(here: Any, claim: Claim) -> set[str]:
    """The codes of the rules that a claim breaks by what the node knows."""
    found = await intake_of(here).receive([written(claim)], CLERK)
    await here.apply()
    return {issue.text.vi[:3] for problem in found.problems for issue in problem.issues}


async def test_a_visit_that_was_taken_under_another_ma_lk_is_told_and_a_correction_is_not(here: Any) -> None:
    claim = claim_of("A_outpatient")
    assert "F09" not in await rules_told(here, claim)
    claim.summary["GHI_CHU"] = "sửa lại"
    claim.summary["NGAY_VAO"] = claim.summary["NGAY_VAO"][:-1] + "1"
    assert not {"F07", "F09"} & await rules_told(here, claim)
    for rows in claim.tables.values():
        for row in rows:
            row["MA_LK"] = "LAN-HAI"
    claim.ma_lk = "LAN-HAI"
    assert "F09" in await rules_told(here, claim)


async def test_the_ma_lk_of_another_patient_is_told(here: Any) -> None:
    claim = claim_of("A_outpatient")
    await rules_told(here, claim)
    claim.summary.update({"MA_BN": "BN-KHAC", "SO_CCCD": "000000000077", "MA_THE_BHYT": "DN4990000000077"})
    assert "F07" in await rules_told(here, claim)


async def test_the_check_in_that_came_before_is_known_to_the_rules(here: Any) -> None:
    (check_in,) = FOLDER.glob("xml0_checkin_exam.xml")
    claim = claim_of("A_outpatient")
    assert not {"H01", "H02", "H03"} & await rules_told(here, claim)  # nothing is known of a check-in: not checked
    data = check_in.read_bytes().decode()
    ma_lk = data.split("<MA_LK>")[1].split("<")[0]
    late = data.replace(ma_lk, "LK-MUON")
    ordered = late.split("<NGAY_YL>")[1].split("<")[0]
    late = late.replace(f"<NGAY_YL>{ordered}<", "<NGAY_YL>202611282300<")
    await take(here, late.encode())
    claim.ma_lk = "LK-MUON"
    for rows in claim.tables.values():
        for row in rows:
            row["MA_LK"] = "LK-MUON"
    assert "H01" in await rules_told(here, claim)


async def test_a_bed_that_the_ward_knows_to_be_anothers_is_told(here: Any) -> None:
    (line,) = [row for row in claim_of("B_inpatient").rows("XML3") if row["MA_GIUONG"]]
    assert (line["MA_KHOA"], line["MA_GIUONG"]) == ("K19", "H001")
    assert "B03" not in await rules_told(here, claim_of("B_inpatient"))

    async def lies(department: str, bed: str, start: str, end: str, patient: str = "") -> None:
        unit = here.store.begin(CLERK)
        patient = patient or unit.create(resource_of({"resourceType": "Patient", "name": [{"text": "Lê Văn Mượn"}]}))
        where = {
            "identifier": {"system": systems.DEPARTMENT, "value": department},
            "display": f"Khoa thử · P1 · {bed}",
        }
        unit.create(
            resource_of(
                {
                    "resourceType": "Encounter",
                    "status": "finished",
                    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
                    "subject": {"reference": f"Patient/{patient}"},
                    "period": {"start": "2026-11-01T08:00:00+07:00", "end": "2026-11-20T08:00:00+07:00"},
                    "location": [{"location": where, "period": {"start": start, "end": end}}],
                }
            )
        )
        await here.store.commit(unit)

    (own,) = await here.found("Patient")
    stay = ("2026-11-04T08:00:00+07:00", "2026-11-06T08:00:00+07:00")
    await lies("K19", "H002", *stay)
    await lies("K20", "H001", *stay)
    await lies("K19", "H001", "2026-11-05T10:00:00+07:00", "2026-11-07T08:00:00+07:00")  # from the hour she left on
    await lies("K19", "H001", *stay, patient=own["id"])
    assert "B03" not in await rules_told(here, changed(claim_of("B_inpatient"), "lần 2"))
    await lies("K19", "H001", *stay)
    assert "B03" in await rules_told(here, changed(claim_of("B_inpatient"), "lần 3"))


def changed(claim: Claim, note: str) -> Claim:
    """The claim with another note, so that it is taken anew."""
    claim.summary["GHI_CHU"] = note
    return claim


async def test_the_papers_of_a_stay_reach_the_repository_with_everything_else(here: Any, repository: Any) -> None:
    await take(here, sample("B_inpatient"))
    await here.send()
    assert {each["state"] for each in await here.rows("select state from outbox")} == {"receipted"}
    papers = await repository.found("Composition")
    assert len(papers) == len(await here.found("Composition")) > 0
    await take(here, sample("B_inpatient"))
    await here.send()
    assert len(await repository.found("Composition")) == len(papers)
