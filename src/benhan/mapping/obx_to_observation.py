"""OBX to Observation. Source: HL7 v2-to-FHIR segment map OBX; HL7 v2.5.1 7.4.2."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from benhan.hl7v2.datatypes import coded, date_time, first_coded, number
from benhan.hl7v2.message import Segment
from benhan.kernel.issues import Issue, error
from benhan.mapping import faults
from benhan.mapping.mapped import Json, Mapped, identifier, source_key, without_empty
from benhan.mapping.v2_codes import codeable_concept
from benhan.mapping.v2_encounter import practitioner
from benhan.mapping.v2_tables import OBSERVATION_STATUS, UCUM_OF, interpretation
from benhan.vn import systems

if TYPE_CHECKING:
    from benhan.mapping.oru_r01_to_fhir import Order

CLAUSE = "HL7 v2.5.1 7.4.2 OBX"
CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
TEXT_CHARACTERS_MAX = 1_000_000

_RANGE = re.compile(r"\s*([+-]?[0-9]+(?:[.,][0-9]+)?)\s*(?:-|–|to|\.\.)\s*([+-]?[0-9]+(?:[.,][0-9]+)?)\s*")
_BOUND = re.compile(r"\s*(<=|>=|<|>|≤|≥)\s*([+-]?[0-9]+(?:[.,][0-9]+)?)\s*")
_COMPARED = re.compile(r"(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)")


def observation(
    order: Order,
    index: int,
    obx: Segment,
    notes: list[Segment],
    request: Mapped | None,
    specimen: Mapped | None,
    issues: list[Issue],
) -> Mapped | None:
    """The Observation of an OBX; None with an issue where its code is missing or its number is none."""
    code = first_coded(obx, 3)
    concept = codeable_concept(code, systems.LOCAL_TEST)
    if concept is None:
        issues.append(error("required", f"OBX[{index}]-3", faults.NO_TEST_CODE, CLAUSE))
        return None
    value = _value(obx, index, issues)
    name = code.code or code.alternate_code or code.text or code.alternate_text
    key = source_key("Observation", *order.key, name, obx.text(4))
    at = date_time(obx.text(14), order.context.zone) if obx.text(14) else None
    performer = practitioner(obx, obx.repetitions(16)[0]) if obx.repetitions(16) else {}
    texts = [nte.whole(each) for nte in notes for each in nte.repetitions(3)]
    device = obx.text(18)
    resource = {
        "resourceType": "Observation",
        "identifier": [identifier(key)],
        "basedOn": [request.reference] if request is not None else [],
        "status": OBSERVATION_STATUS.get(obx.text(11).upper(), "final"),
        "category": [{"coding": [CATEGORY]}],
        "code": concept,
        "subject": order.mapped.patient.reference,
        "encounter": order.visit.reference if order.visit is not None else None,
        "effectiveDateTime": at or order.sampled_at,
        "performer": [performer] if performer else [{"display": order.sender}],
        **value,
        "interpretation": [found for each in obx.repetitions(8) if (found := interpretation(obx.whole(each)))],
        "note": [{"text": text} for text in texts if text],
        "method": codeable_concept(first_coded(obx, 17)),
        "specimen": specimen.reference if specimen is not None else None,
        "device": {"display": device} if device else None,
        "referenceRange": reference_range(obx.text(7), obx.text(6)),
    }
    return Mapped(f"observation-{order.number}-{index}", without_empty(resource), [key])


def _value(obx: Segment, index: int, issues: list[Issue]) -> Json:
    """value[x] by the value type of OBX-2; dataAbsentReason where nothing is written."""
    kind, repetitions = obx.text(2).upper(), obx.repetitions(5)
    first = repetitions[0] if repetitions else ""
    if not first or first == '""':
        return {"dataAbsentReason": _absent("unknown")}
    if kind == "NM":
        return _numeric(obx, index, issues)
    if kind == "SN":
        return _structured(obx, first)
    if kind in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        concept = codeable_concept(coded(obx, first))
        return {"valueCodeableConcept": concept} if concept else {"dataAbsentReason": _absent("unknown")}
    if kind in ("TS", "DTM", "DT"):
        at = date_time(obx.part(first))
        return {"valueDateTime": at} if at else {"valueString": obx.whole(first)}
    if kind in ("ED", "RP"):
        return {"valueString": f"[{obx.part(first, 2) or kind} {obx.part(first, 3)}]".strip()}
    return _text(obx, repetitions)


def _text(obx: Segment, repetitions: list[str]) -> Json:
    text = "\n".join(obx.whole(each) for each in repetitions).strip()[:TEXT_CHARACTERS_MAX]
    compared = _COMPARED.fullmatch(text)
    if compared is not None and obx.text(6):
        return {"valueQuantity": {**quantity(compared[2], obx.text(6)), "comparator": compared[1]}}
    plain = number(text)
    if plain is not None and obx.text(6):
        return {"valueQuantity": quantity(plain, obx.text(6))}
    return {"valueString": text} if text else {"dataAbsentReason": _absent("unknown")}


def _numeric(obx: Segment, index: int, issues: list[Issue]) -> Json:
    written = obx.text(5).replace(",", ".") if obx.text(5).count(",") == 1 else obx.text(5)
    plain = number(written)
    if plain is not None:
        return {"valueQuantity": quantity(plain, obx.text(6))}
    compared = _COMPARED.fullmatch(written.strip())
    if compared is not None:
        return {"valueQuantity": {**quantity(compared[2], obx.text(6)), "comparator": compared[1]}}
    if obx.text(11).upper() in ("X", "I", "N", "O") or not re.search(r"[0-9]", written):
        return {"valueString": written}  # analysers write "----" or "ERR" where they could not measure
    issues.append(error("value", f"OBX[{index}]-5", faults.NOT_A_NUMBER, CLAUSE))
    return {}


def _structured(obx: Segment, first: str) -> Json:
    """SN: comparator, number, separator, number; a ratio or a range where there are two."""
    comparator, low, separator, high = (obx.part(first, position) for position in range(1, 5))
    one, two = number(low), number(high)
    if one is None:
        return {"valueString": obx.whole(first)}
    if two is None:
        found = quantity(one, obx.text(6))
        return {"valueQuantity": {**found, "comparator": comparator} if comparator in ("<", "<=", ">", ">=") else found}
    if separator == "-":
        return {"valueRange": {"low": quantity(one, obx.text(6)), "high": quantity(two, obx.text(6))}}
    if separator in ("/", ":"):
        return {"valueRatio": {"numerator": quantity(one, ""), "denominator": quantity(two, "")}}
    return {"valueString": obx.whole(first)}


def quantity(digits: str, unit: str) -> Json:
    """A Quantity of the same digits; the unit as written, with its UCUM code where it is known."""
    unit = unit.strip()
    found: Json = {"value": Decimal(digits)}
    if unit:
        found["unit"] = unit
    code = UCUM_OF.get(unit)
    return {**found, "system": systems.UCUM, "code": code} if code else found


def reference_range(written: str, unit: str) -> list[Json]:
    """OBX-7 as low and high where it is two numbers or a bound, and always as its text."""
    written = written.strip()
    if not written:
        return []
    between, bound = _RANGE.fullmatch(written), _BOUND.fullmatch(written)
    if between is not None:
        low, high = (number(each.replace(",", ".")) for each in between.groups())
        if low is not None and high is not None:
            return [{"low": quantity(low, unit), "high": quantity(high, unit), "text": written}]
    if bound is not None:
        side = "high" if bound[1] in ("<", "<=", "≤") else "low"
        limit = number(bound[2].replace(",", "."))
        if limit is not None:
            return [{side: quantity(limit, unit), "text": written}]
    return [{"text": written}]


def _absent(code: str) -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}]}
