"""Groups I to III to Encounter, its diagnoses, the doctor's assessment and plan."""

from __future__ import annotations

from benhan.mapping.fhir_to_hoso_benh_an.diagnoses import ACCIDENT, COMPLICATION, PRELIMINARY, REFERRAL
from benhan.mapping.hoso_benh_an_to_fhir.making import Made, code, concept, entries, note, person, text, time_of, words
from benhan.mapping.hoso_terms import (
    ACT_CODE,
    CLASS_OF,
    CONDITION_CATEGORY,
    DIAGNOSIS_ROLE,
    PARTICIPATION,
    system_of_diagnosis,
)
from benhan.mapping.mapped import IdentifierKey, Json, Mapped, Policy, identifier, without_empty
from benhan.vn import systems

PLACE = "ThongTinDieuTri"


def make_encounter(made: Made) -> None:
    """The diagnoses, then the Encounter that names them, with number, times, wards, outcome."""
    first, stay = made.group("ThongTinBenhNhan"), made.group(PLACE)
    diagnoses = _diagnoses(made)
    keys = _numbers(made, first)
    zone = made.context.zone
    end = time_of(stay, "ngayravien", zone)
    outcome = text(stay.get("tinhtrangravien") or {}, "ketquadieutri")
    class_, kind = _class(first, stay)
    resource = {
        "resourceType": "Encounter",
        "identifier": [identifier(key) for key in keys],
        "status": "finished" if end else "in-progress",
        "class": {"system": ACT_CODE, "code": class_},
        "type": [{"text": kind}] if kind else [],
        "subject": made.patient,
        "participant": _participants(made),
        "period": without_empty({"start": time_of(first, "thoigianvaovien", zone), "end": end}),
        "reasonCode": [{"text": reason}] if (reason := _reason(made)) else [],
        "diagnosis": diagnoses,
        "location": _locations(made),
        "hospitalization": without_empty(
            {
                "admitSource": words(text(first, "noigioithieu_loai")),
                "dischargeDisposition": words(outcome),
            }
        ),
        "serviceProvider": without_empty(
            {
                "identifier": {"system": systems.FACILITY_CODE, "value": made.context.facility},
                "display": made.context.facility_name,
            }
        ),
    }
    made.add(PLACE, resource, keys[:1], Policy.MERGE)


def _numbers(made: Made, first: Json) -> list[IdentifierKey]:
    keys = [(systems.encounter_number(made.context.facility), code(first, "sovaovien"))]
    if code(first, "soba") != code(first, "sovaovien"):
        keys.append((systems.RECORD_NUMBER, code(first, "soba")))
    keys.append((systems.STORAGE_NUMBER, code(first, "soluutru")))
    return [key for key in keys if key[1]]


def _class(first: Json, stay: Json) -> tuple[str, str]:
    """The class by its name; where loaiba names a form instead, a bed or a discharge tells a stay from a visit."""
    kind = text(first, "loaiba")
    known = CLASS_OF.get(kind.casefold())
    if known is not None:
        return known, ""
    return ("IMP" if text(stay, "giuong") or text(first, "giuong") or text(stay, "ngayravien") else "AMB"), kind


def _reason(made: Made) -> str:
    return text(made.group("ThongTinVaoVien"), "lydovaovien") or text(made.group("ThongTinBenhNhan"), "lydotiepnhan")


def _participants(made: Made) -> list[Json]:
    admission, stay = made.group("ThongTinVaoVien"), made.group(PLACE)
    found = []
    for kind, display, who in (
        ("ATND", "attender", person(text(stay, "bacsidieutri"), code(stay, "bacsidieutri_ma"))),
        ("ADM", "admitter", person(text(admission, "bacsikhambenh"), code(admission, "mabacsikhambenh"))),
    ):
        if who:
            coding = {"system": PARTICIPATION, "code": kind, "display": display}
            found.append({"type": [{"coding": [coding]}], "individual": who})
    return found


def _locations(made: Made) -> list[Json]:
    """The wards in their order; the code is told of the first and the last, room and bed of the last."""
    first, stay = made.group("ThongTinBenhNhan"), made.group(PLACE)
    wards = entries(stay, "danhsachchuyenkhoa")
    last_code = code(stay, "khoadieutri_ma") or code(first, "makhoa")
    if not wards:
        wards = [{"khoa": text(stay, "khoadieutri") or text(first, "tenkhoa")}]
    found = []
    for index, ward in enumerate(wards):
        is_last = index == len(wards) - 1
        names = [text(ward, "khoa"), *([text(first, "buong"), text(first, "giuong")] if is_last else [])]
        number = last_code if is_last else code(stay, "khoavaovien_ma") if index == 0 else ""
        location = without_empty(
            {
                "identifier": {"system": systems.DEPARTMENT, "value": number} if number else None,
                "display": " · ".join(name for name in names if name),
            }
        )
        zone = made.context.zone
        period = without_empty({"start": time_of(ward, "tungay", zone), "end": time_of(ward, "denngay", zone)})
        if location:
            found.append(without_empty({"location": location, "period": period}))
    return found


