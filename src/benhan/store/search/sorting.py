"""Orders that no index has: the values of the opened resources, compared. Source: FHIR R4 search.html#sort.

What has no value stands at the end, at the beginning where the order is turned round; of several values the first of
the order counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

from benhan.fhir.dates import period_range, range_of
from benhan.fhir.emitters import quantity_key
from benhan.fhir.folding import fold
from benhan.fhir.indexing import values_at, without_version
from benhan.fhir.search_parameters import SearchParameter, SearchRegistry
from benhan.store.search.expressions import Candidate
from benhan.store.search.string import texts_at

Key = tuple[Any, ...]


def in_order(
    candidates: list[Candidate], keys: tuple[tuple[str, bool], ...], registry: SearchRegistry
) -> list[Candidate]:
    """The candidates by each key in turn; type and rid break ties."""
    made = [
        ([_value(each, name, descending, registry) for name, descending in keys], each.key, each) for each in candidates
    ]

    def compared(one: Any, other: Any) -> int:
        for (_, descending), left, right in zip(keys, one[0], other[0], strict=True):
            if left != right:
                return _direction(left, right) * (-1 if descending else 1)
        return -1 if one[1] < other[1] else 1

    return [each for _, _, each in sorted(made, key=cmp_to_key(compared))]


def _direction(left: Key | None, right: Key | None) -> int:
    if left is None or right is None:
        return 1 if left is None else -1
    return -1 if left < right else 1


def _value(candidate: Candidate, name: str, descending: bool, registry: SearchRegistry) -> Key | None:  # noqa: FBT001
    if name == "_lastUpdated":
        return (candidate.stored.updated_at.timestamp(),)
    if name == "_id":
        return (candidate.stored.id,)
    parameter = registry.parameters_of(candidate.stored.type)[name]
    values = list(_keys(candidate, parameter))
    if not values:
        return None
    return max(values) if descending else min(values)


def _keys(candidate: Candidate, parameter: SearchParameter) -> Iterator[Key]:
    if parameter.type == "string":
        yield from ((fold(text),) for text in texts_at(candidate.plain, parameter))
        return
    readers = {"date": _dates, "token": _tokens, "number": _numbers, "quantity": _quantities}
    read = readers.get(parameter.type, _texts)
    for leaf in parameter.leaves:
        for value in values_at(candidate.plain, [leaf]):
            yield from read(value)


def _dates(value: Any) -> Iterator[Key]:
    if isinstance(value, dict):
        events = value.get("event")
        found = (
            [period_range(value.get("start"), value.get("end"))] if events is None else [range_of(e) for e in events]
        )
    else:
        found = [range_of(value)]
    yield from ((each[0].timestamp(), each[1].timestamp()) for each in found if each is not None)


def _tokens(value: Any) -> Iterator[Key]:
    if isinstance(value, dict):
        for coding in value.get("coding", (value,)):
            yield (str(coding.get("code", coding.get("value", ""))), coding.get("system", ""))
        if "coding" not in value and "text" in value:
            yield (value["text"], "")
    elif isinstance(value, bool):
        yield ("true" if value else "false", "")
    else:
        yield (str(value), "")


def _numbers(value: Any) -> Iterator[Key]:
    if isinstance(value, dict):
        ends = [value.get(name, {}).get("value") for name in ("low", "high")]
        yield from ((float(each),) for each in ends if each is not None)
    else:
        yield (float(value),)


def _quantities(value: Any) -> Iterator[Key]:
    for each in [value] if "value" in value else [value[name] for name in ("low", "high") if name in value]:
        keyed = quantity_key("", each)
        if keyed is not None:
            yield (keyed[0], keyed[1])


def _texts(value: Any) -> Iterator[Key]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if reference:
            yield (without_version(reference),)
    else:
        yield (str(value),)
