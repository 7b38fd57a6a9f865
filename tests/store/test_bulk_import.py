"""Bulk import: every line is in the store once or set aside with its reason, however often the import was cut off."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.store.writing import DOCTOR, events, note, patient, save

from benhan.fhir.validation.policy import parse_policy
from benhan.kernel.faults import Busy, Conflict, Fault, Incorrect
from benhan.store import bulk_import
from benhan.store.bulk_import import BATCH, DOUBLED, TRIES, Imported, Stripe, files_at, import_file, workers_begun
from benhan.store.faults import DATABASE_AWAY, TOO_SLOW
from benhan.store.shredding import shred_patient
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored, UnitOfWork
from benhan.store.validation.gate import Gate

LINES = 3 * BATCH + 40
BAD_JSON = b'{"resourceType":"Patient"'
BAD_FIELD = b'{"resourceType":"Patient","id":"bad","birthDate":"mai sau"}'


def line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def written(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file of four batches: with ids, without ids, and two bad lines in the second and the last batch."""
    lines = [line(patient(id=f"p{number}") if number % 2 else note("p1", str(number))) for number in range(LINES - 2)]
    lines.insert(BATCH + 5, BAD_JSON)
    return written(tmp_path / "many.ndjson", *lines, BAD_FIELD)


async def take(store: Store, path: Path, stripe: Stripe | None = None) -> Imported:
    [(file, size_bytes)] = files_at(path)
    return await import_file(store, file, size_bytes, lambda _lines: None, stripe)


def aside(path: Path, suffix: str = ".rejected.ndjson") -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.with_suffix(suffix).read_bytes().splitlines()]


def weight(id_: str) -> bytes:
    """An Observation that claims a profile and breaks it."""
    profile = ["http://hl7.org/fhir/StructureDefinition/bodyweight"]
    body = {"resourceType": "Observation", "id": id_, "meta": {"profile": profile}, "status": "final"}
    return line({**body, "code": {"text": "x"}})


async def versions(store: Store) -> dict[int, int]:
    """How many resources have how many versions."""
    rows = await store.database.fetch(
        "select n, count(*) as c from (select count(*) as n from resource group by type, rid) x group by n"
    )
    return {row["n"]: row["c"] for row in rows}


class CutOff:
    """Commits of a store until one is cut off, as by a lost connection: before it is written, or after."""

    def __init__(self, store: Store, at: int, *, after: bool) -> None:
        self._commit = store.committer.commit
        self.at, self.after = at, after
        store.committer.commit = self.commit  # type: ignore[method-assign]

    async def commit(self, unit: UnitOfWork) -> list[Stored | None]:
        self.at -= 1
        answer = await self._commit(unit) if self.at or self.after else []
        if not self.at:
            raise DATABASE_AWAY()
        return answer


async def test_every_line_is_in_the_store_once_and_the_bad_ones_are_set_aside(store: Store, many: Path) -> None:
    done = await take(store, many)
    assert (done.written, done.rejected, done.skipped) == (LINES - 2, 2, 0)
    assert await versions(store) == {1: LINES - 2}
    assert (await store.resources.read("Patient", "p3", DOCTOR)).read()["name"] == patient()["name"]
    assert [each["line"].encode() for each in aside(many)] == [BAD_JSON, BAD_FIELD]
    assert [each["number"] for each in aside(many)] == [BATCH + 6, LINES]
    assert aside(many)[0]["reason"][0].startswith("BA-0201")
    assert aside(many)[1]["reason"][0].startswith("Patient.birthDate")


@pytest.mark.parametrize(("at", "after"), [(1, False), (2, False), (2, True), (4, False)])
async def test_an_import_that_was_cut_off_goes_on_where_it_was_and_doubles_nothing(
    store: Store, many: Path, at: int, *, after: bool
) -> None:
    commit = store.committer.commit
    CutOff(store, at, after=after)
    with pytest.raises(Fault, match="BA-0420"):
        await take(store, many)
    store.committer.commit = commit  # type: ignore[method-assign]
    done = await take(store, many)
    assert done.skipped == min((at if after else at - 1) * BATCH, LINES)
    assert done.rejected == 2
    assert await versions(store) == {1: LINES - 2}
    assert [each["line"].encode() for each in aside(many)] == [BAD_JSON, BAD_FIELD]


