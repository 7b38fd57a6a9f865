"""XML1 (or XML0) to Encounter and the Conditions of the episode."""

from __future__ import annotations

from benhan.mapping.bhyt.episode import Episode, diseases, hl7, kept, organization, values
from benhan.mapping.mapped import Json, Mapped, Policy, identifier, without_empty
from benhan.vn import systems

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASSES = {
    "03": ("IMP", "inpatient encounter"),
    "04": ("SS", "short stay"),
    "06": ("IMP", "inpatient encounter"),
    "09": ("IMP", "inpatient encounter"),
    "11": ("FLD", "field"),
    "12": ("HH", "home health"),
    "14": ("VR", "virtual"),
}
AMBULATORY = ("AMB", "ambulatory")
CHECKIN_PLACED = frozenset(
    (
        "MA_LK", "MA_BN", "HO_TEN", "SO_CCCD", "NGAY_SINH", "GIOI_TINH", "MA_THE_BHYT", "MA_DKBD", "GT_THE_TU",
        "GT_THE_DEN", "NGAY_VAO", "MA_LOAI_KCB", "MA_CSKCB",
    )
)  # fmt: skip
ARRIVAL, MAIN, OTHER, TRADITIONAL = "vao", "chinh", "kem-theo", "yhct"
"""The kinds of diagnosis of an episode, as a coding of `DIAGNOSIS`."""
DIAGNOSIS = "urn:benhan:code:bhyt-chan-doan"


def encounter(episode: Episode) -> Mapped:
    """The Encounter. A check-in opens it; where the claim has come already, that is richer and stays."""
    row = episode.row
    is_checkin = "XML1" not in episode.claim.tables
    code, display = CLASSES.get(row.get("MA_LOAI_KCB", ""), AMBULATORY)
    key = (systems.encounter_number(episode.facility), episode.claim.ma_lk)
    kind = episode.concept("MA_LOAI_KCB", row.get("MA_LOAI_KCB", ""))
    reason = row.get("LY_DO_VV", "").strip()
    days = row.get("SO_NGAY_DTRI", "").strip()
    resource = {
        "resourceType": "Encounter",
        "extension": kept(row, CHECKIN_PLACED) if is_checkin else [],
        "identifier": [identifier(key)],
        "status": "in-progress" if is_checkin else "finished",
        "class": {"system": ACT_CODE, "code": code, "display": display},
        "type": [kind] if kind else [],
        "subject": episode.mapped.patient.reference,
        "period": without_empty(
            {"start": episode.time(row.get("NGAY_VAO", "")), "end": episode.time(row.get("NGAY_RA", ""))}
        ),
        "length": {"value": int(days), "unit": "ngày", "system": systems.UCUM, "code": "d"}
        if days.isdecimal() and len(days) <= 9
        else None,
        "reasonCode": [{"text": reason}] if reason else [],
        "hospitalization": None if is_checkin else _hospitalization(episode),
        "location": _locations(episode),
        "serviceProvider": episode.provider,
    }
    policy = Policy.KEEP if is_checkin else Policy.REPLACE
    return episode.mapped.add(Mapped("encounter", without_empty(resource), [key], policy))


def _locations(episode: Episode) -> list[Json]:
    found = []
    for ward in values(episode.row.get("MA_KHOA", "")):
        name = episode.coding("MA_KHOA", ward).get("display", ward)
        logical = {"system": systems.DEPARTMENT, "value": ward}
        found.append({"location": {"identifier": logical, "display": name}})
    return found


def _hospitalization(episode: Episode) -> Json:
    row = episode.row
    result, leaving = row.get("KET_QUA_DTRI", "").strip(), row.get("MA_LOAI_RV", "").strip()
    codings = [episode.coding(name, code) for name, code in (("KET_QUA_DTRI", result), ("MA_LOAI_RV", leaving)) if code]
    text = codings[0].get("display", "") if codings else ""
    return without_empty(
        {
            "origin": organization(row.get("MA_NOI_DI", "")),
            "destination": organization(row.get("MA_NOI_DEN", "")),
            "dischargeDisposition": without_empty({"coding": codings, "text": text}),
        }
    )


def diagnoses(episode: Episode) -> list[tuple[str, Mapped]]:
    """A Condition for the diagnosis on arrival and each of the end, with its kind, the main one before the others."""
    row = episode.row
    found: list[tuple[str, Mapped]] = []
    arrival = row.get("CHAN_DOAN_VAO", "").strip()
    if arrival:
        found.append((ARRIVAL, _condition(episode, ARRIVAL, 1, {"text": arrival}, "NGAY_VAO")))
    main = diseases(row.get("MA_BENH_CHINH", ""))
    text = row.get("CHAN_DOAN_RV", "").strip()
    if main or text:
        concept = without_empty({**(main[0] if main else {}), "text": text})
        found.append((MAIN, _condition(episode, MAIN, 1, concept, "NGAY_RA")))
    for number, concept in enumerate(diseases(row.get("MA_BENH_KT", "")), 1):
        found.append((OTHER, _condition(episode, OTHER, number, concept, "NGAY_RA")))
    for number, code in enumerate(values(row.get("MA_BENH_YHCT", "")), 1):
        concept = {"coding": [{"system": systems.bhyt_code("YHCT"), "code": code}]}
        found.append((TRADITIONAL, _condition(episode, TRADITIONAL, number, concept, "NGAY_RA")))
    return found


def name_diagnoses(visit: Mapped, found: list[tuple[str, Mapped]]) -> None:
    """Let the Encounter name its diagnoses by their roles; the Conditions stand behind it in the message."""
    named: list[Json] = []
    rank = 0
    for kind, condition in found:
        if kind == ARRIVAL:
            named.append({"condition": condition.reference, "use": hl7("diagnosis-role", "AD")})
        else:
            rank += 1
            role = "DD" if kind == MAIN else "CC"
            named.append({"condition": condition.reference, "use": hl7("diagnosis-role", role), "rank": rank})
    if named:
        visit.resource["diagnosis"] = named


def _condition(episode: Episode, kind: str, number: int, code: Json, column: str) -> Mapped:
    category = hl7("condition-category", "encounter-diagnosis")
    at = episode.time(episode.row.get(column, "")) or episode.time(episode.row.get("NGAY_VAO", ""))
    resource = {
        "resourceType": "Condition",
        "clinicalStatus": hl7("condition-clinical", "active"),
        "verificationStatus": hl7("condition-ver-status", "provisional" if kind == ARRIVAL else "confirmed"),
        "category": [category, {"coding": [{"system": DIAGNOSIS, "code": kind}]}],
        "code": code,
        **episode.about(),
        "recordedDate": at,
    }
    named = episode.name("Condition", kind, code["coding"][0]["code"] if "coding" in code else "")
    return episode.add(f"condition-{kind}-{number}", episode.key(*named), resource)
