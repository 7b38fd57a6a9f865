"""Pictures of studies: what a DICOM instance says of its frames, and the frames as a browser can show them. Pure.

Frames of grey are given as they are stored, so that the viewer sets window and level; frames that are JPEG already are
given as such. What is compressed otherwise is not shown. Source: DICOM PS3.3 C.7.6.3 (image pixel), C.11.2 (VOI LUT),
C.11.1 (modality LUT); PS3.5 8, A.4 (encapsulated frames).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

if TYPE_CHECKING:
    from pydicom import Dataset

NOT_SHOWN = FaultCode(
    "BA-5454",
    Incorrect,
    Text(
        "Ảnh này không hiện được ở đây: {reason}. Mở bằng phần mềm PACS.",
        "This picture cannot be shown here: {reason}. Open it with the PACS software.",
    ),
)
BYTES_MAX = 100_000_000
SIDE_MAX = 8_192
FRAMES_MAX = 4_096
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
"""Transfer syntaxes whose pixels stand as they are, little end first."""
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


@dataclass(frozen=True, slots=True)
class Frames:
    """What is in an instance. `kind`: `grey` (stored values of `bits` bits, little end first), `colour` (RGB, 8 bits
    each) or `jpeg`. The shown value of a stored one is `slope` times it plus `intercept`; `centre` and `width` are the
    window that the sender names, 0 wide for none.
    """

    kind: str
    rows: int
    columns: int
    frames: int
    bits: int
    is_signed: bool
    is_inverted: bool
    slope: float
    intercept: float
    centre: float
    width: float
    study: str
    number: int


class Instance:
    """An instance that was read. Raises Incorrect BA-5454 for what is none, or none that is shown here."""

    def __init__(self, content: bytes) -> None:
        from pydicom import dcmread
        from pydicom.config import disable_value_validation

        if len(content) > BYTES_MAX:
            raise NOT_SHOWN(reason=f"> {BYTES_MAX // 1_000_000} MB")
        try:
            with disable_value_validation():  # whose warnings would put what is in the file into a log
                dataset = dcmread(io.BytesIO(content))
                self.frames = _frames(dataset)
                self._pixels = bytes(dataset.PixelData)
        except NOT_SHOWN.fault:
            raise
        except Exception as cause:  # pydicom raises what it happens to meet in a file that is none
            raise NOT_SHOWN(reason="DICOM?") from cause

    def all_frames(self) -> list[bytes]:
        """The bytes of every frame. Raises Incorrect BA-5454."""
        return [self.frame(number) for number in range(self.frames.frames)]

    def frame(self, number: int) -> bytes:
        """The bytes of a frame, counted from 0. Raises Incorrect BA-5454 where there is none."""
        told = self.frames
        if not 0 <= number < told.frames:
            raise NOT_SHOWN(reason=f"{number + 1} > {told.frames}")
        if told.kind == "jpeg":
            return self._encapsulated(number)
        size = told.rows * told.columns * (3 if told.kind == "colour" else told.bits // 8)
        pixels = self._pixels[number * size : (number + 1) * size]
        if len(pixels) != size:
            raise NOT_SHOWN(reason="PixelData")
        return pixels

    def _encapsulated(self, number: int) -> bytes:
        from pydicom.encaps import get_frame

        try:
            return bytes(get_frame(self._pixels, number, number_of_frames=self.frames.frames))
        except Exception as cause:  # as above
            raise NOT_SHOWN(reason="PixelData") from cause


def _frames(dataset: Dataset) -> Frames:
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    samples, photometric = int(dataset.SamplesPerPixel), str(dataset.PhotometricInterpretation)
    bits, planar = int(dataset.BitsAllocated), int(dataset.get("PlanarConfiguration", 0))
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if not (0 < rows <= SIDE_MAX and 0 < columns <= SIDE_MAX and 0 < frames <= FRAMES_MAX):
        raise NOT_SHOWN(reason=f"{columns} x {rows} x {frames}")
    if syntax == JPEG_BASELINE:
        kind = "jpeg"
    elif syntax not in NATIVE:
        raise NOT_SHOWN(reason=syntax)
    elif samples == 1 and bits in (8, 16) and photometric.startswith("MONOCHROME"):
        kind = "grey"
    elif samples == 3 and bits == 8 and photometric == "RGB" and not planar:
        kind = "colour"
    else:
        raise NOT_SHOWN(reason=f"{photometric} {bits}")
    return Frames(
        kind, rows, columns, frames, bits, bool(dataset.get("PixelRepresentation", 0)), photometric == "MONOCHROME1",
        _number(dataset.get("RescaleSlope"), 1.0), _number(dataset.get("RescaleIntercept"), 0.0),
        _number(dataset.get("WindowCenter"), 0.0), _number(dataset.get("WindowWidth"), 0.0),
        str(dataset.get("StudyInstanceUID", "")), int(dataset.get("InstanceNumber", 0) or 0),
    )  # fmt: skip


def _number(value: Any, usual: float) -> float:
    """A decimal string, the first of several."""
    first = value[0] if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else value
    return float(first) if first not in (None, "") else usual
