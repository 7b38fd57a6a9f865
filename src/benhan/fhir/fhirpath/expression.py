"""A FHIRPath expression, compiled once and evaluated often."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from benhan.fhir.fhirpath.compiler import HEIGHT_MAX, as_items, compile_node
from benhan.fhir.fhirpath.elements import Element, Items, truth
from benhan.fhir.fhirpath.environment import NO_SERVICES, STEPS_MAX, Closure, Environment, Services
from benhan.fhir.fhirpath.faults import TOO_NESTED
from benhan.fhir.fhirpath.model import FhirType, known_type
from benhan.fhir.fhirpath.nodes import Node
from benhan.fhir.fhirpath.parser import parse
from benhan.fhir.fhirpath.presence import Decision, decision
from benhan.fhir.fhirpath.shortcuts import Predicate, Run, rule_of, shortcut_of

_NOTHING: Mapping[str, Any] = {}
_CACHED_CHARACTERS_MAX = 2_000


class Expression:
    """A compiled expression; made by `compile_path`."""

    __slots__ = ("_run", "_shortcuts", "text", "tree")

    def __init__(self, text: str) -> None:
        self.text = text
        self._shortcuts: dict[FhirType, Predicate | None] = {}
        try:
            self.tree: Node = parse(text)
            self._run: Closure = compile_node(self.tree)
        except RecursionError as cause:
            raise TOO_NESTED(limit=HEIGHT_MAX) from cause

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(
        self,
        focus: Any,
        *,
        resource: Any = None,
        root: Any = None,
        variables: Mapping[str, Any] = _NOTHING,
        services: Services = NO_SERVICES,
        steps_max: int = STEPS_MAX,
    ) -> Items:
        """The collection that the expression gives on `focus`: Elements and system values.

        `focus`, `resource` (`%resource`, by default the focus) and `root` (`%rootResource`, by default the resource)
        are the JSON of a resource, an Element, a list of them, or a system value; `variables` are those of `%name`.
        Raises Incorrect: BA-2005 an unknown variable, BA-2010 several values where one is needed, BA-2011 an operator
        or function on a type it is not for, BA-2012 too many steps, BA-2013 too large a result, BA-2014 a regular
        expression that cannot be run; Unsupported: BA-2015 what needs a service that is not there.
        """
        items = as_items(focus)
        within = items if resource is None else as_items(resource)
        env = Environment(items, within, within if root is None else as_items(root), variables, services, steps_max)
        try:
            return list(self._run(env, items))
        except RecursionError as cause:
            raise TOO_NESTED(limit=HEIGHT_MAX) from cause

    def holds(
        self,
        focus: Any,
        *,
        resource: Any = None,
        root: Any = None,
        variables: Mapping[str, Any] = _NOTHING,
        services: Services = NO_SERVICES,
        steps_max: int = STEPS_MAX,
    ) -> bool | None:
        """Whether the expression is true on `focus`, None where it has no answer. Arguments and Faults as `evaluate`.

        A rule (an invariant) is broken only where this is False: what cannot be said breaks nothing. Give an Element
        of a known type (`element_of`) rather than plain JSON: most rules are then read from the JSON directly.
        """
        if type(focus) is Element:
            return self.answer(focus, Run(focus, resource, root, variables, services, steps_max))
        found = self.evaluate(
            focus, resource=resource, root=root, variables=variables, services=services, steps_max=steps_max
        )
        return truth(found, "result")

    def answer(self, focus: Element, run: Run) -> bool | None:
        """As `holds`, in a Run that was made for the Element and tells afterwards how many steps it took."""
        try:
            shortcut = self._shortcut(focus.type) if type(focus.value) is dict else None
            if shortcut is not None:
                return shortcut(focus.value, run)
            return truth(self._run(run.env(), [focus]), "result")
        except RecursionError as cause:
            raise TOO_NESTED(limit=HEIGHT_MAX) from cause

    def rule(self, type_: str) -> Predicate:
        """The fastest form of `holds`: a function of the JSON object of an element of `type_` and a Run.

        One Run serves all the rules of one resource (`Run(element_of(resource), …)`), and its steps are counted
        together. Not for primitives, whose extensions stand beside them: for those use `holds`.
        """
        return rule_of(self.tree, known_type(type_))

    def decision(self, type_: str, names: frozenset[str]) -> Decision:
        """What `holds` gives on every object of `type_` that has members of these JSON names, in a tuple; None where
        that depends on what they hold."""
        return decision(self.tree, known_type(type_), names)

    def _shortcut(self, type_: FhirType) -> Predicate | None:
        try:
            return self._shortcuts[type_]
        except KeyError:
            found = self._shortcuts[type_] = shortcut_of(self.tree, type_)
            return found


def compile_path(text: str) -> Expression:
    """The expression, compiled; the last thousand are remembered.

    Raises Incorrect: BA-2000 too long, BA-2001 wrong syntax, BA-2002 nested too deep, BA-2003 an unknown function,
    BA-2004 a wrong number of arguments, BA-2006 an unknown type.
    """
    return _remembered(text) if len(text) <= _CACHED_CHARACTERS_MAX else Expression(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> Expression:
    return Expression(text)
