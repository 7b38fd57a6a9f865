"""The SQL of a search: which rows, by which path, in which order, at which moment.

A condition is written so that only the chosen path's index fits it; so PostgreSQL need not plan anew for every value,
and the choice is ours to explain. Every text names the bucket, or says why it looks everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from benhan.fhir.dates import FIRST
from benhan.fhir.search_values import Prefix
from benhan.store.care import related, treated_by, why
from benhan.store.ids import bucket_of
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expressions import (
    All,
    AnyOf,
    AnyTerm,
    Beside,
    Checked,
    Comparison,
    Everything,
    Expression,
    InCare,
    InRanges,
    Linked,
    MainDate,
    MainQuantity,
    Not,
    Nothing,
    OfIds,
    OfPatients,
    Present,
    ToldTreating,
    Unlabelled,
    Updated,
    all_of,
    any_of,
    is_exact,
)
from benhan.store.search.spans import Span
from benhan.store.secrecy import bears_none
from benhan.store.tokens import Tokens

FAN_OUT = "neither a patient nor an id was asked for: the answer may lie in any compartment"

Column = Literal["rid", "patient"]
COLUMNS = "r.type, r.rid, r.version, r.patient, r.updated_at, r.content, r.at_from"


class Path(Enum):
    """How the rows are reached."""

    IDS = "by their ids, in their compartments"
    PATIENT = "in the compartments of the patients"
    TOKENS = "by the inverted index of tokens: few rows have them"
    SPANS = "by the inverted index of tokens within spans of the order, until the page is full: of many rows some match"
    ORDER = "in the order asked for, until the page is full: many rows match"
    UPDATED = "by the time of the last change, from the newest or oldest on"
    PLANNED = "as PostgreSQL plans: there are no statistics yet, or the order is none of the store's"


_BOUND = (Path.IDS, Path.PATIENT)
_BY_TOKENS = (Path.TOKENS, Path.SPANS, Path.PLANNED)
_BY_DATE = (Path.ORDER, Path.SPANS, Path.PLANNED)
_WITHOUT_DATE = (Path.ORDER, Path.PLANNED)
_LISTED = (Path.TOKENS, Path.SPANS)
"""Sets of paths; a member of an Enum costs a call each time it is named."""


@dataclass(frozen=True, slots=True)
class Order:
    """The column that orders the rows, "" for none; the rid breaks ties."""

    column: str
    descending: bool

    @property
    def sql(self) -> str:
        if not self.column:
            return f"order by r.rid {'desc' if self.descending else 'asc'}"
        if self.descending:
            return f"order by r.{self.column} desc nulls first, r.rid desc"
        return f"order by r.{self.column} asc nulls last, r.rid asc"


class Place(NamedTuple):
    """Where the page before ended."""

    at: datetime | None
    rid: int


class Statement(NamedTuple):
    """A text with its parameters; `fan_out` is the reason where it names no bucket."""

    sql: str
    values: list[Any]
    fan_out: str


@dataclass(slots=True)
class Parameters:
    """The parameters of one statement, numbered as they are added."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """`$n` of a value."""
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(slots=True)
class Asked:
    """What a statement is made of. `type_number` 0 for any type."""

    type_number: int
    expression: Expression
    path: Path
    moment: str = ""
    span: Span | None = None


def select(asked: Asked, tokens: Tokens, order: Order, *, limit: int, after: Place | None = None) -> Statement:
    """The rows of a page, at most `limit`.

    The limit stands in the text: a plan that is made once for all values would else reckon with a tenth of all rows.
    """
    end = f"{order.sql} limit {limit:d}"  # no value
    writer, parameters, selects = _Writer(asked, tokens), Parameters(), list[str]()
    for branch in [asked.expression] if writer.is_bound else branches(asked.expression):
        sought, looked = _parted(branch) if asked.path in _LISTED and order.column else (branch, [])
        writer = _Writer(asked if sought is asked.expression else replace(asked, expression=sought), tokens, parameters)
        source, texts = writer.rows()
        if not order.column and asked.type_number and asked.path in _WITHOUT_DATE:
            texts.append("r.at_from is null")  # so it is for every resource of such a type; it names the index
        if after is not None:
            texts.append(_after(order, after, parameters))
        if looked:
            source = f"from (select r.bucket, {COLUMNS} {source} where {' and '.join(texts)} {order.sql} offset 0) r"
            texts = [writer.text(each) for each in looked]
        columns = f"{COLUMNS}{_dated(asked)}{writer.reason()}"
        selects.append(f"select {columns} {source} where {' and '.join(texts)} {end}")
    if len(selects) == 1:
        return Statement(selects[0], parameters.values, writer.fan_out)
    source = f"from (({') union all ('.join(selects)})) r"
    return Statement(f"select * {source} {end}", parameters.values, writer.fan_out)


def _parted(expression: Expression) -> tuple[Expression, list[Expression]]:
    """What rows are sought by, and what is looked up beside each: once they are in order, until the page is full."""
    parts = expression.parts if isinstance(expression, All) else (expression,)
    looked: list[Expression] = [part for part in parts if isinstance(part, Beside)]
    return (all_of([part for part in parts if part not in looked]), looked) if looked else (expression, [])


def distinct(asked: Asked, tokens: Tokens, column: Column, *, limit: int) -> Statement:
    """The distinct values of a column, at most `limit`."""
    writer = _Writer(asked, tokens)
    source, texts = writer.rows()
    sql = f"select distinct r.{column}{_dated(asked)} {source} where {' and '.join(texts)} limit {limit:d}"  # no value
    return Statement(sql, writer.parameters.values, writer.fan_out)


def _dated(asked: Asked) -> str:
    """The column that tells the moment of the statement, where it is not asked of an earlier one."""
    return "" if asked.moment else ", (select pg_current_snapshot()::text) as moment"


def count(asked: Asked, tokens: Tokens) -> Statement:
    """How many rows there are in all."""
    writer = _Writer(asked, tokens)
    source, texts = writer.rows()
    sql = f"select count(*) {source} where {' and '.join(texts)}"  # no value
    return Statement(sql, writer.parameters.values, writer.fan_out)


def every(asked: Asked, tokens: Tokens, columns: str, narrowed: Callable[[Parameters], list[str]]) -> Statement:
    """All rows in no order, narrowed by further conditions: what an export reads."""
    writer = _Writer(asked, tokens)
    source, texts = writer.rows()
    texts += narrowed(writer.parameters)
    sql = f"select {columns} {source} where {' and '.join(texts)}"  # no value
    return Statement(sql, writer.parameters.values, writer.fan_out)


def condition(expression: Expression, tokens: Tokens, parameters: Parameters) -> str:
    """The condition of an expression on the row `r`, for a statement that is not a search's; wider where not exact."""
    writer = _Writer(Asked(0, expression, Path.PATIENT), tokens)
    writer.parameters = parameters
    return writer.text(expression)


