"""What a search asks is parsed and compiled once, as long as it means the same."""

from __future__ import annotations

from datetime import UTC, datetime

from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import REMEMBERED_CHARACTERS_MAX, parse_search
from benhan.kernel.ids import SystemRandom
from benhan.store.ids import Ids
from benhan.store.search.compiler import Compiler, Remembered
from benhan.store.search.expressions import Asking, Expression

IDS = Ids(b"k" * 32, SystemRandom())
EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


class Asked:
    """Searches of one store, as they come one after another."""

    def __init__(self) -> None:
        self.registry = SearchRegistry()
        self.remembered: Remembered = {}

    def __call__(self, name: str, text: str, *, at: datetime = EARLIER, base_url: str = "") -> Expression:
        wanted = parse_search("Observation", [(name, text)], registry=self.registry).criteria
        compiler = Compiler(self.registry, IDS, Asking(at, base_url), self.remembered)
        return compiler.all_of(wanted, "Observation")


def test_the_same_question_gives_the_same_expression() -> None:
    asked = Asked()
    assert asked("code", "urn:c|1") is asked("code", "urn:c|1", at=LATER)
    assert asked("code", "urn:c|1") != asked("code", "urn:c|2")
    assert asked("code", "urn:c|1") != asked("code:not", "urn:c|1")


def test_what_is_nearly_a_date_is_reckoned_from_the_time_of_asking() -> None:
    asked = Asked()
    assert asked("date", "ap2020-01-01") != asked("date", "ap2020-01-01", at=LATER)
    assert asked("date", "ge2020-01-01") is asked("date", "ge2020-01-01", at=LATER)


def test_an_address_means_another_thing_to_another_server() -> None:
    asked = Asked()
    here = asked("subject", "http://here/fhir/Patient/1", base_url="http://here/fhir")
    assert here == asked("subject", "Patient/1", base_url="http://here/fhir")
    assert here != asked("subject", "http://here/fhir/Patient/1", base_url="http://there/fhir")


def test_long_questions_are_not_kept() -> None:
    asked = Asked()
    text = "x" * (REMEMBERED_CHARACTERS_MAX + 1)
    assert asked("code", text) == asked("code", text)
    assert not asked.registry.wanted
