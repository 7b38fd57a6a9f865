"""What a row must satisfy, as an expression with two readings: SQL, and a test of an opened resource.

SQL may be wider than what is meant where the index cannot tell (`Checked`, `Linked`): such an expression is not exact,
and its rows are held against the opened resource. Both readings use the same index terms, written by `benhan.fhir`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import orjson

from benhan.fhir.dates import Range
from benhan.fhir.indexing import Indexed, index_resource
from benhan.fhir.search_criteria import Wanted
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_values import Prefix

if TYPE_CHECKING:
    from benhan.store.unit_of_work import Stored

Json = dict[str, Any]


class Candidate:
    """A resource that may match: opened, and indexed once when something asks for it."""

    def __init__(self, stored: Stored, registry: SearchRegistry) -> None:
        self.stored = stored
        self._registry = registry

    @property
    def key(self) -> tuple[str, int]:
        return self.stored.type, self.stored.rid

    @property
    def patient(self) -> int:
        """The patient whose compartment it is in."""
        return self.stored.patient

    @cached_property
    def plain(self) -> Json:
        found: Json = orjson.loads(self.stored.content)
        return found

    @cached_property
    def indexed(self) -> Indexed:
        return index_resource(self.plain, self._registry)

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(self.indexed.terms)


@dataclass(frozen=True, slots=True)
class Everything:
    """Any row."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No row."""


@dataclass(frozen=True, slots=True)
class AnyTerm:
    """At least one of these index terms."""

    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """None of these terms of security labels: nearly every row has no label at all."""

    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldTreating:
    """None of these terms of labels; or none of those that are kept even from who treats, who asks being one who treats
    the patient of the row by these keys at the moment. SQL tells it alone."""

    terms: tuple[str, ...]
    kept_even_then: tuple[str, ...]
    treats: tuple[str, ...]
    at: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class Present:
    """The parameter of this bit has a value."""

    bit: int


@dataclass(frozen=True, slots=True)
class OfIds:
    """One of these resources."""

    rids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfPatients:
    """In the compartment of one of these patients."""

    rids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InCare:
    """Of a patient to whom a relation of care leads: by `treatment`, or by `archived` where the relation is of an
    archived record. `is_shared`: what is of no patient too.

    It stands only beside other conditions or in one that SQL tells alone: an opened resource does not tell it.
    """

    treatment: tuple[str, ...]
    archived: tuple[str, ...]
    uses: int
    at: datetime = field(compare=False)
    is_shared: bool = False

    @property
    def keys(self) -> tuple[object, ...]:
        """Whom it leads to, but for the moment."""
        return (self.treatment, self.archived, self.uses)


@dataclass(frozen=True, slots=True)
class MainDate:
    """The type's main date compared with a half-open range."""

    prefix: Prefix
    range: Range


@dataclass(frozen=True, slots=True)
class Updated:
    """`meta.lastUpdated` compared with a half-open range."""

    prefix: Prefix
    range: Range


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the range from low to high of a resource is compared.

    With `closed` ends (numbers) an equality means low ≤ x < high of what the digits stand for, and `number` is what an
    order is compared with; else (dates) low and high are half-open.
    """

    prefix: Prefix
    low: float
    high: float
    number: float = 0.0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class InRanges:
    """A value under one of these keys of the table of ranges."""

    keys: tuple[str, ...]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class MainQuantity:
    """The type's main quantity."""

    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Checked:
    """`sure` is what SQL can tell, `check` what the opened resource tells."""

    sure: Expression
    check: Callable[[Candidate], bool]


@dataclass(frozen=True, slots=True)
class Linked:
    """What only other resources or a terminology can tell; `sure` is what SQL can tell of the row itself.

    The search resolves it to another expression where few resources are concerned, else asks for each row.
    """

    wanted: Wanted
    sure: Expression


@dataclass(frozen=True, slots=True)
class Beside:
    """Another resource of the compartment satisfies `inner`: the patient, or (`by` "patient") what is of the patient.

    SQL stops at the first that does. It stands only beside other conditions, never inside them: an opened resource does
    not tell what lies beside it.
    """

    type: str
    by: Literal["rid", "patient"]
    inner: Expression


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


Expression = (
    Everything | Nothing | AnyTerm | Unlabelled | ToldTreating | Present | OfIds | OfPatients | MainDate | Updated
    | InRanges | MainQuantity | InCare | Checked | Linked | Beside | All | AnyOf | Not
)  # fmt: skip


