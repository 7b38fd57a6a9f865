"""What helps who writes: phrases of one's own and of departments, values with their sources."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, OTHER_DOCTOR, Stay, admit
from tests.node.test_charts import measured, put

from benhan.kernel.faults import Incorrect
from benhan.node.drawings import DRAWINGS, drawing_svg
from benhan.node.records.life import Records
from benhan.node.records.offers import HELD, Offers
from benhan.node.records.papers import Papers
from benhan.node.records.phrases import Phrases, usable
from benhan.store.store import Store

TREATMENT = "01/BV-01"


@pytest.fixture
def phrases(store: Store, clock: SetClock) -> Phrases:
    return Phrases(store.database, clock)


async def test_ones_own_phrase_comes_before_the_departments_before_the_hospitals(phrases: Phrases) -> None:
    await phrases.put(DOCTOR, "Khám phổi", "của viện", is_own=False)
    await phrases.put(DOCTOR, "kham-phoi", "của khoa", is_own=False, department="K01")
    await phrases.put(DOCTOR, "/kham-phoi", "của tôi", is_own=True)
    assert [each.text for each in usable(await phrases.of(DOCTOR, "K01"))] == ["của tôi"]
    assert [each.text for each in usable(await phrases.of(OTHER_DOCTOR, "K01"))] == ["của khoa"]
    assert [each.text for each in usable(await phrases.of(OTHER_DOCTOR, "K02"))] == ["của viện"]
    await phrases.put(DOCTOR, "kham-phoi", "của tôi, sửa", is_own=True)
    (own,) = [each for each in await phrases.of(DOCTOR) if each.is_own]
    assert own.text == "của tôi, sửa"
    await phrases.drop(OTHER_DOCTOR, own.id)
    assert any(each.is_own for each in await phrases.of(DOCTOR))
    await phrases.drop(DOCTOR, own.id)
    assert not any(each.is_own for each in await phrases.of(DOCTOR))


@pytest.mark.parametrize(("short", "text", "code"), [("x", "y", "5451"), ("!!", "y", "5451"), ("ab", " ", "5452")])
async def test_a_phrase_has_a_name_and_a_text(phrases: Phrases, short: str, text: str, code: str) -> None:
    with pytest.raises(Incorrect, match=f"BA-{code}"):
        await phrases.put(DOCTOR, short, text, is_own=True)


async def _paper(records: Records, papers: Papers, stay: Stay) -> tuple[str, int, int]:
    record = await records.open(stay.encounter, TREATMENT, "K01", DOCTOR)
    paper = await papers.add(record.id, TREATMENT, DOCTOR)
    return record.id, paper.number, paper.version


async def test_a_measured_value_is_offered_with_who_told_it_and_stays_marked_when_it_is_taken(
    store: Store, records: Records, papers: Papers, clock: SetClock
) -> None:
    stay = await admit(store, period={"start": (clock.now() - timedelta(days=2)).isoformat()})
    by: dict[str, Any] = {"performer": [{"display": "ĐD. Hải"}]}
    record, number, version = await _paper(records, papers, stay)
    old, new, far, strange = await put(
        store,
        measured(stay, "8867-4", 99, clock.now() - timedelta(hours=9), "vital-signs", **by),
        measured(stay, "8867-4", 84, clock.now() - timedelta(hours=1), "vital-signs", **by),
        measured(stay, "8310-5", 37, clock.now() - timedelta(days=30), "vital-signs", **by),
        measured(stay, "9279-1", 4000, clock.now() - timedelta(hours=1), "vital-signs", **by),
    )
    offers = Offers(store, papers)
    found = {each.reference: each for each in await offers.of(record, number, DOCTOR) if each.reference != HELD}
    assert not {f"Observation/{old}", f"Observation/{far}", f"Observation/{strange}"} & found.keys()
    offer = found[f"Observation/{new}"]
    assert (offer.value, offer.by) == (Decimal(84), "ĐD. Hải")

    claimed = {offer.field: offer.reference}
    answers = {**(await papers.view(record, number, DOCTOR)).answers, offer.field: Decimal(84)}
    sources = await offers.sources(record, number, claimed, answers, DOCTOR)
    await papers.save(record, number, answers, version, DOCTOR, sources=sources)
    saved = await papers.view(record, number, DOCTOR)
    assert saved.sources[offer.field]["reference"] == f"Observation/{new}"
    assert "ĐD. Hải" in saved.sources[offer.field]["display"]
    assert offer.field not in {each.field for each in await offers.of(record, number, DOCTOR)}

    # It stays with the answer as long as that is what was told, though newer values come; and no longer.
    await put(store, measured(stay, "8867-4", 90, clock.now(), "vital-signs", **by))
    assert offer.field in await offers.sources(record, number, claimed, answers, DOCTOR)
    assert await offers.sources(record, number, claimed, {**answers, offer.field: Decimal(85)}, DOCTOR) == {}
    lie = {offer.field: f"Observation/{far}"}
    assert await offers.sources(record, number, lie, answers, DOCTOR) == {}


def test_every_outline_is_a_picture() -> None:
    assert all(drawing_svg(each).startswith(b"<svg") for each in DRAWINGS)
    assert len({drawing_svg(each) for each in DRAWINGS}) == len(DRAWINGS)
