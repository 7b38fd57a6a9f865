"""A hospital is handed over whole, with its description; what is missing or altered is found without the store."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import orjson
import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, Stay, admit
from tests.node.test_record_life import INTERNAL
from tests.store.describe_schema import SCHEMA

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings
from benhan.node.dump.checking import check_dump
from benhan.node.dump.specification import described
from benhan.node.dump.tables import LEFT_OUT, TABLES
from benhan.node.dump.writing import Dump
from benhan.node.records.life import Facility, Records
from benhan.node.records.papers import Papers
from benhan.node.signatures.opening import open_blobs
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.roots import sign_days
from benhan.store.rekeying import SEALED_COLUMNS
from benhan.store.shredding import shred_patient
from benhan.store.store import Store

HERE = Facility("01001", "Bệnh viện Thử")


def test_every_table_is_dumped_or_left_out_for_a_reason() -> None:
    there = set(re.findall(r"^column (\w+)\.", SCHEMA.read_text("utf-8"), re.MULTILINE))
    dumped = {each.name for each in TABLES}
    assert dumped & set(LEFT_OUT) == set()
    assert there - dumped - set(LEFT_OUT) == set()
    assert dumped - there == set()
    assert all(LEFT_OUT.values())


def test_every_field_of_the_dumped_tables_is_in_the_specification() -> None:
    columns = re.findall(r"^column (\w+)\.(\w+):", SCHEMA.read_text("utf-8"), re.MULTILINE)
    for table in TABLES:
        there = {name for owner, name in columns if owner == table.name}
        assert {each.name for each in described()[table.name].fields} == there, table.name


NOT_SEALED_FOR_A_PATIENT = {
    "blob": {"address": "a keyed hash", "object": "a random name"},
    "conformance_resource": {"content": "of nobody"},
    "deployment": {"told": "of the portal: of no patient"},
    "deployment_paper": {"content": "of the portal: of no patient"},
    "evidence_key": {"public_key": "public"},
    "evidence_sent": {"signals": "counts of the house"},
    "data_key": {"wrapped": "the key itself", "wrapped_before": "the key before"},
    "evidence_stamp": {"token": "a time-stamp over hashes"},
    "hub_consent": {"body": "the hub's key", "revocation": "the hub's key"},
    "hub_exchange": {"ask_digest": "a digest"},
    "hub_letter": {"body": "the hub's key", "digest": "a digest"},
    "hub_part": {"answer_digest": "a digest", "receipt_digest": "a digest"},
    "inbox": {"mended": "the inbox's key", "payload": "the inbox's key", "report": "the inbox's key"},
    "job": {"place": "the store's key", "plan": "the store's key", "request": "the store's key"},
    "ledger_root": {"root": "a hash", "signature": "of the root"},
    "store_secret": {"wrapped": "a key of the store"},
    "hub_identity_record": {"content": "sealed with the hub's key of identities: no patient of this store's"},
}
"""Columns of bytes that no key of a patient seals, and what they are; hashes and traces say it by their name."""


def test_every_column_of_bytes_is_sealed_anew_with_a_new_key_or_told_why_not() -> None:
    bytes_of = re.findall(r"^column (\w+)\.(\w+): bytea", SCHEMA.read_text("utf-8"), re.MULTILINE)
    resealed = {name.removeprefix("rekey_read_") for name in _names(SEALED_COLUMNS)}
    left = [
        f"{table}.{column}"
        for table, column in bytes_of
        if f"{table}_{column}" not in resealed
        and not column.endswith(("hash", "trace", "mac"))
        and column not in NOT_SEALED_FOR_A_PATIENT.get(table, {})
    ]
    assert left == []


def test_what_is_opened_in_a_dump_is_what_is_sealed_anew_with_a_new_key() -> None:
    resealed = {re.sub(r"^rekey_read_", "", name) for name in _names(SEALED_COLUMNS)}
    opened = {f"{each.name}_{column}" for each in TABLES for column in each.opened}
    assert opened <= resealed


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _names(columns: object) -> list[str]:
    from benhan.store.sql_texts import QUERIES

    assert columns
    return [name for name in QUERIES if name.startswith("rekey_read_")]


async def test_a_dump_holds_everything_is_taken_up_again_and_tells_what_was_altered(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock, tmp_path: Path
) -> None:
    gone = await admit(store, "Phạm Văn Huỷ")
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    paper = await papers.add(record.id, INTERNAL, DOCTOR)
    await papers.save(record.id, paper.number, {"tuan_hoan": "đều"}, 1, DOCTOR, is_done=True)
    await papers.save(record.id, paper.number, {"tuan_hoan": "không đều"}, 2, DOCTOR, reason="nghe lại")
    unit = store.begin(system("test"))
    unit.delete("Encounter", (await admit(store, "Ai Đó")).encounter)
    await store.commit(unit)
    await shred_patient(
        store.database, store.keyring, clock, system("test"), store.workshop.ids.rid_of("Patient", gone.patient)
    )
    blobs = open_blobs(Settings(data=tmp_path), store)
    signed = await blobs.put(_once(b"a signed paper"), record.patient)
    await chain_all(store.database)
    clock.advance(days=1, hours=1)
    await sign_days(store.database, store.keyring, clock.now())
    folder = tmp_path / "dump"

    def stop(path: str, _lines: int) -> None:
        if path == "tables/record_paper.ndjson":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await Dump(store, HERE, folder, blobs).write(system("dump"), stop)
    with pytest.raises(Fault) as unfinished:
        check_dump(folder)
    assert unfinished.value.code == "BA-5435"
    told: list[str] = []
    manifest = await Dump(store, HERE, folder, blobs).write(system("dump"), lambda path, _lines: told.append(path))
    assert told
    assert "resources/Patient.ndjson" not in told
    assert (folder / "blobs" / signed.address).read_bytes() == b"a signed paper"
    checked = check_dump(folder)
    assert checked.faults == []
    assert checked.entries > 5
    assert checked.roots == 1
    responses = [
        orjson.loads(line) for line in (folder / "history/QuestionnaireResponse.ndjson").read_bytes().splitlines()
    ]
    assert [each["version"] for each in responses if each["id"] == paper.id] == [1, 2]
    acts = (folder / "tables/record_act.ndjson").read_text("utf-8")
    assert "nghe lại" in acts
    assert "Phạm Văn Huỷ" not in "".join(each.read_text("utf-8") for each in folder.rglob("*.ndjson"))
    deleted = [orjson.loads(line)["state"] for line in (folder / "history/Encounter.ndjson").read_bytes().splitlines()]
    assert "deleted" in deleted
    accounts = {column for each in TABLES if each.name == "account" for column in each.without}
    assert "password_hash" in accounts
    specification = (folder / "specification/README.md").read_text("utf-8")
    assert "tables/medical_record.ndjson" in specification
    assert "the treatment ended" in specification
    assert "tables/medical_record.ndjson,closed_at,timestamptz,the treatment ended" in (
        folder / "specification/fields.csv"
    ).read_text("utf-8")
    assert manifest.facility == "01001"
    assert ARCHIVIST.id not in acts

    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-10])

    def drop_line(path: Path) -> None:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))

    spoilers: list[tuple[str, Callable[[Path], None]]] = [
        ("resources/Patient.ndjson", cut),
        ("tables/ledger_entry.ndjson", drop_line),
        ("history/QuestionnaireResponse.ndjson", drop_line),
        ("tables/record_paper.ndjson", Path.unlink),
    ]
    for path, spoil in spoilers:
        spoilt = tmp_path / "spoilt"
        shutil.copytree(folder, spoilt)
        spoil(spoilt / path)
        assert check_dump(spoilt).faults, path
        shutil.rmtree(spoilt)
