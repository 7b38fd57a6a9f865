"""Frames of DICOM instances as the viewer takes them; what is none, or compressed otherwise, is told."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from benhan.kernel.faults import Incorrect
from benhan.node.chart.pictures import Instance
from benhan.node.chart.studies import studies_of

EXPLICIT, JPEG, JPEG_2000 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"


def instance(pixels: bytes, syntax: str = EXPLICIT, **told: Any) -> bytes:
    dataset = Dataset()
    usual = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2.3", "StudyInstanceUID": "1.2.3.4",
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Rows": 2, "Columns": 3,
        "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1,
    }  # fmt: skip
    for keyword, value in (usual | told).items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OB" if syntax != EXPLICIT else "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(usual["SOPClassUID"]), UID("1.2.3")
    meta.TransferSyntaxUID = UID(syntax)
    held = io.BytesIO()
    file: Any = FileDataset(None, dataset, preamble=b"\0" * 128, file_meta=meta)  # type: ignore[arg-type]
    file.save_as(held, enforce_file_format=True)
    return held.getvalue()


def test_grey_frames_are_given_as_they_are_stored_with_what_makes_them_numbers() -> None:
    pixels = bytes(range(24))
    read = Instance(
        instance(pixels, NumberOfFrames=2, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter=["40", "400"],
                 WindowWidth=["80", "2000"])
    )  # fmt: skip
    told = read.frames
    assert (told.kind, told.rows, told.columns, told.frames, told.bits, told.is_signed) == ("grey", 2, 3, 2, 16, True)
    assert (told.slope, told.intercept, told.centre, told.width) == (2.0, -1024.0, 40.0, 80.0)
    assert read.all_frames() == [pixels[:12], pixels[12:]]


def test_colours_and_jpeg_are_shown_too() -> None:
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "BitsAllocated": 8, "PlanarConfiguration": 0}
    assert Instance(instance(bytes(18), **colour)).all_frames() == [bytes(18)]
    frames = [b"\xff\xd8one!", b"\xff\xd8two!"]
    read = Instance(instance(encapsulate(frames), JPEG, NumberOfFrames=2))
    assert (read.frames.kind, [each.rstrip(b"\0") for each in read.all_frames()]) == ("jpeg", frames)


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", instance(encapsulate([b"x" * 8]), JPEG_2000), instance(bytes(12), Rows=60_000),
     instance(bytes(12), BitsAllocated=32), instance(bytes(12), NumberOfFrames=100_000)],
)  # fmt: skip
def test_what_cannot_be_shown_is_told(content: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-5454"):
        Instance(content)


def test_fewer_pixels_than_are_told_make_no_frame() -> None:
    read = Instance(instance(bytes(6)))
    with pytest.raises(Incorrect, match="BA-5454"):
        read.all_frames()
    with pytest.raises(Incorrect, match="BA-5454"):
        read.frame(-1)


GOOD = instance(bytes(range(12)))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_instance_is_shown_or_told_and_nothing_else(at: int, damage: bytes) -> None:
    with contextlib.suppress(Incorrect):
        assert Instance(GOOD[:at] + damage + GOOD[at + len(damage) :]).all_frames()


def test_a_study_has_the_pictures_that_name_it_by_reference_or_uid() -> None:
    def document(id_: str, *related: dict[str, Any], kind: str = "application/dicom") -> dict[str, Any]:
        attachment = {"contentType": kind, "url": f"Binary/{id_}"}
        return {
            "resourceType": "DocumentReference", "id": id_, "content": [{"attachment": attachment}],
            "context": {"related": list(related)},
        }  # fmt: skip

    study = {"resourceType": "ImagingStudy", "id": "s", "identifier": [{"value": "urn:oid:1.2.3"}], "series": []}
    report = {"resourceType": "DiagnosticReport", "id": "r", "imagingStudy": [{"reference": "ImagingStudy/s"}],
              "conclusion": "Bình thường"}  # fmt: skip
    (found,) = studies_of(
        [study, report, document("a", {"reference": "ImagingStudy/s"}),
         document("b", {"identifier": {"value": "1.2.3"}}),
         document("c"), document("d", {"reference": "ImagingStudy/s"}, kind="application/pdf")]
    )  # fmt: skip
    assert (set(found.here), found.conclusion) == ({"a", "b"}, "Bình thường")
