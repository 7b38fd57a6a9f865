"""The search parameters of R4: what each looks at, as paths of elements with their types.

A path (`Observation.code`) is indexed once, however many parameters look at it: `patient` and `subject` share
`Observation.subject`, `combo-code` is `code` and `component-code` together. The query asks for any of a
parameter's paths.
Source: FHIR R4 searchparameter-registry.html; the subset of FHIRPath that its expressions use.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import orjson

from benhan.fhir.definitions import Type, table_lines, type_of
from benhan.fhir.search_limits import QueryLimits

Filter = tuple[str, ...]
"""How a step is narrowed: ("equals", name, value), ("extension", url), ("first",), ("has-extension", url)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One JSON member on the way, and what narrows it."""

    name: str
    narrowed: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where values stand: the steps from the resource, the type of what is there, the path it is indexed under."""

    steps: tuple[Step, ...]
    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite: what kind it is, and for each context where its values stand.

    The steps lead from the context's element (from the resource where the expression begins with `%resource`); the path
    is the one its values are indexed under.
    """

    code: str
    type: str
    leaves: tuple[tuple[Leaf, ...], ...]
    from_resource: bool


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter of one resource type.

    `targets` narrows references to types (`patient` → Patient); empty where any is meant. `target_types` are all types
    it may point to. `bit` says in the column `present` whether a resource has a value of it, -1 for none. The leaves of
    a composite are its contexts. `computed`: it is `true` or `false` for every resource (`deceased`).
    """

    code: str
    type: str
    leaves: tuple[Leaf, ...]
    targets: frozenset[str]
    target_types: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    bit: int = -1
    computed: bool = False
    url: str = ""
    building: bool = False
    paths: tuple[str, ...] = field(init=False, compare=False, repr=False)
    """Where its values stand, each once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(dict.fromkeys(leaf.path for leaf in self.leaves)))


BITS = 63
"""Parameters of one type whose presence a column of 64 bits can tell."""

_MENDED = {("InsurancePlan", "name | alias"): "InsurancePlan.name | InsurancePlan.alias"}
"""Expressions that R4 published without their type."""


class SearchRegistry:
    """The parameters of every type: those of R4, and further ones of a store; and how much a search by them may ask.

    A custom record is a dictionary of the same form as a line of the table, with `building` where its index is not
    complete yet.
    """

    def __init__(self, custom: Sequence[Mapping[str, Any]] = (), limits: QueryLimits | None = None) -> None:
        self.limits = limits or QueryLimits()
        self._custom = tuple(custom)
        self._known: dict[str, Mapping[str, SearchParameter]] = {}
        self.memo: dict[str, Any] = {}
        """What others compile out of the parameters of a type."""
        self.wanted: dict[tuple[str, str, str], Any] = {}
        """What was asked lately, parsed: by type, name and text."""

    @property
    def custom(self) -> tuple[Mapping[str, Any], ...]:
        return self._custom

    def parameters_of(self, type_: str) -> Mapping[str, SearchParameter]:
        """The parameters of a resource type by code, those of every resource (`_tag`, …) included."""
        known = self._known.get(type_)
        if known is None:
            known = self._known[type_] = _compiled(type_, self._custom)
        return known


R4 = SearchRegistry()


def parameters_of(type_: str) -> Mapping[str, SearchParameter]:
    """The parameters of R4 of a resource type by code, those of every resource (`_tag`, …) included."""
    return R4.parameters_of(type_)


def _compiled(type_: str, custom: Sequence[Mapping[str, Any]]) -> Mapping[str, SearchParameter]:
    found: dict[str, SearchParameter] = {}
    own = [record for record in custom if type_ in record["base"]]
    for record in [*_records()["Resource"], *_records()["DomainResource"], *_records()[type_], *own]:
        parameter = compiled(record, type_)
        if parameter is not None:
            found[parameter.code] = parameter
    standard = sorted(code for code, each in found.items() if not _is_custom(each, own))
    added = [str(record["code"]) for record in own if record["code"] in found]
    for bit, code in enumerate([*standard, *dict.fromkeys(added)][:BITS]):
        found[code] = replace(found[code], bit=bit)
    return found


def _is_custom(parameter: SearchParameter, own: Sequence[Mapping[str, Any]]) -> bool:
    return any(parameter.url == record["url"] for record in own)


@cache
def _records() -> Mapping[str, list[dict[str, Any]]]:
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in table_lines("search_parameters.jsonl"):
        record = orjson.loads(line)
        for base in record["base"]:
            records[base].append(record)
    return records


@cache
def _kinds() -> Mapping[str, tuple[str, str]]:
    """Code and type of every parameter by the last part of its url."""
    return {
        record["url"].rsplit("/", 1)[1]: (record["code"], record["type"])
        for records in _records().values()
        for record in records
    }


def compiled(record: Mapping[str, Any], type_: str) -> SearchParameter | None:
    """The parameter that a record describes, for one type; None where its expression leads to nothing there."""
    expression = str(record["expression"])
    leaves: list[Leaf] = []
    targets: set[str] = set()
    for branch in split_union(_MENDED.get((type_, expression), expression)):
        found, narrowed = _branch(branch, type_)
        leaves += found
        targets |= narrowed
    if not leaves:
        return None
    if not targets and len(record.get("target", [])) == 1:
        targets = set(record["target"])
    return SearchParameter(
        record["code"],
        record["type"],
        tuple(leaves),
        frozenset(targets),
        tuple(record.get("target", ())),
        _components(record, leaves),
        computed=" != false" in expression,
        url=record["url"],
        building=bool(record.get("building")),
    )


def _components(record: Mapping[str, Any], contexts: Sequence[Leaf]) -> tuple[Component, ...]:
    """The components, each of the kind of its element: R4 names two of DocumentReference the wrong way round."""
    found = []
    for name, expression in record.get("component", ()):
        code, kind = _kinds()[name]
        from_resource = expression.startswith("%resource.")
        relative = expression.removeprefix("%resource.")
        leaves = []
        for context in contexts:
            start = _Walk((), context.path.split(".")[0], context.path.split(".")[0]) if from_resource else None
            below = start or _Walk((), context.type, context.path)
            leaves.append(tuple(leaf for branch in split_union(relative) for leaf in _below(branch, below)))
        types = {leaf.type for each in leaves for leaf in each}
        kind = {"code": "token", "Reference": "reference"}.get(types.pop(), kind) if len(types) == 1 else kind
        found.append(Component(code, kind, tuple(leaves), from_resource))
    return tuple(found)


def _below(branch: str, start: _Walk) -> list[Leaf]:
    """The leaves of a relative expression; the type names of R4's composites begin with small letters or not."""
    text = branch.replace("as(DateTime)", "as(dateTime)")
    walks, position = [start], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return []
        position = match.end()
        walks = [walk for each in walks for walk in _advance(each, match, set())]
    return [Leaf(walk.steps, walk.type, walk.path) for walk in walks]


