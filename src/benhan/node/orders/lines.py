"""A line of orders as it is typed, as a FHIR resource, and as it is written on the treatment sheet. Pure.

Drugs are MedicationRequests, diets NutritionOrders, everything else ServiceRequests with the kind as category. The
lines of one act of ordering share a group, which names the sheet and the time of the row they stand in.
Source: FHIR R4 medicationrequest.html, nutritionorder.html, servicerequest.html; TT 31/2021/TT-BYT (levels of care).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.mapping.mapped import without_empty
from benhan.vn import systems
from benhan.vn.catalogues.shipped import url_of

Json = dict[str, Any]

ATC = "http://www.whocc.no/atc"
GROUP = "urn:benhan:id:y-lenh"
"""The system of groups of orders."""
KIND = "urn:benhan:code:loai-y-lenh"
"""The system of the kinds of orders."""
WORDS_MAX, NOTE_MAX, TIMES_MAX = 200, 500, 24
DOSE_MAX = Decimal(100_000)
CARE_LEVELS = {"1": "Chăm sóc cấp I", "2": "Chăm sóc cấp II", "3": "Chăm sóc cấp III"}


class OrderKind(Enum):
    """What is ordered."""

    DRUG = "drug"
    LAB = "lab"
    IMAGING = "imaging"
    SERVICE = "service"
    NUTRITION = "nutrition"
    CARE_LEVEL = "care_level"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order. `times` are those of a day (`08:00`); `replaces` is the reference to the order it stands in place of.

    `code` is of the hospital's list of drugs or services, "" for what is in none; `dose` is in `unit`, at each time.
    """

    kind: OrderKind
    words: str
    code: str = ""
    atc: str = ""
    dose: Decimal | None = None
    unit: str = ""
    route: str = ""
    times: tuple[str, ...] = ()
    note: str = ""
    replaces: str = ""

    @property
    def text(self) -> str:
        """The line as it stands on the sheet: `Paracetamol 500 mg × 1 viên, uống, 08:00 – 20:00 (sau ăn)`."""
        amount = f" × {written(self.dose)} {self.unit}".rstrip() if self.dose is not None else ""
        parts = [f"{self.words}{amount}", self.route, " – ".join(self.times)]
        return ", ".join(filter(None, parts)) + (f" ({self.note})" if self.note else "")


NO_WORDS = Text(
    "Chưa ghi chỉ định gì. Chọn trong danh mục hoặc gõ tên.", "Nothing is ordered. Pick from the list or type it."
)
NO_DOSE = Text("Thuốc cần liều mỗi lần, lớn hơn 0.", "A drug needs the dose of each time, above 0.")
NO_UNIT = Text("Liều cần đơn vị, ví dụ viên, ml, mg.", "A dose needs a unit, such as mg or ml.")
NO_ROUTE = Text(
    "Thuốc cần đường dùng, ví dụ uống, tiêm tĩnh mạch.", "A drug needs a route, such as oral or intravenous."
)
BAD_TIMES = Text("Giờ dùng trùng nhau hoặc quá nhiều. Gõ các giờ trong ngày, ví dụ 8 14 20.",
                 "The times are doubled or too many. Type the times of a day, such as 8 14 20.")  # fmt: skip
NO_LEVEL = Text("Cấp chăm sóc là 1, 2 hoặc 3.", "A level of care is 1, 2 or 3.")
TOO_LONG = Text("Dài quá. Ghi ngắn lại.", "Too long. Write it shorter.")


