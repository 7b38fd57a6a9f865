"""Groups VI, KetQuaChanDoanHinhAnh, and VII, KetQuaXetNghiem: an entry a report."""

from __future__ import annotations

from collections.abc import Callable

from benhan.mapping.fhir_to_hoso_benh_an.orders import PLACER
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    NOTHING,
    Json,
    code_and_text,
    code_or_text,
    date_time,
    first,
    identifier_of,
    number_of,
    quantity_text,
    text_of,
    value_text,
    who,
    words_of,
)
from benhan.mapping.hoso_terms import IMAGING
from benhan.vn import systems

FILLER = ":filler:"
SPECIMEN = systems.specimen_number("")


def is_imaging(report: Json) -> bool:
    """Whether a report is of pictures, by table 0074."""
    for concept in report.get("category", ()):
        for coding in concept.get("coding", ()):
            if coding.get("code") in IMAGING:
                return True
    return False


def result_groups(sources: Sources) -> Json:
    """Groups VI and VII of the document by their names."""
    images: list[Json] = []
    tests: list[Json] = []
    for report in sources.in_order("DiagnosticReport", "effectiveDateTime"):
        (images if is_imaging(report) else tests).append(report)
    return {
        "KetQuaChanDoanHinhAnh": _group(sources, "KetQuaChanDoanHinhAnh", images, _image),
        "KetQuaXetNghiem": _group(sources, "KetQuaXetNghiem", tests, _laboratory),
    }


def _group(sources: Sources, name: str, reports: list[Json], entry: Callable[[Sources, Json, str], Json]) -> Json:
    entries = [entry(sources, each, f"{name}.danhsach[{index}]") for index, each in enumerate(reports)]
    return {"sovaovien": sources.visit, "danhsach": entries}


def _order_of(sources: Sources, report: Json) -> Json:
    found = sources.first_referred(report.get("basedOn", ()))
    return found if found is not None and found["resourceType"] == "ServiceRequest" else NOTHING


def _image(sources: Sources, report: Json, place: str) -> Json:
    sources.stands(report, place)
    results = sources.referred(report.get("result", []))
    for each in results[:1]:
        sources.stands(each, f"{place}.kqcls_mota")
    order = _order_of(sources, report)
    code, text = code_and_text(report.get("code", {}))
    doctor, licence = who(order.get("requester", {}))
    reader, reader_licence = who(first(report.get("resultsInterpreter")))
    return {
        "sophieu": _number(report, order),
        "bacsichidinh": doctor,
        "mabacsichidinh": licence,
        "bacsithuchien": reader,
        "mabacsithuchien": reader_licence,
        "ngayketqua": date_time(report.get("issued", "")),
        "ngaychidinh": date_time(order.get("authoredOn", "")),
        "ngaythuchien": date_time(report.get("effectiveDateTime", "")),
        "chandoan": text_of(order.get("reasonCode")),
        "machidinh": code_and_text(order.get("code", {}))[0] or code,
        "tenchidinh": text,
        "hinhanh": [link for each in report.get("media", []) if (link := each.get("link", {}).get("display", ""))],
        "kqcls_mota": "\n".join(value_text(each) for each in results),
        "kqcls_ketluan": report.get("conclusion", ""),
        "kqcls_linkhinhanh": first(report.get("presentedForm")).get("url", ""),
    }


def _laboratory(sources: Sources, report: Json, place: str) -> Json:
    sources.stands(report, place)
    results = sources.referred(report.get("result", []))
    specimen = sources.first_referred(report.get("specimen", ())) or NOTHING
    if specimen:
        sources.stands(specimen, f"{place}.masobenhpham")
    order = _order_of(sources, report)
    panel = words_of(report.get("code", NOTHING))
    doctor, licence = who(order.get("requester", NOTHING))
    performer = next((first(each["performer"]) for each in results if each.get("performer")), NOTHING)
    technician, technician_licence = who(performer)
    sampled_at = report.get("effectiveDateTime") or specimen.get("collection", NOTHING).get("collectedDateTime", "")
    sources.stand(results, f"{place}.danhsach")
    return {
        "sophieu": _number(report, order),
        "bacsichidinh": doctor,
        "mabacsichidinh": licence,
        "nguoithuchienxetnghiem": technician,
        "manguoithuchienxetnghiem": technician_licence,
        "chandoan": text_of(order.get("reasonCode")),
        "doituongbn": sources.coverage_kind,
        "giolaymau": date_time(sampled_at),
        "khoa": sources.stays[-1].ward,
        "masobenhpham": identifier_of(specimen, SPECIMEN),
        "noithuchienchidinh": first(report.get("performer")).get("display", ""),
        "ghichu": report.get("conclusion", ""),
        "danhsach": [_result(each, panel) for each in results],
    }


def _result(observation: Json, panel: str) -> Json:
    value = unit = flag = ""
    code, text = code_and_text(observation["code"]) if "code" in observation else ("", "")
    if "valueQuantity" in observation:
        quantity = observation["valueQuantity"]
        value, unit = quantity_text(quantity), quantity.get("unit", "")
    else:
        value = value_text(observation)
    if flags := observation.get("interpretation"):
        flag = code_or_text(flags[0] or NOTHING)
    bands = observation.get("referenceRange")
    return {
        "machiso": code,
        "pkqxn_tenxetnghiem": text,
        "ketqua": value,
        "ketquabatthuong": flag,
        "donvi": unit,
        "trisothamchieu": bands[0].get("text", "") if bands else "",
        "nhom": panel,
        "loaixetnghiem": panel,
    }


def _number(report: Json, order: Json) -> str:
    """The number of the result's sheet: the filler's, else that of the order, else the id."""
    filler = number_of(report, FILLER)
    if filler != report["id"] or not order:
        return filler
    return order.get("requisition", {}).get("value", "") or number_of(order, PLACER)
