"""What a `HoSoBenhAn` cannot carry of the resources it was made of: element by element, with their hashes.

It is found by reading the document back: what a resource says and the resource of the same place does not is lost. The
order of repeated elements is not compared, nor is what the way back adds.
"""

from __future__ import annotations

import hashlib
from typing import Any

from benhan.fhir.resource import to_bytes
from benhan.mapping.fhir_to_hoso_benh_an.document import Exported
from benhan.mapping.fhir_to_hoso_benh_an.values import digits, reference_to
from benhan.mapping.hoso_benh_an_to_fhir import Made, hoso_benh_an_to_fhir
from benhan.mapping.mapped import Context, Json
from benhan.vn.hoso_benh_an.document import as_written

FORMAT = "CV 365/TTYQG-GPQLCL HoSoBenhAn"
NOT_CARRIED = (
    "signatures",
    "code systems",
    "resource ids",
    "resource versions",
    "time zones (all times are +07:00)",
    "precision below a day of dates that are a month or a year",
    "authors of single values",
    "order of repeated elements",
)
"""What no field of the format can hold, whatever the record."""
NEVER = ("resourceType", "id", "meta")
"""Members that are no content: the type is told by the place, id and version stand in the manifest itself."""


def manifest_of(exported: Exported) -> Json:
    """The manifest of a document: a line a resource with its place, version, SHA-256 of its stored bytes, and what is
    lost of it (paths; "*" is all of it); what was cut or left out for want of room; what the checker found."""
    record = exported.record
    back = hoso_benh_an_to_fhir(as_written(exported.document), Context(record.facility))
    compare = Comparison(exported.places, back)
    return {
        "format": FORMAT,
        "not_carried": list(NOT_CARRIED),
        "resources": [
            {
                "reference": reference_to(each),
                "version": each.get("meta", {}).get("versionId", ""),
                "sha256": hashlib.sha256(record.contents.get(reference_to(each)) or to_bytes(each)).hexdigest(),
                "place": exported.places.get(reference_to(each), ""),
                "systems": sorted(_systems(each)),
                "lost": compare.lost(each),
            }
            for each in [record.patient, record.encounter, *record.resources]
        ],
        "too_long": exported.too_long,
        "issues": [
            {"place": issue.place, "severity": issue.severity.value, "text": issue.text.vi}
            for issue in exported.checked.issues
        ],
    }


class Comparison:
    """Resources beside those that were read back from the places they were written to."""

    def __init__(self, places: dict[str, str], back: Made) -> None:
        self._places = places
        self._back = back

    def lost(self, resource: Json) -> list[str]:
        """The paths that the resource of the same place does not tell alike; ["*"] where it has no place."""
        made = self._back.at.get(self._places.get(reference_to(resource), ""))
        if made is None or made.resource["resourceType"] != resource["resourceType"]:
            return ["*"]
        content = {name: value for name, value in resource.items() if name not in NEVER}
        return self._lost(content, made.resource, "")

    def _lost(self, told: Any, back: Any, path: str) -> list[str]:
        if isinstance(told, dict):
            if not isinstance(back, dict):
                return [path]
            lost = []
            for name, value in told.items():
                if value.__class__ is str and name != "reference" and back.get(name) == value:
                    continue  # most are texts that came back as they were
                inner = f"{path}.{name}" if path else name
                if name not in back:
                    lost.append(inner)
                elif name == "reference" and isinstance(value, str):
                    lost += [] if self._is_same(value, back[name]) else [inner]
                else:
                    lost += self._lost(value, back[name], inner)
            return lost
        if isinstance(told, list):
            return self._lost_of_list(told, back, path) if isinstance(back, list) else [path]
        return [] if _as_written(told) == _as_written(back) else [path]

    def _lost_of_list(self, told: list[Any], back: list[Any], path: str) -> list[str]:
        """Each item beside the one that tells most of it; texts beside the one of the same number."""
        lost: list[str] = []
        left = list(back)
        for index, each in enumerate(told):
            inner = f"{path}[{index}]"
            if not isinstance(each, dict):
                lost += self._lost(each, back[index] if index < len(back) else None, inner)
                continue
            best, least = -1, [inner]
            for place, other in enumerate(left):
                found = self._lost(each, other, inner)
                if best < 0 or len(found) < len(least):
                    best, least = place, found
                if not found:
                    break
            lost += least
            if best >= 0:
                del left[best]
        return lost

    def _is_same(self, reference: str, back: Any) -> bool:
        made = self._back.at.get(self._places.get(reference, ""))
        return made is not None and made.reference["reference"] == back


def _as_written(value: Any) -> str:
    return f"{value.__class__ is bool}{digits(value)}"


def _systems(value: Any) -> set[str]:
    """The code systems that a resource uses."""
    found: set[str] = set()
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "code" in each and isinstance(each.get("system"), str):
                found.add(each["system"])
            left += each.values()
        elif isinstance(each, list):
            left += each
    return found
