"""Invariants: the rules of definitions, written in FHIRPath. Source: FHIR R4 conformance-rules.html#constraints.

Three ways, cheapest first: a rule that begins with `x.empty() or` or `x.exists() implies` holds where there is no x;
the most frequent rules have a quick test that says yes where it is sure (`quick_rules`); else FHIRPath decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benhan.fhir.fhirpath import Expression, compile_path
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.items import Item, element_of_item
from benhan.fhir.validation.quick_rules import QUICK
from benhan.fhir.validation.scope import Scope
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Severity

Json = dict[str, Any]
Check = Callable[[Item, Scope], None]

STEPS_MAX = 200_000
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

_ABSENT = re.compile(r"\(?\s*([a-z][A-Za-z0-9]*)\.empty\(\)\s*\)?\s+or\s")
_IMPLIES = re.compile(r"\(?\s*([a-z][A-Za-z0-9]*)\.exists\(\)\s*\)?\s+implies\s")


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


def invariant_check(rule: Invariant, type_: str) -> Check:
    """The check of a rule on elements of a type."""
    guard = guard_of(rule.expression, type_)
    quick = QUICK.get(rule.expression)
    run = _Run(rule)

    def check(item: Item, scope: Scope) -> None:
        value = item.value
        if guard is not None and type(value) is dict and guard.isdisjoint(value):
            return
        if quick is not None and quick(value, scope):
            return
        if rule.severity is Severity.ERROR or scope.judge.options.best_practice:
            run(item, scope)

    return check


def guard_of(expression: str, type_: str) -> frozenset[str] | None:
    """The JSON names of which one must be there for the rule to say anything; None where it has no such beginning."""
    match = _IMPLIES.match(expression)
    if match is not None:
        is_alone = expression.count("implies") == 1 and _is_balanced(match[0]) and " or " not in match[0]
    else:
        match = _ABSENT.match(expression)
        is_alone = match is not None and _is_balanced(match[0]) and not re.search(r"\b(implies|xor)\b", expression)
    if match is None or not is_alone:
        return None
    options = known_type(type_).steps.get(match[1])
    return None if not options else frozenset(name for each in options for name in (each.name, each.twin) if name)


def _is_balanced(text: str) -> bool:
    return text.count("(") == text.count(")")


class _Run:
    """Evaluates a rule, compiled when it is first needed."""

    __slots__ = ("_expression", "_fault", "_rule")

    def __init__(self, rule: Invariant) -> None:
        self._rule = rule
        self._expression: Expression | None = None
        self._fault = ""

    def __call__(self, item: Item, scope: Scope) -> None:
        rule = self._rule
        scope.report.spend(5)
        verdict = self._verdict(item, scope)
        if verdict is False:
            scope.report.note(
                rule.severity, "invariant", item.path, texts.RULE, texts.RULES_CLAUSE, key=rule.key, human=rule.human
            )
        elif self._fault:
            scope.report.inform(item.path, texts.RULE_UNKNOWN, texts.RULES_CLAUSE, key=rule.key, reason=self._fault)

    def _verdict(self, item: Item, scope: Scope) -> bool | None:
        try:
            if self._expression is None:
                self._expression = compile_path(self._rule.expression)
            self._fault = ""
            return self._expression.holds(
                element_of_item(item),
                resource=scope.resource,
                root=scope.root,
                services=scope.services,
                steps_max=STEPS_MAX,
            )
        except Fault as fault:  # the rule cannot be run, which is no fault of the resource
            self._fault = f"{fault.code}: {fault.text.en}"
            return None