def conjuncts(expression: Expression) -> Sequence[Expression]:
    """The parts of which all must hold, those that a check is surely narrowed by included."""
    parts = expression.parts if isinstance(expression, All) else (expression,)
    found: list[Expression] = []
    for part in parts:
        if isinstance(part, Checked | Linked):
            found += conjuncts(part.sure)
        else:
            found.append(part)
    return found


def branches(expression: Expression) -> list[Expression]:
    """The expression taken apart where some of it may stand in the table of ranges: what the row tells, and the rest.

    What the row tells can be sought by its terms; the rest is seldom anything, which PostgreSQL sees before it begins.
    """
    parts = expression.parts if isinstance(expression, All) else (expression,)
    for number, part in enumerate(parts):
        if not isinstance(part, AnyOf) or not is_exact(part):
            continue
        ranges = [each for each in part.parts if isinstance(each, InRanges)]
        told = any_of([each for each in part.parts if not isinstance(each, InRanges)])
        if len(ranges) == 1 and not isinstance(told, Nothing):
            others = [*parts[:number], *parts[number + 1 :]]
            return [all_of([told, *others]), all_of([*others, ranges[0], Not(told)])]
    return [expression]


class _Writer:
    """Writes the conditions of one statement, on the row called `row`."""

    def __init__(self, asked: Asked, tokens: Tokens, parameters: Parameters | None = None, row: str = "r") -> None:
        self._asked = asked
        self._tokens = tokens
        self._row = row
        self._patient: tuple[str, str] | None = None
        """The only patient whose rows are read, by bucket and rid: what is asked of them is asked once."""
        self.parameters = parameters or Parameters()
        self.fan_out = "" if asked.path in _BOUND else FAN_OUT

    @property
    def is_bound(self) -> bool:
        """Whether it names the buckets it looks into."""
        return not self.fan_out

    def rows(self) -> tuple[str, list[str]]:
        """The from clause and the conditions."""
        asked, parts = self._asked, list(conjuncts(self._asked.expression))
        source, texts = "from resource r", list[str]()
        driver = next((part for part in parts if isinstance(part, OfIds | OfPatients)), None)
        if asked.path in _BOUND:
            assert driver is not None
            parts.remove(driver)
            source, texts = self._driven(driver)
        if asked.type_number:
            number = self.parameters.add(asked.type_number)
            by_tokens = asked.path is Path.TOKENS and any(isinstance(part, AnyTerm) for part in parts)
            is_free = by_tokens or asked.path is Path.UPDATED
            texts.append(f"r.type + 0 = {number}" if is_free else f"r.type = {number}")
            if asked.path in _BY_DATE:
                texts += [self._earliest(part, number) for part in parts if isinstance(part, MainDate)]
        texts += ["r.content is not null", self._when(), *self._within()]
        return source, [text for text in texts if text] + self._conjunction(parts)

    def _earliest(self, date: MainDate, type_number: str) -> str:
        """Where a walk by the date may begin, when the comparison itself names an end only: "" where it need not."""
        if date.prefix not in (Prefix.GE, Prefix.GT, Prefix.AP):
            return ""
        start, add = date.range[0], self.parameters.add
        begin, far = (start - each if start - FIRST > each else FIRST for each in (_SHORT, _LONG))
        return _EARLIEST.format(begin=add(begin), far=add(far), start=add(start), type_number=type_number)

    def _driven(self, driver: OfIds | OfPatients) -> tuple[str, list[str]]:
        """Rows reached by ids or patients: one is named, several are joined."""
        pairs = sorted({(bucket_of(rid), rid) for rid in driver.rids})
        if isinstance(driver, OfIds) and self._asked.type_number:
            return self._placed(pairs)
        column = "rid" if isinstance(driver, OfIds) else "patient"
        if len(pairs) == 1:
            [(bucket, rid)] = pairs
            given, there = f"{self.parameters.add(bucket)}::smallint", f"{self.parameters.add(rid)}::bigint"
            if column == "patient":
                self._patient = (given, there)
            return "from resource r", [f"r.bucket = {given}", f"r.{column} = {there}"]
        return f"{self._joined(pairs)} join resource r on r.bucket = w.bucket and r.{column} = w.rid", []

    def _placed(self, pairs: Sequence[tuple[int, int]]) -> tuple[str, list[str]]:
        """Ids of one type: where their rids say that they are, and where else they were put."""
        add = self.parameters.add
        number = add(self._asked.type_number)
        if len(pairs) == 1:
            [(bucket, rid)] = pairs
            given, there = f"{add(bucket)}::smallint", f"{add(rid)}::bigint"
            placed = _PLACED.format(bucket=given, type=number, rid=there)
            return "from resource r", [f"r.bucket = any(array[{given}, ({placed})])", f"r.rid = {there}"]
        placed = f"left join placement p on p.bucket = w.bucket and p.type = {number} and p.rid = w.rid"
        joined = "join resource r on r.bucket = any(array[w.bucket, p.at_bucket]) and r.rid = w.rid"
        return f"{self._joined(pairs)} {placed} {joined}", []

    def _joined(self, pairs: Sequence[tuple[int, int]]) -> str:
        buckets, rids = zip(*pairs, strict=True) if pairs else ((), ())
        add = self.parameters.add
        return f"from unnest({add(list(buckets))}::smallint[], {add(list(rids))}::bigint[]) as w (bucket, rid)"

    def _conjunction(self, parts: Sequence[Expression]) -> list[str]:
        terms = {part.terms[0] for part in parts if isinstance(part, AnyTerm) and len(part.terms) == 1}
        single = sorted(self._tokens.of(term) for term in terms)
        texts = [self._with_all(single)] if single else []
        mask = 0
        for part in parts:
            if isinstance(part, Present):
                mask |= 1 << part.bit
            elif not _is_single(part):
                texts.append(self.text(part, at_top=True))
        if mask:
            given = self.parameters.add(mask)
            texts.append(_ASIDE.format(f"{self._row}.present & {given}::bigint = {given}::bigint"))
        return texts

    def _with_all(self, tokens: Sequence[int]) -> str:
        """The row has all of the tokens: sought in the inverted index on its paths, else looked for one by one."""
        add = self.parameters.add
        if self._by_tokens:
            return f"{self._row}.tokens @> {add(list(tokens))}::bigint[]"
        return _ASIDE.format(" and ".join(f"{add(token)}::bigint = any({self._row}.tokens)" for token in tokens))

    def _free(self, text: str) -> str:
        """A condition on tokens, written so that the inverted index fits it only on its own path."""
        return text if self._by_tokens else _ASIDE.format(text)

    @property
    def _by_tokens(self) -> bool:
        return self._asked.path in _BY_TOKENS

    def _when(self) -> str:
        """The current versions, or those that were current at the moment (a PostgreSQL snapshot)."""
        row = self._row
        if not self._asked.moment:
            return f"{row}.until is null"
        at = f"(select {self.parameters.add(self._asked.moment)}::text::pg_snapshot)"  # read once, not for every row
        return (
            f"pg_visible_in_snapshot({row}.since, {at})"
            f" and ({row}.until is null or not pg_visible_in_snapshot({row}.until, {at}))"
        )

    def _within(self) -> list[str]:
        span = self._asked.span
        if span is None:
            return []
        start, end = (self.parameters.add(each) for each in (span.start, span.end))
        text = f"r.{span.column} >= {start}::timestamptz and r.{span.column} < {end}::timestamptz"
        return [f"({text} or r.{span.column} is null)" if span.and_null else text]

    # ── one expression ──

    def text(self, expression: Expression, *, at_top: bool = False) -> str:
        """The condition of an expression, wider than it where it is not exact."""
        match expression:
            case All(parts):
                return "(" + " and ".join(self.text(part) for part in parts) + ")" if parts else "true"
            case AnyOf(parts):
                return "(" + " or ".join(self.text(part) for part in parts) + ")" if parts else "false"
            case Not(AnyTerm(terms)):  # no index is sought by this, and the planner knows how few rows it shuts out
                found = [self._tokens.of(term) for term in terms]
                return f"not {self._row}.tokens && {self.parameters.add(found)}::bigint[]"
            case Not(part):
                return f"({self.text(part)}) is not true" if is_exact(part) else "true"
            case Checked(sure, _) | Linked(_, sure):
                return self.text(sure)
            case AnyTerm(terms):
                found = [self._tokens.of(term) for term in terms]
                text = f"{self._row}.tokens && {self.parameters.add(found)}::bigint[]"
                return self._free(text) if at_top else _ASIDE.format(text)
        return self._leaf(expression)

    def _leaf(self, expression: Expression) -> str:
        add, row = self.parameters.add, self._row
        match expression:
            case Everything():
                return "true"
            case Unlabelled(terms):  # as text, read for the few rows that bear a label: arrays are dear to send
                return bears_none(row, f"{add(_array(self._tokens, terms))}::text::bigint[]")
            case Present(bit):
                return f"{row}.present & {add(1 << bit)}::bigint <> 0"
            case OfIds(rids):
                return f"{row}.rid = any({add(list(rids))}::bigint[])"
            case OfPatients(rids):
                return f"{row}.patient = any({add(list(rids))}::bigint[])"
            case MainDate(prefix, range_):
                low = f"{row}.at_from"
                high = f"coalesce({row}.at_to, {low} + interval '1 second')"
                compared = self._dates(prefix, low, high, range_, "timestamptz")
                return f"({low} is not null and {compared})"
            case Updated(prefix, range_):
                low = f"{row}.updated_at"
                return self._dates(prefix, low, f"{low} + interval '1 millisecond'", range_, "timestamptz")
            case MainQuantity(comparison):
                number = f"{row}.quantity"
                return f"({number} is not null and {self._compared(number, number, comparison)})"
            case InRanges(keys, comparison):
                return self._in_ranges(keys, comparison)
            case Beside(type_, by, inner):
                return self._beside(type_, by, inner)
            case InCare() | ToldTreating():
                return self._by_relation(expression)
            case Nothing():
                return "false"
        raise AssertionError(expression)

    def _by_relation(self, asked: InCare | ToldTreating) -> str:
        """A relation is looked up in the row's own bucket."""
        return self._in_care(asked) if isinstance(asked, InCare) else self._told_treating(asked)

    def _in_care(self, care: InCare) -> str:
        add = self.parameters.add
        reach = (add(list(care.treatment)), add(list(care.archived)), add(care.uses))
        text = related(self._row, reach, add(care.at), whose=self._patient)
        return f"({self._row}.patient = 0 or {text})" if care.is_shared else text

    def reason(self) -> str:
        """The column that tells by which relation the only patient is in reach, where that is asked; else nothing."""
        care = next((part for part in conjuncts(self._asked.expression) if isinstance(part, InCare)), None)
        if care is None or self._patient is None:
            return ""
        add = self.parameters.add
        reach = (add(list(care.treatment)), add(list(care.archived)), add(care.uses))
        return f", {why(reach, add(care.at), self._patient)} as why"

    def _told_treating(self, told: ToldTreating) -> str:
        """Nearly every row bears no label: then no relation is looked up."""
        add, row = self.parameters.add, self._row
        hidden, always = (
            f"{add([self._tokens.of(term) for term in terms])}::bigint[]" for terms in (told.terms, told.kept_even_then)
        )
        by = treated_by(row, f"{add(list(told.treats))}::text[]", f"{add(told.at)}::timestamptz")
        return f"({bears_none(row, hidden)} or {bears_none(row, always)} and {by})"

    def _beside(self, type_: str, by: Column, inner: Expression) -> str:
        """Looked up for each row that all else holds for, in the row's own bucket."""
        other = Asked(TYPE_NUMBERS[type_], inner, Path.PATIENT, self._asked.moment)
        writer = _Writer(other, self._tokens, self.parameters, "o")
        wanted = f"o.{by} = {self._row}.{'patient' if by == 'rid' else 'rid'}"
        number = self.parameters.add(other.type_number)
        texts = ["o.content is not null", writer._when(), *writer._conjunction(conjuncts(inner))]
        return _BESIDE.format(row=self._row, wanted=wanted, number=number, texts=" and ".join(texts))

    def _in_ranges(self, keys: Sequence[str], comparison: Comparison) -> str:
        hashed = self.parameters.add([self._tokens.of(key) for key in keys])
        if comparison.closed:
            compared = self._compared("i.low", "i.high", comparison)
        else:
            ends = (comparison.low, comparison.high)
            compared = self._dates(comparison.prefix, "i.low", "i.high", ends, "float8")
        text = _IN_RANGES.format(keys=hashed, compared=compared, row=self._row)
        return f"({_ANY_IN_RANGES.format(keys=hashed)} and {text})" if self.fan_out else text

    def _dates(self, prefix: Prefix, low: str, high: str, ends: tuple[object, object], kind: str) -> str:
        return self._filled(_DATES[prefix], low, high, {"start": ends[0], "end": ends[1]}, kind)

    def _compared(self, low: str, high: str, comparison: Comparison) -> str:
        ends: dict[str, object] = {"start": comparison.low, "end": comparison.high, "number": comparison.number}
        return self._filled(_NUMBERS[comparison.prefix], low, high, ends, "float8")

    def _filled(self, text: str, low: str, high: str, ends: dict[str, object], kind: str) -> str:
        """The comparison, with only those ends among the parameters that it uses."""
        given = {
            name: f"{self.parameters.add(value)}::{kind}" if f"{{{name}}}" in text else ""
            for name, value in ends.items()
        }
        return text.format(low=low, high=high, **given)


