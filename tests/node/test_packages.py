"""A record goes from one hospital to another and every signature in it still holds; what is wrong is kept and told."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, Stay, admit
from tests.node.test_record_life import INTERNAL, finished
from tests.node.test_whole_record import photo, scan, with_results

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Fault, Forbidden
from benhan.kernel.ids import SystemRandom
from benhan.node.packages.arrivals import NEW, Arrivals
from benhan.node.packages.format import DOCUMENT, RECORD, SIGNATURE, Kind
from benhan.node.packages.making import Packages, SignedFile
from benhan.node.packages.reading import open_package
from benhan.node.packages.rows import State
from benhan.node.printing import papers_to_pdf
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.signing.trust import Trust
from benhan.signing.verdicts import Indication
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.read import entries_of_patient
from benhan.store.ledger.roots import sign_days
from benhan.store.shredding import shred_patient
from benhan.store.store import Store
from benhan.testing.pki import TestPki
from benhan.vn.secrecy.kinds import secrecy_kinds


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki(tmp_path_factory.mktemp("pki"), SetClock())


async def signed_pdf(pki: TestPki, records: Records, clock: SetClock) -> bytes:
    """The bệnh án as the doctor signed it."""
    pki.clock = clock
    pdf = papers_to_pdf([(records.forms.by_key(f"{INTERNAL}@2024-01-01"), {"ho_ten": "Mận"})], clock.now())
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    (signed,) = [
        each async for each in sign_pdfs([(pdf, Place("BacSi", "Bác sĩ"))], pki.signer("doctor"), services, clock.now())
    ]
    return signed.pdf


async def test_a_record_arrives_at_another_hospital_with_every_signature_valid_and_joins_the_patient(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock, pki: TestPki
) -> None:
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await finished(records, papers, record)
    await records.act(record.id, Act.ARCHIVE, ARCHIVIST)
    paper = scan("Quét")
    await with_results(store, stay, ("Giấy chuyển", "application/pdf", paper), ("Vết mổ", "image/jpeg", photo()))
    await secret_of(store, stay)
    await chain_all(store.database)
    clock.advance(days=1, hours=1)
    await sign_days(store.database, store.keyring, clock.now())
    signed = await signed_pdf(pki, records, clock)

    async def signed_files(_record: Record) -> list[SignedFile]:
        return [SignedFile(1, 2, signed)]

    packages = Packages(records, "https://gui.example/fhir", pki.signer("hospital"), signed_files)
    with pytest.raises(Forbidden):
        await packages.make(record.id, NURSE)
    made = await packages.make(record.id, ARCHIVIST)
    package = open_package(made.content)
    assert [content for _, content in package.of_kind(Kind.SIGNED)] == [signed]
    assert [content for part, content in package.of_kind(Kind.FILE)] == [paper, photo()]
    assert package.contents[RECORD].startswith(b"%PDF-")
    assert package.of_kind(Kind.PROOF)
    assert b"HIV" not in package.contents[DOCUMENT]
    assert "record:package:export" in [
        each.label for each in (await entries_of_patient(store.database, record.patient)).entries
    ]

    arrivals = Arrivals(store, pki.trust)
    received = await arrivals.receive(made.content, "goi.zip", ARCHIVIST)
    assert received.fault is None
    with pytest.raises(Conflict) as told:
        await arrivals.receive(made.content, "goi.zip", ARCHIVIST)
    assert told.value.code == "BA-5415"
    arrived = await arrivals.arrived(received.number, ARCHIVIST)
    preview = await arrivals.preview(arrived, "", ARCHIVIST)
    assert preview.counts["Observation"] >= 1
    assert preview.verdicts.is_signed
    assert preview.verdicts.judged[0].signer == "Bệnh viện Thử nghiệm"
    assert {each.indication for each in preview.verdicts.judged} <= {Indication.PASSED, Indication.INDETERMINATE}
    (candidate,) = preview.candidates
    assert candidate.is_possible

    other = await admit(store, "Lê Văn Khác")
    unit = store.begin(system("test"))
    unit.update(
        resource_of(
            {"resourceType": "Patient", "id": other.patient, "name": [{"text": "Lê Văn Khác"}], "gender": "male"}
        )
    )
    await store.commit(unit)
    with pytest.raises(Conflict) as told:
        await arrivals.join(received.number, other.patient, ARCHIVIST)
    assert told.value.code == "BA-5413"
    with pytest.raises(Conflict):
        await arrivals.join(received.number, NEW, ARCHIVIST)
    both = await asyncio.gather(
        *(arrivals.join(received.number, stay.patient, ARCHIVIST) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["Conflict", "str"]
    (external,) = await arrivals.of_patient(stay.patient)
    assert external.state is State.JOINED
    shown, again, verdicts = await arrivals.external(stay.patient, external.id, DOCTOR)
    assert again.contents == package.contents
    assert not verdicts.failed
    assert await arrivals.file(shown, "signed/001-v2.pdf", DOCTOR) == ("application/pdf", signed)
    bundle = await store.search.search(parse("Observation", stay.patient), ARCHIVIST)
    tagged = [each.read() for each in bundle.matches if "tag" in each.read().get("meta", {})]
    assert len(tagged) == preview.counts["Observation"]
    assert all(each["encounter"]["reference"] != f"Encounter/{stay.encounter}" for each in tagged)
    assert len(await records.rows.of_patient(record.patient, ARCHIVIST)) == 1
    (outside,) = {each["encounter"]["reference"].removeprefix("Encounter/") for each in tagged}
    with pytest.raises(Fault) as theirs:
        await records.open(outside, INTERNAL, "K01", DOCTOR)
    assert theirs.value.code == "BA-5419"
    await shred_patient(store.database, store.keyring, store.clock, system("test"), record.patient)
    assert await arrivals.of_patient(stay.patient) == []


def parse(type_: str, patient: str) -> object:
    from benhan.fhir.search_query import parse_search

    return parse_search(type_, [("subject", f"Patient/{patient}")])


async def secret_of(store: Store, stay: Stay) -> None:
    unit = store.begin(system("test"))
    unit.create(
        resource_of(
            {
                "resourceType": "Condition",
                "meta": {"security": secrecy_kinds()["hiv"].security},
                "code": {"text": "HIV"},
                "subject": {"reference": f"Patient/{stay.patient}"},
                "encounter": {"reference": f"Encounter/{stay.encounter}"},
            }
        )
    )
    await store.commit(unit)


async def test_what_is_wrong_is_kept_with_its_reasons_and_a_false_signature_never_joins(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock, pki: TestPki, tmp_path: Path
) -> None:
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await papers.add(record.id, INTERNAL, DOCTOR)
    arrivals = Arrivals(store, Trust())
    received = await arrivals.receive(b"%PDF-1.7 not a package", "la.zip", ARCHIVIST)
    assert received.fault is not None
    (kept,) = await arrivals.listed((State.FAULTY,), ARCHIVIST)
    assert (kept.about.file, kept.fault, bool(kept.about.reasons)) == ("la.zip", "BA-5400", True)
    with pytest.raises(Conflict):
        await arrivals.join(received.number, stay.patient, ARCHIVIST)

    made = (
        await Packages(records, "https://gui.example/fhir", pki.signer("hospital")).make(record.id, ARCHIVIST)
    ).content
    other = (
        await Packages(records, "https://khac.example/fhir", pki.signer("doctor")).make(record.id, ARCHIVIST)
    ).content
    with zipfile.ZipFile(io.BytesIO(other)) as archive:
        foreign = archive.read(SIGNATURE)
    forged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as archive, zipfile.ZipFile(forged, "w") as out:
        for each in archive.infolist():
            out.writestr(each, foreign if each.filename == SIGNATURE else archive.read(each))
    received = await arrivals.receive(forged.getvalue(), "gia.zip", ARCHIVIST)
    assert received.fault is None
    with pytest.raises(Fault) as told:
        await arrivals.join(received.number, stay.patient, ARCHIVIST)
    assert told.value.code == "BA-5418"
    await arrivals.refuse(received.number, "chữ ký giả", ARCHIVIST)
    (refused,) = await arrivals.listed((State.REFUSED,), ARCHIVIST)
    assert refused.about.note == "chữ ký giả"
    rows = await store.database.fetch("select about, content from record_package where bucket = 0")
    assert not any("Mận".encode() in row["content"] or "giả".encode() in row["about"] for row in rows)
    with pytest.raises(Forbidden):
        await arrivals.receive(made, "goi.zip", DOCTOR)
    assert clock.now() - timedelta(days=1) < record.opened_at
