"""XML2 to MedicationRequest, and MedicationAdministration where the drug was given (NGAY_TH_YL)."""

from __future__ import annotations

from decimal import Decimal

from benhan.hl7v2.datatypes import number
from benhan.mapping.bhyt.episode import Episode, practitioner, values
from benhan.mapping.mapped import Json, Mapped, without_empty
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.dose import parse_dose

PLACED = frozenset(
    (
        "MA_LK", "MA_THUOC", "TEN_THUOC", "DON_VI_TINH", "DUONG_DUNG", "LIEU_DUNG", "CACH_DUNG", "SO_DANG_KY",
        "MA_BAC_SI", "NGAY_YL", "NGAY_TH_YL", "DANG_BAO_CHE", "HAM_LUONG",
    )
)  # fmt: skip
STRENGTH = "urn:benhan:code:ham-luong"
FORM = "urn:benhan:code:dang-bao-che"


def drugs(episode: Episode) -> list[tuple[Row, Mapped]]:
    """Each row of XML2 with its MedicationRequest."""
    return [(row, _request(episode, index, row)) for index, row in enumerate(episode.claim.rows("XML2"), 1)]


def _request(episode: Episode, index: int, row: Row) -> Mapped:
    ordered = values(row.get("MA_BAC_SI", ""))
    amount = number(row.get("SO_LUONG", "").strip())
    unit = row.get("DON_VI_TINH", "").strip()
    medication = _medication(row)
    resource = {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": medication,
        **episode.about(),
        "authoredOn": episode.time(row.get("NGAY_YL", "")),
        "requester": practitioner(ordered[0]) if ordered else None,
        "dosageInstruction": _dosage(episode, row),
        "dispenseRequest": without_empty(
            {"quantity": without_empty({"value": Decimal(amount) if amount else None, "unit": unit})}
        ),
    }
    named = episode.name("XML2", row.get("MA_THUOC", "").strip() or row.get("TEN_THUOC", ""), row.get("NGAY_YL", ""))
    request = episode.add(f"drug-{index}", episode.key(*named), resource)
    given = episode.time(row.get("NGAY_TH_YL", ""))
    if given:
        _administration(episode, index, named, request, medication, given)
    return request


def _administration(
    episode: Episode, index: int, named: tuple[str, ...], request: Mapped, medication: Json, given: str
) -> None:
    about = episode.about()
    resource = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": medication,
        "subject": about["subject"],
        "context": about["encounter"],
        "effectiveDateTime": given,
        "request": request.reference,
    }
    episode.add(f"given-{index}", episode.key(*named, "NGAY_TH_YL"), resource)


def _medication(row: Row) -> Json:
    codings = [
        {"system": system, "code": code}
        for system, code in (
            (systems.bhyt_code("HOATCHAT"), row.get("MA_THUOC", "").strip()),
            (systems.bhyt_code("SO_DANG_KY"), row.get("SO_DANG_KY", "").strip()),
        )
        if code
    ]
    for system, column in ((STRENGTH, "HAM_LUONG"), (FORM, "DANG_BAO_CHE")):
        if text := row.get(column, "").strip():
            codings.append({"system": system, "display": text})
    return without_empty({"coding": codings, "text": row.get("TEN_THUOC", "").strip()}) or {"text": "?"}


def _dosage(episode: Episode, row: Row) -> list[Json]:
    written = row.get("LIEU_DUNG", "").strip()
    dose = parse_dose(written)
    repeat: Json = {}
    quantity: Json = {}
    if dose is not None:
        if dose.times:
            repeat |= {"frequency": dose.times, "period": 1, "periodUnit": "d"}
        if dose.days:
            days = {"value": dose.days, "unit": "ngày", "system": systems.UCUM, "code": "d"}
            repeat["boundsDuration"] = days
        if dose.each is not None and dose.per == "lần":
            quantity = {"value": dose.each, "unit": dose.unit}
    found = without_empty(
        {
            "text": written,
            "patientInstruction": row.get("CACH_DUNG", "").strip(),
            "timing": {"repeat": repeat} if repeat else None,
            "route": episode.concept("DUONG_DUNG", row.get("DUONG_DUNG", "")),
            "doseAndRate": [{"doseQuantity": quantity}] if quantity else [],
        }
    )
    return [found] if found else []
