"""The words that `HoSoBenhAn` and FHIR say for the same thing, for both directions.

LOINC codes of findings by organ: draft IG of the Ministry (hl7vn/vn-core-ig, page qd_831; CC0-1.0; LOINC © Regenstrief
Institute, free with notice). Its codes of visual acuity are keratometry (79813-2, 79814-0) and are not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benhan.vn import systems

Json = dict[str, Any]

HL7 = "http://terminology.hl7.org/CodeSystem"
ACT_CODE = f"{HL7}/v3-ActCode"
PARTICIPATION = f"{HL7}/v3-ParticipationType"
DIAGNOSIS_ROLE = f"{HL7}/diagnosis-role"
CONDITION_CATEGORY = f"{HL7}/condition-category"
OBSERVATION_CATEGORY = f"{HL7}/observation-category"
DIAGNOSTIC_SERVICE = f"{HL7}/v2-0074"
NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
EMPLOYER = "E"
"""Table 0131: a contact that is where the patient works."""

GENDERS = {"male": "Nam", "female": "Nữ", "other": "Khác", "unknown": "Chưa xác định"}
GENDER_OF = {text.casefold(): code for code, text in GENDERS.items()} | {"1": "male", "2": "female", "3": "unknown"}
CLASSES = {
    "IMP": "Nội trú",
    "AMB": "Ngoại trú",
    "EMER": "Cấp cứu",
    "SS": "Nội trú ban ngày",
    "OBSENC": "Lưu theo dõi",
    "PRENC": "Hẹn vào viện",
    "HH": "Tại nhà",
    "VR": "Từ xa",
}
CLASS_OF = {text.casefold(): code for code, text in CLASSES.items()}
PRIORITIES = {"routine": "Thường", "urgent": "Khẩn", "asap": "Sớm nhất có thể", "stat": "Cấp cứu"}
PRIORITY_OF = {text.casefold(): code for code, text in PRIORITIES.items()}
IMAGING = frozenset({"RAD", "RX", "CT", "MRI", "US", "NMR", "IMG", "RUS", "VUS", "XRC", "CUS"})
INSURED = "BHYT"
"""doituongbn of a person with a card, where the Coverage says no more."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A vital sign: its field in group II, in the list of group III, its LOINC codes (ours first) and its unit."""

    admission: str
    listed: str
    codes: tuple[str, ...]
    unit: str
    ucum: str
    display: str


SIGNS = (
    Sign("mach", "mach", ("8867-4",), "lần/phút", "/min", "Mạch"),
    Sign("nhietdo", "nhietdo", ("8310-5",), "°C", "Cel", "Nhiệt độ"),
    Sign("huyetap_tamthu", "huyetap_cao", ("8480-6",), "mmHg", "mm[Hg]", "Huyết áp tâm thu"),
    Sign("huyetap_tamtruong", "huyetap_thap", ("8462-4",), "mmHg", "mm[Hg]", "Huyết áp tâm trương"),
    Sign("nhiptho", "nhiptho", ("9279-1",), "lần/phút", "/min", "Nhịp thở"),
    Sign("cannang", "cannang", ("29463-7", "3141-9"), "kg", "kg", "Cân nặng"),
    Sign("chieucao", "chieucao", ("8302-2", "8306-3"), "cm", "cm", "Chiều cao"),
)
SIGN_OF = {code: sign for sign in SIGNS for code in sign.codes}
PRESSURE_PANELS = frozenset({"85354-9", "55284-4"})
PRESSURE_PANEL = "85354-9"
PRESSURE_LISTED = ("huyetap_cao", "huyetap_thap")
_FACTORS = {
    ("g", "kg"): Decimal("0.001"),
    ("m", "cm"): Decimal(100),
    ("mm", "cm"): Decimal("0.1"),
}

