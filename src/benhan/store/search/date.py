"""Date parameters: the type's main date from its columns, the others from `range_index`. Source: search.html#date."""

from __future__ import annotations

from benhan.fhir.main_values import MAIN_DATES
from benhan.fhir.search_query import Criterion, DateValue, Prefix
from benhan.store.search.conditions import Conditions, Parameters
from benhan.store.tokens import Tokens

_COMPARED = {
    Prefix.EQ: "({low} >= {start} and {high} <= {end})",
    Prefix.NE: "not ({low} >= {start} and {high} <= {end})",
    Prefix.GT: "({high} > {end})",
    Prefix.LT: "({low} < {start})",
    Prefix.GE: "({high} > {end} or ({low} >= {start} and {high} <= {end}))",
    Prefix.LE: "({low} < {start} or ({low} >= {start} and {high} <= {end}))",
    Prefix.SA: "({low} >= {end})",
    Prefix.EB: "({high} <= {start})",
}
"""Half-open ranges: of the resource from low to high, of the query from start to end."""

_IN_RANGES = (
    "exists (select 1 from range_index i where i.bucket = r.bucket and i.type = r.type and i.rid = r.rid"
    " and i.version = r.version and i.key = any({keys}::bigint[]) and {compared})"
)


def date(criterion: Criterion, type_: str, tokens: Tokens, conditions: Conditions) -> None:
    """A date compared as ranges compare."""
    parameters = conditions.parameters
    values = [value for value in criterion.values if isinstance(value, DateValue)]
    if criterion.code == "_lastUpdated":
        texts = [_updated(value, parameters) for value in values]
    elif criterion.code == MAIN_DATES.get(type_):
        texts = [_main(value, parameters) for value in values]
    else:
        keys = parameters.add([tokens.of(path) for path in criterion.parameter.paths])
        texts = [_other(value, keys, parameters) for value in values]
    conditions.texts.append("(" + " or ".join(texts) + ")")


def _main(value: DateValue, parameters: Parameters) -> str:
    start, end = value.range
    high = "coalesce(r.at_to, r.at_from + interval '1 second')"
    compared = _compared(value.prefix, "r.at_from", high, start, end, "timestamptz", parameters)
    return f"r.at_from is not null and {compared}"


def _updated(value: DateValue, parameters: Parameters) -> str:
    start, end = value.range
    high = "r.updated_at + interval '1 millisecond'"
    return _compared(value.prefix, "r.updated_at", high, start, end, "timestamptz", parameters)


def _other(value: DateValue, keys: str, parameters: Parameters) -> str:
    start, end = (each.timestamp() for each in value.range)
    compared = _compared(value.prefix, "i.low", "i.high", start, end, "float8", parameters)
    return _IN_RANGES.format(keys=keys, compared=compared)


def _compared(
    prefix: Prefix, low: str, high: str, start: object, end: object, kind: str, parameters: Parameters
) -> str:
    """The comparison, with only those ends among the parameters that it uses."""
    text = _COMPARED[prefix]
    ends = {
        name: f"{parameters.add(value)}::{kind}" if f"{{{name}}}" in text else ""
        for name, value in (("start", start), ("end", end))
    }
    return text.format(low=low, high=high, **ends)
