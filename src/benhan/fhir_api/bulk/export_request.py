"""What an export is asked for, checked before anything begins.

Source: Bulk Data Access 2.0, Bulk Data Kick-off Request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from benhan.fhir.definitions import resource_types
from benhan.fhir.resource import instant, is_id
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import SearchQuery, parse_search
from benhan.fhir.summary import parse_part
from benhan.fhir_api.bulk.faults import BAD_OUTPUT_FORMAT, BAD_TYPE_FILTER
from benhan.fhir_api.operations.faults import BAD_PARAMETER, NOT_TAKEN
from benhan.fhir_api.operations.parameters import FORMAT_PARAMETERS, Asked

PARAMETERS = ("_type", "_since", "_typeFilter", "_elements", "_outputFormat", "patient")
NOT_OFFERED = ("includeAssociatedData", "_until", "organizeOutputBy", "allowPartialManifests")
OUTPUT_FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
RESULT_PARAMETERS = ("_count", "_sort", "_include", "_revinclude", "_total", "_summary", "_elements", "_page")
FILTERS_MAX = 50
Json = dict[str, Any]

_FILTER = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>.+)", re.DOTALL)


@dataclass(slots=True)
class ExportRequest:
    """An export. `types` None: all. `filters` are search queries by type, any of which lets a resource in.

    `patients` are logical ids, None where all patients, or also what is no patient's, are asked for.
    """

    level: str
    types: list[str] | None = None
    since: str = ""
    filters: dict[str, list[str]] = field(default_factory=dict)
    elements: list[str] = field(default_factory=list)
    patients: list[str] | None = None
    url: str = ""

    def to_json(self) -> Json:
        return asdict(self)

    @property
    def since_at(self) -> datetime | None:
        return datetime.fromisoformat(self.since) if self.since else None


def parse_export(
    level: str, asked: Asked, registry: SearchRegistry, *, lenient: bool
) -> tuple[ExportRequest, list[str]]:
    """The export that `asked` describes at `level` (system, patient, group), and the names that were passed over.

    Raises Incorrect BA-2062, BA-2351, BA-2352, BA-2381, BA-2382, Unsupported BA-2356, and what a search raises.
    With `lenient` a parameter that is not known or not offered is passed over instead.
    """
    ignored = _check_names(level, asked, lenient=lenient)
    if asked.text("_outputFormat", OUTPUT_FORMATS[0]) not in OUTPUT_FORMATS:
        raise BAD_OUTPUT_FORMAT()
    types = list(dict.fromkeys(asked.texts("_type"))) or None
    if types is not None and not resource_types().issuperset(types):
        raise BAD_PARAMETER(name="_type", wanted="resource types")
    since = asked.moment("_since")
    request = ExportRequest(level, types, instant(since) if since is not None else "")
    request.filters = _filters(asked, types, registry)
    request.elements = _elements(asked, types)
    if level != "system" and asked.all("patient"):
        request.patients = patient_ids(asked.all("patient"))
    return request, ignored


def _check_names(level: str, asked: Asked, *, lenient: bool) -> list[str]:
    valid = [name for name in PARAMETERS if level != "system" or name != "patient"]
    names = list(dict.fromkeys(name for name, _ in asked.pairs if name not in (*valid, *FORMAT_PARAMETERS)))
    if lenient:
        return names
    for name in names:
        if name in NOT_OFFERED:
            raise NOT_TAKEN(name=name)
    asked.check("$export", valid)
    return []


def _filters(asked: Asked, types: list[str] | None, registry: SearchRegistry) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    texts = [part for each in asked.all("_typeFilter") for part in re.split(r",(?=[A-Z][A-Za-z]+\?)", str(each))]
    if len(texts) > FILTERS_MAX:
        raise BAD_TYPE_FILTER()
    for text in texts:
        match = _FILTER.fullmatch(text)
        if match is None or match["type"] not in (types or resource_types()):
            raise BAD_TYPE_FILTER()
        filter_query(match["type"], match["query"], registry)
        found.setdefault(match["type"], []).append(match["query"])
    return found


def filter_query(type_: str, text: str, registry: SearchRegistry) -> SearchQuery:
    """The search that a filter of `type_` is. Raises Incorrect BA-2382, BA-0220."""
    pairs = parse_qsl(text, keep_blank_values=True)
    if not pairs or any(name.partition(":")[0] in RESULT_PARAMETERS for name, _ in pairs):
        raise BAD_TYPE_FILTER()
    return parse_search(type_, pairs, registry=registry)


def _elements(asked: Asked, types: list[str] | None) -> list[str]:
    """The elements asked for. Raises Incorrect BA-2062 for one that no type has."""
    part = parse_part([("_elements", text) for text in asked.texts("_elements")], types or ())
    return list(part.elements) if part is not None else []


def patient_ids(references: Iterable[Any]) -> list[str]:
    """The ids that the values of `patient` name. Raises Incorrect BA-2352."""
    found = []
    for value in references:
        text = value.get("reference") if isinstance(value, dict) else value
        for part in text.split(",") if isinstance(text, str) else [""]:
            id_ = part.strip().removeprefix("Patient/")
            if not is_id(id_):
                raise BAD_PARAMETER(name="patient", wanted="Patient/id")
            found.append(id_)
    return list(dict.fromkeys(found))