ORGANS = {
    "tuanhoan": ("11390-2", "Tuần hoàn"),
    "hohap": ("11412-4", "Hô hấp"),
    "tieuhoa": ("11399-3", "Tiêu hoá"),
    "thantietnieu": ("10198-0", "Thận – tiết niệu"),
    "thankinh": ("10202-0", "Thần kinh"),
    "coxuongkhop": ("11410-8", "Cơ – xương – khớp"),
    "taimuihong": ("11393-6", "Tai – mũi – họng"),
    "ranghammat": ("10201-2", "Răng – hàm – mặt"),
    "noitiet_dinhduong_benhlikhac": ("29307-6", "Nội tiết, dinh dưỡng và các bệnh lý khác"),
}
"""Fields of khambenh_caccoquan with LOINC code and name; the eyes have sides, see EYES."""
ORGAN_OF = {code: name for name, (code, _) in ORGANS.items()}
EYE = "10197-2"
EYES = {"matphai": ("18944008", "Mắt phải"), "mattrai": ("8966001", "Mắt trái")}
"""Field, SNOMED CT body structure, name."""
GENERAL_STATE = ("10210-3", "Toàn thân")
PRESENT_ILLNESS = ("10164-2", "Quá trình bệnh lý")
BLOOD_GROUP = ("883-9", "Nhóm máu ABO")
RHESUS = ("10331-7", "Yếu tố Rh")
BLOOD_GROUP_BOTH = "882-1"

ALLERGY_TRAIT = ("01", "Dị ứng")
TRAITS = frozenset({"02", "03", "04", "05", "06"})

TEAM = {
    "phauthuatvien": ("PTV", "Phẫu thuật viên"),
    "bacsigaymehoisuc": ("GMHS", "Bác sĩ gây mê hồi sức"),
    "bacsigaymehoisuc_phu1": ("PM", "Phụ mê"),
    "phuphauthuat": ("PPT", "Phụ phẫu thuật"),
    "phudungcu": ("PDC", "Phụ dụng cụ"),
    "ddvongngoai": ("DDVN", "Điều dưỡng vòng ngoài"),
}
"""Field of a procedure's sheet, our code and the name of who stands in it."""
TEAM_CODES = {
    "phauthuatvien": "maphauthuatvien",
    "bacsigaymehoisuc": "mabacsigaymehoisuc",
    "bacsigaymehoisuc_phu1": "mabacsigaymehoisuc_phu1",
}
"""Where the licence of who stands in a field is written; the others have no place for it."""
SURGICAL = "387713003"
"""SNOMED CT: surgical procedure."""

OBSERVED = TRAITS | {
    *SIGN_OF,
    *PRESSURE_PANELS,
    *ORGAN_OF,
    EYE,
    GENERAL_STATE[0],
    PRESENT_ILLNESS[0],
    BLOOD_GROUP[0],
    RHESUS[0],
    BLOOD_GROUP_BOTH,
}
"""The codes of Observations that have a field of their own."""

_LOINC = re.compile(r"(?:LA|LP)?\d{1,6}-\d", re.ASCII)
_INDEX = re.compile(r"\d{7}", re.ASCII)
_ICD10 = re.compile(r"[A-Z]\d\d(?:\.[0-9A-Z]{1,4})?[*†+]?", re.ASCII)


def system_of_code(code: str) -> str:
    """The code system that a code without one has by its form: LOINC, the Ministry's index, else the laboratory's."""
    if _LOINC.fullmatch(code):
        return systems.LOINC
    return systems.LABORATORY_INDEX if _INDEX.fullmatch(code) else systems.LOCAL_TEST


def system_of_diagnosis(code: str) -> str:
    """ICD-10 for what has its form, else ""."""
    return systems.ICD10 if _ICD10.fullmatch(code) else ""


def in_unit(value: Decimal, ucum: str, wanted: str) -> Decimal | None:
    """A measured value in the unit of its field, None where it cannot be brought to it."""
    if ucum == wanted:
        return value
    factor = _FACTORS.get((ucum, wanted))
    return (value * factor).normalize() if factor is not None else None
