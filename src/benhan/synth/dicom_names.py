"""UIDs of studies, series and pictures, under 2.25 from the country's own keys. Source: DICOM PS3.5 B.2."""

from __future__ import annotations

from benhan.synth.chance import digest_of
from benhan.synth.visit import Study

SOP_CLASSES = {
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
}
"""The modalities of which pictures are made, and what kind they are."""
_PICTURES = {"DX": 1, "CT": 4, "US": 2}


def has_pictures(study: Study) -> bool:
    return study.kind.modality in SOP_CLASSES


def sop_class(study: Study) -> str:
    return SOP_CLASSES[study.kind.modality]


def study_uid(prefix: str, study: Study) -> str:
    return _uid(prefix, study, "study")


def series_uid(prefix: str, study: Study) -> str:
    return _uid(prefix, study, "series")


def instances_of(prefix: str, study: Study) -> list[str]:
    """The SOP instance UIDs of a study's pictures."""
    return [_uid(prefix, study, f"picture-{place}") for place in range(_PICTURES[study.kind.modality])]


def _uid(prefix: str, study: Study, what: str) -> str:
    return f"2.25.{digest_of(prefix, study.by.licence, study.number, what)}"