_PLACED = "select p.at_bucket from placement p where p.bucket = {bucket} and p.type = {type} and p.rid = {rid}"
_ASIDE = "case when {} then true else false end"
"""A condition that no index fits, and that PostgreSQL takes every second row to satisfy."""
_IN_RANGES = (
    "exists (select 1 from range_index i where i.bucket = {row}.bucket and i.type = {row}.type and i.rid = {row}.rid"
    " and i.version = {row}.version and i.key = any({keys}::bigint[]) and {compared})"
)
_ANY_IN_RANGES = (
    "exists (select 1 from unnest({keys}::bigint[]) w (key)"
    " where (select i.low from range_index i where i.key = w.key order by i.low limit 1) is not null)"
)
"""Asked once a statement: many a key is nobody's, and then no row need be looked up. In the order of an index, so that
the plan, which is made for keys of any frequency, reads no more of it."""
_BESIDE = (
    "exists (select 1 from resource o where o.bucket = {row}.bucket and {wanted} and o.type = {number} and {texts}"
    " offset 0)"
)
"""The offset keeps PostgreSQL from making a join of it, which would begin with all that is beside any row."""

_SHORT, _LONG = timedelta(days=2), timedelta(days=400)
_EARLIEST = (
    "r.at_from >= least({begin}::timestamptz,"
    " (select min(at_from) from resource where type = {type_number} and at_from >= {far}::timestamptz"
    " and at_to - at_from > interval '2 days' and at_to > {start}::timestamptz),"
    " (select min(at_from) from resource where type = {type_number}"
    " and at_to - at_from > interval '400 days' and at_to > {start}::timestamptz))"
)
"""What ends after a date began less than two days before it, or is of the few that are longer, which have an index; and
of these less than 400 days before it, or of the very few that are longer still."""
_DATES = {
    Prefix.EQ: "({low} >= {start} and {low} < {end} and {high} <= {end})",
    Prefix.NE: "not ({low} >= {start} and {high} <= {end})",
    Prefix.GT: "({high} > {end})",
    Prefix.LT: "({low} < {start})",
    Prefix.GE: "({high} > {end} or ({low} >= {start} and {high} <= {end}))",
    Prefix.LE: "({low} < {end} and ({low} < {start} or ({low} >= {start} and {high} <= {end})))",
    Prefix.SA: "({low} >= {end})",
    Prefix.EB: "({low} < {start} and {high} <= {start})",
    Prefix.AP: "({low} < {end} and {high} > {start})",
}
"""Half-open ranges: of the resource from low to high, of the query from start to end.

Where it follows from the rest, a bound of `low` stands beside it, which an index can use.
"""