def all_of(parts: list[Expression]) -> Expression:
    """All of `parts`, nested conjunctions made flat."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else [part]
    flat = [part for part in flat if not isinstance(part, Everything)]
    if any(isinstance(part, Nothing) for part in flat):
        return Nothing()
    return flat[0] if len(flat) == 1 else All(tuple(flat)) if flat else Everything()


def any_of(parts: list[Expression]) -> Expression:
    """One of `parts`; alternatives of terms become one, and alternatives of patients."""
    terms = [term for part in parts if isinstance(part, AnyTerm) for term in part.terms]
    patients = [rid for part in parts if isinstance(part, OfPatients) for rid in part.rids]
    others = [part for part in parts if not isinstance(part, AnyTerm | OfPatients | Nothing)]
    if any(isinstance(part, Everything) for part in others):
        return Everything()
    found: list[Expression] = [AnyTerm(tuple(dict.fromkeys(terms)))] if terms else []
    found += [OfPatients(tuple(dict.fromkeys(patients)))] if patients else []
    found += others
    return found[0] if len(found) == 1 else AnyOf(tuple(found)) if found else Nothing()


def is_exact(expression: Expression) -> bool:
    """Whether SQL tells all of it."""
    match expression:
        case Checked() | Linked():
            return False
        case All(parts) | AnyOf(parts):
            return all(is_exact(part) for part in parts)
        case Not(part):
            return is_exact(part)
    return True


def widened(expression: Expression) -> Expression:
    """What SQL alone tells of it: what is tested after opening is left out."""
    match expression:
        case All(parts):
            return all_of([widened(part) for part in parts])
        case AnyOf(parts):
            return any_of([widened(part) for part in parts])
        case Not(part):
            return expression if is_exact(part) else Everything()
        case Checked(sure, _) | Linked(_, sure):
            return widened(sure)
    return expression


def residual(expression: Expression) -> Expression:
    """What SQL leaves to be tested of a row that it gave."""
    match expression:
        case All(parts):
            return all_of([residual(part) for part in parts])
        case Checked(sure, check) if is_exact(sure):
            return Checked(Everything(), check)
    return Everything() if is_exact(expression) else expression


def linked_in(expression: Expression) -> list[Linked]:
    """What is linked anywhere in it."""
    match expression:
        case Linked():
            return [expression]
        case All(parts) | AnyOf(parts):
            return [each for part in parts for each in linked_in(part)]
        case Not(part):
            return linked_in(part)
        case Checked(sure, _):
            return linked_in(sure)
    return []


def replaced(expression: Expression, by: Mapping[int, Expression]) -> Expression:
    """A copy with each Linked (by its identity) replaced."""
    match expression:
        case Linked():
            return by.get(id(expression), expression)
        case All(parts):
            return all_of([replaced(part, by) for part in parts])
        case AnyOf(parts):
            return any_of([replaced(part, by) for part in parts])
        case Not(part):
            return Not(replaced(part, by))
    return expression


# ── the second reading: an opened resource ──

Meeting = Mapping[int, set[tuple[str, int]]]
"""For each Linked (by its identity) the keys of the candidates that meet it."""


def holds(expression: Expression, candidate: Candidate, meeting: Meeting) -> bool:
    """Whether an opened resource satisfies it."""
    match expression:
        case All(parts):
            return all(holds(part, candidate, meeting) for part in parts)
        case AnyOf(parts):
            return any(holds(part, candidate, meeting) for part in parts)
        case Not(part):
            return not holds(part, candidate, meeting)
        case Linked():
            return candidate.key in meeting[id(expression)]
        case Checked(sure, check):
            return holds(sure, candidate, meeting) and check(candidate)
    return _holds_alone(expression, candidate)


def _holds_alone(expression: Expression, candidate: Candidate) -> bool:
    match expression:
        case Everything():
            return True
        case AnyTerm(terms):
            return not candidate.terms.isdisjoint(terms)
        case Unlabelled(terms):
            return candidate.terms.isdisjoint(terms)
        case Present(bit):
            return bool(candidate.indexed.present >> bit & 1)
        case OfIds(rids):
            return candidate.stored.rid in rids
        case OfPatients(rids):
            return candidate.patient in rids
        case Beside() | InCare() | ToldTreating():
            raise AssertionError("what lies beside a resource is told by SQL alone")
        case Updated(prefix, range_):
            low = candidate.stored.updated_at.timestamp()
            return compare(_dates(prefix, range_), low, low + 0.001)
    return _holds_value(expression, candidate)


def _holds_value(expression: Expression, candidate: Candidate) -> bool:
    indexed = candidate.indexed
    match expression:
        case MainDate(prefix, range_):
            at = indexed.at
            return at is not None and compare(_dates(prefix, range_), at[0].timestamp(), at[1].timestamp())
        case MainQuantity(comparison):
            return indexed.quantity is not None and compare(comparison, indexed.quantity, indexed.quantity)
        case InRanges(keys, comparison):
            return any(entry.key in keys and compare(comparison, entry.low, entry.high) for entry in indexed.ranges)
    return False


def _dates(prefix: Prefix, range_: Range) -> Comparison:
    return Comparison(prefix, range_[0].timestamp(), range_[1].timestamp())


def compare(comparison: Comparison, low: float, high: float) -> bool:
    """Whether a resource's range from `low` to `high` compares so. Source: search.html#prefix."""
    prefix, start, end = comparison.prefix, comparison.low, comparison.high
    if comparison.closed:
        return _compare_numbers(prefix, start, end, comparison.number, low, high)
    inside = low >= start and high <= end
    match prefix:
        case Prefix.EQ:
            return inside
        case Prefix.NE:
            return not inside
        case Prefix.GT:
            return high > end
        case Prefix.LT:
            return low < start
        case Prefix.GE:
            return high > end or inside
        case Prefix.LE:
            return low < start or inside
        case Prefix.SA:
            return low >= end
        case Prefix.EB:
            return high <= start
    return low < end and high > start


def _compare_numbers(prefix: Prefix, start: float, end: float, number: float, low: float, high: float) -> bool:
    match prefix:
        case Prefix.EQ:
            return low >= start and high < end
        case Prefix.NE:
            return not (low >= start and high < end)
        case Prefix.GT:
            return high > number
        case Prefix.LT:
            return low < number
        case Prefix.GE:
            return high >= number
        case Prefix.LE:
            return low <= number
        case Prefix.SA:
            return low > number
        case Prefix.EB:
            return high < number
    return low <= end and high >= start


@dataclass(slots=True)
class Asking:
    """What compiling needs to know of the request: now, and the moment of what it compares with."""

    now: datetime
    base_url: str = ""
    notes: list[str] = field(default_factory=list)
