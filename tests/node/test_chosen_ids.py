"""Records of patients and stays whose ids a sender chose."""

from __future__ import annotations

from tests.node.conftest import ARCHIVIST, DOCTOR
from tests.node.test_record_life import INTERNAL

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.node.records.life import Records
from benhan.node.records.lists import lines
from benhan.node.records.papers import Papers
from benhan.store.store import Store


async def test_a_record_of_ids_that_a_sender_chose_is_opened_written_and_listed(
    records: Records, papers: Papers, store: Store
) -> None:
    unit = store.begin(system("import"))
    unit.update(resource_of({"resourceType": "Patient", "id": "bn-17", "name": [{"text": "Lê Thị Chọn"}]}))
    await store.commit(unit)
    unit = store.begin(system("import"))
    unit.update(
        resource_of(
            {
                "resourceType": "Encounter", "id": "dot-17", "status": "in-progress", "class": {"code": "IMP"},
                "subject": {"reference": "Patient/bn-17"}, "period": {"start": "2026-11-20T08:00:00+07:00"},
            }
        )
    )  # fmt: skip
    unit.update(
        resource_of(
            {
                "resourceType": "Condition", "id": "chan-doan-17", "subject": {"reference": "Patient/bn-17"},
                "encounter": {"reference": "Encounter/dot-17"}, "code": {"text": "Viêm phổi"},
            }
        )
    )  # fmt: skip
    await store.commit(unit)

    record = await records.open("dot-17", INTERNAL, "K01", DOCTOR)
    paper = await papers.add(record.id, INTERNAL, DOCTOR)
    await papers.save(record.id, paper.number, {"tuan_hoan": "đều"}, 1, DOCTOR, is_done=True)
    opened = await records.opened(await records.read(record.id), DOCTOR)
    assert opened.patient.id == "bn-17"
    assert opened.encounter.id == "dot-17"
    episode = await records.episode(opened, DOCTOR)
    assert "Viêm phổi" in str(episode)
    held = await papers.attach(record.id, ["Condition/chan-doan-17"], DOCTOR)
    assert await papers.attach(record.id, ["Condition/chan-doan-17"], DOCTOR) == []
    composition = (await store.resources.read("Composition", record.id, DOCTOR)).read()
    entries = [entry["reference"] for section in composition["section"] for entry in section["entry"]]
    assert "Condition/chan-doan-17" in entries
    assert len(held) == 1
    (line,) = await lines(records, [record], ARCHIVIST)
    assert "Lê Thị Chọn" in str(line)