_NUMBERS = {
    Prefix.EQ: "({low} >= {start} and {high} < {end})",
    Prefix.NE: "not ({low} >= {start} and {high} < {end})",
    Prefix.GT: "({high} > {number})",
    Prefix.LT: "({low} < {number})",
    Prefix.GE: "({high} >= {number})",
    Prefix.LE: "({low} <= {number})",
    Prefix.SA: "({low} > {number})",
    Prefix.EB: "({high} < {number})",
    Prefix.AP: "({low} <= {end} and {high} >= {start})",
}
"""Numbers from low to high; of the query the range its digits stand for, and the number itself."""


@lru_cache(64)
def _array(tokens: Tokens, terms: tuple[str, ...]) -> str:
    """The tokens of terms as PostgreSQL writes an array."""
    return f"{{{','.join(str(tokens.of(term)) for term in terms)}}}"


def _is_single(part: Expression) -> bool:
    return isinstance(part, AnyTerm) and len(part.terms) == 1


def _after(order: Order, after: Place, parameters: Parameters) -> str:
    column, mark, rid = f"r.{order.column}", "<" if order.descending else ">", parameters.add(after.rid)
    if not order.column:
        return f"r.rid {mark} {rid}"
    if after.at is None:
        same = f"({column} is null and r.rid {mark} {rid})"
        return f"({same} or {column} is not null)" if order.descending else same
    at = f"{parameters.add(after.at)}::timestamptz"
    later = f"({column}, r.rid) {mark} ({at}, {rid}::bigint)"
    return later if order.descending else f"({later} or {column} is null)"
