"""Random acts against a small model in memory: statuses, contents, histories and searches are always the model's."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.fhir_api.conftest import BASE, EVERYTHING, patient
from tests.postgres import copy_of_template
from tests.tries import tries

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.routes import routes
from benhan.kernel.ids import SystemRandom
from benhan.serving.roles import refusing
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some

T = TypeVar("T")
Json = dict[str, Any]
Act = tuple[str, int, str]
"""What is done, to which of the known resources, with which identifier."""
VALUES = ("a", "b")
ACTS = st.tuples(
    st.sampled_from(["POST", "POST?", "PUT", "PUT?", "DELETE"]), st.integers(0, 9), st.sampled_from(VALUES)
)
runs = itertools.count(1)


class Server:
    """A server, a client of it, and the loop they run on."""

    def __init__(self, url: str, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.store, self.client = self.run(self._open(url, folder))

    async def _open(self, url: str, folder: Path) -> tuple[Store, httpx.AsyncClient]:
        database = await Database.connect(await copy_of_template(url, "reference_model"), pool_size=6)
        store = await Store.open(database, make_kek_file(folder / "kek.json", SystemRandom()))
        sessions = Sessions(store.database, store.clock, store.random)
        door = Door(routes(FhirApi(store, BASE)), sessions, SystemRandom(), refusing(None))
        headers = {"authorization": f"Bearer {await sessions.make_token('model', EVERYTHING)}"}
        transport = httpx.ASGITransport(door)
        return store, httpx.AsyncClient(transport=transport, base_url=BASE + "/", headers=headers)

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = json.dumps(body) if body is not None else None
        headers = {"content-type": "application/fhir+json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.run(self.client.request(method, path, content=content, headers=headers))

    def close(self) -> None:
        self.run(self.client.aclose())
        self.run(self.store.close())
        self.runner.close()


@pytest.fixture
def server(embedded_url: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(embedded_url, tmp_path)
    yield server
    server.close()


class Model:
    """Versions by id, oldest first: the identifier and the language of each, None for a deletion."""

    def __init__(self) -> None:
        self.versions: dict[str, list[tuple[str, str] | None]] = {}

    def bearing(self, value: str) -> list[str]:
        return [id_ for id_, versions in self.versions.items() if versions[-1] and versions[-1][0] == value]

    def put(self, id_: str, value: str, language: str) -> int:
        """The status of a PUT."""
        versions = self.versions.setdefault(id_, [])
        there = bool(versions and versions[-1])
        versions.append((value, language))
        return 200 if there else 201

    def delete(self, id_: str) -> None:
        if self.versions.get(id_) and self.versions[id_][-1] is not None:
            self.versions[id_].append(None)


def machine_on(server: Server) -> type[RuleBasedStateMachine]:
    """The machine, on a server that all its runs share; each run has patients of its own."""

    class Acts(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.system = f"urn:test:model:{next(runs)}"
            self.model = Model()
            self.languages = itertools.count(1)

        def body(self, value: str, id_: str = "") -> tuple[Json, str]:
            language = f"x-{next(self.languages)}"
            named = {"id": id_} if id_ else {}
            return patient(identifier=[{"system": self.system, "value": value}], language=language, **named), language

        def id_of(self, number: int) -> str:
            """A known id, or one that a client chose and that may not be there yet."""
            known = [*self.model.versions, f"own-{self.system.rsplit(':', 1)[1]}"]
            return known[number % len(known)]

        def query(self, value: str) -> str:
            return f"identifier={self.system}|{value}"

        # ── one at a time ──

        @rule(value=st.sampled_from(VALUES))
        def create(self, value: str) -> None:
            body, language = self.body(value)
            answer = server.ask("POST", "Patient", body)
            assert answer.status_code == 201
            self.model.put(answer.json()["id"], value, language)

        @rule(value=st.sampled_from(VALUES))
        def create_under_a_condition(self, value: str) -> None:
            body, language = self.body(value)
            found = self.model.bearing(value)
            answer = server.ask("POST", "Patient", body, if_none_exist=self.query(value))
            assert answer.status_code == {0: 201, 1: 200}.get(len(found), 412)
            if answer.status_code == 201:
                self.model.put(answer.json()["id"], value, language)

        @rule(number=st.integers(0, 9), value=st.sampled_from(VALUES))
        def update(self, number: int, value: str) -> None:
            id_ = self.id_of(number)
            body, language = self.body(value, id_)
            assert server.ask("PUT", f"Patient/{id_}", body).status_code == self.model.put(id_, value, language)

        @rule(value=st.sampled_from(VALUES), other=st.sampled_from(VALUES))
        def update_under_a_condition(self, value: str, other: str) -> None:
            body, language = self.body(other)
            found = self.model.bearing(value)
            answer = server.ask("PUT", f"Patient?{self.query(value)}", body)
            assert answer.status_code == {0: 201, 1: 200}.get(len(found), 412)
            if len(found) < 2:
                self.model.put(answer.json()["id"], other, language)

        @rule(number=st.integers(0, 9), wanted=st.integers(0, 3))
        def update_a_version(self, number: int, wanted: int) -> None:
            id_ = self.id_of(number)
            body, language = self.body("a", id_)
            answer = server.ask("PUT", f"Patient/{id_}", body, if_match=f'W/"{wanted}"')
            if wanted != len(self.model.versions.get(id_, [])):
                assert answer.status_code == 412
            else:
                assert answer.status_code == self.model.put(id_, "a", language)

        @rule(number=st.integers(0, 9))
        def patch(self, number: int) -> None:
            id_, language = self.id_of(number), f"x-{next(self.languages)}"
            operations = [{"op": "replace", "path": "/language", "value": language}]
            kind = "application/json-patch+json"
            answer = server.ask("PATCH", f"Patient/{id_}", operations, content_type=kind)
            versions = self.model.versions.get(id_, [])
            if not versions or versions[-1] is None:
                assert answer.status_code == (410 if versions else 404)
            else:
                assert answer.status_code == self.model.put(id_, versions[-1][0], language)

        @rule(number=st.integers(0, 9))
        def delete(self, number: int) -> None:
            id_ = self.id_of(number)
            assert server.ask("DELETE", f"Patient/{id_}").status_code == 204
            self.model.delete(id_)

        @rule(value=st.sampled_from(VALUES))
        def delete_under_a_condition(self, value: str) -> None:
            found = self.model.bearing(value)
            answer = server.ask("DELETE", f"Patient?{self.query(value)}")
            assert answer.status_code == (412 if len(found) > 1 else 204)
            if len(found) == 1:
                self.model.delete(found[0])

        @rule()
        def sweep(self) -> None:
            server.run(sweep_some(server.store.database, server.store.clock, page_life_s=0.0))

        # ── together ──

        @rule(acts=st.lists(ACTS, min_size=1, max_size=5))
        def transact_what_one_entry_breaks(self, acts: list[Act]) -> None:
            self.transacted(acts, is_broken=True)

        @rule(acts=st.lists(ACTS, min_size=1, max_size=5))
        def transact(self, acts: list[Act]) -> None:
            self.transacted(acts)

        @rule(value=st.sampled_from(VALUES), verb=st.sampled_from(["POST?", "PUT?"]), others=st.lists(ACTS, max_size=2))
        def transact_on_what_it_deletes(self, value: str, verb: str, others: list[Act]) -> None:
            """A condition beside the deletion of what it would find."""
            known = [*self.model.versions]
            deletions = [("DELETE", known.index(id_), value) for id_ in self.model.bearing(value)]
            self.transacted([(verb, 0, value), *others, *deletions[:3]])

        def transacted(self, acts: list[Act], *, is_broken: bool = False) -> None:
            entries, languages = [], []
            for verb, number, value in acts:
                entry, language = self.entry(verb, self.id_of(number), value)
                entries.append(entry)
                languages.append(language)
            broken = {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient", "x": 1}}
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries + [broken] * is_broken}
            targets = self.foreseen([(verb, self.id_of(number), value) for verb, number, value in acts])
            answer = server.ask("POST", "", bundle)
            if is_broken or targets is None:
                assert answer.status_code in (400, 412, 422)
                return
            assert answer.status_code == 200, answer.text
            told = [each["response"] for each in answer.json()["entry"]]
            self.follow(acts, targets, languages, told)

        def entry(self, verb: str, id_: str, value: str) -> tuple[Json, str]:
            body, language = self.body(value, id_ if verb == "PUT" else "")
            address = {"PUT": f"Patient/{id_}", "DELETE": f"Patient/{id_}", "PUT?": f"Patient?{self.query(value)}"}
            told: Json = {"method": verb.rstrip("?"), "url": address.get(verb, "Patient")}
            if verb == "POST?":
                told["ifNoneExist"] = self.query(value)
            return {"request": told, **({"resource": body} if verb != "DELETE" else {})}, language

        def foreseen(self, acts: list[Act | tuple[str, str, str]]) -> list[str] | None:
            """The id that each act is about ("" for a new one), None where the whole must be refused."""
            deleted = {id_ for verb, id_, _ in acts if verb == "DELETE"}
            targets, asked = [], []
            for verb, id_, value in acts:
                found = [each for each in self.model.bearing(value) if each not in deleted]
                if verb.endswith("?"):
                    asked.append(value)
                    if len(found) > 1:
                        return None
                targets.append(
                    str(id_) if verb in ("PUT", "DELETE") else found[0] if verb.endswith("?") and found else ""
                )
            posted = {
                value
                for (verb, _, value), target in zip(acts, targets, strict=True)
                if verb[:4] == "POST" and not target
            }
            if any(verb == "PUT?" and value in posted for verb, _, value in acts):
                return None
            named = [target for target in targets if target]
            return targets if len(set(named)) == len(named) and len(set(asked)) == len(asked) else None

        def follow(self, acts: list[Act], targets: list[str], languages: list[str], told: list[Json]) -> None:
            for (verb, _, value), target, language, response in zip(acts, targets, languages, told, strict=True):
                if verb == "DELETE":
                    assert response["status"] == "204"
                    self.model.delete(target)
                elif verb == "POST?" and target:
                    assert response["status"] == "200"
                else:
                    id_ = response["location"].split("/")[1]
                    assert target in ("", id_)
                    assert response["status"] == str(self.model.put(id_, value, language))

        # ── what can be seen ──

        @invariant()
        def every_read_is_the_models(self) -> None:
            for id_, versions in self.model.versions.items():
                answer = server.ask("GET", f"Patient/{id_}")
                if versions[-1] is None:
                    assert answer.status_code == 410
                else:
                    assert (answer.json()["language"], answer.headers["etag"]) == (
                        versions[-1][1],
                        f'W/"{len(versions)}"',
                    )

        @invariant()
        def every_search_is_the_models(self) -> None:
            for value in VALUES:
                told = server.ask("GET", f"Patient?{self.query(value)}&_count=100").json()
                assert {each["resource"]["id"] for each in told.get("entry", [])} == set(self.model.bearing(value))

        @invariant()
        def every_history_is_the_models(self) -> None:
            for id_, versions in self.model.versions.items():
                told = server.ask("GET", f"Patient/{id_}/_history?_count=1000").json()["entry"]
                languages = [each.get("resource", {}).get("language") for each in told]
                assert languages == [version and version[1] for version in reversed(versions)]

        def teardown(self) -> None:
            """The history of the type holds every version of this run, each once."""
            address, seen = "Patient/_history?_count=200", []
            while address:
                told = server.ask("GET", address).json()
                seen += [
                    (each["fullUrl"].rsplit("/", 1)[1], each["response"]["etag"]) for each in told.get("entry", [])
                ]
                address = next((link["url"] for link in told["link"] if link["relation"] == "next"), "")
            ours = [each for each in seen if each[0] in self.model.versions]
            wanted = {
                (id_, f'W/"{number}"')
                for id_, versions in self.model.versions.items()
                for number in range(1, len(versions) + 1)
            }
            assert len(ours) == len(wanted)
            assert set(ours) == wanted

    return Acts


def test_the_server_is_the_model(server: Server) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine_on(server),
        settings=settings(
            max_examples=tries(12), stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
