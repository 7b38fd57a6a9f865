"""Groups VI and VII to DiagnosticReports, Observations and Specimens."""

from __future__ import annotations

import re

from benhan.mapping.hoso_benh_an_to_fhir.making import (
    Made,
    code,
    concept,
    entries,
    instant_of,
    person,
    text,
    time_of,
)
from benhan.mapping.hoso_benh_an_to_fhir.orders import Orders
from benhan.mapping.hoso_terms import DIAGNOSTIC_SERVICE, OBSERVATION_CATEGORY, system_of_code
from benhan.mapping.mapped import Json, Mapped, without_empty
from benhan.mapping.obx_to_observation import quantity, reference_range
from benhan.mapping.v2_tables import interpretation
from benhan.vn import systems

_VALUE = re.compile(r"(<=|>=|<|>)?(-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?)", re.ASCII)


def make_imaging(made: Made, orders: Orders) -> None:
    """A report for each entry of group VI; its description is the value of an Observation."""
    for index, entry in enumerate(entries(made.group("KetQuaChanDoanHinhAnh"))):
        place = f"KetQuaChanDoanHinhAnh.danhsach[{index}]"
        order, _ = orders.find(sheet=code(entry, "sophieu"), code_=code(entry, "machidinh"))
        written = code(entry, "machidinh")
        study = concept(text(entry, "tenchidinh"), (system_of_code(written), written)) or {"text": "Chẩn đoán hình ảnh"}
        described = _described(made, place, entry, study, order)
        at = time_of(entry, "ngaythuchien", made.context.zone)
        reader = person(text(entry, "bacsithuchien"), code(entry, "mabacsithuchien"))
        url = text(entry, "kqcls_linkhinhanh")
        pictures = entry.get("hinhanh") if isinstance(entry.get("hinhanh"), list) else []
        resource = {
            **_report(made, entry, order, "RAD", study),
            "effectiveDateTime": at,
            "issued": instant_of(entry, "ngayketqua", made.context.zone),
            "resultsInterpreter": [reader] if reader else [],
            "result": [described.reference] if described is not None else [],
            "media": [{"link": {"display": each}} for each in pictures or [] if isinstance(each, str) and each.strip()],
            "conclusion": text(entry, "kqcls_ketluan") or text(entry, "kqcls_denghi"),
            "presentedForm": [{"url": url}] if url and not re.search(r"\s", url) else [],
        }
        made.add(place, resource)


def _described(made: Made, place: str, entry: Json, study: Json, order: Mapped | None) -> Mapped | None:
    told = text(entry, "kqcls_mota")
    if not told:
        return None
    at = time_of(entry, "ngaythuchien", made.context.zone)
    return made.add(f"{place}.kqcls_mota", _observation(made, "imaging", study, at, order) | {"valueString": told})


def make_laboratory(made: Made, orders: Orders) -> None:
    """A report for each entry of group VII, an Observation for each of its lines."""
    for index, entry in enumerate(entries(made.group("KetQuaXetNghiem"))):
        place = f"KetQuaXetNghiem.danhsach[{index}]"
        lines = entries(entry)
        panel = next((name for line in lines if (name := text(line, "nhom") or text(line, "loaixetnghiem"))), "")
        order, sheet = orders.find(sheet=code(entry, "sophieu"), name=panel)
        at = time_of(entry, "giolaymau", made.context.zone)
        specimen = _specimen(made, place, entry, sheet)
        results = [
            made.add(f"{place}.danhsach[{number}]", one)
            for number, line in enumerate(lines)
            if (one := _result(made, entry, line, at, order))
        ]
        where = text(entry, "noithuchienchidinh")
        told = order.resource["code"] if order is not None else {"text": panel or "Xét nghiệm"}
        resource = {
            **_report(made, entry, order, "LAB", told),
            "effectiveDateTime": at,
            "performer": [{"display": where}] if where else [],
            "specimen": [specimen.reference] if specimen is not None else [],
            "result": [each.reference for each in results],
            "conclusion": text(entry, "ghichu"),
        }
        made.add(place, resource)


def _report(made: Made, entry: Json, order: Mapped | None, category: str, told: Json) -> Json:
    number = code(entry, "sophieu")
    filler = systems.order_number(made.context.facility, "filler")
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": filler, "value": number}] if number else [],
        "basedOn": [order.reference] if order is not None else [],
        "status": "final",
        "category": [{"coding": [{"system": DIAGNOSTIC_SERVICE, "code": category}]}],
        "code": told,
        "subject": made.patient,
        "encounter": made.encounter,
    }


def _observation(made: Made, category: str, told: Json, at: str, order: Mapped | None) -> Json:
    return {
        "resourceType": "Observation",
        "basedOn": [order.reference] if order is not None else [],
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": category}]}],
        "code": told,
        "subject": made.patient,
        "encounter": made.encounter,
        "effectiveDateTime": at,
    }


def _specimen(made: Made, place: str, entry: Json, sheet: Json) -> Mapped | None:
    number = code(entry, "masobenhpham")
    if not number:
        return None
    zone = made.context.zone
    by = text(sheet, "nguoilaymau")
    collection = {
        "collector": {"display": by} if by else None,
        "collectedDateTime": time_of(sheet, "giolaymau", zone) or time_of(entry, "giolaymau", zone),
    }
    key = (systems.specimen_number(made.context.facility), number)
    resource = {
        "resourceType": "Specimen",
        "identifier": [{"system": key[0], "value": number}],
        "subject": made.patient,
        "receivedTime": time_of(sheet, "giogiaomau", zone),
        "collection": without_empty(collection),
    }
    return made.add(f"{place}.masobenhpham", resource)


def _result(made: Made, entry: Json, line: Json, at: str, order: Mapped | None) -> Json:
    written = code(line, "machiso")
    measured = concept(text(line, "pkqxn_tenxetnghiem"), (system_of_code(written), written))
    if not measured:
        return {}
    unit, performer = (
        text(line, "donvi"),
        person(text(entry, "nguoithuchienxetnghiem"), code(entry, "manguoithuchienxetnghiem")),
    )
    flag = interpretation(text(line, "ketquabatthuong"))
    return {
        **_observation(made, "laboratory", measured, at, order),
        "performer": [performer] if performer else [],
        **_value(text(line, "ketqua"), unit),
        "interpretation": [flag] if flag is not None else [],
        "referenceRange": reference_range(text(line, "trisothamchieu"), unit),
    }


def _value(written: str, unit: str) -> Json:
    """A number with its unit where it is one, else text; what is not there is absent for a reason not known."""
    match = _VALUE.fullmatch(written)
    if match is not None:
        comparator = {"comparator": match[1]} if match[1] else {}
        return {"valueQuantity": {**quantity(match[2], unit), **comparator}}
    if written:
        return {"valueString": written}
    coding = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
    return {"dataAbsentReason": {"coding": [coding]}}
