"""Composite parameters: parts that hold for one and the same element. Source: FHIR R4 search.html#composite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benhan.fhir.indexing import Json, index_element, values_at
from benhan.fhir.search_criteria import Criterion
from benhan.fhir.search_parameters import Component, Leaf, SearchParameter
from benhan.fhir.search_values import CompositeValue, Simple
from benhan.store.search.expressions import Candidate, Checked, Expression, all_of, any_of, holds, widened

if TYPE_CHECKING:
    from benhan.store.search.compiler import Compiler


def composite(criterion: Criterion, type_: str, compiler: Compiler) -> Expression:
    """Where the resource itself is the element, its parts hold together; an element below it is checked one by one."""
    values = [value for value in criterion.values if isinstance(value, CompositeValue)]
    return any_of(
        [
            _in_context(criterion.parameter, number, value, type_, compiler)
            for value in values
            for number in range(len(criterion.parameter.leaves))
        ]
    )


def _in_context(
    parameter: SearchParameter, number: int, value: CompositeValue, type_: str, compiler: Compiler
) -> Expression:
    context = parameter.leaves[number]
    parts = [
        compiler.expression(_part(component, number, each), type_)
        for component, each in zip(parameter.components, value.parts, strict=True)
    ]
    if not context.steps:
        return all_of(parts)
    within = [
        (component, compiler.expression(_part(component, number, each), ""))
        for component, each in zip(parameter.components, value.parts, strict=True)
        if not component.from_resource
    ]
    kinds = [(component.type, component.leaves[number]) for component, _ in within]
    expressions = [expression for _, expression in within]

    def check(candidate: Candidate) -> bool:
        for element in values_at(candidate.plain, [context]):
            one = _Element(candidate, element, kinds)
            if all(holds(expression, one, {}) for expression in expressions):
                return True
        return False

    return Checked(widened(all_of(parts)), check)  # a test of a part would look at the resource, not the element


class _Element(Candidate):
    """One element of a resource, indexed by the components alone."""

    def __init__(self, candidate: Candidate, element: Json, kinds: Sequence[tuple[str, Sequence[Leaf]]]) -> None:
        self.stored = candidate.stored
        self.plain = element
        self.indexed = index_element(element, kinds)


def _part(component: Component, number: int, value: Simple) -> Criterion:
    """A component as a parameter of its own."""
    parameter = SearchParameter(component.code, component.type, component.leaves[number], frozenset())
    return Criterion(parameter, "", (value,))
