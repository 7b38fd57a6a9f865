"""Số GPHN or CCHN: the licence of a practitioner, with the ending that says in which capacity it was used.

Endings: `.TX.` supports from afar, `.CG.` hands over a technique, `.HD.` is mobilised, each with the code of a facility
(`XXX` where that has none); `.` and twelve digits is a trainee under that licence. In MA_BAC_SI several stand parted by
`;`. Source: NĐ 96/2023/NĐ-CP; QĐ 3176/QĐ-BYT, MA_BAC_SI, NGUOI_THUC_HIEN, MA_BS_DOC_KQ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_PRACTICE_LICENCE
from benhan.vn.identifiers.kind import Part, misread

LABEL = Text("Giấy phép hành nghề", "Practising licence")
SYSTEM = systems.PRACTITIONER_LICENCE
CLAUSE = "QĐ 3176/QĐ-BYT, MA_BAC_SI"
SIZE_MAX = 255

FORM = Text(
    "Số giấy phép không được trống, không chứa dấu cách hay dấu chấm phẩy, tối đa 255 ký tự.",
    "A licence number is not empty, has no space or semicolon, and at most 255 characters.",
)
UNUSUAL = Text(
    "Số giấy phép không theo dạng thường gặp (ví dụ 000123/BYT-GPHN). Đối chiếu lại giấy phép.",
    "The licence number has an unusual form (usual: 000123/BYT-GPHN). Compare the licence.",
)
WRONG_ENDING = Text(
    "Sau .TX, .CG hoặc .HD phải là mã cơ sở 5 ký tự, ví dụ 000123/BYT-GPHN.TX.01901.",
    "After .TX, .CG or .HD comes a facility code of 5 characters, such as 000123/BYT-GPHN.TX.01901.",
)

_ENDING = re.compile(
    r"(?P<number>[^\s;]+?)(?:\.(?P<capacity>TX|CG|HD)\.(?P<facility>\d{2}[0-9A-Z]{3})|\.(?P<trainee>\d{12}))?", re.ASCII
)
_USUAL = re.compile(r"(?P<serial>[0-9]{1,8})/(?P<issuer>[A-ZĐ]{2,8})-(?P<paper>GPHN|CCHN)")
_MARK = re.compile(r"\.(?:TX|CG|HD)(?:\.|$)", re.ASCII)


class Capacity(Enum):
    """In which capacity a licence was used."""

    OWN = ""
    FROM_AFAR = "TX"
    HANDING_OVER = "CG"
    MOBILISED = "HD"
    TRAINEE = "trainee"


CAPACITIES = {
    Capacity.OWN: Text("hành nghề tại cơ sở", "practises at the facility"),
    Capacity.FROM_AFAR: Text("hỗ trợ từ xa", "supports from afar"),
    Capacity.HANDING_OVER: Text("chuyển giao kỹ thuật", "hands over a technique"),
    Capacity.MOBILISED: Text("được huy động", "is mobilised"),
    Capacity.TRAINEE: Text("người thực hành dưới giấy phép này", "a trainee under this licence"),
}
PAPERS = {"GPHN": Text("giấy phép hành nghề", "practising licence"), "CCHN": Text("chứng chỉ hành nghề", "certificate")}


@dataclass(frozen=True, slots=True)
class PracticeLicence:
    """`number` as on the paper; `facility` where the capacity names one; `trainee` a personal number, "" else."""

    number: str
    capacity: Capacity = Capacity.OWN
    facility: str = ""
    trainee: str = ""

    def __str__(self) -> str:
        if self.capacity is Capacity.TRAINEE:
            return f"{self.number}.{self.trainee}"
        return f"{self.number}.{self.capacity.value}.{self.facility}" if self.facility else self.number


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a licence number."""
    written = text.strip().upper()
    match = _ENDING.fullmatch(written) if len(written) <= SIZE_MAX else None
    if match is None:
        return misread(place, FORM, CLAUSE)
    if _MARK.search(match["number"]):
        return misread(place, WRONG_ENDING, CLAUSE)
    return [] if _USUAL.fullmatch(match["number"]) else [warning("value", place, UNUSUAL, CLAUSE)]


def parse(text: str) -> PracticeLicence:
    """The licence. Raises Incorrect BA-3267."""
    issues = check(text)
    if any(issue.is_error for issue in issues):
        raise NOT_A_PRACTICE_LICENCE(*issues)
    match = _ENDING.fullmatch(text.strip().upper())
    assert match is not None  # checked above
    if match["trainee"]:
        return PracticeLicence(match["number"], Capacity.TRAINEE, trainee=match["trainee"])
    return PracticeLicence(match["number"], Capacity(match["capacity"] or ""), match["facility"] or "")


def explain(text: str) -> list[Part]:
    """The serial, who issued which paper, and the capacity."""
    licence = parse(text)
    parts = []
    usual = _USUAL.fullmatch(licence.number)
    if usual is None:
        parts.append(Part(LABEL, licence.number, Text("dạng khác thường", "unusual form")))
    else:
        issuer = (
            Text("Bộ Y tế", "Ministry of Health")
            if usual["issuer"] == "BYT"
            else Text("sở y tế", "a Department of Health")
        )
        parts += [
            Part(Text("Số thứ tự", "Serial"), usual["serial"], PAPERS[usual["paper"]]),
            Part(Text("Nơi cấp", "Issued by"), usual["issuer"], issuer),
        ]
    ending = licence.facility or licence.trainee
    return [*parts, Part(Text("Tư cách", "Capacity"), ending, CAPACITIES[licence.capacity])]