def check_line(line: OrderLine, place: str) -> Iterator[Issue]:
    """What is wrong with a line; places are `place.column`."""
    if not line.words.strip():
        yield error("required", f"{place}.what", NO_WORDS)
    if len(line.words) > WORDS_MAX:
        yield error("value", f"{place}.what", TOO_LONG)
    if len(line.note) > NOTE_MAX:
        yield error("value", f"{place}.note", TOO_LONG)
    if len(set(line.times)) != len(line.times) or len(line.times) > TIMES_MAX:
        yield error("value", f"{place}.times", BAD_TIMES)
    if line.dose is not None and not 0 < line.dose <= DOSE_MAX:
        yield error("value", f"{place}.dose", NO_DOSE)
    if line.kind is OrderKind.CARE_LEVEL and line.code not in CARE_LEVELS:
        yield error("value", f"{place}.what", NO_LEVEL)
    if line.kind is OrderKind.DRUG:
        if line.dose is None:
            yield error("required", f"{place}.dose", NO_DOSE)
        elif not line.unit:
            yield error("required", f"{place}.unit", NO_UNIT)
        if not line.route:
            yield error("required", f"{place}.route", NO_ROUTE)


def written(number: Decimal) -> str:
    """`0,5`, `20`: a number with a comma and no idle noughts."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def care_level(text: str) -> OrderLine:
    """The order of a level of care of what was typed: `1`, `cấp II`."""
    level = next((each for each in (re.findall(r"III|II|I|[123]", text.upper()) or [""])), "")
    code = {"I": "1", "II": "2", "III": "3"}.get(level, level)
    return OrderLine(OrderKind.CARE_LEVEL, CARE_LEVELS.get(code, text), code)


@dataclass(frozen=True, slots=True)
class Ordered:
    """Of whom orders are, in which group, by whom and when: references, an identifier's value, an instant."""

    subject: Json
    encounter: Json
    group: str
    author: Json
    at: str


def line_to_resource(line: OrderLine, ordered: Ordered) -> Json:
    """The resource of a checked line."""
    match line.kind:
        case OrderKind.DRUG:
            return _medication_request(line, ordered)
        case OrderKind.NUTRITION:
            return _nutrition_order(line, ordered)
        case _:
            return _service_request(line, ordered)


