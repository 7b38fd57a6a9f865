"""Invariants: the rules of definitions, written in FHIRPath. Source: FHIR R4 conformance-rules.html#constraints.

Three ways, cheapest first: what the names of an object's members decide is decided once for all of that shape; the most
frequent rules have a quick test that says yes where it is sure (`quick_rules`); else FHIRPath decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from benhan.fhir.fhirpath import Element, Expression, Predicate, Run, compile_path
from benhan.fhir.fhirpath.faults import TOO_MANY_STEPS
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.checks import Check, Quick
from benhan.fhir.validation.items import Item, element_of_item
from benhan.fhir.validation.quick_rules import QUICK
from benhan.fhir.validation.report import PATH_STEPS, RULE_STEPS_MAX, Exhausted
from benhan.fhir.validation.scope import Scope
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Severity

Json = dict[str, Any]

BY_STRUCTURE = frozenset({"ele-1", "ext-1"})
"""Rules that the structural check and the walk hold without FHIRPath."""
REPAIRED = {
    "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
}
"""Rules as R4 prints them that could never hold, and what they mean: the answer of que-7 is a FHIR boolean, which
FHIRPath's own Boolean is not (`Patient.active.is(Boolean)` is false in HL7's tests of FHIRPath)."""
REPLACED = frozenset({"dom-3"})
"""Rules that `contained` holds by their words. The expression of dom-3 lets pass what has no id and what is referred to
only by itself, refuses what refers back by a uri (it asks for a canonical twice), and reads the whole resource once for
each contained one."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule: its key, how grave, its words, its expression."""

    key: str
    severity: Severity
    human: str
    expression: str


def invariant_of(constraint: Json) -> Invariant | None:
    """The rule of an ElementDefinition.constraint; None where it has no expression."""
    key, expression = constraint.get("key"), constraint.get("expression")
    if not isinstance(key, str) or not isinstance(expression, str) or key in BY_STRUCTURE | REPLACED:
        return None
    severity = Severity.WARNING if constraint.get("severity") == "warning" else Severity.ERROR
    return Invariant(key, severity, str(constraint.get("human") or ""), REPAIRED.get(expression, expression))


def invariants_of(told: Json) -> list[Invariant]:
    """The rules of an ElementDefinition; those of one expression (txt-1 and txt-2) are one, with the words of both."""
    found: dict[str, Invariant] = {}
    for each in told.get("constraint", ()):
        rule = invariant_of(each)
        if rule is None:
            continue
        known = found.get(rule.expression)
        if known is None:
            found[rule.expression] = rule
        elif rule.key != known.key:
            key, human = f"{known.key}, {rule.key}", f"{known.human} / {rule.human}"
            severity = rule.severity if rule.severity is Severity.ERROR else known.severity
            found[rule.expression] = Invariant(key, severity, human, rule.expression)
    return list(found.values())


def invariant_check(rule: Invariant) -> Check:
    """The check of a rule."""
    known = QUICK.get(rule.expression)
    run = _Evaluation(rule)

    def tell(item: Item, scope: Scope) -> None:
        if known is not None and type(item.value) is dict and known(item.value, scope):
            return
        if rule.severity is Severity.ERROR or scope.judge.options.best_practice:
            run(item, scope)

    def refuse(item: Item, scope: Scope) -> None:
        if rule.severity is Severity.ERROR or scope.judge.options.best_practice:
            run.refuse(item, scope)

    return Check(tell, lambda type_: _quick(rule, type_), partial(_decide, rule), refuse, expression=rule.expression)


def _decide(rule: Invariant, type_: str, names: frozenset[str]) -> bool | None:
    try:
        found = compile_path(rule.expression).decision(type_, names)
    except Fault:  # told where it is run
        return None
    return None if found is None else found[0] is not False


def _quick(rule: Invariant, type_: str) -> Quick:
    """The rule on the JSON of elements of a type: sure where it holds."""
    known = QUICK.get(rule.expression)
    is_error = rule.severity is Severity.ERROR
    holds: Predicate | None = None

    def quick(value: Any, scope: Scope) -> bool:
        nonlocal holds
        if known is not None and known(value, scope):
            return True
        if not is_error and not scope.judge.options.best_practice:
            return True
        run = scope.run
        before = run.steps
        try:
            if holds is None:
                holds = _predicate(rule.expression, type_)
            return holds(value, run) is not False
        except (Fault, RecursionError):
            return False
        finally:
            scope.report.spend(5 + (run.steps - before) // PATH_STEPS)

    return quick


def _predicate(expression: str, type_: str) -> Predicate:
    compiled = compile_path(expression)
    known = known_type(type_)
    if not known.is_primitive:
        return compiled.rule(type_)

    def holds(value: Any, run: Run) -> bool | None:
        element = Element(value, known)
        return compiled.answer(element, Run(element, run.resource, run.root, {}, run.services, run.steps_max))

    return holds


class _Evaluation:
    """Evaluates a rule, compiled when it is first needed. Threads may share it."""

    __slots__ = ("_expression", "_rule", "_text")

    def __init__(self, rule: Invariant) -> None:
        self._rule = rule
        self._text = texts.RULE.filled(key=rule.key, human=rule.human)
        self._expression: Expression | None = None

    def __call__(self, item: Item, scope: Scope) -> None:
        limit = scope.report.rule_steps_max
        element = element_of_item(item)
        run = Run(element, scope.resource, scope.root, {}, scope.services, limit)
        try:
            if self._expression is None:
                self._expression = compile_path(self._rule.expression)
            if self._expression.answer(element, run) is False:
                self.refuse(item, scope)
        except Fault as fault:  # the rule cannot be run, which is no fault of the resource
            if fault.code == TOO_MANY_STEPS.code and limit < RULE_STEPS_MAX:
                raise Exhausted from fault
            reason = f"{fault.code}: {fault.text.en}"
            scope.report.inform(item.path, texts.RULE_UNKNOWN, texts.RULES_CLAUSE, key=self._rule.key, reason=reason)
        scope.report.spend(5 + run.steps // PATH_STEPS)

    def refuse(self, item: Item, scope: Scope) -> None:
        """Note that the rule is broken."""
        scope.report.note(self._rule.severity, "invariant", item.path, self._text, texts.RULES_CLAUSE)
