"""The plan of steps that are written together: conditions looked up, ids given, references made real, one unit of work.

Source: FHIR R4 http.html#trules (DELETE, then POST, then PUT and PATCH; nobody twice; references made real).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from benhan.fhir.indexing import patient_of
from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.references import rewrite_references
from benhan.fhir.resource import ParsedResource, check_depth, parse_resource, parsed_resource, tail_bytes
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bundles.references import Real, base_of, rewritten, searches_in, urns_in, versioned_in
from benhan.fhir_api.bundles.steps import Step
from benhan.fhir_api.conditions import Condition, guard, matches, parse_condition
from benhan.fhir_api.faults import (
    AT_ENTRY,
    BAD_ENTRY,
    LOST_REFERENCE,
    MANY_MATCHES,
    NO_MATCH,
    OTHER_ID,
    REFERENCE_UNRESOLVED,
    SAME_TWICE,
)
from benhan.fhir_api.interactions.delete_conditional import delete_under
from benhan.fhir_api.interactions.patch import patch_onto
from benhan.fhir_api.interactions.update_conditional import named
from benhan.fhir_api.operations.meta import changed_meta, wanted_meta
from benhan.fhir_api.operations.parameters import asked_in
from benhan.fhir_api.patches import patch_of_entry
from benhan.fhir_api.requests import check_valid
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.kernel.issues import error
from benhan.store.faults import DELETED, NO_SUCH_RESOURCE, STALE_VERSION, TWICE_IN_ONE
from benhan.store.search.alone import alone
from benhan.store.search.expressions import Candidate
from benhan.store.unit_of_work import Stored, UnitOfWork

Json = dict[str, Any]
STEPS_AT_ONCE = 50
"""After so many entries others get their turn."""
HOLDS_OTHERS = frozenset({"Bundle", "Parameters"})
"""Types whose urn references may be about what they hold themselves."""


class AtEntry:
    """Lets a Fault name the entry that it comes from."""

    __slots__ = ("_number",)

    def __init__(self, step: Step) -> None:
        self._number = step.number

    def __enter__(self) -> None:
        return

    def __exit__(self, _type: object, fault: object, _trace: object) -> None:
        if isinstance(fault, Fault):
            place = f"Bundle.entry[{self._number - 1}]"
            fault.issues = (*fault.issues, error("processing", place, AT_ENTRY.filled(number=self._number)))


@dataclass(slots=True)
class Plan:
    """Steps on their way into one unit of work; `spans` are the writes of each, by the number of its step."""

    api: FhirApi
    actor: Actor
    unit: UnitOfWork
    steps: list[Step]
    real: Real = field(default_factory=Real)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    raws: dict[int, bytes] = field(default_factory=dict)
    in_bundle: dict[str, Step] = field(default_factory=dict)
    """Searches of references that an entry of this bundle answers."""
    candidates: dict[int, Candidate] = field(default_factory=dict)
    """Entries as a search would see them, by the number of their step."""


async def planned(api: FhirApi, actor: Actor, steps: Iterable[Step]) -> Plan:
    """The plan of the writes among `steps`. Raises the Fault of the first that cannot be done, with its entry."""
    ordered = sorted((step for step in steps if not step.is_read), key=lambda step: step.order)
    plan = Plan(api, actor, api.store.begin(actor), ordered)
    await _find(plan)
    for step in ordered:
        if step.makes:
            assert step.body is not None
            raw = plan.raws[step.number] = orjson.dumps(step.body)
            with AtEntry(step):
                check_depth(raw, step.plain)
    await _find_references(plan)
    _assign(plan)
    await _pin_versions(plan)
    for count, step in enumerate(ordered):
        if count % STEPS_AT_ONCE == STEPS_AT_ONCE - 1:
            await asyncio.sleep(0)
        with AtEntry(step):
            await _write(plan, step)
    return plan


# ── what conditions find ──


async def _find(plan: Plan) -> None:
    """Look up the conditions, deletions first; what they delete the others do not find."""
    asked: dict[object, Step] = {}
    for step in plan.steps:
        if step.condition is None:
            continue
        with AtEntry(step):
            other = asked.setdefault((step.verb == "DELETE", step.condition.key), step)
            if other is not step and step.verb != "DELETE":
                raise SAME_TWICE(number=step.number, other=other.number)
            if step.verb == "DELETE":
                await _delete_found(plan, step, step.condition)
            else:
                await _one_found(plan, step, step.condition)


async def _delete_found(plan: Plan, step: Step, condition: Condition) -> None:
    start = len(plan.unit.writes)
    await delete_under(plan.api, plan.unit, condition, step.count, plan.actor, version=step.version)
    plan.spans[step.number] = (start, len(plan.unit.writes))


async def _one_found(plan: Plan, step: Step, condition: Condition) -> None:
    most = 2 + sum(each.verb == "DELETE" for each in plan.steps) + len(plan.unit.writes)
    there = await matches(plan.api, condition, plan.actor, most)
    guard(plan.api, plan.unit, condition, there, plan.actor, most)
    left = [each for each in there if not _is_deleted_here(plan, each)]
    if len(left) > 1:
        raise MANY_MATCHES(type=condition.type)
    found = left[0] if left else None
    if step.verb != "POST":
        _refuse_posted(plan, step, condition)
    if step.verb == "PATCH" and found is None:
        raise NO_MATCH(type=step.type)
    if found is None:
        step.absent = step.absent or step.verb == "PUT"
        step.id = _body_id(step) if step.verb == "PUT" else ""
        return
    if step.verb == "PUT" and _body_id(step) not in ("", found.id):
        raise OTHER_ID(type=found.type)
    step.id, step.found = found.id, found


def _body_id(step: Step) -> str:
    assert step.plain is not None
    id_ = step.plain.get("id", "")
    return id_ if isinstance(id_, str) else ""


def _refuse_posted(plan: Plan, step: Step, condition: Condition) -> None:
    """What a POST of this bundle makes, a condition that comes after it would find: the same resource twice."""
    for other in _carriers(plan, condition, ("POST",)):
        raise SAME_TWICE(number=step.number, other=other.number)


def _is_deleted_here(plan: Plan, found: Stored) -> bool:
    by_search = any((write.type, write.id) == (found.type, found.id) for write in plan.unit.writes)
    by_id = any(step.verb == "DELETE" and step.address == f"{found.type}/{found.id}" for step in plan.steps)
    return by_search or by_id


def _carriers(plan: Plan, condition: Condition, verbs: tuple[str, ...]) -> list[Step]:
    """The entries that `condition` would find once they are stored.

    None where only other resources or a terminology could tell (chains, `_has`, `_list`, value sets): they ask the
    store. References between entries are not real yet and are not found by.
    """
    written = [step for step in plan.steps if step.makes and step.verb in verbs and step.type == condition.type]
    written = [step for step in written if not _is_no_write(step)]
    if not written:
        return []
    search = plan.api.store.search
    test = alone(search, condition.query(1), plan.api.base_url)
    return [step for step in written if test is not None and test(_candidate(plan, step, search.registry))]


def _candidate(plan: Plan, step: Step, registry: SearchRegistry) -> Candidate:
    """An entry as a search would see it; made once, as many conditions may look at it. Raises BA-0210."""
    known = plan.candidates.get(step.number)
    if known is None:
        resource = parsed_resource(step.body, step.plain)
        check_valid(resource)  # only what is valid can be indexed
        rid = plan.api.store.workshop.ids.rid_of(step.type, step.id) if step.id else 0
        stored = Stored(
            step.type,
            step.id or "-",
            rid,
            1,
            plan.unit.at,
            deleted=False,
            created=True,
            patient=0,
            tail=tail_bytes(resource.body),
        )
        known = plan.candidates[step.number] = Candidate(stored, registry)
    return known


def _is_no_write(step: Step) -> bool:
    """Whether a POST found what it would have made."""
    return step.verb == "POST" and step.found is not None


# ── references ──


async def _find_references(plan: Plan) -> None:
    """Look up the references that are searches: in the store, and among what this bundle creates."""
    for step in plan.steps:
        for text, type_, query in searches_in(plan.raws.get(step.number, b"")):
            if text in plan.real.searches or text in plan.in_bundle:
                continue
            with AtEntry(step):
                condition = parse_condition(type_, query, plan.api.store.search.registry)
                found = await _found_elsewhere(plan, condition)
                here = _carriers(plan, condition, ("POST", "PUT"))
                if len(found) + len(here) != 1:
                    raise REFERENCE_UNRESOLVED(number=step.number, type=type_, found=len(found) + len(here))
                if here:
                    plan.in_bundle[text] = here[0]
                else:
                    plan.real.searches[text] = f"{found[0].type}/{found[0].id}"


async def _found_elsewhere(plan: Plan, condition: Condition) -> list[Stored]:
    """What `condition` finds in the store, without what this bundle deletes or puts anew."""
    put = {step.address for step in plan.steps if step.verb == "PUT"}
    found = await matches(plan.api, condition, plan.actor)
    return [each for each in found if f"{each.type}/{each.id}" not in put and not _is_deleted_here(plan, each)]


def _assign(plan: Plan) -> None:
    """Give the ids: patients first, since others live in their compartments; then make every fullUrl real."""
    real = plan.real
    for step in sorted(plan.steps, key=lambda each: each.type != "Patient"):
        if step.makes and not step.id:
            step.id = plan.unit.assign_id(step.type, _patient(step, real))
        if step.type == "Patient":
            _answer_searches(plan, step)
        if step.verb == "DELETE" or step.operation or not step.full_url:
            continue
        if step.full_url in real.addresses:
            raise BAD_ENTRY(number=step.number, reason="fullUrl twice")
        real.add(step.full_url, step.address)
        if step.verb == "POST":
            real.versions[step.full_url] = step.found.version if step.found is not None else 1
    for step in plan.in_bundle.values():
        _answer_searches(plan, step)


def _answer_searches(plan: Plan, step: Step) -> None:
    for text, answering in plan.in_bundle.items():
        if answering is step:
            plan.real.searches[text] = step.address


def _patient(step: Step, real: Real) -> str | None:
    """The patient in whose compartment a new resource will live."""
    element = PATIENT_ELEMENTS.get(step.type)
    assert step.plain is not None
    if element is None or element not in step.plain:
        return None
    value = step.plain[element]
    at_once = real.addresses.get(str(value.get("reference"))) if isinstance(value, dict) else None
    if at_once is not None:
        return at_once if at_once.startswith("Patient/") else None
    known = _Known(real, base_of(step.full_url))
    return patient_of({"resourceType": step.type, element: rewrite_references(value, known)})


class _Known(dict[str, str]):
    """`Real` as the mapping that `rewrite_references` reads."""

    def __init__(self, real: Real, base: str) -> None:
        super().__init__()
        self._real, self._base = real, base

    def __contains__(self, reference: object) -> bool:
        return isinstance(reference, str) and self._real.of(reference, self._base) is not None

    def get(self, reference: str, default: Any = None) -> Any:
        return self._real.of(reference, self._base) or default


async def _pin_versions(plan: Plan) -> None:
    """Where a reference names a version of what is put here, that becomes the version that the PUT will make."""
    wanted = {stem for raw in plan.raws.values() for stem in versioned_in(raw)}
    for step in plan.steps:
        if step.verb == "PUT" and step.full_url in wanted:
            current = await _current_version(plan, step)
            step.version = current if step.version is None and current else step.version
            step.absent = step.absent or not current
            plan.real.versions[step.full_url] = current + 1


async def _current_version(plan: Plan, step: Step) -> int:
    try:
        found = await plan.api.store.resources.history(step.type, step.id, plan.actor, count=1)
    except Fault as fault:
        if fault.code == NO_SUCH_RESOURCE.code:
            return 0
        raise
    return found[0].version


# ── writing ──


async def _write(plan: Plan, step: Step) -> None:
    """Add the writes of a step to the unit of work."""
    if step.number in plan.spans:
        return
    start, unit = len(plan.unit.writes), plan.unit
    if step.verb == "DELETE":
        unit.delete(step.type, step.id, if_match=step.version)
    elif step.verb == "PATCH":
        await _patch(plan, step)
    elif step.operation:
        await _change_meta(plan, step)
    elif step.verb == "POST" and step.found is not None:
        _refuse_twice(plan, step)
    elif step.verb == "POST":
        unit.create(_resource(plan, step), id_=step.id)
    else:
        resource = named(_resource(plan, step), step.id)
        unit.update(resource, if_match=step.version, if_absent="only" if step.absent else "create")
    plan.spans[step.number] = (start, len(plan.unit.writes))


def _refuse_twice(plan: Plan, step: Step) -> None:
    others = [each for each in plan.steps if each is not step and each.address == step.address]
    if others:
        raise TWICE_IN_ONE(type=step.type, id=step.id)


async def _patch(plan: Plan, step: Step) -> None:
    assert step.body is not None
    asked = patch_of_entry(step.body, step.number, plan.real)
    current = step.found or await plan.api.store.resources.read(step.type, step.id, plan.actor)
    if current.deleted:
        raise DELETED(type=step.type, id=step.id)
    patch_onto(plan.unit, asked, current, step.version)


async def _change_meta(plan: Plan, step: Step) -> None:
    """$meta-add, $meta-delete: a write where something changes, else what is there is the answer."""
    assert step.plain is not None
    told = wanted_meta(step.operation, asked_in(step.plain))
    current = await plan.api.store.resources.read(step.type, step.id, plan.actor)
    if current.deleted:
        raise DELETED(type=step.type, id=step.id)
    if step.version not in (None, current.version):
        raise STALE_VERSION(type=step.type, id=step.id, expected=step.version, found=current.version)
    changed = changed_meta(current, told, step.operation)
    if changed is None:
        step.found = current
    else:
        plan.unit.update(changed, if_match=current.version, if_absent="fail")


def _resource(plan: Plan, step: Step) -> ParsedResource:
    """The valid resource of a step, its references real. Raises BA-2166 for a urn that nobody bears."""
    raw = plan.raws[step.number]
    made_real = rewritten(raw, plan.real, base_of(step.full_url) if plan.real.has_addresses else "")
    if step.type not in HOLDS_OTHERS and urns_in(made_real):
        raise LOST_REFERENCE(number=step.number)
    if made_real is raw:
        resource = parsed_resource(step.body, step.plain, raw)
    elif step.body is step.plain:
        plain = orjson.loads(made_real)
        resource = parsed_resource(plain, plain, made_real)
    else:
        resource = parse_resource(made_real)
    check_valid(resource)
    return resource
