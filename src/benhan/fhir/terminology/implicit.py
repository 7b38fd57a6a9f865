"""Value sets that exist with their code system, without a resource of their own.

Source: FHIR R4 snomedct.html#implicit, loinc.html#implicit; the same form is taken for every system.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

LOINC = "http://loinc.org"


def implicit_value_set(url: str) -> Json | None:
    """The ValueSet that `system?fhir_vs`, `system?fhir_vs=isa/code` or `http://loinc.org/vs` means, or None."""
    if url == f"{LOINC}/vs":
        return _all_of(LOINC)
    system, mark, asked = url.partition("?fhir_vs")
    if not mark or not system:
        return None
    if not asked:
        return _all_of(system, url)
    if asked.startswith("=isa/") and len(asked) > 5:
        return _all_of(system, url, [{"property": "concept", "op": "is-a", "value": unquote(asked[5:])}])
    return None


def _all_of(system: str, url: str = "", filters: list[Json] | None = None) -> Json:
    include: Json = {"system": system, **({"filter": filters} if filters else {})}
    return {
        "resourceType": "ValueSet",
        "url": url or f"{system}/vs",
        "status": "active",
        "compose": {"include": [include]},
    }
