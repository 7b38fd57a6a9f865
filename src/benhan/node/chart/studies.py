"""Imaging studies with what was read in them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.node.chart.moments import instant_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """A study: what was done by which modality, how many series and pictures, what was read in it."""

    id: str
    at: datetime | None
    title: str
    modalities: str
    series: int
    pictures: int
    conclusion: str
    uid: str


def studies_of(resources: list[Json]) -> list[Study]:
    """The studies, newest first, each with the conclusion of the report that names it or answers the same order."""
    reports = [each for each in resources if each["resourceType"] == "DiagnosticReport"]
    by_study: dict[str, str] = {}
    for each in reports:
        links = [*each.get("imagingStudy", []), *each.get("basedOn", [])]
        by_study |= {link.get("reference", ""): each.get("conclusion", "") for link in links}
    studies = [_study(each, by_study) for each in resources if each["resourceType"] == "ImagingStudy"]
    return sorted(studies, key=lambda each: (each.at.isoformat() if each.at else "", each.id), reverse=True)


def _study(study: Json, conclusions: dict[str, str]) -> Study:
    series = study.get("series", [])
    named = [*study.get("modality", []), *(each.get("modality", {}) for each in series)]
    links = [f"ImagingStudy/{study['id']}", *(each.get("reference", "") for each in study.get("basedOn", []))]
    procedure = (study.get("procedureCode") or [{}])[0]
    return Study(
        study["id"],
        instant_of(study.get("started", "")),
        study.get("description") or procedure.get("text", ""),
        ", ".join(dict.fromkeys(each.get("code", "") for each in named if each.get("code"))),
        study.get("numberOfSeries") or len(series),
        study.get("numberOfInstances") or sum(map(_pictures, series)),
        next((conclusions[link] for link in links if conclusions.get(link)), ""),
        next((each.get("value", "").removeprefix("urn:oid:") for each in study.get("identifier", [])), ""),
    )


def _pictures(series: Json) -> int:
    return int(series.get("numberOfInstances", 0)) or len(series.get("instance", []))
