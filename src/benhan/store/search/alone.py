"""What a search asks, held against a resource that no search can find: not stored yet, or deleted."""

from __future__ import annotations

from collections.abc import Callable

from benhan.fhir.search_query import SearchQuery
from benhan.store.search.expressions import Candidate, holds, linked_in
from benhan.store.search.search import Search

Test = Callable[[Candidate], bool]


def alone(search: Search, query: SearchQuery, base_url: str = "") -> Test | None:
    """Whether a resource of the one type of `query` satisfies it, as a search would say.

    None where only other resources or a terminology can tell (chains, `_has`, `_list`, value sets).
    """
    expression = search.compiler(base_url).all_of(query.criteria, query.type)
    if linked_in(expression):
        return None
    return lambda candidate: holds(expression, candidate, {})
