"""Patches: what a body or an entry asks to change, applied to a version as it was read.

Source: FHIR R4 http.html#patch, fhirpatch.html; RFC 6902.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from benhan.access.headers import header
from benhan.fhir.fhirpath_patch import apply_fhirpath_patch
from benhan.fhir.json_patch import apply_json_patch
from benhan.fhir.resource import ParsedResource, parse_json, parse_resource, to_bytes
from benhan.fhir_api.asked import JSON_TYPES, XML_TYPES, media_type
from benhan.fhir_api.bundles.references import Real, rewritten
from benhan.fhir_api.faults import BAD_ENTRY, PATCH_CHANGES_IDENTITY, WRONG_PATCH_TYPE
from benhan.fhir_api.requests import check_valid, read_body, read_content
from benhan.fhir_api.subscriptions.secrets import check_patched
from benhan.store.unit_of_work import Stored

Json = dict[str, Any]
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Patch:
    """The document of a patch: JSON Patch operations (a list), or the Parameters of a FHIRPath patch."""

    document: Any

    def applied(self, stored: Stored) -> ParsedResource:
        """The next version of `stored`, valid. Raises what the patch, the structure, BA-2159 or BA-3111 refuse."""
        body, plain = parse_json(stored.content)
        check_patched(plain)
        if isinstance(self.document, list):
            patched = apply_json_patch(body, self.document)
        else:
            patched = apply_fhirpath_patch(body, self.document)
        if (patched.get("resourceType"), patched.get("id")) != (stored.type, stored.id):
            raise PATCH_CHANGES_IDENTITY()
        resource = parse_resource(to_bytes(patched))
        check_valid(resource)
        return resource


async def read_patch(request: Request, limit_bytes: int) -> Patch:
    """The patch of a body. Raises WrongMediaType BA-2158, and what reading refuses."""
    content_type = media_type(header(request.scope, b"content-type") or "")
    if content_type not in (JSON_PATCH, *JSON_TYPES, *XML_TYPES):
        raise WRONG_PATCH_TYPE()
    read = read_content if content_type == JSON_PATCH else read_body
    body, _ = parse_json(await read(request, limit_bytes), size_bytes_max=limit_bytes)
    return _patch(body, is_json_patch=content_type == JSON_PATCH)


def patch_of_entry(resource: Json, number: int, real: Real) -> Patch:
    """The patch that an entry carries, its references made `real`: a Binary with a JSON Patch, or Parameters.

    Raises BA-0311, BA-2158.
    """
    if resource.get("resourceType") == "Parameters":
        body, _ = parse_json(rewritten(to_bytes(resource), real))
        return _patch(body, is_json_patch=False)
    if resource.get("resourceType") != "Binary":
        raise BAD_ENTRY(number=number, reason="resource of a PATCH: Binary | Parameters")
    if str(resource.get("contentType", "")).split(";")[0].strip() != JSON_PATCH:
        raise WRONG_PATCH_TYPE()
    try:
        data = base64.b64decode(str(resource.get("data", "")), validate=True)
    except (binascii.Error, ValueError) as cause:
        raise BAD_ENTRY(number=number, reason="Binary.data") from cause
    body, _ = parse_json(data)
    body, _ = parse_json(rewritten(to_bytes(body), real))
    return _patch(body, is_json_patch=True)


def _patch(body: Any, *, is_json_patch: bool) -> Patch:
    if is_json_patch != isinstance(body, list):
        raise WRONG_PATCH_TYPE()
    if not is_json_patch and not (isinstance(body, dict) and body.get("resourceType") == "Parameters"):
        raise WRONG_PATCH_TYPE()
    return Patch(body)
