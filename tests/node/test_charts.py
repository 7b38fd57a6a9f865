"""A patient's pages read what they show: the newest, a page at a time, and count without opening."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, FORMS, Stay, admit

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor, system
from benhan.kernel.faults import NotFound
from benhan.kernel.permissions import Permission
from benhan.node.chart.charts import DRUGS_A_PAGE, RESULTS_A_PAGE, Charts
from benhan.store.ledger.read import entries_of_patient
from benhan.store.newest import COUNTED_MAX
from benhan.store.store import Store

Json = dict[str, Any]
WARD: Json = {
    "location": [{"location": {"display": "Nội · 304 · 12"}}],
    "participant": [{"type": [{"coding": [{"code": "ATND"}]}], "individual": {"display": "BS. Lê Văn Tám"}}],
}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture
def charts(store: Store) -> Charts:
    return Charts(store, FORMS)


def measured(stay: Stay, code: str, value: float, at: datetime, category: str = "laboratory", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{stay.patient}"},
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": f"Chỉ số {code}"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        **more,
    }


async def put(store: Store, *resources: Json) -> list[str]:
    unit = store.begin(system("test"))
    ids = [unit.create(resource_of(each)) for each in resources]
    await store.commit(unit)
    return ids


async def test_an_overview_tells_of_yesterday_and_of_the_stay(store: Store, charts: Charts, clock: SetClock) -> None:
    now = clock.now()
    stay = await admit(store, period={"start": (now - timedelta(days=2)).isoformat()}, **WARD)
    band = {"referenceRange": [{"low": {"value": 4}, "high": {"value": 6}, "text": "4 - 6"}]}
    await put(
        store,
        measured(stay, "1-1", 9.0, now - timedelta(days=9), **band),
        measured(stay, "2-2", 9.0, now - timedelta(hours=20), **band),
        measured(stay, "3-3", 5.0, now - timedelta(hours=20), **band),
        measured(stay, "8867-4", 88, now - timedelta(hours=2), "vital-signs"),
        {"resourceType": "AllergyIntolerance", "patient": {"reference": f"Patient/{stay.patient}"},
         "code": {"text": "Penicillin"}},
    )  # fmt: skip
    found = await charts.overview(stay.patient, DOCTOR)
    assert [(each.name, is_new) for _, each, is_new in found.flagged] == [("Chỉ số 2-2", True), ("Chỉ số 1-1", False)]
    assert [(sign.code, sign.text) for sign in found.signs] == [("8867-4", "88")]
    assert found.banner.allergies == ["Penicillin"]
    head = found.banner
    assert (head.bed, head.day, head.treats) == ("Nội · 304 · 12", 3, "BS. Lê Văn Tám")
    assert head.counts["Observation"] == 3
    assert found.life is not None
    assert [(line.facility, len(line.bars)) for line in found.life.lines] == [("", 1)]


async def test_pages_of_results_and_of_moments_follow_each_other_without_a_gap(
    store: Store, charts: Charts, clock: SetClock
) -> None:
    start = clock.now() - timedelta(days=300)
    stay = await admit(store, period={"start": start.isoformat()})
    times = [start + timedelta(hours=number // 3) for number in range(RESULTS_A_PAGE + 50)]
    ids = await put(store, *(measured(stay, f"{number % 3}-1", number, at) for number, at in enumerate(times)))
    orders = [
        {"resourceType": "MedicationRequest", "status": "completed", "intent": "order",
         "subject": {"reference": f"Patient/{stay.patient}"}, "medicationCodeableConcept": {"text": f"Thuốc {number}"},
         "authoredOn": (start + timedelta(hours=number // 2)).isoformat()}
        for number in range(DRUGS_A_PAGE * 2)
    ]  # fmt: skip
    drugs = await put(store, *orders)

    seen, before = [], None
    for _ in range(3):
        page = await charts.results(stay.patient, DOCTOR, before)
        seen += [value.id for panel in page.panels for analyte in panel.analytes for value in analyte.values]
        before = page.next
        if before is None:
            break
    assert sorted(seen) == sorted(ids)

    found, before = [], None
    while True:
        listed = await charts.drugs(stay.patient, DOCTOR, before)
        found += [each.id for each in listed.drugs]
        before = listed.next
        if before is None:
            break
    assert sorted(found) == sorted(drugs)

    moments, before = [], None
    while True:
        timeline = await charts.timeline(stay.patient, DOCTOR, before)
        moments += [each.id for each in timeline.moments]
        before = timeline.next
        if before is None:
            break
    assert sorted(moments) == sorted([*drugs, stay.encounter])


async def test_a_page_opens_what_it_shows_and_no_more(
    store: Store, charts: Charts, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now() - timedelta(days=300)
    stay = await admit(store, period={"start": start.isoformat()})
    await put(store, *(measured(stay, "1-1", 5, start + timedelta(minutes=number)) for number in range(1_500)))
    opened = 0
    open_all = store.opener.open_all

    async def counting(rows: Any, connection: Any) -> Any:
        nonlocal opened
        opened += len(rows)
        return await open_all(rows, connection)

    monkeypatch.setattr(store.opener, "open_all", counting)
    found = await charts.overview(stay.patient, DOCTOR)
    assert found.banner.counts["Observation"] == COUNTED_MAX
    assert opened < 300


async def test_a_trend_is_of_one_measure_with_both_lines_of_a_pressure(
    store: Store, charts: Charts, stay: Stay, clock: SetClock
) -> None:
    at = clock.now() - timedelta(days=3)
    parts = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
         "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ]  # fmt: skip
    pressure = measured(stay, "85354-9", 0, at, "vital-signs")
    del pressure["valueQuantity"]
    one, other, both = await put(
        store,
        measured(stay, "1-1", 5, at),
        measured(stay, "2-2", 6, at + timedelta(hours=1)),
        {**pressure, "component": parts},
    )
    await put(store, measured(stay, "1-1", 7, at + timedelta(hours=2)))
    assert [value.number for value in (await charts.trend(stay.patient, DOCTOR, one)).analyte.values] == [7.0, 5.0]
    assert [value.number for value in (await charts.trend(stay.patient, DOCTOR, other)).analyte.values] == [6.0]
    trend = await charts.trend(stay.patient, DOCTOR, both)
    assert ([value.number for value in trend.analyte.values], trend.lower) == ([120.0], [80.0])
    stranger = await admit(store, "Lê Thị Lạ")
    with pytest.raises(NotFound, match="BA-0401"):
        await charts.trend(stranger.patient, DOCTOR, one)


async def test_where_something_comes_from_names_who_wrote_each_version(
    store: Store, charts: Charts, stay: Stay, clock: SetClock
) -> None:
    plain = measured(stay, "1-1", 5, clock.now(), performer=[{"display": "Khoa Xét nghiệm"}])
    (id_,) = await put(store, plain)
    unit = store.begin(DOCTOR)
    unit.update(resource_of({**plain, "id": id_, "status": "corrected"}))
    await store.commit(unit)
    _, found = await charts.source(stay.patient, "Observation", id_, DOCTOR)
    assert found.people == [("performer", "Khoa Xét nghiệm")]
    assert [(each.number, each.actor) for each in found.versions] == [(2, DOCTOR.id), (1, "system:test")]
    assert (found.title, found.status) == ("Chỉ số 1-1", "corrected")
    stranger = await admit(store, "Lê Thị Lạ")
    with pytest.raises(NotFound, match="BA-0401"):
        await charts.source(stranger.patient, "Observation", id_, DOCTOR)


async def test_a_picture_is_of_its_patient_and_each_look_is_in_the_ledger(
    store: Store, charts: Charts, stay: Stay
) -> None:
    subject = {"reference": f"Patient/{stay.patient}"}
    (binary,) = await put(store, {"resourceType": "Binary", "contentType": "image/png", "data": "iVBORw0KGgo="})
    attachment = {"contentType": "image/png", "url": f"Binary/{binary}"}
    document: Json = {"resourceType": "DocumentReference", "status": "current", "subject": subject}
    named, inline, paper = await put(
        store,
        {**document, "content": [{"attachment": attachment}]},
        {**document, "content": [{"attachment": {"contentType": "image/jpeg", "data": "/9j/"}}]},
        {**document, "content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/x"}}]},
    )
    assert await charts.picture(stay.patient, named, DOCTOR) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert await charts.picture(stay.patient, inline, DOCTOR) == ("image/jpeg", b"\xff\xd8\xff")
    _, studies, others = await charts.images(stay.patient, DOCTOR)
    assert (studies, set(others)) == ([], {named, inline})
    rid = store.workshop.ids.rid_of("Patient", stay.patient)
    seen = [each.detail for each in (await entries_of_patient(store.database, rid)).entries if each.actor == DOCTOR.id]
    assert sum("picture" in each for each in seen) == 2
    stranger = await admit(store, "Lê Thị Lạ")
    for patient, wanted in ((stranger.patient, named), (stay.patient, paper)):
        with pytest.raises(NotFound, match="BA-0401"):
            await charts.picture(patient, wanted, DOCTOR)


async def test_that_there_are_secrets_is_told_to_who_may_see_them_only(
    store: Store, charts: Charts, stay: Stay, clock: SetClock
) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
    await put(store, measured(stay, "1-1", 5, clock.now() - timedelta(hours=1), meta={"security": [label]}))
    trusted = Actor("account:9", DOCTOR.role, DOCTOR.permissions | {Permission.SECRECY_VIEW})
    hidden, told = await charts.overview(stay.patient, DOCTOR), await charts.overview(stay.patient, trusted)
    assert (hidden.banner.is_secret, hidden.has_results, hidden.banner.counts["Observation"]) == (False, False, 0)
    assert (told.banner.is_secret, told.has_results, told.banner.counts["Observation"]) == (True, True, 1)
