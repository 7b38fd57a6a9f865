"""One parameter with its value, parsed to what it asks of a resource: plain, chained, reversed.

Source: FHIR R4 search.html#modifiers, #chaining, #has.
"""

from __future__ import annotations

from benhan.fhir.definitions import resource_types
from benhan.fhir.emitters import emitter_of
from benhan.fhir.indexing import ALWAYS_THERE
from benhan.fhir.search_criteria import Chain, Criterion, FullText, Has, InList, Wanted
from benhan.fhir.search_parameters import R4, Leaf, SearchParameter, SearchRegistry
from benhan.fhir.search_texts import (
    BAD_HAS,
    BUILDING,
    CLAUSE,
    NO_CHAIN,
    NO_FUNCTIONAL_LIST,
    NO_QUERIES,
    TOO_DEEP,
    TOO_MANY,
    UNKNOWN_MODIFIER,
    bad_value,
    safe,
    unknown_parameter,
)
from benhan.fhir.search_values import CompositeValue, Value, split_at, split_values, unescape, value_of
from benhan.kernel.issues import Issue, error

VALUE_CHARACTERS_MAX = 1024

MODIFIERS: dict[str, tuple[str, ...]] = {
    "token": ("not", "text", "in", "not-in", "above", "below", "of-type", "missing"),
    "reference": ("identifier", "above", "below", "missing"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "string": ("exact", "contains", "missing"),
    "uri": ("above", "below", "missing"),
    "special": ("missing",),
    "composite": (),
}
"""Besides these a reference takes the name of a type. Source: search.html#modifiers; composites take none."""


class Mistake(Exception):  # noqa: N818  # a mistake of whoever asked, gathered with the others
    """What is wrong with one parameter of a search."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.kind)
        self.issue = issue


def parse_wanted(type_: str, name: str, text: str, registry: SearchRegistry, depth: int = 0) -> Wanted:
    """What `name=text` asks of a resource of `type_`. Raises Mistake."""
    most = registry.limits.chain_max
    if depth > most:
        raise Mistake(error("too-costly", "", TOO_DEEP.filled(limit=most), CLAUSE))
    if name.startswith("_has:"):
        return _has(name, text, registry, depth)
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    special = _special(code, modifier, text, registry)
    if special is not None and not dot:
        return special
    parameter = parameter_of(type_, code, registry)
    if dot:
        return _chain(type_, parameter, modifier, rest, text, registry, depth)
    return criterion_of(parameter, modifier, values_of(parameter, modifier, text, registry))


def parameter_of(type_: str, code: str, registry: SearchRegistry) -> SearchParameter:
    """The parameter of a type. Raises Mistake where there is none, or its index is being built."""
    parameter = registry.parameters_of(type_).get(code)
    if parameter is None:
        raise Mistake(unknown_parameter(type_, code, searchable(type_, registry)))
    if parameter.building:
        raise Mistake(error("incomplete", code, BUILDING.filled(name=code), CLAUSE))
    return parameter


def searchable(type_: str, registry: SearchRegistry) -> list[str]:
    """The names of everything that a search of `type_` may ask."""
    return sorted([*registry.parameters_of(type_), *SPECIAL])


SPECIAL = ("_content", "_filter", "_has", "_list", "_text")
"""What every type can be asked that no SearchParameter of R4 describes by an expression."""


def _special(code: str, modifier: str, text: str, registry: SearchRegistry) -> Wanted | None:
    if code == "_query":
        raise Mistake(error("not-supported", code, NO_QUERIES, CLAUSE))
    if code not in ("_text", "_content", "_list"):
        return None
    if modifier:
        raise Mistake(_no_modifier(code, modifier, ()))
    values = tuple(unescape(each) for each in _checked_values(code, text, registry))
    if not all(values):
        raise Mistake(bad_value(code, "string"))
    if code == "_list":
        if any(each.startswith("$") for each in values):
            raise Mistake(error("not-supported", code, NO_FUNCTIONAL_LIST, CLAUSE))
        return InList(tuple(each.removeprefix("List/") for each in values))
    return FullText("_text" if code == "_text" else "_content", values)


def criterion_of(parameter: SearchParameter, modifier: str, values: tuple[Value, ...]) -> Criterion:
    """A criterion of values that were checked."""
    return Criterion(parameter, modifier, values)


def values_of(parameter: SearchParameter, modifier: str, text: str, registry: SearchRegistry = R4) -> tuple[Value, ...]:
    """The values of a parameter. Raises Mistake for a modifier it does not take, or a value of another form."""
    code, kind = parameter.code, kind_of(parameter)
    _check_modifier(parameter, kind, modifier)
    texts = _checked_values(code, text, registry)
    found: list[Value | None] = [
        _composite(parameter, each) if kind == "composite" else value_of(kind, modifier, each) for each in texts
    ]
    if any(each is None for each in found) or (modifier == "missing" and len(found) > 1):
        raise Mistake(bad_value(code, "boolean" if modifier == "missing" else kind))
    return tuple(each for each in found if each is not None)


def kind_of(parameter: SearchParameter) -> str:
    """How the values of a parameter are written."""
    return {"_id": "token", "_lastUpdated": "date"}.get(parameter.code, parameter.type)


def modifiers_of(parameter: SearchParameter) -> tuple[str, ...]:
    """The modifiers a parameter takes, besides the names of types."""
    if parameter.code == "_id":
        return ("not", "missing")
    offered = MODIFIERS[kind_of(parameter)]
    if parameter.code in ALWAYS_THERE or all(leaf.type != "Identifier" for leaf in parameter.leaves):
        offered = tuple(each for each in offered if each != "of-type")
    return offered


def _check_modifier(parameter: SearchParameter, kind: str, modifier: str) -> None:
    if not modifier or modifier in modifiers_of(parameter):
        return
    if kind == "reference" and modifier in resource_types():
        return
    raise Mistake(_no_modifier(parameter.code, modifier, modifiers_of(parameter)))


def _no_modifier(code: str, modifier: str, valid: tuple[str, ...]) -> Issue:
    told = UNKNOWN_MODIFIER.filled(name=code, modifier=safe(modifier), valid=", ".join(valid) or "–")
    return error("not-supported", code, told, CLAUSE)


def _checked_values(code: str, text: str, registry: SearchRegistry) -> list[str]:
    texts = split_values(text)
    if len(texts) > registry.limits.values_max or any(len(each) > VALUE_CHARACTERS_MAX for each in texts):
        raise Mistake(error("too-costly", code, TOO_MANY, CLAUSE))
    return texts


def _composite(parameter: SearchParameter, text: str) -> CompositeValue | None:
    texts = split_at(text, "$")
    if len(texts) != len(parameter.components):
        return None
    parts = [value_of(component.type, "", each) for component, each in zip(parameter.components, texts, strict=True)]
    if any(part is None for part in parts):
        return None
    return CompositeValue(tuple(part for part in parts if part is not None))


def _chain(
    type_: str, parameter: SearchParameter, target: str, rest: str, text: str, registry: SearchRegistry, depth: int
) -> Chain:
    if kind_of(parameter) != "reference":
        raise Mistake(error("not-supported", parameter.code, NO_CHAIN.filled(name=parameter.code), CLAUSE))
    if target and target not in resource_types():
        raise Mistake(_no_modifier(parameter.code, target, ()))
    types = [target] if target else targets_of(parameter)
    inner: list[tuple[str, Wanted]] = []
    mistakes: list[Mistake] = []
    for each in types:
        try:
            inner.append((each, parse_wanted(each, rest, text, registry, depth + 1)))
        except Mistake as mistake:
            mistakes.append(mistake)
    if not inner:
        raise mistakes[0] if mistakes else Mistake(unknown_parameter(type_, f"{parameter.code}.{rest}", ()))
    return Chain(parameter, tuple(inner))


def targets_of(parameter: SearchParameter) -> list[str]:
    """The types a reference may point to, where the parameter tells them; else all."""
    return sorted(parameter.targets or set(parameter.target_types) or resource_types())


def _has(name: str, text: str, registry: SearchRegistry, depth: int) -> Has:
    parts = name.split(":", 3)
    if len(parts) < 4 or parts[1] not in resource_types():
        raise Mistake(error("value", "_has", BAD_HAS, CLAUSE))
    _, source, code, rest = parts
    parameter = parameter_of(source, code, registry)
    if kind_of(parameter) != "reference":
        raise Mistake(error("value", "_has", BAD_HAS, CLAUSE))
    return Has(source, parameter, parse_wanted(source, rest, text, registry, depth + 1))


def not_compared(parameter: SearchParameter) -> list[Leaf]:
    """The leaves of a parameter whose element type cannot be compared, so that they are never found."""
    if parameter.code in ALWAYS_THERE or parameter.type == "composite":
        return []
    return [leaf for leaf in parameter.leaves if emitter_of(parameter.type, leaf, main=False) is None]
