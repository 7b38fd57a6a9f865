"""trace, now, today, timeOfDay. Source: FHIRPath 2.0.0, "Utility functions"."""

from __future__ import annotations

from benhan.fhir.fhirpath.elements import Items
from benhan.fhir.fhirpath.environment import Closure, Environment
from benhan.fhir.fhirpath.functions import function, lazy_function
from benhan.fhir.fhirpath.temporals import from_datetime


@lazy_function("trace", 1, 2)
def trace(env: Environment, items: Items, name: Closure, projection: Closure | None = None) -> Items:
    """The items themselves. The tracer hears how many they are, never what they say: they may be personal data."""
    told = env.services.trace
    if told is not None:
        shown = items if projection is None else [each for item in items for each in projection(env, [item])]
        names = name(env, items)
        told(names[0] if names and type(names[0]) is str else "", len(shown))
    return items


@function("now")
def now(env: Environment, _: Items) -> Items:
    """The moment of this evaluation, to the millisecond."""
    return [from_datetime(env.now(), "DateTime")]


@function("today")
def today(env: Environment, _: Items) -> Items:
    """The day of this evaluation."""
    return [from_datetime(env.now(), "Date")]


@function("timeOfDay")
def time_of_day(env: Environment, _: Items) -> Items:
    """The time of this evaluation."""
    return [from_datetime(env.now(), "Time")]