def split_union(expression: str) -> list[str]:
    """The branches of `a | b`, outside of brackets."""
    branches, depth, start = [], 0, 0
    for index, letter in enumerate(expression):
        depth += letter == "("
        depth -= letter == ")"
        if letter == "|" and depth == 0:
            branches.append(expression[start:index])
            start = index + 1
    branches.append(expression[start:])
    return [branch.strip() for branch in branches]


_TOKEN = re.compile(
    r"\.?(?P<call>where|as|ofType|extension|exists|resolve|hasExtension)\((?P<argument>(?:[^()']|'[^']*'|\([^()]*\))*)\)"
    r"|\.?(?P<name>[A-Za-z]+)|\[(?P<index>[0-9]+)\]|\s+as\s+(?P<cast>\w+)"
)
_CAST = re.compile(r"\(([\w.]+) as (\w+)\)")
_RESOLVE = re.compile(r"resolve\(\) is (\w+)")
_EQUALS = re.compile(r"(\w+)\s*=\s*'([^']*)'")
_HAS_EXTENSION = re.compile(r"hasExtension\('([^']*)'\)")


@dataclass(slots=True)
class _Walk:
    """One way through the definitions: the steps so far and the type arrived at (a choice: several ways)."""

    steps: tuple[Step, ...]
    type: str
    path: str


def _branch(branch: str, type_: str) -> tuple[list[Leaf], set[str]]:
    """The leaves of one branch for `type_`, and the types its references are narrowed to."""
    text = _CAST.sub(r"\1.as(\2)", branch)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if " and " in text:  # Patient.deceased.exists() and Patient.deceased != false
        text = text.split(".exists()")[0]
    walks: list[_Walk] = []
    targets: set[str] = set()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return [], set()
        position = match.end()
        if match["name"] and not walks:
            if match["name"] not in (type_, "Resource", "DomainResource"):
                return [], set()
            walks = [_Walk((), type_, type_)]
        else:
            walks = [walk for each in walks for walk in _advance(each, match, targets)]
    return [Leaf(walk.steps, walk.type, walk.path) for walk in walks], targets


def _advance(walk: _Walk, match: re.Match[str], targets: set[str]) -> list[_Walk]:
    if match["name"]:
        return _member(walk, match["name"])
    if match["index"] is not None:
        return [_narrowed(walk, ("first",), "[0]")]
    if match["cast"]:
        return [walk] if walk.type == match["cast"] else []
    return _call(walk, match["call"], match["argument"], targets)


def _call(walk: _Walk, call: str, argument: str, targets: set[str]) -> list[_Walk]:
    if call in ("as", "ofType"):
        return [walk] if walk.type == argument else []
    if call == "extension":
        url = argument.strip("'")
        step = Step("extension", (("extension", url),))
        return [_Walk((*walk.steps, step), "Extension", f"{walk.path}.extension({url})")]
    if call == "where":
        return _where(walk, argument, targets)
    return [walk]


def _where(walk: _Walk, argument: str, targets: set[str]) -> list[_Walk]:
    resolve = _RESOLVE.search(argument)
    if resolve is not None:
        targets.add(resolve[1])
        return [walk] if walk.type in ("Reference", "canonical", "uri") else []
    equals = _EQUALS.search(argument)
    if equals is not None:
        return [_narrowed(walk, ("equals", equals[1], equals[2]), f"({equals[1]}={equals[2]})")]
    has = _HAS_EXTENSION.search(argument)
    return [_narrowed(walk, ("has-extension", has[1]), f"({has[1]})")] if has is not None else [walk]


def _narrowed(walk: _Walk, narrowing: Filter, mark: str) -> _Walk:
    last = walk.steps[-1]
    step = Step(last.name, (*last.narrowed, narrowing))
    return _Walk((*walk.steps[:-1], step), walk.type, walk.path + mark)


def _member(walk: _Walk, name: str) -> list[_Walk]:
    definition = type_of(walk.type)
    if definition is None:
        return []
    return [
        _Walk((*walk.steps, Step(json_name)), type_, f"{walk.path}.{name}")
        for json_name, type_ in _members(definition, name)
    ]


def _members(definition: Type, name: str) -> list[tuple[str, str]]:
    for element in definition.elements:
        if element.name == name:
            return [(name, element.types[0])]
        if element.name == f"{name}[x]":
            return [(name + type_[0].upper() + type_[1:], type_) for type_ in element.types]
    return []
