"""Where a validation stands: the resource it is in, what that can refer to, and who answers questions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from benhan.fhir.definitions import resource_types
from benhan.fhir.fhirpath import Element, Run, Services
from benhan.fhir.fhirpath.model import known_type
from benhan.fhir.validation.definitions import Definitions
from benhan.fhir.validation.items import Item
from benhan.fhir.validation.report import Report

Json = dict[str, Any]

_LITERAL = re.compile(r"(?:.{0,1000}/)?([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_TYPES = resource_types()


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked beyond the rules of the specification; policies of the receiver.

    `unknown_extensions` is ignore, inform, warn or refuse. `references` asks whether targets outside exist.
    `must_support` tells of elements that a profile marks and that are not there. `best_practice` keeps rules of
    warning severity (dom-6 and the like).
    """

    invariants: bool = True
    unknown_extensions: str = "ignore"
    references: bool = False
    must_support: bool = False
    best_practice: bool = True


class Judge(Protocol):
    """The validator, as the parts of it see it."""

    definitions: Definitions
    options: Options

    def conforms(self, item: Item, profile: str, scope: Scope) -> bool | None:
        """Whether an item follows a profile; None where the profile is not known."""
        ...

    def check_profile(self, item: Item, profile: str, scope: Scope) -> None:
        """Note what an item lacks of a profile."""
        ...

    def passes(self, value: Any, type_: str, profile: str, scope: Scope) -> bool:
        """Whether an element of a type surely lacks nothing of a profile."""
        ...


class Scope:
    """One resource in its surroundings. `root` is the container where `resource` is contained.

    `active` are the elements, by identity, and the profiles that they are being held against; one set for all of a
    validation.
    """

    __slots__ = ("_run", "_services", "active", "bundle", "contained_ids", "judge", "report", "resource", "root")

    def __init__(
        self,
        judge: Judge,
        report: Report,
        resource: Element,
        root: Element,
        bundle: dict[str, Json],
        active: set[tuple[int, str]] | None = None,
        contained_ids: dict[str, Json] | None = None,
    ) -> None:
        self.judge = judge
        self.report = report
        self.resource = resource
        self.root = root
        self.bundle = bundle
        self.active = set() if active is None else active
        self.contained_ids = _contained(root.value) if contained_ids is None else contained_ids
        self._services: Services | None = None
        self._run: Run | None = None

    @property
    def services(self) -> Services:
        """What FHIRPath asks for."""
        if self._services is None:
            self._services = Services(self._json_of, self._member_of, self._conforms_to)
        return self._services

    @property
    def run(self) -> Run:
        """In this the rules of the resource are evaluated together; where its steps are used up, each is alone."""
        if self._run is None:
            self._run = Run(self.resource, self.resource, self.root, {}, self.services, self.report.rule_steps_max)
        return self._run

    def inside(self, resource: Json, *, is_contained: bool) -> Scope:
        """The scope of a resource in this one: contained in it, or an entry or parameter of it."""
        element = Element(resource, known_type(str(resource.get("resourceType", ""))))
        if is_contained:  # what the root contains is looked up once, not for each of what it contains
            return Scope(self.judge, self.report, element, self.root, self.bundle, self.active, self.contained_ids)
        return Scope(self.judge, self.report, element, element, self.bundle, self.active)

    def reporting(self, report: Report) -> Scope:
        """The same place, told of in another report."""
        return Scope(self.judge, report, self.resource, self.root, self.bundle, self.active, self.contained_ids)

    def target_of(self, reference: Json) -> tuple[str, Json | None]:
        """(type, resource) of a Reference: "" and None where they cannot be told from here."""
        literal = reference.get("reference")
        told = reference.get("type")
        type_ = told if isinstance(told, str) and told in _TYPES else ""
        if not isinstance(literal, str):
            return type_, None
        resource = self.resolve(literal)
        if resource is not None:
            return str(resource.get("resourceType", "")), resource
        match = _LITERAL.fullmatch(literal)
        return (match[1] if match and match[1] in _TYPES else type_), None

    def resolve(self, literal: str) -> Json | None:
        """The resource of a reference where it is in this one or in the Bundle around it."""
        if literal.startswith("#"):
            return self.contained_ids.get(literal[1:]) if len(literal) > 1 else self.root.value
        return self.bundle.get(literal)

    def _json_of(self, literal: str) -> Any:
        found = self.resolve(literal)
        if found is not None:
            return found
        match = _LITERAL.fullmatch(literal)
        return {"resourceType": match[1], "id": match[2]} if match and match[1] in _TYPES else None

    def _member_of(self, value: Any, url: str) -> bool | None:
        from benhan.fhir.validation.bindings import is_in

        codes = self.judge.definitions.codes(url)
        return None if codes is None else is_in(value, codes)

    def _conforms_to(self, value: Any, url: str) -> bool | None:
        if not isinstance(value, dict):
            return None
        return self.judge.conforms(Item(value, None, str(value.get("resourceType", "")), ()), url, self)


def _contained(container: Any) -> dict[str, Json]:
    listed = container.get("contained") if isinstance(container, dict) else None
    if not isinstance(listed, list):
        return {}
    return {each["id"]: each for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)}


def entries_by_url(bundle: Json) -> dict[str, Json]:
    """The resources of a Bundle by the addresses that entries may refer to them by.

    Source: bundle.html#references: by fullUrl, and by type and id where the fullUrl ends with them.
    """
    found: dict[str, Json] = {}
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        full_url, type_, id_ = entry.get("fullUrl"), resource.get("resourceType"), resource.get("id")
        if isinstance(full_url, str):
            found.setdefault(full_url, resource)
        if isinstance(type_, str) and isinstance(id_, str):
            found.setdefault(f"{type_}/{id_}", resource)
    return found
