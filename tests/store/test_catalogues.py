"""Catalogues in the store: shipped ones are known on an empty server, loaded ones follow the days, nothing is lost."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from tests.clocks import StoppedClock
from typer.testing import CliRunner

from benhan.cli.catalogues import app
from benhan.fhir.folding import words
from benhan.fhir.terminology.concept_map import Asked
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Conflict, Incorrect, NotFound
from benhan.store.catalogues import Catalogues, Load
from benhan.store.publish_catalogues import CataloguePublisher, publish
from benhan.store.store import Store
from benhan.store.terminology.terminology import Coding
from benhan.vn.catalogues.catalogue import Content, Entry

DAY = date(2026, 3, 10)
LATER = date(2026, 6, 1)
KIND_OF_CARE = "urn:benhan:code:ma-loai-kcb"
LOCAL = "urn:benhan:code:khoa-noi-bo"


def rows(*codes: str, day: date = DAY, name: str = "Tên") -> list[Entry]:
    return [Entry(code, f"{name} {code}", day) for code in codes]


def order(entry: Entry) -> tuple[str, date]:
    return entry.code, entry.since or date.min


@pytest.fixture
def catalogues(timed_store: Store) -> Catalogues:
    return Catalogues(timed_store.database, timed_store.clock)


# ── shipped ──


async def test_a_shipped_list_is_there_without_any_loading(store: Store) -> None:
    expansion = await store.terminology.expand(f"{KIND_OF_CARE}?fhir_vs", words=words("nội trú"))
    assert [each.concept.code for each in expansion.members] == ["03", "09"]
    verdict = await store.terminology.validate_in_system(KIND_OF_CARE, Coding("03", KIND_OF_CARE))
    assert verdict.result
    assert not (await store.terminology.validate_in_system(KIND_OF_CARE, Coding("77", KIND_OF_CARE))).result


async def test_communes_of_today_are_picked_by_their_names(store: Store) -> None:
    expansion = await store.terminology.expand(
        "urn:benhan:code:xa?fhir_vs", words=words("hoan kiem"), count=20, active_only=True
    )
    assert [(each.concept.code, each.concept.display) for each in expansion.members] == [("00070", "Phường Hoàn Kiếm")]


async def test_of_a_list_that_is_not_whole_an_unknown_code_is_not_called_wrong(store: Store) -> None:
    icd = "http://hl7.org/fhir/sid/icd-10"
    assert (await store.terminology.validate_in_system(icd, Coding("I10", icd))).display == "Tăng huyết áp vô căn"
    other_words = Coding("I10", icd, display="Bệnh lý tăng huyết áp")
    assert (await store.terminology.validate_in_system(icd, other_words)).result, "the names shipped are ours"
    verdict = await store.terminology.validate_in_system(icd, Coding("Q99.9", icd))
    assert not verdict.is_known
    every = f"{icd}?fhir_vs"
    assert await store.terminology.is_member(every, icd, "I10") is True
    assert await store.terminology.is_member(every, icd, "Q99.9") is None
    assert await store.terminology.codes_of(every) is None
    assert await store.terminology.descendants(icd, "I10") is None
    assert len((await store.terminology.expand(every, count=10)).members) == 10


async def test_a_shipped_map_translates(store: Store) -> None:
    former, now = "urn:benhan:code:nghenghiep-4069", "urn:benhan:code:nghe-nghiep"
    found = await store.terminology.translate(Asked(former, "09", now))
    assert {(each.code, each.equivalence) for each in found} == {("22", "narrower"), ("32", "narrower")}


# ── loaded ──


async def test_a_load_is_kept_and_found_again(catalogues: Catalogues) -> None:
    found = await catalogues.load("KHOA_NOI_BO", rows("N1", "N2"), Load(DAY, "x", title="Khoa", source="QĐ nội bộ"))
    assert len(found.added) == 2
    again = await catalogues.catalogue("KHOA_NOI_BO")
    assert again.entries == tuple(rows("N1", "N2"))
    assert (again.head.title.vi, again.head.source, again.head.content) == ("Khoa", "QĐ nội bộ", Content.WHOLE)
    assert [each.head.name for each in await catalogues.loaded()] == ["KHOA_NOI_BO"]
    assert "KHOA_NOI_BO" in {each.head.name for each in await catalogues.every()}


async def test_comparing_writes_nothing(catalogues: Catalogues) -> None:
    found = await catalogues.compare("KHOA_NOI_BO", rows("N1"), Load(DAY, "x"))
    assert len(found.added) == 1
    assert await catalogues.loaded() == []
    with pytest.raises(NotFound, match="BA-3300"):
        await catalogues.catalogue("KHOA_NOI_BO")


async def test_the_first_load_of_a_shipped_list_takes_over_its_rows(catalogues: Catalogues) -> None:
    found = await catalogues.load("MA_LOAI_KCB", [Entry("17", "Mới", LATER)], Load(LATER, "x", is_partial=True))
    assert len(found.added) == 1
    now = await catalogues.catalogue("MA_LOAI_KCB")
    assert now.display("03", LATER) == "Điều trị nội trú"
    assert now.display("14", LATER) == ""
    assert now.display("14", date(2026, 7, 1)) == "KCB từ xa"
    assert now.display("17", LATER) == "Mới"
    assert now.head.content is Content.WHOLE


async def test_changes_alone_do_not_make_a_part_whole(catalogues: Catalogues) -> None:
    await catalogues.load("ICD10", [Entry("Z99.9", "Khác", DAY)], Load(DAY, "x", is_partial=True))
    assert (await catalogues.catalogue("ICD10")).head.content is Content.EXAMPLE
    await catalogues.load("QUOCTICH", [Entry("VNM", "Việt Nam", DAY)], Load(DAY, "x", is_partial=True))
    assert (await catalogues.catalogue("QUOCTICH")).head.content is Content.PART


async def test_a_later_file_ends_and_adds_and_yesterday_stays_as_it_was(catalogues: Catalogues) -> None:
    await catalogues.load("X", rows("A", "B", "C"), Load(DAY, "1"))
    found = await catalogues.load("X", [*rows("A"), *rows("B", day=LATER, name="Mới")], Load(LATER, "2"))
    assert ([each.code for each in found.ended], [each.after.code for each in found.changed]) == (["C"], ["B"])
    now = await catalogues.catalogue("X")
    assert {code: each.display for code, each in now.on(LATER).items()} == {"A": "Tên A", "B": "Mới B"}
    assert {code: each.display for code, each in now.on(LATER - timedelta(days=1)).items()} == {
        "A": "Tên A",
        "B": "Tên B",
        "C": "Tên C",
    }
    assert sorted(now.entries, key=order) == sorted(found.entries, key=order)


async def test_a_mistake_of_the_same_day_is_put_right(catalogues: Catalogues) -> None:
    await catalogues.load("X", rows("A", name="Sai"), Load(DAY, "1"))
    for name in ("Sai nữa", "Đúng"):
        await catalogues.load("X", rows("A", name=name), Load(DAY, name))
    now = await catalogues.catalogue("X")
    assert now.display("A", DAY) == "Đúng A"
    assert len(now.rows_of("A")) == 3


async def test_a_file_that_would_end_most_of_a_list_is_refused_unless_it_is_meant(catalogues: Catalogues) -> None:
    await catalogues.load("X", rows(*(f"C{n}" for n in range(100))), Load(DAY, "1"))
    with pytest.raises(Conflict, match="BA-3304"):
        await catalogues.load("X", rows("C1"), Load(LATER, "2"))
    assert len((await catalogues.catalogue("X")).on(LATER)) == 100
    await catalogues.load("X", rows("C1"), Load(LATER, "2", may_end=True))
    assert len((await catalogues.catalogue("X")).on(LATER)) == 1


@pytest.mark.parametrize("name", ["khoa", "", "A B", "A'; drop table catalogue", "Ấ", "A" * 65])
async def test_a_bad_name_is_refused(catalogues: Catalogues, name: str) -> None:
    with pytest.raises(Incorrect, match="BA-3306"):
        await catalogues.load(name, rows("A"), Load(DAY, "1"))


async def test_two_loads_at_once_follow_one_another(catalogues: Catalogues) -> None:
    await asyncio.gather(*(catalogues.load("X", rows(f"C{n}"), Load(DAY, str(n), is_partial=True)) for n in range(5)))
    assert set((await catalogues.catalogue("X")).on(DAY)) == {f"C{n}" for n in range(5)}


# ── published ──


async def test_a_loaded_list_is_a_code_system_with_its_map(timed_store: Store, catalogues: Catalogues) -> None:
    today = day_in_vietnam(timed_store.clock.now())
    mapped = Entry("N1", "Khoa Nội 1", today, None, {"ministry": "K03"})
    await catalogues.load("KHOA_NOI_BO", [mapped, *rows("N2", day=today)], Load(today, "1", maps_to="MA_KHOA"))
    assert await publish(timed_store) == ["KHOA_NOI_BO"]
    terminology = timed_store.terminology
    assert (await terminology.validate_in_system(LOCAL, Coding("N1", LOCAL))).display == "Khoa Nội 1"
    expansion = await terminology.expand(f"{LOCAL}?fhir_vs", words=words("noi"))
    assert [each.concept.code for each in expansion.members] == ["N1"]
    (found,) = await terminology.translate(Asked(LOCAL, "N1", "urn:benhan:code:ma-khoa"))
    assert (found.code, found.equivalence) == ("K03", "equivalent")
    assert await publish(timed_store) == []


async def test_a_changed_map_takes_the_place_of_the_former(timed_store: Store, catalogues: Catalogues) -> None:
    today = day_in_vietnam(timed_store.clock.now())
    for number, ministry in enumerate(("K03", "K04")):
        entry = Entry("N1", "Khoa Nội 1", today, None, {"ministry": ministry})
        await catalogues.load("KHOA_NOI_BO", [entry], Load(today, str(number), maps_to="MA_KHOA"))
        await publish(timed_store)
    found = await timed_store.terminology.translate(Asked(LOCAL, "N1", "urn:benhan:code:ma-khoa"))
    assert [each.code for each in found] == ["K04"]


async def test_a_loaded_list_takes_the_place_of_the_shipped_one(timed_store: Store, catalogues: Catalogues) -> None:
    today = day_in_vietnam(timed_store.clock.now())
    entry = Entry("03", "Nội trú", today)
    await catalogues.load("MA_LOAI_KCB", [entry], Load(today, "1", may_end=True))
    await publish(timed_store)
    _head, concept, _below = await timed_store.terminology.lookup(KIND_OF_CARE, "03")
    assert concept.display == "Nội trú"
    _head, ended, _below = await timed_store.terminology.lookup(KIND_OF_CARE, "01")
    assert ended.is_inactive


async def test_a_row_is_published_on_its_day(timed_store: Store, catalogues: Catalogues, clock: StoppedClock) -> None:
    today = day_in_vietnam(clock.now())
    coming = Entry("N1", "Tên mới", today + timedelta(days=10))
    await catalogues.load("X", [Entry("N1", "Tên cũ", today), coming], Load(today, "1"))
    publisher = CataloguePublisher(timed_store)
    url = "urn:benhan:code:x"

    async def shown() -> str:
        stop = asyncio.Event()
        running = asyncio.create_task(publisher.run(stop))
        await asyncio.sleep(0.3)
        stop.set()
        await running
        return (await timed_store.terminology.lookup(url, "N1"))[1].display

    assert await shown() == "Tên cũ"
    clock.advance(days=10)
    assert await shown() == "Tên mới"


# ── the commands ──


async def command(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_the_commands_load_compare_show_and_export(database_url: str, tmp_path: Path) -> None:
    where = ("--data", str(tmp_path), "--database", database_url)
    file = tmp_path / "khoa.csv"
    file.write_text("Mã khoa;Tên khoa;Mã BYT\nN1;Nội 1;K03\n;Không mã;\nN2;Nội 2;K03\n", encoding="utf-8")
    load = (
        "load",
        str(file),
        "--list",
        "KHOA_NOI_BO",
        "--maps-to",
        "MA_KHOA",
        "--from",
        "01/01/2026",
        "--json",
        *where,
    )
    compared = json.loads((await command(*load, "--dry-run")).stdout)
    assert (compared["dry_run"], compared["counts"]["added"]) == (True, 2)
    told = await command(*load)
    assert told.exit_code == 2, "one row is bad"
    report = json.loads(told.stdout)
    assert [each["line"] for each in report["rejected"]] == [3]
    assert "Không mã" in (tmp_path / "khoa.rejects.csv").read_text("utf-8-sig")
    listed = {each["name"]: each for each in json.loads((await command("list", "--json", *where)).stdout)}
    assert (listed["KHOA_NOI_BO"]["codes"], listed["KHOA_NOI_BO"]["is_loaded"]) == (2, True)
    assert listed["QUOCTICH"]["codes"] == 0
    shown = await command("show", "KHOA_NOI_BO", "N1", *where)
    assert (shown.exit_code, "ministry: K03" in shown.stdout) == (0, True)
    assert (await command("show", "KHOA_NOI_BO", "N9", *where)).exit_code == 2
    exported = tmp_path / "out.csv"
    await command("export", "KHOA_NOI_BO", str(exported), *where)
    again = await command("load", str(exported), "--list", "KHOA_NOI_BO", "--from", "01/01/2026", "--json", *where)
    assert json.loads(again.stdout)["counts"] == {"added": 0, "changed": 0, "ended": 0, "unchanged": 2}
