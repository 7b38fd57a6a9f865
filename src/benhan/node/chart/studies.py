"""Imaging studies with what was read in them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benhan.node.chart.moments import instant_of
from benhan.node.records.content import is_taken_back

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
    here: tuple[str, ...] = ()
    """The ids of the documents that hold pictures of it."""


SHOWN = ("application/dicom", "image/jpeg", "image/png")
"""Types of attachments that are pictures."""


def pictures_of(documents: list[Json]) -> dict[str, list[str]]:
    """The ids of documents that hold a picture, by what they are related to: a reference, a UID, "" for nothing."""
    found: dict[str, list[str]] = {}
    for each in documents:
        if each["resourceType"] != "DocumentReference" or is_taken_back(each) or picture_in(each) is None:
            continue
        related = each.get("context", {}).get("related", [])
        names = [link.get("reference") or link.get("identifier", {}).get("value", "") for link in related]
        for name in names or [""]:
            found.setdefault(name.removeprefix("urn:oid:"), []).append(each["id"])
    return found


def picture_in(document: Json) -> Json | None:
    """The attachment of a document that is a picture."""
    attachments = [each.get("attachment", {}) for each in document.get("content", [])]
    return next((each for each in attachments if each.get("contentType") in SHOWN), None)


def studies_of(resources: list[Json]) -> list[Study]:
    """The studies, newest first, each with the conclusion of the report that names it or answers the same order."""
    reports = [each for each in resources if each["resourceType"] == "DiagnosticReport"]
    by_study: dict[str, str] = {}
    for each in reports:
        links = [*each.get("imagingStudy", []), *each.get("basedOn", [])]
        by_study |= {link.get("reference", ""): each.get("conclusion", "") for link in links}
    pictures = pictures_of(resources)
    studies = [_study(each, by_study, pictures) for each in resources if each["resourceType"] == "ImagingStudy"]
    return sorted(studies, key=lambda each: (each.at.isoformat() if each.at else "", each.id), reverse=True)


def _study(study: Json, conclusions: dict[str, str], pictures: dict[str, list[str]]) -> Study:
    series = study.get("series", [])
    named = [*study.get("modality", []), *(each.get("modality", {}) for each in series)]
    links = [f"ImagingStudy/{study['id']}", *(each.get("reference", "") for each in study.get("basedOn", []))]
    uid = next((each.get("value", "").removeprefix("urn:oid:") for each in study.get("identifier", [])), "")
    procedure = (study.get("procedureCode") or [{}])[0]
    return Study(
        study["id"],
        instant_of(study.get("started", "")),
        study.get("description") or procedure.get("text", ""),
        ", ".join(dict.fromkeys(each.get("code", "") for each in named if each.get("code"))),
        study.get("numberOfSeries") or len(series),
        study.get("numberOfInstances") or sum(map(_pictures, series)),
        next((conclusions[link] for link in links if conclusions.get(link)), ""),
        uid,
        tuple(reversed(pictures.get(links[0], []) + pictures.get(uid, []))),
    )


def _pictures(series: Json) -> int:
    return int(series.get("numberOfInstances", 0)) or len(series.get("instance", []))