def _medication_request(line: OrderLine, ordered: Ordered) -> Json:
    quantity = without_empty({"value": line.dose, "unit": line.unit})
    repeat = {
        "frequency": len(line.times),
        "period": 1,
        "periodUnit": "d",
        "timeOfDay": [f"{each}:00" for each in line.times],
    }
    dosage = {
        "text": line.text,
        "timing": {"repeat": repeat} if line.times else None,
        "route": {"text": line.route} if line.route else None,
        "doseAndRate": [{"doseQuantity": quantity}] if quantity else [],
    }
    coding = [{"system": url_of("THUOC"), "code": line.code, "display": line.words}] if line.code else []
    coding += [{"system": ATC, "code": line.atc}] if line.atc else []
    return without_empty(
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "category": [_concept("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "inpatient")],
            "medicationCodeableConcept": without_empty({"coding": coding, "text": line.words}),
            "subject": ordered.subject,
            "encounter": ordered.encounter,
            "authoredOn": ordered.at,
            "requester": ordered.author,
            "groupIdentifier": {"system": GROUP, "value": ordered.group},
            "note": [{"text": line.note}] if line.note else [],
            "dosageInstruction": [without_empty(dosage)],
            "priorPrescription": {"reference": line.replaces} if line.replaces else None,
        }
    )


def _nutrition_order(line: OrderLine, ordered: Ordered) -> Json:
    return without_empty(
        {
            "resourceType": "NutritionOrder",
            "identifier": [{"system": GROUP, "value": ordered.group}],
            "status": "active",
            "intent": "order",
            "patient": ordered.subject,
            "encounter": ordered.encounter,
            "dateTime": ordered.at,
            "orderer": ordered.author,
            "oralDiet": {"type": [{"text": line.words}]},
            "note": [{"text": line.note}] if line.note else [],
        }
    )


def _service_request(line: OrderLine, ordered: Ordered) -> Json:
    system = KIND if line.kind is OrderKind.CARE_LEVEL else url_of("DICH_VU")
    coding = [{"system": system, "code": line.code, "display": line.words}] if line.code else []
    repeat = {
        "frequency": len(line.times),
        "period": 1,
        "periodUnit": "d",
        "timeOfDay": [f"{each}:00" for each in line.times],
    }
    return without_empty(
        {
            "resourceType": "ServiceRequest",
            "requisition": {"system": GROUP, "value": ordered.group},
            "status": "active",
            "intent": "order",
            "category": [_concept(KIND, line.kind.value)],
            "code": without_empty({"coding": coding, "text": line.words}),
            "subject": ordered.subject,
            "encounter": ordered.encounter,
            "occurrenceTiming": {"repeat": repeat} if line.times else None,
            "authoredOn": ordered.at,
            "requester": ordered.author,
            "note": [{"text": line.note}] if line.note else [],
            "replaces": [{"reference": line.replaces}] if line.replaces else [],
        }
    )


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


ORDER_TYPES = ("MedicationRequest", "NutritionOrder", "ServiceRequest")
OPEN = frozenset(("active", "on-hold", "draft"))


def is_open_order(resource: Json) -> bool:
    """Whether a resource is an order that goes on."""
    return resource["resourceType"] in ORDER_TYPES and resource.get("status") in OPEN


def kind_of(resource: Json) -> OrderKind:
    """The kind of an order, whoever made it: those of a HIS have no category of ours."""
    if resource["resourceType"] == "MedicationRequest":
        return OrderKind.DRUG
    if resource["resourceType"] == "NutritionOrder":
        return OrderKind.NUTRITION
    told = {coding.get("code") for each in resource.get("category", []) for coding in each.get("coding", [])}
    return next((each for each in OrderKind if each.value in told), OrderKind.SERVICE)


def care_level_of(resource: Json) -> str:
    """`1`, `2` or `3` where an order is of a level of care, else ""."""
    if resource["resourceType"] != "ServiceRequest" or kind_of(resource) is not OrderKind.CARE_LEVEL:
        return ""
    return code_of(resource.get("code", {}), KIND)


def code_of(concept: Json, system: str) -> str:
    """The code of a concept in a system, "" for none."""
    return next((str(each.get("code", "")) for each in concept.get("coding", []) if each.get("system") == system), "")


def words_of(resource: Json) -> str:
    """What an order, an allergy or an observation is of, in words."""
    concept = resource.get("medicationCodeableConcept") or resource.get("code")
    if concept is None:
        concept = (resource.get("oralDiet", {}).get("type") or [{}])[0]
    coding = (concept.get("coding") or [{}])[0]
    return str(concept.get("text") or coding.get("display") or coding.get("code") or "?")


def group_of(resource: Json) -> str:
    """The group that an order stands in, "" for one of a HIS."""
    told = [resource.get("groupIdentifier", {}), resource.get("requisition", {}), *resource.get("identifier", [])]
    return next((str(each.get("value", "")) for each in told if each.get("system") == GROUP), "")


def resource_to_line(resource: Json) -> OrderLine:
    """The line that an order is of; of one of a HIS as much as it tells."""
    kind = kind_of(resource)
    dosage = (resource.get("dosageInstruction") or [{}])[0]
    quantity = ((dosage.get("doseAndRate") or [{}])[0]).get("doseQuantity", {})
    concept = resource.get("medicationCodeableConcept") or resource.get("code") or {}
    system = {OrderKind.DRUG: systems.DRUG, OrderKind.CARE_LEVEL: KIND}.get(kind, url_of("DICH_VU"))
    line = OrderLine(kind, words_of(resource), code_of(concept, system), code_of(concept, ATC))
    value = quantity.get("value")
    return replace(
        line,
        dose=Decimal(str(value)) if value is not None else None,
        unit=str(quantity.get("unit", "")),
        route=str(dosage.get("route", {}).get("text", "")),
        times=times_of(resource),
        note=str((resource.get("note") or [{}])[0].get("text", "")),
    )


def times_of(resource: Json) -> tuple[str, ...]:
    """The times of a day that an order names, as `08:00`."""
    dosage = (resource.get("dosageInstruction") or [{}])[0]
    timing = dosage.get("timing") or resource.get("occurrenceTiming") or {}
    return tuple(str(each)[:5] for each in timing.get("repeat", {}).get("timeOfDay", []))
