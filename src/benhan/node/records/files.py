"""The files that resources carry: scans, images, reports as they came, byte for byte.

Source: FHIR R4 datatypes.html#Attachment, binary.html.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file of a resource: `reference` is that of the resource, `title` what it says of it ("" for nothing)."""

    reference: str
    title: str
    media_type: str
    content: bytes


def attachments_of(resource: Json) -> list[Json]:
    """The Attachments of a resource; a Binary is one itself."""
    match resource["resourceType"]:
        case "Binary":
            return [{"contentType": resource.get("contentType", ""), "data": resource.get("data", "")}]
        case "DocumentReference":
            return [each.get("attachment", {}) for each in resource.get("content", [])]
        case "DiagnosticReport":
            return list(resource.get("presentedForm", []))
        case "Media":
            return [resource.get("content", {})]
        case "Consent":
            return [resource["sourceAttachment"]] if "sourceAttachment" in resource else []
    return []


def binaries_of(resource: Json) -> list[str]:
    """References (`Binary/1`) to the Binaries whose content its attachments are."""
    urls = [str(each.get("url", "")) for each in attachments_of(resource) if not each.get("data")]
    return [url for url in urls if url.startswith("Binary/")]


def files_of(resource: Json, binaries: Mapping[str, Json]) -> Iterator[CarriedFile]:
    """The files of a resource that are there: inside it, or among `binaries` by reference."""
    reference = f"{resource['resourceType']}/{resource['id']}"
    for each in attachments_of(resource):
        held = binaries.get(str(each.get("url", "")), {})
        content = _decoded(each.get("data") or held.get("data") or "")
        media_type = str(each.get("contentType") or held.get("contentType") or "application/octet-stream")
        if content:
            yield CarriedFile(reference, str(each.get("title", "")), media_type.partition(";")[0].strip(), content)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (Error, ValueError):
        return b""
