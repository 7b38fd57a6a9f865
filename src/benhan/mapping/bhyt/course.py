"""XML5 to ClinicalImpression (one a note), with the vital signs packed in it as Observations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from benhan.mapping.bhyt.episode import Episode, hl7, kept, practitioner, values
from benhan.mapping.mapped import Json
from benhan.mapping.obx_to_observation import quantity
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.vital_signs import VitalSigns, parse_vital_signs

NOTES = {"GIAI_DOAN_BENH": "Giai đoạn bệnh: ", "HOI_CHAN": "Hội chẩn: ", "PHAU_THUAT": "Phẫu thuật, thủ thuật: "}
_PLACED = frozenset({"MA_LK", "DIEN_BIEN_LS", "THOI_DIEM_DBLS", *NOTES})


def course(episode: Episode) -> None:
    """Add the notes and what was measured in them."""
    for index, row in enumerate(episode.claim.rows("XML5"), 1):
        at = episode.time(row.get("THOI_DIEM_DBLS", ""))
        authors = values(row.get("NGUOI_THUC_HIEN", ""))
        placed = _PLACED | {"NGUOI_THUC_HIEN"} if len(authors) == 1 else _PLACED
        notes = [{"text": mark + text} for name, mark in NOTES.items() if (text := row.get(name, "").strip())]
        resource = {
            "resourceType": "ClinicalImpression",
            "extension": kept(row, placed),
            "status": "completed",
            **episode.about(),
            "effectiveDateTime": at,
            "date": at,
            "assessor": practitioner(authors[0]) if authors else None,
            "summary": row.get("DIEN_BIEN_LS", "").strip(),
            "note": notes,
        }
        named = episode.name("XML5", row.get("THOI_DIEM_DBLS", ""))
        episode.add(f"note-{index}", episode.key(*named), resource)
        for number, signs in enumerate(parse_vital_signs(row.get("DIEN_BIEN_LS", "")), 1):
            _vital_signs(Measured(episode, row, (*named, str(number)), f"{index}-{number}"), signs)


@dataclass(frozen=True, slots=True)
class Measured:
    """Where signs were measured: the row of the note, its name with the number of the set, a name in the message."""

    episode: Episode
    row: Row
    named: tuple[str, ...]
    key: str


def _vital_signs(where: Measured, signs: VitalSigns) -> None:
    for loinc, text, value, unit in (
        ("8867-4", "Mạch", signs.pulse, "lần/phút"),
        ("8310-5", "Nhiệt độ", signs.temperature, "°C"),
        ("9279-1", "Nhịp thở", signs.respiration, "lần/phút"),
        ("59408-5", "SpO2", signs.saturation, "%"),
    ):
        if value is not None:
            _observation(where, loinc, text, {"valueQuantity": _quantity(value, unit)})
    if signs.systolic is not None and signs.diastolic is not None:
        parts = (("8480-6", "Huyết áp tâm thu", signs.systolic), ("8462-4", "Huyết áp tâm trương", signs.diastolic))
        components = [{"code": _loinc(code, text), "valueQuantity": _quantity(v, "mmHg")} for code, text, v in parts]
        _observation(where, "85354-9", "Huyết áp", {"component": components})


def _observation(where: Measured, loinc: str, text: str, value: Json) -> None:
    authors = values(where.row.get("NGUOI_THUC_HIEN", ""))
    performer = practitioner(authors[0]) if authors else None
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [hl7("observation-category", "vital-signs")],
        "code": _loinc(loinc, text),
        **where.episode.about(),
        "effectiveDateTime": where.episode.time(where.row.get("THOI_DIEM_DBLS", "")),
        "performer": [performer] if performer else [],
        **value,
    }
    where.episode.add(f"sign-{where.key}-{loinc}", where.episode.key(*where.named, loinc), resource)


def _loinc(code: str, text: str) -> Json:
    return {"coding": [{"system": systems.LOINC, "code": code}], "text": text}


def _quantity(value: Decimal, unit: str) -> Json:
    return quantity(format(value, "f"), unit)
