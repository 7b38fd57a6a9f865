"""The validator: a resource against its structure, R4's own rules, and the profiles it claims or is asked for.

Pure: everything it needs comes from `Definitions`. Compiled profiles are kept as long as the validator is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.fhir.definitions.structures import CORE
from benhan.fhir.fhirpath import Element
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation import texts
from benhan.fhir.validation.base import check_base
from benhan.fhir.validation.bundles import check_bundle
from benhan.fhir.validation.checks import SHAPES_MAX, Quick, Tell
from benhan.fhir.validation.definitions import Definitions, ShippedDefinitions
from benhan.fhir.validation.element_tree import Node, element_tree
from benhan.fhir.validation.fast import check_structure
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.profile import Rule, check_rule, compile_profile
from benhan.fhir.validation.questionnaires import check_questionnaire, check_response
from benhan.fhir.validation.quick_profile import asked_of_object, quick_of
from benhan.fhir.validation.report import NESTING_MAX, STEPS_MAX, TOO_COSTLY, Exhausted, Report
from benhan.fhir.validation.scope import Options, Scope, entries_by_url
from benhan.fhir.validation.snapshot import snapshot_of
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue

Json = dict[str, Any]

PROFILES_MAX = 50
"""Profiles that one resource may claim and be held against."""


class Validator:
    """Validates against one state of definitions; a new state needs a new validator."""

    def __init__(self, definitions: Definitions | None = None, options: Options | None = None) -> None:
        self.definitions: Definitions = definitions or ShippedDefinitions()
        self.options = options or Options()
        self._trees: dict[str, Node | None] = {}
        self._rules: dict[str, Rule] = {}
        self._broken: dict[str, str] = {}
        self._asked: dict[tuple[str, str, tuple[str, ...]], list[tuple[Tell, Quick]]] = {}

    def validate(
        self, plain: Json, profiles: Iterable[str] = (), *, claimed: bool = True, steps_max: int = STEPS_MAX
    ) -> list[Issue]:
        """Everything found of a resource as read (`ParsedResource.plain`), in the order it was found.

        `profiles` are held against it besides those of its `meta.profile`, which `claimed=False` leaves out. Where the
        structure is wrong, only that is told. At most ISSUES_MAX errors and as many others.
        """
        structural = check_structure(plain)
        if structural:
            return structural
        report = Report(steps_max)
        resource = Element(plain, known_type(str(plain["resourceType"])))
        bundle = entries_by_url(plain) if plain["resourceType"] == "Bundle" else {}
        scope = Scope(self, report, resource, resource, bundle)
        try:
            self._check(plain, [*profiles], scope, claimed=claimed)
        except Exhausted:
            report.error("too-costly", (resource.type.name,), TOO_COSTLY, limit=steps_max)
        return report.issues

    def _check(self, plain: Json, profiles: list[str], scope: Scope, *, claimed: bool) -> None:
        type_ = str(plain["resourceType"])
        path = (type_,)
        if self.options.invariants:
            check_base(plain, path, scope)
            _check_kind(plain, path, scope)
        wanted = profiles + (claimed_profiles(plain) if claimed else [])
        for url in list(dict.fromkeys(wanted))[:PROFILES_MAX]:
            self.check_profile(Item(plain, None, type_, path), url, scope)
        if claimed and type_ in ("Bundle", "Parameters"):
            self._check_inner_claims(plain, path, scope)

    def _check_inner_claims(self, plain: Json, path: tuple[Any, ...], scope: Scope) -> None:
        """The profiles that entries of a Bundle claim."""
        for number, entry in enumerate(plain.get("entry") or ()):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                inner = scope.inside(resource, is_contained=False)
                place = (*path, "entry", number, "resource")
                for url in claimed_profiles(resource)[:PROFILES_MAX]:
                    self.check_profile(Item(resource, None, str(resource["resourceType"]), place), url, inner)

    def check_profile(self, item: Item, profile: str, scope: Scope) -> None:
        """Note what an item lacks of a profile; an unknown or unusable one is said, not passed over."""
        rule = self.rule_of(profile)
        if rule is None:
            self._note_missing(item, profile, scope)
            return
        if len(scope.active) >= NESTING_MAX:
            raise Exhausted
        key = (id(item.value) or id(item.twin), profile)
        if key in scope.active:  # it is being held against it already
            return
        if rule.type and rule.type not in known_type(item.type).names:
            scope.report.error(
                "structure", item.path, texts.NOT_OF_TYPE, texts.PROFILE_CLAUSE, wanted=rule.type, type=item.type
            )
            return
        if type(item.value) is dict and "resourceType" in item.value and item.value is not scope.resource.value:
            contained = scope.contained_ids.get(item.value.get("id", "")) is item.value
            scope = scope.inside(item.value, is_contained=contained)
        scope.active.add(key)
        try:
            self._hold(rule, item, profile, scope)
        finally:
            scope.active.discard(key)

    def _hold(self, rule: Rule, item: Item, profile: str, scope: Scope) -> None:
        """Hold an item against the rule of a profile: thoroughly only in the parts where the quick form is not sure."""
        value = item.value
        if type(value) is not dict:
            check_rule(rule, item, scope)
            return
        scope.report.spend()
        key = (profile, item.type, tuple(value))
        asked = self._asked.get(key)
        if asked is None:
            asked = asked_of_object(rule, item.type, frozenset(value))
            if len(self._asked) < SHAPES_MAX:
                self._asked[key] = asked
        for tell, quick in asked:
            if not quick(value, scope):
                tell(item, scope)

    def passes(self, value: Any, type_: str, profile: str, scope: Scope) -> bool:
        """Whether an element of a type surely lacks nothing of a profile; not for resources."""
        rule = self.rule_of(profile)
        if rule is None or known_type(type_).is_resource or (rule.type and rule.type not in known_type(type_).names):
            return False
        scope.report.spend()
        return quick_of(rule, type_)(value, scope)

    def _note_missing(self, item: Item, profile: str, scope: Scope) -> None:
        reason = self._broken.get(profile)
        if reason is not None:
            scope.report.error(
                "processing", item.path, texts.PROFILE_BROKEN, texts.PROFILE_CLAUSE, url=shown(profile), reason=reason
            )
        else:
            scope.report.warn("not-found", item.path, texts.PROFILE_UNKNOWN, texts.PROFILE_CLAUSE, url=shown(profile))

    def conforms(self, item: Item, profile: str, scope: Scope) -> bool | None:
        """Whether an item follows a profile; None where the profile is not known."""
        if self.rule_of(profile) is None:
            return None
        scratch = Report(scope.report.steps)
        self.check_profile(item, profile, scope.reporting(scratch))
        scope.report.steps = scratch.steps
        return not any(each.is_error for each in scratch.issues)

    def rule_of(self, profile: str) -> Rule | None:
        """The compiled rule of a profile; None where it is not known, or cannot be used (`_broken` says why)."""
        if profile in self._rules:
            return self._rules[profile]
        tree = self.tree_of(profile)
        structure = self.definitions.structure(profile)
        if tree is None or structure is None:
            return None
        rule = self._rules[profile] = compile_profile(tree, str(structure.get("type", "")), self.tree_of)
        return rule

    def tree_of(self, profile: str) -> Node | None:
        """The tree of a profile's snapshot, or None."""
        if profile in self._trees:
            return self._trees[profile]
        structure = self.definitions.structure(profile)
        if structure is None:
            return None
        try:
            tree = element_tree(snapshot_of(structure, self.definitions.structure))
        except Fault as fault:
            self._broken[profile] = fault.text.en
            tree = None
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as cause:  # a definition of any form
            self._broken[profile] = f"it is not a StructureDefinition ({type(cause).__name__})"
            tree = None
        self._trees[profile] = tree
        return tree


def claimed_profiles(plain: Json) -> list[str]:
    """The profiles of `meta.profile`, FHIR's own types left out."""
    meta = plain.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(listed, list):
        return []
    return [each for each in listed if isinstance(each, str) and each != CORE + str(plain.get("resourceType"))]


def shown(url: str) -> str:
    """A url that came with a resource, where it looks like one."""
    return url if len(url) <= 200 and url.isascii() and url.isprintable() and " " not in url else "?"


def _check_kind(plain: Json, path: tuple[Any, ...], scope: Scope) -> None:
    match plain["resourceType"]:
        case "Bundle":
            check_bundle(plain, path, scope)
        case "Questionnaire":
            check_questionnaire(plain, path, scope)
        case "QuestionnaireResponse":
            check_response(plain, path, scope)
