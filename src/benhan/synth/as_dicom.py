"""The synthetic country's pictures: small DICOM instances with a drawn phantom, uncompressed.

Source: DICOM PS3.3 (CR/DX, CT, US image modules), PS3.10. Pictures are of 64 by 64 points and show nobody.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import add
from typing import TYPE_CHECKING

from benhan.synth.chance import chance_of
from benhan.synth.dicom_names import has_pictures, instances_of, series_uid, sop_class, study_uid
from benhan.synth.life import Life
from benhan.synth.visit import Study, Visit

if TYPE_CHECKING:
    from pydicom import Dataset

SIDE = 64
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class Picture:
    """One DICOM file: its study, its place in it, its bytes."""

    study: str
    number: int
    content: bytes


def life_pictures(life: Life, prefix: str) -> Iterator[Picture]:
    """The pictures of a person's studies."""
    for visit in life.visits:
        for study in visit.studies:
            if has_pictures(study):
                yield from study_pictures(visit, study, prefix)


def study_pictures(visit: Visit, study: Study, prefix: str) -> Iterator[Picture]:
    """The pictures of one study."""
    uid = study_uid(prefix, study)
    for number, instance in enumerate(instances_of(prefix, study), 1):
        yield Picture(uid, number, _file(_dataset(visit, study, prefix, number, instance), instance, study))


def _file(dataset: Dataset, instance: str, study: Study) -> bytes:
    from pydicom import FileDataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class(study))
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    file = io.BytesIO()
    FileDataset(None, dataset, preamble=b"\0" * 128, file_meta=meta).save_as(file, enforce_file_format=True)  # type: ignore[arg-type]
    return file.getvalue()


def _dataset(visit: Visit, study: Study, prefix: str, number: int, instance: str) -> Dataset:
    from pydicom import Dataset

    registration = visit.registration
    name, by = registration.name, study.by.name
    dataset = Dataset()
    for keyword, value in {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": sop_class(study),
        "SOPInstanceUID": instance,
        "StudyInstanceUID": study_uid(prefix, study),
        "SeriesInstanceUID": series_uid(prefix, study),
        "StudyDate": f"{study.done_at:%Y%m%d}",
        "StudyTime": f"{study.done_at:%H%M%S}",
        "AccessionNumber": study.number[-16:],
        "Modality": study.kind.modality,
        "Manufacturer": "benhan synth",
        "InstitutionName": visit.facility.name[:64],
        "ReferringPhysicianName": f"{by.family}^{by.given}^{by.middle}",
        "StudyDescription": study.kind.name[:64],
        "PatientName": f"{name.family}^{name.given}^{name.middle}",
        "PatientID": registration.number,
        "PatientBirthDate": (registration.birth.replace("-", "") + "0101")[:8],
        "PatientSex": registration.sex,
        "StudyID": study.number[-16:],
        "SeriesNumber": 1,
        "InstanceNumber": number,
        "BodyPartExamined": study.kind.region,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": SIDE,
        "Columns": SIDE,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": phantom(study.kind.region, instance),
    }.items():
        setattr(dataset, keyword, value)
    return dataset


def phantom(region: str, name: str) -> bytes:
    """A body in grey: an ellipse of the region's shape with noise, and a spot somewhere in it."""
    chance = chance_of("phantom", name)
    left, top = chance.randrange(20, 40), chance.randrange(20, 40)
    grey = bytearray(_ellipse(region))
    for y in range(top, top + 5):
        grey[y * SIDE + left : y * SIDE + left + 5] = b"\xbe" * 5
    noise = chance.randbytes(SIDE * SIDE).translate(_FAINT)
    return bytes(map(add, grey, noise))


_FAINT = bytes(each & 31 for each in range(256))


@cache
def _ellipse(region: str) -> bytes:
    wide, high = {"CHEST": (27, 30), "HEAD": (22, 27), "ABDOMEN": (29, 22)}.get(region, (18, 28))
    half = SIDE // 2
    return bytes(
        100 if ((x - half) / wide) ** 2 + ((y - half) / high) ** 2 < 1 else 6 for y in range(SIDE) for x in range(SIDE)
    )
