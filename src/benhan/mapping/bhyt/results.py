"""XML4 to DiagnosticReport (one a service and time of result) and Observation (one a row); body weight and height."""

from __future__ import annotations

import re
from decimal import Decimal

from benhan.hl7v2.datatypes import number
from benhan.mapping.bhyt.episode import Episode, hl7, kept, practitioner
from benhan.mapping.mapped import Json, Mapped
from benhan.mapping.obx_to_observation import quantity
from benhan.vn import systems
from benhan.vn.bhyt.claim import Row

_PLACED = frozenset(
    ("MA_LK", "MA_DICH_VU", "MA_CHI_SO", "TEN_CHI_SO", "GIA_TRI", "DON_VI_DO", "MO_TA", "NGAY_KQ", "MA_BS_DOC_KQ")
)
CATEGORIES = {"1": ("LAB", "laboratory"), "2": ("RAD", "imaging"), "3": ("OTH", "exam")}
_COMPARED = re.compile(r"(<=|>=|<|>)([0-9]+(?:\.[0-9]+)?)")


def results(episode: Episode, services: list[tuple[Row, Mapped | None]]) -> None:
    """Add the results; each report is based on the request of its service where XML3 has one."""
    ordered = {row.get("MA_DICH_VU", ""): (row, mapped) for row, mapped in reversed(services)}
    groups: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for index, row in enumerate(episode.claim.rows("XML4"), 1):
        groups.setdefault((row.get("MA_DICH_VU", ""), row.get("NGAY_KQ", "")), []).append((index, row))
    for (service, at), rows in groups.items():
        order, request = ordered.get(service, ({}, None))
        kind = CATEGORIES.get(
            order.get("MA_NHOM", ""), ("LAB", "laboratory") if _has_values(rows) else ("RAD", "imaging")
        )
        _report(episode, service, at, rows, order, request, kind)


def _has_values(rows: list[tuple[int, Row]]) -> bool:
    return any(row.get("GIA_TRI", "").strip() for _, row in rows)


def _report(
    episode: Episode,
    service: str,
    at: str,
    rows: list[tuple[int, Row]],
    order: Row,
    request: Mapped | None,
    kind: tuple[str, str],
) -> None:
    name = order.get("TEN_DICH_VU", "").strip()
    code = episode.concept("DVKT", service, name) or {"text": name or "Cận lâm sàng"}
    based = [request.reference] if request is not None and request.resource["resourceType"] == "ServiceRequest" else []
    found = [_observation(episode, index, row, code, based, kind[1]) for index, row in rows]
    conclusions = [text for _, row in rows if (text := row.get("KET_LUAN", "").strip())]
    reader = practitioner(rows[0][1].get("MA_BS_DOC_KQ", ""))
    issued = episode.time(at)
    resource = {
        "resourceType": "DiagnosticReport",
        "basedOn": based,
        "status": "final",
        "category": [hl7("v2-0074", kind[0])],
        "code": code,
        **episode.about(),
        "effectiveDateTime": episode.time(order.get("NGAY_TH_YL", "")) or issued,
        "issued": issued if issued and "T" in issued else None,
        "resultsInterpreter": [reader] if reader else [],
        "result": [each.reference for each in found],
        "conclusion": "\n".join(dict.fromkeys(conclusions)),
    }
    episode.add(f"report-{rows[0][0]}", episode.key(*episode.name("DiagnosticReport", service, at)), resource)


def _observation(episode: Episode, index: int, row: Row, service: Json, based: list[Json], category: str) -> Mapped:
    name = row.get("TEN_CHI_SO", "").strip()
    description = row.get("MO_TA", "").strip()
    value = _value(row)
    code = episode.concept("CLS_CHISO", row.get("MA_CHI_SO", ""), name) or service
    placed = _PLACED if "valueQuantity" in value else _PLACED - {"GIA_TRI", "DON_VI_DO"}
    reader = practitioner(row.get("MA_BS_DOC_KQ", ""))
    resource = {
        "resourceType": "Observation",
        "extension": kept(row, placed),
        "basedOn": based,
        "status": "final",
        "category": [hl7("observation-category", category)],
        "code": code,
        **episode.about(),
        "effectiveDateTime": episode.time(row.get("NGAY_KQ", "")),
        "performer": [reader] if reader else [],
        **value,
        "note": [{"text": description}] if description and value.get("valueString") != description else [],
    }
    index_name = row.get("MA_CHI_SO", "").strip() or name
    named = episode.name("XML4", row.get("MA_DICH_VU", "").strip(), index_name, row.get("NGAY_KQ", ""))
    return episode.add(f"result-{index}", episode.key(*named), resource)


def _value(row: Row) -> Json:
    """GIA_TRI as a quantity where it is a number of a unit, else as text; what an image shows where it is none."""
    written, unit = row.get("GIA_TRI", "").strip(), row.get("DON_VI_DO", "").strip()
    plain = number(written)
    if plain == written and unit:
        return {"valueQuantity": quantity(written, unit)}
    compared = _COMPARED.fullmatch(written)
    if compared is not None and unit:
        return {"valueQuantity": {**quantity(compared[2], unit), "comparator": compared[1]}}
    text = written or row.get("MO_TA", "").strip()
    if text:
        return {"valueString": text}
    return {"dataAbsentReason": hl7("data-absent-reason", "not-applicable")}  # the conclusion stands in the report


BODY = {"CAN_NANG": ("29463-7", "Cân nặng", "kg"), "DU_PHONG": ("8302-2", "Chiều cao", "cm")}
"""XML1: body weight, and since QĐ 3176 height in the reserve column."""


def body_measures(episode: Episode) -> None:
    """CAN_NANG, and DU_PHONG where it is a height in cm."""
    for column, (loinc, text, unit) in BODY.items():
        plain = number(episode.row.get(column, "").strip())
        if plain is None or not 0 < Decimal(plain) < 300:
            continue
        resource = {
            "resourceType": "Observation",
            "status": "final",
            "category": [hl7("observation-category", "vital-signs")],
            "code": {"coding": [{"system": systems.LOINC, "code": loinc}], "text": text},
            **episode.about(),
            "effectiveDateTime": episode.time(episode.row.get("NGAY_VAO", "")),
            "valueQuantity": {"value": Decimal(plain), "unit": unit, "system": systems.UCUM, "code": unit},
        }
        episode.add(f"body-{loinc}", episode.key("XML1", column), resource)
