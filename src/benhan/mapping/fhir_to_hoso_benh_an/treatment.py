"""Group III, ThongTinDieuTri: wards, days, diagnoses, outcome, what comes next."""

from __future__ import annotations

from benhan.mapping.fhir_to_hoso_benh_an.admission import participant
from benhan.mapping.fhir_to_hoso_benh_an.diagnoses import Diagnoses, others_written
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    Json,
    code_and_text,
    date_time,
    first,
    note_of,
    stay_days,
    text_of,
)

PLACE = "ThongTinDieuTri"


def treatment_group(sources: Sources, diagnoses: Diagnoses, signs: list[Json]) -> Json:
    """Group III of the document; `signs` is its list of vital signs."""
    encounter = sources.encounter
    sources.stands(encounter, PLACE)
    doctor, licence = participant(encounter, ("ATND", "ADM"))
    since, now = sources.stays[0], sources.stays[-1]
    days = stay_days(sources.start, sources.end)
    here = stay_days(now.start or sources.start, sources.end)
    code, text = code_and_text(diagnoses.main.get("code", {}))
    admission_code, admission_text = code_and_text(diagnoses.admission.get("code", {}))
    referral_code, referral_text = code_and_text(diagnoses.referral.get("code", {}))
    codes, texts = others_written(diagnoses.others)
    outcome = encounter.get("hospitalization", {}).get("dischargeDisposition", {})
    return {
        "bacsidieutri": doctor,
        "bacsidieutri_ma": licence,
        "khoadieutri_ma": now.code,
        "khoadieutri": now.ward,
        "giuong": now.bed,
        "khoavaovien_ma": since.code,
        "khoavaovien": since.ward,
        "ngaynhapkhoa": date_time(now.start or sources.start),
        "songaydieutri": here,
        "ngayravien": date_time(sources.end),
        "tongsongaydieutri": days,
        "chandoan": text,
        "chandoan_ma": code,
        "chandoanvaovien": admission_text,
        "chandoanvaovien_ma": admission_code,
        "chandoantuyenduoi": referral_text,
        "chandoantuyenduoi_ma": referral_code,
        "maicd": code,
        "tenicd": text,
        "maicd_khac": codes,
        "tenicd_khac": texts,
        "ghichu": note_of(diagnoses.main),
        "taibien": code_and_text(diagnoses.accident.get("code", {}))[1],
        "bienchung": code_and_text(diagnoses.complication.get("code", {}))[1],
        **_course(sources),
        "danhsachchuyenkhoa": [
            {"khoa": each.ward, "tungay": date_time(each.start or sources.start), "denngay": date_time(each.end)}
            for each in sources.stays
            if each.ward
        ],
        "danhsachsinhhieu": signs,
        "tinhtrangravien": {
            "ketquadieutri": code_and_text(outcome)[1],
            "loidanbacsi": note_of(_plan(sources)),
        },
    }


def _course(sources: Sources) -> Json:
    """The doctor's summary and prognosis, and the plan; the newest of each."""
    assessment = next(iter(reversed(sources.in_order("ClinicalImpression", "effectiveDateTime", "date"))), {})
    plan = _plan(sources)
    if assessment:
        sources.stands(assessment, f"{PLACE}.tomtat")
    if plan:
        sources.stands(plan, f"{PLACE}.huongdieutri")
    return {
        "tomtat": assessment.get("summary", "") or assessment.get("description", ""),
        "tienluong": text_of(assessment.get("prognosisCodeableConcept")),
        "huongdieutri": plan.get("description", "")
        or first(plan.get("activity")).get("detail", {}).get("description", ""),
    }


def _plan(sources: Sources) -> Json:
    return next(iter(reversed(sources.in_order("CarePlan", "created"))), {})
