"""aggregate. Source: FHIRPath 2.0.0, "Aggregates"."""

from __future__ import annotations

from benhan.fhir.fhirpath.elements import Items
from benhan.fhir.fhirpath.environment import Closure, Environment, sized
from benhan.fhir.fhirpath.functions import lazy_function


@lazy_function("aggregate", 1, 2)
def aggregate(env: Environment, items: Items, aggregator: Closure, start: Closure | None = None) -> Items:
    """What is left in `$total` after the aggregator ran for each item."""
    env.spend(len(items))
    outer_index, outer_total = env.index, env.total
    total = [] if start is None else start(env, items)
    for env.index, item in enumerate(items):
        env.total = total
        total = sized(aggregator(env, [item]))
    env.index, env.total = outer_index, outer_total
    return total
