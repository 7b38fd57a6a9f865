"""What an evaluation knows besides what it reads, and how much it may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benhan.fhir.fhirpath.elements import Element, Items, key
from benhan.fhir.fhirpath.faults import TOO_LARGE, TOO_MANY_STEPS
from benhan.kernel.clock import VIETNAM, Clock, SystemClock

STEPS_MAX = 1_000_000
ITEMS_MAX = 100_000
CHARACTERS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Services:
    """What a pure engine cannot know; each may be None, and then the functions that need it say so.

    `resolve` gives the JSON of the resource that a reference text names, or None. `member_of` tells whether a code
    (the JSON of a Coding or CodeableConcept, or a text) is in the value set of a url, None where it is not known.
    `conforms_to` tells whether the JSON of an element follows the profile of a url, None where it is not known.
    `subsumes` tells whether the first code subsumes the second. `trace` is told names and numbers of items only.
    """

    resolve: Callable[[str], Any] | None = None
    member_of: Callable[[Any, str], bool | None] | None = None
    conforms_to: Callable[[Any, str], bool | None] | None = None
    subsumes: Callable[[Any, Any], bool | None] | None = None
    trace: Callable[[str, int], None] | None = None
    clock: Clock = field(default_factory=SystemClock)


NO_SERVICES = Services()
Closure = Callable[["Environment", Items], Items]
"""A compiled expression: from the environment and `$this` to a collection, which nobody changes afterwards."""


class Environment:
    """One evaluation: `%context`, `%resource`, `%rootResource`, the other variables, `$index`, `$total`."""

    __slots__ = ("_now", "context", "index", "resource", "root", "services", "steps", "steps_max", "total", "variables")

    def __init__(
        self,
        context: Items,
        resource: Items,
        root: Items,
        variables: Mapping[str, Any],
        services: Services,
        steps_max: int,
    ) -> None:
        self.context = context
        self.resource = resource
        self.root = root
        self.variables = variables
        self.services = services
        self.steps = self.steps_max = steps_max
        self.index: int | None = None
        self.total: Items = []
        self._now: datetime | None = None

    def spend(self, steps: int) -> None:
        """Count `steps`. Raises Incorrect BA-2012 when there have been too many."""
        self.steps -= steps
        if self.steps < 0:
            raise TOO_MANY_STEPS(limit=self.steps_max)

    def key(self, item: Any) -> Any:
        """The key of an item, paid for by the size of what it holds: each of a thousand may hold half a resource."""
        if isinstance(item, Element) and type(item.value) is dict:
            self.spend(_containers(item.value))
        return key(item)

    def now(self) -> datetime:
        """The moment of this evaluation, the same wherever it is asked, in the country's zone."""
        if self._now is None:
            self._now = self.services.clock.now().astimezone(VIETNAM)
        return self._now


def _containers(value: Any) -> int:
    """How many objects and arrays `value` has, itself among them."""
    count, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        count += 1
        waiting += [
            inner
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) is dict or type(inner) is list
        ]
    return count


def sized(items: Items) -> Items:
    """`items`. Raises Incorrect BA-2013 where they are too many."""
    if len(items) > ITEMS_MAX:
        raise TOO_LARGE(limit=ITEMS_MAX, what="items")
    return items


def fits(characters: int) -> None:
    """Raises Incorrect BA-2013 where a text of that length is too long."""
    if characters > CHARACTERS_MAX:
        raise TOO_LARGE(limit=CHARACTERS_MAX, what="characters")


def short(text: str) -> str:
    """`text`. Raises Incorrect BA-2013 where it is too long."""
    fits(len(text))
    return text
