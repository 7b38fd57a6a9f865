"""Groups X and XI to Procedures; anaesthesia is a Procedure that is part of one."""

from __future__ import annotations

from benhan.mapping.hoso_benh_an_to_fhir.making import Made, code, concept, entries, note, person, text, time_of, words
from benhan.mapping.hoso_terms import SURGICAL, TEAM, TEAM_CODES, system_of_diagnosis
from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems


def make_procedures(made: Made) -> None:
    """A Procedure for each entry of groups X and XI."""
    for group in ("PhieuThuThuat", "PhieuPhauThuat"):
        for index, entry in enumerate(entries(made.group(group))):
            _make(made, entry, f"{group}.danhsach[{index}]", is_surgery=group == "PhieuPhauThuat")


def _make(made: Made, entry: Json, place: str, *, is_surgery: bool) -> None:
    at = time_of(entry, "ngaygiophauthuat", made.context.zone)
    method, anaesthesia = text(entry, "phuongphapphauthuat"), text(entry, "phuongphapvocam")
    kind, number = text(entry, "loaiphauthuat"), code(entry, "sophieu")
    diagnosis = code(entry, "maicd")
    reason = concept(text(entry, "tenicd"), (system_of_diagnosis(diagnosis), diagnosis))
    surgical = [{"system": systems.SNOMED, "code": SURGICAL}] if is_surgery else []
    shared: Json = {
        "status": "completed" if at else "unknown",
        "subject": made.patient,
        "encounter": made.encounter,
        "performedDateTime": at,
    }
    filler = systems.order_number(made.context.facility, "filler")
    resource = {
        "resourceType": "Procedure",
        "identifier": [{"system": filler, "value": number}] if number else [],
        **shared,
        "category": without_empty({"coding": surgical, "text": kind}),
        "code": words(method) or {"text": "Phẫu thuật" if is_surgery else "Thủ thuật"},
        "performer": _team(entry),
        "reasonCode": [reason] if reason else [],
        "note": note(text(entry, "trinhtuphauthuatthuthuat"), text(entry, "ghichu")),
    }
    whole = made.add(place, resource)
    if anaesthesia:
        part = {
            "resourceType": "Procedure",
            "partOf": [whole.reference],
            **shared,
            "code": {"text": anaesthesia},
            "performer": [each for each in _team(entry) if _function(each) == TEAM["bacsigaymehoisuc"][0]],
        }
        made.add(f"{place}.phuongphapvocam", part)


def _team(entry: Json) -> list[Json]:
    found = []
    for name, (function, display) in TEAM.items():
        who = person(text(entry, name), code(entry, TEAM_CODES[name]) if name in TEAM_CODES else "")
        if who:
            coding = {"system": systems.TEAM_ROLE, "code": function}
            found.append({"function": {"coding": [coding], "text": display}, "actor": who})
    return found


def _function(performer: Json) -> str:
    return str(performer["function"]["coding"][0]["code"])