def _diagnoses(made: Made) -> list[Json]:
    """The Conditions, and how the Encounter refers to each: role and rank."""
    admission, stay = made.group("ThongTinVaoVien"), made.group(PLACE)
    main = _condition(
        made,
        f"{PLACE}.maicd",
        text(stay, "tenicd") or text(stay, "chandoan"),
        code(stay, "maicd"),
        text(stay, "ghichu"),
    )
    found = [_use(main, "DD", 1)] if main is not None else []
    entry_text = text(stay, "chandoanvaovien") or text(admission, "chandoanvaovien")
    entry_code = code(stay, "chandoanvaovien_ma") or code(admission, "khambenh_chandoanvaovienmaicd")
    entry_place = f"{PLACE}.chandoanvaovien"
    if main is not None and (entry_text, entry_code) == (text(stay, "tenicd"), code(stay, "maicd")):
        made.also_at(entry_place, main)
        found.append(_use(main, "AD"))
    elif (entry := _condition(made, entry_place, entry_text, entry_code)) is not None:
        found.append(_use(entry, "AD"))
    for name, part, code_name, place, role in (
        ("chandoantuyenduoi", stay, "chandoantuyenduoi_ma", f"{PLACE}.chandoantuyenduoi", REFERRAL),
        ("chandoansobo", admission, "", "ThongTinVaoVien.chandoansobo", PRELIMINARY),
        ("taibien", stay, "", f"{PLACE}.taibien", ACCIDENT),
        ("bienchung", stay, "", f"{PLACE}.bienchung", COMPLICATION),
    ):
        one = _condition(made, place, text(part, name), code(part, code_name) if code_name else "")
        if one is not None:
            found.append(_use(one, role))
    after = next(
        (
            text(each, "cdsauphauthuat")
            for each in entries(made.group("PhieuPhauThuat"))
            if text(each, "cdsauphauthuat")
        ),
        "",
    )
    if (one := _condition(made, "cdsauphauthuat", after, "")) is not None:
        found.append(_use(one, "post-op"))
    return found + _others(made, stay)


def _others(made: Made, stay: Json) -> list[Json]:
    """Comorbidities: code and text at the same number of their lists are of one."""
    codes = [each.strip() for each in code(stay, "maicd_khac").split(";") if each.strip()]
    texts = [each.strip() for each in text(stay, "tenicd_khac").split(";") if each.strip()]
    found = []
    for index in range(max(len(codes), len(texts))):
        one = _condition(
            made,
            f"{PLACE}.maicd_khac[{index}]",
            texts[index] if index < len(texts) else "",
            codes[index] if index < len(codes) else "",
        )
        if one is not None:
            found.append(_use(one, "CM", index + 1))
    return found


def _condition(made: Made, place: str, text_: str, code_: str, remark: str = "") -> Mapped | None:
    told = concept(text_, (system_of_diagnosis(code_), code_))
    if not told:
        return None
    resource = {
        "resourceType": "Condition",
        "category": [{"coding": [{"system": CONDITION_CATEGORY, "code": "encounter-diagnosis"}]}],
        "code": told,
        "subject": made.patient,
        "encounter": made.encounter,
        "note": note(remark),
    }
    return made.add(place, resource)


def _use(condition: Mapped, role: str, rank: int = 0) -> Json:
    is_ours = role in (REFERRAL, PRELIMINARY, ACCIDENT, COMPLICATION)
    system = systems.DIAGNOSIS_ROLE if is_ours else DIAGNOSIS_ROLE
    use = {"coding": [{"system": system, "code": role}]}
    return {"condition": condition.reference, "use": use} | ({"rank": rank} if rank else {})


def make_course(made: Made) -> None:
    """The doctor's summary and prognosis as ClinicalImpression, what comes next as CarePlan."""
    stay = made.group(PLACE)
    summary, prognosis = text(stay, "tomtat"), text(stay, "tienluong")
    plan, advice = text(stay, "huongdieutri"), text(stay.get("tinhtrangravien") or {}, "loidanbacsi")
    if summary or prognosis:
        made.add(
            f"{PLACE}.tomtat",
            {
                "resourceType": "ClinicalImpression",
                "status": "completed",
                "subject": made.patient,
                "encounter": made.encounter,
                "summary": summary,
                "prognosisCodeableConcept": [{"text": prognosis}] if prognosis else [],
            },
        )
    if plan or advice:
        made.add(
            f"{PLACE}.huongdieutri",
            {
                "resourceType": "CarePlan",
                "status": "active",
                "intent": "plan",
                "description": plan,
                "subject": made.patient,
                "encounter": made.encounter,
                "note": note(advice),
            },
        )
