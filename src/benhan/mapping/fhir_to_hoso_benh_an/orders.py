"""Groups IV, YLenhThuocVatTu, and V, PhieuChiDinh: sheets of orders, each with its lines."""

from __future__ import annotations

from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    NOTHING,
    Json,
    code_and_text,
    date_time,
    digits,
    first,
    note_of,
    number_of,
    text_of,
    who,
    words_of,
)
from benhan.mapping.hoso_terms import PRIORITIES
from benhan.vn import systems

PLACER = ":placer:"


def medication_group(sources: Sources) -> Json:
    """Group IV: MedicationRequests, those of one group identifier on one sheet."""
    sheets: list[Json] = []
    for number, requests in _sheets(sources, "MedicationRequest", "groupIdentifier"):
        doctor, licence = who(requests[0].get("requester", {}))
        place = f"YLenhThuocVatTu.danhsach[{len(sheets)}]"
        sheets.append(
            {
                "sophieu": number,
                "bacsichidinh": doctor,
                "mabacsichidinh": licence,
                "chandoansobo": text_of(requests[0].get("reasonCode")),
                "doituongbn": sources.coverage_kind,
                "danhsach": [_medication(sources, each) for each in requests],
            }
        )
        sources.stand(requests, f"{place}.danhsach")
    return {"sovaovien": sources.visit, "danhsach": sheets}


def _medication(sources: Sources, request: Json) -> Json:
    get = request.get
    concept = get("medicationCodeableConcept") or _referred_medication(sources, request)
    ministry = local = ""
    for each in concept.get("coding", ()):
        if each.get("system") == systems.DRUG:
            ministry = ministry or each.get("code", "")
        else:
            local = local or each.get("code", "")
    dosages, dispensed = get("dosageInstruction"), get("dispenseRequest")
    dosage = dosages[0] or NOTHING if dosages else NOTHING
    quantity = dispensed.get("quantity", NOTHING) if dispensed is not None else NOTHING
    return {
        "machidinh": number_of(request, PLACER),
        "cachdung": dosage.get("text") or dosage.get("patientInstruction", ""),
        "ngaykedonthuoc": date_time(get("authoredOn", "")),
        "donvitinh": quantity.get("unit", ""),
        "nhom": text_of(get("category")),
        "mathuocvattu_bv": local,
        "mathuocvattu_byt": ministry,
        "soluongthuocvattu": digits(quantity["value"]) if "value" in quantity else "",
        "sothutungaydungthuoc": str(dosage["sequence"]) if "sequence" in dosage else "",
        "tenthuocvattu": words_of(concept),
        "ylenhthuocvattu_ghichu": note_of(request) if "note" in request else "",
    }


def _referred_medication(sources: Sources, request: Json) -> Json:
    """The concept of a Medication that is contained, or in the record."""
    link = request.get("medicationReference", {})
    reference = link.get("reference", "")
    contained: Json = next((each for each in request.get("contained", []) if f"#{each.get('id')}" == reference), {})
    found: Json = (contained or sources.held.get(reference, {})).get("code", {})
    return found or {"text": link.get("display", "")}


def order_group(sources: Sources) -> Json:
    """Group V: ServiceRequests, those of one requisition on one sheet."""
    specimens = _specimens(sources)
    sheets: list[Json] = []
    for number, requests in _sheets(sources, "ServiceRequest", "requisition"):
        doctor, licence = who(requests[0].get("requester", {}))
        place = f"PhieuChiDinh.danhsach[{len(sheets)}]"
        specimen = next((specimens[each["id"]] for each in requests if each["id"] in specimens), NOTHING)
        collection = specimen.get("collection", NOTHING)
        ward = sources.stays[-1]
        sheets.append(
            {
                "sophieu": number,
                "bacsichidinh": doctor,
                "mabacsichidinh": licence,
                "chandoansobo": text_of(requests[0].get("reasonCode")),
                "doituongbn": sources.coverage_kind,
                "danhsach": [_order(each) for each in requests],
                "giogiaomau": date_time(specimen.get("receivedTime", "")),
                "giolaymau": date_time(collection.get("collectedDateTime", "")),
                "giuong": ward.bed,
                "khoadieutri": ward.ward,
                "mucdochidinh": PRIORITIES.get(requests[0].get("priority", ""), ""),
                "nguoilaymau": collection.get("collector", NOTHING).get("display", ""),
                "noichidinh": ward.ward,
                "phong": ward.room,
            }
        )
        sources.stand(requests, f"{place}.danhsach")
    return {"sovaovien": sources.visit, "danhsach": sheets}


def _order(request: Json) -> Json:
    get = request.get
    code, text = code_and_text(get("code", NOTHING))
    performer, number = who(first(get("performer")))
    return {
        "machidinh": code,
        "ngaychidinh": date_time(get("authoredOn", "")),
        "loaichidinh": text_of(get("category")),
        "noithuchienchidinh": performer,
        "manoithuchienchidinh": number,
        "soluong": digits(request["quantityQuantity"].get("value", "1")) if "quantityQuantity" in request else "1",
        "tenchidinh": text,
    }


def _sheets(sources: Sources, type_: str, group: str) -> list[tuple[str, list[Json]]]:
    """Requests by the number of their sheet; one without is a sheet of its own."""
    sheets: dict[tuple[str, str], list[Json]] = {}
    for each in sources.in_order(type_, "authoredOn"):
        shared = each[group].get("value", "") if group in each else ""
        sheet = ("", shared) if shared else (each["id"], number_of(each, PLACER))
        if sheet in sheets:
            sheets[sheet].append(each)
        else:
            sheets[sheet] = [each]
    return [(number, requests) for (_, number), requests in sheets.items()]


def _specimens(sources: Sources) -> dict[str, Json]:
    """The specimen of each order by the order's id: its own, else that of a report that answers it."""
    found: dict[str, Json] = {}
    for report in sources.of("DiagnosticReport"):
        specimen = sources.first_referred(report.get("specimen", ()))
        if specimen is not None:
            for order in sources.referred(report.get("basedOn", ())):
                found.setdefault(order["id"], specimen)
    for order in sources.of("ServiceRequest"):
        specimen = sources.first_referred(order.get("specimen", ()))
        if specimen is not None:
            found[order["id"]] = specimen
    return found
