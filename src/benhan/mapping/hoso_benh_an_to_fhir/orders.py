"""Groups IV and V to MedicationRequests and ServiceRequests, one a line."""

from __future__ import annotations

from benhan.mapping.hoso_benh_an_to_fhir.making import (
    Made,
    code,
    concept,
    entries,
    note,
    number_of,
    person,
    text,
    time_of,
    whole_of,
    words,
)
from benhan.mapping.hoso_terms import PRIORITY_OF, system_of_code
from benhan.mapping.mapped import Json, Mapped, without_empty
from benhan.vn import systems


def make_medications(made: Made) -> None:
    """A MedicationRequest for each line of group IV."""
    is_over = bool(text(made.group("ThongTinDieuTri"), "ngayravien"))
    placer = systems.order_number(made.context.facility, "placer")
    for number, sheet in enumerate(entries(made.group("YLenhThuocVatTu"))):
        for index, line in enumerate(entries(sheet)):
            local, ministry = code(line, "mathuocvattu_bv"), code(line, "mathuocvattu_byt")
            drug = concept(text(line, "tenthuocvattu"), (systems.DRUG, ministry), (systems.LOCAL_DRUG, local))
            if not drug:
                continue
            own = code(line, "machidinh")
            amount = without_empty({"value": number_of(line, "soluongthuocvattu"), "unit": text(line, "donvitinh")})
            dosage = without_empty({"sequence": whole_of(line, "sothutungaydungthuoc"), "text": text(line, "cachdung")})
            resource = {
                "resourceType": "MedicationRequest",
                "identifier": [{"system": placer, "value": own}] if own else [],
                "status": "completed" if is_over else "active",
                "intent": "order",
                "category": [{"text": kind}] if (kind := text(line, "nhom") or text(line, "loaithuoc")) else [],
                "medicationCodeableConcept": drug,
                "subject": made.patient,
                "encounter": made.encounter,
                "authoredOn": time_of(line, "ngaykedonthuoc", made.context.zone),
                "requester": person(text(sheet, "bacsichidinh"), code(sheet, "mabacsichidinh")),
                "groupIdentifier": _shared(code(sheet, "sophieu"), placer),
                "reasonCode": [{"text": reason}] if (reason := text(sheet, "chandoansobo")) else [],
                "dosageInstruction": [dosage] if dosage else [],
                "dispenseRequest": {"quantity": amount} if amount else None,
                "note": note(text(line, "ylenhthuocvattu_ghichu")),
            }
            made.add(f"YLenhThuocVatTu.danhsach[{number}].danhsach[{index}]", resource)


def _shared(number: str, system: str) -> Json | None:
    return {"system": system, "value": number} if number else None


class Orders:
    """The orders of group V as results look for them: by number of their sheet, code, or name; only where one fits."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str], list[tuple[Mapped, Json]]] = {}

    def add(self, order: Mapped, sheet: Json, line: Json) -> None:
        for kind, value in (
            ("sheet", code(sheet, "sophieu")),
            ("code", code(line, "machidinh")),
            ("name", text(line, "tenchidinh")),
        ):
            if value:
                self._by.setdefault((kind, value), []).append((order, sheet))

    def find(self, sheet: str = "", code_: str = "", name: str = "") -> tuple[Mapped | None, Json]:
        """The one order of that sheet, code or name, and its sheet; (None, {}) where none or several could be it."""
        for kind, value in (("sheet", sheet), ("code", code_), ("name", name)):
            found = self._by.get((kind, value), [])
            if len(found) == 1:
                return found[0]
        return None, {}


def make_orders(made: Made) -> Orders:
    """A ServiceRequest for each line of group V."""
    orders = Orders()
    placer = systems.order_number(made.context.facility, "placer")
    is_over = bool(text(made.group("ThongTinDieuTri"), "ngayravien"))
    for number, sheet in enumerate(entries(made.group("PhieuChiDinh"))):
        lines = entries(sheet)
        shared = _shared(code(sheet, "sophieu"), placer)
        for index, line in enumerate(lines):
            written = code(line, "machidinh")
            asked = concept(text(line, "tenchidinh"), (system_of_code(written), written))
            if not asked:
                continue
            count = number_of(line, "soluong")
            resource = {
                "resourceType": "ServiceRequest",
                "identifier": [shared] if shared and len(lines) == 1 else [],
                "requisition": shared,
                "status": "completed" if is_over else "active",
                "intent": "order",
                "category": [{"text": kind}] if (kind := text(line, "loaichidinh")) else [],
                "priority": PRIORITY_OF.get(text(sheet, "mucdochidinh").casefold()),
                "code": asked,
                "quantityQuantity": {"value": count} if count is not None and count != 1 else None,
                "subject": made.patient,
                "encounter": made.encounter,
                "authoredOn": time_of(line, "ngaychidinh", made.context.zone),
                "requester": person(text(sheet, "bacsichidinh"), code(sheet, "mabacsichidinh")),
                "performer": _performer(text(line, "noithuchienchidinh"), code(line, "manoithuchienchidinh")),
                "reasonCode": [words(reason)] if (reason := text(sheet, "chandoansobo")) else [],
            }
            made_order = made.add(f"PhieuChiDinh.danhsach[{number}].danhsach[{index}]", resource)
            orders.add(made_order, sheet, line)
    return orders


def _performer(name: str, number: str) -> list[Json]:
    logical = {"system": systems.DEPARTMENT, "value": number} if number else None
    found = without_empty({"identifier": logical, "display": name})
    return [found] if found else []
