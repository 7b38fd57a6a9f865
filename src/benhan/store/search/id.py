"""`_id`: the resources themselves. Source: FHIR R4 search.html#id."""

from __future__ import annotations

from benhan.fhir.search_query import Criterion, TokenValue
from benhan.store.ids import Ids
from benhan.store.search.conditions import Conditions


def by_id(criterion: Criterion, type_: str, ids: Ids, conditions: Conditions) -> None:
    """Only resources of these ids; several `_id` parameters must all hold."""
    rids = [ids.rid_of(type_, value.code) for value in criterion.values if isinstance(value, TokenValue) and value.code]
    conditions.rids = rids if conditions.rids is None else [rid for rid in conditions.rids if rid in rids]
