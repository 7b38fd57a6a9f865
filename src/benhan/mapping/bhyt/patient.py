"""XML1 (or XML0) to Patient and Coverage."""

from __future__ import annotations

import re

from benhan.mapping.bhyt.episode import Episode, fhir_time, values
from benhan.mapping.mapped import IdentifierKey, Json, Mapped, Policy, without_empty
from benhan.vn import systems

GENDER = {"1": "male", "2": "female", "3": "unknown"}
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
NATIONALITY = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
PLACES = ("MATINH_CU_TRU", "MAHUYEN_CU_TRU", "MAXA_CU_TRU")
PAYOR = "Bảo hiểm xã hội Việt Nam"
REGISTERED_AT = "Nơi đăng ký khám bệnh, chữa bệnh ban đầu"
CARD = re.compile(r"[A-Z]{2}[0-9A-Z]{13}|[0-9]{10}|[0-9]{12}")
_FORMS = (
    (re.compile(r"[0-9]{12}"), systems.CCCD, "NI", "Số định danh cá nhân"),
    (re.compile(r"[0-9]{9}"), systems.CMND, "NI", "Chứng minh nhân dân"),
    (re.compile(r"[A-Z][0-9]{7,8}"), systems.PASSPORT, "PPN", "Hộ chiếu"),
    (re.compile(r".+", re.DOTALL), systems.OTHER_PAPER, "NI", "Giấy tờ khác"),
)


def patient(episode: Episode) -> Mapped | None:
    """The Patient, found by the facility's own number, else by a citizen number or card; None without any of them."""
    row = episode.row
    found: list[tuple[IdentifierKey, str, str]] = []
    if number := row.get("MA_BN", "").strip():
        found.append(((systems.patient_number(episode.facility), number), "MR", "Mã bệnh nhân"))
    if paper := row.get("SO_CCCD", "").strip():
        system, kind, text = next(each[1:] for each in _FORMS if each[0].fullmatch(paper))
        found.append(((system, paper), kind, text))
    cards = [card for card in values(row.get("MA_THE_BHYT", "")) if CARD.fullmatch(card)]
    found += [((systems.BHYT_CARD, card), "HC", "Thẻ bảo hiểm y tế") for card in cards]
    if number := row.get("MA_BHXH", "").strip():
        found.append(((systems.SOCIAL_INSURANCE_NUMBER, number), "SB", "Mã số bảo hiểm xã hội"))
    if not found:
        return None
    resource = {
        "resourceType": "Patient",
        "extension": _extensions(episode),
        "identifier": [_typed(*each) for each in found],
        "name": [_name(row["HO_TEN"])] if row.get("HO_TEN", "").strip() else [],
        "telecom": [{"system": "phone", "value": phone}] if (phone := row.get("DIEN_THOAI", "").strip()) else [],
        "gender": GENDER.get(row.get("GIOI_TINH", "")),
        "birthDate": (fhir_time(row.get("NGAY_SINH", ""), episode.context.zone) or "")[:10],
        "_birthDate": _birth_time(episode),
        "address": _address(episode),
    }
    strong = [each[0] for each in found if each[0][0] != systems.OTHER_PAPER]
    return Mapped("patient", without_empty(resource), strong or [found[0][0]], Policy.MERGE)


def _typed(key: IdentifierKey, kind: str, text: str) -> Json:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": kind}
    return {"type": {"coding": [coding], "text": text}, "system": key[0], "value": key[1]}


def _name(text: str) -> Json:
    """Family name first, as it is spoken."""
    text = " ".join(text.split())
    family, _, rest = text.partition(" ")
    return without_empty({"text": text, "family": family, "given": rest.split()})


def _birth_time(episode: Episode) -> Json | None:
    at = fhir_time(episode.row.get("NGAY_SINH", ""), episode.context.zone) or ""
    if "T" not in at or "T00:00" in at:
        return None  # 0000 is also written for a time that is not known
    return {"extension": [{"url": BIRTH_TIME, "valueDateTime": at}]}


def _extensions(episode: Episode) -> list[Json]:
    row = episode.row
    found: list[Json] = []
    for column, code_list, url in (
        ("MA_DANTOC", "DANTOC", systems.EXTENSION_ETHNIC_GROUP),
        ("MA_NGHE_NGHIEP", "NGHENGHIEP", systems.EXTENSION_OCCUPATION),
    ):
        if concept := episode.concept(code_list, row.get(column, "")):
            found.append({"url": url, "valueCodeableConcept": concept})
    if concept := episode.concept("QUOCTICH", row.get("MA_QUOCTICH", "")):
        found.append({"url": NATIONALITY, "extension": [{"url": "code", "valueCodeableConcept": concept}]})
    return found


def _address(episode: Episode) -> list[Json]:
    row = episode.row
    codes = [{"url": name, "valueString": row[name].strip()} for name in PLACES if row.get(name, "").strip()]
    text = row.get("DIA_CHI", "").strip()
    if not text and not codes:
        return []
    extension = [{"url": systems.EXTENSION_BHYT, "extension": codes}] if codes else []
    return [without_empty({"extension": extension, "use": "home", "text": text})]


def coverages(episode: Episode) -> list[Mapped]:
    """A Coverage for each card, in order, with its span and where its holder is registered."""
    row = episode.row
    columns = [row.get(name, "").split(";") for name in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN")]
    found = []
    for index, card in enumerate(values(row.get("MA_THE_BHYT", ""))):
        registered, start, end = (each[index].strip() if index < len(each) else "" for each in columns)
        kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-class", "code": "class"}]}
        resource = {
            "resourceType": "Coverage",
            "identifier": [{"system": systems.BHYT_CARD, "value": card}],
            "status": "active",
            "subscriberId": card,
            "beneficiary": episode.mapped.patient.reference,
            "period": without_empty({"start": episode.time(start), "end": episode.time(end)}),
            "payor": [{"display": PAYOR}],
            "class": [{"type": {**kind, "text": REGISTERED_AT}, "value": registered}] if registered else [],
            "order": index + 1,
        }
        found.append(episode.add(f"coverage-{index + 1}", episode.key(*episode.name("Coverage", card)), resource))
    return found
