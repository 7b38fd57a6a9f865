"""Groups X, PhieuThuThuat, and XI, PhieuPhauThuat: an entry a Procedure; anaesthesia is a part of it."""

from __future__ import annotations

from benhan.mapping.fhir_to_hoso_benh_an.diagnoses import Diagnoses
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    Json,
    age,
    code_and_text,
    date_time,
    first,
    note_of,
    number_of,
    who,
)
from benhan.mapping.hoso_terms import GENDERS, SURGICAL, TEAM, TEAM_CODES

SURGERY_KINDS = ("phẫu thuật", "pd", "p1", "p2", "p3")
"""How the words of a category begin that is surgery (LOAI_PTTT). Source: QĐ 9324/QĐ-BYT's list."""

_TEAM_OF = {code: name for name, (code, _) in TEAM.items()}


def procedure_groups(sources: Sources, diagnoses: Diagnoses) -> tuple[Json, Json]:
    """Groups X and XI of the document."""
    parts = _parts(sources)
    small: list[Json] = []
    surgery: list[Json] = []
    for each in sorted(sources.of("Procedure"), key=lambda each: (_performed_at(each), each["id"])):
        if each["id"] in parts:
            continue
        is_surgery = _is_surgery(each)
        entries, group = (surgery, "PhieuPhauThuat") if is_surgery else (small, "PhieuThuThuat")
        place = f"{group}.danhsach[{len(entries)}]"
        sources.stands(each, place)
        anaesthesia = next((part for part in parts.values() if _whole_of(sources, part) is each), {})
        if anaesthesia:
            sources.stands(anaesthesia, f"{place}.phuongphapvocam")
        entries.append(_entry(sources, each, anaesthesia, diagnoses, is_surgery=is_surgery))
    return {"sovaovien": sources.visit, "danhsach": small}, {"sovaovien": sources.visit, "danhsach": surgery}


def _performed_at(procedure: Json) -> str:
    return str(procedure.get("performedDateTime", "") or procedure.get("performedPeriod", {}).get("start", ""))


def _parts(sources: Sources) -> dict[str, Json]:
    """The procedures that are part of another in the record, by id."""
    return {each["id"]: each for each in sources.of("Procedure") if _whole_of(sources, each) is not None}


def _whole_of(sources: Sources, part: Json) -> Json | None:
    wholes = sources.referred(part.get("partOf", []))
    return next((each for each in wholes if each["resourceType"] == "Procedure" and each is not part), None)


def _is_surgery(procedure: Json) -> bool:
    category = procedure.get("category", {})
    code, text = code_and_text(category)
    return code == SURGICAL or text.casefold().startswith(SURGERY_KINDS)


def _entry(sources: Sources, procedure: Json, anaesthesia: Json, diagnoses: Diagnoses, *, is_surgery: bool) -> Json:
    stay = sources.stays[-1]
    code, text = code_and_text(first(procedure.get("reasonCode")))
    birth = sources.patient.get("birthDate", "")
    return {
        "sophieu": number_of(procedure, ":filler:"),
        "khoa": stay.ward,
        "khoa_ma": stay.code,
        "buong": stay.room,
        "giuong": stay.bed,
        "ngaygiovaovien": date_time(sources.start),
        "gioitinh": GENDERS.get(sources.patient.get("gender", ""), ""),
        "tuoi": age(birth, sources.start),
        "maicd": code,
        "tenicd": text,
        "cdsauphauthuat": code_and_text(diagnoses.after_surgery.get("code", {}))[1] if is_surgery else "",
        "phuongphapphauthuat": code_and_text(procedure.get("code", {}))[1],
        "phuongphapvocam": code_and_text(anaesthesia.get("code", {}))[1],
        "loaiphauthuat": procedure.get("category", {}).get("text", ""),
        **_team(procedure, anaesthesia, is_surgery=is_surgery),
        "trinhtuphauthuatthuthuat": note_of(procedure),
        "ngaygiophauthuat": date_time(_performed_at(procedure)),
        "ghichu": note_of(procedure, 1),
    }


def _team(procedure: Json, anaesthesia: Json, *, is_surgery: bool) -> Json:
    """Who stood where; who has no function is the surgeon, who performed the anaesthesia the anaesthetist."""
    names = tuple(TEAM) if is_surgery else ("phauthuatvien", "bacsigaymehoisuc")
    found: Json = {field: "" for name in names for field in (name, TEAM_CODES.get(name, name))}
    performers = [(each, "phauthuatvien") for each in procedure.get("performer", [])]
    performers += [(each, "bacsigaymehoisuc") for each in anaesthesia.get("performer", [])]
    for performer, usual in performers:
        name = _TEAM_OF.get(first(performer.get("function", {}).get("coding")).get("code", ""), usual)
        if name in names and not found[name]:
            found[name], licence = who(performer.get("actor", {}))
            if name in TEAM_CODES:
                found[TEAM_CODES[name]] = licence
    return found
