"""$export of the server, of all patients, of a group. Source: HL7 Bulk Data Access 2.0, Bulk Data Kick-off Request."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bulk.export_request import ExportRequest, parse_export
from benhan.fhir_api.bulk.faults import NOT_A_MEMBER
from benhan.fhir_api.bulk.kick_off import begin, check_async
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.requests import actor_of, id_of_path, preference
from benhan.kernel.actors import Actor
from benhan.kernel.limits import Act
from benhan.store.access_faults import NOT_GRANTED
from benhan.store.access_rules import AccessRules, Bound
from benhan.store.resource_types import TYPE_NUMBERS


async def export(api: FhirApi, request: Request) -> Response:
    """202 with Content-Location, where the job tells how far it is. See `ExportRequest` for what may be asked."""
    check_async(request)
    asked = await asked_of(api, request)
    level = _level(request)
    wanted, ignored = parse_export(
        level, asked, api.store.search.registry, lenient=preference(request, "handling") == "lenient"
    )
    _narrow_to_granted(api, actor_of(request), wanted)
    if level == "group":
        await _narrow_to_members(api, request, wanted)
    return await begin(api, request, "export", level, {"export": wanted.to_json()}, ignored)


def _level(request: Request) -> str:
    type_ = request.path_params.get("type")
    return {None: "system", "Patient": "patient", "Group": "group"}[type_]


def _narrow_to_granted(api: FhirApi, actor: Actor, wanted: ExportRequest) -> None:
    """Set the types to those that the actor may see whole. Raises Forbidden BA-2300 for others that were asked for."""
    if actor.limits is None:
        return
    rules = api.store.workshop.rules
    asked = wanted.types or sorted(TYPE_NUMBERS)
    whole = [type_ for type_ in asked if _is_whole(rules, actor, type_)]
    if not whole or (wanted.types is not None and whole != wanted.types):
        raise NOT_GRANTED(type=next(type_ for type_ in asked if type_ not in whole), act=Act.SEARCH.value)
    wanted.types = whole


def check_whole(api: FhirApi, actor: Actor, types: list[str]) -> None:
    """Raises Forbidden BA-2300 where the actor may not see all of `types` whole."""
    _narrow_to_granted(api, actor, ExportRequest("system", types))


def _is_whole(rules: AccessRules, actor: Actor, type_: str) -> bool:
    """Whether nothing narrows what the actor may see of a type."""
    return rules.grants(actor, type_, Act.SEARCH) and Bound(None) in (rules.rules_for(actor, type_, Act.SEARCH) or ())


async def _narrow_to_members(api: FhirApi, request: Request, wanted: ExportRequest) -> None:
    """Set the patients to the group's. Raises NotFound BA-0401, BA-0402, Incorrect BA-2383."""
    group = (await api.store.resources.read("Group", id_of_path(request), actor_of(request))).read()
    entities = [member.get("entity", {}) for member in group.get("member", []) if not member.get("inactive")]
    references = [each.get("reference", "").removeprefix(f"{api.base_url}/") for each in entities]
    members = [each.split("/")[1] for each in references if each.startswith("Patient/")]
    if wanted.patients is not None and not set(members).issuperset(wanted.patients):
        raise NOT_A_MEMBER()
    wanted.patients = wanted.patients or list(dict.fromkeys(members))
