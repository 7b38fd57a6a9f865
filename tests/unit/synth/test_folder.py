"""The folder of a country: the same bytes again, never over somebody's files, there only when it is whole."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benhan.cli.main import app
from benhan.hl7v2.mllp import Frame, Framer
from benhan.kernel.faults import Fault
from benhan.synth.country import Country, country_of
from benhan.synth.folder import FORMATS, write_country

FIRST, LAST = date(2025, 7, 1), date(2025, 12, 31)


@pytest.fixture(scope="module")
def small() -> Country:
    return country_of(11, 6, 60, FIRST, LAST)


@pytest.fixture(scope="module")
def folder(small: Country, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("country") / "out"
    write_country(small, path)
    return path


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_country_is_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_country(country_of(11, 6, 60, FIRST, LAST), tmp_path / "again")
    assert digests(tmp_path / "again") == digests(folder)


def test_more_people_leave_the_lines_of_the_first_as_they_are(folder: Path, tmp_path: Path) -> None:
    write_country(country_of(11, 6, 80, FIRST, LAST), tmp_path / "more", ["fhir"])
    few, more = (path / "truth.ndjson" for path in (folder, tmp_path / "more"))
    lines = few.read_bytes().splitlines()
    assert more.read_bytes().splitlines()[: len(lines)] == lines
    for file in ("Patient", "Observation"):
        begun = (folder / "fhir" / f"{file}.ndjson").read_bytes()
        assert (tmp_path / "more" / "fhir" / f"{file}.ndjson").read_bytes().startswith(begun)


def test_another_seed_is_another_country(folder: Path, tmp_path: Path) -> None:
    write_country(country_of(12, 6, 60, FIRST, LAST), tmp_path / "other", ["fhir"])
    one, other = (path / "fhir" / "Patient.ndjson" for path in (folder, tmp_path / "other"))
    assert one.read_bytes() != other.read_bytes()


def test_the_truth_has_everybody_and_every_registration_and_visit(folder: Path) -> None:
    truth = [json.loads(line) for line in (folder / "truth.ndjson").read_text().splitlines()]
    patients = {json.loads(line)["id"] for line in (folder / "fhir" / "Patient.ndjson").read_text().splitlines()}
    visits = {json.loads(line)["id"] for line in (folder / "fhir" / "Encounter.ndjson").read_text().splitlines()}
    assert {each["patient"] for person in truth for each in person["registrations"]} == patients
    assert {each["encounter"] for person in truth for each in person["visits"]} == visits
    assert [person["person"] for person in truth if not person["person"].endswith("n")] == [str(n) for n in range(60)]
    numbers = [person["citizen_number"] for person in truth]
    assert len(set(numbers)) == len(numbers)


def test_what_a_patient_says_that_is_not_true_is_among_the_mistakes(folder: Path) -> None:
    truth = {
        each["patient"]: (person, each)
        for person in map(json.loads, (folder / "truth.ndjson").read_text().splitlines())
        for each in person["registrations"]
    }
    for line in (folder / "fhir" / "Patient.ndjson").read_text().splitlines():
        patient = json.loads(line)
        person, registration = truth[patient["id"]]
        told = " ".join(registration["mistakes"])
        name = " ".join(part for part in person["name"].values() if part)
        assert (patient["name"][0]["text"] == name) or "name" in told or "newborn" in told
        assert (patient["birthDate"] == person["birthDate"]) or "birth" in told
        numbers = {each["system"]: each["value"] for each in patient["identifier"]}
        right = numbers.get("urn:benhan:id:cccd") == person["citizen_number"]
        assert right or "citizen-number" in told or "old-identity-card" in told or "newborn" in told


def test_streams_hold_frames_in_the_order_of_time(folder: Path) -> None:
    streams = sorted((folder / "hl7v2").glob("*.mllp"))
    assert {path.stem.split("-")[1] for path in streams} >= {"HIS", "LIS"}
    for path in streams:
        events = Framer().feed(path.read_bytes())
        assert all(isinstance(event, Frame) for event in events)
        times = [event.content.split(b"|", 7)[6] for event in events if isinstance(event, Frame)]
        assert times == sorted(times)


def test_the_mark_tells_how_the_country_was_made_and_how_much_there_is(folder: Path) -> None:
    made = json.loads((folder / "country.json").read_text())
    assert made["seed"] == 11
    assert made["formats"] == list(FORMATS)
    lines = sum(path.read_bytes().count(b"\n") for path in (folder / "fhir").glob("*.ndjson"))
    assert made["counts"]["resources"] == lines
    assert made["counts"]["hoso_benh_an"] == len(list((folder / "hoso_benh_an").rglob("*.xml")))
    assert made["counts"]["dicom"] == len(list((folder / "dicom").rglob("*.dcm")))
    assert {each["code"] for each in made["facilities"]} == {
        path.stem for path in (folder / "catalogues").glob("*.csv")
    }


def test_a_country_is_replaced_only_when_asked(folder: Path, small: Country) -> None:
    with pytest.raises(Fault, match="BA-3500"):
        write_country(small, folder)
    before = digests(folder)
    write_country(small, folder, force=True)
    assert digests(folder) == before


def test_what_is_no_country_is_never_replaced(small: Country, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("kept")
    with pytest.raises(Fault, match="BA-3501"):
        write_country(small, tmp_path / "letters", force=True)
    assert (tmp_path / "letters" / "dear.txt").read_text() == "kept"


def test_an_interrupted_country_leaves_the_old_one(folder: Path, small: Country, tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_country(small, target, ["fhir"])
    before = digests(target)

    def stop(done: int) -> None:
        if done > 20:
            raise OSError(28, "No space left on device")

    with pytest.raises(Fault, match="BA-3503"):
        write_country(small, target, ["fhir"], force=True, progress=stop)
    assert digests(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_format_that_is_not_there_is_refused(small: Country, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="BA-3504"):
        write_country(small, tmp_path / "out", ["fhir", "pdf"])
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_folder_that_it_names(tmp_path: Path) -> None:
    out = tmp_path / "made"
    command = ["synth", "--out", str(out), "--seed", "11", "--facilities", "6", "--patients", "60"]
    told = CliRunner().invoke(app, [*command, "--from", "2025-07-01", "--to", "2025-12-31", "--formats", "fhir"])
    assert told.exit_code == 0, told.output
    assert json.loads((out / "country.json").read_text())["people"] == 60
    days = CliRunner().invoke(
        app, ["synth", "--out", str(tmp_path / "x"), "--from", "2026-01-02", "--to", "2026-01-01"]
    )
    assert isinstance(days.exception, Fault)
    assert days.exception.code == "BA-3502"
