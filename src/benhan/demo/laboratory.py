"""Synthetic laboratory values: analytes with code, unit and range; each disease moves some of them over days."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Analyte:
    """An analyte: LOINC, Vietnamese name, unit, reference range of women and men, how it scatters, its decimals."""

    loinc: str
    name: str
    unit: str
    low: float
    high: float
    scatter: float
    decimals: int


ANALYTES = {
    "WBC": Analyte("6690-2", "Bạch cầu (WBC)", "G/L", 4.0, 10.0, 0.9, 2),
    "RBC": Analyte("789-8", "Hồng cầu (RBC)", "T/L", 3.9, 5.6, 0.2, 2),
    "HGB": Analyte("718-7", "Huyết sắc tố (HGB)", "g/L", 120, 165, 5, 0),
    "HCT": Analyte("4544-3", "Hematocrit (HCT)", "%", 36, 49, 1.5, 1),
    "MCV": Analyte("787-2", "Thể tích trung bình hồng cầu (MCV)", "fL", 80, 98, 2, 1),
    "PLT": Analyte("777-3", "Tiểu cầu (PLT)", "G/L", 150, 400, 18, 0),
    "GLU": Analyte("14771-0", "Glucose máu lúc đói", "mmol/L", 3.9, 6.4, 0.35, 2),
    "HBA1C": Analyte("4548-4", "HbA1c", "%", 4.0, 5.9, 0.1, 1),
    "CREA": Analyte("14682-9", "Creatinin", "µmol/L", 53, 115, 5, 0),
    "UREA": Analyte("22664-7", "Urê", "mmol/L", 2.5, 7.5, 0.5, 1),
    "AST": Analyte("1920-8", "AST (GOT)", "U/L", 5, 37, 4, 0),
    "ALT": Analyte("1742-6", "ALT (GPT)", "U/L", 5, 40, 4, 0),
    "NA": Analyte("2951-2", "Natri", "mmol/L", 135, 145, 1.2, 0),
    "K": Analyte("2823-3", "Kali", "mmol/L", 3.5, 5.0, 0.15, 2),
    "CRP": Analyte("1988-5", "CRP", "mg/L", 0, 5, 0.8, 1),
}
PANELS = {
    "CTM": ("Công thức máu", ("WBC", "RBC", "HGB", "HCT", "MCV", "PLT")),
    "SHM": ("Sinh hoá máu", ("GLU", "CREA", "UREA", "AST", "ALT", "NA", "K", "CRP")),
    "HBA1C": ("HbA1c", ("HBA1C",)),
}


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease: ICD-10, name, how it begins (factor on an analyte) and how far a day of treatment brings it back."""

    icd: str
    name: str
    panels: tuple[str, ...]
    begins: dict[str, float]
    recovery: float
    ward: str


DISEASES = (
    Disease("E11.9", "Đái tháo đường típ 2", ("SHM", "HBA1C"), {"GLU": 2.1, "HBA1C": 1.7}, 0.08, "Nội tiết"),
    Disease(
        "A97.1", "Sốt xuất huyết Dengue có dấu hiệu cảnh báo", ("CTM",),
        {"PLT": 0.22, "WBC": 0.5, "HCT": 1.12}, 0.22, "Truyền nhiễm",
    ),
    Disease("J18.9", "Viêm phổi", ("CTM", "SHM"), {"WBC": 2.0, "CRP": 34.0}, 0.25, "Nội hô hấp"),
    Disease("N18.3", "Bệnh thận mạn giai đoạn 3", ("SHM",), {"CREA": 2.2, "UREA": 2.1, "K": 1.2}, 0.04, "Thận"),
    Disease(
        "D50.9", "Thiếu máu thiếu sắt", ("CTM",),
        {"HGB": 0.58, "MCV": 0.82, "RBC": 0.85, "HCT": 0.66}, 0.05, "Nội tổng hợp",
    ),
    Disease("K74.6", "Xơ gan", ("SHM", "CTM"), {"AST": 3.4, "ALT": 2.6, "PLT": 0.45, "NA": 0.95}, 0.05, "Tiêu hoá"),
    Disease("I10", "Tăng huyết áp", ("SHM",), {"CREA": 1.1}, 0.05, "Tim mạch"),
)  # fmt: skip


def measure(disease: Disease, code: str, day: int, chance: random.Random) -> tuple[str, str]:
    """The value of an analyte on a day of treatment as text, and its flag (N, L, H, LL, HH)."""
    analyte = ANALYTES[code]
    middle = (analyte.low + analyte.high) / 2 or 1.0
    pull = (disease.begins.get(code, 1.0) - 1.0) * (1.0 - disease.recovery) ** day
    value = max(analyte.low * 0.05, middle * (1.0 + pull) + chance.gauss(0, analyte.scatter))
    return f"{value:.{analyte.decimals}f}", flag(value, analyte)


def flag(value: float, analyte: Analyte) -> str:
    """How a value lies to its range; far beyond it is critical."""
    if value > analyte.high:
        return "HH" if value > analyte.high * 2 else "H"
    if value < analyte.low:
        return "LL" if value < analyte.low * 0.45 else "L"
    return "N"
