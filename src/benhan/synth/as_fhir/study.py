"""Pictures and functional studies: ServiceRequest, ImagingStudy, Observation, DiagnosticReport."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.names import SERVICE, Json, Names, coded, when
from benhan.synth.dicom_names import has_pictures, instances_of, series_uid, sop_class, study_uid
from benhan.synth.visit import Study, Visit
from benhan.vn import systems

DCM = "http://dicom.nema.org/resources/ontology/DCM"
_IMAGING = [coded("observation-category", "imaging")]


def study_resources(visit: Visit, names: Names, subject: Json, encounter: Json) -> Iterator[Json]:
    """Each study with its order before it and its reading after it."""
    for place, study in enumerate(visit.studies, 1):
        yield from _study(f"{names.visit_id(visit)}-i{place}", study, visit, names, subject, encounter)


def _study(own: str, study: Study, visit: Visit, names: Names, subject: Json, encounter: Json) -> Iterator[Json]:
    kind = study.kind
    code = {"coding": [{"system": SERVICE, "code": kind.code, "display": kind.name}], "text": kind.name}
    request = {"reference": f"ServiceRequest/{own}"}
    done, issued = when(study.done_at), when(study.issued_at)
    yield {
        "resourceType": "ServiceRequest",
        "id": own,
        "identifier": [{"system": systems.order_number(visit.facility.code, "placer"), "value": study.number}],
        "status": "completed",
        "intent": "order",
        "code": code,
        "subject": subject,
        "encounter": encounter,
        "authoredOn": when(study.ordered_at),
        "requester": names.staff(study.by),
    }
    if has_pictures(study):
        yield _imaging_study(own, study, names, subject, encounter, request)
    yield {
        "resourceType": "Observation",
        "id": own,
        "basedOn": [request],
        "status": "final",
        "category": _IMAGING,
        "code": code,
        "subject": subject,
        "encounter": encounter,
        "effectiveDateTime": done,
        "issued": issued,
        "performer": [names.staff(study.reader)],
        "valueString": study.described,
    }
    report: Json = {
        "resourceType": "DiagnosticReport",
        "id": own,
        "identifier": [{"system": systems.order_number(visit.facility.code, "filler"), "value": f"F{study.number}"}],
        "basedOn": [request],
        "status": "final",
        "category": [coded("v2-0074", kind.section)],
        "code": code,
        "subject": subject,
        "encounter": encounter,
        "effectiveDateTime": done,
        "issued": issued,
        "performer": [names.facility(visit.facility)],
        "resultsInterpreter": [names.staff(study.reader)],
        "result": [{"reference": f"Observation/{own}"}],
        "conclusion": study.conclusion,
    }
    if has_pictures(study):
        report["imagingStudy"] = [{"reference": f"ImagingStudy/{own}"}]
    yield report


def _imaging_study(own: str, study: Study, names: Names, subject: Json, encounter: Json, request: Json) -> Json:
    uid = study_uid(names.prefix, study)
    modality = {"system": DCM, "code": study.kind.modality}
    instances = instances_of(names.prefix, study)
    return {
        "resourceType": "ImagingStudy",
        "id": own,
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}],
        "status": "available",
        "modality": [modality],
        "subject": subject,
        "encounter": encounter,
        "started": when(study.done_at),
        "basedOn": [request],
        "numberOfSeries": 1,
        "numberOfInstances": len(instances),
        "description": study.kind.name,
        "series": [
            {
                "uid": series_uid(names.prefix, study),
                "number": 1,
                "modality": modality,
                "numberOfInstances": len(instances),
                "instance": [
                    {
                        "uid": each,
                        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{sop_class(study)}"},
                        "number": place,
                    }
                    for place, each in enumerate(instances, 1)
                ],
            }
        ],
    }
