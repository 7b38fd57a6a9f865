"""Opening an app out of the record, and choosing whose data it works with."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.smart.conftest import BACK, BASE, App, House, Person, back

from benhan.kernel.actors import Role

SCOPE = "launch openid patient/*.rs"
OPEN_AT = "https://app.example/open?x=1"


async def launch_of(house: House, app: App, person: Person, patient: str, encounter: str = "") -> str:
    """What the page gives the app."""
    page = await person.browser.get(f"/patients/{patient}/apps?encounter={encounter}")
    assert page.status_code == 200
    assert f"App {app.id}" in page.text
    assert "https://app.example" in page.headers["content-security-policy"]
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    data = {"csrf": csrf, "client": app.id, "encounter": encounter}
    answer = await person.browser.post(f"/patients/{patient}/apps", data=data)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    told = dict(parse_qsl(parts.query))
    assert (parts.netloc, told["iss"], told["x"]) == ("app.example", BASE, "1")
    return told["launch"]


async def test_an_app_is_opened_for_a_patient_and_an_encounter(house: House, own: str) -> None:
    stay = {
        "resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{own}"},
    }  # fmt: skip
    encounter = await house.write(stay)
    app, person = await house.register(launch_uri=OPEN_AT), await house.person()
    launch = await launch_of(house, app, person, own, encounter)
    told = await app.tokens(person, launch=launch, scope=SCOPE)
    assert (told["patient"], told["encounter"]) == (own, encounter)
    assert told["need_patient_banner"] is True
    assert "smart:launch:create" in await house.events(app.id)


async def test_a_launch_is_used_once_by_its_own_app_and_person_in_time(house: House, own: str) -> None:
    app, person = await house.register(launch_uri=OPEN_AT), await house.person()
    other_app, stranger = await house.register(launch_uri=OPEN_AT), await house.person()
    launch = await launch_of(house, app, person, own)
    assert back(await other_app.ask(person, launch=launch, scope=SCOPE))["error"] == "invalid_request"
    assert back(await app.ask(stranger, launch=launch, scope=SCOPE))["error"] == "invalid_request"
    await app.tokens(person, launch=launch, scope=SCOPE)
    assert back(await app.ask(person, launch=launch, scope=SCOPE))["error"] == "invalid_request"
    late = await launch_of(house, app, person, own)
    house.clock.advance(minutes=6)
    assert back(await app.ask(person, launch=late, scope=SCOPE))["error"] == "invalid_request"


async def test_a_form_cannot_put_another_patient_into_a_launch(house: House, own: str, other: str) -> None:
    app, person = await house.register(launch_uri=OPEN_AT), await house.person()
    launch = await launch_of(house, app, person, own)
    page = await app.ask(person, launch=launch, scope=SCOPE)
    code = back(await person.press(page, act="allow", patient=other))["code"]
    assert (await app.exchange(code)).json()["patient"] == own


async def test_no_app_is_opened_for_who_is_not_there_or_whose_encounter_is_anothers(
    house: House, own: str, other: str
) -> None:
    stay = {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{other}"},
    }  # fmt: skip
    encounter = await house.write(stay)
    await house.register(launch_uri=OPEN_AT)
    app, person = await house.register(launch_uri=OPEN_AT), await house.person()
    page = await person.browser.get(f"/patients/{own}/apps")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    for patient, data in (
        (own, {"client": app.id, "encounter": encounter}),
        ("never", {"client": app.id}),
        (own, {"client": "nobody"}),
        (own, {"client": app.id, "encounter": "a b"}),
    ):
        answer = await person.browser.post(f"/patients/{patient}/apps", data={"csrf": csrf, **data})
        assert answer.status_code in (403, 404), answer.text
    answer = await person.browser.post(f"/patients/{own}/apps", data={"client": app.id})
    assert answer.status_code == 403
    assert (await person.browser.get("/patients/never/apps")).status_code == 403


async def test_an_app_without_an_address_to_open_is_not_listed(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    assert app.id not in (await person.browser.get(f"/patients/{own}/apps")).text


async def test_a_patient_who_is_not_there_cannot_be_chosen(house: House) -> None:
    app, person = await house.register(), await house.person()
    page = await person.press(await app.ask(person), patient="never")
    assert back(page)["error"] == "access_denied"
    page = await person.press(await app.ask(person), patient="../x")
    assert 'name="act" value="find"' in page.text


async def test_a_citizen_is_asked_for_no_patient_and_cannot_name_another(house: House, own: str, other: str) -> None:
    app, person = await house.register(), await house.person(Role.CITIZEN, own)
    page = await app.ask(person)
    assert 'name="act" value="find"' not in page.text
    code = back(await person.press(page, act="allow", patient=other))["code"]
    told = (await app.exchange(code)).json()
    assert told["patient"] == own
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 200
        assert (await fhir.get(f"Patient/{other}")).status_code == 404


async def test_the_scope_of_a_citizen_for_all_they_may_see_is_their_own_book(
    house: House, own: str, other: str
) -> None:
    app, person = await house.register(), await house.person(Role.CITIZEN, own)
    told = await app.tokens(person, scope="user/*.rs")
    assert "patient" not in told
    async with app.fhir(told["access_token"]) as fhir:
        found = (await fhir.get("Patient?_total=accurate")).json()
        assert (found["total"], found["entry"][0]["resource"]["id"]) == (1, own)
        assert (await fhir.get(f"Patient/{other}")).status_code == 404


async def test_a_citizen_without_a_book_and_a_role_without_patients_let_no_app_in(house: House) -> None:
    app = await house.register()
    assert back(await app.ask(await house.person(Role.CITIZEN)))["error"] == "access_denied"
    assert back(await app.ask(await house.person(Role.IT_ADMIN), scope="user/*.rs"))["error"] == "invalid_scope"
    assert back(await app.ask(await house.person(Role.LAB), scope="patient/*.rs"))["error"] == "invalid_scope"


async def test_the_role_of_a_person_bounds_what_an_app_gets(house: House, own: str) -> None:
    app, person = await house.register(), await house.person()
    told = await app.tokens(person, own, scope="user/*.cruds patient/Observation.cruds")
    assert told["scope"] == "user/*.rs patient/Observation.rs"
    await house.store.database.execute("update account set role = 'lab' where login = $1", person.login)
    house.clock.advance(seconds=16)
    async with app.fhir(told["access_token"]) as fhir:
        assert (await fhir.get(f"Patient/{own}")).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example/x",
        "https://app.example/x#y",
        "javascript:alert(1)",
        "https://*.example/x",
        "app:/x",
        "",
        "x" * 1200,
    ],
)  # fmt: skip
async def test_an_address_that_is_not_safe_is_not_registered(house: House, address: str) -> None:
    with pytest.raises(Exception, match="BA-2326"):
        await house.register(redirect_uris=(address,))


@pytest.mark.parametrize("address", [BACK, "http://localhost:3000/x", "http://127.0.0.1/x", "vn.example.app:/back"])
async def test_an_address_of_this_machine_or_of_an_own_scheme_is_registered(house: House, address: str) -> None:
    assert await house.register(redirect_uris=(address,))