async def test_lines_that_are_alike_are_each_set_aside(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ndjson", BAD_JSON, line(patient()), BAD_JSON)
    assert (await take(store, path)).rejected == 2
    assert [each["number"] for each in aside(path)] == [1, 3]


async def test_a_file_that_is_in_is_not_taken_again(store: Store, many: Path) -> None:
    await take(store, many)
    again = await take(store, many)
    assert (again.written, again.rejected, again.skipped) == (0, 2, LINES)
    assert await versions(store) == {1: LINES - 2}
    assert len(aside(many)) == 2


async def test_workers_take_a_file_in_stripes_each_line_once(store: Store, many: Path) -> None:
    done = [await take(store, many, Stripe(number, 3)) for number in (2, 0, 1)]
    assert sum(each.written for each in done) == LINES - 2
    assert sum(each.rejected for each in done) == 2
    assert await versions(store) == {1: LINES - 2}
    assert [(await take(store, many, Stripe(number, 3))).written for number in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(("slow", "written"), [(TRIES - 1, LINES - 2), (TRIES, None)])
async def test_a_database_without_time_is_asked_again_but_not_for_ever(
    store: Store, many: Path, monkeypatch: pytest.MonkeyPatch, slow: int, written: int | None
) -> None:
    real, asked = store.committer.commit, []

    async def commit(unit: UnitOfWork) -> list[Stored | None]:
        asked.append(unit)
        if 2 <= len(asked) < 2 + slow:
            raise TOO_SLOW()
        return await real(unit)

    monkeypatch.setattr(bulk_import, "PAUSE_S", 0.0)
    monkeypatch.setattr(store.committer, "commit", commit)
    if written is None:
        with pytest.raises(Busy):
            await take(store, many)
    else:
        assert (await take(store, many)).written == written


async def test_two_imports_of_one_file_at_once_take_in_every_line_once(store: Store, many: Path) -> None:
    ended = await asyncio.gather(take(store, many), take(store, many), return_exceptions=True)
    [refused] = [each for each in ended if isinstance(each, Conflict)]
    assert refused.code == "BA-3960"
    assert [each.rejected for each in ended if isinstance(each, Imported)] == [2]
    assert await versions(store) == {1: LINES - 2}


async def test_what_is_there_already_becomes_its_next_version(store: Store, tmp_path: Path) -> None:
    await save(store, patient(id="an"))
    await take(store, written(tmp_path / "a.ndjson", line(patient(id="an", active=True))))
    read = await store.resources.read("Patient", "an", DOCTOR)
    assert (read.version, read.read()["active"]) == (2, True)


async def test_of_lines_with_one_id_the_last_counts_and_the_others_are_set_aside(store: Store, tmp_path: Path) -> None:
    lines = [line(patient(id="an", birthDate=f"196{number}-01-01")) for number in range(3)]
    path = written(tmp_path / "a.ndjson", *lines)
    done = await take(store, path)
    assert (done.written, done.rejected) == (1, 2)
    assert (await store.resources.read("Patient", "an", DOCTOR)).read()["birthDate"] == "1962-01-01"
    assert [json.loads(each["line"])["birthDate"] for each in aside(path)] == ["1960-01-01", "1961-01-01"]
    assert all(each["reason"] == [DOUBLED.vi] for each in aside(path))


async def test_a_packed_file_with_empty_lines_and_no_last_newline_is_read_as_any(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"\n\n" + line(patient(id="an")) + b"\r\n  \n" + line(patient(id="binh"))))
    assert (await take(store, path)).written == 2
    assert (await store.resources.read("Patient", "binh", DOCTOR)).version == 1


async def test_each_batch_is_in_the_ledger_with_its_count(store: Store, many: Path) -> None:
    await take(store, many)
    names = [event for event, _ in await events(store)]
    assert names.count("BULK_IMPORT") == 4
    assert len(names) == LINES - 2 + 4
    rows = await store.database.fetch("select detail from ledger_pending where detail <> '' order by id")
    assert sum(json.loads(row["detail"])["count"] for row in rows) == LINES - 2


async def test_a_line_longer_than_the_limit_is_set_aside(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_import, "LINE_BYTES_MAX", 200)
    path = written(tmp_path / "a.ndjson", line(patient(id="an")), line(patient(id="dai", language="x" * 300)))
    assert (await take(store, path)).written == 1
    assert aside(path)[0]["reason"][0].startswith("BA-0206")


def test_files_are_found_in_a_folder_and_what_was_set_aside_is_not_among_them(tmp_path: Path) -> None:
    for name in (
        "b.ndjson",
        "a.ndjson.gz",
        "b.rejected.ndjson",
        "b.warned.ndjson",
        "a.ndjson.rejected.ndjson",
        "c.txt",
    ):
        (tmp_path / name).write_bytes(b"{}")
    assert files_at(tmp_path) == [(tmp_path / "a.ndjson.gz", 2), (tmp_path / "b.ndjson", 2)]
    assert files_at(tmp_path / "b.ndjson") == [(tmp_path / "b.ndjson", 2)]
    with pytest.raises(Incorrect, match="BA-0460"):
        files_at(tmp_path / "khong-co")


async def test_lines_of_a_destroyed_record_are_set_aside_and_the_others_are_taken_in(
    store: Store, tmp_path: Path
) -> None:
    await take(store, written(tmp_path / "a.ndjson", line(patient(id="gone")), line(patient(id="here"))))
    rid = store.workshop.ids.rid_of("Patient", "gone")
    await shred_patient(store.database, store.keyring, store.clock, DOCTOR, rid)
    path = written(
        tmp_path / "b.ndjson",
        line(note("gone", "1")), BAD_JSON, line(note("here", "2")), line({**note("gone", "3"), "id": "x"}),
    )  # fmt: skip
    done = await take(store, path)
    assert (done.written, done.rejected) == (1, 3)
    assert [each["number"] for each in aside(path)] == [2, 1, 4]
    assert "BA-0503" in aside(path)[1]["reason"][0]


async def test_who_goes_on_shares_the_lines_as_who_began(store: Store, many: Path) -> None:
    files = files_at(many)
    assert await workers_begun(store, files) is None
    await take(store, many, Stripe(0, 3))
    assert await workers_begun(store, files) == 3


async def test_what_the_policy_of_writes_enforces_is_set_aside_and_the_others_are_taken_in(
    store: Store, tmp_path: Path
) -> None:
    store.gate = Gate(store.validation, parse_policy("system:import@*=enforce"), store.findings, store.clock)
    path = written(tmp_path / "a.ndjson", line(patient(id="an")), weight("w"), BAD_JSON, weight("w"), line(patient()))
    done = await take(store, path)
    assert (done.written, done.rejected) == (2, 3)
    assert sorted(each["number"] for each in aside(path)) == [2, 3, 4]
    told = {each["number"]: each["reason"] for each in aside(path)}
    assert all(told[number][0].startswith("BA-2200") for number in (2, 4))
    assert any(reason.startswith("Observation.subject") for reason in told[2])
    with pytest.raises(Fault, match="BA-0401"):
        await store.resources.read("Observation", "w", DOCTOR)
    counted = await store.database.fetchval("select detail from ledger_pending where detail like '%count%'")
    assert json.loads(counted)["count"] == 2


async def test_what_the_policy_of_writes_warns_of_is_taken_in_and_told(store: Store, tmp_path: Path) -> None:
    store.gate = Gate(store.validation, parse_policy("*=warn"), store.findings, store.clock)
    path = written(tmp_path / "a.ndjson", line(patient(id="an")), weight("w"))
    done = await take(store, path)
    assert (done.written, done.rejected) == (2, 0)
    assert (await store.resources.read("Observation", "w", DOCTOR)).version == 1
    [told] = aside(path, ".warned.ndjson")
    assert told["number"] == 2
    assert any(reason.startswith("Observation.subject") for reason in told["reason"])
    assert not path.with_suffix(".rejected.ndjson").exists()


async def test_a_policy_for_others_asks_nothing_of_an_import(store: Store, tmp_path: Path) -> None:
    store.gate = Gate(store.validation, parse_policy("machine:lis@*=enforce"), store.findings, store.clock)
    path = written(tmp_path / "a.ndjson", weight("w"))
    assert (await take(store, path)).written == 1
    assert not path.with_suffix(".warned.ndjson").exists()
