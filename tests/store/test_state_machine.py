"""Random acts on a few resources against a plain list of versions: what the store tells is always the model's."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.store.writing import DOCTOR, note, patient, remove
from tests.tries import tries

from benhan.fhir.resource import resource_of
from benhan.kernel.faults import Conflict, NotFound
from benhan.store.database import Database
from benhan.store.faults import Gone
from benhan.store.key_encryption import FileKek
from benhan.store.store import Store
from benhan.store.sweeper import sweep_some

T = TypeVar("T")
NAMES = ("an", "binh", "chi")
runs = itertools.count(1)


class OneLoop:
    """A store and the loop its steps run on."""

    def __init__(self, database_url: str, kek: FileKek) -> None:
        self.runner = asyncio.Runner()
        self.store = self.run(self._open(database_url, kek))

    async def _open(self, database_url: str, kek: FileKek) -> Store:
        return await Store.open(await Database.connect(database_url, pool_size=4), kek)

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    def close(self) -> None:
        self.run(self.store.close())
        self.runner.close()


@pytest.fixture
def one_loop(database_url: str, kek: FileKek) -> Iterator[OneLoop]:
    one_loop = OneLoop(database_url, kek)
    yield one_loop
    one_loop.close()


def machine_on(one_loop: OneLoop) -> type[RuleBasedStateMachine]:
    """The machine, on a store that all its runs share; each run has resources of its own."""
    store, run = one_loop.store, one_loop.run

    class Acts(RuleBasedStateMachine):
        created = Bundle("created")

        def __init__(self) -> None:
            super().__init__()
            self.prefix = f"lan-{next(runs)}"
            self.known: dict[tuple[str, str], list[bytes]] = {}  # b"" is a deletion
            self.owners = [self._commit_patient() for _ in range(2)]

        def _commit_patient(self) -> str:
            return self._create(patient())

        def _create(self, body: dict[str, Any]) -> str:
            unit = store.begin(DOCTOR)
            id_ = unit.create(resource_of(body))
            [stored] = run(store.commit(unit))
            assert stored is not None
            assert (stored.version, stored.created) == (1, True)
            self.known[body["resourceType"], id_] = [stored.content]
            return id_

        @rule(target=created, owner=st.integers(0, 1))
        def create(self, owner: int) -> tuple[str, str]:
            return "Observation", self._create(note(self.owners[owner]))

        @rule(target=created, name=st.sampled_from(NAMES))
        def choose(self, name: str) -> tuple[str, str]:
            return "Observation", f"{self.prefix}-{name}"

        @rule(key=created, owner=st.integers(0, 1), seen=st.sampled_from([None, 0, -1, 1]))
        def update(self, key: tuple[str, str], owner: int, seen: int | None) -> None:
            """`seen`: the version the writer saw, counted from the last one; None for one who does not say."""
            versions = self.known.get(key, [])
            unit = store.begin(DOCTOR)
            body = note(self.owners[owner], f"lần {len(versions)}", id=key[1])
            unit.update(resource_of(body), if_match=None if seen is None else len(versions) + seen)
            if seen:
                with pytest.raises(Conflict, match="BA-0412"):
                    run(store.commit(unit))
                return
            [stored] = run(store.commit(unit))
            assert stored is not None
            assert stored.version == len(versions) + 1
            assert stored.created == (not versions or not versions[-1])
            self.known[key] = [*versions, stored.content]

        @rule(key=created)
        def delete(self, key: tuple[str, str]) -> None:
            versions = self.known.get(key, [])
            stored = run(remove(store, *key))
            if not versions or not versions[-1]:
                assert stored is None
                return
            assert stored is not None
            assert (stored.version, stored.deleted) == (len(versions) + 1, True)
            versions.append(b"")

        @rule(key=created)
        def read(self, key: tuple[str, str]) -> None:
            versions = self.known.get(key, [])
            if versions and versions[-1]:
                read = run(store.resources.read(*key, DOCTOR))
                assert (read.version, read.content) == (len(versions), versions[-1])
            else:
                with pytest.raises(Gone if versions else NotFound, match="BA-0402" if versions else "BA-0401"):
                    run(store.resources.read(*key, DOCTOR))

        @rule(key=created, version=st.integers(1, 12))
        def vread(self, key: tuple[str, str], version: int) -> None:
            versions = self.known.get(key, [])
            if version <= len(versions) and versions[version - 1]:
                assert run(store.resources.vread(*key, version, DOCTOR)).content == versions[version - 1]
            else:
                code = "BA-0401" if not versions else "BA-0402" if version <= len(versions) else "BA-0403"
                with pytest.raises(NotFound, match=code):
                    run(store.resources.vread(*key, version, DOCTOR))

        @rule()
        def sweep(self) -> None:
            """No page link holds a version back: every superseded one may go to the history."""
            run(sweep_some(store.database, store.clock, page_life_s=-60))

        @invariant()
        def every_history_is_whole(self) -> None:
            for key, versions in self.known.items():
                history = run(store.resources.history(*key, DOCTOR, count=100))
                assert [each.version for each in history] == list(range(len(versions), 0, -1))
                assert [each.content for each in reversed(history)] == versions

        def teardown(self) -> None:
            rows = run(
                store.database.fetch(
                    "select count(*) from resource where until is null group by type, rid having count(*) <> 1"
                )
            )
            assert rows == [], "a resource with two current versions"

    return Acts


def test_whatever_is_done_in_whatever_order_the_store_tells_what_the_model_tells(one_loop: OneLoop) -> None:
    run_state_machine_as_test(
        machine_on(one_loop),
        settings=settings(
            max_examples=tries(20),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
